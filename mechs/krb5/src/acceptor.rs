//! The acceptor's side of establishing a context: RFC 4121 §4.1, in one step; in two where DCE style wants a third token.
//!
//! The AP-REQ is checked, then checksum, bindings and delegation, then the replay cache is asked: an authenticator that
//! fails elsewhere does not count as seen, or whoever relays one could lock its owner out. Nothing is released before
//! all of it holds.

mod third_leg;

use std::sync::Arc;

use gss_core::{
    Accept, AcceptorContext, BindingsPolicy, ChannelBindings, Error, Flags, Flow, Flowing, Handshake, MechCred,
    Progress, Role, Step, StepError,
};
use krb5_crypto::{ChecksumType, KeyUsage};
use krb5_proto::exchange::ap::{self, AcceptPolicy, Accepted, AcceptorSubkey, TransitedPolicy};
use krb5_proto::exchange::{krb_error, sequence_number};
use krb5_proto::messages::{ApOptions, ApReq, Checksum};
use krb5_proto::{Principal, Timestamp};
use krb5_store::replay::{Acceptance, ReplayError, Tag};

use crate::checksum::{CHECKSUM_TYPE, GssChecksum, NO_BINDINGS, bindings_hash};
use crate::cred::{Accepting, CredOptions, KerberosCred};
use crate::error::{KerberosError, failed};
use crate::token::{ContextToken, Framing, TokenId};
use crate::{KRB5, KerberosEnvironment, delegation};
use third_leg::{Agreed, AwaitThirdLeg};

/// What an initiator may claim; the rest of its flags is not for it to say.
const CLAIMABLE: Flags = Flags::MUTUAL
    .union(Flags::REPLAY)
    .union(Flags::SEQUENCE)
    .union(Flags::DCE_STYLE)
    .union(Flags::CONF)
    .union(Flags::INTEG)
    .union(Flags::IDENTIFY)
    .union(Flags::EXTENDED_ERROR);

/// A context that awaits the initiator's token.
pub(crate) struct AwaitApReq {
    pub(crate) environment: KerberosEnvironment,
    pub(crate) cred: Accepting,
    pub(crate) request: Accept,
}

impl Handshake for AwaitApReq {
    fn progress(&self) -> Progress {
        Progress::new(Some(KRB5), Role::Acceptor)
    }
}

impl AcceptorContext for AwaitApReq {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        let token = ContextToken::parse(token.unwrap_or_default()).map_err(failed)?;
        if token.id != TokenId::ApReq {
            return Err(failed(KerberosError::TokenExpected("an AP-REQ")));
        }
        let now = self.environment.now();
        let answer = Answer::to(&token, now);
        let judged = match self.judge(&token, now) {
            Ok(judged) => judged,
            Err(error) => return Err(answer.refuse(error)),
        };
        let replay = Arc::clone(self.cred.replay.cache());
        let acceptance = Acceptance {
            tag: Tag::of(&judged.accepted.replay_tag),
            time: judged.accepted.ctime,
            now: now.time,
            skew: self.environment.settings.clockskew(),
        };
        Flow::blocking(
            move || replay.store(&acceptance),
            move |stored| match remembered(stored?, &judged.accepted).and_then(|()| self.reply(judged, &answer)) {
                Ok(step) => Ok(Flow::Done(step)),
                Err(error) => Err(answer.refuse(error)),
            },
        )
    }
}

/// An AP-REQ that may be accepted unless it is a replay.
struct Judged {
    accepted: Accepted,
    /// As granted.
    flags: Flags,
    delegated: Option<Arc<dyn MechCred>>,
}

impl AwaitApReq {
    fn judge(&self, token: &ContextToken<'_>, now: Timestamp) -> Result<Judged, KerberosError> {
        let accepted = self.check(token.message, now)?;
        let claims = Claims::read(&accepted)?;
        let mut flags = claims.flags.intersection(CLAIMABLE).union(Flags::TRANS);
        if flags.contains(Flags::DCE_STYLE) != (token.framing == Framing::Raw) {
            return Err(KerberosError::DceStyle);
        }
        if flags.contains(Flags::DCE_STYLE) {
            // Windows sometimes leaves it out.
            flags.insert(Flags::MUTUAL);
        }
        flags.set(Flags::CHANNEL_BOUND, self.bound(&claims, &accepted)?);
        let delegated = self.delegated(&claims, &accepted)?;
        flags.set(Flags::DELEG, delegated.is_some());
        Ok(Judged {
            accepted,
            flags,
            delegated,
        })
    }

