//! Names of caches and keytabs: a type and what it says.

use std::path::Path;

use crate::error::Error;

/// Where a name leads.
pub(crate) enum Scheme<'a> {
    File(&'a Path),
    Memory(&'a str),
}

impl<'a> Scheme<'a> {
    /// `TYPE:rest`; a path alone, which starts with a slash or has no colon, is a file.
    pub(crate) fn split(name: &'a str) -> Result<Self, Error> {
        if name.starts_with('/') {
            return Ok(Self::File(Path::new(name)));
        }
        match name.split_once(':') {
            None | Some(("FILE", _)) => Ok(Self::File(Path::new(name.strip_prefix("FILE:").unwrap_or(name)))),
            Some(("MEMORY", rest)) => Ok(Self::Memory(rest)),
            Some((scheme, _)) => Err(Error::UnknownType {
                name: name.to_owned(),
                scheme: scheme.to_owned(),
            }),
        }
    }
}
