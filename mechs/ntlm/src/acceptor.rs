//! The server, [MS-NLMP] §3.2.

mod verify;

use std::sync::Arc;

use gss_core::{Accept, AcceptorContext, Flow, Flowing, Handshake, Progress, Role, Step};

use crate::cred::Accepting;
use crate::environment::ClientPolicy;
use crate::error::{NtlmError, failed};
use crate::message::{AvId, ChallengeMessage, NegotiateMessage, TargetInfo, Version};
use crate::reflection::Outstanding;
use crate::{NTLM, NegotiateFlags, NtlmEnvironment};
use verify::Response;

/// Nothing has come.
pub(crate) struct AwaitNegotiate {
    pub(crate) environment: NtlmEnvironment,
    pub(crate) cred: Accepting,
    pub(crate) request: Accept,
}

/// The challenge has been sent.
pub(crate) struct AwaitAuthenticate {
    environment: NtlmEnvironment,
    cred: Accepting,
    request: Accept,
    /// Empty, of a datagram.
    negotiate: Vec<u8>,
    challenge: ChallengeMessage,
    challenge_token: Vec<u8>,
    /// For the initiators of this process.
    _outstanding: Outstanding,
}

impl Handshake for AwaitNegotiate {
    fn progress(&self) -> Progress {
        Progress::new(Some(NTLM), Role::Acceptor)
    }
}

impl AcceptorContext for AwaitNegotiate {
    /// Without a token, or with an empty one, it is for datagrams: the server speaks first, §1.3.1.3.
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        let negotiate = token.unwrap_or_default();
        let flags = if negotiate.is_empty() {
            OF_DATAGRAMS
        } else {
            let message = NegotiateMessage::parse(negotiate).map_err(failed)?;
            agree(message.flags, self.environment.settings.clients).map_err(failed)?
        };
        self.environment.level().map_err(failed)?;
        let challenge = self.challenge(flags).map_err(failed)?;
        let token = challenge.to_token().map_err(failed)?;
        let next = AwaitAuthenticate {
            _outstanding: Outstanding::new(challenge.server_challenge),
            negotiate: negotiate.to_vec(),
            challenge,
            challenge_token: token.clone(),
            environment: self.environment,
            cred: self.cred,
            request: self.request,
        };
        Ok(Flow::Done(Step::Continue {
            token,
            next: Box::new(next),
        }))
    }
}

impl AwaitNegotiate {
    fn challenge(&self, flags: NegotiateFlags) -> Result<ChallengeMessage, NtlmError> {
        let names = &self.environment.names;
        let (target, kind) = match &names.domain {
            Some(domain) => (domain, NegotiateFlags::TARGET_TYPE_DOMAIN),
            None => (&names.computer, NegotiateFlags::TARGET_TYPE_SERVER),
        };
        let (target_name, kind) = if flags.contains(NegotiateFlags::REQUEST_TARGET) {
            (target.clone(), kind)
        } else {
            (String::new(), NegotiateFlags::empty())
        };
        Ok(ChallengeMessage {
            flags: flags | kind | NegotiateFlags::TARGET_INFO,
            target_name: Some(target_name)
                .filter(|name| flags.contains(NegotiateFlags::UNICODE) || name.is_ascii())
                .unwrap_or_default(),
            server_challenge: self.environment.random()?,
            target_info: Some(self.attributes()),
            version: flags.contains(NegotiateFlags::VERSION).then_some(Version::OURS),
        })
    }

    /// MsvAvFlags is not among them: Windows stumbles over one of 0 (I-76).
    fn attributes(&self) -> TargetInfo {
        let names = &self.environment.names;
        let mut attributes = TargetInfo::default()
            .with_text(AvId::NB_DOMAIN_NAME, names.domain.as_ref().unwrap_or(&names.computer))
            .with_text(AvId::NB_COMPUTER_NAME, &names.computer);
        for (id, name) in [
            (AvId::DNS_DOMAIN_NAME, &names.dns_domain),
            (AvId::DNS_COMPUTER_NAME, &names.dns_computer),
        ] {
            if let Some(name) = name {
                attributes = attributes.with_text(id, name);
            }
        }
        attributes.with(AvId::TIMESTAMP, self.environment.file_time().to_le_bytes())
    }
}

impl Handshake for AwaitAuthenticate {
    fn progress(&self) -> Progress {
        Progress::new(Some(NTLM), Role::Acceptor)
    }
}

