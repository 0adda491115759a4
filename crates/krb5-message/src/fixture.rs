//! Two ends of a context, for the tests of this crate.

use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key};

use crate::{
    CfxOpener, CfxSealer, Detection, NumberWidth, Role, SequenceWindow, Style, Subkey, TokenParameters, TokenState,
};

/// One end: what it sends with and what it receives with.
pub(crate) struct End {
    pub(crate) sealer: CfxSealer,
    pub(crate) opener: CfxOpener,
}

/// A key whose octets are 1, 2, 3 …
pub(crate) fn key(enctype: Enctype) -> Key {
    let octets: Vec<u8> = (1..).take(enctype.key_len()).collect();
    Key::new(&PROVIDER, enctype, &octets).unwrap()
}

/// An end that starts at 7 and expects 7.
pub(crate) fn end(key: &Key, role: Role, subkey: Subkey, style: Style) -> End {
    let window = SequenceWindow::new(7, Detection::ReplayAndSequence, NumberWidth::Bits64);
    let state = TokenState {
        parameters: TokenParameters { role, subkey, style },
        next: 7,
        window,
    };
    let sealer = CfxSealer::new(key, state.parameters, state.next).unwrap();
    let opener = CfxOpener::new(key, state.parameters, state.window).unwrap();
    End { sealer, opener }
}

/// The sender of `role`, and its peer.
pub(crate) fn pair(enctype: Enctype, sender: Role) -> (End, End) {
    pair_in(enctype, sender, Style::Standard)
}

/// The same with the tokens of `style`.
pub(crate) fn pair_in(enctype: Enctype, sender: Role, style: Style) -> (End, End) {
    let receiver = if sender == Role::Initiator {
        Role::Acceptor
    } else {
        Role::Initiator
    };
    let key = key(enctype);
    (
        end(&key, sender, Subkey::Acceptor, style),
        end(&key, receiver, Subkey::Acceptor, style),
    )
}

/// Each enctype with each direction.
pub(crate) fn every_direction() -> impl Iterator<Item = (Enctype, Role)> {
    Enctype::ALL
        .iter()
        .flat_map(|enctype| [(*enctype, Role::Initiator), (*enctype, Role::Acceptor)])
}

/// A message of `length` octets which are not all the same.
pub(crate) fn message(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}
