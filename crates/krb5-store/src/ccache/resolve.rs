//! Names of caches.

use std::sync::Arc;

use super::cache::CredentialCache;
#[cfg(unix)]
use super::file::FileCache;
use super::memory::MemoryCache;
use crate::error::Error;
use crate::name::Scheme;

/// The cache of this name: `FILE:` and a path, `MEMORY:` and a name, or a path alone. It need not
/// exist yet.
///
/// # Errors
/// [`Error::UnknownType`] for types that are not supported, such as `DIR:`, `KCM:` and `KEYRING:`.
pub fn resolve(name: &str) -> Result<Arc<dyn CredentialCache>, Error> {
    match Scheme::split(name)? {
        #[cfg(unix)]
        Scheme::File(path) => Ok(Arc::new(FileCache::new(path))),
        Scheme::Memory(name) => Ok(MemoryCache::named(name)),
    }
}

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
        ];
        for (name, expected) in cases {
            assert_eq!(resolve(name).unwrap().name(), expected);
        }
    }

    #[test]
    fn other_types_are_errors_that_name_them() {
        for (name, scheme) in [
            ("KCM:", "KCM"),
            ("DIR:/tmp/x", "DIR"),
            ("KEYRING:persistent:0", "KEYRING"),
            (":x", ""),
        ] {
            let Err(Error::UnknownType { scheme: found, .. }) = resolve(name) else {
                panic!("{name}")
            };
            assert_eq!(found, scheme);
        }
    }
}
