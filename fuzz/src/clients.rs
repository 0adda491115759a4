//! Clients of KDCs that want to mislead them.

use std::sync::Arc;
use std::time::Duration;

use krb5_crypto::Enctype;
use krb5_proto::exchange::service::{MAX_HOPS, MAX_REQUESTS};
use krb5_proto::exchange::{
    AsExchange, AsOptions, LongTerm, Route, ServiceExchange, ServiceOptions, ServiceRealm, Step, TimeSync,
};
use krb5_proto::messages::{AsReq, EncryptedData, HostAddress, KdcOptions, Ticket, TicketFlags};
use krb5_proto::realms::CaPaths;
use krb5_proto::{Credentials, EncryptionKey, Principal, Realm, Timestamp};

use crate::hostile::{Exchange, Granted, Hostile, REALMS, long_term_key, session_key};
use crate::input::Input;
use crate::realm::{NOW, client, service};
use crate::seeded::{SEEDED, begin};

/// The first octet picks options, the rest is what a KDC answers to the requests of an AS exchange, again and again.
///
/// The exchange ends. Whatever the KDC says, each request asks for the same encryption types and options. A ticket that is
/// taken is the one that was asked for, as RFC 4120 §3.1.5 has it, and another name of the client is proved.
pub fn as_client(input: &[u8]) {
    begin();
    let mut script = Input(input);
    let choice = script.octet();
    let has = |bit: u8| choice & bit != 0;
    let key = LongTerm::Keys(vec![Arc::new(long_term_key())]);
    let mut options = AsOptions::new(client(), key);
    options.etypes = ETYPES.to_vec();
    if has(CANONICAL) {
        options.kdc_options.insert(KdcOptions::CANONICALIZE);
    }
    options.renew_life = has(RENEWABLE).then_some(Duration::from_secs(86_400));
    options.postdate = has(POSTDATED).then_some(Duration::from_secs(7200));
    options
        .addresses
        .extend(has(ADDRESSES).then(|| HostAddress::from(std::net::IpAddr::from([127, 0, 0, 1]))));
    options.server = has(OTHER_SERVER).then(service);
    if has(OWN_TIME) {
        options.time_sync = TimeSync::Off;
    }
    let replica = has(REPLICA);
    let mut kdc = Hostile::new(script);
    let (mut request, mut exchange) = AsExchange::start(&SEEDED, options, now()).expect("an exchange begins");
    let mut initial = None;
    for requests in 1.. {
        assert!(requests <= MOST_OF_AS, "the exchange does not end");
        same_request(&request.message, choice);
        let reply = kdc.reply(&request.message);
        let step = if replica && request.route != Route::Primary {
            exchange.reply_of_replica(&reply, now())
        } else {
            exchange.reply(&reply, now())
        };
        let proof = kdc.granted.take();
        match step {
            Err(_) => return,
            Ok(Step::Send { request: another, next }) => {
                initial = proof
                    .filter(|granted| granted.asked.exchange == Exchange::As)
                    .or(initial);
                (request, exchange) = (another, next);
            }
            Ok(Step::Done(outcome)) => {
                let last = proof.expect("an error is no ticket");
                let ticket = &outcome.credentials;
                fresh(&last);
                match last.asked.exchange {
                    Exchange::As => {
                        right_initial(ticket, &last);
                        assert!(ticket.client == asker(&last, choice), "{} is not proved", ticket.client);
                    }
                    Exchange::Tgs => right_initial(ticket, &initial.expect("a ticket to prove the name of")),
                }
                return;
            }
        }
    }
}

/// Nothing that a KDC says makes a client ask for less.
fn same_request(message: &[u8], choice: u8) {
    let Ok(request) = AsReq::from_der(message) else { return };
    let body = request.req_body;
    let etypes: Vec<i32> = ETYPES.iter().map(|etype| etype.number()).collect();
    // Keys make all others useless.
    assert!(body.etype.iter().all(|etype| etypes.contains(etype)) && !body.etype.is_empty());
    let canonical = body.kdc_options.contains(KdcOptions::CANONICALIZE);
    assert_eq!(canonical, choice & CANONICAL != 0);
    assert_eq!(body.rtime.is_some(), choice & RENEWABLE != 0);
    assert_eq!(body.addresses.is_some(), choice & ADDRESSES != 0);
}

/// The client as the last request names it.
fn asker(granted: &Granted, choice: u8) -> Principal {
    let realm = granted.asked.body.realm.clone();
    let expected = client();
    assert!(
        choice & CANONICAL != 0 || realm == expected.realm,
        "referred to {realm}"
    );
    Principal::new(realm, expected.name)
}

/// What holds of every reply that is taken.
fn fresh(granted: &Granted) {
    let Granted { asked, ticket, part } = granted;
    assert_eq!(part.nonce, asked.body.nonce, "an answer to something else");
    assert!(asked.body.etype.contains(&part.key.keytype), "a key of another type");
    assert!(part.endtime <= asked.body.till, "for longer than was asked for");
    assert!(part.endtime > part.starttime.unwrap_or(part.authtime), "for no time");
    assert!(
        ticket.realm == part.srealm && ticket.sname == part.sname,
        "the names outside and inside differ"
    );
}

