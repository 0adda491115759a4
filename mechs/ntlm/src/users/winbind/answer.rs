//! What `ntlm_auth` answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gss_crypto::{Secret, Zeroizing};

use crate::password::octets_of_hex;

/// An answer to a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// The client is who it claims to be; the user session key.
    Authenticated(Secret),
    /// It is not, for this reason.
    Refused(String),
    /// The request was not understood. What follows such an answer belongs to nothing in particular.
    Error(String),
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerFault {
    /// A line is no `Key: value`.
    #[error("a line is no field")]
    NotAField,
    /// A value is not what it must be.
    #[error("a value is malformed")]
    Value,
    /// A field that may come once comes again.
    #[error("a field comes twice")]
    Twice,
    /// There is neither a verdict nor an error.
    #[error("it has no verdict")]
    NoVerdict,
    /// A user without a session key.
    #[error("it has no session key; may this process use winbind's privileged pipe?")]
    NoSessionKey,
    /// More than any answer needs.
    #[error("it is too long")]
    Long,
}

/// The fields of an answer that count.
#[derive(Default)]
struct Fields {
    authenticated: Option<Zeroizing<Vec<u8>>>,
    reason: Option<Zeroizing<Vec<u8>>>,
    session_key: Option<Zeroizing<Vec<u8>>>,
    error: Option<Zeroizing<Vec<u8>>>,
}

impl Answer {
    /// Reads an answer from the beginning of `octets` and says where it ends; `None` if it is not there as a whole.
    ///
    /// ```text
    /// Authenticated: Yes
    /// User-Session-Key: 00112233445566778899AABBCCDDEEFF
    /// .
    /// ```
    ///
    /// A value in base64 stands after two colons. Refusals are ended twice: the dot of nothing that follows them is
    /// passed over.
    ///
    /// # Errors
    /// If it is malformed or longer than any that is meant.
    pub(super) fn parse(octets: &[u8]) -> Result<Option<(Self, usize)>, AnswerFault> {
        let mut fields = Fields::default();
        let (mut count, mut end) = (0_usize, 0_usize);
        for line in octets.split_inclusive(|octet| *octet == b'\n') {
            if line.len() > MAX_LINE {
                return Err(AnswerFault::Long);
            }
            let Some(text) = line.strip_suffix(b"\n") else {
                return Ok(None);
            };
            end = end.saturating_add(line.len());
            match (text.strip_suffix(b"\r").unwrap_or(text), count) {
                (b".", 0) => {}
                (b".", _) => return Ok(Some((fields.answer()?, end))),
                (field, _) => fields.take(field)?,
            }
            if text != b"." {
                count = count.saturating_add(1);
            }
            if count > MAX_LINES {
                return Err(AnswerFault::Long);
            }
        }
        Ok(None)
    }
}

impl Fields {
    fn take(&mut self, line: &[u8]) -> Result<(), AnswerFault> {
        let colon = line.iter().position(|octet| *octet == b':');
        let (key, rest) = line
            .split_at_checked(colon.ok_or(AnswerFault::NotAField)?)
            .ok_or(AnswerFault::NotAField)?;
        let place = match key {
            b"Authenticated" => &mut self.authenticated,
            b"Authentication-Error" => &mut self.reason,
            b"User-Session-Key" => &mut self.session_key,
            b"Error" => &mut self.error,
            _ => return Ok(()),
        };
        let value = match rest {
            [b':', b':', encoded @ ..] => STANDARD.decode(encoded.trim_ascii()).map_err(|_| AnswerFault::Value)?,
            [b':', plain @ ..] => plain.trim_ascii().to_vec(),
            _ => return Err(AnswerFault::NotAField),
        };
        match place.replace(Zeroizing::new(value)) {
            None => Ok(()),
            Some(_) => Err(AnswerFault::Twice),
        }
    }

