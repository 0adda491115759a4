//! Whose password it is.

use std::fmt;

/// A user in a domain, as one side writes it. Neither is compared or changed on the way: whose account it is, the user
/// database says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AccountName {
    /// The user, perhaps as `user@example.com` (then the domain is empty).
    pub user: String,
    /// The `NetBIOS` or DNS name of the domain, or of the machine for a local account; empty where it is not known.
    pub domain: String,
}

impl AccountName {
    /// The account of `user` in `domain`.
    pub fn new(user: impl Into<String>, domain: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            domain: domain.into(),
        }
    }

    /// Whether it names nobody, as an anonymous client does, [MS-NLMP] §3.2.5.1.2.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.user.is_empty()
    }
}

impl fmt::Display for AccountName {
    /// `DOMAIN\user`, or `user` alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.domain.is_empty() {
            write!(f, "{}\\", self.domain)?;
        }
        f.write_str(&self.user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_shown_as_windows_shows_it() {
        assert_eq!(AccountName::new("User", "Domain").to_string(), r"Domain\User");
        assert_eq!(AccountName::new("user@example.com", "").to_string(), "user@example.com");
    }
}
