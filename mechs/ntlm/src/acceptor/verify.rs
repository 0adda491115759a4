//! The client's answer, [MS-NLMP] §3.2.5.1.2.
//!
//! Whether there is a MIC or not, the response is always verified, and before anything that is in it is believed.

use std::sync::Arc;

use gss_core::{BindingsPolicy, ContextInfo, Flags, MechListMic, MechName, Role};
use gss_crypto::{Secret, ct_eq};

use crate::acceptor::AwaitAuthenticate;
use crate::context::{Agreed, NtlmContext};
use crate::environment::{AnonymousPolicy, ClientPolicy};
use crate::error::NtlmError;
use crate::initiator::{bindings_hash, granted};
use crate::keys::{KEY_LEN, mic_key, rc4k};
use crate::message::{AuthenticateMessage, AvFlags, AvId, Mic, NtlmV2Response, TargetInfo};
use crate::name::{NtlmName, of_account, upper};
use crate::{Authenticated, Authentication, Generation, NTLM, NegotiateFlags, UserError};

/// The answer to a challenge.
pub(super) struct Response {
    acceptor: AwaitAuthenticate,
    message: AuthenticateMessage,
    token: Vec<u8>,
    /// What both sides agree upon.
    agreed: NegotiateFlags,
}

impl Response {
    /// Reads it, and checks that it belongs to the challenge.
    ///
    /// # Errors
    /// [`NtlmError::Message`], [`NtlmError::FlagsChanged`].
    pub(super) fn parse(acceptor: AwaitAuthenticate, token: &[u8]) -> Result<Self, NtlmError> {
        let message = AuthenticateMessage::parse(token)?;
        let agreed = agree(&acceptor, message.flags)?;
        Ok(Self {
            acceptor,
            message,
            token: token.to_vec(),
            agreed,
        })
    }

    pub(super) fn acceptor(&self) -> &AwaitAuthenticate {
        &self.acceptor
    }

    /// What the client claims; `None` if it is anonymous.
    ///
    /// # Errors
    /// [`NtlmError::User`] if it claims to be a user without a name, or the level does not allow its response;
    /// [`NtlmError::Message`] if the response is malformed.
    pub(super) fn claim(&self) -> Result<Option<Authentication>, NtlmError> {
        let message = &self.message;
        if message.account.is_anonymous() {
            return match (message.nt_response.as_slice(), message.lm_response.as_slice()) {
                ([], [] | [0]) => Ok(None),
                _ => Err(UserError::Refused.into()),
            };
        }
        let environment = &self.acceptor.environment;
        let claim = Authentication {
            account: message.account.clone(),
            workstation: message.workstation.clone(),
            server_challenge: self.acceptor.challenge.server_challenge,
            nt_response: message.nt_response.clone(),
            lm_response: message.lm_response.clone(),
            flags: self.agreed,
            level: environment.level()?,
            provider: environment.provider,
        };
        let generation = claim.generation();
        if !claim.level.accepts(generation) {
            return Err(UserError::Generation(generation).into());
        }
        if generation == Generation::NtlmV2 {
            NtlmV2Response::parse(&claim.nt_response)?;
        }
        Ok(Some(claim))
    }

    /// The context with a client who names nobody. Its key is known to all: nothing is protected by it.
    ///
    /// # Errors
    /// [`NtlmError::Anonymous`] unless that is allowed.
    pub(super) fn anonymous(self) -> Result<NtlmContext, NtlmError> {
        if self.acceptor.environment.settings.anonymous != AnonymousPolicy::Allow {
            return Err(NtlmError::Anonymous);
        }
        if self.acceptor.request.bindings.is_some() && self.acceptor.request.bindings_policy == BindingsPolicy::Require
        {
            return Err(NtlmError::Bindings("no"));
        }
        let protecting =
            NegotiateFlags::SIGN | NegotiateFlags::SEAL | NegotiateFlags::KEY_EXCH | NegotiateFlags::DATAGRAM;
        let agreed = self.agreed.difference(protecting) | NegotiateFlags::ANONYMOUS;
        let source: Arc<dyn MechName> = Arc::new(NtlmName::Anonymous);
        let exported = Secret::from_slice(&[0; KEY_LEN]);
        Ok(self.context(source, agreed, Flags::empty(), exported, MechListMic::AsNegotiated))
    }

