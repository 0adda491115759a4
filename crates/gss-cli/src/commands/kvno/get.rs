//! From a credential cache to the tickets for services.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use krb5_crypto::Enctype;
use krb5_proto::{Credentials, KerberosTime, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache, gained};

use super::Args;
use crate::commands::kerberos::{Local, Service, exchange};
use crate::report::Hint as _;

/// What tickets are got with, and where they go.
pub(super) struct Getter<'a> {
    local: &'a Local,
    cache: Arc<dyn CredentialCache>,
    /// Whose the tickets are.
    pub(super) owner: Principal,
    /// Where they are kept, if at all.
    keep: Option<Arc<dyn CredentialCache>>,
    enctypes: Option<&'a [Enctype]>,
    /// The ticket-granting ticket of the services' user.
    user_to_user: Option<Vec<u8>>,
    from: From,
}

/// Where tickets may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    CacheOrKdc,
    CacheAlone,
}

impl<'a> Getter<'a> {
    pub(super) fn new(args: &'a Args, local: &'a Local) -> anyhow::Result<Self> {
        let cache = local.cache(args.cache.as_deref())?;
        let owner = cache.principal()?;
        let user_to_user = args.u2u.as_deref().map(|cache| other_users(local, cache)).transpose()?;
        let keep = match (&args.out_cache, args.no_store) {
            (_, true) => None,
            (None, _) => Some(Arc::clone(&cache)),
            (Some(name), _) => {
                let out = local.cache(Some(name))?;
                out.initialise(&owner)?;
                Some(out)
            }
        };
        Ok(Self {
            local,
            cache,
            owner,
            keep,
            enctypes: args.enctypes.as_ref().map(|list| list.0.as_slice()),
            user_to_user,
            from: if args.cached_only {
                From::CacheAlone
            } else {
                From::CacheOrKdc
            },
        })
    }

    /// The ticket for `service`: from the cache, else from the KDCs that lead to it.
    pub(super) fn ticket(&self, service: &Service) -> anyhow::Result<Credentials> {
        let contents = self.cache.read()?;
        let Service { name, realm } = service;
        let mut options = contents.service_search(self.local.settings(), name.clone(), realm.clone());
        let now = self.local.now().offset(options.clock_offset).time;
        let cached = contents.find_service(name, realm, now);
        if let Some(ticket) = cached.filter(|ticket| self.is_wanted(ticket)) {
            self.keep_beside(std::slice::from_ref(&ticket))?;
            return Ok(ticket);
        }
        if self.from == From::CacheAlone {
            let error = anyhow!("{} holds no ticket for {name} that will do", self.cache.name());
            return Err(error).hint("leave out --cached-only to ask the KDC");
        }
        usable(&contents, now, &self.cache.name())?;
        if let Some(enctypes) = self.enctypes {
            let permitted = self.local.settings().permitted_enctypes();
            let allowed = enctypes.iter().filter(|enctype| permitted.contains(enctype));
            options.etypes = allowed.copied().collect();
        }
        options.user_to_user.clone_from(&self.user_to_user);
        let outcome = exchange::service(self.local, options)?;
        self.keep(&gained(&outcome, name, realm))?;
        Ok(outcome.credentials)
    }

    /// Whether a ticket that is there is like the one that is asked for.
    fn is_wanted(&self, ticket: &Credentials) -> bool {
        let session = Enctype::from_number(ticket.key.keytype);
        let listed = |list: &[Enctype]| session.is_some_and(|session| list.contains(&session));
        self.user_to_user.is_none() && self.enctypes.is_none_or(listed)
    }

    fn keep(&self, tickets: &[Credentials]) -> anyhow::Result<()> {
        let store = |cache: &Arc<dyn CredentialCache>| tickets.iter().try_for_each(|ticket| cache.store(ticket));
        let kept = self.keep.as_ref().map_or(Ok(()), store);
        kept.context("there is a ticket, but it cannot be kept")
    }

    /// Keeps tickets that are in the cache already, where they go into another one.
    fn keep_beside(&self, tickets: &[Credentials]) -> anyhow::Result<()> {
        match &self.keep {
            Some(keep) if !Arc::ptr_eq(keep, &self.cache) => self.keep(tickets),
            _ => Ok(()),
        }
    }
}

/// The ticket-granting ticket of another user, whose cache may be read.
fn other_users(local: &Local, cache: &str) -> anyhow::Result<Vec<u8>> {
    let contents = local.cache(Some(cache))?.read()?;
    let realm = &contents.principal.realm;
    let wanted = Principal::krbtgt(realm, realm);
    let mut tickets = contents.tickets();
    let found = tickets.find(|ticket| ticket.server == wanted);
    let found = found.with_context(|| format!("{cache} holds no ticket-granting ticket of {}", contents.principal))?;
    Ok(found.ticket.clone())
}

/// Whether there is a ticket-granting ticket to begin with.
fn usable(contents: &CacheContents, now: KerberosTime, cache: &str) -> anyhow::Result<()> {
    let start = contents.start_realm();
    let granting = contents
        .tickets()
        .filter(|ticket| ticket.server.name.granting_realm().as_ref() == Some(&start));
    let error = match granting.map(|ticket| ticket.endtime).max() {
        Some(ended) if ended > now => return Ok(()),
        Some(ended) => anyhow!(
            "the ticket-granting ticket of {} expired at {ended}",
            contents.principal
        ),
        None => anyhow!("{cache} holds no ticket-granting ticket of {}", contents.principal),
    };
    Err(error).hint("get one with: gss kinit")
}
