//! Security contexts: half-open ones, which a step consumes, and established ones, RFC 2743 §2.2.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::message::{Opener, Sealer};
use crate::{
    BindingsPolicy, ChannelBindings, Credential, Error, Flags, Flowing, MechCred, MechName, Name, Octets, Oid, Result,
    element_for,
};

/// What an initiator wants, RFC 2743 §2.2.1.
#[derive(Clone, Debug)]
pub struct Initiate {
    /// Whom to talk to.
    pub target: Name,
    /// As whom; `None` for the default. See [`Initiate::element`].
    pub cred: Option<Credential>,
    /// Which services.
    pub flags: Flags,
    /// How long the context is to last; `None` for the default.
    pub lifetime: Option<Duration>,
    /// The channel that the context is bound to.
    pub bindings: Option<Arc<ChannelBindings>>,
    /// What a negotiator may choose from for this context, best first; `None` for what the credential says.
    pub negotiable: Option<Arc<[Oid]>>,
}

impl Initiate {
    /// A context with `target`, with the default credential and [`Flags::USUAL`].
    #[must_use]
    pub fn new(target: Name) -> Self {
        Self {
            target,
            cred: None,
            flags: Flags::USUAL,
            lifetime: None,
            bindings: None,
            negotiable: None,
        }
    }

    /// The same with this credential.
    #[must_use]
    pub fn with_cred(self, cred: Credential) -> Self {
        Self {
            cred: Some(cred),
            ..self
        }
    }

    /// The same with these flags.
    #[must_use]
    pub fn with_flags(self, flags: Flags) -> Self {
        Self { flags, ..self }
    }

    /// The same bound to this channel.
    #[must_use]
    pub fn with_bindings(self, bindings: ChannelBindings) -> Self {
        Self {
            bindings: Some(Arc::new(bindings)),
            ..self
        }
    }

    /// The same with a negotiator's choice restricted to `mechs`, best first.
    #[must_use]
    pub fn negotiating(self, mechs: &[Oid]) -> Self {
        Self {
            negotiable: Some(mechs.into()),
            ..self
        }
    }

    /// The credential element that the mechanism `mech` is to use; `None` for its default.
    ///
    /// # Errors
    /// [`NoCred`](crate::ErrorKind::NoCred) if there is a credential, but without an element for `mech`.
    pub fn element(&self, mech: &Oid) -> Result<Option<&Arc<dyn MechCred>>> {
        element_for(self.cred.as_ref(), mech)
    }
}

/// What an acceptor brings, RFC 2743 §2.2.2.
#[derive(Clone, Debug, Default)]
pub struct Accept {
    /// As whom; `None` for the default. See [`Accept::element`].
    pub cred: Option<Credential>,
    /// The channel that the context is to be bound to.
    pub bindings: Option<Arc<ChannelBindings>>,
    /// What the initiator must bind.
    pub bindings_policy: BindingsPolicy,
    /// What a negotiator may choose from for this context, best first; `None` for what the credential says.
    pub negotiable: Option<Arc<[Oid]>>,
}

impl Accept {
    /// The default credential, no channel bindings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with this credential.
    #[must_use]
    pub fn with_cred(self, cred: Credential) -> Self {
        Self {
            cred: Some(cred),
            ..self
        }
    }

    /// The same bound to this channel.
    #[must_use]
    pub fn with_bindings(self, bindings: ChannelBindings) -> Self {
        Self {
            bindings: Some(Arc::new(bindings)),
            ..self
        }
    }

    /// The same with a negotiator's choice restricted to `mechs`, best first.
    #[must_use]
    pub fn negotiating(self, mechs: &[Oid]) -> Self {
        Self {
            negotiable: Some(mechs.into()),
            ..self
        }
    }

    /// The credential element that the mechanism `mech` is to use; `None` for its default.
    ///
    /// # Errors
    /// [`NoCred`](crate::ErrorKind::NoCred) if there is a credential, but without an element for `mech`.
    pub fn element(&self, mech: &Oid) -> Result<Option<&Arc<dyn MechCred>>> {
        element_for(self.cred.as_ref(), mech)
    }
}

