//! Credentials for tests.

use std::sync::Arc;

use krb5_store::ccache::{CacheContents, CredentialCache};
use krb5_store::proto::messages::TicketFlags;
use krb5_store::proto::{Credentials, EncryptionKey, KerberosTime, Principal};

pub(crate) fn principal(text: &str) -> Principal {
    Principal::parse(text, None).unwrap()
}

/// A ticket of `alice@R` that ends in 2100 and some seconds: daemons may forget those that have ended.
pub(crate) fn credentials(server: &str, seconds: i64) -> Credentials {
    Credentials {
        client: principal("alice@R"),
        server: principal(server),
        key: Arc::new(EncryptionKey::new(18, vec![7; 32])),
        authtime: KerberosTime(1_000_000_000),
        starttime: None,
        endtime: KerberosTime(4_102_444_800 + seconds),
        renew_till: None,
        is_skey: false,
        flags: TicketFlags::FORWARDABLE,
        addresses: Vec::new(),
        authdata: Vec::new(),
        ticket: format!("ticket for {server}").into_bytes(),
        second_ticket: Vec::new(),
    }
}

pub(crate) fn contents(owner: &str, servers: &[&str]) -> CacheContents {
    CacheContents {
        credentials: servers.iter().map(|server| credentials(server, 0)).collect(),
        ..CacheContents::new(principal(owner))
    }
}

/// In alphabetical order: some daemons list the newest entry first.
pub(crate) fn servers(cache: &dyn CredentialCache) -> Vec<String> {
    let all = cache.all().unwrap();
    let mut servers: Vec<String> = all.iter().map(|entry| entry.server.to_string()).collect();
    servers.sort();
    servers
}
