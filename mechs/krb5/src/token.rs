//! The tokens of context establishment: the framing of RFC 2743 §3.1, then a token identifier of two octets, then a
//! Kerberos message (RFC 4121 §4.1). In DCE style there is the message alone (RFC 4757 §7.1).

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

    /// The identifier of a message without framing, by the APPLICATION tag that it begins with.
    fn of_message(message: &[u8]) -> Option<Self> {
        match message.first()? {
            0x6E => Some(Self::ApReq),
            0x6F => Some(Self::ApRep),
            0x7E => Some(Self::KrbError),
            _ => None,
        }
    }

    fn from_octets(octets: [u8; 2]) -> Option<Self> {
        [Self::ApReq, Self::ApRep, Self::KrbError]
            .into_iter()
            .find(|id| id.octets() == octets)
    }
}

/// What stands around a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The framing of RFC 2743 §3.1, with this mechanism. Answers repeat it as the peer wrote it.
    Gss(Oid),
    /// Nothing: DCE style.
    Raw,
}

/// A context token, its framing taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContextToken<'a> {
    pub(crate) framing: Framing,
    pub(crate) id: TokenId,
    /// The DER of the message.
    pub(crate) message: &'a [u8],
}

impl<'a> ContextToken<'a> {
    /// What begins as one of the three messages do is one without framing: no framed token begins so.
    ///
    /// # Errors
    /// [`KerberosError::Framing`] if it is not framed for Kerberos; [`KerberosError::TokenId`] if what is inside is
    /// none of the three messages.
    pub(crate) fn parse(token: &'a [u8]) -> Result<Self, KerberosError> {
        if let Some(id) = TokenId::of_message(token) {
            return Ok(Self {
                framing: Framing::Raw,
                id,
                message: token,
            });
        }
        let (mech, inner) = framing::parse(token).map_err(KerberosError::Framing)?;
        if mech != KRB5 && mech != KRB5_MICROSOFT {
            return Err(KerberosError::ForeignToken(Box::new(mech)));
        }
        let (id, message) = inner.split_first_chunk::<2>().ok_or(KerberosError::TokenId)?;
        let id = TokenId::from_octets(*id).ok_or(KerberosError::TokenId)?;
        Ok(Self {
            framing: Framing::Gss(mech),
            id,
            message,
        })
    }

    pub(crate) fn to_octets(self) -> Vec<u8> {
        match self.framing {
            Framing::Gss(mech) => framing::wrap(&mech, &[&self.id.octets(), self.message].concat()),
            Framing::Raw => self.message.to_vec(),
        }
    }
}

/// Whether `token` may be an AP-REQ without framing, the first token of a context in DCE style.
pub(crate) fn is_raw_ap_req(token: &[u8]) -> bool {
    TokenId::of_message(token) == Some(TokenId::ApReq)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_survives_its_octets(message: Vec<u8>, id in 0usize..3) {
            let id = [TokenId::ApReq, TokenId::ApRep, TokenId::KrbError][id];
            let token = ContextToken { framing: Framing::Gss(KRB5), id, message: &message };
            let octets = token.to_octets();
            prop_assert_eq!(ContextToken::parse(&octets).unwrap(), token);
            for length in 0..octets.len() {
                prop_assert!(ContextToken::parse(&octets[..length]).is_err());
            }
        }
    }

    #[test]
    fn i29_messages_without_framing_are_known_by_their_first_octet() {
        for first in 0..=255 {
            let id = match first {
                0x6E => TokenId::ApReq,
                0x6F => TokenId::ApRep,
                0x7E => TokenId::KrbError,
                _ => {
                    assert!(ContextToken::parse(&[first, 0]).is_err(), "{first:02x}");
                    continue;
                }
            };
            let message = [first, 0];
            let token = ContextToken {
                framing: Framing::Raw,
                id,
                message: &message,
            };
            assert_eq!(ContextToken::parse(&message).unwrap(), token);
            assert_eq!(token.to_octets(), message);
            assert_eq!(is_raw_ap_req(&message), id == TokenId::ApReq);
        }
        assert!(!is_raw_ap_req(&[]));
        assert!(ContextToken::parse(&[]).is_err());
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
