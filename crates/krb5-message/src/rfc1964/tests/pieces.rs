//! Scattered messages: MIT's layout, where header, data, sign-only octets and padding are covered in their order.

use super::*;

/// The segments that a test takes apart and puts together again.
struct Pieces {
    header: Vec<u8>,
    before: Vec<u8>,
    first: Vec<u8>,
    second: Vec<u8>,
    after: Vec<u8>,
    padding: Vec<u8>,
}

impl Pieces {
    fn of(sealer: &Rfc1964Sealer, first: usize, second: usize) -> Self {
        let lengths = sealer.wrap_iov_lengths(first + second).unwrap();
        Self {
            header: vec![0; lengths.header],
            before: b"before".to_vec(),
            first: message(first),
            second: message(second),
            after: b"after".to_vec(),
            padding: vec![0; lengths.padding],
        }
    }

    fn segments(&mut self) -> [Segment<'_>; 6] {
        [
            Segment::Header(&mut self.header),
            Segment::SignOnly(&self.before),
            Segment::Data(&mut self.first),
            Segment::Data(&mut self.second),
            Segment::SignOnly(&self.after),
            Segment::Padding(&mut self.padding),
        ]
    }

    fn octets(&mut self) -> [&mut Vec<u8>; 6] {
        [
            &mut self.header,
            &mut self.before,
            &mut self.first,
            &mut self.second,
            &mut self.after,
            &mut self.padding,
        ]
    }

    fn token(&self) -> Vec<u8> {
        [&self.header[..], &self.first, &self.second, &self.padding].concat()
    }
}

#[test]
fn i52_what_is_wrapped_in_pieces_comes_back_in_pieces_and_in_one() {
    for (enctype, role) in every_direction() {
        for style in [Style::Standard, Style::Dce] {
            let (mut sealer, mut opener) = pair(enctype, role, style);
            for (first, second) in [(0, 0), (3, 5), (8, 16), (100, 28), (1, 127)] {
                for protection in BOTH {
                    let mut pieces = Pieces::of(&sealer, first, second);
                    sealer.wrap_iov(protection, &mut pieces.segments()).unwrap();
                    let mut token = pieces.token();
                    let (_, opened) = opener.unwrap_iov(&mut pieces.segments()).unwrap();
                    assert_eq!((opened.protection, opened.sequence), (protection, Sequence::Ok));
                    assert_eq!((&pieces.first, &pieces.second), (&message(first), &message(second)));
                    let (before, after) = (pieces.before, pieces.after);
                    let mut stream = [
                        Segment::SignOnly(&before),
                        Segment::Data(&mut []),
                        Segment::SignOnly(&after),
                        Segment::Stream(&mut token),
                    ];
                    let (range, opened) = opener.unwrap_iov(&mut stream).unwrap();
                    assert_eq!(opened.sequence, Sequence::Duplicate);
                    assert_eq!(token[range.unwrap()], [message(first), message(second)].concat());
                }
            }
        }
    }
}

