//! The initiator's side of establishing a context: RFC 4121 §4.1.
//!
//! The first step gets the tickets that are missing and makes the AP-REQ. With mutual authentication the second takes
//! the AP-REP; without, the context is established at once. In DCE style the second makes a third token.

mod service;
mod tickets;

use std::sync::Arc;

use gss_core::{
    Flags, Flow, Flowing, Handshake, Initiate, InitiatorContext, MechName, Progress, Role, Step, StepError,
};
use krb5_crypto::{Enctype, Key};
use krb5_proto::error::EtypeNumbers;
use krb5_proto::exchange::ap::{self, ApInitiate, ApInitiated, ApReplied, InitialSequence};
use krb5_proto::exchange::{Subkey, TgsOptions, krb_error};
use krb5_proto::messages::authdata::KERB_AP_OPTIONS_CBT;
use krb5_proto::messages::{ApOptions, AuthorizationData, Checksum, TicketFlags};
use krb5_proto::{Credentials, Principal};
use krb5_store::config::Switch;

use crate::checksum::{BindingsHash, CHECKSUM_TYPE, GssChecksum, NO_BINDINGS, bindings_hash};
use crate::context::Establish;
use crate::cred::Initiating;
use crate::error::{KerberosError, failed};
use crate::name::KerberosName;
use crate::token::{ContextToken, Framing, TokenId};
use crate::{KRB5, KerberosEnvironment, delegation, kdc};

use self::service::Target;
pub(crate) use self::tickets::AwaitTickets;

/// What the initiator may ask for and the acceptor is told of. Protection is always there, RFC 4121 §4.1.1.1.
const NEGOTIABLE: Flags = Flags::MUTUAL
    .union(Flags::REPLAY)
    .union(Flags::SEQUENCE)
    .union(Flags::DCE_STYLE)
    .union(Flags::IDENTIFY)
    .union(Flags::EXTENDED_ERROR);

/// Seconds that an acceptor's clock may be ahead of ours for a second try: an hour, as after a change to summer time.
const MOST_AHEAD: i64 = 60 * 60;

/// A context before its first step.
pub(crate) struct AwaitStart {
    environment: KerberosEnvironment,
    cred: Initiating,
    target: Target,
    flags: Flags,
    bindings: BindingsHash,
}

impl AwaitStart {
    /// # Errors
    /// [`KerberosError::Name`] if the target is not the name of a service.
    pub(crate) fn new(
        environment: KerberosEnvironment,
        cred: Initiating,
        request: &Initiate,
    ) -> Result<Self, KerberosError> {
        let target = Target::of(&KerberosName::import(&request.target, &environment.settings)?)?;
        let hash = |bindings| bindings_hash(environment.provider, bindings);
        let bindings = request.bindings.as_deref().map_or(NO_BINDINGS, hash);
        Ok(Self {
            environment,
            cred,
            target,
            flags: request.flags,
            bindings,
        })
    }

    /// A forwarded ticket-granting ticket, if delegation was asked for and is possible.
    fn forwarded(&self, ticket: &Credentials) -> Flowing<Option<Credentials>> {
        let trusted = ticket.flags.contains(TicketFlags::OK_AS_DELEGATE);
        let enforced = self.environment.settings.is_on(Switch::EnforceOkAsDelegate);
        let wanted = match (
            self.flags.contains(Flags::DELEG),
            self.flags.contains(Flags::DELEG_POLICY),
        ) {
            (true, _) if !enforced => true,
            (false, false) => false,
            _ => trusted,
        };
        if !wanted {
            if self.flags.intersects(Flags::DELEG.union(Flags::DELEG_POLICY)) {
                tracing::info!("no delegation: the KDC does not mark the service for it");
            }
            return Ok(Flow::Done(None));
        }
        let now = self.environment.now().offset(self.cred.clock_offset);
        // A ticket that cannot be forwarded costs the delegation, not the context: the granted flags tell.
        let Ok(mut options) = self.cred.tgt(now.time).and_then(|tgt| Ok(TgsOptions::forwarded(tgt)?)) else {
            tracing::info!("no delegation: there is no ticket that may be forwarded");
            return Ok(Flow::Done(None));
        };
        options.clock_offset = self.cred.clock_offset;
        let exchange = kdc::service_ticket(&self.environment, options);
        gss_core::flow::settle(exchange, |outcome| {
            Ok(Flow::Done(outcome.ok().map(|outcome| outcome.credentials)))
        })
    }
}

impl Handshake for AwaitStart {
    fn progress(&self) -> Progress {
        Progress::new(Some(KRB5), Role::Initiator)
    }
}

