//! The calls of the mechglue.

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, AttrSet, EstablishedContext, Flow, Flowing, Initiate, InitiatorContext, Label,
    MechAttrs, MechCred, MechName, Mechanism, Name, Oid, Result,
};

use crate::acceptor::AwaitClientFirst;
use crate::cred::ScramCred;
use crate::environment::ScramEnvironment;
use crate::error::ScramError;
use crate::hash::ScramHash;
use crate::initiator::AwaitStart;
use crate::name::{NAME_TYPES, ScramName};
use crate::{context, export};

/// A SCRAM mechanism.
#[derive(Clone, Debug)]
pub struct Scram {
    hash: ScramHash,
    environment: ScramEnvironment,
}

impl Scram {
    /// The mechanism of this hash function in these surroundings.
    #[must_use]
    pub fn new(hash: ScramHash, environment: ScramEnvironment) -> Self {
        Self { hash, environment }
    }

    fn ours<'a>(&self, element: &'a Arc<dyn MechCred>) -> Result<&'a ScramCred> {
        let cred = element.downcast_ref::<ScramCred>();
        cred.ok_or_else(|| ScramError::CredentialUsage("of another mechanism is not SCRAM's").of(self.hash))
    }
}

impl Mechanism for Scram {
    fn oid(&self) -> Oid {
        self.hash.oid()
    }

    fn label(&self) -> Label {
        self.hash.label()
    }

    /// Never a default: an acceptor that is somebody else learns enough to guess passwords, so that nobody should
    /// begin this without having been asked to.
    fn attrs(&self) -> MechAttrs {
        MechAttrs::supporting(
            AttrSet::MECH_CONCRETE
                | AttrSet::NOT_DFLT_MECH
                | AttrSet::ITOK_FRAMED
                | AttrSet::AUTH_INIT
                | AttrSet::AUTH_TARG
                | AttrSet::AUTH_INIT_INIT
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

    fn import_name(&self, name: &Name) -> Flowing<Arc<dyn MechName>> {
        let imported = ScramName::import(self.hash, name).map_err(|error| error.failed(self.hash))?;
        Ok(Flow::Done(Arc::new(imported)))
    }

    fn acquire(&self, request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        let acquired = ScramCred::acquire(&self.environment, self.hash, &request);
        Ok(Flow::Done(Arc::new(acquired.map_err(|error| error.failed(self.hash))?)))
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        let Some(element) = request.element(&self.oid())? else {
            let hint = "acquire one with a user's name and a password";
            return Err(ScramError::NoCredential(self.hash, hint).of(self.hash));
        };
        let cred = self
            .ours(element)?
            .initiator(self.hash)
            .map_err(|error| error.of(self.hash))?;
        let start = AwaitStart::new(self.hash, self.environment.clone(), Arc::clone(cred), request);
        Ok(Box::new(start.map_err(|error| error.of(self.hash))?))
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        let users = match request.element(&self.oid())? {
            Some(element) => Arc::clone(
                self.ours(element)?
                    .acceptor(self.hash)
                    .map_err(|error| error.of(self.hash))?,
            ),
            None => self.environment.users.clone().ok_or_else(|| {
                let hint = "name a file of users by SCRAM_USER_FILE, or give users to the program";
                ScramError::NoCredential(self.hash, hint).of(self.hash)
            })?,
        };
        let start = AwaitClientFirst::new(self.hash, self.environment.provider, users, request);
        Ok(Box::new(start.map_err(|error| error.of(self.hash))?))
    }

    fn import_context(&self, token: &[u8]) -> Result<Box<dyn EstablishedContext>> {
        let context: context::ScramContext =
            export::import(self.hash, self.environment.provider, token).map_err(|error| error.of(self.hash))?;
        Ok(Box::new(context))
    }
}
