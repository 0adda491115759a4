//! What whoever traces learns of changes to caches: names and times, never a key or a ticket.

use super::cache::CredentialCache;
use super::config_entry::ConfigEntry;
use super::contents::CacheContents;
use crate::proto::Credentials;

pub(super) fn replacing(cache: &dyn CredentialCache, contents: &CacheContents) {
    tracing::debug!(
        cache = %cache.name(),
        principal = %contents.principal,
        tickets = contents.tickets().count(),
        "writing a credential cache"
    );
}

pub(super) fn storing(cache: &dyn CredentialCache, credentials: &Credentials) {
    if !ConfigEntry::is_config(credentials) {
        tracing::debug!(
            cache = %cache.name(),
            server = %credentials.server,
            until = %credentials.endtime,
            "keeping a ticket"
        );
    }
}
