//! VERSION, [MS-NLMP] §2.2.2.10.

use std::fmt;

/// Whose implementation it is: for diagnostics, says the specification, and nothing here depends on it.
///
/// ```text
/// 0      ProductMajorVersion
/// 1      ProductMinorVersion
/// 2..3   ProductBuild, little-endian
/// 4..6   reserved
/// 7      NTLMRevisionCurrent: 15
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// The product's major version.
    pub major: u8,
    /// The product's minor version.
    pub minor: u8,
    /// The product's build.
    pub build: u16,
    /// NTLMSSP_REVISION_W2K3 is 15.
    pub revision: u8,
}

impl Version {
    /// What we say: the version of the protocol, of a product from which on its MIC is understood.
    pub const OURS: Self = Self {
        major: 6,
        minor: 1,
        build: 7600,
        revision: 15,
    };

    pub(super) fn from_octets(octets: [u8; 8]) -> Self {
        let [major, minor, b0, b1, _, _, _, revision] = octets;
        Self {
            major,
            minor,
            build: u16::from_le_bytes([b0, b1]),
            revision,
        }
    }

    pub(super) fn to_octets(self) -> [u8; 8] {
        let [b0, b1] = self.build.to_le_bytes();
        [self.major, self.minor, b0, b1, 0, 0, 0, self.revision]
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{} (NTLM {})",
            self.major, self.minor, self.build, self.revision
        )
    }
}
