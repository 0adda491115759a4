use std::fmt;

use gss_crypto::{BLOCK_LEN, CbcKey, Cmac, CryptoProvider, MacKey, Pbkdf2};

use crate::{Error, error::wrong_key_length};

/// An encryption type: cipher, integrity check and derivation together, RFC 3961 §3.
///
/// The order of the variants is that of their numbers; for the order of preference see [`Enctype::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Enctype {
    /// `aes128-cts-hmac-sha1-96`, RFC 3962.
    Aes128CtsHmacSha196,
    /// `aes256-cts-hmac-sha1-96`, RFC 3962.
    Aes256CtsHmacSha196,
    /// `aes128-cts-hmac-sha256-128`, RFC 8009.
    Aes128CtsHmacSha256128,
    /// `aes256-cts-hmac-sha384-192`, RFC 8009.
    Aes256CtsHmacSha384192,
    /// `camellia128-cts-cmac`, RFC 6803.
    Camellia128CtsCmac,
    /// `camellia256-cts-cmac`, RFC 6803.
    Camellia256CtsCmac,
    /// `des3-cbc-sha1-kd`, RFC 3961 §6.3.
    #[cfg(feature = "legacy-crypto")]
    Des3CbcSha1,
    /// `rc4-hmac`, RFC 4757.
    #[cfg(feature = "legacy-crypto")]
    ArcfourHmac,
}

/// A keyed checksum type, RFC 3961 §4. Each belongs to one encryption type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ChecksumType {
    /// `hmac-sha1-96-aes128`, RFC 3962 §7.
    HmacSha196Aes128,
    /// `hmac-sha1-96-aes256`, RFC 3962 §7.
    HmacSha196Aes256,
    /// `hmac-sha256-128-aes128`, RFC 8009 §6.
    HmacSha256128Aes128,
    /// `hmac-sha384-192-aes256`, RFC 8009 §6.
    HmacSha384192Aes256,
    /// `cmac-camellia128`, RFC 6803 §6.
    CmacCamellia128,
    /// `cmac-camellia256`, RFC 6803 §6.
    CmacCamellia256,
    /// `hmac-sha1-des3-kd`, RFC 3961 §6.3.
    #[cfg(feature = "legacy-crypto")]
    HmacSha1Des3,
    /// `KERB_CHECKSUM_HMAC_MD5`, RFC 4757 §4.
    #[cfg(feature = "legacy-crypto")]
    HmacMd5Arcfour,
}

/// How integrity and derivation work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The simplified profile of RFC 3961 §5.3: tag over the plaintext, keys by n-fold and encryption.
    Simplified,
    /// RFC 8009: tag over the ciphertext, keys by HMAC.
    EncryptThenMac,
    /// RFC 6803: tag over the plaintext, keys by CMAC.
    Cmac,
    /// Another one, in `legacy`.
    #[cfg(feature = "legacy-crypto")]
    Legacy(crate::legacy::Type),
}

impl Enctype {
    /// All that may be used, the preferred first: longer keys before shorter ones, then AES before Camellia, then SHA-2 before
    /// SHA-1.
    pub const ALL: &[Self] = &[
        Self::Aes256CtsHmacSha384192,
        Self::Aes256CtsHmacSha196,
        Self::Camellia256CtsCmac,
        Self::Aes128CtsHmacSha256128,
        Self::Aes128CtsHmacSha196,
        Self::Camellia128CtsCmac,
    ];

    /// Those that nobody should use, the less bad one first: only where somebody says so.
    #[cfg(feature = "legacy-crypto")]
    pub const LEGACY: &[Self] = &[Self::Des3CbcSha1, Self::ArcfourHmac];

    /// Those that nobody should use: none, without the feature `legacy-crypto`.
    #[cfg(not(feature = "legacy-crypto"))]
    pub const LEGACY: &[Self] = &[];

    /// Whether it is one of [`Enctype::LEGACY`].
    #[must_use]
    pub fn is_legacy(self) -> bool {
        Self::LEGACY.contains(&self)
    }

    fn known() -> impl Iterator<Item = Self> {
        Self::ALL.iter().chain(Self::LEGACY).copied()
    }

