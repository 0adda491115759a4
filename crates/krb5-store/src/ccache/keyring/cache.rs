//! One cache: a keyring.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::kernel::{Key, Kind, OF_THREAD, Ring};
use super::name::{Anchor, KeyringName};
use super::payload;
use crate::ccache::{CacheContents, CredentialCache};
use crate::error::{Error, FormatFault, KeyringFault};
use crate::proto::{Credentials, Principal};

/// A cache in the kernel's keyrings, `KEYRING:ANCHOR:COLLECTION:NAME`.
///
/// Of entries for the same service the last one stays. Entries end with their tickets. A new state is built apart and takes
/// the place of the old one at once.
#[derive(Clone, Debug)]
pub struct KeyringCache {
    collection: KeyringName,
    name: String,
}

impl KeyringCache {
    /// The cache of this name in a collection; it need not exist yet. Zero octets in the name become its end.
    pub fn new(collection: KeyringName, name: &str) -> Self {
        let name = name.split('\0').next().unwrap_or_default().to_owned();
        Self { collection, name }
    }

    fn error(&self, fault: KeyringFault) -> Error {
        Error::Keyring {
            name: self.name(),
            fault,
        }
    }

    fn missing(&self) -> Error {
        Error::NoCache { name: self.name() }
    }

    fn ring(&self) -> Result<Option<Ring>, KeyringFault> {
        let found = match Ring::of_collection(&self.collection)? {
            Some(collection) => collection.ring(&self.name)?,
            None => None,
        };
        if found.is_none() && self.collection.shows_to_old_programs(&self.name) {
            // One that a program made which knows no collections.
            return Ring::of_session().ring(&self.name);
        }
        Ok(found)
    }

    fn existing(&self) -> Result<Ring, Error> {
        self.ring()
            .map_err(|fault| self.error(fault))?
            .ok_or_else(|| self.missing())
    }

    /// The key with the principal, and the principal.
    fn owner(&self, ring: Ring) -> Result<(Key, Principal), Error> {
        let found = ring.key(OWNER).and_then(|key| match key {
            Some(key) => Ok(key.payload()?.map(|payload| (key, payload))),
            None => Ok(None),
        });
        let (key, payload) = found
            .map_err(|fault| self.error(fault))?
            .ok_or_else(|| self.missing())?;
        let owner = payload::read_owner(&payload).map_err(|fault| self.malformed(fault))?;
        Ok((key, owner))
    }

    fn malformed(&self, fault: FormatFault) -> Error {
        self.error(KeyringFault::Malformed(fault))
    }

    /// The entries with their keys; those that end meanwhile are left out.
    fn entries(&self, ring: Ring, others: &[Key]) -> Result<Vec<(Key, Credentials)>, Error> {
        let members = ring.members().map_err(|fault| self.error(fault))?;
        let mut entries = Vec::new();
        for key in members.into_iter().filter(|key| !others.contains(key)) {
            if let Some(payload) = key.payload().map_err(|fault| self.error(fault))? {
                let entry = payload::read_entry(&payload).map_err(|fault| self.malformed(fault))?;
                entries.push((key, entry));
            }
        }
        Ok(entries)
    }

    fn contents(&self, ring: Ring) -> Result<(CacheContents, Vec<Key>), Error> {
        let (owner_key, principal) = self.owner(ring)?;
        let mut contents = CacheContents::new(principal);
        let mut others = vec![owner_key];
        if let Some(key) = ring.key(OFFSET).map_err(|fault| self.error(fault))? {
            let offset = key.payload().map_err(|fault| self.error(fault))?;
            let offset = offset.map(|offset| payload::read_offset(&offset)).transpose();
            contents.clock_offset = offset.map_err(|fault| self.malformed(fault))?;
            others.push(key);
        }
        let (keys, entries) = self.entries(ring, &others)?.into_iter().unzip();
        contents.credentials = entries;
        Ok((contents, keys))
    }

    fn add(&self, ring: Ring, entry: &Credentials) -> Result<(), KeyringFault> {
        let payload = payload::write_entry(entry).map_err(KeyringFault::Malformed)?;
        // Programs that know no collections know no big keys either.
        let kind = match self.collection.anchor {
            Anchor::Legacy => Kind::User,
            _ => Kind::BigIfPossible,
        };
        let key = ring.add_key(kind, &description(&entry.server), &payload)?;
        if let Some(left) = time_left(entry.endtime.seconds()) {
            key.set_timeout(left);
        }
        Ok(())
    }

