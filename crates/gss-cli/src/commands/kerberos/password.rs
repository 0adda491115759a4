//! Passwords: from a terminal without showing them, from standard input, or from a file. Never from arguments.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use krb5_crypto::{Secret, Zeroizing};
use krb5_proto::Principal;

/// Where a password comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// Read the password from the first line of FILE
    #[arg(long, value_name = "FILE")]
    password_file: Option<std::path::PathBuf>,
}

/// Whether a password that is typed is new, so that it must be typed twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Known,
    New,
}

impl Source {
    /// Whether a file is given, and so nobody is asked.
    pub(crate) fn is_file(&self) -> bool {
        self.password_file.is_some()
    }

    /// The password of `principal`.
    pub(crate) fn read(&self, principal: &Principal, typed: Typed) -> anyhow::Result<Secret> {
        if let Some(path) = &self.password_file {
            return from_file(path);
        }
        if io::stdin().is_terminal() {
            return from_terminal(principal, typed);
        }
        first_line(io::stdin().lock()).context("cannot read the password from standard input")
    }
}

fn from_file(path: &Path) -> anyhow::Result<Secret> {
    let told = || format!("cannot read the password from {}", path.display());
    let file = File::open(path).with_context(told)?;
    first_line(BufReader::new(file)).with_context(told)
}

fn from_terminal(principal: &Principal, typed: Typed) -> anyhow::Result<Secret> {
    let ask = |prompt: String| rpassword::prompt_password(prompt).map(|password| Secret::new(password.into_bytes()));
    let password = ask(format!("Password for {principal}: ")).context("cannot ask for the password")?;
    if typed == Typed::New {
        let again = ask("The same again: ".to_owned()).context("cannot ask for the password")?;
        if krb5_crypto::primitives::ct_eq(password.expose(), again.expose()).is_err() {
            bail!("the two passwords differ");
        }
    }
    Ok(password)
}

/// The first line without its end. Ends in CR LF occur where the file was written elsewhere.
fn first_line(input: impl BufRead) -> anyhow::Result<Secret> {
    // Room for all of it, so that no copies are left behind by growing.
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let limit = u64::try_from(LONGEST)?;
    let read = input.take(limit).read_until(b'\n', &mut line)?;
    if read == 0 {
        bail!("there is none: one line is expected");
    }
    if line.pop_if(|octet| *octet == b'\n').is_some() {
        line.pop_if(|octet| *octet == b'\r');
    } else if read == LONGEST {
        bail!("the line is longer than {LONGEST} octets");
    }
    Ok(Secret::from(line))
}

/// The longest password, with the end of its line.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_without_its_end() {
        for (input, expected) in [
            ("secret\n", "secret"),
            ("secret", "secret"),
            ("secret\r\nnext\n", "secret"),
            (" with blanks \n", " with blanks "),
            ("carriage\rreturn\r", "carriage\rreturn\r"),
            ("\n", ""),
        ] {
            assert_eq!(
                first_line(input.as_bytes()).unwrap().expose(),
                expected.as_bytes(),
                "{input:?}"
            );
        }
    }

    #[test]
    fn no_line_and_endless_lines_are_errors() {
        assert!(first_line(&b""[..]).is_err());
        assert!(first_line(vec![b'x'; LONGEST].as_slice()).is_err());
        assert!(first_line(BufReader::new(io::repeat(b'x'))).is_err());
    }
}
