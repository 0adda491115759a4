//! Mechanisms to negotiate, of any number of tokens, with integrity or without.
//!
//! Their tokens are numbered. What they protect is a sum over the message and the mechanism, which is enough to tell
//! one list of mechanisms from another.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(unreachable_pub, reason = "a module of each test program")]

mod context;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use gss_core::{
    Accept, AcceptorContext, Acquire, AttrSet, ContextInfo, CredInfo, Error, ErrorKind, Flags, Flow, Flowing,
    Handshake, Initiate, InitiatorContext, Label, MechAttrs, MechCred, MechListMic, MechName, Mechanism, Mechanisms,
    Name, Oid, Progress, Result, Role, Step, StepError, framing, oid,
};
use gss_mech_spnego::Spnego;

pub use context::ToyContext;

pub const A: Oid = oid!("1.2.3.1");
pub const B: Oid = oid!("1.2.3.2");
pub const C: Oid = oid!("1.2.3.3");

/// A mechanism.
#[derive(Clone, Debug)]
pub struct Toy {
    pub oid: Oid,
    pub aliases: Vec<Oid>,
    /// How many tokens it takes, from 1 on. The initiator sends those with odd numbers.
    pub tokens: u8,
    pub flags: Flags,
    pub mech_list_mic: MechListMic,
    pub attrs: AttrSet,
    /// What its first token begins with instead of being framed.
    pub unframed: Option<&'static [u8]>,
    /// Why it cannot begin.
    pub refuses: Option<ErrorKind>,
    /// How many contexts were begun.
    pub begun: Arc<AtomicUsize>,
}

impl Toy {
    pub fn new(oid: Oid, tokens: u8) -> Self {
        Self {
            oid,
            aliases: Vec::new(),
            tokens,
            flags: Flags::INTEG | Flags::CONF,
            mech_list_mic: MechListMic::AsNegotiated,
            attrs: AttrSet::MECH_CONCRETE,
            unframed: None,
            refuses: None,
            begun: Arc::default(),
        }
    }

    fn token(&self, number: u8) -> Vec<u8> {
        match (number, self.unframed) {
            (1, Some(prefix)) => [prefix, &[1]].concat(),
            (1, None) => framing::wrap(&self.oid, &[1]),
            _ => vec![number],
        }
    }

    fn is(&self, number: u8, token: &[u8]) -> bool {
        let framed_by_alias = || self.aliases.iter().any(|oid| token == framing::wrap(oid, &[1]));
        token == self.token(number) || (number == 1 && framed_by_alias())
    }

    fn context(&self, role: Role) -> Box<ToyContext> {
        let info = ContextInfo {
            mech: self.oid,
            via: None,
            source: None,
            target: None,
            flags: self.flags,
            expires: None,
            role,
        };
        Box::new(ToyContext::new(info, self.mech_list_mic))
    }

    fn begin(&self) -> Result<()> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.refuses.map_or(Ok(()), |kind| Err(kind.into()))
    }
}

/// A negotiator of these, in this order.
pub fn spnego(toys: &[Toy]) -> Mechanisms {
    let mut builder = Mechanisms::builder();
    for toy in toys {
        builder = builder.with(toy.clone());
    }
    builder.negotiated_by(Spnego::new).build().unwrap()
}

/// An error token of a toy, which it understands.
pub const FAILED: &[u8] = b"toy failed";

/// A toy's half-open context: the number of the token that is next on the wire.
struct HalfOpen {
    toy: Toy,
    role: Role,
    next: u8,
}

impl HalfOpen {
    /// Takes the token that is due, if it is not this side's turn at once.
    fn take(&mut self, token: Option<&[u8]>) -> Result<(), StepError> {
        match token {
            None if self.next == 1 && self.role == Role::Initiator => Ok(()),
            Some(FAILED) => Err(ErrorKind::Unauthorized.into()),
            Some(token) if self.toy.is(self.next, token) => {
                self.next += 1;
                Ok(())
            }
            _ => Err(StepError::with_token(
                Error::new(ErrorKind::DefectiveToken),
                FAILED.to_vec(),
            )),
        }
    }

    /// This side's token, if there is one more.
    fn give(&mut self) -> Option<Vec<u8>> {
        let number = self.next;
        self.next += 1;
        (number <= self.toy.tokens).then(|| self.toy.token(number))
    }

    fn is_done(&self) -> bool {
        self.next > self.toy.tokens
    }
}

impl Handshake for HalfOpen {
    fn progress(&self) -> Progress {
        Progress::new(Some(self.toy.oid), self.role)
    }
}

impl InitiatorContext for HalfOpen {
    fn step(mut self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        self.take(token)?;
        let token = self.give();
        Ok(Flow::Done(match token {
            Some(token) if !self.is_done() => Step::Continue { token, next: self },
            token => Step::Established {
                token,
                context: self.toy.context(self.role),
            },
        }))
    }
}

impl AcceptorContext for HalfOpen {
    fn step(mut self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        self.take(token)?;
        let token = self.give();
        Ok(Flow::Done(match token {
            Some(token) if !self.is_done() => Step::Continue { token, next: self },
            token => Step::Established {
                token,
                context: self.toy.context(self.role),
            },
        }))
    }
}

#[derive(Debug)]
pub struct ToyCred;

impl MechCred for ToyCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        Ok(Flow::Done(CredInfo::default()))
    }
}

impl Mechanism for Toy {
    fn oid(&self) -> Oid {
        self.oid
    }

    fn aliases(&self) -> &[Oid] {
        &self.aliases
    }

    fn label(&self) -> Label {
        Label {
            name: "toy",
            sasl: "GS2-TOY",
            description: "for tests",
        }
    }

    fn attrs(&self) -> MechAttrs {
        MechAttrs::supporting(self.attrs)
    }

    fn name_types(&self) -> &[Oid] {
        &[]
    }

    fn claims_unframed(&self, token: &[u8]) -> bool {
        self.unframed.is_some_and(|prefix| token.starts_with(prefix))
    }

    fn import_name(&self, _name: &Name) -> Flowing<Arc<dyn MechName>> {
        Err(ErrorKind::BadNameType.into())
    }

    fn acquire(&self, _request: Acquire) -> Flowing<Arc<dyn MechCred>> {
        match self.refuses {
            Some(kind) => Err(kind.into()),
            None => Ok(Flow::Done(Arc::new(ToyCred))),
        }
    }

    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>> {
        request.element(&self.oid)?;
        self.begin()?;
        Ok(Box::new(HalfOpen {
            toy: self.clone(),
            role: Role::Initiator,
            next: 1,
        }))
    }

    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
        request.element(&self.oid)?;
        self.begin()?;
        Ok(Box::new(HalfOpen {
            toy: self.clone(),
            role: Role::Acceptor,
            next: 1,
        }))
    }
}
