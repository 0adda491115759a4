use krb5_crypto::Enctype;
use proptest::prelude::*;

use super::*;
use crate::fixture::{End, every_direction, message, pair, pair_in};
use crate::{Lengths, Protection, Role, Sequence, Style, Trailer};

const BOTH: [Protection; 2] = [Protection::Integrity, Protection::Confidentiality];
const STYLES: [Style; 2] = [Style::Standard, Style::Dce];
const TRAILERS: [Trailer; 2] = [Trailer::Separate, Trailer::InHeader];

/// A scattered token with its message.
#[derive(Clone)]
struct Pieces {
    header: Vec<u8>,
    before: Vec<u8>,
    data: Vec<Vec<u8>>,
    after: Vec<u8>,
    trailer: Option<Vec<u8>>,
}

impl Pieces {
    fn new(from: &End, protection: Protection, trailer: Trailer, data: Vec<Vec<u8>>) -> Self {
        let Lengths {
            header, trailer: tail, ..
        } = from.sealer.wrap_iov_lengths(protection, trailer);
        let trailer = (trailer == Trailer::Separate).then(|| vec![0; tail]);
        Self {
            header: vec![0; header],
            before: b"before".to_vec(),
            data,
            after: b"after".to_vec(),
            trailer,
        }
    }

    fn segments(&mut self) -> Vec<Segment<'_>> {
        let mut segments = vec![Segment::Header(&mut self.header), Segment::SignOnly(&self.before)];
        segments.extend(self.data.iter_mut().map(|data| Segment::Data(data)));
        segments.extend([Segment::SignOnly(&self.after), Segment::Padding(&mut [])]);
        segments.extend(self.trailer.as_mut().map(|trailer| Segment::Trailer(trailer)));
        segments
    }

    /// The token in one piece, without what is only signed.
    fn token(&self) -> Vec<u8> {
        [
            &self.header[..],
            &self.data.concat(),
            self.trailer.as_deref().unwrap_or_default(),
        ]
        .concat()
    }
}

fn wrapped(from: &mut End, protection: Protection, trailer: Trailer, data: Vec<Vec<u8>>) -> Pieces {
    let mut pieces = Pieces::new(from, protection, trailer, data);
    let lengths = from.sealer.wrap_iov(protection, &mut pieces.segments()).unwrap();
    assert_eq!(lengths, from.sealer.wrap_iov_lengths(protection, trailer));
    pieces
}

#[test]
fn scattered_messages_go_through_in_every_layout() {
    for (enctype, sender) in every_direction() {
        for (style, trailer) in STYLES
            .into_iter()
            .flat_map(|style| TRAILERS.map(|trailer| (style, trailer)))
        {
            for protection in BOTH {
                let (mut from, mut to) = pair_in(enctype, sender, style);
                for data in [
                    vec![],
                    vec![vec![]],
                    vec![message(100)],
                    vec![message(3), message(0), message(29)],
                ] {
                    let mut pieces = wrapped(&mut from, protection, trailer, data.clone());
                    let (range, opened) = to.opener.unwrap_iov(&mut pieces.segments()).unwrap();
                    assert_eq!(
                        (range, opened.protection, opened.sequence),
                        (None, protection, Sequence::Ok)
                    );
                    assert_eq!(pieces.data, data, "{enctype:?} {style:?} {trailer:?}");
                }
            }
        }
    }
}

#[test]
fn a_scattered_token_in_one_piece_opens_like_any_other() {
    for (enctype, sender) in every_direction() {
        for (style, trailer) in STYLES
            .into_iter()
            .flat_map(|style| TRAILERS.map(|trailer| (style, trailer)))
        {
            for protection in BOTH {
                let (mut from, mut to) = pair_in(enctype, sender, style);
                let pieces = wrapped(&mut from, protection, trailer, vec![message(33), message(8)]);
                let mut token = pieces.token();
                let around = Associated {
                    before: &[b"before"],
                    after: &[b"after"],
                };
                let (range, opened) = to.opener.unwrap(around, &mut token).unwrap();
                assert_eq!(
                    (&token[range], opened.protection),
                    (&[message(33), message(8)].concat()[..], protection)
                );

                let mut token = pieces.token();
                let (before, after) = (Segment::SignOnly(b"before"), Segment::SignOnly(b"after"));
                let mut segments = [Segment::Stream(&mut token), before, Segment::Data(&mut []), after];
                let (range, opened) = to.opener.unwrap_iov(&mut segments).unwrap();
                assert_eq!(opened.sequence, Sequence::Duplicate);
                assert_eq!(token[range.unwrap()], [message(33), message(8)].concat());
            }
        }
    }
}

