//! Contexts on a tokio runtime, with the embedded KDC and keys in memory.

#![cfg(all(feature = "krb5", feature = "tokio"))]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is made of"
)]

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use gss::krb5::{KRB5, KerberosCred, KerberosEnvironment};
use gss::{Accept, Acquire, AsyncTransport, Credential, Environment, Framed, Gss, Initiate, Name, SystemClock};
use krb5_kdc::{Kdc, Running};
use krb5_store::config::Settings;
use krb5_store::keytab::{Acceptor, MemoryKeytab};
use krb5_store::replay::{MemoryReplayCache, OwnReplayCache};
use tokio::runtime::Builder;

fn run<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[derive(Clone)]
struct Realm {
    gss: Gss,
    service: Credential,
    _kdc: Arc<Running>,
}

impl Realm {
    fn new() -> Self {
        let kdc = Kdc::builder("ASYNC.TEST")
            .principal("user", "password")
            .service("demo/localhost")
            .build()
            .unwrap();
        let running = kdc.serve_loopback().unwrap();
        let settings = Arc::new(Settings::parse(&kdc.client_config(running.address())).unwrap());
        let environment = Environment::new(Arc::new(SystemClock))
            .with_extension(Arc::clone(&settings))
            .with_extension(Arc::new(OwnReplayCache(Arc::new(MemoryReplayCache::new()))));
        let kerberos = KerberosEnvironment::from_environment(&environment).unwrap();
        let keytab = Arc::new(MemoryKeytab::new("test", kdc.service_keytab()));
        let keys = Acceptor::new(keytab, None, &settings, kerberos.provider);
        Self {
            service: Credential::single(KRB5, Arc::new(KerberosCred::from_keys(kerberos, Arc::new(keys), None))),
            gss: Gss::within(environment).unwrap(),
            _kdc: Arc::new(running),
        }
    }

    async fn user(&self) -> Credential {
        let acquire = Acquire::initiate().named(Name::krb5_principal("user"));
        self.gss
            .acquire_async(acquire.with_password(b"password".to_vec().into()))
            .await
            .unwrap()
    }

    /// Both ends over a pipe in memory, and a message each way.
    async fn talk(self, user: Credential) {
        let (here, there) = tokio::io::duplex(64);
        let (mut here, mut there) = (Framed::new(here), Framed::new(there));
        let gss = self.gss.clone();
        let serving = tokio::spawn(async move {
            let acceptor = self.gss.accept(Accept::new().with_cred(self.service.clone()));
            let mut context = acceptor.establish_async(&mut there).await.unwrap();
            let question = context.open(&there.receive().await.unwrap()).unwrap();
            there.send(&context.wrap(&question).unwrap()).await.unwrap();
        });
        let request = Initiate::new(Name::hostbased_service("demo@localhost")).with_cred(user);
        let mut context = gss
            .initiate(&request)
            .unwrap()
            .establish_async(&mut here)
            .await
            .unwrap();
        here.send(&context.wrap(b"hello").unwrap()).await.unwrap();
        assert_eq!(context.open(&here.receive().await.unwrap()).unwrap(), b"hello");
        serving.await.unwrap();
    }
}

#[test]
fn a_context_is_established_without_a_thread_that_waits() {
    let realm = Realm::new();
    run(async {
        let user = realm.user().await;
        realm.talk(user).await;
    });
}

#[test]
fn many_contexts_at_once_share_a_thread_and_a_credential() {
    let realm = Realm::new();
    run(async {
        let user = realm.user().await;
        let talks: Vec<_> = (0..32)
            .map(|_| tokio::spawn(realm.clone().talk(user.clone())))
            .collect();
        for talk in talks {
            talk.await.unwrap();
        }
    });
}

#[test]
fn a_credential_survives_a_handshake_that_is_dropped_in_the_middle() {
    let realm = Realm::new();
    run(async {
        let user = realm.user().await;
        let request = Initiate::new(Name::hostbased_service("demo@localhost")).with_cred(user.clone());
        let mut step = Box::pin(realm.gss.initiate(&request).unwrap().step_async(None));
        // The KDC cannot have answered at the first poll; a timer would leave it a millisecond.
        assert!(poll_fn(|context| Poll::Ready(step.as_mut().poll(context).is_pending())).await);
        drop(step);
        realm.talk(user).await;
    });
}

#[test]
fn what_a_peer_sends_too_long_or_cut_short_is_an_error() {
    run(async {
        let kind =
            |octets: &'static [u8]| async move { Framed::new(stream_of(octets)).receive().await.unwrap_err().kind() };
        assert_eq!(kind(&[0, 0]).await, std::io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(&[0, 0, 0, 2, 7]).await, std::io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(&[0, 0x10, 0, 1]).await, std::io::ErrorKind::InvalidData);
    });
}

/// A stream of these octets that ends.
fn stream_of(octets: &'static [u8]) -> tokio::io::DuplexStream {
    use tokio::io::AsyncWriteExt as _;

    let (mut writer, reader) = tokio::io::duplex(64);
    tokio::spawn(async move {
        writer.write_all(octets).await.unwrap();
    });
    reader
}