    /// The number assigned in the Kerberos parameters registry.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Aes128CtsHmacSha196 => 17,
            Self::Aes256CtsHmacSha196 => 18,
            Self::Aes128CtsHmacSha256128 => 19,
            Self::Aes256CtsHmacSha384192 => 20,
            Self::Camellia128CtsCmac => 25,
            Self::Camellia256CtsCmac => 26,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => 16,
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => 23,
        }
    }

    /// The encryption type of that number, if it is one of ours.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::known().find(|etype| etype.number() == number)
    }

    /// The registered name; also the one that RFC 8009 §4 and RFC 6803 §3 mix into the salt.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128CtsHmacSha196 => "aes128-cts-hmac-sha1-96",
            Self::Aes256CtsHmacSha196 => "aes256-cts-hmac-sha1-96",
            Self::Aes128CtsHmacSha256128 => "aes128-cts-hmac-sha256-128",
            Self::Aes256CtsHmacSha384192 => "aes256-cts-hmac-sha384-192",
            Self::Camellia128CtsCmac => "camellia128-cts-cmac",
            Self::Camellia256CtsCmac => "camellia256-cts-cmac",
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => "des3-cbc-sha1",
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => "arcfour-hmac",
        }
    }

    /// The encryption type of that name or alias, as MIT and Heimdal spell them in configuration, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let spelt = |spelling: &&str| name.eq_ignore_ascii_case(spelling);
        Self::known().find(|etype| spelt(&etype.name()) || etype.aliases().iter().any(spelt))
    }

    /// The length of a protocol key in octets.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes128CtsHmacSha196 | Self::Aes128CtsHmacSha256128 | Self::Camellia128CtsCmac => 16,
            Self::Aes256CtsHmacSha196 | Self::Aes256CtsHmacSha384192 | Self::Camellia256CtsCmac => 32,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => 24,
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => 16,
        }
    }

    /// How many random octets make a key.
    pub(crate) fn seed_len(self) -> usize {
        match self {
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => crate::legacy::DES3_SEED_LEN,
            _ => self.key_len(),
        }
    }

    /// How many bits an attacker must guess: the strength that SASL is told.
    #[must_use]
    pub fn security_bits(self) -> u32 {
        match self {
            Self::Aes128CtsHmacSha196 | Self::Aes128CtsHmacSha256128 | Self::Camellia128CtsCmac => 128,
            Self::Aes256CtsHmacSha196 | Self::Aes256CtsHmacSha384192 | Self::Camellia256CtsCmac => 256,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => 112,
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => 64,
        }
    }

    /// Whether it has the longer key, or among equals AES, or among these the longer integrity tag.
    #[must_use]
    pub fn is_stronger_than(self, other: Self) -> bool {
        let rank = |etype: Self| {
            let is_aes = etype.profile() != Profile::Cmac;
            (etype.security_bits(), is_aes, etype.checksum_len())
        };
        rank(self) > rank(other)
    }

    /// The checksum type that goes with it ("required checksum mechanism").
    #[must_use]
    pub fn checksum_type(self) -> ChecksumType {
        match self {
            Self::Aes128CtsHmacSha196 => ChecksumType::HmacSha196Aes128,
            Self::Aes256CtsHmacSha196 => ChecksumType::HmacSha196Aes256,
            Self::Aes128CtsHmacSha256128 => ChecksumType::HmacSha256128Aes128,
            Self::Aes256CtsHmacSha384192 => ChecksumType::HmacSha384192Aes256,
            Self::Camellia128CtsCmac => ChecksumType::CmacCamellia128,
            Self::Camellia256CtsCmac => ChecksumType::CmacCamellia256,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => ChecksumType::HmacSha1Des3,
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => ChecksumType::HmacMd5Arcfour,
        }
    }

    /// The length in octets of a checksum, and of the tag at the end of a ciphertext.
    #[must_use]
    pub fn checksum_len(self) -> usize {
        match self {
            Self::Aes128CtsHmacSha196 | Self::Aes256CtsHmacSha196 => 12,
            Self::Aes128CtsHmacSha256128 | Self::Camellia128CtsCmac | Self::Camellia256CtsCmac => 16,
            Self::Aes256CtsHmacSha384192 => 24,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => 20,
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => 16,
        }
    }

    /// The length in octets of the random block before each message.
    #[must_use]
    pub fn confounder_len(self) -> usize {
        match self.profile() {
            Profile::Simplified | Profile::EncryptThenMac | Profile::Cmac => BLOCK_LEN,
            #[cfg(feature = "legacy-crypto")]
            Profile::Legacy(_) => crate::legacy::CONFOUNDER_LEN,
        }
    }

    /// How many octets a ciphertext has more than its message: confounder and tag. With des3-cbc-sha1 it also has the
    /// padding to a multiple of 8.
    #[must_use]
    pub fn overhead(self) -> usize {
        self.confounder_len().saturating_add(self.checksum_len())
    }

    /// The iteration count of string-to-key where none is given, RFC 3962 §4, RFC 8009 §4 and RFC 6803 §3; 0
    /// for types that count none.
    #[must_use]
    pub fn default_iterations(self) -> u32 {
        match self.profile() {
            Profile::Simplified => 4096,
            Profile::EncryptThenMac | Profile::Cmac => 32768,
            #[cfg(feature = "legacy-crypto")]
            Profile::Legacy(_) => 0,
        }
    }

    /// The length in octets of one output of the pseudo-random function.
    #[must_use]
    pub fn prf_len(self) -> usize {
        match self {
            Self::Aes128CtsHmacSha196
            | Self::Aes256CtsHmacSha196
            | Self::Camellia128CtsCmac
            | Self::Camellia256CtsCmac => 16,
            Self::Aes128CtsHmacSha256128 => 32,
            Self::Aes256CtsHmacSha384192 => 48,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => 16,
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => 20,
        }
    }

    pub(crate) fn profile(self) -> Profile {
        match self {
            Self::Aes128CtsHmacSha196 | Self::Aes256CtsHmacSha196 => Profile::Simplified,
            Self::Aes128CtsHmacSha256128 | Self::Aes256CtsHmacSha384192 => Profile::EncryptThenMac,
            Self::Camellia128CtsCmac | Self::Camellia256CtsCmac => Profile::Cmac,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => Profile::Legacy(crate::legacy::Type::Des3),
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => Profile::Legacy(crate::legacy::Type::Arcfour),
        }
    }

    /// The cipher under an expanded key.
    ///
    /// # Errors
    /// [`Error::KeyLength`]; [`Error::UnsupportedEnctype`] for the types of `legacy`, whose ciphers are their own.
    pub(crate) fn cipher_key(self, provider: &CryptoProvider, key: &[u8]) -> Result<Box<dyn CbcKey>, Error> {
        let cipher = match self {
            Self::Aes128CtsHmacSha196 | Self::Aes128CtsHmacSha256128 => provider.aes128_cbc,
            Self::Aes256CtsHmacSha196 | Self::Aes256CtsHmacSha384192 => provider.aes256_cbc,
            Self::Camellia128CtsCmac => provider.camellia128_cbc,
            Self::Camellia256CtsCmac => provider.camellia256_cbc,
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 | Self::ArcfourHmac => return Err(Error::UnsupportedEnctype(self.number())),
        };
        cipher.key(key).map_err(wrong_key_length(self))
    }

    /// A key of the function that makes tags and checksums, and derives keys.
    ///
    /// # Errors
    /// [`Error::KeyLength`], where the function is bound to a length; [`Error::UnsupportedEnctype`] for the types of
    /// `legacy`.
    pub(crate) fn mac_key(self, provider: &CryptoProvider, key: &[u8]) -> Result<Box<dyn MacKey>, Error> {
        let of_cipher = |cmac: &dyn Cmac| cmac.key(key).map_err(wrong_key_length(self));
        match self {
            Self::Aes128CtsHmacSha196 | Self::Aes256CtsHmacSha196 => Ok(provider.hmac_sha1.key(key)),
            Self::Aes128CtsHmacSha256128 => Ok(provider.hmac_sha256.key(key)),
            Self::Aes256CtsHmacSha384192 => Ok(provider.hmac_sha384.key(key)),
            Self::Camellia128CtsCmac => of_cipher(provider.cmac_camellia128),
            Self::Camellia256CtsCmac => of_cipher(provider.cmac_camellia256),
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 | Self::ArcfourHmac => Err(Error::UnsupportedEnctype(self.number())),
        }
    }

    pub(crate) fn pbkdf2(self, provider: &CryptoProvider) -> &'static dyn Pbkdf2 {
        match self {
            Self::Aes128CtsHmacSha256128 => provider.pbkdf2_sha256,
            Self::Aes256CtsHmacSha384192 => provider.pbkdf2_sha384,
            _ => provider.pbkdf2_sha1,
        }
    }

    /// MIT's aliases, then Heimdal's.
    fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Aes128CtsHmacSha196 => &["aes128-cts", "aes128-sha1", "aes-128"],
            Self::Aes256CtsHmacSha196 => &["aes256-cts", "aes256-sha1", "aes-256"],
            Self::Aes128CtsHmacSha256128 => &["aes128-sha2", "aes128-cts-sha256", "aes-128-sha2"],
            Self::Aes256CtsHmacSha384192 => &["aes256-sha2", "aes256-cts-sha384", "aes-256-sha2"],
            Self::Camellia128CtsCmac => &["camellia128-cts"],
            Self::Camellia256CtsCmac => &["camellia256-cts"],
            #[cfg(feature = "legacy-crypto")]
            Self::Des3CbcSha1 => &["des3-cbc-sha1-kd", "des3-hmac-sha1"],
            #[cfg(feature = "legacy-crypto")]
            Self::ArcfourHmac => &["rc4-hmac", "arcfour-hmac-md5"],
        }
    }
}

