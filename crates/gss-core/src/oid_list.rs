//! A list of object identifiers for messages.

use std::fmt;

use crate::Oid;

/// OIDs in order; displayed with commas, `none` where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OidList(pub Vec<Oid>);

impl fmt::Display for OidList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (index, oid) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{oid}")?;
        }
        Ok(())
    }
}
