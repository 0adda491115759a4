use std::num::NonZeroU32;

use gss_crypto::{CryptoProvider, Zeroizing};

use crate::{
    Enctype, Error, Key,
    derive::{derived_key, kdf_feedback_cmac, kdf_hmac_sha2},
    enctype::Profile,
};

/// The highest iteration count that is computed: about a second of work, where RFC 3962 §4 would allow 2^32.
pub const MAX_ITERATIONS: u32 = 1 << 20;

/// Makes the long-term key of `password` and `salt`, RFC 3962 §4, RFC 8009 §4 and RFC 6803 §3.
///
/// `params` are the string-to-key parameters of ETYPE-INFO2: the iteration count as four octets, big-endian. Without
/// them the enctype's [`default_iterations`](Enctype::default_iterations) hold. Counts from 1 to [`MAX_ITERATIONS`] are
/// computed; a floor against downgrade is the caller's policy, as only the caller knows who gave the count.
///
/// # Errors
/// [`Error::IterationCount`] (0, which RFC 3962 reads as 2^32, included) and [`Error::StringToKeyParameters`].
pub fn string_to_key(
    provider: &'static CryptoProvider,
    etype: Enctype,
    password: &[u8],
    salt: &[u8],
    params: Option<&[u8]>,
) -> Result<Key, Error> {
    #[cfg(feature = "legacy-crypto")]
    if let Profile::Legacy(which) = etype.profile() {
        let octets = which.string_to_key(provider, password, salt, params)?;
        return Key::new(provider, etype, &octets);
    }
    let iterations = iterations(etype, params)?;
    let mut seed = Zeroizing::new(vec![0; etype.key_len()]);
    let octets = match etype.profile() {
        Profile::Simplified => {
            etype.pbkdf2(provider).derive(password, salt, iterations, &mut seed);
            let base = etype.cipher_key(provider, &seed)?;
            derived_key(&*base, LABEL, etype.key_len())
        }
        Profile::EncryptThenMac => {
            let salt = named_salt(etype, salt);
            etype.pbkdf2(provider).derive(password, &salt, iterations, &mut seed);
            kdf_hmac_sha2(&*etype.mac_key(provider, &seed)?, LABEL, &[], etype.key_len())
        }
        Profile::Cmac => {
            let salt = named_salt(etype, salt);
            etype.pbkdf2(provider).derive(password, &salt, iterations, &mut seed);
            kdf_feedback_cmac(&*etype.mac_key(provider, &seed)?, LABEL, etype.key_len())
        }
        #[cfg(feature = "legacy-crypto")]
        Profile::Legacy(_) => return Err(Error::UnsupportedEnctype(etype.number())),
    };
    Key::new(provider, etype, &octets)
}

/// The salt after the enctype's name, so that no two enctypes have one key, RFC 8009 §4 and RFC 6803 §3.
fn named_salt(etype: Enctype, salt: &[u8]) -> Vec<u8> {
    [etype.name().as_bytes(), &[0], salt].concat()
}

fn iterations(etype: Enctype, params: Option<&[u8]>) -> Result<NonZeroU32, Error> {
    let count = match params {
        None => etype.default_iterations(),
        Some(params) => {
            let octets = params
                .try_into()
                .map_err(|_| Error::StringToKeyParameters(params.len()))?;
            u32::from_be_bytes(octets)
        }
    };
    NonZeroU32::new(count)
        .filter(|count| count.get() <= MAX_ITERATIONS)
        .ok_or(Error::IterationCount(count))
}

/// The well-known constant of RFC 3962 §4, RFC 8009 §4 and RFC 6803 §3.
const LABEL: &[u8] = b"kerberos";

#[cfg(test)]
mod tests;
