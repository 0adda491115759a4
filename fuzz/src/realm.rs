//! A realm of one user and one service, whose keys the targets hold. Time stands still in it.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use gss_core::{Accept, AcceptorContext, Clock, Credential, IoReply, IoRequest, Mechanism};
use gss_mech_krb5::{KRB5, KerberosCred, KerberosEnvironment, Krb5};
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key, KeyUsage};
use krb5_proto::messages::{ApOptions, ApReq, EncTicketPart, EncryptedData, Ticket, TicketFlags, TransitedEncoding};
use krb5_proto::{EncryptionKey, KerberosTime, Principal};
use krb5_store::config::Settings;
use krb5_store::keytab::{Acceptor, Keytab, KeytabEntry, MemoryKeytab};
use krb5_store::replay::{Acceptance, ReplayCache, ReplayError};

pub(crate) const NOW: KerberosTime = KerberosTime(1_800_000_000);
/// The clock skew of the default settings, in seconds.
pub(crate) const SKEW: i64 = 300;

/// One time for ever.
#[derive(Debug)]
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Duration {
        Duration::from_secs(NOW.0.unsigned_abs())
    }
}

/// Takes everything, since inputs are run again and again.
#[derive(Debug)]
struct Forgetful;

impl ReplayCache for Forgetful {
    fn store(&self, _: &Acceptance) -> Result<(), ReplayError> {
        Ok(())
    }
}

/// The mechanism on both ends.
pub(crate) fn mechanism() -> &'static Krb5 {
    static MECHANISM: LazyLock<Krb5> = LazyLock::new(|| {
        let settings = Settings::parse("[libdefaults]\n default_realm = FUZZ.TEST\n").expect("a configuration");
        let mut environment =
            KerberosEnvironment::new(Arc::new(settings), Arc::new(Stopped)).expect("names that can be understood");
        environment.replay = Arc::new(Forgetful);
        Krb5::new(environment)
    });
    &MECHANISM
}

/// A key of octets that are all `octet`.
pub(crate) fn key(etype: Enctype, octet: u8) -> Key {
    Key::new(&PROVIDER, etype, &vec![octet; etype.key_len()]).expect("a key of the right length")
}

pub(crate) fn service_key() -> Key {
    key(Enctype::Aes128CtsHmacSha196, 0x5E)
}

pub(crate) fn client() -> Principal {
    Principal::parse("alice@FUZZ.TEST", None).expect("a principal")
}

pub(crate) fn service() -> Principal {
    Principal::parse("host/www.fuzz.test@FUZZ.TEST", None).expect("a principal")
}

/// An acceptor that has the service's key.
pub(crate) fn acceptor(request: Accept) -> Box<dyn AcceptorContext> {
    static CRED: LazyLock<Credential> = LazyLock::new(|| {
        let entry = KeytabEntry {
            principal: service(),
            timestamp: NOW,
            kvno: 1,
            key: Arc::new(EncryptionKey::from(&service_key())),
        };
        let keytab = MemoryKeytab::new("fuzz", Keytab { entries: vec![entry] });
        let environment = mechanism().environment().clone();
        let keys = Acceptor::new(Arc::new(keytab), None, &environment.settings, &PROVIDER);
        let cred = KerberosCred::from_keys(environment, Arc::new(keys), None);
        Credential::single(KRB5, Arc::new(cred))
    });
    let request = request.with_cred(CRED.clone());
    mechanism().accept(&request).expect("the credential accepts")
}

/// The plaintext of a ticket for the service with this session key.
pub(crate) fn ticket_part(session_key: &Key) -> EncTicketPart {
    let client = client();
    EncTicketPart {
        flags: TicketFlags::empty(),
        key: EncryptionKey::from(session_key),
        crealm: client.realm,
        cname: client.name,
        transited: TransitedEncoding::default(),
        authtime: NOW,
        starttime: None,
        endtime: NOW.offset(36_000),
        renew_till: None,
        caddr: None,
        authorization_data: None,
    }
}

pub(crate) fn encrypted(key: &Key, usage: KeyUsage, plaintext: &[u8]) -> EncryptedData {
    EncryptedData {
        etype: key.enctype().number(),
        kvno: None,
        cipher: key.encrypt(usage, plaintext).expect("encrypts").into(),
    }
}

/// A ticket for the service, whatever its plaintext.
pub(crate) fn ticket(plaintext: &[u8]) -> Ticket {
    let service = service();
    Ticket {
        realm: service.realm,
        sname: service.name,
        enc_part: encrypted(&service_key(), KeyUsage::TICKET, plaintext),
    }
}

/// An AP-REQ with this ticket and authenticator, whatever their plaintexts.
pub(crate) fn ap_req(options: ApOptions, ticket: Ticket, session_key: &Key, authenticator: &[u8]) -> Vec<u8> {
    let request = ApReq {
        ap_options: options,
        ticket,
        authenticator: encrypted(session_key, KeyUsage::AP_REQ_AUTHENTICATOR, authenticator),
    };
    request.to_der().expect("encodes")
}

/// A driver: nothing here asks for more than a call.
pub(crate) fn answer(request: IoRequest) -> IoReply {
    match request {
        IoRequest::Blocking(call) => IoReply::Value(call()),
        other => unreachable!("{other:?} was not expected"),
    }
}