impl InitiatorContext for AwaitStart {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        refuse_first_token(token)?;
        let ticket = self.target.ticket(&self.environment, &self.cred)?;
        ticket.then(move |ticket| {
            let forwarded = self.forwarded(&ticket)?;
            forwarded.then(move |forwarded| {
                let offset = self.cred.clock_offset;
                let request = Request {
                    start: *self,
                    ticket,
                    forwarded,
                };
                request.send(offset, Attempt::First).map(Flow::Done)
            })
        })
    }
}

fn refuse_first_token(token: Option<&[u8]>) -> Result<(), StepError> {
    if token.is_some_and(|token| !token.is_empty()) {
        return Err(failed(KerberosError::TokenExpected(
            "nothing: the initiator speaks first",
        )));
    }
    Ok(())
}

/// Everything that an AP-REQ is made of, to be sent once, or once more with another time.
struct Request {
    start: AwaitStart,
    ticket: Credentials,
    forwarded: Option<Credentials>,
}

/// How often the AP-REQ was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    /// After the acceptor has complained about our clock.
    Adjusted,
}

impl Request {
    /// Makes the AP-REQ by our clock plus `offset` seconds.
    fn send(self, offset: i64, attempt: Attempt) -> Result<Step<dyn InitiatorContext>, StepError> {
        let (token, initiated, flags) = self.ap_req(offset).map_err(failed)?;
        if flags.contains(Flags::MUTUAL) {
            let next = Box::new(AwaitApRep {
                request: self,
                initiated,
                flags,
                attempt,
            });
            return Ok(Step::Continue { token, next });
        }
        // I-33: without an AP-REP both directions count from the initiator's number.
        let sequence = initiated.sequence;
        let context = self.establish(&initiated, None, sequence, flags)?;
        Ok(Step::Established {
            token: Some(token),
            context,
        })
    }

    fn ap_req(&self, offset: i64) -> Result<(Vec<u8>, ApInitiated, Flags), KerberosError> {
        let start = &self.start;
        let now = start.environment.now().offset(offset);
        let session_key = self.ticket.key.to_key(start.environment.provider)?;
        let delegated = self.krb_cred(&session_key, now)?;
        let protection = start.environment.options.protection(start.flags);
        let mut flags = start.flags.intersection(NEGOTIABLE) | protection | Flags::TRANS;
        if flags.contains(Flags::DCE_STYLE) {
            flags.insert(Flags::MUTUAL);
        }
        flags.set(Flags::DELEG, delegated.is_some());
        let checksum = GssChecksum {
            bindings: start.bindings,
            flags: flags.difference(Flags::TRANS),
            delegated: delegated.as_deref(),
        };
        let request = ApInitiate {
            credentials: &self.ticket,
            options: if flags.contains(Flags::MUTUAL) {
                ApOptions::MUTUAL_REQUIRED
            } else {
                ApOptions::empty()
            },
            authdata: self.authdata(flags, session_key.enctype())?,
            checksum: Some(Checksum {
                cksumtype: CHECKSUM_TYPE,
                checksum: checksum.to_octets()?.into(),
            }),
            subkey: Subkey::Generate,
            sequence: InitialSequence::Generate,
        };
        let (message, initiated) = ap::initiate(start.environment.provider, request, now)?;
        let token = ContextToken {
            framing: if flags.contains(Flags::DCE_STYLE) {
                Framing::Raw
            } else {
                Framing::Gss(KRB5)
            },
            id: TokenId::ApReq,
            message: &message,
        };
        Ok((token.to_octets(), initiated, flags))
    }

    fn authdata(&self, flags: Flags, ticket: Enctype) -> Result<AuthorizationData, KerberosError> {
        let mut authdata = self.etype_negotiation(flags, ticket)?;
        let settings = &self.start.environment.settings;
        if settings.is_on(Switch::ClientAwareChannelBindings) {
            let options = AuthorizationData::with_kerb_ap_options(KERB_AP_OPTIONS_CBT)?;
            authdata.0.extend(options.0);
        }
        Ok(authdata)
    }

    /// The encryption types that we would rather use than that of the ticket, RFC 4537 §3: the acceptor answers by the
    /// type of its subkey, where there is an answer.
    fn etype_negotiation(&self, flags: Flags, ticket: Enctype) -> Result<AuthorizationData, KerberosError> {
        if !flags.contains(Flags::MUTUAL) {
            return Ok(AuthorizationData::default());
        }
        let permitted = self.start.environment.permitted_enctypes().into_iter();
        let stronger = permitted.filter(|etype| etype.is_stronger_than(ticket));
        let numbers = stronger.map(|etype| etype.number()).collect();
        Ok(AuthorizationData::with_etype_negotiation(numbers)?)
    }

