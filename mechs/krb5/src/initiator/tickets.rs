//! Before a context begins: whose tickets it uses.

use std::sync::Arc;

use gss_core::{Flowing, Handshake, Initiate, InitiatorContext, Progress, Role, Step};

use super::AwaitStart;
use crate::cred::{Target, TicketSource};
use crate::error::KerberosError;
use crate::name::KerberosName;
use crate::{KRB5, KerberosEnvironment};

/// A context whose client may depend on the target. Its first step finds the tickets, and goes on with them.
pub(crate) struct AwaitTickets {
    environment: KerberosEnvironment,
    source: Arc<TicketSource>,
    target: Target,
    request: Initiate,
}

impl AwaitTickets {
    /// # Errors
    /// [`KerberosError::Name`] if the target is not the name of a service.
    pub(crate) fn new(
        environment: KerberosEnvironment,
        source: Arc<TicketSource>,
        request: &Initiate,
    ) -> Result<Self, KerberosError> {
        let name = KerberosName::import(&request.target, &environment.settings)?;
        super::Target::of(&name)?;
        Ok(Self {
            target: Target::of(&name, &environment.settings),
            environment,
            source,
            request: request.clone(),
        })
    }
}

impl Handshake for AwaitTickets {
    fn progress(&self) -> Progress {
        Progress::new(Some(KRB5), Role::Initiator)
    }
}

impl InitiatorContext for AwaitTickets {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        super::refuse_first_token(token)?;
        let Self {
            environment,
            source,
            target,
            request,
        } = *self;
        source.tickets(Some(target))?.then(move |tickets| {
            let start = AwaitStart::new(environment, tickets, &request).map_err(crate::error::failed)?;
            Box::new(start).step(None)
        })
    }
}