impl AcceptorContext for AwaitAuthenticate {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        let response = Response::parse(*self, token.unwrap_or_default()).map_err(failed)?;
        let Some(claim) = response.claim().map_err(failed)? else {
            let context = response.anonymous().map_err(failed)?;
            return Ok(established(context));
        };
        let users = Arc::clone(&response.acceptor().cred.users);
        Flow::blocking(
            move || users.authenticate(&claim),
            move |answer| {
                let authenticated = answer?.map_err(failed)?;
                let context = response.authenticated(authenticated).map_err(failed)?;
                Ok(established(context))
            },
        )
    }
}

fn established(context: crate::context::NtlmContext) -> Flow<Step<dyn AcceptorContext>> {
    Flow::Done(Step::Established {
        token: None,
        context: Box::new(context),
    })
}

/// What is taken of a client's offer, §3.2.5.1.1.
///
/// # Errors
/// [`NtlmError::Downgraded`] if there is no common way to write text.
fn agree(offer: NegotiateFlags, policy: ClientPolicy) -> Result<NegotiateFlags, NtlmError> {
    let mut agreed = offer & SUPPORTED;
    match () {
        () if agreed.contains(NegotiateFlags::UNICODE) => agreed.remove(NegotiateFlags::OEM),
        () if agreed.contains(NegotiateFlags::OEM) => {}
        () => return Err(NtlmError::Downgraded(NegotiateFlags::UNICODE)),
    }
    let strong = agreed.contains(NegotiateFlags::KEY_128) || policy == ClientPolicy::Compatible;
    if !strong || !agreed.contains(NegotiateFlags::EXTENDED_SESSION_SECURITY) {
        agreed.remove(NegotiateFlags::SIGN | NegotiateFlags::SEAL);
    }
    if !agreed.intersects(NegotiateFlags::SIGN | NegotiateFlags::SEAL) {
        agreed.remove(NegotiateFlags::KEY_EXCH);
    }
    Ok(agreed | NegotiateFlags::NTLM)
}

const SUPPORTED: NegotiateFlags = NegotiateFlags::UNICODE
    .union(NegotiateFlags::OEM)
    .union(NegotiateFlags::REQUEST_TARGET)
    .union(NegotiateFlags::SIGN)
    .union(NegotiateFlags::SEAL)
    .union(NegotiateFlags::NTLM)
    .union(NegotiateFlags::ALWAYS_SIGN)
    .union(NegotiateFlags::EXTENDED_SESSION_SECURITY)
    .union(NegotiateFlags::IDENTIFY)
    .union(NegotiateFlags::VERSION)
    .union(NegotiateFlags::KEY_128)
    .union(NegotiateFlags::KEY_EXCH)
    .union(NegotiateFlags::KEY_56);

/// What a server offers that has not heard from the client.
const OF_DATAGRAMS: NegotiateFlags = NegotiateFlags::UNICODE
    .union(NegotiateFlags::REQUEST_TARGET)
    .union(NegotiateFlags::SIGN)
    .union(NegotiateFlags::SEAL)
    .union(NegotiateFlags::DATAGRAM)
    .union(NegotiateFlags::NTLM)
    .union(NegotiateFlags::ALWAYS_SIGN)
    .union(NegotiateFlags::EXTENDED_SESSION_SECURITY)
    .union(NegotiateFlags::IDENTIFY)
    .union(NegotiateFlags::VERSION)
    .union(NegotiateFlags::KEY_128)
    .union(NegotiateFlags::KEY_EXCH);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i80_unicode_wins_and_weak_keys_protect_nothing() {
        let flags = NegotiateFlags::from_bits_retain(0xe28a_8233);
        let strict = |offer| agree(offer, ClientPolicy::Strict);
        assert_eq!(strict(flags).unwrap(), (flags & SUPPORTED) - NegotiateFlags::OEM);
        let protection = NegotiateFlags::SIGN | NegotiateFlags::SEAL | NegotiateFlags::KEY_EXCH;
        for missing in [NegotiateFlags::KEY_128, NegotiateFlags::EXTENDED_SESSION_SECURITY] {
            assert!(!strict(flags - missing).unwrap().intersects(protection));
        }
        let weak = agree(flags - NegotiateFlags::KEY_128, ClientPolicy::Compatible).unwrap();
        assert!(weak.contains(protection | NegotiateFlags::KEY_56));
        assert!(matches!(
            strict(NegotiateFlags::NTLM),
            Err(NtlmError::Downgraded(NegotiateFlags::UNICODE))
        ));
        let connection = strict(flags | NegotiateFlags::DATAGRAM | NegotiateFlags::LM_KEY).unwrap();
        assert!(!connection.intersects(NegotiateFlags::DATAGRAM | NegotiateFlags::LM_KEY));
    }
}
