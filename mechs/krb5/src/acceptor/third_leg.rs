//! What both sides have agreed upon, and the third token of DCE style, which proves to the acceptor that the initiator
//! has got the second.

use std::sync::Arc;

use gss_core::{AcceptorContext, EstablishedContext, Flow, Flowing, Handshake, MechCred, Progress, Role, Step};
use krb5_crypto::Key;
use krb5_proto::exchange::ap::Accepted;

use crate::KRB5;
use crate::context::Establish;
use crate::error::{KerberosError, failed};
use crate::name::KerberosName;

/// An AP-REQ that was accepted, and what was answered.
pub(super) struct Agreed {
    pub(super) accepted: Accepted,
    /// From our AP-REP, if there was one.
    pub(super) acceptor_subkey: Option<Arc<Key>>,
    /// The number of our first message.
    pub(super) sequence: u32,
    /// As granted.
    pub(super) flags: gss_core::Flags,
    pub(super) delegated: Option<Arc<dyn MechCred>>,
}

impl Agreed {
    pub(super) fn establish(self) -> Result<Box<dyn EstablishedContext>, KerberosError> {
        let accepted = self.accepted;
        let establish = Establish {
            role: krb5_message::Role::Acceptor,
            session_key: accepted.session_key,
            initiator_subkey: accepted.subkey,
            acceptor_subkey: self.acceptor_subkey,
            send_sequence: self.sequence,
            receive_sequence: accepted.sequence.unwrap_or(0),
            flags: self.flags,
            source: Some(KerberosName::of(accepted.client)),
            target: Some(KerberosName::of(accepted.server)),
            expiry: accepted.endtime,
            delegated: self.delegated,
        };
        establish.establish()
    }
}

/// A context in DCE style that awaits the initiator's AP-REP: [MS-KILE] §3.4.5.1.
///
/// Until then nothing of it is told, the delegated credential included.
pub(super) struct AwaitThirdLeg(pub(super) Agreed);

impl Handshake for AwaitThirdLeg {
    fn progress(&self) -> Progress {
        Progress::new(Some(KRB5), Role::Acceptor)
    }
}

impl AcceptorContext for AwaitThirdLeg {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        let Self(agreed) = *self;
        let verified = agreed
            .accepted
            .verify_third_leg(token.unwrap_or_default(), agreed.sequence);
        verified.map_err(failed)?;
        Ok(Flow::Done(Step::Established {
            token: None,
            context: agreed.establish().map_err(failed)?,
        }))
    }
}
