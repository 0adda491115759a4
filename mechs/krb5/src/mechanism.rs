//! The calls of the mechglue.

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, AttrSet, EstablishedContext, Flow, Flowing, Initiate, InitiatorContext, Label,
    LocalLogin, MechAttrs, MechCred, MechName, Mechanism, Name, Oid, OptionValue, Result,
};

use crate::acceptor::AwaitApReq;
use crate::cred::{Accepting, KerberosCred, TicketSource, import};
use crate::error::{KerberosError, failed};
use crate::initiator::AwaitTickets;
use crate::name::{KerberosName, NAME_TYPES};
use crate::token::is_raw_ap_req;
use crate::{KRB5, KRB5_MICROSOFT, KerberosEnvironment, acquire, export, local, trace};

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

    /// The tickets of the caller's credential, or the default ones, and what the credential asks for.
    fn initiating(
        &self,
        element: Option<&Arc<dyn MechCred>>,
    ) -> Result<(Arc<TicketSource>, KerberosEnvironment), KerberosError> {
        let environment = self.environment.clone();
        let Some(element) = element else {
            let source = TicketSource::of_defaults(environment.clone());
            return Ok((Arc::new(source), environment));
        };
        let cred = ours(element)?;
        let source = Arc::clone(cred.initiating()?);
        Ok((source, environment.with_options(cred.options().clone())))
    }

    fn accepting(&self, element: Option<&Arc<dyn MechCred>>) -> Result<(Accepting, KerberosEnvironment)> {
        let environment = self.environment.clone();
        let Some(element) = element else {
            return Ok((acquire::default_acceptor(&environment)?, environment));
        };
        let cred = ours(element)?;
        Ok((
            cred.accepting()?.clone(),
            environment.with_options(cred.options().clone()),
        ))
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

    fn local_name(&self, name: &dyn MechName) -> Flowing<Vec<u8>> {
        Ok(Flow::Done(local::name(&self.environment, name)?))
    }

    fn authorize_local_name(&self, name: &Arc<dyn MechName>, user: &[u8]) -> Flowing<LocalLogin> {
        local::authorize(&self.environment, &**name, user)
    }

    fn acquire(&self, request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        let span = tracing::info_span!("acquire", usage = ?request.usage);
        trace::within(&span, || acquire::acquire(&self.environment, request))
    }

    fn import_cred(&self, token: &[u8]) -> Result<Arc<dyn MechCred>> {
        Ok(Arc::new(import(token, &self.environment)?))
    }

    fn set_cred_option(
        &self,
        cred: Option<&Arc<dyn MechCred>>,
        what: Oid,
        value: OptionValue<'_>,
    ) -> Result<Arc<dyn MechCred>> {
        let cred = cred.ok_or(KerberosError::CredentialUsage(
            "without being acquired have options for",
        ))?;
        Ok(Arc::new(ours(cred)?.with_option(what, value)?))
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        let (source, environment) = self.initiating(request.element(&KRB5)?)?;
        let context = AwaitTickets::new(environment, source, request)?;
        Ok(trace::initiator(&request.target, Box::new(context)))
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        let (cred, environment) = self.accepting(request.element(&KRB5)?)?;
        Ok(trace::acceptor(Box::new(AwaitApReq {
            environment,
            cred,
            request: request.clone(),
        })))
    }

    fn import_context(&self, token: &[u8]) -> Result<Box<dyn EstablishedContext>> {
        Ok(export::import(token, self.environment.provider)?)
    }
}
