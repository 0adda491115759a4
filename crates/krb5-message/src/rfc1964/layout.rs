//! Where things stand in a token, and the eight octets at its beginning.

use krb5_crypto::Zeroizing;

use super::algorithm::Algorithm;
use crate::Error;
use crate::segment::Body;
use crate::token::Protection;

/// The first two octets of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenId {
    /// A MIC token, RFC 1964 §1.2.1.
    Mic,
    /// A wrap token, RFC 1964 §1.2.2.
    Wrap(Protection),
    /// A token that ends the context, RFC 1964 §1.2.3. None is ever made.
    Delete,
}

impl TokenId {
    /// Octets 0..7: they say everything about a token but its number, and the checksum covers them.
    pub(crate) fn head(self, algorithm: Algorithm) -> Head {
        let [t0, t1] = self.octets();
        let [s0, s1] = algorithm.sign();
        let [e0, e1] = match self {
            Self::Wrap(Protection::Confidentiality) => algorithm.seal(),
            Self::Wrap(Protection::Integrity) | Self::Mic | Self::Delete => NONE,
        };
        [t0, t1, s0, s1, e0, e1, 0xFF, 0xFF]
    }

    fn octets(self) -> [u8; 2] {
        match self {
            Self::Mic => [1, 1],
            Self::Wrap(_) => [2, 1],
            Self::Delete => [1, 2],
        }
    }

    /// Whether `head` begins a token of this kind and of these algorithms.
    ///
    /// # Errors
    /// [`Error::TokenId`], [`Error::Algorithms`], or [`Error::Filler`], in this order.
    pub(crate) fn check(self, algorithm: Algorithm, head: &Head) -> Result<(), Error> {
        let expected = self.head(algorithm);
        let ([id @ .., _, _, _, _, _, _], [wanted @ .., _, _, _, _, _, _]) = (head, &expected);
        if id != wanted {
            return Err(Error::TokenId);
        }
        let ([_, _, named @ .., _, _], [_, _, wanted @ .., _, _]) = (head, &expected);
        if named != wanted {
            return Err(Error::Algorithms);
        }
        if *head == expected { Ok(()) } else { Err(Error::Filler) }
    }

    /// What a wrap token with this beginning does for its message.
    ///
    /// # Errors
    /// As [`TokenId::check`].
    pub(crate) fn wrapped(algorithm: Algorithm, head: &Head) -> Result<Protection, Error> {
        if *head == Self::Wrap(Protection::Confidentiality).head(algorithm) {
            return Ok(Protection::Confidentiality);
        }
        Self::Wrap(Protection::Integrity).check(algorithm, head)?;
        Ok(Protection::Integrity)
    }
}

/// Octets 0..7 of a token.
pub(crate) type Head = [u8; 8];
/// SND_SEQ.
pub(crate) type Sequence = [u8; 8];

/// A header apart from its framing.
pub(crate) struct Parts<'h> {
    pub(crate) head: &'h mut Head,
    pub(crate) sequence: &'h mut Sequence,
    pub(crate) checksum: &'h mut [u8],
    /// What follows; in a wrap token the confounder, and in one piece with the message that too.
    pub(crate) rest: &'h mut [u8],
}

impl<'h> Parts<'h> {
    /// Takes apart what follows the framing.
    ///
    /// # Errors
    /// [`Error::Truncated`] if it ends before `rest`.
    pub(crate) fn split(body: &'h mut [u8], algorithm: Algorithm) -> Result<Self, Error> {
        let (length, least) = (body.len(), fixed_len(algorithm));
        let split = |body: &'h mut [u8]| {
            let (head, body) = body.split_first_chunk_mut()?;
            let (sequence, body) = body.split_first_chunk_mut()?;
            let (checksum, rest) = body.split_at_mut_checked(algorithm.checksum_len())?;
            Some(Self {
                head,
                sequence,
                checksum,
                rest,
            })
        };
        split(body).ok_or(Error::Truncated { length, least })
    }
}

/// How long a MIC token is, and a wrap token before its confounder, both without their framing.
pub(crate) fn fixed_len(algorithm: Algorithm) -> usize {
    FIXED.saturating_add(algorithm.checksum_len())
}

/// The same to the end of the confounder.
pub(crate) fn header_len(algorithm: Algorithm) -> usize {
    fixed_len(algorithm).saturating_add(CONFOUNDER_LEN)
}

/// How many octets of `body` are in the token.
pub(crate) fn data_len(body: &[Body<'_>]) -> usize {
    let lengths = body.iter().map(|body| match body {
        Body::Data(octets) => octets.len(),
        Body::SignOnly(_) => 0,
    });
    lengths.fold(0, usize::saturating_add)
}

/// What is encrypted, in one piece: the ciphers of these tokens chain over all of it.
pub(crate) fn gather(confounder: &[u8], body: &[Body<'_>]) -> Zeroizing<Vec<u8>> {
    let length = confounder.len().saturating_add(data_len(body));
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    text.extend_from_slice(confounder);
    for body in body {
        if let Body::Data(octets) = body {
            text.extend_from_slice(octets);
        }
    }
    text
}

/// Puts back what [`gather`] has taken.
pub(crate) fn scatter(text: &[u8], confounder: &mut [u8], body: &mut [Body<'_>]) {
    let data = body.iter_mut().filter_map(|body| match body {
        Body::Data(octets) => Some(octets.iter_mut()),
        Body::SignOnly(_) => None,
    });
    confounder
        .iter_mut()
        .chain(data.flatten())
        .zip(text)
        .for_each(|(to, from)| *to = *from);
}

/// SEAL_ALG of what is not sealed.
const NONE: [u8; 2] = [0xFF, 0xFF];
/// Octets before SGN_CKSUM.
const FIXED: usize = 16;
pub(crate) const CONFOUNDER_LEN: usize = 8;