#[test]
fn a_contiguous_token_with_associated_data_opens_scattered() {
    for enctype in Enctype::ALL {
        for protection in BOTH {
            let (mut from, mut to) = pair(*enctype, Role::Acceptor);
            let around = Associated {
                before: &[b"bef", b"ore"],
                after: &[b"after"],
            };
            let token = from.sealer.wrap(protection, around, &message(20)).unwrap();
            let lengths = from.sealer.wrap_iov_lengths(protection, Trailer::Separate);
            let (header, rest) = token.split_at(lengths.header);
            let (data, trailer) = rest.split_at(20);
            let mut pieces = Pieces {
                header: header.to_vec(),
                before: b"before".to_vec(),
                data: vec![data.to_vec()],
                after: b"after".to_vec(),
                trailer: Some(trailer.to_vec()),
            };
            assert_eq!(
                to.opener.unwrap_iov(&mut pieces.segments()).unwrap().1.protection,
                protection
            );
            assert_eq!(pieces.data.concat(), message(20));
        }
    }
}

#[test]
fn i44_a_token_without_trailer_has_the_rotation_that_peers_expect() {
    let sealed = [(Enctype::Aes128CtsHmacSha196, 28), (Enctype::Aes256CtsHmacSha196, 28)];
    let sealed = sealed.into_iter().chain([
        (Enctype::Aes128CtsHmacSha256128, 32),
        (Enctype::Aes256CtsHmacSha384192, 40),
    ]);
    for (enctype, rotation) in sealed {
        for (style, filler) in [(Style::Standard, 0), (Style::Dce, 16)] {
            let (mut from, _) = pair_in(enctype, Role::Initiator, style);
            let pieces = wrapped(
                &mut from,
                Protection::Confidentiality,
                Trailer::InHeader,
                vec![message(9)],
            );
            assert_eq!(pieces.header[4..8], [0, filler, 0, rotation], "{enctype:?} {style:?}");
            assert_eq!(
                pieces.header.len(),
                16 + 16 + usize::from(rotation) + usize::from(filler)
            );
            let pieces = wrapped(&mut from, Protection::Integrity, Trailer::InHeader, vec![message(9)]);
            assert_eq!(
                pieces.header[4..8],
                [0, rotation - 16, 0, rotation - 16],
                "{enctype:?} {style:?}"
            );
        }
    }
}

#[test]
fn w3_no_flipped_bit_of_a_scattered_message_is_accepted() {
    for (enctype, sender) in every_direction() {
        for (protection, trailer) in BOTH
            .into_iter()
            .flat_map(|each| TRAILERS.map(|trailer| (each, trailer)))
        {
            let (mut from, mut to) = pair(enctype, sender);
            let genuine = wrapped(&mut from, protection, trailer, vec![message(5), message(18)]);
            let fields = |pieces: &mut Pieces| -> usize {
                pieces.header.len()
                    + pieces.before.len()
                    + 23
                    + pieces.after.len()
                    + pieces.trailer.as_ref().map_or(0, Vec::len)
            };
            for octet in 0..fields(&mut genuine.clone()) {
                for bit in 0..8 {
                    let mut forged = genuine.clone();
                    flip(&mut forged, octet, bit);
                    assert!(
                        to.opener.unwrap_iov(&mut forged.segments()).is_err(),
                        "{protection:?} {octet} {bit}"
                    );
                }
            }
            assert_eq!(
                to.opener
                    .unwrap_iov(&mut genuine.clone().segments())
                    .unwrap()
                    .1
                    .sequence,
                Sequence::Ok
            );
        }
    }
}

fn flip(pieces: &mut Pieces, octet: usize, bit: usize) {
    let [first, second] = pieces.data.as_mut_slice() else {
        panic!("two data segments")
    };
    let trailer = pieces.trailer.get_or_insert_default();
    let mut at = octet;
    for field in [
        &mut pieces.header,
        &mut pieces.before,
        first,
        second,
        &mut pieces.after,
        trailer,
    ] {
        if at < field.len() {
            field[at] ^= 1 << bit;
            break;
        }
        at -= field.len();
    }
    if pieces.trailer.as_ref().is_some_and(Vec::is_empty) {
        pieces.trailer = None;
    }
}

