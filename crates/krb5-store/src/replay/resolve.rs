//! Replay caches by name: `dfl:`, `file2:PATH`, `memory:`, `none:`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

#[cfg(unix)]
use super::FileReplayCache;
use super::{Acceptance, MemoryReplayCache, NoReplayCache, ReplayCache, ReplayError};

/// The types of replay caches that names can start with:
///
/// | name | cache |
/// |---|---|
/// | `dfl:` or `dfl` | the file of the effective user, `krb5_UID.rcache2`, in a directory that is given here |
/// | `file2:PATH` | that file |
/// | `memory:` | one for the whole process, in memory; MIT does not know this name |
/// | `none:` | none, replays are accepted |
///
/// and whatever else the program adds.
#[derive(Clone)]
pub struct ReplayTypes {
    directory: PathBuf,
    further: BTreeMap<String, Arc<Factory>>,
}

/// Makes a cache of the part of its name behind the type's colon.
type Factory = dyn Fn(&str) -> Result<Arc<dyn ReplayCache>, ReplayError> + Send + Sync;

/// What is wrong with the name of a replay cache. What stands behind an unknown type is not repeated: it may
/// be a URL with a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// `file2:` needs a file.
    #[error("the name of the replay cache, \"file2:\", lacks the file: file2:/var/tmp/service.rcache2")]
    NoFile,
    /// There is no colon.
    #[error("{name:?} names no replay cache: a type and a colon come first, such as file2:{name}")]
    NoType {
        /// The name.
        name: String,
    },
    /// The cache exists, but something else is wrong with what stands behind the colon.
    #[error("the name of the replay cache, \"{scheme}:…\": {reason}")]
    Rest {
        /// The type.
        scheme: String,
        /// What is wrong.
        reason: String,
    },
    /// The type is not known.
    #[error("replay caches of the type {scheme:?} are not known here; {} are", .known.join(", "))]
    UnknownType {
        /// What stands before the colon.
        scheme: String,
        /// What could stand there.
        known: Vec<String>,
    },
}

impl ReplayTypes {
    /// The types above, with the user's file in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            further: BTreeMap::new(),
        }
    }

    /// The same with the user's file in another directory.
    #[must_use]
    pub fn in_directory(self, directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            ..self
        }
    }

    /// The same with another type of caches. `make` gets what stands behind the colon.
    #[must_use]
    pub fn with(
        mut self,
        scheme: impl Into<String>,
        make: impl Fn(&str) -> Result<Arc<dyn ReplayCache>, ReplayError> + Send + Sync + 'static,
    ) -> Self {
        self.further.insert(scheme.into(), Arc::new(make));
        self
    }

    /// The cache of this name. Files and servers are not touched before the first authenticator comes.
    ///
    /// # Errors
    /// [`ReplayError::Name`].
    pub fn resolve(&self, name: &str) -> Result<Arc<dyn ReplayCache>, ReplayError> {
        let (scheme, rest) = match name.split_once(':') {
            Some(parts) => parts,
            None if name == DEFAULT => (name, ""),
            None => return Err(ReplayError::Name(NameFault::NoType { name: name.to_owned() })),
        };
        match (scheme, self.further.get(scheme)) {
            (_, Some(make)) => make(rest),
            #[cfg(unix)]
            (DEFAULT, None) => Ok(Arc::new(FileReplayCache::of_user(&self.directory))),
            #[cfg(unix)]
            (FILE, None) if rest.is_empty() => Err(ReplayError::Name(NameFault::NoFile)),
            #[cfg(unix)]
            (FILE, None) => Ok(Arc::new(FileReplayCache::new(rest))),
            (MEMORY, None) => Ok(of_process()),
            (NONE, None) => Ok(Arc::new(NoReplayCache)),
            _ => Err(ReplayError::Name(NameFault::UnknownType {
                scheme: scheme.to_owned(),
                known: self.known(),
            })),
        }
    }

    /// As [`ReplayTypes::resolve`]; a name that leads nowhere gives a cache that always fails and says so, for
    /// programs that may never accept anything.
    #[must_use]
    pub fn resolve_or_fail(&self, name: &str) -> Arc<dyn ReplayCache> {
        self.resolve(name).unwrap_or_else(|_| {
            Arc::new(Unresolved {
                types: self.clone(),
                name: name.to_owned(),
            })
        })
    }

    /// The directory of the user's file.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn known(&self) -> Vec<String> {
        let ours: &[&str] = if cfg!(unix) {
            &[DEFAULT, FILE, MEMORY, NONE]
        } else {
            &[MEMORY, NONE]
        };
        let ours = ours.iter().map(|scheme| format!("{scheme}:"));
        ours.chain(self.further.keys().map(|scheme| format!("{scheme}:")))
            .collect()
    }
}

impl Default for ReplayTypes {
    /// The user's file in `/var/tmp`, as MIT has it.
    fn default() -> Self {
        Self::new("/var/tmp")
    }
}

