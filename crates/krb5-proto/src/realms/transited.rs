//! The realms that a ticket has passed through, RFC 4120 §3.3.3.2.
//!
//! ```text
//! EDU,MIT.,ATHENA.,WASHINGTON.EDU,CS.     a final dot: before the name in front
//! /COM,/HP,/APOLLO, /COM/DEC              a first slash: after the name in front, unless a space precedes it
//! ,EDU, /COM,                             nothing: all between the names in front and behind, or the ends
//! A\,B,C\\D                               a backslash takes the meaning from the octet that follows
//! ```

#[cfg(test)]
mod tests;

use super::{CaPaths, MAX_PATH, hierarchy};
use crate::Realm;
use crate::messages::TransitedEncoding;

/// DOMAIN-X500-COMPRESS, the one encoding that is defined.
pub const DOMAIN_X500_COMPRESS: i32 = 1;

/// What is wrong with the realms that a ticket has passed through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransitedFault {
    /// The encoding is of an unknown type.
    #[error("it lists them in the encoding {0}, which is not known")]
    Encoding(i32),
    /// The list is malformed.
    #[error("its list of them is malformed")]
    Malformed,
    /// There are more realms than a path has, or a name is longer than any.
    #[error("its list of them is too long")]
    TooLong,
    /// A realm that is not on the path.
    #[error("{0} is not on the path between the client's realm and the server's")]
    Untrusted(Realm),
}

/// The realms in `field`, in their order, between those of `client` and `server`.
///
/// # Errors
/// [`TransitedFault`], all but [`Untrusted`](TransitedFault::Untrusted). What is read is bounded: [`MAX_PATH`] realms of
/// 1000 octets.
pub fn decode(field: &TransitedEncoding, client: &Realm, server: &Realm) -> Result<Vec<Realm>, TransitedFault> {
    if field.contents.is_empty() {
        return Ok(Vec::new());
    }
    if field.tr_type != DOMAIN_X500_COMPRESS {
        return Err(TransitedFault::Encoding(field.tr_type));
    }
    let stops = stops(&field.contents)?;
    let mut realms = Vec::new();
    let mut front = client;
    for (index, stop) in stops.iter().enumerate() {
        match stop {
            Stop::Realm(realm) => {
                push(&mut realms, realm.clone())?;
                front = realm;
            }
            Stop::AllBetween => {
                let behind = stops.iter().skip(index).find_map(Stop::realm).unwrap_or(server);
                for realm in all_between(front, behind)? {
                    push(&mut realms, realm)?;
                }
            }
        }
    }
    Ok(realms)
}

/// The field for `realms`, each by its full name.
#[must_use]
pub fn encode(realms: &[Realm]) -> TransitedEncoding {
    let mut contents = Vec::new();
    for (index, realm) in realms.iter().enumerate() {
        if index > 0 {
            contents.push(b',');
        }
        // After a name, one that begins with a slash would be its continuation.
        if index > 0 && realm.starts_with(b"/") {
            contents.push(b' ');
        }
        quote(realm, &mut contents);
    }
    TransitedEncoding {
        tr_type: DOMAIN_X500_COMPRESS,
        contents: contents.into(),
    }
}

/// Checks that `field` names nothing but realms on the path from `client` to `server`.
///
/// # Errors
/// [`TransitedFault`].
pub fn check(field: &TransitedEncoding, client: &Realm, server: &Realm, paths: &CaPaths) -> Result<(), TransitedFault> {
    let path = paths.path(client, server);
    let realms = decode(field, client, server)?;
    match realms.into_iter().find(|realm| !path.contains(realm)) {
        Some(realm) => Err(TransitedFault::Untrusted(realm)),
        None => Ok(()),
    }
}

/// One part of the list.
enum Stop {
    Realm(Realm),
    /// A null subfield.
    AllBetween,
}

impl Stop {
    fn realm(&self) -> Option<&Realm> {
        match self {
            Self::Realm(realm) => Some(realm),
            Self::AllBetween => None,
        }
    }
}

/// A subfield without its quoting.
#[derive(Default)]
struct Subfield {
    octets: Vec<u8>,
    /// The first octet, unless it is quoted.
    first: Option<u8>,
    /// The last octet, unless it is quoted.
    last: Option<u8>,
}

