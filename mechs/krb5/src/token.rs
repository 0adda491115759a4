//! The tokens of context establishment: the framing of RFC 2743 §3.1, then a token identifier of two octets, then a
//! Kerberos message (RFC 4121 §4.1).

use gss_core::{Oid, framing};

use crate::error::KerberosError;
use crate::{KRB5, KRB5_MICROSOFT};

/// What a context token holds, by its TOK_ID (RFC 4121 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenId {
    /// 01 00: AP-REQ, from the initiator.
    ApReq,
    /// 02 00: AP-REP, from the acceptor.
    ApRep,
    /// 03 00: KRB-ERROR, from the acceptor.
    KrbError,
}

impl TokenId {
    const fn octets(self) -> [u8; 2] {
        match self {
            Self::ApReq => [1, 0],
            Self::ApRep => [2, 0],
            Self::KrbError => [3, 0],
        }
    }

    fn from_octets(octets: [u8; 2]) -> Option<Self> {
        [Self::ApReq, Self::ApRep, Self::KrbError]
            .into_iter()
            .find(|id| id.octets() == octets)
    }
}

/// A context token, its framing taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContextToken<'a> {
    /// As the peer wrote it: answers repeat it.
    pub(crate) mech: Oid,
    pub(crate) id: TokenId,
    /// The DER of the message.
    pub(crate) message: &'a [u8],
}

impl<'a> ContextToken<'a> {
    /// # Errors
    /// [`KerberosError::Framing`] if it is not framed for Kerberos; [`KerberosError::TokenId`] if what is inside is
    /// none of the three messages.
    pub(crate) fn parse(token: &'a [u8]) -> Result<Self, KerberosError> {
        let (mech, inner) = framing::parse(token).map_err(KerberosError::Framing)?;
        if mech != KRB5 && mech != KRB5_MICROSOFT {
            return Err(KerberosError::ForeignToken(Box::new(mech)));
        }
        let (id, message) = inner.split_first_chunk::<2>().ok_or(KerberosError::TokenId)?;
        let id = TokenId::from_octets(*id).ok_or(KerberosError::TokenId)?;
        Ok(Self { mech, id, message })
    }

    pub(crate) fn to_octets(self) -> Vec<u8> {
        framing::wrap(&self.mech, &[&self.id.octets(), self.message].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_survives_its_octets(message: Vec<u8>, id in 0usize..3) {
            let id = [TokenId::ApReq, TokenId::ApRep, TokenId::KrbError][id];
            let token = ContextToken { mech: KRB5, id, message: &message };
            let octets = token.to_octets();
            prop_assert_eq!(ContextToken::parse(&octets).unwrap(), token);
            for length in 0..octets.len() {
                prop_assert!(ContextToken::parse(&octets[..length]).is_err());
            }
        }
    }

    #[test]
    fn another_mechanism_or_identifier_is_refused() {
        let foreign = framing::wrap(&gss_core::oid!("1.3.6.1.5.5.2"), &[1, 0]);
        assert!(matches!(
            ContextToken::parse(&foreign),
            Err(KerberosError::ForeignToken(_))
        ));
        for inner in [&[][..], &[1], &[1, 1], &[4, 4], &[2, 1], &[0, 1]] {
            let token = framing::wrap(&KRB5, inner);
            assert!(matches!(ContextToken::parse(&token), Err(KerberosError::TokenId)));
        }
    }
}
