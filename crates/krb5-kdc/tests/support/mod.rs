//! A realm, and a client that can ask for anything.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, missing_docs)]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use krb5_kdc::{Attribute, Kdc, NewPrincipal, Transport};
use krb5_proto::crypto::primitives::rustcrypto::PROVIDER;
use krb5_proto::crypto::{Enctype, Key, KeyUsage, Secret, string_to_key};
use krb5_proto::exchange::{AsExchange, AsOptions, LongTerm, Step, TgsExchange, TgsOptions};
use krb5_proto::messages::kdc::KdcReqBody;
use krb5_proto::messages::preauth::{PA_ENC_TIMESTAMP, PA_TGS_REQ};
use krb5_proto::messages::{
    ApOptions, ApReq, AsRep, AsReq, Authenticator, Checksum, EncAsRepPart, EncTgsRepPart, EncTicketPart, EncryptedData,
    KdcOptions, KrbError, PaData, PaEncTsEnc, TgsRep, TgsReq, Ticket, UInt32,
};
use krb5_proto::{Credentials, EncryptionKey, Error, ErrorCode, KerberosTime, Principal, Realm, Timestamp};

pub const REALM: &str = "EXAMPLE.TEST";
pub const PASSWORD: &str = "open sesame";
pub const ETYPE: Enctype = Enctype::Aes256CtsHmacSha196;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// When everything happens.
pub const NOW: Timestamp = Timestamp {
    time: KerberosTime(1_900_000_000),
    micros: 250_000,
};

/// A realm with a principal of every kind; each has the password [`PASSWORD`], services too, so that tests can look into
/// tickets.
pub static KDC: LazyLock<Kdc> = LazyLock::new(|| builder().build().unwrap());

pub fn builder() -> krb5_kdc::KdcBuilder {
    let with = |name: &str| NewPrincipal::with_password(name, PASSWORD).kvno(3);
    Kdc::builder(REALM)
        .enctypes(&[ETYPE, Enctype::Aes128CtsHmacSha196])
        .add(with("user"))
        .add(with("open").attribute(Attribute::WithoutPreauth))
        .add(
            with("homebody")
                .attribute(Attribute::NotForwardable)
                .attribute(Attribute::NotRenewable),
        )
        .add(with("locked").attribute(Attribute::Disabled))
        .add(with("stale").attribute(Attribute::PasswordExpired))
        .add(with("gone").expires(NOW.time))
        .add(with("host/localhost"))
        .add(with("host/trusted").attribute(Attribute::OkAsDelegate))
        .add(
            with("host/strict")
                .attribute(Attribute::NotForwardable)
                .attribute(Attribute::NotPostdatable)
                .attribute(Attribute::NotProxiable),
        )
        .add(with("host/small").enctypes(&[Enctype::Aes128CtsHmacSha196]))
}

pub fn realm() -> Realm {
    Realm::from(REALM)
}

pub fn principal(name: &str) -> Principal {
    Principal::parse(name, Some(&realm())).unwrap()
}

pub fn krbtgt() -> Principal {
    Principal::krbtgt(&realm(), &realm())
}

pub fn long_term_key(name: &str, etype: Enctype) -> Key {
    string_to_key(
        &PROVIDER,
        etype,
        PASSWORD.as_bytes(),
        &principal(name).default_salt(),
        None,
    )
    .unwrap()
}

/// The key of `user`, which takes a while to make.
pub static USER_KEY: LazyLock<Arc<Key>> = LazyLock::new(|| Arc::new(long_term_key("user", ETYPE)));

pub fn tcp(kdc: &Kdc, request: &[u8], now: Timestamp) -> Vec<u8> {
    kdc.handle(request, now, Transport::Tcp).unwrap()
}

/// An AS exchange by the project's own client.
pub fn initial(kdc: &Kdc, options: AsOptions, now: Timestamp) -> Result<Credentials, Error> {
    let (mut request, mut state) = AsExchange::start(&PROVIDER, options, now)?;
    loop {
        match state.reply(&tcp(kdc, &request.message, now), now)? {
            Step::Done(outcome) => return Ok(outcome.credentials),
            Step::Send { request: again, next } => (request, state) = (again, next),
        }
    }
}

/// A TGS exchange by the project's own client.
pub fn further(kdc: &Kdc, options: TgsOptions, now: Timestamp) -> Result<Credentials, Error> {
    let (mut request, mut state) = TgsExchange::start(&PROVIDER, options, now)?;
    loop {
        match state.reply(&tcp(kdc, &request.message, now), now)? {
            Step::Done(outcome) => return Ok(outcome.credentials),
            Step::Send { request: again, next } => (request, state) = (again, next),
        }
    }
}

pub fn password_of(name: &str) -> AsOptions {
    AsOptions::new(
        principal(name),
        LongTerm::Password(Secret::from_slice(PASSWORD.as_bytes())),
    )
}

pub fn user() -> AsOptions {
    AsOptions::new(principal("user"), LongTerm::Keys(vec![Arc::clone(&USER_KEY)]))
}

/// A TGT of `user` for ten hours with these options.
pub fn tgt(kdc: &Kdc, kdc_options: KdcOptions) -> Credentials {
    let renew_life = kdc_options
        .contains(KdcOptions::RENEWABLE)
        .then(|| Duration::from_secs(3 * 86_400));
    initial(
        kdc,
        AsOptions {
            kdc_options,
            renew_life,
            ..user()
        },
        NOW,
    )
    .unwrap()
}

