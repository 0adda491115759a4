//! Fixed fields and the payload.

use std::fmt;

use crate::NegotiateFlags;
use crate::message::{MessageError, SIGNATURE};
use crate::utf16;

/// A field whose octets are in the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// `DomainName`
    Domain,
    /// `EncryptedRandomSessionKey`
    EncryptedRandomSessionKey,
    /// `LmChallengeResponse`
    LmResponse,
    /// The whole message.
    Message,
    /// `NtChallengeResponse`
    NtResponse,
    /// `TargetInfo`
    TargetInfo,
    /// `TargetName`
    TargetName,
    /// `UserName`
    User,
    /// `Workstation`
    Workstation,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Domain => "the domain's name",
            Self::EncryptedRandomSessionKey => "the session key",
            Self::LmResponse => "the LM response",
            Self::Message => "the message",
            Self::NtResponse => "the NT response",
            Self::TargetInfo => "the target information",
            Self::TargetName => "the target's name",
            Self::User => "the user's name",
            Self::Workstation => "the workstation's name",
        })
    }
}

/// A message that is read.
pub(super) struct Input<'a> {
    token: &'a [u8],
    /// Where the payload may begin at the earliest.
    fixed: usize,
    /// Where the first field with octets begins.
    lowest: usize,
}

impl<'a> Input<'a> {
    /// The type in the header, whatever it is.
    pub(super) fn message_type(token: &[u8]) -> Result<u32, MessageError> {
        let rest = token.strip_prefix(&SIGNATURE).ok_or(MessageError::NotNtlm)?;
        let number = rest.first_chunk().ok_or(MessageError::Truncated)?;
        Ok(u32::from_le_bytes(*number))
    }

    /// A message of this type whose fixed fields have `fixed` octets at least.
    pub(super) fn new(token: &'a [u8], message_type: u32, fixed: usize) -> Result<Self, MessageError> {
        match Self::message_type(token)? {
            found if found != message_type => Err(MessageError::Type(found)),
            _ if token.len() < fixed => Err(MessageError::Truncated),
            _ if token.len() > MAX_MESSAGE => Err(MessageError::TooLong(Field::Message)),
            _ => Ok(Self {
                token,
                fixed,
                lowest: token.len(),
            }),
        }
    }

    pub(super) fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], MessageError> {
        let rest = self.token.get(at..).ok_or(MessageError::Truncated)?;
        rest.first_chunk().copied().ok_or(MessageError::Truncated)
    }

    pub(super) fn flags(&self, at: usize) -> Result<NegotiateFlags, MessageError> {
        let bits = u32::from_le_bytes(self.array(at)?);
        Ok(NegotiateFlags::from_bits_retain(bits))
    }

    /// The octets that the field descriptor at `at` points to, §2.2.2.10 and elsewhere:
    ///
    /// ```text
    /// 0..1   length
    /// 2..3   maximum length, not looked at
    /// 4..7   offset from the beginning of the message
    /// ```
    pub(super) fn payload(&mut self, at: usize, field: Field) -> Result<&'a [u8], MessageError> {
        let [l0, l1, _, _, o0, o1, o2, o3] = self.array(at)?;
        let (length, offset) = (u16::from_le_bytes([l0, l1]), u32::from_le_bytes([o0, o1, o2, o3]));
        if length == 0 {
            return Ok(&[]);
        }
        let outside = MessageError::Field { field, offset, length };
        let begin = usize::try_from(offset).ok().filter(|begin| *begin >= self.fixed);
        let end = begin.and_then(|begin| begin.checked_add(usize::from(length)));
        let (Some(begin), Some(end)) = (begin, end) else {
            return Err(outside);
        };
        let octets = self.token.get(begin..end).ok_or(outside)?;
        self.lowest = self.lowest.min(begin);
        Ok(octets)
    }

    /// Text in the payload.
    pub(super) fn text(&mut self, at: usize, field: Field, flags: NegotiateFlags) -> Result<String, MessageError> {
        let octets = self.payload(at, field)?;
        let text = if flags.contains(NegotiateFlags::UNICODE) {
            utf16::from_octets(octets)
        } else {
            // Which code page is meant, nobody says: what is the same in all of them.
            std::str::from_utf8(octets)
                .ok()
                .filter(|text| text.is_ascii())
                .map(str::to_owned)
        };
        // Programs that think in C strings would take what follows a zero for nothing.
        text.filter(|text| !text.contains('\0'))
            .ok_or(MessageError::Text(field))
    }

    /// Where the payload begins, as far as fields have been read.
    pub(super) fn lowest(&self) -> usize {
        self.lowest
    }
}

/// A message that is written.
pub(super) struct Output {
    octets: Vec<u8>,
    payload: Vec<u8>,
    fixed: usize,
}

impl Output {
    /// A message of this type whose fixed fields will have `fixed` octets.
    pub(super) fn new(message_type: u32, fixed: usize) -> Self {
        let mut octets = Vec::with_capacity(fixed);
        octets.extend_from_slice(&SIGNATURE);
        octets.extend_from_slice(&message_type.to_le_bytes());
        Self {
            octets,
            payload: Vec::new(),
            fixed,
        }
    }

    /// Fixed octets.
    pub(super) fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// A field descriptor, and its octets for the payload.
    pub(super) fn field(&mut self, field: Field, octets: &[u8]) -> Result<(), MessageError> {
        let length = u16::try_from(octets.len()).map_err(|_| MessageError::TooLong(field))?;
        let offset = self.fixed.saturating_add(self.payload.len());
        let offset = u32::try_from(offset).map_err(|_| MessageError::TooLong(field))?;
        self.push(&length.to_le_bytes());
        self.push(&length.to_le_bytes());
        self.push(&offset.to_le_bytes());
        self.payload.extend_from_slice(octets);
        Ok(())
    }

    /// Text, in what was negotiated.
    pub(super) fn text(&mut self, field: Field, text: &str, flags: NegotiateFlags) -> Result<(), MessageError> {
        if flags.contains(NegotiateFlags::UNICODE) {
            self.field(field, &utf16::to_octets(text.encode_utf16()))
        } else if text.is_ascii() {
            self.field(field, text.as_bytes())
        } else {
            Err(MessageError::Text(field))
        }
    }

    /// The message.
    pub(super) fn finish(mut self) -> Vec<u8> {
        debug_assert_eq!(
            self.octets.len(),
            self.fixed,
            "the fixed fields are as long as announced"
        );
        self.octets.append(&mut self.payload);
        self.octets
    }
}

/// Six fields of 16-bit lengths after the longest fixed part; a longer message hides something.
const MAX_MESSAGE: usize = 6 * 0xffff + 88;