/// What a half-open context can be asked. Messages are not among it.
pub trait Handshake: Send {
    /// How far it has come.
    fn progress(&self) -> Progress;

    /// Inquires by OID (`gss_inquire_sec_context_by_oid`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the mechanism does not know `what`.
    fn inquire(&self, _what: Oid) -> Result<Vec<Octets>> {
        Err(Error::UNAVAILABLE)
    }

    /// Sets an option by OID (`gss_set_sec_context_option`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the mechanism does not know `what`.
    fn set_option(&mut self, _what: Oid, _value: OptionValue<'_>) -> Result<()> {
        Err(Error::UNAVAILABLE)
    }
}

/// A half-open context of an initiator.
pub trait InitiatorContext: Handshake {
    /// Takes the acceptor's token (`None` at first) and makes the next one.
    ///
    /// # Errors
    /// [`StepError`](crate::StepError); the context is gone then, but a token may be owed to the peer.
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>>;
}

/// A half-open context of an acceptor.
pub trait AcceptorContext: Handshake {
    /// Takes the initiator's token (`None` only where the acceptor speaks first) and makes the next one.
    ///
    /// # Errors
    /// [`StepError`](crate::StepError); the context is gone then, but a token may be owed to the peer.
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>>;
}

/// What a step has led to.
pub enum Step<C: ?Sized> {
    /// Send the token; the peer's answer is for the next step.
    Continue {
        /// For the peer.
        token: Vec<u8>,
        /// The context that waits for the answer.
        next: Box<C>,
    },
    /// The context is established; if there is a token, the peer needs it.
    Established {
        /// For the peer.
        token: Option<Vec<u8>>,
        /// The context.
        context: Box<dyn EstablishedContext>,
    },
}

impl<C: ?Sized> fmt::Debug for Step<C> {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Continue { token, .. } => f.debug_struct("Continue").field("token_len", &token.len()).finish(),
            Self::Established { token, context } => f
                .debug_struct("Established")
                .field("token_len", &token.as_ref().map(Vec::len))
                .field("info", context.info())
                .finish(),
        }
    }
}

/// How far a half-open context has come.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The mechanism; `None` while an acceptor waits for the token that tells.
    pub mech: Option<Oid>,
    /// Which side this is.
    pub role: Role,
    /// The flags that are certain to be granted if the context comes about.
    pub flags: Flags,
}

impl Progress {
    /// A context that is certain of nothing yet.
    #[must_use]
    pub fn new(mech: Option<Oid>, role: Role) -> Self {
        Self {
            mech,
            role,
            flags: Flags::empty(),
        }
    }
}

/// Whether a negotiator must exchange a MIC over its list of mechanisms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MechListMic {
    /// As RFC 4178 §5 has it.
    #[default]
    AsNegotiated,
    /// In any case.
    Required,
}

/// A side of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The side that starts.
    Initiator,
    /// The side that answers.
    Acceptor,
}

/// The value of an option.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum OptionValue<'a> {
    /// No value: the option's default, or just its presence.
    None,
    /// Octets, as the option defines them. They may be secret.
    Octets(&'a [u8]),
    /// Object identifiers.
    Oids(&'a [Oid]),
}

impl fmt::Debug for OptionValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Octets(octets) => write!(f, "Octets({} octets)", octets.len()),
            Self::Oids(oids) => f.debug_tuple("Oids").field(oids).finish(),
        }
    }
}

/// An established context.
pub trait EstablishedContext: Sealer + Opener {
    /// What it is.
    fn info(&self) -> &ContextInfo;

    /// The credential that the initiator has delegated, once. Only if [`Flags::DELEG`] was granted.
    fn take_delegated(&mut self) -> Option<Arc<dyn MechCred>> {
        None
    }

