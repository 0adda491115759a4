//! The caches that a daemon keeps for a user.

use std::sync::Arc;

use super::cache::{END, KcmCache, NO_FILE, unexpected};
use super::client::{KcmClient, Session};
use super::protocol::{Opcode, Reply, Request};
use crate::ccache::{CacheCollection, CacheContents, CredentialCache};
use crate::error::{Error, KcmFault};

/// The caches of a credential manager that the user may use, `KCM:`.
#[derive(Clone, Debug)]
pub struct KcmCollection {
    client: Arc<KcmClient>,
}

impl KcmCollection {
    /// Those of the daemon that this is a client of.
    #[must_use]
    pub fn new(client: Arc<KcmClient>) -> Self {
        Self { client }
    }

    fn cache(&self, name: String) -> KcmCache {
        KcmCache::new(Arc::clone(&self.client), name)
    }

    fn primary_name(&self, session: &mut Session<'_>) -> Result<String, KcmFault> {
        match session.call(Request::new(Opcode::GetDefaultCache))? {
            Reply::Name(name) => Ok(name),
            _ => Err(unexpected()),
        }
    }

    fn names(&self, session: &mut Session<'_>) -> Result<Vec<String>, KcmFault> {
        let uuids = match session.call(Request::new(Opcode::GetCacheUuidList)) {
            Ok(Reply::Uuids(uuids)) => uuids,
            Err(KcmFault::Refused { code: NO_FILE, .. }) => return Ok(Vec::new()),
            Err(fault) => return Err(fault),
            Ok(_) => return Err(unexpected()),
        };
        let mut names = Vec::new();
        for uuid in uuids {
            match session.call(Request::new(Opcode::GetCacheByUuid).uuid(&uuid)) {
                Ok(Reply::Name(name)) => names.push(name),
                // It was destroyed meanwhile.
                Err(KcmFault::Refused {
                    code: END | NO_FILE, ..
                }) => {}
                Err(fault) => return Err(fault),
                Ok(_) => return Err(unexpected()),
            }
        }
        names.sort();
        let primary = self.primary_name(session)?;
        names.sort_by_key(|name| *name != primary);
        Ok(names)
    }
}

impl CacheCollection for KcmCollection {
    fn name(&self) -> String {
        "KCM:".to_owned()
    }

    fn caches(&self) -> Result<Vec<Arc<dyn CredentialCache>>, Error> {
        let names = self.names(&mut self.client.session());
        let names = names.map_err(|fault| self.client.error(fault))?;
        let all = names.into_iter().map(|name| self.cache(name));
        // Heimdal's daemon lists names to which no principal belongs.
        let initialised = all.filter(|cache| !matches!(cache.principal(), Err(Error::NoCache { .. })));
        Ok(initialised
            .map(|cache| -> Arc<dyn CredentialCache> { Arc::new(cache) })
            .collect())
    }

    fn primary(&self) -> Result<Arc<dyn CredentialCache>, Error> {
        let name = self.primary_name(&mut self.client.session());
        let name = name.map_err(|fault| self.client.error(fault))?;
        Ok(Arc::new(self.cache(name)))
    }

    fn create(&self, contents: &CacheContents) -> Result<Arc<dyn CredentialCache>, Error> {
        let reply = self.client.session().call(Request::new(Opcode::GenNew));
        let Reply::Name(name) = reply.map_err(|fault| self.client.error(fault))? else {
            return Err(self.client.error(unexpected()));
        };
        let cache = self.cache(name);
        cache.replace(contents)?;
        Ok(Arc::new(cache))
    }
}
