//! Contexts for users, with the embedded KDC and keys in memory.

#![cfg(all(feature = "krb5", feature = "net"))]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is made of"
)]

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, mpsc};

use gss::krb5::{KRB5, KerberosCred, KerberosEnvironment};
use gss::{
    Accept, Acquire, Context, Credential, Environment, ErrorKind, EstablishError, Gss, Initiate, Name, OpenError,
    Sequence, Step, SystemClock, Transport,
};
use krb5_kdc::{Kdc, Running};
use krb5_store::config::Settings;
use krb5_store::keytab::{Acceptor, MemoryKeytab};
use krb5_store::replay::{MemoryReplayCache, OwnReplayCache};

struct Realm {
    gss: Gss,
    user: Credential,
    service: Credential,
    _kdc: Running,
}

impl Realm {
    fn new() -> Self {
        let kdc = Kdc::builder("FACADE.TEST")
            .principal("user", "password")
            .service("demo/localhost")
            .build()
            .unwrap();
        let running = kdc.serve_loopback().unwrap();
        let settings = Arc::new(Settings::parse(&kdc.client_config(running.address())).unwrap());
        let replay = OwnReplayCache(Arc::new(MemoryReplayCache::new()));
        let environment = Environment::new(Arc::new(SystemClock))
            .with_extension(Arc::clone(&settings))
            .with_extension(Arc::new(replay));
        let kerberos = KerberosEnvironment::from_environment(&environment).unwrap();
        let keytab = Arc::new(MemoryKeytab::new("test", kdc.service_keytab()));
        let keys = Acceptor::new(keytab, None, &settings, kerberos.provider);
        let service = Credential::single(KRB5, Arc::new(KerberosCred::from_keys(kerberos, Arc::new(keys), None)));
        let gss = Gss::within(environment).unwrap();
        let acquire = Acquire::initiate().named(Name::krb5_principal("user"));
        let user = gss.acquire(acquire.with_password(b"password".to_vec().into())).unwrap();
        Self {
            gss,
            user,
            service,
            _kdc: running,
        }
    }

    fn request(&self) -> Initiate {
        Initiate::new(Name::hostbased_service("demo@localhost")).with_cred(self.user.clone())
    }

