//! Who asks for a ticket: the AP-REQ in a TGS-REQ, and its checksum over the rest.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::LazyLock;

use krb5_proto::crypto::KeyUsage;
use krb5_proto::crypto::primitives::rustcrypto::PROVIDER;
use krb5_proto::messages::{ApOptions, KdcOptions, PaData, TgsReq, UInt32};
use krb5_proto::{Credentials, ErrorCode, Octets, PrincipalName, Realm};

use support::*;

/// A TGT that may become anything.
static TGT: LazyLock<Credentials> = LazyLock::new(|| {
    tgt(
        &KDC,
        KdcOptions::FORWARDABLE | KdcOptions::PROXIABLE | KdcOptions::RENEWABLE,
    )
});
fn request(change: impl FnOnce(&mut Tgs)) -> Tgs {
    let mut request = Tgs::new(&TGT, principal("host/localhost"));
    change(&mut request);
    request
}

/// The reply to a correct request with these changes.
fn ask(change: impl FnOnce(&mut Tgs)) -> Vec<u8> {
    tcp(&KDC, &request(change).signed(), NOW)
}

fn part(reply: &[u8]) -> krb5_proto::messages::EncKdcRepPart {
    let key = TGT.key.to_key(&PROVIDER).unwrap();
    tgs_part(reply, &key, KeyUsage::TGS_REP_SESSION).0
}