fn stops(contents: &[u8]) -> Result<Vec<Stop>, TransitedFault> {
    let mut stops: Vec<Stop> = Vec::new();
    for subfield in split(contents)? {
        let stop = if subfield.octets.is_empty() {
            Stop::AllBetween
        } else {
            let front = stops.iter().rev().find_map(Stop::realm);
            Stop::Realm(subfield.expand(front)?)
        };
        // Two null subfields in a row, as in the list `,`, say it twice.
        if !matches!((stops.last(), &stop), (Some(Stop::AllBetween), Stop::AllBetween)) {
            stops.push(stop);
        }
        if stops.len() > MAX_PATH {
            return Err(TransitedFault::TooLong);
        }
    }
    Ok(stops)
}

/// The subfields between commas.
fn split(contents: &[u8]) -> Result<Vec<Subfield>, TransitedFault> {
    let mut subfields = vec![Subfield::default()];
    let mut rest = contents.iter();
    while let Some(octet) = rest.next() {
        if *octet == b',' {
            if subfields.len() > MAX_SUBFIELDS {
                return Err(TransitedFault::TooLong);
            }
            subfields.push(Subfield::default());
            continue;
        }
        let (octet, special) = match octet {
            b'\\' => (*rest.next().ok_or(TransitedFault::Malformed)?, None),
            plain => (*plain, Some(*plain)),
        };
        if let Some(subfield) = subfields.last_mut() {
            if subfield.octets.is_empty() {
                subfield.first = special;
            }
            subfield.last = special;
            subfield.octets.push(octet);
        }
    }
    Ok(subfields)
}

impl Subfield {
    /// The realm that it stands for, after the realm in `front`.
    fn expand(self, front: Option<&Realm>) -> Result<Realm, TransitedFault> {
        let Self {
            mut octets,
            first,
            last,
        } = self;
        match (first, last, front) {
            (Some(b' '), ..) => {
                octets.remove(0);
            }
            (Some(b'/'), _, Some(front)) => octets.splice(0..0, front.iter().copied()).for_each(drop),
            (_, Some(b'.'), Some(front)) => octets.extend_from_slice(front),
            (_, Some(b'.'), None) => return Err(TransitedFault::Malformed),
            _ => {}
        }
        if octets.len() > MAX_REALM {
            return Err(TransitedFault::TooLong);
        }
        if octets.is_empty() {
            return Err(TransitedFault::Malformed);
        }
        Ok(Realm::new(octets))
    }
}

/// All realms between two of one hierarchy.
fn all_between(front: &Realm, behind: &Realm) -> Result<Vec<Realm>, TransitedFault> {
    let way = hierarchy::between(front, behind).ok_or(TransitedFault::TooLong)?;
    if shares_root(front, behind) {
        Ok(way)
    } else {
        Err(TransitedFault::Malformed)
    }
}

/// Whether a way exists that does not leap from one root to another.
fn shares_root(one: &Realm, other: &Realm) -> bool {
    let root = |realm: &Realm| -> Vec<u8> {
        let octets = realm.as_bytes();
        match octets.strip_prefix(b"/") {
            Some(rest) => [b"/", rest.split(|octet| *octet == b'/').next().unwrap_or_default()].concat(),
            None => octets
                .rsplit(|octet| *octet == b'.')
                .next()
                .unwrap_or_default()
                .to_vec(),
        }
    };
    root(one) == root(other)
}

fn push(realms: &mut Vec<Realm>, realm: Realm) -> Result<(), TransitedFault> {
    if realms.len() >= MAX_PATH {
        return Err(TransitedFault::TooLong);
    }
    if !realms.contains(&realm) {
        realms.push(realm);
    }
    Ok(())
}

fn quote(realm: &Realm, out: &mut Vec<u8>) {
    let last = realm.len().saturating_sub(1);
    for (index, octet) in realm.iter().enumerate() {
        let special = match octet {
            b',' | b'\\' => true,
            b' ' => index == 0,
            b'.' => index == last,
            _ => false,
        };
        if special {
            out.push(b'\\');
        }
        out.push(*octet);
    }
}

/// The longest name of a realm, in octets.
const MAX_REALM: usize = 1000;
/// Subfields that are looked at: each name may have a null subfield on either side.
const MAX_SUBFIELDS: usize = 3 * MAX_PATH;
