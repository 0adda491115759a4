use super::*;

const NAME: &str = "_kerberos._udp.EXAMPLE.ORG";
const OWNER: &[u8] = b"\x09_kerberos\x04_udp\x07example\x03org\x00";
/// The owner's name, by compression: where the question has it.
const POINTER: &[u8] = &[0xc0, 12];

const SRV: u16 = 33;
const TXT: u16 = 16;
const URI: u16 = 256;
const CNAME: u16 = 5;

/// RFC 1035 §4.1: an answer with these flags (QR, RCODE and others) to the query 7 for [`NAME`].
fn answer(kind: u16, flags: u16, records: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(records.len()).unwrap();
    let mut octets = Vec::new();
    for number in [7, flags, 1, count, 0, 0] {
        octets.extend_from_slice(&number.to_be_bytes());
    }
    octets.extend_from_slice(b"\x09_kerberos\x04_udp\x07EXAMPLE\x03ORG\x00");
    octets.extend_from_slice(&[kind.to_be_bytes(), 1_u16.to_be_bytes()].concat());
    octets.extend(records.concat());
    octets
}

fn record(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [owner, &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 60], &length, data].concat()
}

fn srv_data(numbers: [u16; 3], target: &[u8]) -> Vec<u8> {
    let mut data: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    data.extend_from_slice(target);
    data
}

fn query(kind: RecordKind) -> Query {
    Query::new(7, NAME, kind).unwrap()
}

/// The records of an answer that is to be accepted.
fn records(kind: RecordKind, octets: &[u8]) -> Result<Vec<Record>, LookupError> {
    let query = query(kind);
    query.check(octets).expect("an answer to the query");
    query.records(octets)
}

const OK: u16 = 0x8180;

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
    Record::Srv {
        priority,
        weight,
        port,
        target: target.to_owned(),
    }
}

#[test]
fn a_query_is_the_octets_of_rfc1035() {
    let expected = [
        &[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0],
        b"\x09_kerberos\x04_udp\x07EXAMPLE\x03ORG\x00".as_slice(),
        &[0, 33, 0, 1],
    ];
    assert_eq!(query(RecordKind::Srv).octets(), expected.concat());
}

#[test]
fn k7_names_that_the_dns_cannot_have_are_refused() {
    let long_label = "a".repeat(64);
    let long_name = ["abcdefgh"; 30].join(".");
    let huge = "a.".repeat(32 * 1024);
    for name in ["", ".", "a..b", ".a", "é.org", &long_label, &long_name, &huge] {
        let result = Query::new(7, name, RecordKind::Uri);
        assert!(matches!(result, Err(LookupError::NotAName)), "{name}");
    }
    assert!(Query::new(7, &long_label[1..], RecordKind::Uri).is_ok());
}

#[test]
fn i72_services_are_read() {
    let data = srv_data([10, 20, 88], b"\x03kdc\x07example\x03org\x00");
    let compressed = srv_data([1, 2, 89], &[0xc0, 27]);
    let octets = answer(SRV, OK, &[record(POINTER, SRV, &data), record(OWNER, SRV, &compressed)]);
    let expected = [srv(10, 20, 88, "kdc.example.org"), srv(1, 2, 89, "EXAMPLE.ORG")];
    assert_eq!(records(RecordKind::Srv, &octets).unwrap(), expected);
}

#[test]
fn i72_uris_and_texts_are_read() {
    let data = [&[0, 1, 0, 2], b"krb5srv:m:tcp:kdc.example.org".as_slice()].concat();
    let octets = answer(URI, OK, &[record(POINTER, URI, &data)]);
    let expected = Record::Uri {
        priority: 1,
        weight: 2,
        target: "krb5srv:m:tcp:kdc.example.org".to_owned(),
    };
    assert_eq!(records(RecordKind::Uri, &octets).unwrap(), [expected]);
    let octets = answer(TXT, OK, &[record(POINTER, TXT, b"\x07EXAMPLE\x04.ORG")]);
    assert_eq!(
        records(RecordKind::Txt, &octets).unwrap(),
        [Record::Txt("EXAMPLE.ORG".to_owned())]
    );
}