    /// The context with a client who is who it claims to be, if all that it says fits.
    ///
    /// # Errors
    /// [`NtlmError`].
    pub(super) fn authenticated(self, user: Authenticated) -> Result<NtlmContext, NtlmError> {
        let attributes = self.attributes()?;
        let exported = self.exported(user.session_base_key)?;
        let mech_list_mic = self.check_mic(attributes.flags(), &exported)?;
        self.check_names(&attributes)?;
        let bound = self.check_bindings(&attributes)?;
        let agreed = self.agreed.difference(NegotiateFlags::ANONYMOUS);
        Ok(self.context(of_account(user.account), agreed, bound, exported, mech_list_mic))
    }

    /// What the client has proved besides its password. Before NTLMv2, nothing.
    fn attributes(&self) -> Result<TargetInfo, NtlmError> {
        if self.message.nt_response.len() <= 24 {
            return Ok(TargetInfo::default());
        }
        Ok(NtlmV2Response::parse(&self.message.nt_response)?.challenge.target_info)
    }

    fn exported(&self, base: Secret) -> Result<Secret, NtlmError> {
        if base.len() != KEY_LEN {
            let fault = format!("its session key has {} octets instead of {KEY_LEN}", base.len());
            return Err(UserError::Unavailable(fault.into()).into());
        }
        if !self.agreed.contains(NegotiateFlags::KEY_EXCH) {
            return Ok(base);
        }
        let encrypted: &[u8; KEY_LEN] = match self.message.encrypted_session_key.as_slice().try_into() {
            Ok(encrypted) => encrypted,
            Err(_) => return Err(NtlmError::SessionKey(self.message.encrypted_session_key.len())),
        };
        Ok(Secret::from_slice(&*rc4k(&base, encrypted)))
    }

    /// §3.2.5.1.2. The flags are in the response, whose proof has been verified: nobody can take them out.
    fn check_mic(&self, flags: AvFlags, exported: &Secret) -> Result<MechListMic, NtlmError> {
        let strict = self.acceptor.environment.settings.clients == ClientPolicy::Strict;
        match (flags.contains(AvFlags::MIC), self.message.mic) {
            (false, _) if strict => Err(NtlmError::MicMissing),
            (false, _) => Ok(MechListMic::AsNegotiated),
            (true, None) => Err(NtlmError::MicMissing),
            (true, Some(mic)) => self.verify_mic(mic, exported).map(|()| MechListMic::Required),
        }
    }

    fn verify_mic(&self, mic: Mic, exported: &Secret) -> Result<(), NtlmError> {
        let (before, rest) = self.token.split_at_checked(mic.offset).ok_or(NtlmError::MicMissing)?;
        let (_, after) = rest.split_first_chunk::<16>().ok_or(NtlmError::MicMissing)?;
        let key = mic_key(exported, self.acceptor.environment.provider);
        let messages = [
            &self.acceptor.negotiate,
            self.acceptor.challenge_token.as_slice(),
            before,
            &[0; 16],
            after,
        ];
        key.sign(&messages).verify(&mic.octets).map_err(|_| NtlmError::Mic)
    }