impl fmt::Debug for ReplayTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayTypes")
            .field("directory", &self.directory)
            .field("further", &self.further.keys())
            .finish()
    }
}

/// A cache that could not be found.
struct Unresolved {
    types: ReplayTypes,
    name: String,
}

impl ReplayCache for Unresolved {
    fn store(&self, acceptance: &Acceptance) -> Result<(), ReplayError> {
        self.types.resolve(&self.name)?.store(acceptance)
    }
}

impl fmt::Debug for Unresolved {
    /// Without the name, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unresolved")
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}

/// An authenticator must not be accepted twice because the program resolves the name twice.
fn of_process() -> Arc<dyn ReplayCache> {
    static CACHE: OnceLock<Arc<MemoryReplayCache>> = OnceLock::new();
    let cache: Arc<MemoryReplayCache> = Arc::clone(CACHE.get_or_init(Arc::default));
    cache
}

#[cfg(unix)]
const FILE: &str = "file2";
const DEFAULT: &str = "dfl";
const MEMORY: &str = "memory";
const NONE: &str = "none";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Tag;
    use super::*;
    use crate::proto::KerberosTime;

    fn acceptance(tag: &[u8]) -> Acceptance {
        Acceptance {
            tag: Tag::of(tag),
            time: KerberosTime(1),
            now: KerberosTime(1),
            skew: Duration::from_secs(1),
        }
    }

    fn fault(name: &str) -> NameFault {
        match ReplayTypes::default().resolve(name) {
            Err(ReplayError::Name(fault)) => fault,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[cfg(unix)]
    #[test]
    fn files_are_named_as_mit_names_them() {
        let types = ReplayTypes::new("/run/service");
        let user = nix::unistd::Uid::effective();
        for (name, path) in [
            ("dfl:", format!("/run/service/krb5_{user}.rcache2")),
            ("dfl", format!("/run/service/krb5_{user}.rcache2")),
            ("file2:/srv/a:b", "/srv/a:b".to_owned()),
        ] {
            let cache = format!("{:?}", types.resolve(name).unwrap());
            let ours = FileReplayCache::of_user("/run/service");
            let expected = if name.starts_with("dfl") {
                assert_eq!(ours.path(), PathBuf::from(path));
                format!("{ours:?}")
            } else {
                format!("{:?}", FileReplayCache::new(path))
            };
            assert_eq!(cache, expected, "{name}");
        }
        assert_eq!(ReplayTypes::default().directory(), Path::new("/var/tmp"));
    }

    #[test]
    fn a_name_that_leads_nowhere_says_what_would() {
        assert_eq!(
            fault("/var/tmp/rcache").to_string(),
            "\"/var/tmp/rcache\" names no replay cache: a type and a colon come first, such as file2:/var/tmp/rcache"
        );
        assert!(fault("file2:").to_string().contains("lacks the file"));
        for (name, scheme) in [("FILE:/x", "FILE"), ("", ""), ("none", ""), ("File2:/x", "File2")] {
            match fault(name) {
                NameFault::UnknownType { scheme: found, .. } => assert_eq!(found, scheme),
                NameFault::NoType { name: found } => assert_eq!(found, name),
                other => panic!("{name}: {other}"),
            }
        }
    }

    #[test]
    fn what_stands_behind_an_unknown_type_is_not_repeated() {
        let fault = fault("redis://user:secret@host/");
        assert!(!format!("{fault} {fault:?}").contains("secret"), "{fault:?}");
    }

    #[test]
    fn the_memory_of_the_process_is_one() {
        let store = || {
            let cache = ReplayTypes::default().resolve("memory:").unwrap();
            cache.store(&acceptance(b"the memory of the process is one"))
        };
        store().unwrap();
        assert!(matches!(store(), Err(ReplayError::Replayed)));
    }

    #[test]
    fn none_must_be_asked_for_and_accepts_everything() {
        let cache = ReplayTypes::default().resolve("none:").unwrap();
        for _ in 0..2 {
            cache.store(&acceptance(b"tag")).unwrap();
        }
    }

    #[test]
    fn a_cache_that_cannot_be_found_accepts_nothing_and_says_why() {
        let cache = ReplayTypes::default().resolve_or_fail("redis://user:secret@host/");
        let error = cache.store(&acceptance(b"tag")).unwrap_err();
        assert!(
            matches!(error, ReplayError::Name(NameFault::UnknownType { .. })),
            "{error:?}"
        );
        assert!(!format!("{cache:?} {error:?} {error}").contains("secret"));
    }

    #[test]
    fn a_program_can_add_types_of_its_own() {
        let types = ReplayTypes::default().with("mine", |rest| {
            assert_eq!(rest, "//here");
            Ok(Arc::new(NoReplayCache))
        });
        assert!(types.resolve("mine://here").is_ok());
        let Err(ReplayError::Name(fault)) = types.resolve("yours:") else {
            panic!("resolved");
        };
        assert!(fault.to_string().ends_with("none:, mine: are"), "{fault}");
    }
}
