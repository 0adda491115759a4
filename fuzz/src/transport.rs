//! What arrives on the way to a KDC: answers of name servers, frames, responses of proxies, replies.

use krb5_net::fuzzing::{dns_answer, frame, http_response, reply, uri};
use krb5_net::{Record, RecordKind};

/// The first octet picks what it is, the second where it is cut in two.
pub fn kdc_transport(input: &[u8]) {
    let [choice, cut, octets @ ..] = input else { return };
    let cut = usize::from(*cut);
    match choice % 7 {
        0 => dns_answer(RecordKind::Srv, octets),
        1 => dns_answer(RecordKind::Txt, octets),
        2 => dns_answer(RecordKind::Uri, octets),
        3 => frame(octets, cut),
        4 => http_response(octets, cut),
        5 => reply(octets),
        _ => uri(&Record::Uri {
            priority: 0,
            weight: 0,
            target: String::from_utf8_lossy(octets).into_owned(),
        }),
    }
}
