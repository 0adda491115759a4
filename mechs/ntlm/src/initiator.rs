//! The client, [MS-NLMP] §3.1.

use std::sync::Arc;

use gss_core::{
    ChannelBindings, ContextInfo, Flags, Flow, Flowing, Handshake, Initiate, InitiatorContext, MechListMic, Progress,
    Role, Step,
};
use gss_crypto::{Secret, Zeroizing};

use crate::context::{Agreed, NtlmContext};
use crate::cred::Identity;
use crate::environment::LoopbackPolicy;
use crate::error::{NameFault, NtlmError, failed};
use crate::keys::{KEY_LEN, mic_key, rc4k};
use crate::message::{
    AuthenticateMessage, AvFlags, AvId, ChallengeMessage, ClientChallenge, Mic, NegotiateMessage, TargetInfo, Version,
};
use crate::name::NtlmName;
use crate::response::{Answer, answer_v2};
use crate::{AccountName, NTLM, NegotiateFlags, NtHash, NtlmEnvironment, reflection};

/// What is settled before the first message.
struct Wanted {
    environment: NtlmEnvironment,
    identity: Identity,
    target: NtlmName,
    flags: Flags,
    /// What is offered.
    offer: NegotiateFlags,
    /// What the server must take of it.
    needed: NegotiateFlags,
    /// Of the channel bindings.
    bindings: Option<[u8; 16]>,
}

/// Nothing has been sent.
pub(crate) struct AwaitStart(Wanted);

/// The offer has been sent; empty, of a datagram.
struct AwaitChallenge {
    wanted: Wanted,
    negotiate: Vec<u8>,
}

impl AwaitStart {
    /// Begins with what `request` asks for, as `identity`.
    ///
    /// # Errors
    /// [`NtlmError::Name`] for a target that is no service, [`NtlmError::Credential`] for protection that nobody's
    /// key can give.
    pub(crate) fn new(environment: NtlmEnvironment, identity: Identity, request: &Initiate) -> Result<Self, NtlmError> {
        environment.level()?;
        let target = NtlmName::import(&request.target)?;
        if target.spn().is_none() {
            return Err(NtlmError::Name {
                name: request.target.to_text().into_owned(),
                fault: NameFault::Type,
            });
        }
        let protection = protection(request.flags);
        let identity = match identity {
            _ if request.flags.contains(Flags::ANON) => Identity::Anonymous,
            identity => identity,
        };
        let offer = match identity {
            Identity::Anonymous if !protection.is_empty() => {
                return Err(NtlmError::Credential(
                    "of nobody protect no messages: ask for neither integrity nor confidentiality",
                ));
            }
            Identity::Anonymous => OFFER | NegotiateFlags::ANONYMOUS,
            Identity::User(..) => OFFER | protection,
        };
        let identify = if request.flags.contains(Flags::IDENTIFY) {
            NegotiateFlags::IDENTIFY
        } else {
            NegotiateFlags::empty()
        };
        let bindings = request.bindings.as_deref();
        Ok(Self(Wanted {
            bindings: bindings.map(|bindings| bindings_hash(bindings, &environment)),
            environment,
            identity,
            target,
            flags: request.flags,
            offer: offer | identify,
            needed: needed(protection),
        }))
    }
}

impl Handshake for AwaitStart {
    fn progress(&self) -> Progress {
        Progress::new(Some(NTLM), Role::Initiator)
    }
}

impl InitiatorContext for AwaitStart {
    /// Of a connection, the client speaks first; of datagrams, the server, §1.3.1.3: then the first token is empty.
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        if token.is_some_and(|token| !token.is_empty()) {
            return Err(failed(NtlmError::Expected("no token: the initiator speaks first")));
        }
        let Self(wanted) = *self;
        let negotiate = if wanted.offer.contains(NegotiateFlags::DATAGRAM) {
            Vec::new()
        } else {
            let message = NegotiateMessage {
                flags: wanted.offer,
                version: Some(Version::OURS),
                ..NegotiateMessage::default()
            };
            message.to_token().map_err(failed)?
        };
        Ok(Flow::Done(Step::Continue {
            token: negotiate.clone(),
            next: Box::new(AwaitChallenge { wanted, negotiate }),
        }))
    }
}

impl Handshake for AwaitChallenge {
    fn progress(&self) -> Progress {
        Progress::new(Some(NTLM), Role::Initiator)
    }
}

