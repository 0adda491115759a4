//! The embedded KDC, asked for anything by somebody who holds keys.

use std::sync::LazyLock;

use krb5_crypto::{Enctype, Key, KeyUsage, string_to_key};
use krb5_kdc::{Attribute, Kdc, NewPrincipal, Transport};
use krb5_proto::messages::kdc::{EncAsRepPart, EncKdcRepPart, EncTgsRepPart};
use krb5_proto::messages::preauth::{PA_ENC_TIMESTAMP, PA_TGS_REQ};
use krb5_proto::messages::{
    ApOptions, ApReq, AsRep, AsReq, Authenticator, Checksum, EncTicketPart, KdcOptions, KdcReqBody, KrbError,
    MethodData, PaData, PaEncTsEnc, TgsRep, TgsReq, Ticket, TicketFlags, TransitedEncoding,
};
use krb5_proto::realms::transited;
use krb5_proto::{EncryptionKey, Microseconds, Principal, Realm, Timestamp};

use crate::input::Input;
use crate::realm::{NOW, encrypted, key};
use crate::seeded::{SEEDED, begin};

/// The first octet picks what is asked how; then come the body of a request, pa-data, and where a ticket of another realm
/// is presented what is in it, each with its length.
///
/// Every request is answered or passed over. Nobody gets a ticket without a proof who needs one (CVE-2015-2694), and
/// nobody one that says more than the ticket that was presented: no other client, no longer life, no flag that it does
/// not allow, no realm left out that it came through.
pub fn kdc_request(input: &[u8]) {
    begin();
    let mut input = Input(input);
    let choice = input.octet();
    let transport = if choice & UDP == 0 {
        Transport::Tcp
    } else {
        Transport::Udp
    };
    if choice & RAW != 0 {
        let reply = KDC.handle(input.0, now(), transport);
        return assert!(reply.is_none_or(|reply| !is_ticket_for_user(&reply)), "without a proof");
    }
    let Ok(body) = KdcReqBody::from_der(input.counted()) else {
        return;
    };
    let more = MethodData::from_der(input.counted()).map_or_else(|_| Vec::new(), |data| data.0);
    if choice & TGS == 0 {
        initial(choice, body, more, transport);
    } else {
        further(choice, body, more, &mut input, transport);
    }
}

fn initial(choice: u8, body: KdcReqBody, more: Vec<PaData>, transport: Transport) {
    let proof = (choice & PROOF != 0).then(timestamp);
    let proven = proof.is_some();
    let request = AsReq {
        padata: Some(proof.into_iter().chain(more).collect()),
        req_body: body,
    };
    let octets = request.to_der().expect("encodes");
    let reply = KDC.handle(&octets, now(), transport).expect("an AS-REQ is answered");
    let Ok(rep) = AsRep::from_der(&reply) else {
        return refused(&reply);
    };
    assert!(proven || !is_ticket_for_user(&reply), "without a proof");
    let plain = CLIENT_KEY
        .decrypt(KeyUsage::AS_REP, &rep.enc_part.cipher)
        .expect("in the key of the client");
    let EncAsRepPart(part) = EncAsRepPart::from_der(&plain).expect("decodes");
    assert!(part.flags.contains(TicketFlags::INITIAL));
    assert_eq!(part.flags.contains(TicketFlags::PRE_AUTHENT), proven, "what was proved");
    granted(&request.req_body, &part, &rep.ticket);
}

fn further(choice: u8, body: KdcReqBody, more: Vec<PaData>, input: &mut Input<'_>, transport: Transport) {
    let presented = Presented::new(choice, input);
    let subkey = (choice & SUBKEY != 0).then(|| key(Enctype::Aes128CtsHmacSha196, 9));
    let ap_req = presented.ap_req(&body, subkey.as_ref());
    let first = PaData {
        padata_type: PA_TGS_REQ,
        padata_value: ap_req.into(),
    };
    let request = TgsReq {
        padata: Some(std::iter::once(first).chain(more).collect()),
        req_body: body,
    };
    let octets = request.to_der().expect("encodes");
    let reply = KDC.handle(&octets, now(), transport).expect("a TGS-REQ is answered");
    let Ok(rep) = TgsRep::from_der(&reply) else {
        return refused(&reply);
    };
    let (key, usage) = match &subkey {
        Some(subkey) => (subkey, KeyUsage::TGS_REP_SUBKEY),
        None => (&presented.session_key, KeyUsage::TGS_REP_SESSION),
    };
    let plain = key
        .decrypt(usage, &rep.enc_part.cipher)
        .expect("in the key of the client");
    let EncTgsRepPart(part) = EncTgsRepPart::from_der(&plain).expect("decodes");
    let old = presented.part.expect("a ticket that was taken can be read");
    assert!(rep.crealm == old.crealm && rep.cname == old.cname, "for somebody else");
    granted(&request.req_body, &part, &rep.ticket);
    no_more_than(&old, &request.req_body, &part);
    // The other ticket-granting services' tickets are in keys that are known here.
    if let Some(inside) = inside(&rep.ticket, &request.req_body) {
        assert!(
            inside.crealm == old.crealm && inside.cname == old.cname,
            "for somebody else"
        );
        assert_eq!(inside.authtime, old.authtime);
        assert_eq!(inside.flags, part.flags);
        passed_through(&old, &presented.issuer, &inside, &request.req_body);
    }
}

