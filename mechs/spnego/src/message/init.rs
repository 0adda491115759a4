//! NegTokenInit, RFC 4178 §4.2.1, and NegTokenInit2, [MS-SPNG] §2.2.1.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use gss_core::{Oid, framing};

use super::{MessageError, content_of, element, field, fields, octets, optional};
use crate::SPNEGO;

/// The first message.
///
/// ```text
/// NegTokenInit ::= SEQUENCE {                    NegTokenInit2 ::= SEQUENCE {
///     mechTypes    [0] MechTypeList,                 mechTypes    [0] MechTypeList OPTIONAL,
///     reqFlags     [1] ContextFlags OPTIONAL,        reqFlags     [1] ContextFlags OPTIONAL,
///     mechToken    [2] OCTET STRING OPTIONAL,        mechToken    [2] OCTET STRING OPTIONAL,
///     mechListMIC  [3] OCTET STRING OPTIONAL,        negHints     [3] NegHints     OPTIONAL,
///     ...                                            mechListMIC  [4] OCTET STRING OPTIONAL,
/// }                                                  ...
///                                                }
/// ```
///
/// Field 3 is one or the other by its type. `reqFlags` is neither written nor read: nothing protects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegTokenInit {
    /// The mechanisms, best first.
    pub mech_types: MechTypes,
    /// The first token of the best mechanism, perhaps.
    pub mech_token: Option<Vec<u8>>,
    /// What Windows' acceptors say before the initiator has spoken.
    pub hints: Option<Hints>,
    /// A MIC over the list.
    pub mech_list_mic: Option<Vec<u8>>,
}

/// NegHints, [MS-SPNG] §2.2.1: present, and without a meaning.
///
/// ```text
/// NegHints ::= SEQUENCE {
///     hintName    [0] GeneralString OPTIONAL,
///     hintAddress [1] OCTET STRING  OPTIONAL
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hints;

impl NegTokenInit {
    /// An initiator's offer.
    #[must_use]
    pub fn new(mech_types: MechTypes, mech_token: Option<Vec<u8>>) -> Self {
        Self {
            mech_types,
            mech_token,
            hints: None,
            mech_list_mic: None,
        }
    }

    /// What an acceptor says that speaks first.
    #[must_use]
    pub fn hinting(mech_types: MechTypes) -> Self {
        Self {
            hints: Some(Hints),
            ..Self::new(mech_types, None)
        }
    }

    /// The message with its framing, RFC 2743 §3.1.
    #[must_use]
    pub fn to_token(&self) -> Vec<u8> {
        let hints = self.hints.map_or_else(Vec::new, |Hints| field(3, &hint_name()));
        let mic_field = if self.hints.is_some() { 4 } else { 3 };
        let content = [
            field(0, self.mech_types.as_der()),
            optional(2, self.mech_token.as_deref()),
            hints,
            optional(mic_field, self.mech_list_mic.as_deref()),
        ]
        .concat();
        framing::wrap(&SPNEGO, &field(0, &element(Tag::Sequence, &content)))
    }

    pub(super) fn decode(sequence: AnyRef<'_>) -> Result<Self, MessageError> {
        let (mut mech_types, mut mech_token, mut hints, mut mech_list_mic) = (None, None, None, None);
        for (number, content) in fields(content_of(sequence, Tag::Sequence)?)? {
            match (number, content.tag()) {
                (0, _) => mech_types = Some(MechTypes::decode(content)?),
                (2, _) => mech_token = Some(octets(content)?),
                (3, Tag::Sequence) => hints = Some(Hints),
                (3, _) | (4, Tag::OctetString) if mech_list_mic.is_none() => mech_list_mic = Some(octets(content)?),
                _ => {}
            }
        }
        Ok(Self {
            mech_types: mech_types.ok_or(MessageError::NoMechanisms)?,
            mech_token,
            hints,
            mech_list_mic,
        })
    }
}

/// MechTypeList, RFC 4178 §4.1: the mechanisms, and the octets that their MIC is made over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechTypes {
    oids: Vec<Oid>,
    der: Vec<u8>,
}

impl MechTypes {
    /// How many mechanisms a list may have.
    pub const MOST: usize = 64;

    /// The list of these, best first.
    #[must_use]
    pub fn new(oids: Vec<Oid>) -> Self {
        let content: Vec<u8> = oids.iter().flat_map(Oid::to_der).collect();
        Self {
            der: element(Tag::Sequence, &content),
            oids,
        }
    }

    /// The mechanisms, best first. Never none, if they come from a message.
    #[must_use]
    pub fn oids(&self) -> &[Oid] {
        &self.oids
    }

    /// The DER encoding of the list, which its MIC is made over, RFC 4178 §5 a).
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    fn decode(list: AnyRef<'_>) -> Result<Self, MessageError> {
        let content = content_of(list, Tag::Sequence)?;
        let mut reader = SliceReader::new(content)?;
        let mut oids = Vec::new();
        while !reader.is_finished() {
            if oids.len() == Self::MOST {
                return Err(MessageError::TooMany { limit: Self::MOST });
            }
            let oid = content_of(AnyRef::decode(&mut reader)?, Tag::ObjectIdentifier)?;
            oids.push(Oid::from_der_content(oid)?);
        }
        if oids.is_empty() {
            return Err(MessageError::NoMechanisms);
        }
        Ok(Self {
            oids,
            der: element(Tag::Sequence, content),
        })
    }
}

/// The name that [MS-SPNG] §3.2.5.2 has acceptors send.
fn hint_name() -> Vec<u8> {
    let name = element(Tag::GeneralString, b"not_defined_in_RFC4178@please_ignore");
    element(Tag::Sequence, &field(0, &name))
}
