//! Per-message tokens of RFC 4121 §4.2.6, and those of RFC 1964 §1.2 by their header.

use super::cursor::Cursor;
use super::page::{Count, Page, Preview, Problem};

/// A token of RFC 4121.
///
/// ```text
/// MIC                                Wrap
/// 0..1   04 04                       05 04
/// 2      Flags                       Flags
/// 3      FF                          FF
/// 4..7   FF FF FF FF                 EC and RRC, two octets each
/// 8..15  SND_SEQ                     SND_SEQ
/// 16..   SGN_CKSUM                   the ciphertext, or the message and its checksum, rotated by RRC
/// ```
pub(super) fn token(page: &mut Page, mut token: Cursor<'_>) -> Result<(), Problem> {
    let length = Count(token.octets().len());
    match token.array("the token id")? {
        [4, 4] => page.section(format!("MIC (RFC 4121 §4.2.6.1), {length}"), |page| mic(page, token)),
        _ => page.section(format!("Wrap (RFC 4121 §4.2.6.2), {length}"), |page| wrap(page, token)),
    }
}

fn mic(page: &mut Page, mut token: Cursor<'_>) -> Result<(), Problem> {
    flags(page, &mut token)?;
    filler::<5>(&mut token)?;
    sequence(page, &mut token)?;
    page.field("checksum", Preview(token.octets()));
    Ok(())
}

fn wrap(page: &mut Page, mut token: Cursor<'_>) -> Result<(), Problem> {
    let flags = flags(page, &mut token)?;
    filler::<1>(&mut token)?;
    let extra = u16::from_be_bytes(token.array("EC")?);
    let rotation = u16::from_be_bytes(token.array("RRC")?);
    let what_extra_counts = if flags & SEALED == 0 {
        "octets of checksum"
    } else {
        "octets of filler"
    };
    page.field("extra count (EC)", format_args!("{extra} {what_extra_counts}"));
    page.field("right rotation count (RRC)", rotation);
    sequence(page, &mut token)?;
    let rest = token.octets();
    if flags & SEALED != 0 {
        page.field("ciphertext", Preview(rest));
        return Ok(());
    }
    let Some(message) = rest.len().checked_sub(extra.into()) else {
        return Err(token.problem(format_args!("EC is {extra}, but {} follow", Count(rest.len()))));
    };
    page.field("message, in the clear", Count(message));
    page.field("message and checksum, rotated", Preview(rest));
    Ok(())
}

fn flags(page: &mut Page, token: &mut Cursor<'_>) -> Result<u8, Problem> {
    let [flags] = token.array("the flags")?;
    let sender = if flags & SENT_BY_ACCEPTOR == 0 {
        "initiator"
    } else {
        "acceptor"
    };
    page.field("sent by the", sender);
    page.field("sealed", if flags & SEALED == 0 { "no" } else { "yes" });
    page.field(
        "key",
        if flags & ACCEPTOR_SUBKEY == 0 {
            "initiator's subkey or session key"
        } else {
            "acceptor's subkey"
        },
    );
    let unknown = flags & !(SENT_BY_ACCEPTOR | SEALED | ACCEPTOR_SUBKEY);
    if unknown != 0 {
        page.field("flags that RFC 4121 does not know", format_args!("{unknown:#04x}"));
    }
    Ok(flags)
}

fn filler<const N: usize>(token: &mut Cursor<'_>) -> Result<(), Problem> {
    let at = *token;
    match token.array::<N>("the filler")?.iter().all(|octet| *octet == 0xff) {
        true => Ok(()),
        false => Err(at.problem("the filler is not FF")),
    }
}

fn sequence(page: &mut Page, token: &mut Cursor<'_>) -> Result<(), Problem> {
    page.field(
        "sequence number",
        u64::from_be_bytes(token.array("the sequence number")?),
    );
    Ok(())
}

/// A token of RFC 1964 §1.2, after its token id.
///
/// ```text
/// 0..1  SGN_ALG, little-endian
/// 2..3  SEAL_ALG in a Wrap token, else filler
/// 4..5  filler
/// 6..13 SND_SEQ, encrypted
/// 14..  SGN_CKSUM, and in a Wrap token the data
/// ```
pub(super) fn old(page: &mut Page, title: &str, mut token: Cursor<'_>) -> Result<(), Problem> {
    page.section(format!("{title} (RFC 1964 §1.2, RFC 4757)"), |page| {
        page.field(
            "signing algorithm",
            signing_name(u16::from_le_bytes(token.array("SGN_ALG")?)),
        );
        let sealing = u16::from_le_bytes(token.array("SEAL_ALG")?);
        page.field("sealing algorithm", sealing_name(sealing));
        token.take(2, "the filler")?;
        page.field("sequence number, encrypted", Preview(token.take(8, "SND_SEQ")?));
        page.field("checksum and data", Preview(token.octets()));
        Ok(())
    })
}

fn signing_name(number: u16) -> String {
    match number {
        0 => "DES MAC MD5".to_owned(),
        1 => "MD2.5".to_owned(),
        2 => "DES MAC".to_owned(),
        4 => "HMAC SHA-1 DES3-KD".to_owned(),
        0x11 => "HMAC MD5 (RC4)".to_owned(),
        other => format!("{other:#06x}, not known here"),
    }
}

fn sealing_name(number: u16) -> String {
    match number {
        0 => "DES".to_owned(),
        2 => "DES3-KD".to_owned(),
        0x10 => "RC4".to_owned(),
        0xffff => "none".to_owned(),
        other => format!("{other:#06x}, not known here"),
    }
}

const SENT_BY_ACCEPTOR: u8 = 1;
const SEALED: u8 = 2;
const ACCEPTOR_SUBKEY: u8 = 4;
