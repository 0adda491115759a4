//! Names of caches and keytabs: a type and what it says.

#[cfg(unix)]
use std::path::Path;

use crate::error::Error;

/// Where a name leads.
pub(crate) enum Scheme<'a> {
    #[cfg(unix)]
    File(&'a Path),
    Memory(&'a str),
}

impl<'a> Scheme<'a> {
    /// `TYPE:rest`; a path alone, which starts with a slash or has no colon, is a file.
    pub(crate) fn split(name: &'a str) -> Result<Self, Error> {
        let (scheme, rest) = match name.split_once(':') {
            Some((scheme, rest)) if !name.starts_with('/') => (scheme, rest),
            _ => ("FILE", name),
        };
        match scheme {
            #[cfg(unix)]
            "FILE" => Ok(Self::File(Path::new(rest))),
            "MEMORY" => Ok(Self::Memory(rest)),
            _ => Err(Error::UnknownType {
                name: name.to_owned(),
                scheme: scheme.to_owned(),
            }),
        }
    }
}