impl fmt::Display for Enctype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl TryFrom<i32> for Enctype {
    type Error = Error;

    fn try_from(number: i32) -> Result<Self, Error> {
        Self::from_number(number).ok_or(Error::UnsupportedEnctype(number))
    }
}

impl ChecksumType {
    /// The number assigned in the Kerberos parameters registry.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::HmacSha196Aes128 => 15,
            Self::HmacSha196Aes256 => 16,
            Self::HmacSha256128Aes128 => 19,
            Self::HmacSha384192Aes256 => 20,
            Self::CmacCamellia128 => 17,
            Self::CmacCamellia256 => 18,
            #[cfg(feature = "legacy-crypto")]
            Self::HmacSha1Des3 => 12,
            #[cfg(feature = "legacy-crypto")]
            Self::HmacMd5Arcfour => -138,
        }
    }

    /// The checksum type of that number, if it is one of ours.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Enctype::known()
            .map(Enctype::checksum_type)
            .find(|checksum| checksum.number() == number)
    }

    /// The encryption type whose keys make it.
    #[must_use]
    pub fn enctype(self) -> Enctype {
        match self {
            Self::HmacSha196Aes128 => Enctype::Aes128CtsHmacSha196,
            Self::HmacSha196Aes256 => Enctype::Aes256CtsHmacSha196,
            Self::HmacSha256128Aes128 => Enctype::Aes128CtsHmacSha256128,
            Self::HmacSha384192Aes256 => Enctype::Aes256CtsHmacSha384192,
            Self::CmacCamellia128 => Enctype::Camellia128CtsCmac,
            Self::CmacCamellia256 => Enctype::Camellia256CtsCmac,
            #[cfg(feature = "legacy-crypto")]
            Self::HmacSha1Des3 => Enctype::Des3CbcSha1,
            #[cfg(feature = "legacy-crypto")]
            Self::HmacMd5Arcfour => Enctype::ArcfourHmac,
        }
    }
}