    /// The client repeats what it was told, so that nobody else's challenge can be passed on to it, and means this
    /// service, if there is one to mean (CVE-2015-0005, CVE-2019-1019).
    fn check_names(&self, theirs: &TargetInfo) -> Result<(), NtlmError> {
        let strict = self.acceptor.environment.settings.clients == ClientPolicy::Strict;
        let ours = self.acceptor.challenge.target_info.iter().flat_map(TargetInfo::pairs);
        for pair in ours {
            match theirs.value(pair.id) {
                None if !strict => {}
                Some(value) if value == pair.value => {}
                _ => return Err(NtlmError::Target(pair.id)),
            }
        }
        let Some(spn) = self.acceptor.cred.service.as_ref().and_then(NtlmName::spn) else {
            return Ok(());
        };
        match theirs.text(AvId::TARGET_NAME).filter(|name| !name.is_empty()) {
            None if !strict => Ok(()),
            Some(name) if means(&name, &spn) => Ok(()),
            _ => Err(NtlmError::Target(AvId::TARGET_NAME)),
        }
    }

    fn check_bindings(&self, theirs: &TargetInfo) -> Result<Flags, NtlmError> {
        let request = &self.acceptor.request;
        let Some(bindings) = request.bindings.as_deref() else {
            return Ok(Flags::empty());
        };
        if request.bindings_policy == BindingsPolicy::Ignore {
            return Ok(Flags::empty());
        }
        let expected = bindings_hash(bindings, &self.acceptor.environment);
        match theirs.channel_bindings() {
            Some(found) if ct_eq(found, &expected).is_ok() => Ok(Flags::CHANNEL_BOUND),
            Some(_) => Err(NtlmError::Bindings("another")),
            None if request.bindings_policy == BindingsPolicy::WhenSupplied => Ok(Flags::empty()),
            None => Err(NtlmError::Bindings("no")),
        }
    }

    fn context(
        self,
        source: Arc<dyn MechName>,
        agreed: NegotiateFlags,
        bound: Flags,
        exported: Secret,
        mech_list_mic: MechListMic,
    ) -> NtlmContext {
        let target = self.acceptor.cred.service;
        NtlmContext::new(Agreed {
            info: ContextInfo {
                mech: NTLM,
                via: None,
                source: Some(source),
                target: target.map(|target| -> Arc<dyn MechName> { Arc::new(target) }),
                flags: granted(agreed) | bound,
                expires: None,
                role: Role::Acceptor,
            },
            flags: agreed,
            exported,
            mech_list_mic,
            provider: self.acceptor.environment.provider,
        })
    }
}

/// What the client has made of the flags. Of a connection they were settled by the challenge; of datagrams they are
/// settled here.
fn agree(acceptor: &AwaitAuthenticate, theirs: NegotiateFlags) -> Result<NegotiateFlags, NtlmError> {
    let ours = acceptor.challenge.flags;
    let changed = if ours.contains(NegotiateFlags::DATAGRAM) {
        (theirs & PROTECTION).difference(ours) | NEEDED_BY_DATAGRAMS.difference(theirs)
    } else {
        (theirs ^ ours) & PROTECTION
    };
    if changed.is_empty() {
        Ok(ours & (theirs | !PROTECTION))
    } else {
        Err(NtlmError::FlagsChanged(changed))
    }
}

/// Whether a client's target is `spn`. Windows compares without regard to case; a client may add a port or an instance.
fn means(name: &str, spn: &str) -> bool {
    let (name, spn) = (upper(name), upper(spn));
    match name.strip_prefix(&spn) {
        Some(rest) => rest.is_empty() || rest.starts_with([':', '/']),
        None => false,
    }
}

/// What nobody may change on the way.
const PROTECTION: NegotiateFlags = NegotiateFlags::SIGN
    .union(NegotiateFlags::SEAL)
    .union(NegotiateFlags::EXTENDED_SESSION_SECURITY)
    .union(NegotiateFlags::KEY_EXCH)
    .union(NegotiateFlags::KEY_128)
    .union(NegotiateFlags::KEY_56);

/// Without these, datagrams cannot be protected.
const NEEDED_BY_DATAGRAMS: NegotiateFlags = NegotiateFlags::DATAGRAM
    .union(NegotiateFlags::SIGN)
    .union(NegotiateFlags::EXTENDED_SESSION_SECURITY)
    .union(NegotiateFlags::KEY_EXCH)
    .union(NegotiateFlags::KEY_128);
