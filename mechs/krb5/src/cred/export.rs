//! Credentials as octets, for another process. The format is our own.
//!
//! ```text
//! 0     version    1
//! 1     use        1 initiates, 2 accepts, 3 both
//! …     client     0, or 1 and the principal as text      if it initiates
//! …     cache      0 the default, 1 a name, 2 contents
//! …     keytab     0 the default, 1 a name, 2 contents, 3 none: that of the client
//! …     keytab     1 a name, 2 contents                   if it accepts
//! …     name       0 anybody, 1 a principal as text, 2 a service: its name, 0 or 1 and the host, 0 or 1 and the realm
//! …     rcache     0 the default, 1 a name
//! …     enctypes   0, or 1 and their numbers, 4 octets each
//! …     protection 0 always told of, 1 as asked
//! ```
//!
//! Names, texts and contents have a length of 4 octets before them; integers are big-endian. What is in memory travels
//! as contents; what is in a file, in the kernel or with a daemon as a name, which the importing process must be
//! allowed to use. Both make it as secret as the keys, and as trustworthy as its source: whoever wrote it chooses which
//! files are read.

use std::sync::Arc;

use gss_core::Octets;
use krb5_crypto::Enctype;
use krb5_proto::{Principal, Realm};
use krb5_store::ccache::{CacheContents, CredentialCache, MemoryCache};
use krb5_store::keytab::{Acceptor, KeySource, Keytab, MemoryKeytab};

use super::options::{CredOptions, Protection};
use super::source::{ClientKeytab, TicketSource, Wanted};
use super::{Accepting, KerberosCred, Memory};
use crate::KerberosEnvironment;
use crate::acquire::{named_memory, service_name};
use crate::error::KerberosError;
use crate::growing::Growing;
use crate::name::{KerberosName, Service};

/// Writes a credential.
///
/// # Errors
/// [`KerberosError::NotExportable`] if its keys come from elsewhere than a keytab, [`KerberosError::Store`] if what is
/// in memory cannot be written.
pub(super) fn export(cred: &KerberosCred) -> Result<Octets, KerberosError> {
    let mut out = Writer(Growing::with_room(ROOM));
    let uses = (cred.initiating.as_deref(), cred.accepting.as_ref());
    out.0.push(&[
        VERSION,
        u8::from(uses.0.is_some()) | u8::from(uses.1.is_some()).wrapping_shl(1),
    ]);
    if let Some(source) = uses.0 {
        out.source(source)?;
    }
    if let Some(accepting) = uses.1 {
        out.keytab(accepting.keytab.as_deref().ok_or(KerberosError::NotExportable)?)?;
        out.name(accepting.name.as_ref())?;
        out.replay(&accepting.replay)?;
    }
    out.options(cred.options())?;
    Ok(out.0.into())
}

/// Makes a credential of what [`export`] has written.
///
/// # Errors
/// [`KerberosError::ExportedCred`] if it is of an unknown version or malformed; [`KerberosError::Store`] if a name in it
/// is of a type that is not supported.
pub(crate) fn import(octets: &[u8], environment: &KerberosEnvironment) -> Result<KerberosCred, KerberosError> {
    let mut input = Reader {
        rest: octets,
        environment,
    };
    let cred = input.cred()?;
    if input.rest.is_empty() {
        Ok(cred)
    } else {
        Err(KerberosError::ExportedCred)
    }
}

struct Writer(Growing);

impl Writer {
    fn counted(&mut self, octets: &[u8]) -> Result<(), KerberosError> {
        let length = u32::try_from(octets.len()).map_err(|_| KerberosError::NotExportable)?;
        self.0.push(&length.to_be_bytes());
        self.0.push(octets);
        Ok(())
    }

    fn tagged(&mut self, tag: u8, octets: &[u8]) -> Result<(), KerberosError> {
        self.0.push(&[tag]);
        self.counted(octets)
    }

    fn option(&mut self, octets: Option<&[u8]>) -> Result<(), KerberosError> {
        match octets {
            None => {
                self.0.push(&[ABSENT]);
                Ok(())
            }
            Some(octets) => self.tagged(NAMED, octets),
        }
    }

    fn source(&mut self, source: &TicketSource) -> Result<(), KerberosError> {
        let client = source.client().map(|client| client.to_string());
        self.option(client.as_deref().map(str::as_bytes))?;
        match &source.cache {
            Wanted::Default => self.0.push(&[ABSENT]),
            Wanted::Given(cache) => self.cache(cache.as_ref())?,
        }
        match &source.client_keytab {
            ClientKeytab::Default => self.0.push(&[ABSENT]),
            ClientKeytab::None => self.0.push(&[NONE]),
            ClientKeytab::Given(keys) => self.keytab(keys.as_ref())?,
        }
        Ok(())
    }

