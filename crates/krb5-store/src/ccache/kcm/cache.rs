//! One cache of a daemon.

use std::sync::Arc;

use super::client::{KcmClient, Session};
use super::protocol::{MAX_ENTRIES, Opcode, Reply, Request, Uuid};
use crate::ccache::{CacheContents, ClockOffset, CredentialCache};
use crate::error::{Error, FormatFault, KcmFault};
use crate::proto::{Credentials, Principal};

/// A cache of a credential manager, `KCM:NAME`.
#[derive(Debug)]
pub struct KcmCache {
    client: Arc<KcmClient>,
    name: String,
}

impl KcmCache {
    /// The cache of that name, without the type. A name with a zero octet is nobody's.
    pub fn new(client: Arc<KcmClient>, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    fn request(&self, opcode: Opcode) -> Request {
        Request::of(opcode, &self.name)
    }

    /// What the caller gets to see of a fault.
    fn error(&self, fault: KcmFault) -> Error {
        match fault {
            KcmFault::Refused { code, .. } if MISSING.contains(&code) => Error::NoCache { name: self.name() },
            other => self.client.error(other),
        }
    }

    fn owner(&self, session: &mut Session<'_>) -> Result<Principal, Error> {
        let asked = session.call(self.request(Opcode::GetPrincipal));
        match asked.map_err(|fault| self.error(fault))? {
            Reply::Principal(Some(owner)) => Ok(owner),
            // Heimdal's daemon knows names to which no principal belongs yet.
            _ => Err(Error::NoCache { name: self.name() }),
        }
    }

    fn entries(&self, session: &mut Session<'_>) -> Result<Vec<Credentials>, KcmFault> {
        match session.call(self.request(Opcode::GetCredList)) {
            Ok(Reply::Credentials(entries)) => Ok(entries),
            Err(fault) if is_unsupported(&fault) => self.entries_one_by_one(session),
            Err(fault) => Err(fault),
            Ok(_) => Err(unexpected()),
        }
    }

    fn entries_one_by_one(&self, session: &mut Session<'_>) -> Result<Vec<Credentials>, KcmFault> {
        let Reply::Uuids(uuids) = session.call(self.request(Opcode::GetCredUuidList))? else {
            return Err(unexpected());
        };
        let mut entries = Vec::new();
        for uuid in &uuids {
            entries.extend(self.entry(session, uuid)?);
        }
        Ok(entries)
    }

    /// The entry of this identifier, unless it was removed meanwhile.
    fn entry(&self, session: &mut Session<'_>, uuid: &Uuid) -> Result<Option<Credentials>, KcmFault> {
        match session.call(self.request(Opcode::GetCredByUuid).uuid(uuid)) {
            Ok(Reply::Credential(entry)) => Ok(Some(*entry)),
            Err(KcmFault::Refused { code: END, .. }) => Ok(None),
            Err(fault) => Err(fault),
            Ok(_) => Err(unexpected()),
        }
    }

    /// Not every daemon keeps it, and none is told apart from zero.
    fn clock_offset(&self, session: &mut Session<'_>) -> Result<Option<ClockOffset>, KcmFault> {
        match session.call(self.request(Opcode::GetKdcOffset)) {
            Ok(Reply::Offset(seconds)) => Ok((seconds != 0).then_some(ClockOffset {
                seconds,
                microseconds: 0,
            })),
            Err(KcmFault::Refused { .. }) => Ok(None),
            Err(fault) => Err(fault),
            Ok(_) => Err(unexpected()),
        }
    }

    /// Fills a cache entry by entry; others see it grow.
    fn fill(&self, session: &mut Session<'_>, contents: &CacheContents) -> Result<(), KcmFault> {
        let initialise = self.request(Opcode::Initialize).principal(&contents.principal);
        session.call(initialise.map_err(KcmFault::Request)?)?;
        // Zero too: Heimdal 7.8's daemon starts a new cache with anything.
        let seconds = contents.clock_offset.map_or(0, |offset| offset.seconds);
        match session.call(self.request(Opcode::SetKdcOffset).seconds(seconds)) {
            Ok(_) | Err(KcmFault::Refused { .. }) => {}
            Err(fault) => return Err(fault),
        }
        for entry in &contents.credentials {
            self.add(session, entry)?;
        }
        Ok(())
    }

    fn add(&self, session: &mut Session<'_>, entry: &Credentials) -> Result<(), KcmFault> {
        let store = self.request(Opcode::Store).credential(entry);
        session.call(store.map_err(KcmFault::Request)?).map(drop)
    }

    /// Fills another cache and moves its contents here, so that others see the old or the new ones.
    fn fill_and_move(&self, session: &mut Session<'_>, contents: &CacheContents) -> Result<(), KcmFault> {
        let Reply::Name(name) = session.call(Request::new(Opcode::GenNew))? else {
            return Err(unexpected());
        };
        let apart = Self::new(Arc::clone(&self.client), name);
        let moved = apart.fill(session, contents).and_then(|()| {
            let request = apart.request(Opcode::MoveCache).name(&self.name);
            session.call(request).map(drop)
        });
        if moved.is_err() {
            let _ = session.call(apart.request(Opcode::Destroy));
        }
        moved
    }

    fn put(&self, session: &mut Session<'_>, contents: &CacheContents) -> Result<(), KcmFault> {
        if contents.credentials.is_empty() {
            return self.fill(session, contents);
        }
        let replace = self.request(Opcode::Replace).contents(contents);
        match session.call(replace.map_err(KcmFault::Request)?) {
            Err(fault) if is_unsupported(&fault) => {}
            other => return other.map(drop),
        }
        match self.fill_and_move(session, contents) {
            Err(fault) if is_unsupported(&fault) => self.fill(session, contents),
            other => other,
        }
    }

    /// Removes single entries, if the daemon can tell them from those that stay.
    fn remove_each(
        &self,
        session: &mut Session<'_>,
        unwanted: &[&Credentials],
        kept: &[&Credentials],
    ) -> Result<(), KcmFault> {
        if unwanted
            .iter()
            .any(|entry| kept.iter().any(|other| match_alike(entry, other)))
        {
            return Err(KcmFault::Refused {
                opcode: Opcode::RemoveCred,
                code: NOT_SUPPORTED,
            });
        }
        for entry in unwanted {
            let pattern = self.request(Opcode::RemoveCred).pattern(entry);
            match session.call(pattern.map_err(KcmFault::Request)?) {
                // Of two that are alike, the first request removes both.
                Ok(_)
                | Err(KcmFault::Refused {
                    code: NOT_FOUND | END, ..
                }) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn contents(&self, session: &mut Session<'_>) -> Result<CacheContents, Error> {
        let principal = self.owner(session)?;
        let clock_offset = self.clock_offset(session).map_err(|fault| self.error(fault))?;
        let credentials = self.entries(session).map_err(|fault| self.error(fault))?;
        Ok(CacheContents {
            clock_offset,
            credentials,
            ..CacheContents::new(principal)
        })
    }
}

impl CredentialCache for KcmCache {
    fn name(&self) -> String {
        format!("KCM:{}", self.name)
    }

    fn read(&self) -> Result<Arc<CacheContents>, Error> {
        self.contents(&mut self.client.session()).map(Arc::new)
    }

    fn principal(&self) -> Result<Principal, Error> {
        self.owner(&mut self.client.session())
    }

    /// At once where the daemon can replace a cache or move one; others see it grow where it can neither.
    fn replace(&self, contents: &CacheContents) -> Result<(), Error> {
        crate::ccache::trace::replacing(self, contents);
        if contents.credentials.len() > MAX_ENTRIES {
            return Err(self.client.error(KcmFault::Request(FormatFault::Limit {
                what: "credentials",
                limit: MAX_ENTRIES,
            })));
        }
        self.put(&mut self.client.session(), contents)
            .map_err(|fault| self.client.error(fault))
    }

    fn store(&self, credentials: &Credentials) -> Result<(), Error> {
        crate::ccache::trace::storing(self, credentials);
        let mut session = self.client.session();
        self.add(&mut session, credentials).map_err(|fault| self.error(fault))
    }

    fn remove(&self, unwanted: &dyn Fn(&Credentials) -> bool) -> Result<usize, Error> {
        let mut session = self.client.session();
        let contents = self.contents(&mut session)?;
        let (gone, kept): (Vec<_>, Vec<_>) = contents.credentials.iter().partition(|entry| unwanted(entry));
        if gone.is_empty() {
            return Ok(0);
        }
        let removed = match self.remove_each(&mut session, &gone, &kept) {
            Err(fault) if is_unsupported(&fault) => {
                let rest = CacheContents {
                    credentials: kept.iter().copied().cloned().collect(),
                    ..contents.clone()
                };
                self.put(&mut session, &rest)
            }
            other => other,
        };
        removed.map_err(|fault| self.error(fault))?;
        Ok(gone.len())
    }

    fn destroy(&self) -> Result<(), Error> {
        let destroyed = self.client.session().call(self.request(Opcode::Destroy));
        destroyed.map(drop).map_err(|fault| self.error(fault))
    }

    fn make_primary(&self) -> Result<(), Error> {
        let switched = self.client.session().call(self.request(Opcode::SetDefaultCache));
        switched.map(drop).map_err(|fault| self.error(fault))
    }
}

/// Whether a pattern of one matches the other.
fn match_alike(one: &Credentials, other: &Credentials) -> bool {
    let times = |entry: &Credentials| (entry.authtime, entry.starttime, entry.endtime, entry.renew_till);
    one.client == other.client
        && one.server == other.server
        && one.key.keytype == other.key.keytype
        && times(one) == times(other)
}

/// Whether this is how a daemon says that it does not know a request.
pub(super) fn is_unsupported(fault: &KcmFault) -> bool {
    let KcmFault::Refused { code, .. } = fault else {
        return false;
    };
    // In this order: MIT and sssd, Heimdal, old sssd.
    [NOT_SUPPORTED, INTERNAL, IO].contains(code)
}

/// The reply of another opcode, which parsing does not let through.
pub(super) fn unexpected() -> KcmFault {
    KcmFault::Malformed(FormatFault::Truncated { offset: 0 })
}

/// `KRB5_CC_NOTFOUND`
pub(super) const NOT_FOUND: i32 = -1_765_328_243;
/// `KRB5_CC_END`
pub(super) const END: i32 = -1_765_328_242;
/// `KRB5_FCC_NOFILE`
pub(super) const NO_FILE: i32 = -1_765_328_189;
/// `KRB5_FCC_INTERNAL`
const INTERNAL: i32 = -1_765_328_188;
/// `KRB5_CC_IO`
const IO: i32 = -1_765_328_191;
/// `KRB5_CC_NOSUPP`
const NOT_SUPPORTED: i32 = -1_765_328_137;
const MISSING: [i32; 3] = [NOT_FOUND, END, NO_FILE];
