//! The keys of a session, [MS-NLMP] §3.4.5.

use gss_crypto::{CryptoProvider, MacKey, Rc4, Secret, Zeroizing};

use crate::NegotiateFlags;

/// A session key has 128 bits, whatever is made of it.
pub(crate) const KEY_LEN: usize = 16;

/// Who sends what a key protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The client.
    ToServer,
    /// The server.
    ToClient,
}

impl Direction {
    fn sign_magic(self) -> &'static [u8] {
        match self {
            Self::ToServer => b"session key to client-to-server signing key magic constant\0",
            Self::ToClient => b"session key to server-to-client signing key magic constant\0",
        }
    }

    fn seal_magic(self) -> &'static [u8] {
        match self {
            Self::ToServer => b"session key to client-to-server sealing key magic constant\0",
            Self::ToClient => b"session key to server-to-client sealing key magic constant\0",
        }
    }
}

/// SIGNKEY under extended session security, §3.4.5.2.
pub(crate) fn sign_key(exported: &Secret, direction: Direction, provider: &CryptoProvider) -> Secret {
    let key = provider.md5.hash(&[exported.expose(), direction.sign_magic()]);
    Secret::from_slice(key.expose())
}

/// SEALKEY under extended session security, §3.4.5.3.
pub(crate) fn seal_key(
    flags: NegotiateFlags,
    exported: &Secret,
    direction: Direction,
    provider: &CryptoProvider,
) -> Secret {
    let strength = match () {
        () if flags.contains(NegotiateFlags::KEY_128) => KEY_LEN,
        () if flags.contains(NegotiateFlags::KEY_56) => 7,
        () => 5,
    };
    let weakened = exported.expose().get(..strength).unwrap_or(exported.expose());
    Secret::from_slice(provider.md5.hash(&[weakened, direction.seal_magic()]).expose())
}

/// The MIC over the three messages, §3.1.5.1.2, as a prepared key.
pub(crate) fn mic_key(exported: &Secret, provider: &CryptoProvider) -> Box<dyn MacKey> {
    provider.hmac_md5.key(exported.expose())
}

/// RC4K, §6: `octets` under the keystream of `key`, from its beginning. Its own inverse.
pub(crate) fn rc4k(key: &Secret, octets: &[u8; KEY_LEN]) -> Zeroizing<[u8; KEY_LEN]> {
    let mut out = Zeroizing::new(*octets);
    Rc4::new(key.expose()).apply(&mut *out);
    out
}

#[cfg(test)]
mod tests {
    use gss_crypto::rustcrypto::PROVIDER;
    use hex_literal::hex;

    use super::*;

    const ALL: NegotiateFlags = NegotiateFlags::from_bits_retain(0xe28a_8233);

    fn exported() -> Secret {
        Secret::from_slice(&[0x55; 16])
    }

    #[test]
    fn keys_match_ms_nlmp_4_2_4() {
        let sign = |direction| sign_key(&exported(), direction, &PROVIDER);
        assert_eq!(
            sign(Direction::ToServer).expose(),
            hex!("4788dc861b4782f35d43fd98fe1a2d39")
        );
        assert_eq!(
            sign(Direction::ToClient).expose(),
            hex!("d04d6f10741041d1d246d64188d7a8ad")
        );
        let without_128 = ALL - NegotiateFlags::KEY_128;
        for (flags, to_server, to_client) in [
            (
                ALL,
                hex!("59f600973cc4960a25480a7c196e4c58"),
                hex!("9355f3a957c1583d25c4c2f11e40390e"),
            ),
            (
                without_128,
                hex!("a5f7253c1065e8d3d68642040e71cfe0"),
                hex!("583e2f98959b385cd158f3734b5f5d3f"),
            ),
            (
                without_128 - NegotiateFlags::KEY_56,
                hex!("42f964a471091a02ff4a77455366e4e5"),
                hex!("c5d3853b406b7c1241c595f0ce0750e2"),
            ),
        ] {
            let seal = |direction| seal_key(flags, &exported(), direction, &PROVIDER);
            assert_eq!(seal(Direction::ToServer).expose(), to_server);
            assert_eq!(seal(Direction::ToClient).expose(), to_client);
        }
    }

    #[test]
    fn encrypted_session_key_matches_ms_nlmp_4_2_4() {
        let base = Secret::from_slice(&hex!("8de40ccadbc14a82f15cb0ad0de95ca3"));
        let encrypted = rc4k(&base, &[0x55; 16]);
        assert_eq!(*encrypted, hex!("c5dad2544fc9799094ce1ce90bc9d03e"));
        assert_eq!(*rc4k(&base, &encrypted), [0x55; 16]);
    }
}
