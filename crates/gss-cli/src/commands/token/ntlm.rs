//! NTLM, by its signature and message type ([MS-NLMP] §2.2.1).

use gss::ntlm::NegotiateFlags;
use gss::ntlm::message::{AvId, NtlmV2Response, TargetInfo};

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
    let names: Vec<&str> = NegotiateFlags::from_bits_retain(flags)
        .iter_names()
        .map(|(name, _)| name)
        .collect();
    page.field("flags", format_args!("{flags:#010x} ({})", names.join(", ")));
    Ok(())
}

fn challenge(page: &mut Page, mut token: Cursor<'_>, whole: Cursor<'_>) -> Result<(), Problem> {
    page.field("target name", Text(payload(&mut token, whole, "the target name")?));
    flags(page, &mut token)?;
    page.field("challenge", Preview(token.take(8, "the challenge")?));
    if token.take(8, "the reserved octets").is_ok() {
        let at = token;
        let octets = payload(&mut token, whole, "the target information")?;
        target_info(page, octets).map_err(|what| at.problem(what))?;
    }
    Ok(())
}

/// The list of what a side says of itself, and how a client confirms it.
fn target_info(page: &mut Page, octets: &[u8]) -> Result<(), String> {
    if octets.is_empty() {
        return Ok(());
    }
    let (info, _) = TargetInfo::parse(octets).map_err(|error| format!("the target information: {error}"))?;
    page.line("target information");
    page.indented(|page| {
        for pair in info.pairs() {
            match info.text(pair.id) {
                Some(text) => page.field(&pair.id.to_string(), text),
                None => page.field(&pair.id.to_string(), Preview(&pair.value)),
            }
        }
    });
    Ok(())
}

/// What an NTLMv2 response says besides its proof, which is not shown: whoever has it can guess passwords.
fn nt_response(page: &mut Page, octets: &[u8]) {
    page.field("NT response", Count(octets.len()));
    let Ok(response) = NtlmV2Response::parse(octets) else {
        return;
    };
    page.indented(|page| {
        page.line("NTLMv2 ([MS-NLMP] §2.2.2.8)");
        let info = &response.challenge.target_info;
        page.optional("for", info.text(AvId::TARGET_NAME));
        page.optional("at", info.text(AvId::DNS_COMPUTER_NAME));
        let bound = info
            .channel_bindings()
            .is_some_and(|bindings| bindings.iter().any(|octet| *octet != 0));
        page.field("channel bindings", if bound { "yes" } else { "none" });
        let flags: Vec<&str> = info.flags().iter_names().map(|(name, _)| name).collect();
        page.field(
            "says that it has",
            if flags.is_empty() {
                "no MIC".to_owned()
            } else {
                flags.join(", ")
            },
        );
    });
}

fn authenticate(page: &mut Page, mut token: Cursor<'_>, whole: Cursor<'_>) -> Result<(), Problem> {
    page.field(
        "LM response",
        Count(payload(&mut token, whole, "the LM response")?.len()),
    );
    nt_response(page, payload(&mut token, whole, "the NT response")?);
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