/// The body of a request for ten hours.
pub fn body(server: Principal) -> KdcReqBody {
    KdcReqBody {
        kdc_options: KdcOptions::empty(),
        cname: None,
        realm: server.realm,
        sname: Some(server.name),
        from: None,
        till: NOW.time.offset(10 * HOUR),
        rtime: None,
        nonce: UInt32(42),
        etype: vec![18, 17],
        addresses: None,
        enc_authorization_data: None,
        additional_tickets: None,
    }
}

/// An AS-REQ of `user` for a TGT, with a proof, after `change`.
pub fn as_req(change: impl FnOnce(&mut AsReq)) -> Vec<u8> {
    let mut req_body = body(krbtgt());
    req_body.cname = Some(principal("user").name);
    let mut request = AsReq {
        padata: Some(vec![timestamp(&USER_KEY, NOW)]),
        req_body,
    };
    change(&mut request);
    request.to_der().unwrap()
}

pub fn timestamp(key: &Key, time: Timestamp) -> PaData {
    let plaintext = PaEncTsEnc::from(time).to_der().unwrap();
    let data = seal(key, KeyUsage::AS_REQ_PA_ENC_TIMESTAMP, &plaintext);
    PaData {
        padata_type: PA_ENC_TIMESTAMP,
        padata_value: data.to_der().unwrap().into(),
    }
}

pub fn seal(key: &Key, usage: KeyUsage, plaintext: &[u8]) -> EncryptedData {
    let cipher = key.encrypt(usage, plaintext).unwrap().into();
    EncryptedData {
        etype: key.enctype().number(),
        kvno: None,
        cipher,
    }
}

/// The parts of a TGS-REQ, to be changed before it is put together.
#[derive(Debug)]
pub struct Tgs {
    pub body: KdcReqBody,
    pub options: ApOptions,
    pub ticket: Ticket,
    pub session_key: Key,
    pub authenticator: Authenticator,
    /// What follows the AP-REQ.
    pub padata: Vec<PaData>,
}

impl Tgs {
    pub fn new(tgt: &Credentials, server: Principal) -> Self {
        Self {
            body: body(server),
            options: ApOptions::empty(),
            ticket: Ticket::from_der(&tgt.ticket).unwrap(),
            session_key: tgt.key.to_key(&PROVIDER).unwrap(),
            authenticator: Authenticator {
                crealm: tgt.client.realm.clone(),
                cname: tgt.client.name.clone(),
                cksum: None,
                cusec: NOW.microseconds(),
                ctime: NOW.time,
                subkey: None,
                seq_number: None,
                authorization_data: None,
            },
            padata: Vec::new(),
        }
    }

    /// The right checksum over the body as it is now.
    pub fn checksum(&self) -> Checksum {
        let octets = self
            .session_key
            .checksum(KeyUsage::TGS_REQ_CHECKSUM, &[&self.body.to_der().unwrap()])
            .unwrap();
        Checksum {
            cksumtype: self.session_key.enctype().checksum_type().number(),
            checksum: octets.into(),
        }
    }

    /// The request, with the right checksum.
    pub fn signed(mut self) -> Vec<u8> {
        self.authenticator.cksum = Some(self.checksum());
        self.encoded()
    }

    /// The request as it is.
    pub fn encoded(self) -> Vec<u8> {
        let plaintext = self.authenticator.to_der().unwrap();
        let ap_req = ApReq {
            ap_options: self.options,
            ticket: self.ticket,
            authenticator: seal(&self.session_key, KeyUsage::TGS_REQ_AUTHENTICATOR, &plaintext),
        };
        let first = PaData {
            padata_type: PA_TGS_REQ,
            padata_value: ap_req.to_der().unwrap().into(),
        };
        let padata = std::iter::once(first).chain(self.padata).collect();
        TgsReq {
            padata: Some(padata),
            req_body: self.body,
        }
        .to_der()
        .unwrap()
    }
}

/// The encrypted part of an AS-REP for `user`.
pub fn as_part(reply: &[u8]) -> krb5_proto::messages::EncKdcRepPart {
    let rep = AsRep::from_der(reply).unwrap();
    let plaintext = USER_KEY.decrypt(KeyUsage::AS_REP, &rep.enc_part.cipher).unwrap();
    EncAsRepPart::from_der(&plaintext).unwrap().0
}

/// The encrypted part of a TGS-REP under the session key, and the ticket.
pub fn tgs_part(reply: &[u8], key: &Key, usage: KeyUsage) -> (krb5_proto::messages::EncKdcRepPart, Ticket) {
    let rep = TgsRep::from_der(reply).unwrap();
    let plaintext = key.decrypt(usage, &rep.enc_part.cipher).unwrap();
    (EncTgsRepPart::from_der(&plaintext).unwrap().0, rep.ticket)
}

/// What only the service sees.
pub fn inside(ticket: &[u8], service: &str) -> EncTicketPart {
    let ticket = Ticket::from_der(ticket).unwrap();
    let key = long_term_key(service, Enctype::from_number(ticket.enc_part.etype).unwrap());
    EncTicketPart::from_der(&key.decrypt(KeyUsage::TICKET, &ticket.enc_part.cipher).unwrap()).unwrap()
}

pub fn refusal(reply: &[u8]) -> KrbError {
    match KrbError::from_der(reply) {
        Ok(error) => error,
        Err(_) => panic!("a reply that is no KRB-ERROR, with tag {:#x}", reply.first().unwrap()),
    }
}

pub fn code(reply: &[u8]) -> ErrorCode {
    ErrorCode(refusal(reply).error_code)
}

pub fn random_key() -> EncryptionKey {
    EncryptionKey::from(&Key::generate(&PROVIDER, ETYPE).unwrap())
}
