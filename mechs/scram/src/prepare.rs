//! SASLprep, RFC 4013: what names and passwords are before they are compared or hashed.

use std::borrow::Cow;

use krb5_message::crypto::{Secret, Zeroizing};

/// Why a name or a password cannot be used. Whoever wrote it is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPrepared {
    /// Nothing is left of it.
    #[error("nothing is left of it")]
    Empty,
    /// It has characters that RFC 4013 §2.3 prohibits, mixes directions of writing, or is of a Unicode younger than
    /// that.
    #[error("it has characters that SASLprep (RFC 4013) does not allow")]
    Prohibited,
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
}

/// A name or password as RFC 5802 §2.2 normalises it. Unassigned characters are refused, also where a query could
/// have them: they cannot be in what is stored.
pub(crate) fn prepared(text: &str) -> Result<Cow<'_, str>, NotPrepared> {
    let prepared = stringprep::saslprep(text).map_err(|_| NotPrepared::Prohibited)?;
    if prepared.is_empty() {
        return Err(NotPrepared::Empty);
    }
    Ok(prepared)
}

/// A password, prepared.
pub(crate) fn prepared_password(password: &[u8]) -> Result<Secret, NotPrepared> {
    let text = std::str::from_utf8(password).map_err(|_| NotPrepared::NotText)?;
    Ok(match prepared(text)? {
        Cow::Borrowed(text) => Secret::from_slice(text.as_bytes()),
        Cow::Owned(text) => Zeroizing::new(text.into_bytes()).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc4013_section_3_hold() {
        let cases = [
            ("I\u{AD}X", Ok("IX")),
            ("user", Ok("user")),
            ("USER", Ok("USER")),
            ("\u{AA}", Ok("a")),
            ("\u{2168}", Ok("IX")),
            ("\u{7}", Err(NotPrepared::Prohibited)),
            ("\u{627}\u{31}", Err(NotPrepared::Prohibited)),
        ];
        for (text, expected) in cases {
            assert_eq!(prepared(text).as_deref(), expected.as_ref().copied(), "{text:?}");
        }
    }

    #[test]
    fn nothing_nuls_and_unassigned_characters_are_refused() {
        assert_eq!(prepared(""), Err(NotPrepared::Empty));
        assert_eq!(prepared("\u{AD}"), Err(NotPrepared::Empty));
        assert_eq!(prepared("a\0b"), Err(NotPrepared::Prohibited));
        assert_eq!(prepared("\u{221}"), Err(NotPrepared::Prohibited));
        assert_eq!(prepared_password(b"\xff").unwrap_err(), NotPrepared::NotText);
    }

    #[test]
    fn passwords_that_look_the_same_are_the_same() {
        let one = prepared_password("caf\u{e9}".as_bytes()).unwrap();
        let other = prepared_password("cafe\u{301}".as_bytes()).unwrap();
        assert_eq!(one.expose(), other.expose());
    }
}
