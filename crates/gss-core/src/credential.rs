//! Credentials and where they come from: RFC 2743 §1.1.1, RFC 5588.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::{CoreError, CredStore, Error, ErrorKind, MechCred, MechName, Name, Octets, Oid, OidList};

/// A credential: one element for each of several mechanisms, in the order of preference.
#[derive(Clone, Default)]
pub struct Credential {
    /// The mechanisms' own credentials.
    pub elements: Vec<(Oid, Arc<dyn MechCred>)>,
    /// What a negotiator may choose from and in which order (`gss_set_neg_mechs`); `None` for all elements.
    pub negotiable: Option<Arc<[Oid]>>,
}

impl Credential {
    /// A credential of one mechanism.
    #[must_use]
    pub fn single(mech: Oid, cred: Arc<dyn MechCred>) -> Self {
        Self {
            elements: vec![(mech, cred)],
            negotiable: None,
        }
    }

    /// The element for `mech`.
    #[must_use]
    pub fn element(&self, mech: &Oid) -> Option<&Arc<dyn MechCred>> {
        self.elements.iter().find(|(of, _)| of == mech).map(|(_, cred)| cred)
    }

    /// The mechanisms it has elements for, in order.
    pub fn mechs(&self) -> impl Iterator<Item = Oid> + '_ {
        self.elements.iter().map(|(mech, _)| *mech)
    }

    /// Adds an element behind the others (`gss_add_cred`).
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateElement`] if it has one for this mechanism.
    pub fn add(&mut self, mech: Oid, cred: Arc<dyn MechCred>) -> Result<(), Error> {
        if self.element(&mech).is_some() {
            return Err(ErrorKind::DuplicateElement.into());
        }
        self.elements.push((mech, cred));
        Ok(())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("mechs", &self.mechs().collect::<Vec<_>>())
            .field("negotiable", &self.negotiable)
            .finish()
    }
}

/// The element of a caller's credential that a mechanism is to use.
///
/// No credential at all means the mechanism's default; a credential without an element for this mechanism is an
/// error, never the default.
///
/// # Errors
/// [`ErrorKind::NoCred`] if `cred` has no element for `mech`.
pub fn element_for<'a>(cred: Option<&'a Credential>, mech: &Oid) -> Result<Option<&'a Arc<dyn MechCred>>, Error> {
    let Some(cred) = cred else { return Ok(None) };
    match cred.element(mech) {
        Some(element) => Ok(Some(element)),
        None => {
            let reason = CoreError::NoElement {
                mech: *mech,
                present: OidList(cred.mechs().collect()),
            };
            Err(Error::core(ErrorKind::NoCred, reason))
        }
    }
}

/// What a credential is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CredUsage {
    /// Initiating and accepting.
    #[default]
    Both,
    /// Initiating contexts.
    Initiate,
    /// Accepting contexts.
    Accept,
}

impl CredUsage {
    /// Whether contexts can be initiated with it.
    #[must_use]
    pub fn initiates(self) -> bool {
        matches!(self, Self::Both | Self::Initiate)
    }

    /// Whether contexts can be accepted with it.
    #[must_use]
    pub fn accepts(self) -> bool {
        matches!(self, Self::Both | Self::Accept)
    }
}

/// A request for a credential, RFC 2743 §2.1.1, `gss_acquire_cred_from`.
#[derive(Clone, Debug, Default)]
pub struct Acquire {
    /// Whose credential; `None` for the default identity.
    pub name: Option<Name>,
    /// What it is for.
    pub usage: CredUsage,
    /// How long it is to last; `None` for the default.
    pub lifetime: Option<Duration>,
    /// Where it comes from.
    pub source: CredSource,
}

impl Acquire {
    /// The default identity's credential for initiating contexts.
    #[must_use]
    pub fn initiate() -> Self {
        Self {
            usage: CredUsage::Initiate,
            ..Self::default()
        }
    }

    /// The default identity's credential for accepting contexts.
    #[must_use]
    pub fn accept() -> Self {
        Self {
            usage: CredUsage::Accept,
            ..Self::default()
        }
    }

    /// The same for this name.
    #[must_use]
    pub fn named(self, name: Name) -> Self {
        Self {
            name: Some(name),
            ..self
        }
    }

    /// The same from this store.
    #[must_use]
    pub fn from_store(self, store: CredStore) -> Self {
        Self {
            source: CredSource::Store(store),
            ..self
        }
    }

    /// The same with this password.
    #[must_use]
    pub fn with_password(self, password: Octets) -> Self {
        Self {
            source: CredSource::Password(Arc::new(password)),
            ..self
        }
    }
}

/// Where a credential comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum CredSource {
    /// The environment's default.
    #[default]
    Default,
    /// This password (`gss_acquire_cred_with_password`).
    Password(Arc<Octets>),
    /// This store (`gss_acquire_cred_from`).
    Store(CredStore),
}

/// What is known of a credential element, RFC 2743 §2.1.3. Times are since 1970; `None` means that it does not
/// expire, or that it is not for this use.
#[derive(Clone, Debug, Default)]
pub struct CredInfo {
    /// Whose it is, if it is anyone's in particular.
    pub name: Option<Arc<dyn MechName>>,
    /// What it can be used for.
    pub usage: CredUsage,
    /// Until when it can initiate contexts.
    pub initiate_until: Option<Duration>,
    /// Until when it can accept contexts.
    pub accept_until: Option<Duration>,
}

/// A request to store a credential element, RFC 5588 §3.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// Which use of it to store.
    pub usage: CredUsage,
    /// What to do with a credential that is there already.
    pub existing: Existing,
    /// Whether it becomes the default one.
    pub rank: Rank,
    /// Where to; `None` for the environment's default.
    pub store: Option<CredStore>,
}

/// What to do with a credential that is stored already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Leave it and fail with [`ErrorKind::DuplicateElement`].
    #[default]
    Keep,
    /// Replace it.
    Overwrite,
}

/// Whether a stored credential becomes the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rank {
    /// It is stored beside the default.
    #[default]
    Ordinary,
    /// It becomes the default.
    Default,
}

/// What has been stored of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The use that was stored.
    pub usage: CredUsage,
}

/// What has been stored of a credential, RFC 5588 §3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredElements {
    /// The mechanisms whose elements were stored, in the credential's order.
    pub mechs: Vec<Oid>,
    /// The use that was stored.
    pub usage: CredUsage,
}

#[cfg(test)]
mod tests;