impl InitiatorContext for AwaitChallenge {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn InitiatorContext>> {
        let token = token.unwrap_or_default();
        let challenge = ChallengeMessage::parse(token).map_err(failed)?;
        let agreed = self.wanted.agree(&challenge).map_err(failed)?;
        let answered = match &self.wanted.identity {
            Identity::Anonymous => self.anonymous(agreed),
            Identity::User(account, hash) => self.user(account, hash, agreed, &challenge, token),
        };
        let (token, context) = answered.map_err(failed)?;
        Ok(Flow::Done(Step::Established {
            token: Some(token),
            context: Box::new(context),
        }))
    }
}

impl Wanted {
    /// What both sides can do.
    ///
    /// # Errors
    /// [`NtlmError::Downgraded`], [`NtlmError::Reflected`].
    fn agree(&self, challenge: &ChallengeMessage) -> Result<NegotiateFlags, NtlmError> {
        let missing = self.needed.difference(challenge.flags);
        if !missing.is_empty() {
            return Err(NtlmError::Downgraded(missing));
        }
        let refuses = self.environment.settings.loopback == LoopbackPolicy::Refuse;
        if refuses && reflection::is_ours(&challenge.server_challenge) {
            return Err(NtlmError::Reflected);
        }
        let told = challenge.flags & NegotiateFlags::TARGET_INFO;
        Ok(self.offer & (challenge.flags | NegotiateFlags::ANONYMOUS) | told)
    }

    /// The server's attributes and ours, §3.1.5.1.2.
    fn attributes(&self, challenge: &ChallengeMessage) -> TargetInfo {
        let mut attributes = challenge.target_info.clone().unwrap_or_default();
        if attributes.timestamp().is_some() {
            let flags = attributes.flags() | AvFlags::MIC;
            attributes = attributes.with(AvId::FLAGS, flags.bits().to_le_bytes());
        }
        if let Some(hash) = self.bindings {
            attributes = attributes.with(AvId::CHANNEL_BINDINGS, hash);
        }
        match self.target.spn() {
            Some(spn) => attributes.with_text(AvId::TARGET_NAME, &spn),
            None => attributes,
        }
    }

    fn message(&self, account: AccountName, flags: NegotiateFlags, answer: &Answer) -> AuthenticateMessage {
        AuthenticateMessage {
            lm_response: answer.lm_response.clone(),
            nt_response: answer.nt_response.clone(),
            account,
            workstation: self.environment.names.computer.clone(),
            encrypted_session_key: Vec::new(),
            flags,
            version: flags.contains(NegotiateFlags::VERSION).then_some(Version::OURS),
            mic: None,
        }
    }

    fn info(&self, agreed: NegotiateFlags) -> ContextInfo {
        ContextInfo {
            mech: NTLM,
            via: None,
            source: Some(Arc::new(self.identity.name())),
            target: Some(Arc::new(self.target.clone())),
            flags: granted(agreed) | self.flags & Flags::DCE_STYLE,
            expires: None,
            role: Role::Initiator,
        }
    }
}

type Answered = Result<(Vec<u8>, NtlmContext), NtlmError>;

impl AwaitChallenge {
    /// §3.3.2: no response, and one octet of the other.
    fn anonymous(&self, agreed: NegotiateFlags) -> Answered {
        let answer = Answer {
            nt_response: Vec::new(),
            lm_response: vec![0],
            session_base_key: Secret::from_slice(&[0; KEY_LEN]),
        };
        let message = self.wanted.message(AccountName::default(), agreed, &answer);
        let context = NtlmContext::new(Agreed {
            info: self.wanted.info(agreed),
            flags: agreed,
            exported: answer.session_base_key,
            mech_list_mic: MechListMic::AsNegotiated,
            provider: self.wanted.environment.provider,
        });
        Ok((message.to_token()?, context))
    }

