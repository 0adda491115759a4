//! The calls of the mechglue.

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, AttrSet, EstablishedContext, Flow, Flowing, Initiate, InitiatorContext, Label,
    MechAttrs, MechCred, MechName, Mechanism, Name, Oid, Result,
};

use crate::acceptor::AwaitApReq;
use crate::cred::{Accepting, Initiating, KerberosCred};
use crate::error::{KerberosError, failed};
use crate::initiator::AwaitStart;
use crate::name::{KerberosName, NAME_TYPES};
use crate::token::is_raw_ap_req;
use crate::{KRB5, KRB5_MICROSOFT, KerberosEnvironment, acquire, export};

/// The Kerberos 5 mechanism.
#[derive(Clone, Debug)]
pub struct Krb5 {
    environment: KerberosEnvironment,
}

impl Krb5 {
    /// The mechanism in these surroundings.
    #[must_use]
    pub fn new(environment: KerberosEnvironment) -> Self {
        Self { environment }
    }

    /// What it works with.
    #[must_use]
    pub fn environment(&self) -> &KerberosEnvironment {
        &self.environment
    }

    /// The initiating part of the caller's credential, or of the default one.
    fn initiating(&self, element: Option<&Arc<dyn MechCred>>) -> Result<Initiating, KerberosError> {
        match element {
            Some(element) => Ok(ours(element)?.initiating()?.clone()),
            None => Initiating::from_cache(self.environment.caches().cache(&self.environment.ccache)?),
        }
    }

    fn accepting(&self, element: Option<&Arc<dyn MechCred>>) -> Result<Accepting> {
        match element {
            Some(element) => Ok(ours(element)?.accepting()?.clone()),
            None => acquire::default_acceptor(&self.environment),
        }
    }
}

fn ours(element: &Arc<dyn MechCred>) -> Result<&KerberosCred, KerberosError> {
    element.downcast_ref().ok_or(KerberosError::CredentialUsage(
        "of another mechanism initiate or accept Kerberos",
    ))
}

impl Mechanism for Krb5 {
    fn oid(&self) -> Oid {
        KRB5
    }

    fn aliases(&self) -> &[Oid] {
        &[KRB5_MICROSOFT]
    }

    fn label(&self) -> Label {
        Label {
            name: "krb5",
            sasl: "GS2-KRB5",
            description: "Kerberos 5 (RFC 4121)",
        }
    }

    fn attrs(&self) -> MechAttrs {
        MechAttrs::supporting(
            AttrSet::MECH_CONCRETE
                | AttrSet::ITOK_FRAMED
                | AttrSet::AUTH_INIT
                | AttrSet::AUTH_TARG
                | AttrSet::AUTH_INIT_INIT
                | AttrSet::DELEG_CRED
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
        is_raw_ap_req(token)
    }

    fn import_name(&self, name: &Name) -> Flowing<Arc<dyn MechName>> {
        let imported = KerberosName::import(name, &self.environment.settings).map_err(failed)?;
        Ok(Flow::Done(Arc::new(imported)))
    }

    fn acquire(&self, request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        acquire::acquire(&self.environment, request)
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        let cred = self.initiating(request.element(&KRB5)?)?;
        Ok(Box::new(AwaitStart::new(self.environment.clone(), cred, request)?))
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        let cred = self.accepting(request.element(&KRB5)?)?;
        Ok(Box::new(AwaitApReq {
            environment: self.environment.clone(),
            cred,
            request: request.clone(),
        }))
    }

    fn import_context(&self, token: &[u8]) -> Result<Box<dyn EstablishedContext>> {
        Ok(export::import(token, self.environment.provider)?)
    }
}
