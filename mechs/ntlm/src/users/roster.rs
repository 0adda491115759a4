//! Accounts with their hashes, found by name.

use std::collections::BTreeMap;

use gss_crypto::ct_eq;

use super::{StoredAccount, UserError};
use crate::{AccountName, NtHash, utf16};

/// Accounts in the order in which they were added, each name once.
///
/// Names are compared without regard to case, letter by letter as NTLM folds them (`utf16`).
#[derive(Debug, Default)]
pub(super) struct Roster {
    entries: Vec<Entry>,
    /// Those of each user, in upper case; a user's domains are few.
    by_user: BTreeMap<Vec<u16>, Vec<usize>>,
}

/// An account.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) account: AccountName,
    /// In upper case.
    domain: Vec<u16>,
    key: Key,
}

/// What lets its bearer in.
#[derive(Debug)]
pub(super) enum Key {
    /// The hash of a password.
    Hash(NtHash),
    /// Nothing, for this reason; perhaps its bearer is told.
    Unusable(Unusable, Option<NtHash>),
}

/// Why an account cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Unusable {
    /// The letter D among its flags.
    #[error("it is disabled")]
    Disabled,
    /// Everybody knows that one.
    #[error("its password is empty")]
    EmptyPassword,
    /// There is no hash where one would stand.
    #[error("it has no NT hash")]
    NoHash,
    /// The letters W, S or I among its flags.
    #[error("it is of a machine or a domain, not of a user")]
    NotAUser,
}

impl Roster {
    /// Adds an account.
    ///
    /// # Errors
    /// The index of the one that is there already.
    pub(super) fn add(&mut self, account: AccountName, key: Key) -> Result<(), usize> {
        if let Some(index) = self.position(&account) {
            return Err(index);
        }
        self.push(account, key);
        Ok(())
    }

    /// The index of the account of this very name.
    fn position(&self, name: &AccountName) -> Option<usize> {
        let domain = fold(&name.domain);
        self.indices(&name.user)
            .iter()
            .copied()
            .find(|&index| self.entries.get(index).is_some_and(|entry| entry.domain == domain))
    }

    /// Adds an account, or gives it another key.
    pub(super) fn set(&mut self, account: AccountName, key: Key) {
        let known = self.position(&account).and_then(|index| self.entries.get_mut(index));
        match known {
            Some(entry) => entry.key = key,
            None => self.push(account, key),
        }
    }

    /// The account that a client claims by `name`.
    ///
    /// That is the one of that user in that domain; or else the one that is in no domain, whichever the client names.
    /// A client that names no domain may mean the only account of that user, but not one of several.
    pub(super) fn claimed(&self, name: &AccountName) -> Option<&Entry> {
        let domain = fold(&name.domain);
        let of_user = || self.of_user(&name.user);
        of_user()
            .find(|entry| entry.domain == domain)
            .or_else(|| of_user().find(|entry| entry.domain.is_empty()))
            .or_else(|| match (of_user().next(), of_user().nth(1)) {
                (Some(entry), None) if domain.is_empty() => Some(entry),
                _ => None,
            })
    }

    /// The first account that an initiator may mean by `wanted`, in which what is empty stands for anything.
    pub(super) fn first(&self, wanted: &AccountName) -> Option<&Entry> {
        let (user, domain) = (fold(&wanted.user), fold(&wanted.domain));
        self.entries.iter().find(|entry| {
            (user.is_empty() || fold(&entry.account.user) == user)
                && (domain.is_empty() || entry.domain.is_empty() || entry.domain == domain)
        })
    }

    /// All accounts.
    pub(super) fn accounts(&self) -> impl Iterator<Item = &AccountName> {
        self.entries.iter().map(|entry| &entry.account)
    }

    fn push(&mut self, account: AccountName, key: Key) {
        let of_user = self.by_user.entry(fold(&account.user)).or_default();
        of_user.push(self.entries.len());
        let domain = fold(&account.domain);
        self.entries.push(Entry { account, domain, key });
    }

    fn of_user(&self, user: &str) -> impl Iterator<Item = &Entry> {
        self.indices(user).iter().filter_map(|&index| self.entries.get(index))
    }