fn refused(reply: &[u8]) {
    KrbError::from_der(reply).expect("a ticket or an error");
}

fn is_ticket_for_user(reply: &[u8]) -> bool {
    AsRep::from_der(reply).is_ok_and(|rep| rep.cname == user().name)
}

/// What holds of every ticket.
fn granted(body: &KdcReqBody, part: &EncKdcRepPart, ticket: &Ticket) {
    assert_eq!(part.nonce, body.nonce);
    assert!(body.etype.contains(&part.key.keytype), "a key of another type");
    assert!(ticket.realm == part.srealm && ticket.sname == part.sname);
    let start = part.starttime.unwrap_or(part.authtime);
    // A ticket is validated as it was issued.
    if !body.kdc_options.contains(KdcOptions::VALIDATE) {
        assert!(part.endtime > start, "for no time");
        assert!(part.renew_till.is_none() || part.flags.contains(TicketFlags::RENEWABLE));
        let invalid = part.flags.contains(TicketFlags::INVALID);
        assert_eq!(invalid, start > NOW, "valid before its time, or not in it");
    }
}

/// The new ticket against the one that was presented.
fn no_more_than(old: &EncTicketPart, body: &KdcReqBody, part: &EncKdcRepPart) {
    let limit = if body.kdc_options.contains(KdcOptions::RENEW) {
        old.renew_till
    } else {
        Some(old.endtime)
    };
    assert!(Some(part.endtime) <= limit, "for longer than the ticket before");
    assert!(part.renew_till.is_none() || part.renew_till <= old.renew_till);
    assert_eq!(part.authtime, old.authtime);
    let inherited = [
        TicketFlags::FORWARDABLE,
        TicketFlags::PROXIABLE,
        TicketFlags::RENEWABLE,
        TicketFlags::PRE_AUTHENT,
        TicketFlags::HW_AUTHENT,
    ];
    for flag in inherited {
        assert!(
            !part.flags.contains(flag) || old.flags.contains(flag),
            "{flag:?} from nowhere"
        );
    }
    let invalid = old.flags.contains(TicketFlags::INVALID);
    assert!(
        !invalid || body.kdc_options.contains(KdcOptions::VALIDATE),
        "by an invalid ticket"
    );
}

/// The realms on the list of the new ticket, RFC 4120 §3.3.3.2.
fn passed_through(old: &EncTicketPart, issuer: &Realm, new: &EncTicketPart, body: &KdcReqBody) {
    let own = Realm::from(REALM);
    let read = |field: &TransitedEncoding, server: &Realm| transited::decode(field, &old.crealm, server);
    let before = read(&old.transited, issuer).expect("a list that was taken can be read");
    let after = read(&new.transited, &own).expect("and so can the new one");
    assert!(
        before
            .iter()
            .all(|realm| after.contains(realm) || *realm == own || *realm == old.crealm)
    );
    assert!(
        *issuer == own || *issuer == old.crealm || after.contains(issuer),
        "{issuer} is left out"
    );
    let checked = new.flags.contains(TicketFlags::TRANSITED_POLICY_CHECKED);
    assert!(!checked || !body.kdc_options.contains(KdcOptions::DISABLE_TRANSITED_CHECK));
}

/// The plaintext of a ticket for somebody whose key is known here.
fn inside(ticket: &Ticket, body: &KdcReqBody) -> Option<EncTicketPart> {
    if body.kdc_options.contains(KdcOptions::ENC_TKT_IN_SKEY) {
        return None;
    }
    let server = Principal::new(ticket.realm.clone(), ticket.sname.clone());
    let key = [(service(), &*SERVICE_KEY), (user(), &*CLIENT_KEY)]
        .into_iter()
        .find(|(known, _)| *known == server);
    let (_, key) = key?;
    let plain = key
        .decrypt(KeyUsage::TICKET, &ticket.enc_part.cipher)
        .expect("in the server's key");
    Some(EncTicketPart::from_der(&plain).expect("decodes"))
}

/// A ticket, what is in it, and who issued it.
struct Presented {
    ticket: Ticket,
    part: Option<EncTicketPart>,
    session_key: Key,
    issuer: Realm,
    client: Principal,
}

