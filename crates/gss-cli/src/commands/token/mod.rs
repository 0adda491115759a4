//! `gss token`: what a token says, without any key.

mod cursor;
mod explain;
mod input;
mod kerberos;
mod message;
mod names;
mod ntlm;
mod page;
mod scram;
mod spnego;

#[cfg(test)]
mod tests;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use self::cursor::Cursor;
use self::input::Form;
use self::page::{Page, Problem};

/// Explain a GSS-API, SPNEGO, NTLM, SCRAM or Kerberos token
///
/// Reads one token and says what it is and what its unencrypted parts contain: framing, mechanism, message, names,
/// encryption types, flags, sequence numbers. No key is needed and nothing is checked but the format.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file with the token; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    #[command(flatten)]
    form: Forms,
}

/// How the token is written; without any of these it is recognised.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Forms {
    /// The token is written in hexadecimal
    #[arg(long)]
    hex: bool,
    /// The token is written in base64, as in HTTP or in the lines of `gss pipe`
    #[arg(long)]
    base64: bool,
    /// The token is not written as text
    #[arg(long)]
    raw: bool,
}

impl Forms {
    fn form(&self) -> Form {
        match (self.hex, self.base64, self.raw) {
            (true, ..) => Form::Hex,
            (_, true, _) => Form::Base64,
            (.., true) => Form::Raw,
            _ => Form::Auto,
        }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let token = input::decode(input::read(&args.file)?, args.form.form())?;
    let (text, result) = explained(&token);
    io::stdout().lock().write_all(text.as_bytes())?;
    result.context("this is not a token that can be explained to its end")?;
    Ok(ExitCode::SUCCESS)
}

/// What the token says, up to where it stops making sense.
fn explained(token: &[u8]) -> (String, Result<(), Problem>) {
    let mut page = Page::default();
    let result = explain::token(&mut page, Cursor::new(token), explain::Depth::default());
    (page.into_text(), result)
}

const EXAMPLES: &str = "\
Examples:
  gss token token.bin
  echo 'YIIFyQYJKoZIhvcSAQICAQBuggW4...' | gss token
  curl -sv --negotiate -u : https://host/ 2>&1 | grep -m1 '> Authorization' | gss token";