    fn establish(&self, request: &Initiate) -> (Context, Context) {
        let initiator = self.gss.initiate(request).unwrap();
        let acceptor = self.gss.accept(Accept::new().with_cred(self.service.clone()));
        let Step::Continue { token, next } = initiator.step(None).unwrap() else {
            panic!("one token is not enough")
        };
        let Step::Established {
            token,
            context: accepted,
        } = acceptor.step(&token).unwrap()
        else {
            panic!("two tokens are not enough")
        };
        match next.step(token.as_deref()).unwrap() {
            Step::Established { token: None, context } => (context, accepted),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn only_encrypted_messages_in_order_are_opened() {
    let realm = Realm::new();
    let (mut user, mut service) = realm.establish(&realm.request());
    let tokens = [b"one", b"two"].map(|message| user.wrap(message).unwrap());
    assert_eq!(service.open(&tokens[0]).unwrap(), b"one");
    assert!(matches!(
        service.open(&tokens[0]),
        Err(OpenError::OutOfOrder(Sequence::Duplicate))
    ));
    assert_eq!(service.open(&tokens[1]).unwrap(), b"two");

    let readable = user.wrap_readable(b"three").unwrap();
    assert!(readable.windows(5).any(|window| window == b"three"));
    assert!(matches!(service.open(&readable), Err(OpenError::NotEncrypted)));
    let mut altered = user.wrap(b"four").unwrap();
    *altered.last_mut().unwrap() ^= 1;
    assert!(matches!(service.open(&altered), Err(OpenError::Token(error)) if error == ErrorKind::BadMic));
}

/// Two ends in one process; what was sent stays readable.
struct End {
    sent: Vec<Vec<u8>>,
    to: mpsc::Sender<Vec<u8>>,
    from: mpsc::Receiver<Vec<u8>>,
}

impl Transport for End {
    fn send(&mut self, token: &[u8]) -> io::Result<()> {
        self.sent.push(token.to_vec());
        self.to
            .send(token.to_vec())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        self.from.recv().map_err(|_| io::ErrorKind::UnexpectedEof.into())
    }
}

fn ends() -> (End, End) {
    let ((to_b, from_a), (to_a, from_b)) = (mpsc::channel(), mpsc::channel());
    (
        End {
            sent: Vec::new(),
            to: to_b,
            from: from_b,
        },
        End {
            sent: Vec::new(),
            to: to_a,
            from: from_a,
        },
    )
}

#[test]
fn a_context_is_established_over_any_transport() {
    let realm = Realm::new();
    let (mut ours, mut theirs) = ends();
    let acceptor = realm.gss.accept(Accept::new().with_cred(realm.service.clone()));
    let accepting = std::thread::spawn(move || acceptor.establish(&mut theirs).unwrap());
    let user = realm
        .gss
        .initiate(&realm.request())
        .unwrap()
        .establish(&mut ours)
        .unwrap();
    let service = accepting.join().unwrap();
    assert_eq!(user.acceptor().as_deref(), Some("demo/localhost@FACADE.TEST"));
    assert_eq!(service.initiator().as_deref(), Some("user@FACADE.TEST"));
}

/// Gives the tokens of a list and then none.
struct Script {
    tokens: VecDeque<Vec<u8>>,
    sent: Vec<Vec<u8>>,
}

impl Transport for Script {
    fn send(&mut self, token: &[u8]) -> io::Result<()> {
        self.sent.push(token.to_vec());
        Ok(())
    }

    fn receive(&mut self) -> io::Result<Vec<u8>> {
        self.tokens
            .pop_front()
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

#[test]
fn a_failed_handshake_tells_the_peer_what_it_is_owed() {
    let realm = Realm::new();
    let Step::Continue { mut token, .. } = realm.gss.initiate(&realm.request()).unwrap().step(None).unwrap() else {
        panic!("one token is not enough")
    };
    *token.last_mut().unwrap() ^= 1;
    let mut script = Script {
        tokens: [token].into(),
        sent: Vec::new(),
    };
    let acceptor = realm.gss.accept(Accept::new().with_cred(realm.service.clone()));
    let error = acceptor.establish(&mut script).unwrap_err();
    assert!(matches!(error, EstablishError::Handshake(_)), "{error}");
    assert_eq!(script.sent.len(), 1, "a KRB-ERROR is owed");
}

#[test]
fn a_peer_that_goes_away_is_an_error_of_the_transport() {
    let realm = Realm::new();
    let mut script = Script {
        tokens: VecDeque::new(),
        sent: Vec::new(),
    };
    let error = realm
        .gss
        .initiate(&realm.request())
        .unwrap()
        .establish(&mut script)
        .unwrap_err();
    assert!(matches!(error, EstablishError::Transport(_)), "{error}");
    assert_eq!(script.sent.len(), 1);
}

#[test]
fn the_peer_of_a_context_is_a_user_of_this_machine_or_nobody() {
    let realm = Realm::new();
    let (_, acceptor) = realm.establish(&realm.request());
    let peer = acceptor.initiator_name().unwrap();
    assert_eq!(realm.gss.local_name(&peer).unwrap(), b"user");
    let refused = realm.gss.may_log_in(&peer, "nobody-of-this-name").unwrap();
    assert_eq!(refused, gss::LocalLogin::Refused);
    let text = realm.gss.may_log_in(&Name::krb5_principal("user"), "user").unwrap_err();
    assert_eq!(text.kind(), ErrorKind::NameNotMn);
    let foreign = realm
        .gss
        .local_name(&Name::krb5_principal("user@OTHER.TEST"))
        .unwrap_err();
    assert_eq!(foreign.kind(), ErrorKind::Unauthorized);
}

#[cfg(unix)]
#[test]
fn a_name_has_the_number_of_its_user() {
    let realm = Realm::new();
    assert_eq!(realm.gss.user_id(&Name::krb5_principal("root")).unwrap(), 0);
    let missing = realm
        .gss
        .user_id(&Name::krb5_principal("nobody-of-this-name"))
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Unauthorized);
}