    fn check(&self, ap_req: &[u8], now: Timestamp) -> Result<Accepted, KerberosError> {
        let settings = &self.environment.settings;
        let policy = AcceptPolicy {
            clock_skew: settings.clockskew(),
            permitted: self.environment.permitted_enctypes(),
            transited: TransitedPolicy::Check(settings.capaths()),
            ..AcceptPolicy::default()
        };
        Ok(ap::accept(
            self.environment.provider,
            self.cred.keys.as_ref(),
            ap_req,
            &policy,
            now,
        )?)
    }

    /// Whether both sides have bound the same channel.
    fn bound(&self, claims: &Claims<'_>, accepted: &Accepted) -> Result<bool, KerberosError> {
        let hash = |bindings: &Arc<ChannelBindings>| bindings_hash(self.environment.provider, bindings);
        let policy = self.request.bindings_policy;
        let ours = match (&self.request.bindings, policy) {
            (_, BindingsPolicy::Ignore) => return Ok(false),
            (None, BindingsPolicy::Require) => return Err(KerberosError::OwnBindings),
            (None, _) => return Ok(false),
            (Some(bindings), _) => hash(bindings),
        };
        if claims.bindings == ours {
            return Ok(true);
        }
        // An initiator without bindings is taken for one that knows none, unless it says that it does.
        let aware = accepted.authdata.requires_channel_bindings();
        if claims.bindings == NO_BINDINGS && policy != BindingsPolicy::Require && !aware {
            return Ok(false);
        }
        Err(KerberosError::Bindings)
    }

    fn delegated(&self, claims: &Claims<'_>, accepted: &Accepted) -> Result<Option<Arc<dyn MechCred>>, KerberosError> {
        let Some(krb_cred) = claims.delegated else {
            return Ok(None);
        };
        let tickets = delegation::receive(krb_cred, &accepted.session_key, accepted.subkey.as_deref())?;
        let Some(client) = tickets.first().map(|ticket| ticket.client.clone()) else {
            return Ok(None);
        };
        tracing::debug!(%client, tickets = tickets.len(), "the client delegates");
        let environment = self.environment.clone().with_options(CredOptions::default());
        Ok(Some(Arc::new(KerberosCred::of_tickets(environment, client, tickets)?)))
    }

    /// The AP-REP if there is to be one, and the context or what it still needs.
    fn reply(&self, judged: Judged, answer: &Answer) -> Result<Step<dyn AcceptorContext>, KerberosError> {
        let Judged {
            accepted,
            flags,
            delegated,
        } = judged;
        let mut agreed = Agreed {
            // I-33: without an AP-REP both directions count from the initiator's number.
            sequence: accepted.sequence.unwrap_or(0),
            accepted,
            acceptor_subkey: None,
            flags,
            delegated,
        };
        let mut token = None;
        if flags.contains(Flags::MUTUAL) {
            let provider = self.environment.provider;
            agreed.sequence = sequence_number(provider)?;
            let subkey = self.subkey(&agreed.accepted, flags);
            let (message, subkey) = agreed.accepted.reply(provider, subkey, Some(agreed.sequence))?;
            agreed.acceptor_subkey = subkey;
            token = Some(answer.token(TokenId::ApRep, &message));
        }
        match token {
            Some(token) if flags.contains(Flags::DCE_STYLE) => Ok(Step::Continue {
                token,
                next: Box::new(AwaitThirdLeg(agreed)),
            }),
            token => Ok(Step::Established {
                token,
                context: agreed.establish()?,
            }),
        }
    }

    /// A key of ours, of a better type than the initiator's if both sides wish that (RFC 4537 §3).
    ///
    /// None with the older types: RFC 1964 knows no such key, and MIT's initiators go on with their own but in DCE style.
    fn subkey(&self, accepted: &Accepted, flags: Flags) -> AcceptorSubkey {
        let permitted = self.environment.permitted_enctypes();
        let negotiated = accepted.negotiated_etype(&permitted);
        let key = accepted.subkey.as_ref().unwrap_or(&accepted.session_key);
        match negotiated {
            Some(better) => AcceptorSubkey::OfType(better),
            None if key.enctype().is_legacy() && !flags.contains(Flags::DCE_STYLE) => AcceptorSubkey::None,
            None => AcceptorSubkey::Generate,
        }
    }
}