    fn answer(self) -> Result<Answer, AnswerFault> {
        if let Some(error) = self.error {
            return Ok(Answer::Error(readable(&error)));
        }
        match self.authenticated.as_ref().map(|value| value.as_slice()) {
            Some(b"Yes") => {
                let digits = self.session_key.ok_or(AnswerFault::NoSessionKey)?;
                let digits = std::str::from_utf8(&digits).map_err(|_| AnswerFault::Value)?;
                let key = octets_of_hex(digits).ok_or(AnswerFault::Value)?;
                Ok(Answer::Authenticated(Secret::from_slice(&*key)))
            }
            Some(b"No") => Ok(Answer::Refused(readable(&self.reason.unwrap_or_default()))),
            Some(_) => Err(AnswerFault::Value),
            None => Err(AnswerFault::NoVerdict),
        }
    }
}

/// Text for messages: nothing that moves a terminal's cursor.
fn readable(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

/// In octets, with its end.
const MAX_LINE: usize = 4096;

/// Of one answer.
const MAX_LINES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<(String, usize)> {
        let (answer, end) = Answer::parse(text.as_bytes()).unwrap()?;
        let said = match answer {
            Answer::Authenticated(key) => key.expose().iter().map(|octet| format!("{octet:02x}")).collect(),
            Answer::Refused(reason) => format!("refused: {reason}"),
            Answer::Error(text) => format!("error: {text}"),
        };
        Some((said, end))
    }

    #[test]
    fn answers_of_samba_4_17_are_read() {
        for (text, said) in [
            (
                "Authenticated: Yes\nUser-Session-Key: D879BEA4B571BAABC74E543B307B01B6\n.\n",
                "d879bea4b571baabc74e543b307b01b6",
            ),
            (
                "Authenticated: No\nAuthentication-Error: The specified account does not exist.\n.\n",
                "refused: The specified account does not exist.",
            ),
            ("Error: Unknown request Bogus\n.\n", "error: Unknown request Bogus"),
            ("Authenticated:: Tm8=\nUnknown: field\r\n.\r\n", "refused: "),
        ] {
            assert_eq!(parse(text), Some((said.to_owned(), text.len())), "{text:?}");
        }
    }

    #[test]
    fn the_second_end_of_a_refusal_is_no_answer() {
        let text = ".\n.\nAuthenticated: No\n.\n.\nmore";
        assert_eq!(parse(text), Some(("refused: ".to_owned(), text.len() - 6)));
        assert_eq!(parse(".\n"), None);
    }

    #[test]
    fn an_answer_that_is_cut_off_anywhere_is_none() {
        let text = "Authenticated: Yes\nUser-Session-Key: D879BEA4B571BAABC74E543B307B01B6\n.\n";
        for length in 0..text.len() {
            assert_eq!(parse(&text[..length]), None, "{length}");
        }
    }

    #[test]
    fn odd_answers_have_no_verdict() {
        let long = format!("Error: {}", "x".repeat(MAX_LINE));
        let many = "Key: value\n".repeat(MAX_LINES + 1);
        for (text, fault) in [
            ("Authenticated: Yes\n.\n", AnswerFault::NoSessionKey),
            ("Authenticated: Yes\nUser-Session-Key: D879\n.\n", AnswerFault::Value),
            ("Authenticated: Perhaps\n.\n", AnswerFault::Value),
            ("Authenticated: yes\n.\n", AnswerFault::Value),
            ("Authenticated: Yes\nAuthenticated: No\n.\n", AnswerFault::Twice),
            (
                "User-Session-Key: D879BEA4B571BAABC74E543B307B01B6\n.\n",
                AnswerFault::NoVerdict,
            ),
            ("OK\n.\n", AnswerFault::NotAField),
            ("Authenticated:: %%\n.\n", AnswerFault::Value),
            (&long, AnswerFault::Long),
            (&many, AnswerFault::Long),
        ] {
            assert_eq!(Answer::parse(text.as_bytes()).err(), Some(fault), "{text:?}");
        }
    }

    #[test]
    fn what_is_quoted_cannot_move_a_cursor() {
        assert_eq!(parse("Error: a\x1b[2Jb\n.\n").unwrap().0, "error: a [2Jb");
    }
}
