//! `%{…}` in the names of caches and keytabs.

#[cfg(unix)]
use nix::unistd::{Uid, User};

use crate::error::Error;

/// What the tokens in a name stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTokens {
    /// `%{uid}` and `%{USERID}`: the real user id.
    pub uid: u32,
    /// `%{euid}`: the effective user id.
    pub euid: u32,
    /// `%{username}`: the name of the effective user.
    pub username: String,
    /// `%{TEMP}`: the directory for temporary files.
    pub temp: String,
}

impl PathTokens {
    /// The ids of this process, the name that the user database gives (the number if it gives none),
    /// and the given directory for temporary files.
    #[cfg(unix)]
    #[must_use]
    pub fn of_process(temp: impl Into<String>) -> Self {
        let euid = Uid::effective();
        let user = User::from_uid(euid).ok().flatten();
        Self {
            uid: Uid::current().as_raw(),
            euid: euid.as_raw(),
            username: user.map_or_else(|| euid.to_string(), |user| user.name),
            temp: temp.into(),
        }
    }

    /// User ids of 0 and an empty name, since there are none here, and the given directory for
    /// temporary files.
    #[cfg(not(unix))]
    #[must_use]
    pub fn of_process(temp: impl Into<String>) -> Self {
        Self {
            uid: 0,
            euid: 0,
            username: String::new(),
            temp: temp.into(),
        }
    }

    /// Replaces `%{uid}`, `%{USERID}`, `%{euid}`, `%{username}`, `%{TEMP}` and `%{null}`.
    ///
    /// # Errors
    /// [`Error::UnknownToken`] for any other `%{…}`, and where the brace is not closed.
    pub fn expand(&self, template: &str) -> Result<String, Error> {
        let mut out = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("%{") {
            let unknown = |token: &str| Error::UnknownToken {
                template: template.to_owned(),
                token: token.to_owned(),
            };
            let (token, tail) = after.split_once('}').ok_or_else(|| unknown(after))?;
            out.push_str(before);
            match token {
                "uid" | "USERID" => out.push_str(&self.uid.to_string()),
                "euid" => out.push_str(&self.euid.to_string()),
                "username" => out.push_str(&self.username),
                "TEMP" => out.push_str(&self.temp),
                "null" => {}
                other => return Err(unknown(other)),
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> PathTokens {
        PathTokens {
            uid: 10,
            euid: 20,
            username: "alice".to_owned(),
            temp: "/var/tmp".to_owned(),
        }
    }

    #[test]
    fn each_token_is_replaced() {
        let cases = [
            ("FILE:/tmp/krb5cc_%{uid}", "FILE:/tmp/krb5cc_10"),
            ("%{USERID}-%{euid}", "10-20"),
            ("%{TEMP}/%{username}%{null}.cc", "/var/tmp/alice.cc"),
            ("100%", "100%"),
            ("", ""),
        ];
        for (template, expected) in cases {
            assert_eq!(tokens().expand(template).unwrap(), expected);
        }
    }

    #[test]
    fn unknown_and_unclosed_tokens_are_errors() {
        for template in ["%{LIBDIR}/x", "a%{uid", "%{}", "%{%{uid}}"] {
            assert!(
                matches!(tokens().expand(template), Err(Error::UnknownToken { .. })),
                "{template}"
            );
        }
    }

    #[test]
    fn the_values_of_a_token_are_not_expanded_again() {
        let tokens = PathTokens {
            username: "%{TEMP}".to_owned(),
            ..tokens()
        };
        assert_eq!(tokens.expand("%{username}").unwrap(), "%{TEMP}");
    }
}
