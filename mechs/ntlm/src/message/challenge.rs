//! CHALLENGE_MESSAGE, [MS-NLMP] §2.2.1.2.

use crate::NegotiateFlags;
use crate::message::fields::{Field, Input, Output};
use crate::message::{MessageError, TargetInfo, Version};

/// What a server takes of the offer, and what the client is to prove its password on.
///
/// ```text
/// 0..7    "NTLMSSP\0"
/// 8..11   2
/// 12..19  TargetNameFields
/// 20..23  NegotiateFlags
/// 24..31  ServerChallenge
/// 32..39  reserved
/// 40..47  TargetInfoFields
/// 48..55  Version, if the flags say so
/// …       payload
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChallengeMessage {
    /// What was negotiated.
    pub flags: NegotiateFlags,
    /// The domain, or the server if it is in none; empty unless the client asked.
    pub target_name: String,
    /// The nonce.
    pub server_challenge: [u8; 8],
    /// More about the server; `None` from one that is older than NTLMv2.
    pub target_info: Option<TargetInfo>,
    /// Whose implementation it is.
    pub version: Option<Version>,
}

impl ChallengeMessage {
    /// Its MessageType.
    pub const TYPE: u32 = 2;

    /// Reads it.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(token: &[u8]) -> Result<Self, MessageError> {
        let mut input = Input::new(token, Self::TYPE, FIXED)?;
        let flags = input.flags(20)?;
        let target_name = input.text(12, Field::TargetName, flags)?;
        let target_info = input.payload(40, Field::TargetInfo)?;
        let target_info = if flags.contains(NegotiateFlags::TARGET_INFO) && !target_info.is_empty() {
            Some(TargetInfo::parse(target_info)?.0)
        } else {
            None
        };
        let room = input.lowest() >= FIXED_WITH_VERSION;
        let version = if flags.contains(NegotiateFlags::VERSION) && room {
            Some(Version::from_octets(input.array(48)?))
        } else {
            None
        };
        Ok(Self {
            flags,
            target_name,
            server_challenge: input.array(24)?,
            target_info,
            version,
        })
    }

    /// Writes it, always with eight octets for the version.
    ///
    /// # Errors
    /// [`MessageError::TooLong`], [`MessageError::Text`] for what OEM code pages do not share.
    pub fn to_token(&self) -> Result<Vec<u8>, MessageError> {
        let mut out = Output::new(Self::TYPE, FIXED_WITH_VERSION);
        out.text(Field::TargetName, &self.target_name, self.flags)?;
        out.push(&self.flags.bits().to_le_bytes());
        out.push(&self.server_challenge);
        out.push(&[0; 8]);
        let target_info = self.target_info.as_ref().map(TargetInfo::to_octets).transpose()?;
        out.field(Field::TargetInfo, &target_info.unwrap_or_default())?;
        out.push(&self.version.unwrap_or_default().to_octets());
        Ok(out.finish())
    }
}

const FIXED: usize = 48;
const FIXED_WITH_VERSION: usize = 56;
