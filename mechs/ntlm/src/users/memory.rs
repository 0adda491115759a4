//! Users in memory.

use std::fmt;
use std::sync::RwLock;

use gss_crypto::CryptoProvider;

use super::roster::{Entry, Key, Roster};
use super::{NtHashes, StoredAccount, UserError};
use crate::{AccountName, NtHash, Password};

/// A database in memory, for servers that have their users elsewhere and for tests. It can be changed while it is asked.
///
/// A client is found in the domain that it names, or else among accounts in no domain; one that names no domain may
/// mean the only account of that user. Case does not count. Accounts with an empty password let nobody in.
#[derive(Default)]
pub struct MemoryUsers(RwLock<Roster>);

impl MemoryUsers {
    /// Nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an account, or gives it another password.
    pub fn insert(&self, account: AccountName, password: &Password, provider: &CryptoProvider) {
        self.insert_hash(account, password.nt_hash(provider));
    }

    /// Adds an account, or gives it another hash.
    pub fn insert_hash(&self, account: AccountName, hash: NtHash) {
        let mut roster = self.0.write().expect("nothing panics while it holds the users");
        roster.set(account, Key::of(hash));
    }
}

impl NtHashes for MemoryUsers {
    fn account(&self, name: &AccountName) -> Result<Option<StoredAccount>, UserError> {
        let roster = self.0.read().expect("nothing panics while it holds the users");
        Ok(roster.claimed(name).map(Entry::stored))
    }
}

impl fmt::Debug for MemoryUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roster = self.0.read().expect("nothing panics while it holds the users");
        f.debug_set().entries(roster.accounts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use gss_crypto::rustcrypto::PROVIDER;

    use super::*;

    fn hash_of(users: &MemoryUsers, domain: &str, user: &str) -> Option<Vec<u8>> {
        let found = users.account(&AccountName::new(user, domain)).unwrap();
        found.and_then(|account| Some(account.hash?.expose().to_vec()))
    }

    #[test]
    fn users_come_and_change_their_passwords() {
        let users = MemoryUsers::new();
        assert_eq!(hash_of(&users, "DOM", "alice"), None);
        users.insert(AccountName::new("alice", "DOM"), &Password::new("Password"), &PROVIDER);
        let first = hash_of(&users, "dom", "Alice").unwrap();
        assert_eq!(first, Password::new("Password").nt_hash(&PROVIDER).expose());
        users.insert_hash(AccountName::new("ALICE", "DOM"), NtHash::from_octets([7; 16]));
        assert_eq!(hash_of(&users, "DOM", "alice").unwrap(), [7; 16]);
    }

    #[test]
    fn n13_passwords_of_any_length_are_passwords() {
        let users = MemoryUsers::new();
        for length in [1, 16, 32, 64, 255, 10_000] {
            let password = Password::new(&"a".repeat(length));
            users.insert(AccountName::new("alice", ""), &password, &PROVIDER);
            assert_eq!(
                hash_of(&users, "", "alice").unwrap(),
                password.nt_hash(&PROVIDER).expose()
            );
        }
    }

    #[test]
    fn it_prints_names_and_no_hashes() {
        let users = MemoryUsers::new();
        users.insert_hash(AccountName::new("alice", "DOM"), NtHash::from_octets([0xab; 16]));
        let printed = format!("{users:?}");
        assert!(
            printed.contains("alice") && !printed.contains("ab,") && !printed.contains("171"),
            "{printed}"
        );
    }
}
