//! The calls of the mechglue.

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, AttrSet, Error, Flowing, Initiate, InitiatorContext, Label, MechAttrs, MechCred,
    MechName, Mechanism, Name, Oid, Result, Snapshot, StepError,
};

use crate::SPNEGO;
use crate::acceptor::{AwaitInit, Spoken};
use crate::initiator::AwaitStart;
use crate::reassembly::{self, Reassembly};

/// The negotiator of other mechanisms.
///
/// It has no credentials of its own: a caller's credential with elements for other mechanisms says which may be
/// negotiated, and [`Credential::negotiable`](gss_core::Credential::negotiable) restricts and orders them
/// (`gss_set_neg_mechs`), as do [`Initiate::negotiable`] and [`Accept::negotiable`] for one context. Without any of
/// these, it is the registry's mechanisms that RFC 5587 calls neither deprecated nor not default.
#[derive(Clone, Debug)]
pub struct Spnego {
    below: Snapshot,
    name_types: Arc<[Oid]>,
    reassembly: Reassembly,
}

impl Spnego {
    /// A negotiator of the mechanisms `below`.
    #[must_use]
    pub fn new(below: Snapshot) -> Self {
        let mut name_types: Vec<Oid> = below.defaults().flat_map(|mech| mech.name_types().to_vec()).collect();
        name_types.sort_unstable();
        name_types.dedup();
        Self {
            below,
            name_types: name_types.into(),
            reassembly: Reassembly::Off,
        }
    }

    /// The same that takes tokens in parts, or not.
    #[must_use]
    pub fn with_reassembly(self, reassembly: Reassembly) -> Self {
        Self { reassembly, ..self }
    }
}

impl Mechanism for Spnego {
    fn oid(&self) -> Oid {
        SPNEGO
    }

    fn label(&self) -> Label {
        Label {
            name: "spnego",
            sasl: "SPNEGO",
            description: "SPNEGO negotiation (RFC 4178)",
        }
    }

    fn attrs(&self) -> MechAttrs {
        MechAttrs::supporting(AttrSet::MECH_NEGO | AttrSet::ITOK_FRAMED)
    }

    fn name_types(&self) -> &[Oid] {
        &self.name_types
    }

    /// An empty first token asks the acceptor to speak first, [MS-SPNG] §3.2.5.2.
    fn claims_unframed(&self, token: &[u8]) -> bool {
        token.is_empty()
    }

    /// The name in the form of the first mechanism: which one is chosen turns out later.
    fn import_name(&self, name: &Name) -> Flowing<Arc<dyn MechName>> {
        let first = self.below.defaults().next();
        first.ok_or(Error::UNAVAILABLE)?.import_name(name)
    }

    fn acquire(&self, _request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        Err(StepError::from(Error::UNAVAILABLE))
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        let start = AwaitStart {
            below: self.below.clone(),
            request: request.clone(),
        };
        Ok(reassembly::initiator(Box::new(start), self.reassembly))
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        let start = AwaitInit {
            below: self.below.clone(),
            request: request.clone(),
            spoken: Spoken::Nothing,
        };
        Ok(reassembly::acceptor(Box::new(start), self.reassembly))
    }
}
