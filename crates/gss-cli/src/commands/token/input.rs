//! Reading a token: as it is, in hexadecimal or in base64.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::report::Hint as _;

/// How the octets of a token are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Hexadecimal or base64 if it is text that fits, else as it is.
    Auto,
    Hex,
    Base64,
    Raw,
}

/// All of `path`, `-` being standard input; refused beyond [`INPUT_LIMIT`].
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        return bounded(io::stdin().lock()).context("cannot read standard input");
    }
    let file = File::open(path)
        .with_context(|| format!("cannot read {}", path.display()))
        .hint("give a file name, or - and the token on standard input")?;
    bounded(file).with_context(|| format!("cannot read {}", path.display()))
}

fn bounded(input: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut octets = Vec::new();
    input.take(INPUT_LIMIT.saturating_add(1)).read_to_end(&mut octets)?;
    if u64::try_from(octets.len())? > INPUT_LIMIT {
        bail!("it is larger than {INPUT_LIMIT} octets: no token is");
    }
    Ok(octets)
}

/// The octets that `input` writes.
pub(super) fn decode(input: Vec<u8>, form: Form) -> anyhow::Result<Vec<u8>> {
    match form {
        Form::Raw => Ok(input),
        Form::Hex => from_hex(&text(&input)?),
        Form::Base64 => from_base64(&text(&input)?),
        Form::Auto => Ok(guess(&input).unwrap_or(input)),
    }
}

fn guess(input: &[u8]) -> Option<Vec<u8>> {
    let text = text(input).ok().filter(|text| !text.is_empty())?;
    from_hex(&text).or_else(|_| from_base64(&text)).ok()
}

/// The text without what people copy along: white space, `Authorization: Negotiate`, `0x`, colons between octets.
fn text(input: &[u8]) -> anyhow::Result<String> {
    let text = str::from_utf8(input).context("it is not text")?.trim();
    let text = text.rsplit_once("Negotiate ").map_or(text, |(_, token)| token);
    let text = text.strip_prefix("0x").unwrap_or(text);
    Ok(text.chars().filter(|c| !c.is_ascii_whitespace() && *c != ':').collect())
}

fn from_hex(text: &str) -> anyhow::Result<Vec<u8>> {
    hex::decode(text).context("it is not hexadecimal")
}

fn from_base64(text: &str) -> anyhow::Result<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = GeneralPurpose::new(&STANDARD, config);
    let url_safe = GeneralPurpose::new(&URL_SAFE, config);
    standard
        .decode(text)
        .or_else(|error| url_safe.decode(text).map_err(|_| error))
        .context("it is not base64")
}

/// No token of the formats that are explained is larger than 1 MiB; written in hexadecimal with colons, 3 MiB.
const INPUT_LIMIT: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(text: &str) -> Vec<u8> {
        decode(text.as_bytes().to_vec(), Form::Auto).unwrap()
    }

    #[test]
    fn hexadecimal_is_recognised_as_people_write_it() {
        for text in ["60020100", "0x60020100\n", "60:02:01:00", "60 02\n01 00\n"] {
            assert_eq!(auto(text), [0x60, 2, 1, 0], "{text:?}");
        }
    }

    #[test]
    fn base64_is_recognised_also_from_a_header_of_http() {
        for text in [
            "YAIB/w==",
            "YAIB/w",
            "YAIB_w",
            "Authorization: Negotiate YAIB/w==\r\n",
            "YAIB\n/w==",
        ] {
            assert_eq!(auto(text), [0x60, 2, 1, 0xff], "{text:?}");
        }
    }

    #[test]
    fn other_octets_are_taken_as_they_are() {
        for octets in [&[0x60, 0x82, 0xff][..], b"NTLMSSP\0", b""] {
            assert_eq!(decode(octets.to_vec(), Form::Auto).unwrap(), octets);
        }
        assert_eq!(decode(b"6002".to_vec(), Form::Raw).unwrap(), b"6002");
    }

    #[test]
    fn a_form_that_was_asked_for_is_held_to() {
        assert!(decode(b"600".to_vec(), Form::Hex).is_err());
        assert!(decode(b"!".to_vec(), Form::Base64).is_err());
        assert!(decode(vec![0xff], Form::Hex).is_err());
    }

    #[test]
    fn input_beyond_the_limit_is_refused() {
        let error = bounded(io::repeat(b'x')).unwrap_err();
        assert!(error.to_string().contains("larger than"), "{error}");
    }
}
