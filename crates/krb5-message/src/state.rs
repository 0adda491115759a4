use krb5_crypto::Key;

use crate::token::{Role, Style, Subkey};
use crate::{Error, NumberWidth, Opener, Sealer, SequenceWindow};

/// What both halves of a context know about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenParameters {
    /// Which end this is.
    pub role: Role,
    /// Which key is in use.
    pub subkey: Subkey,
    /// Whether the context is one of DCE RPC.
    pub style: Style,
}

/// The state of a context between two messages, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenState {
    /// What does not change.
    pub parameters: TokenParameters,
    /// The number of the next token to be sent.
    pub next: u64,
    /// What has been received.
    pub window: SequenceWindow,
}

impl TokenState {
    /// The state of the two halves of one context.
    pub fn of(sealer: &Sealer, opener: &Opener) -> Self {
        Self {
            parameters: sealer.parameters(),
            next: sealer.next_sequence(),
            window: opener.window().clone(),
        }
    }

    /// Makes the two halves again, of the format that the type of `key` has.
    ///
    /// # Errors
    /// [`Error::State`] if the numbers do not have the width of that format; [`Error::Crypto`] if the per-usage keys
    /// cannot be derived.
    pub fn halves(self, key: &Key) -> Result<(Sealer, Opener), Error> {
        if self.window.width() != NumberWidth::of(key.enctype()) {
            return Err(Error::State);
        }
        let sealer = Sealer::new(key, self.parameters, self.next)?;
        let opener = Opener::new(key, self.parameters, self.window)?;
        Ok((sealer, opener))
    }

    /// The state as octets. There is no secret in them.
    ///
    /// ```text
    /// 0       version  1
    /// 1       role     0 initiator, 1 acceptor
    /// 2       subkey   0 initiator's or session key, 1 acceptor's
    /// 3       style    0 standard, 1 DCE
    /// 4..11   next     big-endian
    /// 12..29  window   see SequenceWindow::to_octets
    /// ```
    pub fn to_octets(&self) -> Vec<u8> {
        let role = if self.parameters.role == Role::Acceptor { 1 } else { 0 };
        let subkey = if self.parameters.subkey == Subkey::Acceptor {
            1
        } else {
            0
        };
        let style = if self.parameters.style == Style::Dce { 1 } else { 0 };
        [
            &[VERSION, role, subkey, style][..],
            &self.next.to_be_bytes(),
            &self.window.to_octets(),
        ]
        .concat()
    }

    /// Reads what [`TokenState::to_octets`] wrote.
    ///
    /// # Errors
    /// [`Error::State`] if the version or anything else is unknown.
    pub fn from_octets(octets: &[u8]) -> Result<Self, Error> {
        let octets: &[u8; Self::OCTETS] = octets.try_into().map_err(|_| Error::State)?;
        let [
            version,
            role,
            subkey,
            style,
            n0,
            n1,
            n2,
            n3,
            n4,
            n5,
            n6,
            n7,
            window @ ..,
        ] = octets;
        if *version != VERSION {
            return Err(Error::State);
        }
        let parameters = TokenParameters {
            role: one_of(*role, Role::Initiator, Role::Acceptor)?,
            subkey: one_of(*subkey, Subkey::Initiator, Subkey::Acceptor)?,
            style: one_of(*style, Style::Standard, Style::Dce)?,
        };
        let next = u64::from_be_bytes([*n0, *n1, *n2, *n3, *n4, *n5, *n6, *n7]);
        Ok(Self {
            parameters,
            next,
            window: SequenceWindow::from_octets(window)?,
        })
    }

    /// Length of [`TokenState::to_octets`].
    pub const OCTETS: usize = 30;
}

fn one_of<T>(octet: u8, zero: T, one: T) -> Result<T, Error> {
    match octet {
        0 => Ok(zero),
        1 => Ok(one),
        _ => Err(Error::State),
    }
}

const VERSION: u8 = 1;