fn remembered(stored: Result<(), ReplayError>, accepted: &Accepted) -> Result<(), KerberosError> {
    match &stored {
        Ok(()) => tracing::debug!(client = %accepted.client, "the authenticator was not seen before"),
        Err(error) => tracing::debug!(client = %accepted.client, %error, "the replay cache refuses the authenticator"),
    }
    stored.map_err(|error| match error {
        ReplayError::Replayed => KerberosError::Replay {
            client: Box::new(accepted.client.clone()),
            server: Box::new(accepted.server.clone()),
        },
        error => KerberosError::ReplayCache(error),
    })
}

/// What the initiator says about the context, all of it under its key.
struct Claims<'a> {
    flags: Flags,
    bindings: [u8; 16],
    /// Heimdal's holds a key in the clear: it stays where it is, and is erased there.
    delegated: Option<&'a [u8]>,
}

impl<'a> Claims<'a> {
    /// Reads the authenticator's checksum.
    ///
    /// Windows and old clients leave it out; Samba's sends a plain keyed one over nothing (RFC 4121 §4.1.1 knows
    /// neither). They claim what their AP-REQ does, and can neither bind a channel nor delegate.
    fn read(accepted: &'a Accepted) -> Result<Self, KerberosError> {
        match &accepted.checksum {
            None => Ok(Self::plain(Flags::empty())),
            Some(checksum) if checksum.cksumtype == CHECKSUM_TYPE => {
                let content = GssChecksum::parse(&checksum.checksum)?;
                Ok(Self {
                    flags: content.flags,
                    bindings: content.bindings,
                    delegated: content.delegated,
                })
            }
            Some(checksum) => {
                verify_plain(checksum, accepted)?;
                let mut flags = Flags::REPLAY | Flags::SEQUENCE;
                flags.set(Flags::MUTUAL, accepted.ap_options.contains(ApOptions::MUTUAL_REQUIRED));
                Ok(Self::plain(flags))
            }
        }
    }

    fn plain(flags: Flags) -> Self {
        Self {
            flags,
            bindings: NO_BINDINGS,
            delegated: None,
        }
    }
}

/// A checksum over nothing under the session key, or the subkey: it proves nothing that the authenticator does not,
/// but a wrong one means that the peer is mistaken.
fn verify_plain(checksum: &Checksum, accepted: &Accepted) -> Result<(), KerberosError> {
    let kind = ChecksumType::from_number(checksum.cksumtype).ok_or(KerberosError::Checksum)?;
    let mut keys = std::iter::once(&accepted.session_key).chain(&accepted.subkey);
    let holds = |key: &Arc<krb5_crypto::Key>| {
        key.enctype().checksum_type() == kind
            && key
                .verify_checksum(KeyUsage::AP_REQ_CHECKSUM, &[], &checksum.checksum)
                .is_ok()
    };
    if keys.any(holds) {
        Ok(())
    } else {
        Err(KerberosError::Checksum)
    }
}

/// What is needed to answer the initiator, good or bad.
struct Answer {
    framing: Framing,
    /// Whom the ticket names, if the initiator wants an answer at all.
    server: Option<Principal>,
    now: Timestamp,
}

impl Answer {
    fn to(token: &ContextToken<'_>, now: Timestamp) -> Self {
        let request = ApReq::from_der(token.message).ok();
        let waits =
            |request: &ApReq| token.framing == Framing::Raw || request.ap_options.contains(ApOptions::MUTUAL_REQUIRED);
        let mutual = request.filter(waits);
        let server = mutual.map(|request| Principal {
            realm: request.ticket.realm,
            name: request.ticket.sname,
        });
        Self {
            framing: token.framing,
            server,
            now,
        }
    }

    fn token(&self, id: TokenId, message: &[u8]) -> Vec<u8> {
        let framing = match (self.framing, id) {
            // As MIT and Heimdal do, whose initiators look for it.
            (Framing::Raw, TokenId::KrbError) => Framing::Gss(KRB5),
            (framing, _) => framing,
        };
        ContextToken { framing, id, message }.to_octets()
    }

    /// The error, and the KRB-ERROR that tells the initiator, who learns its code only.
    fn refuse(&self, error: KerberosError) -> StepError {
        let told = self.server.as_ref().and_then(|server| {
            let error = krb_error::build(error.protocol_code(), server, None, self.now).ok()?;
            error.to_der().ok()
        });
        let error = Error::from(error);
        match told {
            Some(message) => StepError::with_token(error, self.token(TokenId::KrbError, &message)),
            None => error.into(),
        }
    }
}