    fn indices(&self, user: &str) -> &[usize] {
        self.by_user.get(&fold(user)).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Entry {
    /// A copy, for one authentication.
    pub(super) fn stored(&self) -> StoredAccount {
        let (hash, barred) = match &self.key {
            Key::Hash(hash) => (Some(hash), None),
            Key::Unusable(reason, hash) => (hash.as_ref(), Some(reason.to_string())),
        };
        StoredAccount {
            name: self.account.clone(),
            hash: hash.map(NtHash::duplicate),
            barred,
        }
    }

    /// A copy of the hash, for an initiator.
    ///
    /// # Errors
    /// [`UserError::Account`] if there is none to be used.
    pub(super) fn hash(&self) -> Result<NtHash, UserError> {
        match &self.key {
            Key::Hash(hash) => Ok(hash.duplicate()),
            Key::Unusable(reason, _) => Err(UserError::Account(reason.to_string())),
        }
    }
}

impl Key {
    /// Of a hash; of no use if that is the one of the empty password, with which anybody could come over the network.
    pub(super) fn of(hash: NtHash) -> Self {
        match ct_eq(hash.expose(), &OF_EMPTY_PASSWORD) {
            Ok(()) => Self::Unusable(Unusable::EmptyPassword, None),
            Err(_) => Self::Hash(hash),
        }
    }

    /// The same key, of no use any more if there is a reason.
    pub(super) fn unless(self, reason: Option<Unusable>) -> Self {
        match (self, reason) {
            (Self::Hash(hash), Some(reason)) => Self::Unusable(reason, Some(hash)),
            (key, _) => key,
        }
    }
}

fn fold(text: &str) -> Vec<u16> {
    utf16::upper_case(text).collect()
}

/// MD4 of nothing.
const OF_EMPTY_PASSWORD: [u8; 16] = [
    0x31, 0xd6, 0xcf, 0xe0, 0xd1, 0x6a, 0xe9, 0x31, 0xb7, 0x3c, 0x59, 0xd7, 0xe0, 0xc0, 0x89, 0xc0,
];

#[cfg(test)]
mod tests {
    use gss_crypto::rustcrypto::PROVIDER;

    use super::*;
    use crate::Password;

    fn roster(names: &[(&str, &str)]) -> Roster {
        let mut roster = Roster::default();
        for (index, (domain, user)) in (0_u8..).zip(names) {
            let key = Key::of(NtHash::from_octets([index; 16]));
            roster.add(AccountName::new(*user, *domain), key).unwrap();
        }
        roster
    }

    fn claimed(roster: &Roster, domain: &str, user: &str) -> Option<String> {
        let found = roster.claimed(&AccountName::new(user, domain))?;
        Some(found.account.to_string())
    }

    #[test]
    fn a_client_is_found_in_its_domain_or_in_none() {
        let roster = roster(&[("DOM", "alice"), ("OTHER", "alice"), ("", "bob"), ("DOM", "carol")]);
        for (domain, user, found) in [
            ("dom", "ALICE", Some(r"DOM\alice")),
            ("OTHER", "alice", Some(r"OTHER\alice")),
            ("THIRD", "alice", None),
            ("", "alice", None),
            ("ANY", "Bob", Some("bob")),
            ("", "bob", Some("bob")),
            ("", "carol", Some(r"DOM\carol")),
            ("OTHER", "carol", None),
            ("DOM", "dave", None),
            ("", "", None),
        ] {
            assert_eq!(claimed(&roster, domain, user).as_deref(), found, r"{domain}\{user}");
        }
    }

    #[test]
    fn an_account_in_the_domain_comes_before_one_in_none() {
        let roster = roster(&[("", "alice"), ("DOM", "alice")]);
        assert_eq!(claimed(&roster, "DOM", "alice").as_deref(), Some(r"DOM\alice"));
        assert_eq!(claimed(&roster, "OTHER", "alice").as_deref(), Some("alice"));
        assert_eq!(claimed(&roster, "", "alice").as_deref(), Some("alice"));
    }

    #[test]
    fn an_initiator_takes_the_first_that_fits() {
        let roster = roster(&[("DOM", "alice"), ("OTHER", "alice"), ("", "bob")]);
        for (domain, user, found) in [
            ("", "", Some(r"DOM\alice")),
            ("", "alice", Some(r"DOM\alice")),
            ("other", "", Some(r"OTHER\alice")),
            ("OTHER", "Alice", Some(r"OTHER\alice")),
            ("ANY", "bob", Some("bob")),
            ("ANY", "alice", None),
            ("", "carol", None),
        ] {
            let first = roster.first(&AccountName::new(user, domain));
            let name = first.map(|entry| entry.account.to_string());
            assert_eq!(name.as_deref(), found, r"{domain}\{user}");
        }
    }

    #[test]
    fn the_same_name_in_other_letters_is_the_same_account() {
        let mut roster = roster(&[("DOM", "alice"), ("DOM", "bob")]);
        let again = roster.add(AccountName::new("BOB", "dom"), Key::Unusable(Unusable::Disabled, None));
        assert_eq!(again, Err(1));
        assert_eq!(roster.accounts().count(), 2);
    }

    #[test]
    fn n11_empty_passwords_let_nobody_in() {
        let mut roster = Roster::default();
        let key = Key::of(Password::new("").nt_hash(&PROVIDER));
        roster.add(AccountName::new("alice", ""), key).unwrap();
        let found = roster.claimed(&AccountName::new("alice", "")).unwrap();
        assert!(matches!(found.hash(), Err(UserError::Account(reason)) if reason.contains("empty")));
        assert!(found.stored().hash.is_none());
    }
}