impl Presented {
    /// One that holds what the input says: for a service, to be renewed or validated, or for the ticket-granting service,
    /// by another realm.
    fn new(choice: u8, input: &mut Input<'_>) -> Self {
        let issuer = Realm::from(if choice & FOREIGN == 0 { REALM } else { OTHER });
        let server = if choice & FOREIGN == 0 {
            service()
        } else {
            Principal::krbtgt(&issuer, &REALM.into())
        };
        let key = if choice & FOREIGN == 0 {
            &*SERVICE_KEY
        } else {
            &*TRUST_KEY
        };
        let plain = input.counted();
        let part = EncTicketPart::from_der(plain).ok();
        let session_key = part.as_ref().and_then(|part| part.key.to_key(&SEEDED).ok());
        let client = part
            .as_ref()
            .map(|part| Principal::new(part.crealm.clone(), part.cname.clone()));
        Self {
            ticket: Ticket {
                realm: server.realm,
                sname: server.name,
                enc_part: encrypted(key, KeyUsage::TICKET, plain),
            },
            part,
            session_key: session_key.unwrap_or_else(|| crate::realm::key(Enctype::Aes128CtsHmacSha196, 3)),
            issuer,
            client: client.unwrap_or_else(user),
        }
    }

    fn ap_req(&self, body: &KdcReqBody, subkey: Option<&Key>) -> Vec<u8> {
        let octets = body.to_der().expect("encodes");
        let checksum = self
            .session_key
            .checksum(KeyUsage::TGS_REQ_CHECKSUM, &[&octets])
            .expect("a checksum");
        let authenticator = Authenticator {
            crealm: self.client.realm.clone(),
            cname: self.client.name.clone(),
            cksum: Some(Checksum {
                cksumtype: self.session_key.enctype().checksum_type().number(),
                checksum: checksum.into(),
            }),
            cusec: Microseconds::default(),
            ctime: NOW,
            subkey: subkey.map(EncryptionKey::from),
            seq_number: None,
            authorization_data: None,
        };
        let plain = authenticator.to_der().expect("encodes");
        let request = ApReq {
            ap_options: ApOptions::empty(),
            ticket: self.ticket.clone(),
            authenticator: encrypted(&self.session_key, KeyUsage::TGS_REQ_AUTHENTICATOR, &plain),
        };
        request.to_der().expect("encodes")
    }
}

/// A proof of the user's.
fn timestamp() -> PaData {
    let plain = PaEncTsEnc::from(now()).to_der().expect("encodes");
    let data = encrypted(&CLIENT_KEY, KeyUsage::AS_REQ_PA_ENC_TIMESTAMP, &plain);
    PaData {
        padata_type: PA_ENC_TIMESTAMP,
        padata_value: data.to_der().expect("encodes").into(),
    }
}

fn now() -> Timestamp {
    Timestamp { time: NOW, micros: 0 }
}

fn user() -> Principal {
    principal("user")
}

fn service() -> Principal {
    principal("host/localhost")
}

fn principal(name: &str) -> Principal {
    Principal::parse(name, Some(&REALM.into())).expect("a principal")
}

/// The key that the KDC makes of [`PASSWORD`] for the principal.
fn made(principal: &Principal) -> Key {
    let salt = principal.default_salt();
    string_to_key(
        &SEEDED,
        ETYPE,
        PASSWORD.as_bytes(),
        &salt,
        Some(&ITERATIONS.to_be_bytes()),
    )
    .expect("a key")
}

/// Everybody has the same password; the user has to prove that, `open` has not.
static KDC: LazyLock<Kdc> = LazyLock::new(|| {
    let with = |name: &str| NewPrincipal::with_password(name, PASSWORD).iterations(ITERATIONS);
    let shared = |from: &str, to: &str| with(&format!("krbtgt/{to}@{from}")).salt(*b"shared");
    begin();
    Kdc::builder(REALM)
        .provider(&SEEDED)
        .enctypes(&[ETYPE])
        .add(with("user").alias("alias"))
        .add(
            with("open")
                .salt(user().default_salt())
                .attribute(Attribute::WithoutPreauth),
        )
        .add(with("host/localhost"))
        .add(
            with("host/strict")
                .attribute(Attribute::NotForwardable)
                .attribute(Attribute::NotRenewable),
        )
        .add(with("host/u2u").attribute(Attribute::UserToUserOnly))
        .add(shared(REALM, OTHER))
        .add(shared(OTHER, REALM))
        .domain_realm(".other.test", OTHER)
        .build()
        .expect("a realm")
});
static CLIENT_KEY: LazyLock<Key> = LazyLock::new(|| made(&user()));
static SERVICE_KEY: LazyLock<Key> = LazyLock::new(|| made(&service()));
static TRUST_KEY: LazyLock<Key> = LazyLock::new(|| {
    string_to_key(
        &SEEDED,
        ETYPE,
        PASSWORD.as_bytes(),
        b"shared",
        Some(&ITERATIONS.to_be_bytes()),
    )
    .expect("a key")
});

const REALM: &str = "FUZZ.TEST";
const OTHER: &str = "OTHER.TEST";
const PASSWORD: &str = "open sesame";
const ETYPE: Enctype = Enctype::Aes128CtsHmacSha196;
/// One is enough where nobody guesses.
const ITERATIONS: u32 = 1;
const TGS: u8 = 1;
const PROOF: u8 = 2;
const FOREIGN: u8 = 4;
const SUBKEY: u8 = 8;
const UDP: u8 = 16;
const RAW: u8 = 32;
