//! What a user knows: a password, or the hash that is as good as one.

use std::fmt;

use gss_crypto::{CryptoProvider, Secret, Zeroizing};

use crate::AccountName;
use crate::utf16;

/// A password: UTF-16 code units, which need not be text (machines and managed service accounts have random ones).
///
/// Whatever its length or look, a password is a password: an [`NtHash`] is another type.
pub struct Password(Zeroizing<Vec<u16>>);

impl Password {
    /// A password in Unicode.
    #[must_use]
    pub fn new(text: &str) -> Self {
        // Reserved at once, so that no copy stays behind when the vector grows.
        let mut units = Zeroizing::new(Vec::with_capacity(text.len()));
        units.extend(text.encode_utf16());
        Self(units)
    }

    /// A password of any code units.
    #[must_use]
    pub fn from_units(units: Vec<u16>) -> Self {
        Self(Zeroizing::new(units))
    }

    /// Whether it is empty, as guests' and anonymous passwords are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// NTOWFv1, [MS-NLMP] §3.3.1: what a domain keeps of the password.
    #[must_use]
    pub fn nt_hash(&self, provider: &CryptoProvider) -> NtHash {
        let mut octets = Zeroizing::new(Vec::with_capacity(self.0.len().saturating_mul(2)));
        self.0
            .iter()
            .for_each(|unit| octets.extend_from_slice(&unit.to_le_bytes()));
        NtHash(Secret::from_slice(provider.md4.hash(&[&octets]).expose()))
    }

    /// The code units, for the hash of LAN Manager.
    #[cfg(feature = "legacy-crypto")]
    pub(crate) fn units(&self) -> &[u16] {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// The NT hash of a password: MD4, without salt. Whoever has it can be the user.
///
/// Hashes are not compared but by what is made with them, in constant time (N15):
///
/// ```compile_fail
/// # use gss_mech_ntlm::NtHash;
/// let _ = NtHash::from_octets([0; 16]) == NtHash::from_octets([0; 16]);
/// ```
pub struct NtHash(Secret);

impl NtHash {
    /// The octets of a hash that some store keeps.
    #[must_use]
    pub fn from_octets(octets: [u8; 16]) -> Self {
        Self(Secret::from_slice(&octets))
    }

    /// Reads 32 hexadecimal digits, as user files and `smbpasswd` write them.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        octets_of_hex(digits).map(|octets| Self::from_octets(*octets))
    }

    /// Another owner of the same hash.
    pub(crate) fn duplicate(&self) -> Self {
        Self(Secret::from_slice(self.expose()))
    }

    /// The octets themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// NTOWFv2, [MS-NLMP] §3.3.2: the key of one user in one domain. The user counts in upper case, the domain as it is
    /// written.
    pub(crate) fn ntowf_v2(&self, account: &AccountName, provider: &CryptoProvider) -> Secret {
        let identity = utf16::to_octets(utf16::upper_case(&account.user).chain(account.domain.encode_utf16()));
        let mac = provider.hmac_md5.key(self.expose()).sign(&[&identity]);
        Secret::from_slice(mac.expose())
    }
}

impl fmt::Debug for NtHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NtHash(..)")
    }
}

/// The octets of 32 hexadecimal digits.
pub(crate) fn octets_of_hex(digits: &str) -> Option<Zeroizing<[u8; 16]>> {
    let mut octets = Zeroizing::new([0; 16]);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != octets.len() || !rest.is_empty() {
        return None;
    }
    for (octet, [high, low]) in octets.iter_mut().zip(pairs) {
        *octet = hex_digit(*high)? << 4 | hex_digit(*low)?;
    }
    Some(octets)
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use gss_crypto::rustcrypto::PROVIDER;
    use hex_literal::hex;

    use super::*;

    #[test]
    fn hashes_match_ms_nlmp_4_2() {
        let hash = Password::new("Password").nt_hash(&PROVIDER);
        assert_eq!(hash.expose(), hex!("a4f49c406510bdcab6824ee7c30fd852"));
        let key = hash.ntowf_v2(&AccountName::new("User", "Domain"), &PROVIDER);
        assert_eq!(key.expose(), hex!("0c868a403bfd7a93a3001ef22ef02e3f"));
    }

    #[test]
    fn n13_passwords_that_look_like_hashes_are_passwords() {
        let digits = "a4f49c406510bdcab6824ee7c30fd852";
        let as_hash = NtHash::from_hex(digits).unwrap();
        let as_password = Password::new(digits).nt_hash(&PROVIDER);
        assert_eq!(as_hash.expose(), hex!("a4f49c406510bdcab6824ee7c30fd852"));
        assert_ne!(as_hash.expose(), as_password.expose());
    }

    #[test]
    fn hexadecimal_hashes_have_32_digits() {
        for wrong in [
            "",
            "a4f4",
            "a4f49c406510bdcab6824ee7c30fd85",
            "a4f49c406510bdcab6824ee7c30fd852a",
        ] {
            assert!(NtHash::from_hex(wrong).is_none(), "{wrong}");
        }
        assert!(NtHash::from_hex("a4f49c406510bdcab6824ee7c30fd8 2").is_none());
        assert!(NtHash::from_hex("A4F49C406510BDCAB6824EE7C30FD852").is_some());
        assert!(NtHash::from_hex("+4f49c406510bdcab6824ee7c30fd852").is_none());
    }

    #[test]
    fn passwords_need_not_be_text() {
        let lone = Password::from_units(vec![0xd800, 0x0041]);
        let replaced = Password::new("\u{fffd}A");
        assert_ne!(lone.nt_hash(&PROVIDER).expose(), replaced.nt_hash(&PROVIDER).expose());
    }

    #[test]
    fn neither_prints_anything() {
        let password = Password::new("hunter2");
        let hash = password.nt_hash(&PROVIDER);
        assert_eq!(format!("{password:?} {hash:?}"), "Password(..) NtHash(..)");
    }
}
