//! The initiator, RFC 5802 §5.

use std::sync::Arc;

use gss_core::{
    ChannelBindings, Flags, Flow, Flowing, Handshake, Initiate, InitiatorContext, Progress, Role, Step, framing,
};
use krb5_message::crypto::Mac;

use crate::context::{Establish, FLAGS};
use crate::cred::Initiating;
use crate::environment::ScramEnvironment;
use crate::error::ScramError;
use crate::hash::ScramHash;
use crate::keys::{AuthMessage, InitiatorKeys, nonce};
use crate::message::{ClientFinal, ClientFirst, MAX_LEN, MessageError, ServerFinal, ServerFirst};
use crate::name::ScramName;

/// Nothing has been sent.
pub(crate) struct AwaitStart {
    common: Common,
    cred: Arc<Initiating>,
}

/// The name has been sent.
struct AwaitServerFirst {
    common: Common,
    cred: Arc<Initiating>,
    nonce: String,
    client_first: String,
}

/// The proof has been sent.
struct AwaitServerFinal {
    common: Common,
    /// What the acceptor must answer.
    expected: Mac,
    established: Establish,
}

/// What stays the same from the beginning.
struct Common {
    hash: ScramHash,
    environment: ScramEnvironment,
    user: ScramName,
    target: ScramName,
    /// What goes into the third message.
    bindings: Vec<u8>,
}

type Stepped = Flowing<Step<dyn InitiatorContext>>;

impl AwaitStart {
    /// # Errors
    /// [`ScramError::Anonymous`], [`ScramError::BindingAddresses`], [`ScramError::Name`].
    pub(crate) fn new(
        hash: ScramHash,
        environment: ScramEnvironment,
        cred: Arc<Initiating>,
        request: &Initiate,
    ) -> Result<Self, ScramError> {
        if request.flags.contains(Flags::ANON) {
            return Err(ScramError::Anonymous);
        }
        let bindings = match request.bindings.as_deref() {
            Some(bindings) => transmitted(bindings)?.to_vec(),
            None => Vec::new(),
        };
        let common = Common {
            hash,
            environment,
            user: cred.user.clone(),
            target: ScramName::import(hash, &request.target)?,
            bindings,
        };
        Ok(Self { common, cred })
    }
}

/// What SCRAM transmits of channel bindings, RFC 5801 §5.1.
///
/// # Errors
/// [`ScramError::BindingAddresses`] if that is not all there is: nobody should believe that the rest is bound.
pub(crate) fn transmitted(bindings: &ChannelBindings) -> Result<&[u8], ScramError> {
    let data = &bindings.application_data;
    let all = ChannelBindings::application(data.as_slice());
    if *bindings != all {
        return Err(ScramError::BindingAddresses);
    }
    Ok(data)
}

impl Handshake for AwaitStart {
    fn progress(&self) -> Progress {
        self.common.progress()
    }
}

impl InitiatorContext for AwaitStart {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let hash = self.common.hash;
        if token.is_some_and(|token| !token.is_empty()) {
            return Err(ScramError::Message(MessageError::Trailing).failed(hash));
        }
        let (nonce, client_first) = self.begin().map_err(|error| error.failed(hash))?;
        Ok(Flow::Done(Step::Continue {
            token: framing::wrap(&hash.oid(), client_first.as_bytes()),
            next: Box::new(AwaitServerFirst {
                common: self.common,
                cred: self.cred,
                nonce,
                client_first,
            }),
        }))
    }
}

impl AwaitStart {
    fn begin(&self) -> Result<(String, String), ScramError> {
        let nonce = nonce(self.common.environment.provider)?;
        let message = ClientFirst {
            user: self.common.user.as_user()?.to_owned(),
            nonce: nonce.clone(),
        };
        let text = message.to_text();
        within_limit(&text)?;
        Ok((nonce, text))
    }
}

impl Handshake for AwaitServerFirst {
    fn progress(&self) -> Progress {
        self.common.progress()
    }
}

