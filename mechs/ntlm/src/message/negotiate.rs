//! NEGOTIATE_MESSAGE, [MS-NLMP] §2.2.1.1.

use crate::NegotiateFlags;
use crate::message::fields::{Field, Input, Output};
use crate::message::{MessageError, Version};

/// What a client offers.
///
/// ```text
/// 0..7    "NTLMSSP\0"
/// 8..11   1
/// 12..15  NegotiateFlags
/// 16..23  DomainNameFields
/// 24..31  WorkstationFields
/// 32..39  Version, if the flags say so
/// …       payload
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NegotiateMessage {
    /// What it can do and would like.
    pub flags: NegotiateFlags,
    /// Its domain, in some OEM code page. Hearsay.
    pub domain: Vec<u8>,
    /// Its machine, in some OEM code page. Hearsay.
    pub workstation: Vec<u8>,
    /// Whose implementation it is.
    pub version: Option<Version>,
}

impl NegotiateMessage {
    /// Its MessageType.
    pub const TYPE: u32 = 1;

    /// Reads it.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(token: &[u8]) -> Result<Self, MessageError> {
        let mut input = Input::new(token, Self::TYPE, FIXED)?;
        let flags = input.flags(12)?;
        let domain = input.payload(16, Field::Domain)?.to_vec();
        let workstation = input.payload(24, Field::Workstation)?.to_vec();
        // Old clients say that there is a version and send none.
        let room = input.lowest() >= FIXED_WITH_VERSION;
        let version = if flags.contains(NegotiateFlags::VERSION) && room {
            Some(Version::from_octets(input.array(32)?))
        } else {
            None
        };
        Ok(Self {
            flags,
            domain,
            workstation,
            version,
        })
    }

    /// Writes it, always with eight octets for the version.
    ///
    /// # Errors
    /// [`MessageError::TooLong`].
    pub fn to_token(&self) -> Result<Vec<u8>, MessageError> {
        let mut out = Output::new(Self::TYPE, FIXED_WITH_VERSION);
        out.push(&self.flags.bits().to_le_bytes());
        out.field(Field::Domain, &self.domain)?;
        out.field(Field::Workstation, &self.workstation)?;
        out.push(&self.version.unwrap_or_default().to_octets());
        Ok(out.finish())
    }
}

const FIXED: usize = 32;
const FIXED_WITH_VERSION: usize = 40;
