use std::fmt;

use zeroize::Zeroize;

/// RC4, the stream cipher, with a state that can be saved: NTLM exports contexts, restarts keystreams, and must be able
/// to go back when a message turns out to be forged. Not for anything new (RFC 7465).
///
/// There is no `Clone`, lest a keystream be used twice by accident: [`save`](Self::save) says what it does.
///
/// ```
/// let mut cipher = gss_crypto::Rc4::new(b"Key");
/// let mut message = *b"Plaintext";
/// cipher.apply(&mut message);
/// assert_eq!(message, [0xbb, 0xf3, 0x16, 0xe8, 0xd9, 0x40, 0xaf, 0x0a, 0xd3]);
/// ```
pub struct Rc4 {
    /// A permutation of all octets.
    permutation: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    /// The octets that [`to_octets`](Self::to_octets) returns.
    pub const STATE_LEN: usize = 258;

    /// The keystream of `key`, from its beginning. Only the first 256 octets of a key count; an empty one is that of
    /// octets that are all zero.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        let mut permutation: [u8; 256] = std::array::from_fn(|index| u8::try_from(index).unwrap_or_default());
        let key = if key.is_empty() { &[0][..] } else { key };
        let mut j = 0u8;
        for (i, octet) in (0..=u8::MAX).zip(key.iter().cycle()) {
            j = j.wrapping_add(at(&permutation, i)).wrapping_add(*octet);
            permutation.swap(usize::from(i), usize::from(j));
        }
        Self {
            permutation,
            i: 0,
            j: 0,
        }
    }

    /// Encrypts or decrypts `octets` in place, and moves on by as many.
    pub fn apply(&mut self, octets: &mut [u8]) {
        for octet in octets {
            self.i = self.i.wrapping_add(1);
            let a = at(&self.permutation, self.i);
            self.j = self.j.wrapping_add(a);
            let b = at(&self.permutation, self.j);
            self.permutation.swap(usize::from(self.i), usize::from(self.j));
            *octet ^= at(&self.permutation, a.wrapping_add(b));
        }
    }

    /// The same place in the keystream once more, to go back to. Whoever encrypts two messages from one place shows
    /// the difference of both.
    #[must_use]
    pub fn save(&self) -> Self {
        Self {
            permutation: self.permutation,
            i: self.i,
            j: self.j,
        }
    }

    /// The state as octets, for [`from_octets`](Self::from_octets): the permutation, then i and j. It is as secret as
    /// the key.
    #[must_use]
    pub fn to_octets(&self) -> [u8; Self::STATE_LEN] {
        let mut octets = [0; Self::STATE_LEN];
        let values = self.permutation.iter().chain([&self.i, &self.j]);
        octets.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
        octets
    }

    /// A saved state; `None` unless `octets` are one.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let (permutation, [i, j]) = octets.split_first_chunk::<256>()? else {
            return None;
        };
        let mut seen = [false; 256];
        for octet in permutation {
            let place = seen.get_mut(usize::from(*octet))?;
            if std::mem::replace(place, true) {
                return None;
            }
        }
        Some(Self {
            permutation: *permutation,
            i: *i,
            j: *j,
        })
    }
}

impl Drop for Rc4 {
    fn drop(&mut self) {
        self.permutation.zeroize();
        self.i.zeroize();
        self.j.zeroize();
    }
}

impl fmt::Debug for Rc4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rc4(..)")
    }
}

/// An octet can point nowhere but into the permutation.
fn at(permutation: &[u8; 256], index: u8) -> u8 {
    permutation.get(usize::from(index)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rc4::{KeyInit, StreamCipher};

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_cipher_of_the_rc4_crate_from_any_saved_place(
            key in proptest::collection::vec(any::<u8>(), 1..=256),
            message in proptest::collection::vec(any::<u8>(), 0..600),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut expected = message.clone();
            rc4::Rc4::new_from_slice(&key).unwrap().apply_keystream(&mut expected);
            let cut = cut.index(message.len() + 1);
            let mut found = message;
            let mut first = Rc4::new(&key);
            first.apply(&mut found[..cut]);
            let saved = first.save();
            Rc4::from_octets(&first.to_octets()).unwrap().apply(&mut found[cut..]);
            prop_assert_eq!(&found, &expected);
            // What was saved does not move on with the original.
            first.apply(&mut [0; 100]);
            prop_assert_eq!(&saved.to_octets()[..], &{
                let mut again = Rc4::new(&key);
                again.apply(&mut vec![0; cut]);
                again.to_octets()
            }[..]);
        }
    }

    #[test]
    fn octets_that_are_no_state_are_refused() {
        let state = Rc4::new(b"key").to_octets();
        assert!(Rc4::from_octets(&state).is_some());
        for len in 0..state.len() {
            assert!(Rc4::from_octets(&state[..len]).is_none(), "{len}");
        }
        assert!(Rc4::from_octets(&[&state[..], &[0]].concat()).is_none());
        let mut twice = state;
        twice[0] = twice[1];
        assert!(Rc4::from_octets(&twice).is_none(), "no permutation");
    }

    #[test]
    fn debug_shows_nothing_of_the_state() {
        assert_eq!(format!("{:?}", Rc4::new(b"key")), "Rc4(..)");
    }

    #[test]
    fn a_key_of_no_octets_is_one_of_zeros() {
        assert_eq!(Rc4::new(b"").to_octets(), Rc4::new(&[0]).to_octets());
    }
}