#[test]
fn w3_each_flipped_bit_of_each_piece_is_noticed_and_nothing_is_released() {
    for (enctype, role) in every_direction() {
        for style in [Style::Standard, Style::Dce] {
            for protection in BOTH {
                let (mut sealer, mut opener) = pair(enctype, role, style);
                let mut pieces = Pieces::of(&sealer, 3, 5);
                sealer.wrap_iov(protection, &mut pieces.segments()).unwrap();
                for piece in 0..6 {
                    for bit in 0..pieces.octets()[piece].len() * 8 {
                        let mut altered = Pieces::of(&sealer, 3, 5);
                        altered
                            .octets()
                            .into_iter()
                            .zip(pieces.octets())
                            .for_each(|(to, from)| to.clone_from(from));
                        *altered.octets()[piece] = flipped(altered.octets()[piece], bit);
                        let accepted = opener.unwrap_iov(&mut altered.segments()).ok();
                        let at = if piece == 0 { bit } else { usize::MAX };
                        let sequence = accepted.map(|(_, opened)| opened.sequence);
                        assert_noticed(enctype, at, protection, sequence);
                        if protection == Protection::Confidentiality {
                            assert_ne!(altered.first, message(3), "piece {piece} bit {bit}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn i48_peers_that_do_not_pad_are_understood_in_pieces_only() {
    for protection in BOTH {
        let key = key(Enctype::ArcfourHmac);
        let mut dce = sealer_of(&key, Role::Acceptor, Style::Dce, 7);
        let token = reframed(&dce.wrap(protection, NONE, b"unpadded").unwrap()[13..]);
        for padding in [None, Some(&mut [][..])] {
            let mut opener = opener_of(&key, Role::Initiator, Style::Standard, 7);
            let mut token = token.clone();
            let (header, data) = token.split_at_mut(45);
            let mut segments = vec![Segment::Header(header), Segment::Data(data)];
            segments.extend(padding.map(Segment::Padding));
            let (_, opened) = opener.unwrap_iov(&mut segments).unwrap();
            assert_eq!(opened.protection, protection);
            assert_eq!(token[45..], *b"unpadded");
        }
        let mut opener = opener_of(&key, Role::Initiator, Style::Standard, 7);
        assert!(matches!(unwrapped(&mut opener, &token), Err(Error::Integrity)));
    }
    // With DES there is always padding.
    let (mut sealer, mut opener) = pair(Enctype::Des3CbcSha1, Role::Initiator, Style::Standard);
    let mut token = sealer.wrap(Protection::Confidentiality, NONE, b"").unwrap();
    let (header, data) = token.split_at_mut(57);
    let refused = opener.unwrap_iov(&mut [Segment::Header(header), Segment::Data(data)]);
    assert!(matches!(refused, Err(Error::Layout(Layout::Padding))));
}

#[test]
fn segments_that_make_no_token_are_refused_and_cost_no_number() {
    for (enctype, role) in every_direction() {
        let (mut sealer, mut opener) = pair(enctype, role, Style::Standard);
        let lengths = sealer.wrap_iov_lengths(8).unwrap();
        let mut header = vec![0; lengths.header];
        let mut data = [7; 8];
        let mut padding = vec![0; lengths.padding];
        let mut refused = |segments: &mut [Segment<'_>]| {
            let wrapped = sealer.wrap_iov(Protection::Confidentiality, segments).unwrap_err();
            assert_eq!(wrapped.fault(), Fault::Caller);
            assert_eq!(sealer.next_sequence(), 7);
        };
        refused(&mut [Segment::Data(&mut data), Segment::Padding(&mut padding)]);
        refused(&mut [Segment::Header(&mut header), Segment::Data(&mut data)]);
        refused(&mut [
            Segment::Header(&mut header),
            Segment::Data(&mut data),
            Segment::Padding(&mut []),
        ]);
        refused(&mut [
            Segment::Header(&mut header[1..]),
            Segment::Data(&mut data),
            Segment::Padding(&mut padding),
        ]);
        refused(&mut [
            Segment::Header(&mut header),
            Segment::Data(&mut data),
            Segment::Padding(&mut padding),
            Segment::Padding(&mut []),
        ]);
        refused(&mut [
            Segment::Header(&mut header),
            Segment::Data(&mut data),
            Segment::Padding(&mut padding),
            Segment::Trailer(&mut [0]),
        ]);
        assert_eq!(data, [7; 8]);
        let mut whole = [
            Segment::Header(&mut header),
            Segment::Data(&mut data),
            Segment::Padding(&mut padding),
            Segment::Trailer(&mut []),
        ];
        sealer.wrap_iov(Protection::Confidentiality, &mut whole).unwrap();
        for cut in 0..header.len() {
            let mut header = header[..cut].to_vec();
            let mut segments = [
                Segment::Header(&mut header),
                Segment::Data(&mut data),
                Segment::Padding(&mut padding),
            ];
            assert_eq!(
                opener.unwrap_iov(&mut segments).unwrap_err().fault(),
                Fault::Token,
                "{cut}"
            );
        }
    }
}
