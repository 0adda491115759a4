//! How failures reach the person: `gss: what failed`, the causes, and what to try.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::process::ExitCode;

/// Adds what the person could try to an error.
pub(crate) trait Hint<T> {
    /// The same result; its error, if any, ends with `hint: …` when it is told.
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Hint<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| {
            Hinted {
                error: error.into(),
                hint: hint.into(),
            }
            .into()
        })
    }
}

/// An error that looks and is caused like the one inside, with a hint.
#[derive(Debug)]
struct Hinted {
    error: anyhow::Error,
    hint: String,
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Hinted {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Tells `error` on standard error. A reader that went away (`gss klist | head`) is not worth a word.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    if !reader_is_gone(error) {
        eprint!("{}", told(error));
    }
    ExitCode::FAILURE
}

fn reader_is_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// `error` with its causes on one line, without repeating what has been told.
pub(crate) fn one_line(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.ends_with(&told) {
            text.push_str(": ");
            text.push_str(&told);
        }
        next = cause.source();
    }
    text
}

/// `error` with its causes, a line each, without repeating what the line above already ends with.
fn told(error: &anyhow::Error) -> String {
    let mut lines = Vec::new();
    let mut last = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if last.is_empty() {
            lines.push(format!("gss: {text}"));
        } else if !last.ends_with(&text) {
            lines.push(format!("     because {text}"));
        }
        last = text;
    }
    let hints = error.chain().filter_map(|cause| cause.downcast_ref::<Hinted>());
    lines.extend(hints.map(|hinted| format!("hint: {}", hinted.hint)));
    lines.push(String::new());
    lines.join("\n")
}

/// `text` without what would move the cursor of a terminal.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    fn no_file() -> Result<(), io::Error> {
        Err(io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }

    #[test]
    fn a_failure_is_told_with_its_causes_and_its_hint() {
        let error = no_file()
            .context("cannot read the keytab")
            .hint("give one with -t")
            .unwrap_err();
        let error = error.context("cannot accept");
        assert_eq!(
            told(&error),
            "gss: cannot accept\n     because cannot read the keytab\n     because no such file\nhint: give one with -t\n"
        );
    }

    #[test]
    fn a_cause_that_the_line_above_already_told_is_left_out() {
        let error = no_file().context("cannot read it: no such file").unwrap_err();
        assert_eq!(told(&error), "gss: cannot read it: no such file\n");
    }

    #[test]
    fn an_error_fits_one_line_with_its_causes() {
        let error = no_file()
            .context("cannot read it")
            .unwrap_err()
            .context("no: cannot read it");
        assert_eq!(one_line(error.as_ref()), "no: cannot read it: no such file");
    }

    #[test]
    fn a_broken_pipe_anywhere_in_the_chain_is_recognised() {
        let error = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("cannot write");
        assert!(reader_is_gone(&error));
        assert!(!reader_is_gone(&no_file().unwrap_err().into()));
    }

    #[test]
    fn what_is_shown_does_not_steer_a_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(plain("größer"), "größer");
    }
}
