//! Requests that decode, or nearly, and that no sane client sends. KDCs have crashed on such for thirteen years
//! (CVE-2010-1320 to CVE-2023-39975): here each is answered, and the next one too.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::LazyLock;

use krb5_kdc::Transport;
use krb5_proto::messages::{
    AsRep, AsReq, EncryptedData, HostAddress, KdcOptions, KdcReqBody, KrbError, PaData, SecretOctets, TgsRep, Ticket,
    UInt32,
};
use krb5_proto::{Credentials, ErrorCode, KerberosTime, NameType, PrincipalName, Realm};
use proptest::prelude::*;

use support::*;

static TGT: LazyLock<Credentials> = LazyLock::new(|| {
    tgt(
        &KDC,
        KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE | KdcOptions::RENEWABLE,
    )
});

/// The numbers of pa-data that KDCs have stumbled over, and one that nobody knows.
const PADATA_TYPES: [i32; 22] = [
    1, 2, 3, 11, 16, 17, 19, 128, 129, 130, 133, 135, 136, 137, 138, 141, 144, 147, 149, 150, 167, -1,
];

fn as_request(padata: Vec<PaData>, options: u32) -> Vec<u8> {
    as_req(|request| {
        request.req_body.kdc_options = KdcOptions(options);
        request.padata.as_mut().unwrap().extend(padata);
    })
}

fn tgs_request(padata: Vec<PaData>, options: u32) -> Vec<u8> {
    let mut request = Tgs::new(&TGT, principal("host/localhost"));
    request.body.kdc_options = KdcOptions(options);
    request.padata = padata;
    request.signed()
}

/// What kind of reply it is; a panic if it is none.
#[derive(Debug, PartialEq)]
enum Reply {
    Granted,
    Refused(ErrorCode),
}

fn answered(request: &[u8]) -> Reply {
    let reply = KDC
        .handle(request, NOW, Transport::Tcp)
        .expect("every request is answered");
    if AsRep::from_der(&reply).is_ok() || TgsRep::from_der(&reply).is_ok() {
        return Reply::Granted;
    }
    Reply::Refused(ErrorCode(
        KrbError::from_der(&reply).expect("a reply or an error").error_code,
    ))
}

#[test]
fn d1_each_option_with_each_kind_of_padata_is_answered() {
    let values: [&[u8]; 3] = [&[], &[0x30, 0x00], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]];
    for option in (0..32).map(|bit| 1_u32 << bit).chain([0, u32::MAX]) {
        for padata_type in PADATA_TYPES {
            for value in values {
                let padata = || {
                    vec![PaData {
                        padata_type,
                        padata_value: value.into(),
                    }]
                };
                answered(&as_request(padata(), option));
                answered(&tgs_request(padata(), option));
            }
        }
    }
    assert_eq!(answered(&as_request(Vec::new(), 0)), Reply::Granted);
    assert_eq!(answered(&tgs_request(Vec::new(), 0)), Reply::Granted);
}

#[test]
fn d1_exchanges_with_the_others_body_are_refused() {
    let tgs_body = Tgs::new(&TGT, principal("host/localhost")).body;
    let request = AsReq {
        padata: Some(vec![timestamp(&USER_KEY, NOW)]),
        req_body: tgs_body,
    };
    assert_eq!(
        answered(&request.to_der().unwrap()),
        Reply::Refused(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN)
    );
    let mut request = Tgs::new(&TGT, principal("host/localhost"));
    request.body.cname = Some(principal("open").name);
    assert_eq!(
        answered(&request.signed()),
        Reply::Granted,
        "whose ticket it is counts, not who is named"
    );
}

#[test]
fn d1_every_truncation_is_refused_or_ignored() {
    for request in [as_request(Vec::new(), 0), tgs_request(Vec::new(), 0)] {
        for length in 0..request.len() {
            let reply = KDC.handle(&request[..length], NOW, Transport::Udp);
            assert!(reply.is_none_or(|reply| KrbError::from_der(&reply).is_ok()), "{length}");
        }
    }
}

#[test]
fn d1_every_flipped_bit_of_a_tgs_req_is_refused_or_ignored() {
    let request = tgs_request(Vec::new(), 0);
    for bit in (0..request.len() * 8).step_by(3) {
        let mut flipped = request.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let reply = KDC.handle(&flipped, NOW, Transport::Tcp);
        let refused = reply.is_none_or(|reply| KrbError::from_der(&reply).is_ok());
        assert!(refused || is_harmless(&request, bit), "bit {bit}");
    }
}

/// Whether the bit is in a field that nothing depends on, such as the type of a name or an AP option.
fn is_harmless(request: &[u8], bit: usize) -> bool {
    let mut flipped = request.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    let (one, other) = (parts(request), parts(&flipped));
    one.is_some() && one == other
}