#[test]
fn w15_odd_extra_counts_and_rotations_are_errors_or_the_right_data() {
    for protection in BOTH {
        for trailer in TRAILERS {
            let (mut from, mut to) = pair(Enctype::Aes256CtsHmacSha196, Role::Initiator);
            let genuine = wrapped(&mut from, protection, trailer, vec![message(30)]);
            let length = u16::try_from(genuine.token().len()).unwrap();
            let odd = [0, 1, 12, 16, 28, 44, 60, length - 1, length, 0xFFFF];
            for (extra, rotation) in odd.into_iter().flat_map(|extra| odd.map(|rotation| (extra, rotation))) {
                let mut forged = genuine.clone();
                forged.header[4..6].copy_from_slice(&extra.to_be_bytes());
                forged.header[6..8].copy_from_slice(&rotation.to_be_bytes());
                let mut stream = forged.token();
                if to.opener.unwrap_iov(&mut forged.segments()).is_ok() {
                    assert_eq!(forged.data.concat(), message(30));
                }
                let mut segments = [
                    Segment::SignOnly(b"before"),
                    Segment::Stream(&mut stream),
                    Segment::SignOnly(b"after"),
                ];
                if let Ok((Some(range), _)) = to.opener.unwrap_iov(&mut segments) {
                    assert_eq!(stream[range], message(30));
                }
            }
        }
    }
}

#[test]
fn segments_of_a_received_token_must_have_exactly_its_lengths() {
    for protection in BOTH {
        for trailer in TRAILERS {
            let (mut from, mut to) = pair(Enctype::Aes128CtsHmacSha256128, Role::Initiator);
            let genuine = wrapped(&mut from, protection, trailer, vec![message(30)]);
            for length in 0..genuine.header.len() + 4 {
                let mut cut = genuine.clone();
                cut.header.resize(length, 0);
                assert_eq!(
                    to.opener.unwrap_iov(&mut cut.segments()).is_ok(),
                    length == genuine.header.len()
                );
            }
            for length in 0..genuine.trailer.as_ref().map_or(0, |trailer| trailer.len() + 4) {
                let mut cut = genuine.clone();
                cut.trailer.as_mut().unwrap().resize(length, 0);
                assert_eq!(
                    to.opener.unwrap_iov(&mut cut.segments()).is_ok(),
                    Some(length) == genuine.trailer.as_ref().map(Vec::len)
                );
            }
        }
    }
}

#[test]
fn more_room_than_needed_stays_as_it_is() {
    let (mut from, _) = pair(Enctype::Aes256CtsHmacSha384192, Role::Initiator);
    let (mut header, mut data, mut trailer, mut padding) = ([0xAA; 100], [1; 5], [0xAA; 100], [0xAA; 16]);
    let mut segments = [
        Segment::Header(&mut header),
        Segment::Data(&mut data),
        Segment::Padding(&mut padding),
        Segment::Trailer(&mut trailer),
    ];
    let lengths = from
        .sealer
        .wrap_iov(Protection::Confidentiality, &mut segments)
        .unwrap();
    assert_eq!(
        lengths,
        Lengths {
            header: 32,
            padding: 0,
            trailer: 40
        }
    );
    assert_eq!(
        (&header[32..], &trailer[40..], padding),
        (&[0xAA; 68][..], &[0xAA; 60][..], [0xAA; 16])
    );
}

