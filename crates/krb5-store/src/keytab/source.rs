//! Where keytabs are kept.

use std::fmt::Debug;
use std::sync::Arc;

#[cfg(unix)]
use super::file::FileKeytab;
use super::format::Keytab;
use super::memory::MemoryKeytab;
use crate::error::Error;
use crate::name;

/// A keytab, wherever it is kept.
pub trait KeySource: Debug + Send + Sync {
    /// Its name with the type, such as `FILE:/etc/krb5.keytab`, which [`resolve`] understands.
    fn name(&self) -> String;

    /// The keys that are in it now. The same value as before if nothing has changed.
    ///
    /// # Errors
    /// [`Error::NoKeytab`] if there is none; what keeps it from being read or understood.
    fn read(&self) -> Result<Arc<Keytab>, Error>;
}

/// The keytab of this name: `FILE:` (or `WRFILE:`) and a path, `MEMORY:` and a name, or a path alone.
/// It need not exist yet.
///
/// # Errors
/// [`Error::UnknownType`] for other types.
pub fn resolve(name: &str) -> Result<Arc<dyn KeySource>, Error> {
    match name::split(name) {
        #[cfg(unix)]
        ("FILE" | "WRFILE", path) => Ok(Arc::new(FileKeytab::new(path))),
        ("MEMORY", name) => Ok(MemoryKeytab::named(name)),
        (scheme, _) => Err(Error::UnknownType {
            name: name.to_owned(),
            scheme: scheme.to_owned(),
            supported: "FILE: and MEMORY:",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_type() {
        let cases = [
            ("FILE:/etc/krb5.keytab", "FILE:/etc/krb5.keytab"),
            ("WRFILE:/k", "FILE:/k"),
            ("/k", "FILE:/k"),
            ("MEMORY:x", "MEMORY:x"),
        ];
        for (name, expected) in cases {
            assert_eq!(resolve(name).unwrap().name(), expected);
        }
        assert!(matches!(resolve("SRVTAB:/etc/srvtab"), Err(Error::UnknownType { .. })));
    }
}
