//! What arrives from the network, for fuzz targets. No part of the crate's interface.

use crate::dns::Query;
use crate::framing::{FrameReader, Prefix};
use crate::http::ResponseReader;
use crate::locate::server_of_uri;
use crate::reply::{of_kdc, of_password_server};
use crate::{Failure, REPLY_LIMIT, Record, RecordKind};

/// What a name server may answer to a query: few records or none.
pub fn dns_answer(kind: RecordKind, octets: &[u8]) {
    let query = Query::new(7, "_kerberos.EXAMPLE.ORG", kind).expect("it is a name");
    if query.check(octets).is_err() {
        return;
    }
    let records = query.records(octets).unwrap_or_default();
    assert!(records.len() <= octets.len(), "each record takes octets");
    for record in &records {
        uri(record);
    }
}

/// A URI record.
pub fn uri(record: &Record) {
    if let Some(server) = server_of_uri(record) {
        assert!(!server.host.is_empty() && server.port != 0, "{server:?}");
    }
}

/// A proxy's response, whole and cut in two: the body is the same.
pub fn http_response(octets: &[u8], cut: usize) {
    let mut reader = ResponseReader::default();
    let whole = reader.push(octets);
    assert_eq!(
        text(&whole),
        text(&in_two(octets, cut, |piece, reader: &mut ResponseReader| reader.push(piece)))
    );
    let _ = reader.closed();
}

/// A server's stream, whole and cut in two: the message is the same.
pub fn frame(octets: &[u8], cut: usize) {
    for prefix in [Prefix::Two, Prefix::Four { limit: REPLY_LIMIT }] {
        let mut reader = FrameReader::new(prefix);
        let whole = reader.push(octets);
        let (first, second) = octets.split_at(cut.min(octets.len()));
        let mut reader = FrameReader::new(prefix);
        let parts = reader.push(first).and_then(|early| match early {
            Some(early) => Ok(Some(early)),
            None => reader.push(second),
        });
        assert_eq!(text(&whole), text(&parts));
    }
}

/// What a KDC or a password server may send.
pub fn reply(octets: &[u8]) {
    let _ = of_kdc(octets);
    let _ = of_password_server(octets);
}

fn in_two<R: Default>(
    octets: &[u8],
    cut: usize,
    push: impl Fn(&[u8], &mut R) -> Result<Option<Vec<u8>>, Failure>,
) -> Result<Option<Vec<u8>>, Failure> {
    let (first, second) = octets.split_at(cut.min(octets.len()));
    let mut reader = R::default();
    match push(first, &mut reader)? {
        Some(early) => Ok(Some(early)),
        None => push(second, &mut reader),
    }
}

/// Failures have no `==`.
fn text(outcome: &Result<Option<Vec<u8>>, Failure>) -> String {
    format!("{outcome:?}")
}