#[test]
fn wrong_lists_of_segments_are_the_callers_fault_and_change_nothing() {
    let (mut from, mut to) = pair(Enctype::Aes128CtsHmacSha196, Role::Initiator);
    let (mut a, mut b, mut c) = ([0; 64], [0; 64], [0; 64]);
    let mut refuse = |segments: &mut [Segment<'_>], expected: Layout| {
        let found = from.sealer.wrap_iov(Protection::Confidentiality, segments).unwrap_err();
        assert!(matches!(found, Error::Layout(layout) if layout == expected), "{found}");
    };
    refuse(&mut [], Layout::Header);
    refuse(&mut [Segment::Data(&mut a)], Layout::Header);
    refuse(&mut [Segment::Header(&mut a), Segment::Header(&mut b)], Layout::Header);
    refuse(
        &mut [
            Segment::Header(&mut a),
            Segment::Trailer(&mut b),
            Segment::Trailer(&mut c),
        ],
        Layout::Trailer,
    );
    refuse(&mut [Segment::Header(&mut a), Segment::Stream(&mut b)], Layout::Stream);
    let short = from
        .sealer
        .wrap_iov(Protection::Confidentiality, &mut [Segment::Header(&mut a[..59])])
        .unwrap_err();
    assert!(matches!(short, Error::SegmentLength { needed: 60, given: 59 }));
    assert_eq!(from.sealer.next_sequence(), 7);

    let mut refuse = |segments: &mut [Segment<'_>], expected: Layout| {
        let found = to.opener.unwrap_iov(segments).unwrap_err();
        assert!(matches!(found, Error::Layout(layout) if layout == expected), "{found}");
    };
    refuse(&mut [Segment::Stream(&mut a), Segment::Stream(&mut b)], Layout::Stream);
    refuse(&mut [Segment::Stream(&mut a), Segment::Data(&mut b)], Layout::Stream);
    refuse(&mut [Segment::Stream(&mut a), Segment::Header(&mut b)], Layout::Stream);
    refuse(
        &mut [Segment::Stream(&mut a), Segment::Data(&mut []), Segment::Data(&mut [])],
        Layout::Stream,
    );
    refuse(
        &mut [Segment::Header(&mut a), Segment::Padding(&mut b)],
        Layout::Padding,
    );
}

/// Cuts a whole token, in which nothing is signed only, into the segments of `trailer`.
fn cut(from: &End, token: &[u8], protection: Protection, trailer: Trailer) -> Pieces {
    let lengths = from.sealer.wrap_iov_lengths(protection, trailer);
    let (header, rest) = token.split_at(lengths.header);
    let (data, behind) = rest.split_at(rest.len() - lengths.trailer);
    Pieces {
        header: header.to_vec(),
        before: Vec::new(),
        data: vec![data[..data.len() / 2].to_vec(), data[data.len() / 2..].to_vec()],
        after: Vec::new(),
        trailer: (trailer == Trailer::Separate).then(|| behind.to_vec()),
    }
}

proptest! {
    #[test]
    fn i44_any_rotation_of_a_scattered_token_is_undone(length in 0_usize..100, count in prop_oneof![0_u16..200, any::<u16>()], at in 0_usize..8, sealed in any::<bool>(), separate in any::<bool>()) {
        let (enctype, sender) = every_direction().nth(at).unwrap();
        let (mut from, mut to) = pair(enctype, sender);
        let (protection, trailer) = (BOTH[usize::from(sealed)], TRAILERS[usize::from(separate)]);
        let mut token = from.sealer.wrap(protection, Associated::default(), &message(length)).unwrap();
        token[6..8].copy_from_slice(&count.to_be_bytes());
        let rest = &mut token[16..];
        let by = usize::from(count) % rest.len();
        rest.rotate_right(by);
        let mut pieces = cut(&from, &token, protection, trailer);
        let (_, opened) = to.opener.unwrap_iov(&mut pieces.segments()).unwrap();
        prop_assert_eq!((pieces.data.concat(), opened.protection), (message(length), protection));
    }

    #[test]
    fn any_cut_of_a_message_into_segments_gives_the_same_message(length in 0_usize..300, cuts in prop::collection::vec(0_usize..300, 0..6), at in 0_usize..8, sealed in any::<bool>(), separate in any::<bool>()) {
        let (enctype, sender) = every_direction().nth(at).unwrap();
        let (mut from, mut to) = pair(enctype, sender);
        let message = message(length);
        let mut data = vec![message.clone()];
        for cut in cuts {
            let last = data.last_mut().unwrap();
            let rest = last.split_off(cut.min(last.len()));
            data.push(rest);
        }
        let mut pieces = wrapped(&mut from, BOTH[usize::from(sealed)], TRAILERS[usize::from(separate)], data);
        let mut token = pieces.token();
        let _ = to.opener.unwrap_iov(&mut pieces.segments()).unwrap();
        prop_assert_eq!(pieces.data.concat(), message.clone());
        let around = Associated { before: &[b"before"], after: &[b"after"] };
        let (range, _) = to.opener.unwrap(around, &mut token).unwrap();
        prop_assert_eq!(&token[range], &message[..]);
    }
}
