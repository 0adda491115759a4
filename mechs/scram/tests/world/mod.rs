//! A user and an acceptor that knows her, and the mechanism on both ends.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(unreachable_pub, reason = "a module of each test program")]

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, Acquire, CredStore, Credential, Error, EstablishedContext, Flowing, Initiate,
    InitiatorContext, MechCred, Mechanism, Name, Step,
};
use gss_mech_scram::message::ServerFirst;
use gss_mech_scram::{MemoryUsers, Scram, ScramEnvironment, ScramError, ScramHash};
use gss_test::{Established, Failure, Leg, Pair, answer_blocking};

pub const PASSWORD: &[u8] = b"open sesame";

/// Both ends.
pub struct World {
    pub hash: ScramHash,
    pub initiator: Scram,
    pub acceptor: Scram,
    pub alice: Credential,
}

impl World {
    pub fn new(hash: ScramHash) -> Self {
        Self::with_users(hash, MemoryUsers::new(4096).unwrap().with("alice", PASSWORD).unwrap())
    }

    pub fn with_users(hash: ScramHash, users: MemoryUsers) -> Self {
        let initiator = Scram::new(hash, ScramEnvironment::default());
        let acceptor = Scram::new(hash, ScramEnvironment::default().with_users(Arc::new(users)));
        let alice = user(&initiator, "alice", PASSWORD);
        Self {
            hash,
            initiator,
            acceptor,
            alice,
        }
    }

    pub fn request(&self) -> Initiate {
        Initiate::new(Name::hostbased_service("imap@mail.example.org")).with_cred(self.alice.clone())
    }

    pub fn establish(&self) -> Established {
        self.between(&self.request(), &Accept::new()).unwrap()
    }

    pub fn between(&self, request: &Initiate, accept: &Accept) -> Result<Established, Box<Failure>> {
        self.through(request, accept, |_, token| Some(token))
    }

    pub fn through(
        &self,
        request: &Initiate,
        accept: &Accept,
        channel: impl FnMut(Leg, Vec<u8>) -> Option<Vec<u8>>,
    ) -> Result<Established, Box<Failure>> {
        let initiator = self.initiator.initiate(request).unwrap();
        let acceptor = self.acceptor.accept(accept).unwrap();
        Pair::new().with_channel(channel).establish(initiator, acceptor)
    }

    /// The initiator after its first token, and that token.
    pub fn started(&self) -> (Vec<u8>, Box<dyn InitiatorContext>) {
        let context = self.initiator.initiate(&self.request()).unwrap();
        match done(context.step(None)).unwrap() {
            Step::Continue { token, next } => (token, next),
            Step::Established { .. } => panic!("established by one token"),
        }
    }

    /// The acceptor after the initiator's first token, and its answer.
    pub fn answered(&self, token: &[u8]) -> (ServerFirst, Box<dyn AcceptorContext>) {
        let context = self.acceptor.accept(&Accept::new()).unwrap();
        match done(context.step(Some(token))).unwrap() {
            Step::Continue { token, next } => (ServerFirst::parse(&token).unwrap(), next),
            Step::Established { .. } => panic!("established by one token"),
        }
    }
}

/// A user's credential.
pub fn user(mech: &Scram, name: &str, password: &[u8]) -> Credential {
    let request = Acquire::initiate().named(Name::user(name));
    Credential::single(
        mech.oid(),
        acquired(mech, request.with_password(password.to_vec().into())).unwrap(),
    )
}

pub fn acquired(mech: &Scram, request: Acquire) -> Result<Arc<dyn MechCred>, Error> {
    done(mech.acquire(request))
}

pub fn from_store(mech: &Scram, request: Acquire, store: CredStore) -> Result<Arc<dyn MechCred>, Error> {
    acquired(mech, request.from_store(store))
}

/// The outcome of a flow that needs no network.
pub fn done<T>(flowing: Flowing<T>) -> Result<T, Error> {
    let outcome = flowing.and_then(|flow| flow.drive(&mut answer_blocking));
    outcome.map_err(|error| error.error)
}

/// The reason that a step failed for.
pub fn reason(failure: &Failure) -> &ScramError {
    failure.step().unwrap().error.reason_as().unwrap()
}

/// Whether messages go from one to the other and back.
pub fn talk(one: &mut dyn EstablishedContext, other: &mut dyn EstablishedContext) {
    use gss_core::{Privacy, Sequence};
    for privacy in [Privacy::Integrity, Privacy::Confidential] {
        let (token, _) = one.wrap(privacy, b"", b"attack at dawn").unwrap();
        let (message, unwrapped) = other.unwrapped(&token).unwrap();
        assert_eq!(
            (message.as_slice(), unwrapped.privacy),
            (&b"attack at dawn"[..], privacy)
        );
        assert_eq!(unwrapped.sequence, Sequence::Ok);
        let mic = other.mic_of(b"understood").unwrap();
        assert_eq!(one.verify_mic(&[b"understood"], &mic).unwrap().sequence, Sequence::Ok);
    }
}