impl InitiatorContext for AwaitServerFirst {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let hash = self.common.hash;
        let token = token.unwrap_or_default();
        let answer = self.read(token).map_err(|error| error.failed(hash))?;
        let Self {
            common,
            cred,
            client_first,
            ..
        } = *self;
        let server_first = String::from_utf8_lossy(token).into_owned();
        let provider = common.environment.provider;
        let (salt, iterations) = (answer.salt.clone(), answer.iterations);
        // Deriving takes as long as the acceptor says, within bounds.
        Flow::blocking(
            move || cred.keys(provider, hash, &salt, iterations),
            move |keys| {
                let keys = keys?.map_err(|error| error.failed(hash))?;
                let proving = Proving {
                    client_first,
                    server_first,
                    nonce: answer.nonce,
                };
                proving.prove(common, &keys).map_err(|error| error.failed(hash))
            },
        )
    }
}

impl AwaitServerFirst {
    /// Reads the acceptor's answer, and says whether this side may go on with it.
    fn read(&self, token: &[u8]) -> Result<ServerFirst, ScramError> {
        let answer = match (ServerFirst::parse(token), ServerFinal::parse(token)) {
            (Ok(answer), _) => answer,
            // Some acceptors refuse a name with the message that is due at the end.
            (Err(_), Ok(ServerFinal::Error(reason))) => return Err(ScramError::Refused(reason)),
            (Err(error), _) => return Err(error.into()),
        };
        match answer.nonce.strip_prefix(&self.nonce) {
            None | Some("") => return Err(ScramError::Nonce),
            Some(_) => {}
        }
        let (found, allowed) = (answer.iterations.get(), &self.common.environment.iterations);
        if !allowed.contains(&found) {
            return Err(ScramError::Iterations {
                found,
                least: *allowed.start(),
                most: *allowed.end(),
            });
        }
        Ok(answer)
    }
}

/// What the proof is made of, but for the keys.
struct Proving {
    client_first: String,
    server_first: String,
    nonce: String,
}

impl Proving {
    fn prove(self, common: Common, keys: &InitiatorKeys) -> Result<Flow<Step<dyn InitiatorContext>>, ScramError> {
        let provider = common.environment.provider;
        let without_proof = ClientFinal::without_proof(&common.bindings, &self.nonce);
        let exchange = AuthMessage {
            client_first_bare: &self.client_first,
            server_first: &self.server_first,
            client_final_without_proof: &without_proof,
        };
        let message = ClientFinal::with_proof(&without_proof, &keys.proof(provider, &exchange));
        within_limit(&message)?;
        let key = keys
            .session_key(provider, &exchange)
            .map_err(krb5_message::Error::from)?;
        Ok(Flow::Done(Step::Continue {
            token: message.into_bytes(),
            next: Box::new(AwaitServerFinal {
                expected: keys.expected(provider, &exchange),
                established: Establish {
                    hash: common.hash,
                    role: Role::Initiator,
                    key,
                    source: Arc::new(common.user.clone()),
                    target: Some(Arc::new(common.target.clone())),
                    // Only the acceptor knows whether it has compared the bindings.
                    flags: Flags::empty(),
                },
                common,
            }),
        }))
    }
}

impl Handshake for AwaitServerFinal {
    fn progress(&self) -> Progress {
        self.common.progress()
    }
}

impl InitiatorContext for AwaitServerFinal {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Stepped {
        let hash = self.common.hash;
        self.conclude(token.unwrap_or_default())
            .map_err(|error| error.failed(hash))
    }
}

impl AwaitServerFinal {
    fn conclude(self, token: &[u8]) -> Result<Flow<Step<dyn InitiatorContext>>, ScramError> {
        match ServerFinal::parse(token)? {
            ServerFinal::Error(reason) => Err(ScramError::Refused(reason)),
            ServerFinal::Signature(signature) => {
                if self.expected.verify(&signature).is_err() {
                    return Err(ScramError::AcceptorUnproven {
                        user: self.common.user.as_user()?.to_owned(),
                    });
                }
                Ok(Flow::Done(Step::Established {
                    token: None,
                    context: self.established.establish()?,
                }))
            }
        }
    }
}

impl Common {
    fn progress(&self) -> Progress {
        Progress {
            flags: FLAGS,
            ..Progress::new(Some(self.hash.oid()), Role::Initiator)
        }
    }
}

/// A longer message would not be read.
fn within_limit(message: &str) -> Result<(), ScramError> {
    if message.len() > MAX_LEN {
        return Err(MessageError::TooLong(message.len()).into());
    }
    Ok(())
}
