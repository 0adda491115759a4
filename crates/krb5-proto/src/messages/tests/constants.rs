use super::*;

/// Messages with a `msg-type`: vector, tag octet, value, and its offset from the start of the SEQUENCE.
const TYPED: &[(&str, &str, u8)] = &[
    ("as_req", "AsReq", 10),
    ("as_rep", "AsRep", 11),
    ("tgs_req", "TgsReq", 12),
    ("tgs_rep", "TgsRep", 13),
    ("ap_req", "ApReq", 14),
    ("ap_rep", "ApRep", 15),
    ("priv", "KrbPriv", 21),
    ("cred", "KrbCred", 22),
    ("error", "KrbError", 30),
];

/// Where `pvno` (5) and `msg-type` have their values.
fn positions(der: &[u8], msg_type: u8) -> (usize, usize) {
    let pvno = der.windows(3).position(|window| window == [2, 1, 5]).unwrap() + 2;
    let kind = der.windows(3).position(|window| window == [2, 1, msg_type]).unwrap() + 2;
    assert_eq!(kind, pvno + 5, "the two stand one after the other");
    (pvno, kind)
}

#[test]
fn a4_msg_type_must_agree_with_the_tag() {
    for (name, type_name, tag) in TYPED {
        let der = vector(name);
        let (_, at) = positions(&der, *tag);
        for other in 0..=40 {
            let mut changed = der.clone();
            changed[at] = other;
            assert_eq!(
                codec(type_name)(&changed).is_ok(),
                other == *tag,
                "{name} with msg-type {other}"
            );
        }
    }
}

#[test]
fn a4_each_message_decodes_under_its_own_tag_only() {
    for (name, type_name, tag) in TYPED {
        for (_, other_type, other_tag) in TYPED {
            let mut der = vector(name);
            der[0] = 0x60 | other_tag;
            assert_eq!(
                codec(type_name)(&der).is_ok(),
                tag == other_tag,
                "{name} under tag {other_tag}"
            );
            assert_eq!(
                codec(other_type)(&vector(name)).is_ok(),
                tag == other_tag,
                "{name} as {other_type}"
            );
        }
    }
}

#[test]
fn the_protocol_version_must_be_5() {
    for (name, type_name, tag) in TYPED {
        for version in [0, 1, 4, 6, 0x7f, 0x85] {
            let mut der = vector(name);
            let (at, _) = positions(&der, *tag);
            der[at] = version;
            assert!(codec(type_name)(&der).is_err(), "{name} with pvno {version}");
        }
    }
    for name in ["ticket", "authenticator"] {
        let mut der = vector(name);
        let at = der.windows(3).position(|window| window == [2, 1, 5]).unwrap() + 2;
        der[at] = 4;
        let type_name = if name == "ticket" { "Ticket" } else { "Authenticator" };
        assert!(codec(type_name)(&der).is_err(), "{name} of version 4");
    }
}

#[test]
fn an_implicit_or_primitive_tag_is_refused() {
    for (name, type_name, tag) in TYPED {
        for first in [0x40 | tag, 0xa0 | tag, 0x30] {
            let mut der = vector(name);
            der[0] = first;
            assert!(codec(type_name)(&der).is_err(), "{name} under {first:#x}");
        }
    }
}
