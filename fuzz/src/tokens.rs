//! Per-message tokens of RFC 4121, under keys that the target holds.

use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key, KeyUsage};
use krb5_message::{
    Associated, CfxOpener, CfxSealer, Detection, HEADER_LEN, NumberWidth, Protection, Role, Segment, SequenceWindow,
    Style, Subkey, TokenParameters, Trailer, WrapHeader,
};

fn key(choice: u8) -> Key {
    let etypes = Enctype::ALL;
    let etype = etypes[usize::from(choice) % etypes.len()];
    Key::new(&PROVIDER, etype, &[0x42; 32][..etype.key_len()]).expect("a key of the right length")
}

fn style(choice: u8) -> Style {
    if choice & 0x80 == 0 {
        Style::Standard
    } else {
        Style::Dce
    }
}

fn initiator(choice: u8) -> CfxSealer {
    let parameters = TokenParameters {
        role: Role::Initiator,
        subkey: Subkey::Initiator,
        style: style(choice),
    };
    CfxSealer::new(&key(choice), parameters, 0).expect("keys can be derived")
}

fn acceptor(choice: u8) -> CfxOpener {
    let parameters = TokenParameters {
        role: Role::Acceptor,
        subkey: Subkey::Initiator,
        style: style(choice),
    };
    let window = SequenceWindow::new(0, Detection::ReplayAndSequence, NumberWidth::Bits64);
    CfxOpener::new(&key(choice), parameters, window).expect("keys can be derived")
}

/// The first octet picks the encryption type and style, the rest is a token from a stranger: as a MIC token over
/// nothing, and as a wrap token. What is refused must not move the window.
pub fn cfx_token(input: &[u8]) {
    let Some((choice, token)) = input.split_first() else {
        return;
    };
    let mut opener = acceptor(*choice);
    let before = opener.window().clone();
    if opener.verify_mic(&[], token).is_err() {
        assert_eq!(opener.window(), &before, "a refused MIC moved the window");
    }
    let mut opener = acceptor(*choice);
    if opener.unwrap(Associated::default(), &mut token.to_vec()).is_err() {
        assert_eq!(opener.window(), &before, "a refused token moved the window");
    }
}

/// The first octet picks the encryption type and style, 16 octets are the header, and the rest is what a peer that
/// knows the key may have encrypted: it is encrypted here, and rotated as the header says.
///
/// It may be accepted only if it ends in a copy of the header, after as much filler as the header announces.
pub fn cfx_plaintext(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else {
        return;
    };
    let Some((header, plaintext)) = rest.split_first_chunk::<HEADER_LEN>() else {
        return;
    };
    let sealed = key(*choice)
        .encrypt(KeyUsage::INITIATOR_SEAL, plaintext)
        .expect("encrypts");
    let mut token = [header.as_slice(), &sealed].concat();
    let parsed = WrapHeader::parse(&token).map(|(header, _)| header);
    if let Ok(header) = parsed {
        let filler = if style(*choice) == Style::Dce {
            usize::from(header.extra_count)
        } else {
            0
        };
        let by = (usize::from(header.rotation) + filler) % sealed.len();
        token[HEADER_LEN..].rotate_right(by);
    }
    let mut opener = acceptor(*choice);
    let Ok((range, _)) = opener.unwrap(Associated::default(), &mut token) else {
        return;
    };
    let header = parsed.expect("what was accepted has a header");
    if header.flags.protection() == Protection::Confidentiality {
        let (before, copy) = plaintext
            .split_last_chunk::<HEADER_LEN>()
            .expect("what was accepted has a copy");
        let (copy, _) = WrapHeader::parse(copy).expect("the copy is a header");
        // Peers differ in the rotation that the copy states.
        assert_eq!(
            WrapHeader {
                rotation: header.rotation,
                ..copy
            },
            header,
            "the copy is another header"
        );
        let filler = usize::from(header.extra_count);
        let message = &before[..before
            .len()
            .checked_sub(filler)
            .expect("there is as much filler as announced")];
        assert!(token.get(range) == Some(message), "the message is another one");
    }
}

/// The first octets pick the encryption type, layout and place of a flipped bit; the rest is a message in several
/// segments. What is wrapped must be unwrapped to the same, both scattered and as a stream, and not with the bit flipped.
pub fn iov(input: &[u8]) {
    let [choice, layout, cut, flip_low, flip_high, message @ ..] = input else {
        return;
    };
    let cut = usize::from(*cut).min(message.len());
    let protection = if layout & 1 == 0 {
        Protection::Integrity
    } else {
        Protection::Confidentiality
    };
    let place = if layout & 2 == 0 {
        Trailer::Separate
    } else {
        Trailer::InHeader
    };
    let associated = if layout & 4 == 0 {
        &[][..]
    } else {
        b"associated".as_slice()
    };
    let mut sealer = initiator(*choice);
    let lengths = sealer.wrap_iov_lengths(protection, place);
    let (mut header, mut trailer) = (vec![0; lengths.header], vec![0; lengths.trailer]);
    let mut data = message.to_vec();
    {
        let (first, second) = data.split_at_mut(cut);
        let mut segments = vec![Segment::Header(&mut header)];
        segments.extend([
            Segment::Data(first),
            Segment::SignOnly(associated),
            Segment::Data(second),
        ]);
        if place == Trailer::Separate {
            segments.push(Segment::Trailer(&mut trailer));
        }
        sealer
            .wrap_iov(protection, &mut segments)
            .expect("the lengths are those asked for");
    }
    let token = [header.as_slice(), &data, &trailer].concat();
    let mut opener = acceptor(*choice);
    {
        let (first, second) = data.split_at_mut(cut);
        let mut segments = vec![Segment::Header(&mut header)];
        segments.extend([
            Segment::Data(first),
            Segment::SignOnly(associated),
            Segment::Data(second),
        ]);
        if place == Trailer::Separate {
            segments.push(Segment::Trailer(&mut trailer));
        }
        let (_, opened) = opener.unwrap_iov(&mut segments).expect("what was wrapped is unwrapped");
        assert_eq!(opened.protection, protection);
    }
    assert!(data == message, "another message came out");
    if associated.is_empty() {
        stream(
            *choice,
            &token,
            message,
            usize::from(u16::from_le_bytes([*flip_low, *flip_high])),
        );
    }
}

/// Unwraps a whole token, and then the same with one bit flipped.
fn stream(choice: u8, token: &[u8], message: &[u8], flip: usize) {
    let mut whole = token.to_vec();
    let (range, _) = acceptor(choice)
        .unwrap(Associated::default(), &mut whole)
        .expect("a stream is unwrapped");
    assert!(
        whole.get(range) == Some(message),
        "another message came out of the stream"
    );
    let mut altered = token.to_vec();
    let bit = flip % (token.len() * 8);
    altered[bit / 8] ^= 1 << (bit % 8);
    if let Ok((range, _)) = acceptor(choice).unwrap(Associated::default(), &mut altered) {
        // The rotation is not protected, and one by the whole token is none.
        assert!(ROTATION.contains(&bit), "accepted with bit {bit} flipped");
        assert!(
            altered.get(range) == Some(message),
            "another message came out with bit {bit} flipped"
        );
    }
}

/// The bits of RRC in a wrap token, RFC 4121 §4.2.6.2.
const ROTATION: std::ops::Range<usize> = 48..64;