#[test]
fn without_a_proper_ap_req_there_is_no_ticket() {
    type Change = fn(&mut Tgs);
    let cases: [(&str, Change, ErrorCode); 13] = [
        (
            "another client",
            |r| r.authenticator.cname = principal("open").name,
            ErrorCode::KRB_AP_ERR_BADMATCH,
        ),
        (
            "another client realm",
            |r| r.authenticator.crealm = Realm::from("X"),
            ErrorCode::KRB_AP_ERR_BADMATCH,
        ),
        (
            "an old time",
            |r| r.authenticator.ctime = NOW.time.offset(-301),
            ErrorCode::KRB_AP_ERR_SKEW,
        ),
        (
            "a time to come",
            |r| r.authenticator.ctime = NOW.time.offset(301),
            ErrorCode::KRB_AP_ERR_SKEW,
        ),
        (
            "a ticket of another realm",
            |r| r.ticket.realm = Realm::from("X"),
            ErrorCode::KRB_AP_ERR_NOT_US,
        ),
        (
            "of an unknown server",
            |r| r.ticket.sname = PrincipalName::default(),
            ErrorCode::KRB_AP_ERR_NOT_US,
        ),
        (
            "said to be another server's",
            |r| r.ticket.sname = principal("host/localhost").name,
            ErrorCode::KRB_AP_ERR_BADKEYVER,
        ),
        (
            "a key version",
            |r| r.ticket.enc_part.kvno = Some(77.into()),
            ErrorCode::KRB_AP_ERR_BADKEYVER,
        ),
        (
            "a key type",
            |r| r.ticket.enc_part.etype = 23,
            ErrorCode::KRB_AP_ERR_BADKEYVER,
        ),
        (
            "another session key",
            |r| r.session_key = random_key().to_key(&PROVIDER).unwrap(),
            ErrorCode::KRB_AP_ERR_BAD_INTEGRITY,
        ),
        (
            "no ticket content",
            |r| r.ticket.enc_part.cipher = Vec::new().into(),
            ErrorCode::KRB_AP_ERR_BAD_INTEGRITY,
        ),
        (
            "user to user",
            |r| r.options = ApOptions::USE_SESSION_KEY,
            ErrorCode::KDC_ERR_BADOPTION,
        ),
        (
            "mutual authentication is no harm",
            |r| r.options = ApOptions::MUTUAL_REQUIRED,
            ErrorCode::KDC_ERR_NONE,
        ),
    ];
    for (name, change, expected) in cases {
        let reply = ask(change);
        let found = if reply.first() == Some(&0x7e) {
            code(&reply)
        } else {
            ErrorCode::KDC_ERR_NONE
        };
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_ticket_with_a_flipped_bit_is_refused() {
    let length = request(|_| {}).ticket.enc_part.cipher.len();
    for bit in (0..length * 8).step_by(13) {
        let reply = ask(|request| {
            let mut cipher = request.ticket.enc_part.cipher.to_vec();
            cipher[bit / 8] ^= 1 << (bit % 8);
            request.ticket.enc_part.cipher = cipher.into();
        });
        assert_eq!(code(&reply), ErrorCode::KRB_AP_ERR_BAD_INTEGRITY, "bit {bit}");
    }
}

#[test]
fn a_tgs_req_without_a_ticket_is_refused() {
    for padata in [
        None,
        Some(Vec::new()),
        Some(vec![PaData {
            padata_type: 2,
            padata_value: Octets::default(),
        }]),
    ] {
        let request = TgsReq {
            padata,
            req_body: body(principal("host/localhost")),
        }
        .to_der()
        .unwrap();
        assert_eq!(code(&tcp(&KDC, &request, NOW)), ErrorCode::KDC_ERR_PADATA_TYPE_NOSUPP);
    }
    let garbage = PaData {
        padata_type: 1,
        padata_value: vec![0x6e, 0x00].into(),
    };
    let request = TgsReq {
        padata: Some(vec![garbage]),
        req_body: body(principal("host/localhost")),
    };
    assert_eq!(
        code(&tcp(&KDC, &request.to_der().unwrap(), NOW)),
        ErrorCode::KRB_ERR_GENERIC
    );
}

#[test]
fn a7_the_body_is_covered_by_a_keyed_checksum() {
    let unsigned = request(|_| {}).encoded();
    assert_eq!(
        code(&tcp(&KDC, &unsigned, NOW)),
        ErrorCode::KRB_AP_ERR_INAPP_CKSUM,
        "absent"
    );
    for (cksumtype, length) in [(1, 4), (7, 16), (14, 20), (15, 12), (19, 16), (0x8003, 24)] {
        let forged = request(|request| {
            let checksum = krb5_proto::messages::Checksum {
                cksumtype,
                checksum: vec![0; length].into(),
            };
            request.authenticator.cksum = Some(checksum);
        });
        assert_eq!(
            code(&tcp(&KDC, &forged.encoded(), NOW)),
            ErrorCode::KRB_AP_ERR_INAPP_CKSUM,
            "{cksumtype}"
        );
    }
    let altered = request(|request| {
        request.authenticator.cksum = Some(request.checksum());
        request.body.sname = Some(principal("host/trusted").name);
    });
    assert_eq!(
        code(&tcp(&KDC, &altered.encoded(), NOW)),
        ErrorCode::KRB_AP_ERR_MODIFIED
    );
}

#[test]
fn the_checksum_is_over_the_body_as_it_came() {
    // Some clients write the nonce with a sign: the octets differ from those that an encoder of today makes.
    let mut request = request(|request| request.body.nonce = UInt32(0x7fff_ff85));
    let body = request.body.to_der().unwrap();
    let (minimal, signed) = (&[2, 4, 0x7f, 0xff, 0xff, 0x85][..], &[2, 1, 0x85][..]);
    let odd = shorten(&body, minimal, signed);
    let octets = request
        .session_key
        .checksum(KeyUsage::TGS_REQ_CHECKSUM, &[&odd])
        .unwrap();
    let mut checksum = request.checksum();
    checksum.checksum = octets.into();
    request.authenticator.cksum = Some(checksum);
    let encoded = request.encoded();
    let request = shorten(&encoded, minimal, signed);
    assert_eq!(part(&tcp(&KDC, &request, NOW)).nonce, UInt32(0xffff_ff85));
}

/// `message` with the three octets shorter `to` in the place of `from`, and all lengths around it corrected.
fn shorten(message: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = message.windows(from.len()).position(|window| window == from).unwrap();
    fn inner(octets: &[u8], at: usize, to: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut start = 0;
        while start < octets.len() {
            let (header, length) = header(&octets[start..]);
            let end = start + header + length;
            let content = &octets[start + header..end];
            if start == at {
                out.extend_from_slice(to);
            } else if (start..end).contains(&at) {
                let content = inner(content, at - start - header, to);
                out.push(octets[start]);
                out.extend(length_octets(content.len()));
                out.extend(content);
            } else {
                out.extend_from_slice(&octets[start..end]);
            }
            start = end;
        }
        out
    }
    inner(message, at, to)
}

fn header(octets: &[u8]) -> (usize, usize) {
    match octets[1] {
        short @ 0..=0x7f => (2, short.into()),
        long => {
            let count = usize::from(long & 0x7f);
            (
                2 + count,
                octets[2..2 + count]
                    .iter()
                    .fold(0, |length, octet| length << 8 | usize::from(*octet)),
            )
        }
    }
}

fn length_octets(length: usize) -> Vec<u8> {
    match length {
        0..=0x7f => vec![length as u8],
        0x80..=0xff => vec![0x81, length as u8],
        _ => vec![0x82, (length >> 8) as u8, length as u8],
    }
}