    fn user(
        &self,
        account: &AccountName,
        hash: &NtHash,
        agreed: NegotiateFlags,
        challenge: &ChallengeMessage,
        token: &[u8],
    ) -> Answered {
        let wanted = &self.wanted;
        let environment = &wanted.environment;
        let attributes = wanted.attributes(challenge);
        let protects = attributes.flags().contains(AvFlags::MIC);
        let client = ClientChallenge {
            timestamp: attributes.timestamp().unwrap_or_else(|| environment.file_time()),
            challenge: environment.random()?,
            target_info: attributes,
        };
        let answer = answer_v2(
            hash,
            account,
            &challenge.server_challenge,
            &client,
            environment.provider,
        )?;
        let mut message = wanted.message(account.clone(), agreed, &answer);
        let exported = if agreed.contains(NegotiateFlags::KEY_EXCH) {
            let key = Zeroizing::new(environment.random::<KEY_LEN>()?);
            message.encrypted_session_key = rc4k(&answer.session_base_key, &key).to_vec();
            Secret::from_slice(&*key)
        } else {
            answer.session_base_key
        };
        if protects {
            message.mic = Some(Mic::DUE);
            let unsigned = message.to_token()?;
            let mic = mic_key(&exported, environment.provider).sign(&[&self.negotiate, token, &unsigned]);
            let octets = mic.expose().first_chunk().copied().unwrap_or_default();
            message.mic = Some(Mic { octets, ..Mic::DUE });
        }
        let context = NtlmContext::new(Agreed {
            info: wanted.info(agreed),
            flags: agreed,
            exported,
            mech_list_mic: if protects {
                MechListMic::Required
            } else {
                MechListMic::AsNegotiated
            },
            provider: environment.provider,
        });
        Ok((message.to_token()?, context))
    }
}

/// What is asked of the messages, I-80 and I-84.
fn protection(flags: Flags) -> NegotiateFlags {
    let mut protection = NegotiateFlags::empty();
    if flags.intersects(Flags::INTEG | Flags::CONF | Flags::REPLAY | Flags::SEQUENCE | Flags::DCE_STYLE) {
        protection |= NegotiateFlags::SIGN | NegotiateFlags::KEY_EXCH;
    }
    if flags.intersects(Flags::CONF | Flags::DCE_STYLE) {
        protection |= NegotiateFlags::SEAL;
    }
    if flags.contains(Flags::DATAGRAM) {
        protection |= NegotiateFlags::DATAGRAM | NegotiateFlags::SIGN | NegotiateFlags::KEY_EXCH;
    }
    protection
}

/// What the server must grant for such protection: anything less is refused, lest somebody in between take it out.
fn needed(protection: NegotiateFlags) -> NegotiateFlags {
    let strength = if protection.is_empty() {
        NegotiateFlags::empty()
    } else {
        NegotiateFlags::EXTENDED_SESSION_SECURITY | NegotiateFlags::KEY_128
    };
    NegotiateFlags::UNICODE | protection | strength
}

/// What a context of these flags offers to its caller.
pub(crate) fn granted(agreed: NegotiateFlags) -> Flags {
    let mut flags = Flags::TRANS;
    if agreed.intersects(NegotiateFlags::SIGN | NegotiateFlags::SEAL) {
        flags |= Flags::INTEG | Flags::REPLAY | Flags::SEQUENCE;
    }
    for (agreed_flag, flag) in [
        (NegotiateFlags::SEAL, Flags::CONF),
        (NegotiateFlags::ANONYMOUS, Flags::ANON),
        (NegotiateFlags::IDENTIFY, Flags::IDENTIFY),
        (NegotiateFlags::DATAGRAM, Flags::DATAGRAM),
    ] {
        if agreed.contains(agreed_flag) {
            flags |= flag;
        }
    }
    flags
}

/// MsvAvChannelBindings, [MS-NLMP] §2.2.2.1: MD5 over what RFC 4121 §4.1.1.2 hashes too.
pub(crate) fn bindings_hash(bindings: &ChannelBindings, environment: &NtlmEnvironment) -> [u8; 16] {
    let hash = environment.provider.md5.hash(&[&bindings.to_octets()]);
    hash.expose().first_chunk().copied().unwrap_or_default()
}

/// What every client offers. Keys of less than 128 bits are not among it.
const OFFER: NegotiateFlags = NegotiateFlags::UNICODE
    .union(NegotiateFlags::REQUEST_TARGET)
    .union(NegotiateFlags::NTLM)
    .union(NegotiateFlags::ALWAYS_SIGN)
    .union(NegotiateFlags::EXTENDED_SESSION_SECURITY)
    .union(NegotiateFlags::VERSION)
    .union(NegotiateFlags::KEY_128);
