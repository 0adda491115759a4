//! Credentials: who initiates, and whom an acceptor asks.

use std::fmt;
use std::sync::Arc;

use gss_core::{CredInfo, CredUsage, Flow, Flowing, MechCred, MechName};

use crate::error::NtlmError;
use crate::name::NtlmName;
use crate::{AccountName, NtHash, UserDatabase};

/// A credential of NTLM's.
#[derive(Clone, Debug)]
pub struct NtlmCred {
    pub(crate) initiating: Option<Identity>,
    pub(crate) accepting: Option<Accepting>,
}

/// As whom to initiate.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// As nobody.
    Anonymous,
    /// As a user.
    User(AccountName, Arc<NtHash>),
}

/// Whom to ask, and as what.
#[derive(Clone)]
pub(crate) struct Accepting {
    pub(crate) users: Arc<dyn UserDatabase>,
    /// The service that clients must mean; any if `None`.
    pub(crate) service: Option<NtlmName>,
}

impl NtlmCred {
    /// As whom it initiates.
    ///
    /// # Errors
    /// [`NtlmError::Credential`].
    pub(crate) fn initiating(&self) -> Result<&Identity, NtlmError> {
        self.initiating.as_ref().ok_or(NtlmError::Credential(
            "that were acquired for accepting cannot initiate",
        ))
    }

    /// Whom it asks.
    ///
    /// # Errors
    /// [`NtlmError::Credential`].
    pub(crate) fn accepting(&self) -> Result<&Accepting, NtlmError> {
        self.accepting
            .as_ref()
            .ok_or(NtlmError::Credential("that were acquired for initiating cannot accept"))
    }
}

impl Identity {
    /// The name.
    pub(crate) fn name(&self) -> NtlmName {
        match self {
            Self::Anonymous => NtlmName::Anonymous,
            Self::User(account, _) => NtlmName::User(account.clone()),
        }
    }
}

impl MechCred for NtlmCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        let of_service = || self.accepting.as_ref().and_then(|accepting| accepting.service.clone());
        let name = self.initiating.as_ref().map(Identity::name).or_else(of_service);
        Ok(Flow::Done(CredInfo {
            name: name.map(|name| -> Arc<dyn MechName> { Arc::new(name) }),
            usage: match (&self.initiating, &self.accepting) {
                (Some(_), None) => CredUsage::Initiate,
                (None, Some(_)) => CredUsage::Accept,
                _ => CredUsage::Both,
            },
            initiate_until: None,
            accept_until: None,
        }))
    }
}

impl fmt::Debug for Accepting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepting")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