    fn cache(&mut self, cache: &dyn CredentialCache) -> Result<(), KerberosError> {
        let name = cache.name();
        if is_outside(&name) {
            return self.tagged(NAMED, name.as_bytes());
        }
        let contents = cache.read()?.to_octets();
        self.tagged(CONTENTS, &contents.map_err(|_| KerberosError::NotExportable)?)
    }

    fn keytab(&mut self, keytab: &dyn KeySource) -> Result<(), KerberosError> {
        let name = keytab.name();
        if is_outside(&name) {
            return self.tagged(NAMED, name.as_bytes());
        }
        let contents = keytab.read()?.to_octets();
        self.tagged(CONTENTS, &contents.map_err(|_| KerberosError::NotExportable)?)
    }

    fn name(&mut self, name: Option<&KerberosName>) -> Result<(), KerberosError> {
        match name {
            None => self.0.push(&[ABSENT]),
            Some(KerberosName::Service(service)) => {
                self.tagged(SERVICE, service.service.as_bytes())?;
                self.option(service.host.as_deref().map(str::as_bytes))?;
                self.option(service.realm.as_deref())?;
            }
            Some(name) => self.tagged(NAMED, name.principal()?.to_string().as_bytes())?,
        }
        Ok(())
    }

    /// What is remembered in a value of this process cannot be asked from another one, and must not be forgotten.
    fn replay(&mut self, memory: &Memory) -> Result<(), KerberosError> {
        match memory {
            Memory::Default(_) => self.option(None),
            Memory::Named(name, _) => self.option(Some(name.as_bytes())),
            Memory::Own(_) => Err(KerberosError::NotExportable),
        }
    }

    fn options(&mut self, options: &CredOptions) -> Result<(), KerberosError> {
        let numbers = options.enctypes.as_ref().map(|etypes| -> Vec<u8> {
            let numbers = etypes.iter().map(|etype| etype.number().to_be_bytes());
            numbers.flatten().collect()
        });
        self.option(numbers.as_deref())?;
        self.0.push(&[u8::from(options.protection == Protection::Asked)]);
        Ok(())
    }
}

/// Whether a name leads to the same thing in another process.
fn is_outside(name: &str) -> bool {
    let begins = |schemes: &[&str]| schemes.iter().any(|scheme| name.starts_with(scheme));
    begins(&OUTSIDE) && !begins(&OF_PROCESS)
}

/// Takes values off the front. Nothing is allocated but for octets that are there.
struct Reader<'a> {
    rest: &'a [u8],
    environment: &'a KerberosEnvironment,
}

impl<'a> Reader<'a> {
    fn cred(&mut self) -> Result<KerberosCred, KerberosError> {
        let [VERSION, uses @ 1..=3] = self.array()? else {
            return Err(KerberosError::ExportedCred);
        };
        let source = if uses & 1 != 0 { Some(self.source()?) } else { None };
        let accepting = if uses & 2 != 0 { Some(self.accepting()?) } else { None };
        let environment = self.environment.clone().with_options(self.options()?);
        let source = source.map(|source| Arc::new(source.within(environment.clone())));
        Ok(KerberosCred::new(environment, source, accepting))
    }

    fn source(&mut self) -> Result<TicketSource, KerberosError> {
        let client = match self.option()? {
            None => None,
            Some(text) => Some(principal(text)?),
        };
        let cache = match self.array()? {
            [ABSENT] => Wanted::Default,
            [NAMED] => Wanted::Given(self.environment.caches().cache(self.text()?)?),
            [CONTENTS] => Wanted::Given(cache(self.counted()?)?),
            _ => return Err(KerberosError::ExportedCred),
        };
        let keytab = match self.array()? {
            [ABSENT] => ClientKeytab::Default,
            [NONE] => ClientKeytab::None,
            [tag] => ClientKeytab::Given(self.keytab(tag)?),
        };
        Ok(TicketSource::new(self.environment.clone(), client, cache, keytab))
    }

    fn accepting(&mut self) -> Result<Accepting, KerberosError> {
        let [tag] = self.array()?;
        let keytab = self.keytab(tag)?;
        let name = self.name()?;
        let service = name.as_ref().map(service_name).transpose()?;
        let environment = self.environment;
        let keys = Acceptor::new(
            Arc::clone(&keytab),
            service,
            &environment.settings,
            environment.provider,
        );
        Ok(Accepting {
            keys: Arc::new(keys),
            keytab: Some(keytab),
            name,
            replay: self.replay()?,
        })
    }

