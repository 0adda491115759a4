//! Passwords: from a terminal without showing them, from standard input, or from a file. Never from arguments.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Read};
use std::os::fd::AsFd as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use krb5_crypto::{Secret, Zeroizing};
use krb5_proto::Principal;

/// Where a password comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// Read the password from the first line of FILE, or of standard input if that is STDIN
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
        let is_stdin = self.password_file.as_deref() == Some(Path::new(STDIN));
        if let Some(path) = self.password_file.as_deref().filter(|_| !is_stdin) {
            return from_file(path);
        }
        if io::stdin().is_terminal() && !is_stdin {
            return from_terminal(principal, typed);
        }
        from_stdin().context("cannot read the password from standard input")
    }
}

fn from_file(path: &Path) -> anyhow::Result<Secret> {
    let told = || format!("cannot read the password from {}", path.display());
    let file = File::open(path).with_context(told)?;
    first_line(file).with_context(told)
}

/// Around the buffer that standard input has, which would keep the password.
fn from_stdin() -> anyhow::Result<Secret> {
    first_line(File::from(io::stdin().as_fd().try_clone_to_owned()?))
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
///
/// `input` has no buffer, so that the password is nowhere but in the one that is zeroised.
fn first_line(mut input: impl Read) -> anyhow::Result<Secret> {
    let mut line = Zeroizing::new(vec![0; LONGEST]);
    let mut filled = 0;
    let end = loop {
        let (read, room) = line.split_at_mut(filled);
        if let Some(end) = read.iter().position(|octet| *octet == b'\n') {
            break Some(end);
        }
        if room.is_empty() {
            bail!("the line is longer than {LONGEST} octets");
        }
        match input.read(room) {
            Ok(0) => break None,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    };
    if filled == 0 {
        bail!("there is none: one line is expected");
    }
    line.truncate(end.unwrap_or(filled));
    if end.is_some() {
        line.pop_if(|octet| *octet == b'\r');
    }
    Ok(Secret::from(line))
}

/// Heimdal's word for standard input.
const STDIN: &str = "STDIN";
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
        assert!(first_line(io::repeat(b'x')).is_err());
    }

    /// Gives its octets one at a time, each after an interruption, and remembers where it put them.
    struct Slow<'a> {
        octets: &'a [u8],
        interrupted: bool,
        places: Vec<*const u8>,
    }

    impl Read for Slow<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            self.interrupted = !self.interrupted;
            if self.interrupted {
                return Err(ErrorKind::Interrupted.into());
            }
            let count = self.octets.read(&mut room[..1])?;
            self.places.push(room.as_ptr());
            Ok(count)
        }
    }

    #[test]
    fn a_password_is_read_to_where_it_stays() {
        let mut input = Slow {
            octets: b"secret\nnext\n",
            interrupted: false,
            places: Vec::new(),
        };
        let password = first_line(&mut input).unwrap();
        assert_eq!(password.expose(), b"secret");
        let stays = password.expose().as_ptr_range();
        assert!(input.places[..6].iter().all(|place| stays.contains(place)));
        assert_eq!(input.octets, b"next\n", "nothing beyond the line is waited for");
    }
}
