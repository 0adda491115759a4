//! Verifiers as text, as other software stores them.

use std::num::NonZeroU32;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use krb5_message::crypto::Secret;

use crate::hash::ScramHash;
use crate::keys::UserKeys;

/// What is wrong with a verifier as text. Who stored it is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// A part is not base64.
    #[error("a part of the verifier is not base64")]
    Base64,
    /// The form is neither of those that are known.
    #[error("the verifier is neither SCHEME$ITERATIONS:SALT$STORED:SERVER nor {{SCHEME}}ITERATIONS,SALT,STORED,SERVER")]
    Form,
    /// The iteration count is not a number from 1 on.
    #[error("the verifier's iteration count is not a number from 1 to 4294967295")]
    Iterations,
    /// The keys do not have the length of the hash, or the salt is empty.
    #[error("the verifier's keys do not have the length of its hash, or its salt is empty")]
    Length,
    /// The scheme is none of ours.
    #[error("the verifier is neither of SCRAM-SHA-1 nor of SCRAM-SHA-256")]
    Scheme,
}

impl UserKeys {
    /// The keys as RFC 5803 §2 and PostgreSQL write them.
    #[must_use]
    pub fn to_text(&self) -> String {
        let [salt, stored, server] =
            [&self.salt, self.stored_key.expose(), self.server_key.expose()].map(|part| STANDARD.encode(part));
        format!("{}${}:{salt}${stored}:{server}", self.hash, self.iterations)
    }

    /// Of which mechanism they are.
    #[must_use]
    pub fn hash(&self) -> ScramHash {
        self.hash
    }

    /// The salt.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// The iteration count.
    #[must_use]
    pub fn iterations(&self) -> NonZeroU32 {
        self.iterations
    }

    /// StoredKey, by which proofs are checked.
    #[must_use]
    pub fn stored_key(&self) -> &Secret {
        &self.stored_key
    }

    /// ServerKey, by which the acceptor proves itself.
    #[must_use]
    pub fn server_key(&self) -> &Secret {
        &self.server_key
    }
}

/// Reads RFC 5803's form, `SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER`, or that of `gsasl --mkpasswd`,
/// `{SCRAM-SHA-256}ITERATIONS,SALT,STORED,SERVER`.
///
/// ```
/// use gss_mech_scram::UserKeys;
///
/// let keys: UserKeys = "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE="
///     .parse()?;
/// assert_eq!(keys.iterations().get(), 4096);
/// # Ok::<(), gss_mech_scram::VerifierError>(())
/// ```
impl FromStr for UserKeys {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        let parts = rfc5803(text).or_else(|| gsasl(text)).ok_or(VerifierError::Form)?;
        let [scheme, iterations, salt, stored_key, server_key] = parts;
        let hash = ScramHash::of_sasl_name(scheme).ok_or(VerifierError::Scheme)?;
        let iterations: NonZeroU32 = iterations.parse().map_err(|_| VerifierError::Iterations)?;
        let octets = |text: &str| STANDARD.decode(text).map_err(|_| VerifierError::Base64);
        let (stored_key, server_key) = (octets(stored_key)?.into(), octets(server_key)?.into());
        Self::new(hash, &octets(salt)?, iterations, stored_key, server_key).ok_or(VerifierError::Length)
    }
}

fn rfc5803(text: &str) -> Option<[&str; 5]> {
    let (scheme, rest) = text.split_once('$')?;
    let (parameters, keys) = rest.split_once('$')?;
    let (iterations, salt) = parameters.split_once(':')?;
    let (stored, server) = keys.split_once(':')?;
    Some([scheme, iterations, salt, stored, server])
}

fn gsasl(text: &str) -> Option<[&str; 5]> {
    let (scheme, rest) = text.strip_prefix('{')?.split_once('}')?;
    let mut parts = rest.split(',');
    let found = [scheme, parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5802 §5's user, as Python's hashlib and hmac compute the keys.
    const RFC5803: &str = "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=";
    const GSASL: &str = "{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=";

    #[test]
    fn both_forms_are_read_and_rfc5803s_is_written() {
        for form in [RFC5803, GSASL] {
            let keys: UserKeys = form.parse().unwrap();
            assert_eq!(keys.to_text(), RFC5803);
            assert_eq!((keys.hash(), keys.iterations().get()), (ScramHash::Sha1, 4096));
        }
    }

    #[test]
    fn what_is_wrong_with_a_verifier_is_told() {
        let cases = [
            ("", VerifierError::Form),
            ("secret", VerifierError::Form),
            (&RFC5803.replace('$', "@"), VerifierError::Form),
            (&format!("{GSASL},more"), VerifierError::Form),
            (&RFC5803.replace("SHA-1", "SHA-512"), VerifierError::Scheme),
            (&RFC5803.replace("4096", "0"), VerifierError::Iterations),
            (&RFC5803.replace("4096", "4294967296"), VerifierError::Iterations),
            (&RFC5803.replace("QSXC", "QS!C"), VerifierError::Base64),
            (&RFC5803.replace("QSXCR+Q6sek8bf92", ""), VerifierError::Length),
            (&RFC5803.replace("SHA-1", "SHA-256"), VerifierError::Length),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<UserKeys>().err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn keys_are_not_shown() {
        let keys: UserKeys = RFC5803.parse().unwrap();
        let shown = format!("{keys:?}");
        assert!(
            shown.contains("4096") && !shown.contains("QSX") && !shown.contains("6dl"),
            "{shown}"
        );
    }
}
