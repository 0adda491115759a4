//! NTLM, by its signature and message type ([MS-NLMP] §2.2.1).

use super::cursor::Cursor;
use super::page::{Count, Page, Preview, Problem};

/// ```text
/// 0..7   "NTLMSSP\0"
/// 8..11  message type, little-endian
/// 12..   fields that the type defines
/// ```
pub(super) fn message(page: &mut Page, mut token: Cursor<'_>) -> Result<(), Problem> {
    let at = token;
    let length = Count(token.octets().len());
    if token.take(8, "the signature")? != b"NTLMSSP\0" {
        return Err(at.problem("the signature is not NTLMSSP"));
    }
    let kind_at = token;
    let kind = u32::from_le_bytes(token.array("the message type")?);
    let name = match kind {
        1 => "NEGOTIATE",
        2 => "CHALLENGE",
        3 => "AUTHENTICATE",
        other => return Err(kind_at.problem(format_args!("NTLM has no message type {other}"))),
    };
    page.section(
        format!("NTLM {name} ([MS-NLMP] §2.2.1.{kind}), {length}"),
        |page| match kind {
            1 => flags(page, &mut token),
            2 => challenge(page, token, at),
            _ => authenticate(page, token, at),
        },
    )
}

fn flags(page: &mut Page, token: &mut Cursor<'_>) -> Result<(), Problem> {
    let flags = u32::from_le_bytes(token.array("the negotiation flags")?);
    page.field("flags", format_args!("{flags:#010x}"));
    Ok(())
}

fn challenge(page: &mut Page, mut token: Cursor<'_>, whole: Cursor<'_>) -> Result<(), Problem> {
    page.field("target name", Text(payload(&mut token, whole, "the target name")?));
    flags(page, &mut token)?;
    page.field("challenge", Preview(token.take(8, "the challenge")?));
    Ok(())
}

fn authenticate(page: &mut Page, mut token: Cursor<'_>, whole: Cursor<'_>) -> Result<(), Problem> {
    page.field(
        "LM response",
        Count(payload(&mut token, whole, "the LM response")?.len()),
    );
    page.field(
        "NT response",
        Count(payload(&mut token, whole, "the NT response")?.len()),
    );
    page.field("domain", Text(payload(&mut token, whole, "the domain")?));
    page.field("user", Text(payload(&mut token, whole, "the user")?));
    page.field("workstation", Text(payload(&mut token, whole, "the workstation")?));
    page.field(
        "session key",
        Count(payload(&mut token, whole, "the session key")?.len()),
    );
    flags(page, &mut token)
}

/// What a field of length, room (two octets each) and offset (four) points at.
fn payload<'a>(token: &mut Cursor<'_>, mut whole: Cursor<'a>, what: &str) -> Result<&'a [u8], Problem> {
    let length = u16::from_le_bytes(token.array(what)?);
    token.take(2, what)?;
    let offset = u32::from_le_bytes(token.array(what)?);
    if length == 0 {
        return Ok(&[]);
    }
    let offset = usize::try_from(offset).map_err(|_| token.problem(what))?;
    whole.take(offset, what)?;
    whole.take(length.into(), what)
}

/// UTF-16, as current peers send it.
struct Text<'a>(&'a [u8]);

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = self.0.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
        char::decode_utf16(units).try_for_each(|c| write!(f, "{}", c.unwrap_or(char::REPLACEMENT_CHARACTER)))
    }
}
