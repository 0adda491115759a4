//! Names, RFC 5802 §8.1: users, who are authenticated, and services, which are not.

use gss_core::exported_name::{ExportedName, Form};
use gss_core::{Error, MechName, Name, Oid, Result, name_type};

use crate::error::{NameFault, ScramError};
use crate::hash::ScramHash;
use crate::prepare::{NotPrepared, prepared};

/// The types of names that can be imported.
pub(crate) const NAME_TYPES: [Oid; 4] = [
    name_type::USER,
    name_type::HOSTBASED_SERVICE,
    name_type::HOSTBASED_SERVICE_X,
    name_type::EXPORTED,
];

/// A name of a SCRAM mechanism.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScramName {
    hash: ScramHash,
    party: Party,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Party {
    /// Prepared by SASLprep.
    User(String),
    /// As it was given: SCRAM does not tell the acceptor whom the initiator talks to.
    Service(String),
}

impl ScramName {
    /// The name of a user, which SASLprep prepares.
    ///
    /// # Errors
    /// [`ScramError::Name`].
    pub fn user(hash: ScramHash, name: &str) -> Result<Self, ScramError> {
        match prepared(name) {
            Ok(name) => Ok(Self::of_prepared(hash, name.into_owned())),
            Err(reason) => Err(bad(name.as_bytes(), NameFault::NotPrepared(reason))),
        }
    }

    pub(crate) fn of_prepared(hash: ScramHash, name: String) -> Self {
        Self {
            hash,
            party: Party::User(name),
        }
    }

    /// Reads a name. Without a type it is a user's.
    pub(crate) fn import(hash: ScramHash, name: &Name) -> Result<Self, ScramError> {
        if let Some(known) = name.mech_name(&hash.oid()).and_then(|name| name.downcast_ref::<Self>()) {
            return Ok(known.clone());
        }
        let octets = name.as_octets();
        let text =
            |octets| std::str::from_utf8(octets).map_err(|_| bad(octets, NameFault::NotPrepared(NotPrepared::NotText)));
        match name.name_type() {
            None | Some(name_type::USER) => Self::user(hash, text(octets)?),
            Some(name_type::HOSTBASED_SERVICE | name_type::HOSTBASED_SERVICE_X) => Ok(Self {
                hash,
                party: Party::Service(text(octets)?.to_owned()),
            }),
            Some(name_type::EXPORTED) => {
                let exported = ExportedName::parse(octets).ok().filter(|name| name.mech == hash.oid());
                let exported = exported.ok_or_else(|| bad(octets, NameFault::Exported))?;
                let user = text(exported.name)?;
                // Access lists compare exported names octet by octet: a user has one only.
                let canonical = prepared(user).is_ok_and(|prepared| prepared == user);
                if !canonical {
                    return Err(bad(octets, NameFault::Exported));
                }
                Ok(Self::of_prepared(hash, user.to_owned()))
            }
            Some(_) => Err(bad(octets, NameFault::Type)),
        }
    }

    /// The user, prepared.
    ///
    /// # Errors
    /// [`ScramError::Name`] if it is a service.
    pub(crate) fn as_user(&self) -> Result<&str, ScramError> {
        match &self.party {
            Party::User(name) => Ok(name),
            Party::Service(name) => Err(bad(name.as_bytes(), NameFault::Service)),
        }
    }
}

impl MechName for ScramName {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        Ok(match &self.party {
            Party::User(name) => (name.clone().into_bytes(), name_type::USER),
            Party::Service(name) => (name.clone().into_bytes(), name_type::HOSTBASED_SERVICE),
        })
    }

    /// RFC 5802 §8.1: the user's name. A service's would look the same, and has none.
    fn export(&self) -> Result<Vec<u8>> {
        let Party::User(name) = &self.party else {
            return Err(Error::UNAVAILABLE);
        };
        let exported = ExportedName {
            form: Form::Plain,
            mech: self.hash.oid(),
            name: name.as_bytes(),
        };
        Ok(exported.to_octets()?)
    }

    fn same(&self, other: &dyn MechName) -> Result<bool> {
        Ok(other.downcast_ref::<Self>() == Some(self))
    }
}

fn bad(name: &[u8], reason: NameFault) -> ScramError {
    ScramError::Name {
        name: String::from_utf8_lossy(name).into_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests;
