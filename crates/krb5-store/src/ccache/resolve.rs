//! Names of caches and of collections.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cache::CredentialCache;
use super::collection::{CacheCollection, Single};
#[cfg(unix)]
use super::directory::{DirectoryCache, DirectoryCollection};
#[cfg(unix)]
use super::file::FileCache;
#[cfg(unix)]
use super::kcm::{KcmCache, KcmClient, KcmCollection};
#[cfg(all(feature = "keyring", target_os = "linux"))]
use super::keyring::{KeyringCache, KeyringCollection, KeyringName};
use super::memory::{MemoryCache, MemoryCollection};
use crate::config::Settings;
use crate::error::Error;
use crate::name;

/// Finds the cache or the collection that a name means.
///
/// | name | a cache | its collection |
/// |---|---|---|
/// | `FILE:PATH`, a path alone | in the file | it alone |
/// | `DIR:PATH` | the primary one of the directory | those in the directory |
/// | `DIR::PATH/tktNAME` | in that file of the directory | it alone |
/// | `MEMORY:NAME` | that the process knows by this name | all in the memory of the process, it first |
/// | `MEMORY:` | the primary one | all in the memory of the process |
/// | `KCM:` | the primary one | the user's that the credential manager keeps |
/// | `KCM:NAME` | that the credential manager knows by this name | it alone |
/// | `KEYRING:ANCHOR:COLLECTION`, `KEYRING:COLLECTION` | the primary one | those of the kernel's keyring |
/// | `KEYRING:ANCHOR:COLLECTION:NAME` | of this name in the keyring | it alone |
///
/// `KEYRING` needs Linux and the feature `keyring`.
#[derive(Clone, Debug, Default)]
pub struct Resolver {
    kcm_socket: Option<PathBuf>,
}

