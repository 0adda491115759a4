//! What kind of token it is, by its first octets.

use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};

use super::cursor::Cursor;
use super::page::{Count, Page, Preview, Problem};
use super::{kerberos, message, ntlm, scram, spnego};

/// Explains the token at `token`; how deep it stands in others is `depth`.
pub(super) fn token(page: &mut Page, token: Cursor<'_>, depth: Depth) -> Result<(), Problem> {
    match token.octets() {
        [] => Err(token.problem("the token is empty")),
        [0x60, ..] => framed(page, token, depth),
        [0xa0 | 0xa1, ..] => page.section("SPNEGO, without framing", |page| {
            spnego::negotiation(page, token, depth)
        }),
        [4, 1, ..] => page.section("Exported name (RFC 2743 §3.2)", |page| exported_name(page, token)),
        [4, 4, ..] | [5, 4, ..] => message::token(page, token),
        [b'N', b'T', b'L', b'M', b'S', b'S', b'P', 0, ..] => ntlm::message(page, token),
        // Their first letters are tags of Kerberos as well, but no message of Kerberos is text.
        octets if scram::is_message(octets) => scram::message(page, token),
        [0, ..] => kdc_over_tcp(page, token),
        [first, ..] if first & 0xe0 == 0x60 => kerberos::message(page, token),
        [first, ..] => {
            page.field("Octets", Preview(token.octets()));
            Err(token.problem(format_args!(
                "no token starts with {first:02x}; known are 60 (RFC 2743 §3.1), a0 and a1 (SPNEGO), 61 to 7e \
                 (Kerberos), 04 01 (exported name), 04 04 and 05 04 (RFC 4121), NTLMSSP, text (SCRAM)"
            )))
        }
    }
}

/// How many tokens stand around this one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Depth(u8);

impl Depth {
    /// One deeper, unless that is deeper than any real token goes.
    fn deeper(self, at: &Cursor<'_>) -> Result<Self, Problem> {
        if self.0 >= DEEPEST {
            return Err(at.problem(format_args!("more than {DEEPEST} tokens in each other")));
        }
        Ok(Self(self.0.saturating_add(1)))
    }
}

/// Explains the token inside another one.
pub(super) fn inner(page: &mut Page, title: &str, inner: Cursor<'_>, depth: Depth) -> Result<(), Problem> {
    let depth = depth.deeper(&inner)?;
    let title = format!("{title}, {}", Count(inner.octets().len()));
    page.section(title, |page| token(page, inner, depth))
}

/// RFC 2743 §3.1: `60`, a length, a mechanism's OID, and what the mechanism makes of the rest.
fn framed(page: &mut Page, token: Cursor<'_>, depth: Depth) -> Result<(), Problem> {
    let mut whole = token;
    let title = format!(
        "GSS-API token with framing (RFC 2743 §3.1), {}",
        Count(token.octets().len())
    );
    page.section(title, |page| {
        let mut content = whole.expect(FRAMING, "the framing")?;
        whole.finish("the framing")?;
        let mechanism = oid(&mut content, "the mechanism's OID")?;
        page.field("mechanism", Named(mechanism));
        match mechanism {
            KERBEROS | KERBEROS_MICROSOFT | KERBEROS_USER_TO_USER | IAKERB => kerberos::inner_token(page, content),
            SPNEGO => spnego::negotiation(page, content, depth),
            NTLM => ntlm::message(page, content),
            SCRAM_SHA_1 | SCRAM_SHA_256 => scram::message(page, content),
            _ => {
                page.field("content, of no mechanism known here", Preview(content.octets()));
                Ok(())
            }
        }
    })
}

/// Reads an OID element.
pub(super) fn oid(from: &mut Cursor<'_>, what: &str) -> Result<ObjectIdentifier, Problem> {
    let content = from.expect(Tag::ObjectIdentifier, what)?;
    ObjectIdentifier::from_bytes(content.octets()).map_err(|error| content.problem(format_args!("{what}: {error}")))
}

/// `04 01`, the OID element's length in two octets, the OID element, the name's length in four, the name.
fn exported_name(page: &mut Page, mut token: Cursor<'_>) -> Result<(), Problem> {
    token.take(2, "the token id")?;
    let length = u16::from_be_bytes(token.array("the OID's length")?);
    let at = token;
    let mut of_oid = token;
    token.take(length.into(), "the OID")?;
    let mechanism = oid(&mut of_oid, "the mechanism's OID")?;
    if of_oid.offset() != token.offset() {
        return Err(at.problem(format_args!("the OID's length is given as {length}, which it is not")));
    }
    page.field("mechanism", Named(mechanism));
    let length = u32::from_be_bytes(token.array("the name's length")?);
    let length = usize::try_from(length).map_err(|_| token.problem("the name's length"))?;
    let name = token.take(length, "the name")?;
    page.field("name", String::from_utf8_lossy(name));
    token.finish("the name")
}

/// RFC 4120 §7.2.2: four octets of length, then a message.
fn kdc_over_tcp(page: &mut Page, mut token: Cursor<'_>) -> Result<(), Problem> {
    let at = token;
    let length = u32::from_be_bytes(token.array("the length before a KDC message on TCP")?);
    if usize::try_from(length) != Ok(token.octets().len()) {
        let rest = token.octets().len();
        return Err(at.problem(format_args!(
            "no token starts with 00; a KDC message on TCP starts with its length, but that is {length} here, and \
             {rest} octets follow"
        )));
    }
    page.section(
        format!("KDC message on TCP (RFC 4120 §7.2.2), {length} octets"),
        |page| kerberos::message(page, token),
    )
}

/// An OID with its name, where it has one.
pub(super) struct Named(pub(super) ObjectIdentifier);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match NAMES.iter().find(|(oid, _)| *oid == self.0) {
            Some((oid, name)) => write!(f, "{oid} ({name})"),
            None => write!(f, "{}", self.0),
        }
    }
}

const FRAMING: Tag = Tag::Application {
    constructed: true,
    number: TagNumber(0),
};

const KERBEROS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113554.1.2.2");
const KERBEROS_USER_TO_USER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113554.1.2.2.3");
const KERBEROS_MICROSOFT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.48018.1.2.2");
const IAKERB: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.2.5");
const SPNEGO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.2");
const NTLM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.2.10");
const SCRAM_SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.14");
const SCRAM_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.18");

const NAMES: [(ObjectIdentifier, &str); 11] = [
    (KERBEROS, "Kerberos 5"),
    (KERBEROS_USER_TO_USER, "Kerberos 5 user to user"),
    (KERBEROS_MICROSOFT, "Kerberos 5, as Microsoft misspelt it"),
    (IAKERB, "IAKERB"),
    (SPNEGO, "SPNEGO"),
    (NTLM, "NTLM"),
    (ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.2.30"), "NegoEx"),
    (SCRAM_SHA_1, "SCRAM-SHA-1"),
    (SCRAM_SHA_256, "SCRAM-SHA-256"),
    (
        ObjectIdentifier::new_unwrap("1.3.5.1.5.2"),
        "Kerberos 5, before RFC 1964",
    ),
    (ObjectIdentifier::new_unwrap("1.3.6.1.5.5.17.1"), "EAP"),
];

/// A KDC message on TCP in IAKERB in SPNEGO would be three.
const DEEPEST: u8 = 4;