    fn krb_cred(&self, session_key: &Key, now: krb5_proto::Timestamp) -> Result<Option<Vec<u8>>, KerberosError> {
        let Some(forwarded) = &self.forwarded else {
            return Ok(None);
        };
        match delegation::krb_cred(forwarded.clone(), session_key, now) {
            // A ticket that does not fit costs the delegation, not the context.
            Err(KerberosError::DelegationTooLong(_)) => Ok(None),
            krb_cred => krb_cred.map(Some),
        }
    }

    fn establish(
        &self,
        initiated: &ApInitiated,
        acceptor_subkey: Option<Arc<Key>>,
        receive_sequence: u32,
        flags: Flags,
    ) -> Result<Box<dyn gss_core::EstablishedContext>, StepError> {
        let name = |principal: &Principal| -> Arc<dyn MechName> { KerberosName::of(principal.clone()) };
        let establish = Establish {
            role: krb5_message::Role::Initiator,
            session_key: Arc::clone(&initiated.session_key),
            initiator_subkey: initiated.subkey.clone(),
            acceptor_subkey,
            send_sequence: initiated.sequence,
            receive_sequence,
            flags,
            source: Some(name(&self.ticket.client)),
            target: Some(name(&self.ticket.server)),
            expiry: self.ticket.endtime,
            delegated: None,
        };
        establish.establish().map_err(failed)
    }
}

/// A context that awaits the acceptor's proof.
struct AwaitApRep {
    request: Request,
    initiated: ApInitiated,
    flags: Flags,
    attempt: Attempt,
}

impl AwaitApRep {
    fn verify(&self, token: &[u8]) -> Result<ApReplied, KerberosError> {
        let token = ContextToken::parse(token)?;
        let is_raw = token.framing == Framing::Raw;
        let as_agreed = match (token.id, krb_error::is_krb_error(token.message)) {
            (TokenId::ApRep, false) => is_raw == self.flags.contains(Flags::DCE_STYLE),
            // MIT and Heimdal frame it in DCE style too.
            (TokenId::KrbError, true) => !is_raw || self.flags.contains(Flags::DCE_STYLE),
            _ => return Err(KerberosError::TokenExpected("an AP-REP or a KRB-ERROR")),
        };
        if !as_agreed {
            return Err(KerberosError::DceStyle);
        }
        let replied = self.initiated.verify_rep(token.message)?;
        self.permit(replied.subkey.as_deref())?;
        Ok(replied)
    }

    /// The third token, if there is one.
    fn last_token(&self, replied: &ApReplied) -> Result<Option<Vec<u8>>, KerberosError> {
        if self.flags.contains(Flags::DCE_STYLE) {
            Ok(Some(self.initiated.reply_again(replied)?))
        } else {
            Ok(None)
        }
    }

    /// The acceptor's subkey protects the messages: it must be of a type that may be used at all.
    fn permit(&self, subkey: Option<&Key>) -> Result<(), KerberosError> {
        let permitted = self.request.start.environment.permitted_enctypes();
        match subkey.map(Key::enctype).filter(|etype| !permitted.contains(etype)) {
            Some(etype) => Err(krb5_proto::Error::EtypeNotPermitted(EtypeNumbers::of(&[etype])).into()),
            None => Ok(()),
        }
    }
}

impl AwaitApRep {
    /// Whether the acceptor's clock may be so many seconds ahead of ours.
    ///
    /// What it says is not authenticated, and an authenticator from the future can be kept and presented then. A clock
    /// that is behind harms nobody.
    fn is_credible(&self, seconds: i64) -> bool {
        let skew = self.request.start.environment.settings.clockskew();
        seconds.unsigned_abs() > skew.as_secs() && seconds <= MOST_AHEAD
    }
}

impl Handshake for AwaitApRep {
    fn progress(&self) -> Progress {
        Progress::new(Some(KRB5), Role::Initiator)
    }
}

impl InitiatorContext for AwaitApRep {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        let token = token.ok_or_else(|| failed(KerberosError::AcceptorUnproven))?;
        match self.verify(token) {
            Ok(replied) => {
                let token = self.last_token(&replied).map_err(failed)?;
                let sequence = replied.sequence.unwrap_or(self.initiated.sequence);
                let context = self
                    .request
                    .establish(&self.initiated, replied.subkey, sequence, self.flags)?;
                Ok(Flow::Done(Step::Established { token, context }))
            }
            // Nobody authenticates the acceptor's complaint: at best it is good for one more try with its time.
            Err(KerberosError::Protocol(krb5_proto::Error::ClockSkew { seconds, .. }))
                if self.attempt == Attempt::First && self.is_credible(seconds) =>
            {
                let offset = self.request.start.cred.clock_offset.saturating_add(seconds);
                self.request.send(offset, Attempt::Adjusted).map(Flow::Done)
            }
            Err(error) => Err(failed(error)),
        }
    }
}
