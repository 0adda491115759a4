//! The acceptor, RFC 5802 §5.

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, BindingsPolicy, ChannelBindings, Flags, Flow, Flowing, Handshake, Progress, Role, Step,
    StepError, framing,
};
use krb5_message::crypto::primitives::CryptoProvider;

use crate::context::{Establish, FLAGS};
use crate::error::ScramError;
use crate::hash::ScramHash;
use crate::initiator::transmitted;
use crate::keys::{AuthMessage, UserKeys, nonce};
use crate::message::{ClientFinal, ClientFirst, ServerError, ServerFinal, ServerFirst};
use crate::name::ScramName;
use crate::prepare::prepared;
use crate::users::{ScramUsers, UsersError};

/// Nothing has come.
pub(crate) struct AwaitClientFirst {
    common: Common,
    users: Arc<dyn ScramUsers>,
}

/// The salt has been sent; the proof is due.
struct AwaitClientFinal {
    common: Common,
    user: String,
    keys: UserKeys,
    nonce: String,
    client_first: String,
    server_first: String,
}

/// What stays the same from the beginning.
struct Common {
    hash: ScramHash,
    provider: &'static CryptoProvider,
    expected: Expected,
}

/// What the initiator is to bind.
enum Expected {
    /// Whatever it likes.
    Anything,
    /// These, or nothing.
    These(Vec<u8>),
    /// These.
    ExactlyThese(Vec<u8>),
    /// Something, and we do not know what: it cannot be right.
    Unknown,
}

type Stepped = Flowing<Step<dyn AcceptorContext>>;

impl AwaitClientFirst {
    /// # Errors
    /// [`ScramError::BindingAddresses`].
    pub(crate) fn new(
        hash: ScramHash,
        provider: &'static CryptoProvider,
        users: Arc<dyn ScramUsers>,
        request: &Accept,
    ) -> Result<Self, ScramError> {
        let common = Common {
            hash,
            provider,
            expected: Expected::of(request.bindings.as_deref(), request.bindings_policy)?,
        };
        Ok(Self { common, users })
    }
}

impl Expected {
    fn of(bindings: Option<&ChannelBindings>, policy: BindingsPolicy) -> Result<Self, ScramError> {
        let data = bindings.map(transmitted).transpose()?;
        Ok(match (policy, data) {
            (BindingsPolicy::Ignore, _) | (BindingsPolicy::WhenSupplied, None) => Self::Anything,
            (BindingsPolicy::WhenSupplied, Some(data)) => Self::These(data.to_vec()),
            (_, Some(data)) => Self::ExactlyThese(data.to_vec()),
            (_, None) => Self::Unknown,
        })
    }

    /// The flag that the initiator's bindings earn.
    fn check(&self, bindings: &[u8]) -> Result<Flags, ScramError> {
        match self {
            Self::Anything => Ok(Flags::empty()),
            Self::These(_) if bindings.is_empty() => Ok(Flags::empty()),
            Self::These(ours) | Self::ExactlyThese(ours) if ours == bindings && !ours.is_empty() => {
                Ok(Flags::CHANNEL_BOUND)
            }
            Self::These(_) | Self::ExactlyThese(_) | Self::Unknown => Err(ScramError::Bindings),
        }
    }
}

impl Handshake for AwaitClientFirst {
    fn progress(&self) -> Progress {
        Progress::new(Some(self.common.hash.oid()), Role::Acceptor)
    }
}

impl AcceptorContext for AwaitClientFirst {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let Self { common, users } = *self;
        let Common { hash, provider, .. } = common;
        let (first, client_first) = read(hash, token.unwrap_or_default()).map_err(|error| error.failed(hash))?;
        let user = prepared(&first.user).map_err(|reason| ScramError::PeerName(reason).failed(hash))?;
        let user = user.into_owned();
        let wanted = user.clone();
        Flow::blocking(
            move || find(&*users, provider, hash, &wanted),
            move |found| {
                let keys = found?.map_err(|error| ScramError::from(error).failed(hash))?;
                let answered = answer(common, user, keys, &first, client_first);
                answered.map_err(|error| error.failed(hash))
            },
        )
    }
}

