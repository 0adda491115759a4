//! NTLMv2_RESPONSE and NTLMv2_CLIENT_CHALLENGE, [MS-NLMP] §2.2.2.8 and §2.2.2.7.

use crate::message::{MessageError, TargetInfo};

/// What a client adds to the server's challenge, which §3.3.2 calls `temp`.
///
/// ```text
/// 0       RespType: 1
/// 1       HiRespType: 1
/// 2..7    reserved
/// 8..15   TimeStamp, little-endian
/// 16..23  ChallengeFromClient
/// 24..27  reserved
/// 28..    AvPairs, and four zeros
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientChallenge {
    /// In tenths of microseconds since 1601.
    pub timestamp: u64,
    /// The client's nonce.
    pub challenge: [u8; 8],
    /// The server's attributes, and those of the client.
    pub target_info: TargetInfo,
}

impl ClientChallenge {
    /// Reads it.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(octets: &[u8]) -> Result<Self, MessageError> {
        let (fixed, list) = octets.split_first_chunk::<28>().ok_or(MessageError::Response)?;
        let [1, 1, rest @ ..] = fixed else {
            return Err(MessageError::Response);
        };
        let [_, _, _, _, _, _, rest @ ..] = rest;
        let (timestamp, rest) = rest.split_first_chunk().ok_or(MessageError::Response)?;
        let challenge = rest.first_chunk().ok_or(MessageError::Response)?;
        Ok(Self {
            timestamp: u64::from_le_bytes(*timestamp),
            challenge: *challenge,
            target_info: TargetInfo::parse(list)?.0,
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`MessageError::TooLong`].
    pub fn to_octets(&self) -> Result<Vec<u8>, MessageError> {
        let list = self.target_info.to_octets()?;
        Ok([
            &[1, 1, 0, 0, 0, 0, 0, 0][..],
            &self.timestamp.to_le_bytes(),
            &self.challenge,
            &[0; 4],
            &list,
            &[0; 4],
        ]
        .concat())
    }
}

/// An NTLMv2 response taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NtlmV2Response {
    /// NTProofStr.
    pub proof: [u8; 16],
    /// What it proves, besides the server's challenge.
    pub challenge: ClientChallenge,
}

impl NtlmV2Response {
    /// Reads it.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(octets: &[u8]) -> Result<Self, MessageError> {
        let (proof, temp) = octets.split_first_chunk().ok_or(MessageError::Response)?;
        Ok(Self {
            proof: *proof,
            challenge: ClientChallenge::parse(temp)?,
        })
    }
}
