//! Before a context begins: whose tickets it uses, and others where the KDC does not take them any more.

use std::sync::Arc;

use gss_core::flow::{Flow, Flowing, settle};
use gss_core::{Handshake, Initiate, InitiatorContext, Progress, Role, Step, StepError};
use krb5_proto::ErrorCode;
use krb5_proto::error::KrbErrorReply;

use super::AwaitStart;
use crate::cred::{Initiating, Target, TicketSource};
use crate::error::{KerberosError, failed};
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
        self.source.tickets(Some(self.target.clone()))?.then(move |tickets| {
            settle(self.begin(tickets.clone()), move |begun| match begun {
                Err(error) => match refusal(&error) {
                    Some(reply) => self.begin_anew(&tickets, reply),
                    None => Err(error),
                },
                Ok(step) => Ok(Flow::Done(step)),
            })
        })
    }
}

impl AwaitTickets {
    fn begin(&self, tickets: Initiating) -> Flowing<Step<dyn InitiatorContext>> {
        let start = AwaitStart::new(self.environment.clone(), tickets, &self.request).map_err(failed)?;
        Box::new(start).step(None)
    }

    /// Begins once more with tickets that are newer than those that the KDC has refused, if there are any or can be.
    fn begin_anew(self: Box<Self>, old: &Initiating, reply: Box<KrbErrorReply>) -> Flowing<Step<dyn InitiatorContext>> {
        let refused = KerberosError::TgtRefused {
            cache: old.cache.name(),
            client: Box::new(old.client.clone()),
            reply,
        };
        let Some(issued) = old.issued else {
            return Err(failed(refused));
        };
        tracing::info!(client = %old.client, "the KDC does not take the ticket-granting ticket any more");
        let others = self.source.after_refusal(self.target.clone(), issued)?;
        others.then(move |tickets| {
            if tickets.issued > Some(issued) {
                return self.begin(tickets);
            }
            Err(failed(refused))
        })
    }
}

/// What a KDC says that does not take the ticket-granting ticket.
fn refusal(error: &StepError) -> Option<Box<KrbErrorReply>> {
    match error.error.reason_as() {
        Some(KerberosError::Protocol(krb5_proto::Error::Kdc(reply))) if REFUSALS.contains(&reply.code) => {
            Some(reply.clone())
        }
        _ => None,
    }
}

/// The KDC cannot decrypt the ticket, or has called it back.
const REFUSALS: [ErrorCode; 5] = [
    ErrorCode::KDC_ERR_TGT_REVOKED,
    ErrorCode::KRB_AP_ERR_BAD_INTEGRITY,
    ErrorCode::KRB_AP_ERR_BADKEYVER,
    ErrorCode::KRB_AP_ERR_MODIFIED,
    ErrorCode::KRB_AP_ERR_NOKEY,
];
