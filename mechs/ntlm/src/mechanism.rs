//! The calls of the mechglue.

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, AttrSet, EstablishedContext, Flags, Flow, Flowing, Initiate, InitiatorContext,
    Label, MechAttrs, MechCred, MechName, Mechanism, Name, Oid, Result,
};

use crate::acceptor::AwaitNegotiate;
use crate::cred::{Accepting, Identity, NtlmCred};
use crate::error::{NtlmError, failed};
use crate::initiator::AwaitStart;
use crate::message::Message;
use crate::name::{NAME_TYPES, NtlmName};
use crate::{NTLM, NtlmEnvironment, acquire, export};

/// The NTLM mechanism.
#[derive(Clone, Debug)]
pub struct Ntlm {
    environment: NtlmEnvironment,
}

impl Ntlm {
    /// The mechanism in these surroundings.
    #[must_use]
    pub fn new(environment: NtlmEnvironment) -> Self {
        Self { environment }
    }

    /// What it works with.
    #[must_use]
    pub fn environment(&self) -> &NtlmEnvironment {
        &self.environment
    }

    fn identity(&self, request: &Initiate) -> Result<Identity> {
        if request.flags.contains(Flags::ANON) {
            return Ok(Identity::Anonymous);
        }
        match request.element(&NTLM)? {
            Some(element) => Ok(ours(element)?.initiating()?.clone()),
            None => {
                let default = acquire::acquire(&self.environment, &Acquire::initiate())?;
                Ok(ours(&default)?.initiating()?.clone())
            }
        }
    }

    fn accepting(&self, request: &Accept) -> Result<Accepting> {
        match request.element(&NTLM)? {
            Some(element) => Ok(ours(element)?.accepting()?.clone()),
            None => acquire::default_acceptor(&self.environment),
        }
    }
}

fn ours(element: &Arc<dyn MechCred>) -> Result<&NtlmCred, NtlmError> {
    element.downcast_ref().ok_or(NtlmError::Credential(
        "of another mechanism neither initiate nor accept NTLM",
    ))
}

impl Mechanism for Ntlm {
    fn oid(&self) -> Oid {
        NTLM
    }

    fn label(&self) -> Label {
        Label {
            name: "ntlm",
            sasl: "GS2-NTLM",
            description: "NTLM ([MS-NLMP])",
        }
    }

    /// Not a default: it is negotiated where somebody names it.
    fn attrs(&self) -> MechAttrs {
        MechAttrs::supporting(
            AttrSet::MECH_CONCRETE
                | AttrSet::NOT_DFLT_MECH
                | AttrSet::AUTH_INIT
                | AttrSet::AUTH_INIT_INIT
                | AttrSet::AUTH_INIT_ANON
                | AttrSet::INTEG_PROT
                | AttrSet::CONF_PROT
                | AttrSet::MIC
                | AttrSet::WRAP
                | AttrSet::REPLAY_DET
                | AttrSet::OOS_DET
                | AttrSet::CBINDINGS
                | AttrSet::CTX_TRANS,
        )
    }

    fn name_types(&self) -> &[Oid] {
        &NAME_TYPES
    }

    fn claims_unframed(&self, token: &[u8]) -> bool {
        Message::has_signature(token)
    }

    fn import_name(&self, name: &Name) -> Flowing<Arc<dyn MechName>> {
        Ok(Flow::Done(Arc::new(NtlmName::import(name).map_err(failed)?)))
    }

    fn acquire(&self, request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        Ok(Flow::Done(acquire::acquire(&self.environment, &request)?))
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        let identity = self.identity(request)?;
        let context = AwaitStart::new(self.environment.clone(), identity, request)?;
        Ok(Box::new(context))
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        Ok(Box::new(AwaitNegotiate {
            environment: self.environment.clone(),
            cred: self.accepting(request)?,
            request: request.clone(),
        }))
    }

    fn import_context(&self, token: &[u8]) -> Result<Box<dyn EstablishedContext>> {
        Ok(export::import(token, self.environment.provider)?)
    }
}