/// All of a TGS-REQ that is protected: the body, the ticket's names and contents, the authenticator.
fn parts(request: &[u8]) -> Option<(KdcReqBody, Realm, PrincipalName, SecretOctets, SecretOctets)> {
    let request = krb5_proto::messages::TgsReq::from_der(request).ok()?;
    let padata = request.padata?;
    let ap_req = krb5_proto::messages::preauth::find(&padata, 1)?;
    let ap_req = krb5_proto::messages::ApReq::from_der(ap_req).ok()?;
    let Ticket { realm, sname, enc_part } = ap_req.ticket;
    Some((
        request.req_body,
        realm,
        sname,
        enc_part.cipher,
        ap_req.authenticator.cipher,
    ))
}

prop_compose! {
    fn name()(
        name_type in prop_oneof![0..12_i32, any::<i32>()],
        components in prop_oneof![
            Just(vec![b"user".to_vec()]),
            Just(vec![b"krbtgt".to_vec(), REALM.as_bytes().to_vec()]),
            Just(vec![b"host".to_vec(), b"localhost".to_vec()]),
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..4),
        ],
    ) -> PrincipalName {
        PrincipalName::new(NameType(name_type), components)
    }
}

fn time() -> impl Strategy<Value = KerberosTime> {
    prop_oneof![
        Just(KerberosTime(0)),
        Just(KerberosTime::MIN),
        Just(KerberosTime::MAX),
        (-400_i64..100_000).prop_map(|seconds| NOW.time.offset(seconds)),
    ]
}

fn encrypted() -> impl Strategy<Value = EncryptedData> {
    (
        any::<i32>(),
        prop::option::of(any::<u32>()),
        prop::collection::vec(any::<u8>(), 0..80),
    )
        .prop_map(|(etype, kvno, cipher)| EncryptedData {
            etype,
            kvno: kvno.map(Into::into),
            cipher: cipher.into(),
        })
}

fn ticket() -> impl Strategy<Value = Ticket> {
    (name(), encrypted()).prop_map(|(sname, enc_part)| Ticket {
        realm: realm(),
        sname,
        enc_part,
    })
}

prop_compose! {
    fn any_body()(
        kdc_options in prop_oneof![Just(0), any::<u32>(), (0..32_u32).prop_map(|bit| 1 << bit)],
        names in (prop::option::of(name()), prop::option::of(name())),
        here in prop::bool::weighted(0.9),
        times in (prop::option::of(time()), time(), prop::option::of(time())),
        nonce in any::<u32>(),
        etype in prop_oneof![Just(vec![18, 17]), prop::collection::vec(any::<i32>(), 0..6)],
        addresses in prop::option::of(prop::collection::vec((any::<i32>(), prop::collection::vec(any::<u8>(), 0..17)), 0..3)),
        enc_authorization_data in prop::option::weighted(0.2, encrypted()),
        additional_tickets in prop::option::weighted(0.3, prop::collection::vec(ticket(), 0..3)),
    ) -> KdcReqBody {
        let address = |(addr_type, address): (i32, Vec<u8>)| HostAddress { addr_type, address: address.into() };
        KdcReqBody {
            kdc_options: KdcOptions(kdc_options),
            cname: names.0,
            realm: if here { realm() } else { Realm::from("ELSEWHERE") },
            sname: names.1,
            from: times.0,
            till: times.1,
            rtime: times.2,
            nonce: UInt32(nonce),
            etype,
            addresses: addresses.map(|addresses| addresses.into_iter().map(address).collect()),
            enc_authorization_data,
            additional_tickets,
        }
    }
}

fn any_padata() -> impl Strategy<Value = Vec<PaData>> {
    let value = (
        prop::sample::select(&PADATA_TYPES[..]),
        prop::collection::vec(any::<u8>(), 0..40),
    );
    let padata = value.prop_map(|(padata_type, value)| PaData {
        padata_type,
        padata_value: value.into(),
    });
    prop::collection::vec(padata, 0..4)
}

proptest! {
    #[test]
    fn d1_any_as_req_with_a_good_proof_is_answered(req_body in any_body(), more in any_padata()) {
        let padata = std::iter::once(timestamp(&USER_KEY, NOW)).chain(more).collect();
        answered(&AsReq { padata: Some(padata), req_body }.to_der().unwrap());
    }

    #[test]
    fn d2_no_as_req_without_a_proof_is_granted(req_body in any_body(), padata in prop::option::of(any_padata())) {
        let reply = answered(&AsReq { padata, req_body }.to_der().unwrap());
        prop_assert!(matches!(reply, Reply::Refused(_)));
    }

    #[test]
    fn d1_any_tgs_req_with_a_good_ticket_is_answered(body in any_body(), padata in any_padata()) {
        let mut request = Tgs::new(&TGT, principal("host/localhost"));
        request.body = body;
        request.padata = padata;
        answered(&request.signed());
    }

    #[test]
    fn d1_any_octets_are_refused_or_ignored(first in prop::sample::select(vec![0x6a_u8, 0x6c, 0x7e, 0x30]), octets: Vec<u8>) {
        let request: Vec<u8> = std::iter::once(first).chain(octets).collect();
        let reply = KDC.handle(&request, NOW, Transport::Udp);
        prop_assert!(reply.is_none_or(|reply| KrbError::from_der(&reply).is_ok()));
    }
}
