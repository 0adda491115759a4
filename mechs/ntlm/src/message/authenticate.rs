//! AUTHENTICATE_MESSAGE, [MS-NLMP] §2.2.1.3.

use crate::message::fields::{Field, Input, Output};
use crate::message::{MessageError, Version};
use crate::{AccountName, NegotiateFlags};

/// What a client proves its password with.
///
/// ```text
/// 0..7    "NTLMSSP\0"
/// 8..11   3
/// 12..19  LmChallengeResponseFields
/// 20..27  NtChallengeResponseFields
/// 28..35  DomainNameFields
/// 36..43  UserNameFields
/// 44..51  WorkstationFields
/// 52..59  EncryptedRandomSessionKeyFields
/// 60..63  NegotiateFlags
/// 64..71  Version: left out by old clients
/// 72..87  MIC: left out by older ones
/// …       payload
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticateMessage {
    /// LmChallengeResponse.
    pub lm_response: Vec<u8>,
    /// NtChallengeResponse.
    pub nt_response: Vec<u8>,
    /// Who it claims to be.
    pub account: AccountName,
    /// Where it says that it is. Hearsay.
    pub workstation: String,
    /// EncryptedRandomSessionKey.
    pub encrypted_session_key: Vec<u8>,
    /// What was negotiated.
    pub flags: NegotiateFlags,
    /// Whose implementation it is.
    pub version: Option<Version>,
    /// The MIC, if there is room for one. Whether there is one, MsvAvFlags tells.
    pub mic: Option<Mic>,
}

/// The MIC over the three messages, §3.1.5.1.2, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mic {
    /// Where it begins in the message.
    pub offset: usize,
    /// Its octets.
    pub octets: [u8; 16],
}

impl Mic {
    /// A MIC at its usual place, to be computed yet.
    pub const DUE: Self = Self {
        offset: MIC,
        octets: [0; 16],
    };
}

impl AuthenticateMessage {
    /// Its MessageType.
    pub const TYPE: u32 = 3;

    /// Reads it.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(token: &[u8]) -> Result<Self, MessageError> {
        let mut input = Input::new(token, Self::TYPE, FIXED)?;
        let flags = input.flags(60)?;
        let lm_response = input.payload(12, Field::LmResponse)?.to_vec();
        let nt_response = input.payload(20, Field::NtResponse)?.to_vec();
        let domain = input.text(28, Field::Domain, flags)?;
        let user = input.text(36, Field::User, flags)?;
        let workstation = input.text(44, Field::Workstation, flags)?;
        let encrypted_session_key = input.payload(52, Field::EncryptedRandomSessionKey)?.to_vec();
        // What is fixed ends where the payload begins: 64, 72, 80 or 88.
        let (version, mic) = match input.lowest() {
            FIXED_WITH_MIC.. => (Some(VERSION), Some(MIC)),
            FIXED_WITHOUT_VERSION..FIXED_WITH_MIC => (None, Some(VERSION)),
            MIC..FIXED_WITHOUT_VERSION => (Some(VERSION), None),
            _ => (None, None),
        };
        let version = match version.filter(|_| flags.contains(NegotiateFlags::VERSION)) {
            Some(at) => Some(Version::from_octets(input.array(at)?)),
            None => None,
        };
        let mic = match mic {
            Some(offset) => Some(Mic {
                offset,
                octets: input.array(offset)?,
            }),
            None => None,
        };
        Ok(Self {
            lm_response,
            nt_response,
            account: AccountName { user, domain },
            workstation,
            encrypted_session_key,
            flags,
            version,
            mic,
        })
    }

    /// Writes it, always with eight octets for the version.
    ///
    /// # Errors
    /// [`MessageError::TooLong`], [`MessageError::Text`] for what OEM code pages do not share.
    pub fn to_token(&self) -> Result<Vec<u8>, MessageError> {
        let fixed = if self.mic.is_some() { FIXED_WITH_MIC } else { MIC };
        let mut out = Output::new(Self::TYPE, fixed);
        out.field(Field::LmResponse, &self.lm_response)?;
        out.field(Field::NtResponse, &self.nt_response)?;
        out.text(Field::Domain, &self.account.domain, self.flags)?;
        out.text(Field::User, &self.account.user, self.flags)?;
        out.text(Field::Workstation, &self.workstation, self.flags)?;
        out.field(Field::EncryptedRandomSessionKey, &self.encrypted_session_key)?;
        out.push(&self.flags.bits().to_le_bytes());
        out.push(&self.version.unwrap_or_default().to_octets());
        if let Some(mic) = self.mic {
            out.push(&mic.octets);
        }
        Ok(out.finish())
    }
}

const FIXED: usize = 64;
/// Where the version begins, or the MIC of those that have none.
const VERSION: usize = 64;
/// Where the MIC begins.
const MIC: usize = 72;
/// Where the payload begins after a MIC without a version.
const FIXED_WITHOUT_VERSION: usize = 80;
const FIXED_WITH_MIC: usize = 88;