    /// Fills `out` with octets that both sides can derive from `input`, RFC 4401.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the mechanism has no such function.
    fn pseudo_random(&self, _key: PrfKey, _input: &[u8], _out: &mut [u8]) -> Result<()> {
        Err(Error::UNAVAILABLE)
    }

    /// Inquires by OID (`gss_inquire_sec_context_by_oid`): see [`inquiry`](crate::inquiry).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the mechanism does not know `what`.
    fn inquire(&self, _what: Oid) -> Result<Vec<Octets>> {
        Err(Error::UNAVAILABLE)
    }

    /// Sets an option by OID (`gss_set_sec_context_option`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the mechanism does not know `what`.
    fn set_option(&mut self, _what: Oid, _value: OptionValue<'_>) -> Result<()> {
        Err(Error::UNAVAILABLE)
    }

    /// Takes a token that is no message (`gss_process_context_token`). A delete token ends the context.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the mechanism has no such tokens; the context is unchanged
    /// after any error.
    fn process_token(&mut self, _token: &[u8]) -> Result<()> {
        Err(Error::UNAVAILABLE)
    }

    /// Whether the mechanism demands that its negotiator's list be protected, [MS-SPNG] §3.3.5.1.
    fn mech_list_mic(&self) -> MechListMic {
        MechListMic::AsNegotiated
    }

    /// Told by the negotiator `by` after its own last step: from now on [`info`](Self::info) names it, and keystreams
    /// that protected its list start anew, [MS-SPNG] §3.3.5.1.
    fn negotiation_complete(&mut self, by: Oid);

    /// The context as octets, for another process (`gss_export_sec_context`); to be framed by
    /// [`Mechanisms::export_context`](crate::Mechanisms::export_context). After `Ok` the context is dead
    /// ([`NoContext`](crate::ErrorKind::NoContext)), after `Err` it is as before, RFC 2743 §2.2.8.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it cannot be exported.
    fn export(&mut self) -> Result<Octets> {
        Err(Error::UNAVAILABLE)
    }

    /// Divides it into a sending and a receiving half for different threads.
    ///
    /// # Errors
    /// The context itself, unchanged, if it cannot be divided.
    fn split(self: Box<Self>) -> Result<Halves, Box<dyn EstablishedContext>>;
}

/// The two halves of a divided context.
pub struct Halves {
    /// Makes MICs and wraps messages.
    pub sealer: Box<dyn Sealer>,
    /// Verifies MICs and unwraps messages.
    pub opener: Box<dyn Opener>,
}

impl fmt::Debug for Halves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Halves")
    }
}

impl fmt::Debug for dyn EstablishedContext + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EstablishedContext").field(self.info()).finish()
    }
}

/// What an established context is, RFC 2743 §2.2.6.
#[derive(Clone, Debug)]
pub struct ContextInfo {
    /// The mechanism that protects the messages.
    pub mech: Oid,
    /// The negotiator that has chosen it.
    pub via: Option<Oid>,
    /// Who initiated; `None` where that is not revealed.
    pub source: Option<Arc<dyn MechName>>,
    /// Who accepted, if known.
    pub target: Option<Arc<dyn MechName>>,
    /// What was granted.
    pub flags: Flags,
    /// Until when it lasts, since 1970; `None` if it does not end.
    pub expires: Option<Duration>,
    /// Which side this is.
    pub role: Role,
}

impl ContextInfo {
    /// What is left of its life at the time `now` (`gss_context_time`): zero once it has ended, `None` if it does not
    /// end.
    #[must_use]
    pub fn remaining(&self, now: Duration) -> Option<Duration> {
        self.expires.map(|expires| expires.saturating_sub(now))
    }
}

/// Which key a pseudo-random function uses, RFC 4401 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrfKey {
    /// `GSS_C_PRF_KEY_FULL`: the key of the complete context.
    Full,
    /// `GSS_C_PRF_KEY_PARTIAL`: the key before the last step.
    Partial,
}