/// What a name says.
enum Place<'a> {
    #[cfg(unix)]
    File(&'a str),
    #[cfg(unix)]
    Directory(&'a str),
    #[cfg(unix)]
    InDirectory(DirectoryCache),
    #[cfg(unix)]
    Kcm(Option<&'a str>),
    #[cfg(all(feature = "keyring", target_os = "linux"))]
    Keyring(KeyringName, Option<&'a str>),
    Memory(Option<&'a str>),
}

impl Resolver {
    /// With the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As the configuration says: `kcm_socket`.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let socket = settings.profile().value(&["libdefaults", "kcm_socket"]);
        match socket {
            Some(socket) => Self::new().with_kcm_socket(socket.text),
            None => Self::new(),
        }
    }

    /// With the socket of another credential manager (KCM) than the system's; `-` stands for none.
    #[must_use]
    pub fn with_kcm_socket(self, socket: impl Into<PathBuf>) -> Self {
        Self {
            kcm_socket: Some(socket.into()),
        }
    }

    /// The socket of the credential manager, unless it is the system's.
    #[must_use]
    pub fn kcm_socket(&self) -> Option<&Path> {
        self.kcm_socket.as_deref()
    }

    /// The cache of this name, which need not exist yet; the primary one of a collection.
    ///
    /// # Errors
    /// [`Error::UnknownType`], [`Error::BadName`]; what keeps the primary cache of a collection from being found out.
    pub fn cache(&self, name: &str) -> Result<Arc<dyn CredentialCache>, Error> {
        match Place::of(name)? {
            #[cfg(unix)]
            Place::File(path) => Ok(Arc::new(FileCache::new(path))),
            #[cfg(unix)]
            Place::InDirectory(cache) => Ok(Arc::new(cache)),
            Place::Memory(Some(name)) => Ok(MemoryCache::named(name)),
            #[cfg(unix)]
            Place::Kcm(Some(name)) => Ok(Arc::new(KcmCache::new(self.kcm(), name))),
            #[cfg(unix)]
            Place::Directory(_) | Place::Kcm(None) => self.collection(name)?.primary(),
            #[cfg(all(feature = "keyring", target_os = "linux"))]
            Place::Keyring(collection, Some(name)) => Ok(Arc::new(KeyringCache::new(collection, name))),
            #[cfg(all(feature = "keyring", target_os = "linux"))]
            Place::Keyring(_, None) => self.collection(name)?.primary(),
            Place::Memory(None) => self.collection(name)?.primary(),
        }
    }

    /// The collection of this name; a cache alone is a collection of one.
    ///
    /// # Errors
    /// [`Error::UnknownType`], [`Error::BadName`].
    pub fn collection(&self, name: &str) -> Result<Arc<dyn CacheCollection>, Error> {
        match Place::of(name)? {
            #[cfg(unix)]
            Place::Directory(path) => Ok(Arc::new(DirectoryCollection::new(path))),
            Place::Memory(None) => Ok(Arc::new(MemoryCollection::of_process())),
            Place::Memory(Some(first)) => Ok(Arc::new(MemoryCollection::of_process().with_primary(first))),
            #[cfg(unix)]
            Place::Kcm(None) => Ok(Arc::new(KcmCollection::new(self.kcm()))),
            #[cfg(all(feature = "keyring", target_os = "linux"))]
            Place::Keyring(collection, None) => Ok(Arc::new(KeyringCollection::new(collection))),
            #[cfg(all(feature = "keyring", target_os = "linux"))]
            Place::Keyring(_, Some(_)) => Ok(Arc::new(Single(self.cache(name)?))),
            #[cfg(unix)]
            Place::File(_) | Place::InDirectory(_) | Place::Kcm(Some(_)) => Ok(Arc::new(Single(self.cache(name)?))),
        }
    }
}

#[cfg(unix)]
impl Resolver {
    fn kcm(&self) -> Arc<KcmClient> {
        let client = self.kcm_socket.as_ref().map_or_else(KcmClient::default, KcmClient::new);
        Arc::new(client)
    }
}

impl<'a> Place<'a> {
    fn of(name: &'a str) -> Result<Self, Error> {
        match name::split(name) {
            #[cfg(unix)]
            ("FILE", path) => Ok(Self::File(path)),
            #[cfg(unix)]
            ("DIR", rest) => Self::of_directory(name, rest),
            #[cfg(unix)]
            ("KCM", rest) if rest.contains('\0') => Err(Error::BadName {
                name: name.to_owned(),
                expected: "the name of a cache cannot contain a zero octet",
            }),
            #[cfg(unix)]
            ("KCM", rest) => Ok(Self::Kcm((!rest.is_empty()).then_some(rest))),
            #[cfg(all(feature = "keyring", target_os = "linux"))]
            ("KEYRING", rest) => {
                let (collection, cache) = KeyringName::parse(rest).ok_or_else(|| Error::BadName {
                    name: name.to_owned(),
                    expected: "write KEYRING:ANCHOR:COLLECTION, where ANCHOR is persistent, user, session, process or \
                               thread (after persistent, COLLECTION is the number of the user)",
                })?;
                Ok(Self::Keyring(collection, cache))
            }
            ("MEMORY", rest) => Ok(Self::Memory((!rest.is_empty()).then_some(rest))),
            (scheme, _) => Err(Error::UnknownType {
                name: name.to_owned(),
                scheme: scheme.to_owned(),
                supported: SUPPORTED,
            }),
        }
    }

    #[cfg(unix)]
    fn of_directory(name: &str, rest: &'a str) -> Result<Self, Error> {
        let bad = || Error::BadName {
            name: name.to_owned(),
            expected: "write DIR:DIRECTORY, or DIR::DIRECTORY/tktNAME for one of its caches",
        };
        match rest.strip_prefix(':') {
            Some(file) => DirectoryCache::at(file).map(Self::InDirectory).ok_or_else(bad),
            None if rest.is_empty() => Err(bad()),
            None => Ok(Self::Directory(rest)),
        }
    }
}

/// The cache of this name, as [`Resolver::cache`] finds it where nothing is configured.
///
/// # Errors
/// As [`Resolver::cache`].
pub fn resolve(name: &str) -> Result<Arc<dyn CredentialCache>, Error> {
    Resolver::new().cache(name)
}

#[cfg(all(feature = "keyring", target_os = "linux"))]
const SUPPORTED: &str = "FILE:, DIR:, KCM:, KEYRING: and MEMORY:";
#[cfg(all(not(feature = "keyring"), target_os = "linux"))]
const SUPPORTED: &str = "FILE:, DIR:, KCM: and MEMORY: (and KEYRING: in builds with the feature keyring)";
#[cfg(all(unix, not(target_os = "linux")))]
const SUPPORTED: &str = "FILE:, DIR:, KCM: and MEMORY:";
#[cfg(not(unix))]
const SUPPORTED: &str = "MEMORY:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_type() {
        let cases = [
            ("FILE:/tmp/a", "FILE:/tmp/a"),
            ("/tmp/a:b", "FILE:/tmp/a:b"),
            ("relative", "FILE:relative"),
            ("MEMORY:x:y", "MEMORY:x:y"),
            ("DIR:/nonexistent", "DIR::/nonexistent/tkt"),
            ("DIR::/nonexistent/tktA", "DIR::/nonexistent/tktA"),
            ("KCM:0:1", "KCM:0:1"),
        ];
        for (name, expected) in cases {
            assert_eq!(resolve(name).unwrap().name(), expected);
        }
    }

    #[test]
    fn names_lead_to_their_collection() {
        for name in [
            "FILE:/tmp/a",
            "DIR:/nonexistent",
            "DIR::/nonexistent/tktA",
            "MEMORY:x",
            "MEMORY:",
        ] {
            assert_eq!(Resolver::new().collection(name).unwrap().name(), name);
        }
    }

    #[test]
    fn other_types_are_errors_that_name_them() {
        for (name, scheme) in [("API:1", "API"), ("MSLSA:", "MSLSA"), (":x", "")] {
            let Err(Error::UnknownType { scheme: found, .. }) = resolve(name) else {
                panic!("{name}")
            };
            assert_eq!(found, scheme);
        }
    }

    #[test]
    fn names_that_mean_nothing_are_errors_that_say_what_would() {
        for name in ["DIR:", "DIR::", "DIR::/x/other", "DIR::tktA", "DIR::/x/"] {
            for error in [resolve(name).err(), Resolver::new().collection(name).err()] {
                let error = error.unwrap();
                assert!(matches!(error, Error::BadName { .. }), "{error}");
                assert!(error.to_string().contains("DIR::DIRECTORY/tktNAME"), "{error}");
            }
        }
    }

    #[test]
    fn the_socket_of_the_credential_manager_comes_from_the_configuration() {
        let settings = Settings::parse("[libdefaults]\nkcm_socket = /run/other\n").unwrap();
        assert_eq!(Resolver::of(&settings).kcm_socket(), Some(Path::new("/run/other")));
        assert_eq!(Resolver::of(&Settings::default()).kcm_socket(), None);
    }
}