    /// The keyring ends with its last ticket.
    fn end_with(ring: Ring, entries: &[Credentials]) {
        let last = entries
            .iter()
            .map(|entry| entry.endtime.seconds())
            .max()
            .unwrap_or_default();
        if last > 0 {
            ring.set_timeout(time_left(last).unwrap_or_default());
        }
    }

    fn fill(&self, ring: Ring, contents: &CacheContents) -> Result<(), KeyringFault> {
        let owner = payload::write_owner(&contents.principal).map_err(KeyringFault::Malformed)?;
        ring.add_key(Kind::User, OWNER, &owner)?;
        // Programs that know no collections take every other key for a ticket.
        if let Some(offset) = contents.clock_offset
            && !self.collection.shows_to_old_programs(&self.name)
        {
            ring.add_key(Kind::User, OFFSET, &payload::write_offset(offset))?;
        }
        for entry in &contents.credentials {
            self.add(ring, entry)?;
        }
        Self::end_with(ring, &contents.credentials);
        Ok(())
    }

    /// Builds a keyring in the thread's, and links it in the place of the old one.
    fn put(&self, contents: &CacheContents) -> Result<(), KeyringFault> {
        let collection = Ring::make_collection(&self.collection)?;
        let ring = OF_THREAD.add_ring(&self.name)?;
        let put = self.fill(ring, contents).and_then(|()| collection.link(ring));
        if put.is_ok() && self.collection.shows_to_old_programs(&self.name) {
            let _ = Ring::of_session().link(ring);
        }
        let _ = OF_THREAD.unlink(ring);
        put
    }
}

impl CredentialCache for KeyringCache {
    fn name(&self) -> String {
        format!("{}:{}", self.collection, self.name)
    }

    fn read(&self) -> Result<Arc<CacheContents>, Error> {
        let (contents, _) = self.contents(self.existing()?)?;
        Ok(Arc::new(contents))
    }

    fn principal(&self) -> Result<Principal, Error> {
        Ok(self.owner(self.existing()?)?.1)
    }

    fn replace(&self, contents: &CacheContents) -> Result<(), Error> {
        crate::ccache::trace::replacing(self, contents);
        self.put(contents).map_err(|fault| self.error(fault))
    }

    fn store(&self, credentials: &Credentials) -> Result<(), Error> {
        crate::ccache::trace::storing(self, credentials);
        let ring = self.existing()?;
        self.owner(ring)?;
        self.add(ring, credentials).map_err(|fault| self.error(fault))?;
        let (contents, _) = self.contents(ring)?;
        Self::end_with(ring, &contents.credentials);
        Ok(())
    }

    fn remove(&self, unwanted: &dyn Fn(&Credentials) -> bool) -> Result<usize, Error> {
        let ring = self.existing()?;
        let (contents, keys) = self.contents(ring)?;
        let mut count = 0_usize;
        for (entry, key) in contents.credentials.iter().zip(keys) {
            if unwanted(entry) {
                ring.unlink_key(key).map_err(|fault| self.error(fault))?;
                count = count.saturating_add(1);
            }
        }
        Ok(count)
    }

    fn destroy(&self) -> Result<(), Error> {
        let ring = self.existing()?;
        let destroyed = ring.clear().and_then(|()| {
            if self.collection.shows_to_old_programs(&self.name) {
                let _ = Ring::of_session().unlink(ring);
            }
            match Ring::of_collection(&self.collection)? {
                Some(collection) => collection.unlink(ring),
                None => Ok(()),
            }
        });
        destroyed.map_err(|fault| self.error(fault))
    }

    fn make_primary(&self) -> Result<(), Error> {
        let payload = payload::write_primary(&self.name).map_err(|fault| self.malformed(fault))?;
        let switched = Ring::make_collection(&self.collection)
            .and_then(|collection| collection.add_key(Kind::User, PRIMARY, &payload));
        switched.map(drop).map_err(|fault| self.error(fault))
    }
}

/// Keys are described by text without zero octets; names need not be text.
fn description(server: &Principal) -> String {
    match String::from_utf8(server.to_octets()) {
        Ok(text) if !text.contains('\0') => text,
        _ => server.to_octets().escape_ascii().to_string(),
    }
}

/// The time until then by this machine's clock, which the kernel uses too; nothing if that has passed.
fn time_left(endtime: i64) -> Option<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let end = Duration::from_secs(u64::try_from(endtime).ok()?);
    end.checked_sub(now).filter(|left| !left.is_zero())
}

const OWNER: &str = "__krb5_princ__";
const OFFSET: &str = "__krb5_time_offsets__";
pub(super) const PRIMARY: &str = "krb_ccache:primary";