#[test]
fn q21_aliases_are_followed_and_the_records_of_others_are_not_taken() {
    let alias = record(POINTER, CNAME, b"\x01x\x07example\x03org\x00");
    let data = srv_data([0, 0, 88], b"\x03kdc\x00");
    let theirs = record(b"\x01x\x07example\x03org\x00", SRV, &data);
    let foreign = record(b"\x01y\x07example\x03org\x00", SRV, &data);
    let octets = answer(SRV, OK, &[alias, theirs, foreign.clone()]);
    assert_eq!(records(RecordKind::Srv, &octets).unwrap(), [srv(0, 0, 88, "kdc")]);
    assert!(
        records(RecordKind::Srv, &answer(SRV, OK, &[foreign]))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn q21_aliases_in_a_circle_are_an_error_and_end() {
    let there = record(POINTER, CNAME, b"\x01x\x00");
    let back = record(b"\x01x\x00", CNAME, OWNER);
    let octets = answer(SRV, OK, &[there, back]);
    assert!(matches!(records(RecordKind::Srv, &octets), Err(LookupError::Malformed)));
}

#[test]
fn k7_data_that_is_too_short_is_left_out() {
    let whole = srv_data([0, 0, 88], b"\x03kdc\x00");
    for length in 0..whole.len() {
        let odd = record(POINTER, SRV, &whole[..length]);
        let octets = answer(SRV, OK, &[odd, record(POINTER, SRV, &whole)]);
        let found = records(RecordKind::Srv, &octets).unwrap();
        assert_eq!(found, [srv(0, 0, 88, "kdc")], "{length}");
    }
    for length in 0..=4 {
        let odd = record(POINTER, URI, &[0; 4][..length]);
        assert!(
            records(RecordKind::Uri, &answer(URI, OK, &[odd])).unwrap().is_empty(),
            "{length}"
        );
    }
    for odd in [b"".as_slice(), b"\x00", b"\x05abc", b"\x02\xff\xfe"] {
        let octets = answer(TXT, OK, &[record(POINTER, TXT, odd)]);
        assert!(records(RecordKind::Txt, &octets).unwrap().is_empty(), "{odd:?}");
    }
}

#[test]
fn k7_port_0_serves_nobody_and_the_root_says_that_there_is_no_service() {
    let port_0 = srv_data([0, 0, 0], b"\x03kdc\x00");
    let root = srv_data([0, 0, 0], b"\x00");
    let octets = answer(SRV, OK, &[record(POINTER, SRV, &port_0), record(POINTER, SRV, &root)]);
    assert_eq!(records(RecordKind::Srv, &octets).unwrap(), [srv(0, 0, 0, "")]);
}

#[test]
fn k7_pointers_in_a_circle_are_left_out() {
    let here = u8::try_from(answer(SRV, OK, &[]).len() + 12 + 6).unwrap();
    let circle = srv_data([0, 0, 88], &[0xc0, here]);
    let octets = answer(SRV, OK, &[record(POINTER, SRV, &circle)]);
    assert!(records(RecordKind::Srv, &octets).map_or(true, |records| records.is_empty()));
}

#[test]
fn q21_what_does_not_answer_the_query_is_passed_over() {
    let query = query(RecordKind::Srv);
    let right = answer(SRV, OK, &[]);
    assert!(query.check(&right).is_ok());
    let mut other_id = right.clone();
    other_id[1] = 8;
    let mut other_name = right.clone();
    other_name[13] = b'x';
    let a_query = answer(SRV, 0x0100, &[]);
    for (what, octets) in [
        ("another identifier", other_id),
        ("another name", other_name),
        ("another type", answer(TXT, OK, &[])),
        ("a query", a_query),
        ("nothing", Vec::new()),
    ] {
        assert!(matches!(query.check(&octets), Err(Failure::Garbage)), "{what}");
    }
    for length in 0..right.len() {
        assert!(query.check(&right[..length]).is_err(), "{length}");
    }
}

#[test]
fn q21_the_codes_of_name_servers_are_told_apart() {
    let query = query(RecordKind::Srv);
    let unknown = answer(SRV, 0x8183, &[]);
    assert!(query.check(&unknown).is_ok());
    assert!(matches!(query.records(&unknown), Err(LookupError::NoSuchName)));
    for (code, text) in [(2, "SERVFAIL"), (5, "REFUSED")] {
        match query.check(&answer(SRV, 0x8180 | code, &[])) {
            Err(Failure::NameServer(said)) => assert_eq!(said, text),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn q21_a_truncated_answer_is_known_by_its_flag() {
    assert!(is_truncated(&answer(SRV, 0x8380, &[])));
    assert!(!is_truncated(&answer(SRV, OK, &[])));
    assert!(!is_truncated(b""));
}

#[test]
fn q21_of_very_many_records_some_are_taken() {
    let one = record(POINTER, SRV, &srv_data([0, 0, 88], b"\x00"));
    let octets = answer(SRV, OK, &vec![one; 5000]);
    assert_eq!(records(RecordKind::Srv, &octets).unwrap().len(), RECORDS);
}

#[test]
fn k7_an_answer_cut_anywhere_or_with_a_bit_flipped_is_no_panic() {
    let data = srv_data([10, 20, 88], &[0xc0, 27]);
    let alias = record(POINTER, CNAME, b"\x01x\xc0\x1b");
    let whole = answer(SRV, OK, &[alias, record(b"\x01x\xc0\x1b", SRV, &data)]);
    let query = query(RecordKind::Srv);
    for length in 0..whole.len() {
        let _ = query.records(&whole[..length]);
    }
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if query.check(&flipped).is_ok() {
            let _ = query.records(&flipped);
        }
    }
}