/// Tells the salt, and waits for the proof.
fn answer(
    common: Common,
    user: String,
    keys: UserKeys,
    first: &ClientFirst,
    client_first: String,
) -> Result<Flow<Step<dyn AcceptorContext>>, ScramError> {
    let answer = ServerFirst {
        nonce: format!("{}{}", first.nonce, nonce(common.provider)?),
        salt: keys.salt.clone(),
        iterations: keys.iterations,
    };
    let server_first = answer.to_text();
    Ok(Flow::Done(Step::Continue {
        token: server_first.clone().into_bytes(),
        next: Box::new(AwaitClientFinal {
            common,
            user,
            keys,
            nonce: answer.nonce,
            client_first,
            server_first,
        }),
    }))
}

/// The first message, and its text.
fn read(hash: ScramHash, token: &[u8]) -> Result<(ClientFirst, String), ScramError> {
    let (mech, message) = framing::parse(token).map_err(ScramError::Framing)?;
    if mech != hash.oid() {
        return Err(ScramError::ForeignToken(Box::new(mech)));
    }
    let first = ClientFirst::parse(message)?;
    Ok((first, String::from_utf8_lossy(message).into_owned()))
}

/// The user's keys, or those of nobody. Both are looked for in any case, so that it takes as long.
fn find(
    users: &dyn ScramUsers,
    provider: &CryptoProvider,
    hash: ScramHash,
    user: &str,
) -> Result<UserKeys, UsersError> {
    let found = users.find(user, hash)?;
    let nobody = users.decoy(hash)?.keys(provider, hash, user);
    Ok(found.filter(|keys| keys.hash == hash).unwrap_or(nobody))
}

impl Handshake for AwaitClientFinal {
    fn progress(&self) -> Progress {
        Progress {
            flags: FLAGS,
            ..Progress::new(Some(self.common.hash.oid()), Role::Acceptor)
        }
    }
}

impl AcceptorContext for AwaitClientFinal {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let hash = self.common.hash;
        self.conclude(token.unwrap_or_default())
            .map_err(|error| refusing(error, hash))
    }
}

impl AwaitClientFinal {
    fn conclude(self, token: &[u8]) -> Result<Flow<Step<dyn AcceptorContext>>, ScramError> {
        let Common {
            hash,
            provider,
            expected,
        } = self.common;
        let message = ClientFinal::parse(token)?;
        if message.nonce != self.nonce {
            return Err(ScramError::Nonce);
        }
        let exchange = AuthMessage {
            client_first_bare: &self.client_first,
            server_first: &self.server_first,
            client_final_without_proof: &message.without_proof,
        };
        // First who it is: what it binds is worth no more than its proof.
        let Ok(client_key) = self.keys.proven(provider, &exchange, &message.proof) else {
            return Err(ScramError::Proof { user: self.user });
        };
        let flags = expected.check(&message.bindings)?;
        let key = self.keys.session_key(provider, &client_key, &exchange);
        let established = Establish {
            hash,
            role: Role::Acceptor,
            key: key.map_err(krb5_message::Error::from)?,
            source: Arc::new(ScramName::of_prepared(hash, self.user)),
            target: None,
            flags,
        };
        let signature = self.keys.signature(provider, &exchange);
        let answer = ServerFinal::Signature(signature.expose().to_vec());
        Ok(Flow::Done(Step::Established {
            token: Some(answer.to_text().into_bytes()),
            context: established.establish()?,
        }))
    }
}

/// The initiator learns of a failure at the end of the exchange, but not what is wrong with it: users are not told apart
/// from nobody, and messages that cannot be read not from proofs that do not hold.
fn refusing(error: ScramError, hash: ScramHash) -> StepError {
    let reason = match &error {
        ScramError::Bindings => ServerError::ChannelBindingsDontMatch,
        ScramError::Message(_) | ScramError::Nonce | ScramError::Proof { .. } => ServerError::InvalidProof,
        _ => ServerError::OtherError,
    };
    error.telling(hash, reason)
}
