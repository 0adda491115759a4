use proptest::prelude::*;

use super::*;

const FLAGS: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

#[test]
fn header_octets_stand_where_rfc4121_puts_them() {
    let header = WrapHeader {
        flags: TokenFlags(0x07),
        extra_count: 0x1234,
        rotation: 0xABCD,
        sequence: 0x0102_0304_0506_0708,
    };
    assert_eq!(hex::encode(header.to_octets()), "050407ff1234abcd0102030405060708");
    assert_eq!(hex::encode(header.signed_octets()), "050407ff000000000102030405060708");
    assert_eq!(hex::encode(header.sealed_octets()), "050407ff123400000102030405060708");
    assert_eq!(
        hex::encode(MicToken::header(TokenFlags(0x05), 9)),
        "040405ffffffffff0000000000000009"
    );
}

#[test]
fn every_truncated_header_is_refused() {
    let wrap = WrapHeader {
        flags: TokenFlags(0),
        extra_count: 0,
        rotation: 0,
        sequence: 0,
    }
    .to_octets();
    let mic = MicToken::header(TokenFlags(0), 0);
    for length in 0..HEADER_LEN {
        assert!(
            matches!(WrapHeader::parse(&wrap[..length]), Err(Error::Truncated { .. })),
            "{length}"
        );
        assert!(
            matches!(MicToken::parse(&mic[..length]), Err(Error::Truncated { .. })),
            "{length}"
        );
    }
}

#[test]
fn w5_rfc1964_tokens_are_not_taken_for_rfc4121_ones() {
    for id in [[1, 1], [2, 1], [1, 2], [0x60, 0x23], [4, 5], [5, 5], [0, 0]] {
        let mut token = [0xFF; 64];
        token[..2].copy_from_slice(&id);
        assert!(matches!(WrapHeader::parse(&token), Err(Error::TokenId)));
        assert!(matches!(MicToken::parse(&token), Err(Error::TokenId)));
    }
    assert!(matches!(
        WrapHeader::parse(&MicToken::header(TokenFlags(0), 0)),
        Err(Error::TokenId)
    ));
}

#[test]
fn filler_other_than_ff_is_refused() {
    for at in 3..8 {
        let mut mic = MicToken::header(TokenFlags(0), 0);
        mic[at] = 0xFE;
        assert!(matches!(MicToken::parse(&mic), Err(Error::Filler)), "{at}");
    }
    let mut wrap = WrapHeader {
        flags: TokenFlags(0),
        extra_count: 0,
        rotation: 0,
        sequence: 0,
    }
    .to_octets();
    wrap[3] = 0;
    assert!(matches!(WrapHeader::parse(&wrap), Err(Error::Filler)));
}

#[test]
fn a_sealed_mic_is_refused() {
    for flags in FLAGS {
        let token = MicToken::header(TokenFlags(flags), 0);
        assert_eq!(
            MicToken::parse(&token).is_ok(),
            flags & TokenFlags::SEALED == 0,
            "{flags}"
        );
    }
}

#[test]
fn unknown_flags_are_kept_and_ignored() {
    let token = MicToken::header(TokenFlags(0xF9), 3);
    let parsed = MicToken::parse(&token).unwrap();
    assert_eq!(
        (parsed.flags.0, parsed.flags.sender(), parsed.flags.subkey()),
        (0xF9, Role::Acceptor, Subkey::Initiator)
    );
}

#[test]
fn dce_style_adds_ec_to_the_rotation_of_sealed_tokens_only() {
    let sealed = WrapHeader {
        flags: TokenFlags(2),
        extra_count: 16,
        rotation: 28,
        sequence: 0,
    };
    let plain = WrapHeader {
        flags: TokenFlags(0),
        extra_count: 12,
        rotation: 12,
        sequence: 0,
    };
    assert_eq!(sealed.total_rotation(Style::Dce), 44);
    assert_eq!(sealed.total_rotation(Style::Standard), 28);
    assert_eq!(plain.total_rotation(Style::Dce), 12);
    assert_eq!(WrapHeader { rotation: 0, ..sealed }.total_rotation(Style::Dce), 0);
}

#[test]
fn i45_the_rotation_into_the_header_is_that_of_windows_mit_and_heimdal() {
    const SIGNED: TokenFlags = TokenFlags(0);
    const SEALED: TokenFlags = TokenFlags(TokenFlags::SEALED);
    use Style::{Dce, Standard};
    for (flags, style, extra_count, tag, rotation) in [
        // AES with SHA-1, then both of SHA-2.
        (SIGNED, Standard, 12, 12, 12),
        (SIGNED, Dce, 12, 12, 12),
        (SEALED, Standard, 0, 12, 28),
        (SEALED, Dce, 16, 12, 28),
        (SIGNED, Standard, 16, 16, 16),
        (SEALED, Standard, 0, 16, 32),
        (SEALED, Dce, 16, 16, 32),
        (SIGNED, Dce, 24, 24, 24),
        (SEALED, Standard, 0, 24, 40),
        (SEALED, Dce, 16, 24, 40),
        // Filler outside DCE style.
        (SEALED, Standard, 16, 12, 44),
        (SEALED, Standard, 1, 24, 41),
    ] {
        let found = WrapHeader::rotation_into_header(flags, style, extra_count, tag);
        assert_eq!(found, Some(rotation), "{flags:?} {style:?} {extra_count} {tag}");
        let header = WrapHeader {
            flags,
            extra_count,
            rotation,
            sequence: 0,
        };
        let behind_the_message = match flags {
            SEALED => usize::from(extra_count) + HEADER_LEN + tag,
            _ => tag,
        };
        assert_eq!(header.total_rotation(style), behind_the_message);
    }
    assert_eq!(WrapHeader::rotation_into_header(SEALED, Standard, 0xFFF0, 12), None);
    assert_eq!(WrapHeader::rotation_into_header(SIGNED, Standard, 0, 0x1_0000), None);
}

proptest! {
    #[test]
    fn headers_round_trip(flags in any::<u8>(), extra_count in any::<u16>(), rotation in any::<u16>(), sequence in any::<u64>(), rest in any::<Vec<u8>>()) {
        let header = WrapHeader { flags: TokenFlags(flags), extra_count, rotation, sequence };
        let token = [&header.to_octets()[..], &rest].concat();
        prop_assert_eq!(WrapHeader::parse(&token).unwrap(), (header, &rest[..]));
        let mic = [&MicToken::header(TokenFlags(flags & !TokenFlags::SEALED), sequence)[..], &rest].concat();
        let parsed = MicToken::parse(&mic).unwrap();
        prop_assert_eq!((parsed.sequence, parsed.checksum), (sequence, &rest[..]));
    }

    #[test]
    fn any_octets_parse_or_are_refused(token in any::<Vec<u8>>()) {
        if let Ok((header, rest)) = WrapHeader::parse(&token) {
            prop_assert_eq!([&header.to_octets()[..], rest].concat(), token);
        } else if let Ok(mic) = MicToken::parse(&token) {
            prop_assert_eq!([&MicToken::header(mic.flags, mic.sequence)[..], mic.checksum].concat(), token);
        }
    }
}
