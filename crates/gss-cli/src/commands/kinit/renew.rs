//! Renewing and validating the ticket that is there.

use anyhow::anyhow;
use krb5_proto::exchange::{AsOutcome, TgsOptions};
use krb5_proto::{Credentials, Principal};
use krb5_store::ccache::{CacheContents, CredentialCache};

use super::{Again, Args};
use crate::commands::kerberos::{Local, exchange};
use crate::report::Hint as _;

/// The ticket in `cache`, for longer or valid.
pub(super) fn again(
    again: Again,
    args: &Args,
    local: &Local,
    cache: &dyn CredentialCache,
) -> anyhow::Result<AsOutcome> {
    let contents = cache.read()?;
    let offset = contents.clock_offset.map(|offset| i64::from(offset.seconds));
    let old = old(args, local, &contents, &cache.name())?;
    let settings = local.settings();
    let options = match again {
        Again::Renew => TgsOptions::renewed(old).hint("ask for a renewable ticket with: gss kinit -r 7d")?,
        Again::Validate => {
            TgsOptions::validated(old).hint("ask for a ticket that starts later with: gss kinit -s 2h")?
        }
    };
    let options = TgsOptions {
        etypes: settings.default_tgs_enctypes().to_vec(),
        clock_offset: offset.unwrap_or_default(),
        clock_skew: settings.clockskew(),
        time_sync: settings.time_sync(),
        ..options
    };
    let outcome = exchange::further(local, options)?;
    Ok(AsOutcome {
        credentials: outcome.credentials,
        clock_offset: outcome.clock_offset.or(offset),
        key_expiration: None,
        last_req: Vec::new(),
    })
}

fn old(args: &Args, local: &Local, contents: &CacheContents, cache: &str) -> anyhow::Result<Credentials> {
    let realm = &contents.principal.realm;
    let server = match &args.wanted.service {
        Some(name) => local.service(name, realm)?,
        None => Principal::krbtgt(realm, realm),
    };
    let found = contents.tickets().filter(|ticket| ticket.server == server);
    found
        .max_by_key(|ticket| ticket.endtime)
        .cloned()
        .ok_or_else(|| anyhow!("{cache} holds no ticket for {server}"))
}
