//! NegTokenResp, RFC 4178 §4.2.2.

use std::fmt;

use der::asn1::AnyRef;
use der::{Decode, Tag, Tagged};
use gss_core::Oid;

use super::{MessageError, content_of, element, field, fields, octets, optional};

/// Every message but the first.
///
/// ```text
/// NegTokenResp ::= SEQUENCE {
///     negState       [0] ENUMERATED { accept-completed (0), accept-incomplete (1), reject (2), request-mic (3) }
///                                     OPTIONAL,
///     supportedMech  [1] MechType     OPTIONAL,
///     responseToken  [2] OCTET STRING OPTIONAL,
///     mechListMIC    [3] OCTET STRING OPTIONAL,
///     ...
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NegTokenResp {
    /// How far the sender is; Java's acceptors and modern clients leave it out.
    pub state: Option<NegState>,
    /// What the acceptor has chosen, in its first reply.
    pub supported_mech: Option<Oid>,
    /// The chosen mechanism's token.
    pub response_token: Option<Vec<u8>>,
    /// A MIC over the list of mechanisms.
    pub mech_list_mic: Option<Vec<u8>>,
}

/// How far a negotiation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum NegState {
    /// The sender is done.
    AcceptCompleted = 0,
    /// The sender waits for another message.
    AcceptIncomplete = 1,
    /// The sender ends the negotiation.
    Reject = 2,
    /// The sender waits for another message, and demands the exchange of MICs. In the acceptor's first reply only.
    RequestMic = 3,
}

impl NegTokenResp {
    /// A message that tells of this state and nothing else.
    #[must_use]
    pub fn new(state: NegState) -> Self {
        Self {
            state: Some(state),
            ..Self::default()
        }
    }

    /// The message. It has no framing, RFC 4178 §4.2.
    #[must_use]
    pub fn to_token(&self) -> Vec<u8> {
        let state = self
            .state
            .map(|state| field(0, &element(Tag::Enumerated, &[state.number()])));
        let mech = self.supported_mech.map(|mech| field(1, &mech.to_der()));
        let content = [
            state.unwrap_or_default(),
            mech.unwrap_or_default(),
            optional(2, self.response_token.as_deref()),
            optional(3, self.mech_list_mic.as_deref()),
        ]
        .concat();
        field(1, &element(Tag::Sequence, &content))
    }

    /// Reads the content of the CHOICE. Some peers leave the SEQUENCE out and have the fields there.
    pub(super) fn decode(content: &[u8]) -> Result<Self, MessageError> {
        let content = match AnyRef::from_der(content) {
            Ok(sequence) if sequence.tag() == Tag::Sequence => sequence.value(),
            _ => content,
        };
        let mut message = Self::default();
        for (number, content) in fields(content)? {
            match number {
                0 => message.state = Some(NegState::decode(content)?),
                1 => message.supported_mech = Some(mechanism(content)?),
                2 => message.response_token = Some(octets(content)?),
                3 => message.mech_list_mic = Some(octets(content)?),
                _ => {}
            }
        }
        Ok(message)
    }
}

impl NegState {
    const ALL: [Self; 4] = [
        Self::AcceptCompleted,
        Self::AcceptIncomplete,
        Self::Reject,
        Self::RequestMic,
    ];

    const fn number(self) -> u8 {
        match self {
            Self::AcceptCompleted => 0,
            Self::AcceptIncomplete => 1,
            Self::Reject => 2,
            Self::RequestMic => 3,
        }
    }

    fn decode(field: AnyRef<'_>) -> Result<Self, MessageError> {
        match content_of(field, Tag::Enumerated)? {
            [number] => {
                let mut all = Self::ALL.into_iter();
                all.find(|state| state.number() == *number)
                    .ok_or(MessageError::State(*number))
            }
            octets => Err(MessageError::State(octets.first().copied().unwrap_or(u8::MAX))),
        }
    }
}

impl fmt::Display for NegState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AcceptCompleted => "accept-completed",
            Self::AcceptIncomplete => "accept-incomplete",
            Self::Reject => "reject",
            Self::RequestMic => "request-mic",
        })
    }
}

fn mechanism(field: AnyRef<'_>) -> Result<Oid, MessageError> {
    Ok(Oid::from_der_content(content_of(field, Tag::ObjectIdentifier)?)?)
}