fn right_initial(ticket: &Credentials, granted: &Granted) {
    fresh(granted);
    let (body, part) = (&granted.asked.body, &granted.part);
    assert!(part.flags.contains(TicketFlags::INITIAL), "no initial ticket");
    assert!(
        !part.flags.contains(TicketFlags::ENC_PA_REP) || granted.asked.is_shown_by(part.encrypted_pa_data.as_ref()),
        "the request was changed"
    );
    let asked = body.addresses.as_deref().unwrap_or_default();
    let given = part.caddr.as_deref().unwrap_or_default();
    assert!(
        given.iter().all(|address| asked.contains(address)),
        "for other addresses"
    );
    assert!(
        ticket.server.realm == part.srealm && ticket.server.name == part.sname,
        "the name outside the encryption counts"
    );
    let server = Principal::new(body.realm.clone(), body.sname.clone().unwrap_or_default());
    let canonical = body.kdc_options.contains(KdcOptions::CANONICALIZE)
        && server.name.is_krbtgt()
        && part.flags.contains(TicketFlags::ENC_PA_REP)
        && part.sname.granting_realm().as_ref() == Some(&part.srealm);
    assert!(ticket.server == server || canonical, "for {}", ticket.server);
}

/// The first octet picks options, then come ways between realms (an octet says how many; each is three octets, the numbers
/// of a client's realm, a server's and one between), then what the KDCs of all realms answer, again and again.
///
/// The search ends after few requests, and each goes to a realm that a ticket is at hand for. A ticket that is taken is
/// for the service, by the client, and as RFC 4120 §3.3.4 has it.
pub fn service_client(input: &[u8]) {
    begin();
    let mut script = Input(input);
    let choice = script.octet();
    let realm = |number: u8| Realm::from(REALMS[usize::from(number) % REALMS.len()]);
    let mut paths = CaPaths::default();
    for _ in 0..script.octet() % 8 {
        let [client, server, between] = [(); 3].map(|()| realm(script.octet()));
        paths.set(client, server, vec![between]);
    }
    let known = match choice % 3 {
        0 => ServiceRealm::Known(service().realm),
        1 => ServiceRealm::Known(realm(choice / 3)),
        _ => ServiceRealm::Unknown {
            guesses: REALMS[..usize::from(choice / 3 % 4)]
                .iter()
                .map(|name| (*name).into())
                .collect(),
        },
    };
    let mut options = ServiceOptions::new(granting_ticket(), service().name, known);
    options.etypes = ETYPES.to_vec();
    options.paths = paths;
    if choice & 0x80 != 0 {
        options.time_sync = TimeSync::Off;
    }
    let mut kdc = Hostile::new(script);
    let Ok((mut request, mut exchange)) = ServiceExchange::start(&SEEDED, options, now()) else {
        return;
    };
    for requests in 1.. {
        assert!(requests <= MOST_OF_SERVICE, "the search does not end");
        let reply = kdc.reply(&request.message);
        let granted = kdc.granted.take();
        match exchange.reply(&reply, now()) {
            Err(_) => return,
            Ok(Step::Send { request: another, next }) => (request, exchange) = (another, next),
            Ok(Step::Done(outcome)) => {
                let last = granted.expect("an error is no ticket");
                fresh(&last);
                assert_eq!(outcome.credentials.client, client(), "somebody else's ticket");
                assert!(!outcome.credentials.server.is_krbtgt(), "for a ticket-granting service");
                assert_eq!(last.asked.body.sname.as_ref(), Some(&service().name));
                let canonical = last.asked.body.kdc_options.contains(KdcOptions::CANONICALIZE);
                assert!(outcome.credentials.server.name == service().name || canonical);
                assert!(outcome.granting.len() <= MAX_REQUESTS && MAX_HOPS < MAX_REQUESTS);
                return;
            }
        }
    }
}

fn granting_ticket() -> Credentials {
    let client = client();
    let server = Principal::krbtgt(&client.realm, &client.realm);
    let ticket = Ticket {
        realm: server.realm.clone(),
        sname: server.name.clone(),
        enc_part: EncryptedData {
            etype: 17,
            kvno: None,
            cipher: b"whatever".to_vec().into(),
        },
    };
    Credentials {
        client,
        server,
        key: Arc::new(EncryptionKey::from(&session_key(Enctype::Aes128CtsHmacSha196))),
        authtime: NOW,
        starttime: None,
        endtime: NOW.offset(36_000),
        renew_till: None,
        is_skey: false,
        flags: TicketFlags::INITIAL,
        addresses: Vec::new(),
        authdata: Vec::new(),
        ticket: ticket.to_der().expect("encodes"),
        second_ticket: Vec::new(),
    }
}

fn now() -> Timestamp {
    Timestamp { time: NOW, micros: 0 }
}

const ETYPES: [Enctype; 2] = [Enctype::Aes128CtsHmacSha196, Enctype::Aes256CtsHmacSha196];
/// Rounds of one exchange, and the proof of a name.
const MOST_OF_AS: usize = 40;
/// Each request may be repeated over TCP, and once more with another time.
const MOST_OF_SERVICE: usize = 3 * MAX_REQUESTS;
const CANONICAL: u8 = 1;
const RENEWABLE: u8 = 2;
const POSTDATED: u8 = 4;
const ADDRESSES: u8 = 8;
const OTHER_SERVER: u8 = 16;
const OWN_TIME: u8 = 32;
const REPLICA: u8 = 64;