impl TryFrom<i32> for ChecksumType {
    type Error = Error;

    fn try_from(number: i32) -> Result<Self, Error> {
        Self::from_number(number).ok_or(Error::UnsupportedChecksum(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_round_trip() {
        for etype in Enctype::known() {
            assert_eq!(Enctype::from_number(etype.number()), Some(etype));
            assert_eq!(Enctype::from_name(etype.name()), Some(etype));
            assert_eq!(Enctype::from_name(&etype.name().to_uppercase()), Some(etype));
            assert_eq!(etype.checksum_type().enctype(), etype);
            assert_eq!(
                ChecksumType::from_number(etype.checksum_type().number()),
                Some(etype.checksum_type())
            );
        }
    }

    #[test]
    fn aliases_of_both_peers_are_known() {
        let cases = [
            ("aes256-cts", 18),
            ("aes128-sha1", 17),
            ("AES256-SHA2", 20),
            ("aes128-cts-sha256", 19),
            ("aes256-cts-sha384", 20),
            ("aes-128", 17),
            ("camellia256-cts", 26),
        ];
        for (name, number) in cases {
            assert_eq!(Enctype::from_name(name).map(Enctype::number), Some(number), "{name}");
        }
        assert_eq!(Enctype::from_name("aes"), None);
        assert_eq!(Enctype::from_name(""), None);
    }

    #[test]
    fn the_preferred_types_are_the_stronger_ones() {
        for (at, etype) in Enctype::ALL.iter().enumerate() {
            for (other_at, other) in Enctype::ALL.iter().enumerate() {
                assert_eq!(etype.is_stronger_than(*other), at < other_at, "{etype} {other}");
            }
        }
    }

    #[test]
    #[cfg(not(feature = "legacy-crypto"))]
    fn legacy_types_need_their_feature() {
        for number in [16, 23] {
            assert_eq!(Enctype::try_from(number), Err(Error::UnsupportedEnctype(number)));
        }
        assert_eq!(Enctype::from_name("rc4-hmac"), None);
        assert!(ChecksumType::try_from(-138).is_err() && ChecksumType::try_from(12).is_err());
    }

    #[test]
    #[cfg(feature = "legacy-crypto")]
    fn legacy_types_are_never_among_those_that_may_be_used() {
        assert!(Enctype::ALL.iter().all(|etype| !etype.is_legacy()));
        assert_eq!(Enctype::from_name("rc4-hmac"), Some(Enctype::ArcfourHmac));
        assert_eq!(Enctype::from_name("des3-cbc-sha1-kd"), Some(Enctype::Des3CbcSha1));
    }

    #[test]
    fn other_numbers_are_unsupported() {
        for number in [-128, 0, 1, 3, 21, 24, 27, i32::MAX] {
            assert_eq!(Enctype::try_from(number), Err(Error::UnsupportedEnctype(number)));
        }
        for number in [0, 1, 7, 14, 21] {
            assert_eq!(ChecksumType::try_from(number), Err(Error::UnsupportedChecksum(number)));
        }
    }
}