    fn keytab(&mut self, tag: u8) -> Result<Arc<dyn KeySource>, KerberosError> {
        match tag {
            NAMED => Ok(krb5_store::keytab::resolve(self.text()?)?),
            CONTENTS => {
                let keytab = Keytab::from_octets(self.counted()?).map_err(|_| KerberosError::ExportedCred)?;
                Ok(Arc::new(MemoryKeytab::new("imported", keytab)))
            }
            _ => Err(KerberosError::ExportedCred),
        }
    }

    fn name(&mut self) -> Result<Option<KerberosName>, KerberosError> {
        match self.array()? {
            [ABSENT] => Ok(None),
            [NAMED] => Ok(Some(KerberosName::Principal(principal(self.counted()?)?))),
            [SERVICE] => {
                let service = self.text()?.to_owned();
                let host = self.option()?.map(text).transpose()?.map(str::to_owned);
                let realm = self.option()?.map(Realm::from);
                Ok(Some(KerberosName::Service(Service { service, host, realm })))
            }
            _ => Err(KerberosError::ExportedCred),
        }
    }

    fn replay(&mut self) -> Result<Memory, KerberosError> {
        match self.option()? {
            None => Ok(Memory::Default(Arc::clone(&self.environment.replay))),
            Some(name) => named_memory(self.environment, text(name)?),
        }
    }

    fn options(&mut self) -> Result<CredOptions, KerberosError> {
        let enctypes = self.option()?.map(enctypes).transpose()?;
        let protection = match self.array()? {
            [0] => Protection::Always,
            [1] => Protection::Asked,
            _ => return Err(KerberosError::ExportedCred),
        };
        Ok(CredOptions { enctypes, protection })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], KerberosError> {
        let (front, rest) = self.rest.split_first_chunk::<N>().ok_or(KerberosError::ExportedCred)?;
        self.rest = rest;
        Ok(*front)
    }

    fn counted(&mut self) -> Result<&'a [u8], KerberosError> {
        let length = usize::try_from(u32::from_be_bytes(self.array()?)).unwrap_or(usize::MAX);
        let (front, rest) = self.rest.split_at_checked(length).ok_or(KerberosError::ExportedCred)?;
        self.rest = rest;
        Ok(front)
    }

    fn text(&mut self) -> Result<&'a str, KerberosError> {
        text(self.counted()?)
    }

    fn option(&mut self) -> Result<Option<&'a [u8]>, KerberosError> {
        match self.array()? {
            [ABSENT] => Ok(None),
            [NAMED] => self.counted().map(Some),
            _ => Err(KerberosError::ExportedCred),
        }
    }
}

fn text(octets: &[u8]) -> Result<&str, KerberosError> {
    std::str::from_utf8(octets).map_err(|_| KerberosError::ExportedCred)
}

fn principal(octets: &[u8]) -> Result<Principal, KerberosError> {
    let text = text(octets)?;
    let principal = Principal::parse(text, None).map_err(|_| KerberosError::ExportedCred)?;
    if principal.to_string() == text {
        Ok(principal)
    } else {
        Err(KerberosError::ExportedCred)
    }
}

fn cache(octets: &[u8]) -> Result<Arc<dyn CredentialCache>, KerberosError> {
    let contents = CacheContents::from_octets(octets).map_err(|_| KerberosError::ExportedCred)?;
    let cache = MemoryCache::new();
    cache.replace(&contents)?;
    Ok(Arc::new(cache))
}

fn enctypes(octets: &[u8]) -> Result<Arc<[Enctype]>, KerberosError> {
    let (numbers, rest) = octets.as_chunks::<4>();
    let known = numbers
        .iter()
        .map(|number| Enctype::from_number(i32::from_be_bytes(*number)))
        .collect::<Option<Arc<[Enctype]>>>();
    known.filter(|_| rest.is_empty()).ok_or(KerberosError::ExportedCred)
}

const VERSION: u8 = 1;
const ABSENT: u8 = 0;
const NAMED: u8 = 1;
const CONTENTS: u8 = 2;
const SERVICE: u8 = 2;
const NONE: u8 = 3;
/// Types of caches and keytabs that other processes see too.
const OUTSIDE: [&str; 4] = ["FILE:", "DIR:", "KCM:", "KEYRING:"];
/// Keyrings that they do not see.
const OF_PROCESS: [&str; 2] = ["KEYRING:process:", "KEYRING:thread:"];
/// Enough for a credential that names what it uses.
const ROOM: usize = 512;
