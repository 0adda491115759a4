//! Messages in every layout that callers have: whole tokens, with associated data, streams, and buffers with and
//! without a trailer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{
    Around, Error, ErrorKind, EstablishedContext, Flags, Iov, IovShape, Privacy, Sequence, TrailerPlace, Unwrapped,
    inquiry,
};
use gss_test::Established;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key, KeyUsage};
use world::World;

const PRIVACIES: [Privacy; 2] = [Privacy::Integrity, Privacy::Confidential];
const STYLES: [Flags; 2] = [Flags::USUAL, Flags::USUAL.union(Flags::DCE_STYLE)];

/// How a caller hands over a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// `gss_wrap`, `gss_unwrap`.
    Plain,
    /// `gss_wrap_aead`, `gss_unwrap_aead`.
    Aead,
    /// HEADER and so on; a STREAM when it comes.
    Stream,
    /// HEADER, SIGN_ONLY, DATA, SIGN_ONLY, DATA, SIGN_ONLY, PADDING, TRAILER.
    Trailer,
    /// The same without TRAILER, as SSPI has it.
    Sspi,
}

const LAYOUTS: [Layout; 5] = [
    Layout::Plain,
    Layout::Aead,
    Layout::Stream,
    Layout::Trailer,
    Layout::Sspi,
];

/// A protected message: a token, how long its outer parts are, and what is only signed.
#[derive(Clone, Debug)]
struct Sealed {
    layout: Layout,
    token: Vec<u8>,
    /// Of the header and the trailer, where there are buffers of their own.
    lengths: (usize, usize),
    /// Before, between and after the data.
    signed: [Vec<u8>; 3],
}

impl Layout {
    fn signed(self) -> [Vec<u8>; 3] {
        let [before, between, after] = [b"before".to_vec(), b"between".to_vec(), b"after".to_vec()];
        match self {
            Self::Plain => Default::default(),
            Self::Aead => [before, Vec::new(), Vec::new()],
            Self::Stream => [before, Vec::new(), after],
            Self::Trailer | Self::Sspi => [before, between, after],
        }
    }

    fn trailer(self) -> TrailerPlace {
        match self {
            Self::Sspi => TrailerPlace::InHeader,
            _ => TrailerPlace::Separate,
        }
    }

    fn seal(self, from: &mut dyn EstablishedContext, privacy: Privacy, message: &[u8]) -> Sealed {
        let signed = self.signed();
        let shape = IovShape {
            data: message.len(),
            sign_only: signed.iter().map(Vec::len).sum(),
            trailer: self.trailer(),
        };
        let lens = from.wrap_iov_len(privacy, shape).unwrap();
        assert_eq!(lens.padding, 0);
        let lengths = (lens.header, lens.trailer);
        let token = match self {
            Self::Plain | Self::Aead => from.wrap(privacy, &signed[0], message).unwrap().0,
            _ => {
                let token = [&vec![0; lens.header], message, &vec![0; lens.trailer]].concat();
                let mut sealed = Sealed {
                    layout: self,
                    token,
                    lengths,
                    signed: signed.clone(),
                };
                from.wrap_iov(privacy, &mut sealed.buffers()).unwrap();
                sealed.token
            }
        };
        Sealed {
            layout: self,
            token,
            lengths,
            signed,
        }
    }
}

impl Sealed {
    /// The buffers of the token, the data in two halves; as many octets as there are go into the header first.
    fn buffers(&mut self) -> Vec<Iov<'_>> {
        let (header, trailer) = self.lengths;
        let all = self.token.len();
        let (header, rest) = self.token.split_at_mut(header.min(all));
        let (data, trailer) = rest.split_at_mut(rest.len().saturating_sub(trailer));
        let (first, second) = data.split_at_mut(data.len() / 2);
        let [before, between, after] = &self.signed;
        let mut iov = vec![
            Iov::Header(header),
            Iov::SignOnly(before),
            Iov::Data(first),
            Iov::SignOnly(between),
            Iov::Data(second),
            Iov::SignOnly(after),
            Iov::Padding(&mut []),
        ];
        if self.layout != Layout::Sspi {
            iov.push(Iov::Trailer(trailer));
        }
        iov
    }

    fn open(&self, to: &mut dyn EstablishedContext) -> Result<(Vec<u8>, Unwrapped), Error> {
        let mut own = self.clone();
        let [before, _, after] = &self.signed;
        match self.layout {
            Layout::Plain => to.unwrapped(&self.token),
            Layout::Aead => {
                let around = Around {
                    before: &[before],
                    after: &[],
                };
                to.unwrapped_around(around, &self.token)
            }
            Layout::Stream => {
                let mut iov = [
                    Iov::Stream(&mut own.token),
                    Iov::SignOnly(before),
                    Iov::Data(&mut []),
                    Iov::SignOnly(after),
                ];
                let unwrapped = to.unwrap_iov(&mut iov)?;
                let [Iov::Empty, _, Iov::Data(message), _] = iov else {
                    panic!("the data are the message now")
                };
                Ok((message.to_vec(), unwrapped))
            }
            Layout::Trailer | Layout::Sspi => {
                let mut iov = own.buffers();
                let unwrapped = to.unwrap_iov(&mut iov)?;
                let message = iov.iter().filter_map(|buffer| match buffer {
                    Iov::Data(octets) => Some(octets.to_vec()),
                    _ => None,
                });
                Ok((message.flatten().collect(), unwrapped))
            }
        }
    }

    /// With EC and RRC as given.
    fn with_counts(&self, extra: u16, rotation: u16) -> Self {
        let mut forged = self.clone();
        forged.token[4..6].copy_from_slice(&extra.to_be_bytes());
        forged.token[6..8].copy_from_slice(&rotation.to_be_bytes());
        forged
    }

    fn extra_count(&self) -> u16 {
        u16::from_be_bytes([self.token[4], self.token[5]])
    }
}

fn message(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

/// Every layout in both protections, between the ends of a context.
fn each(flags: Flags, enctype: Enctype, mut check: impl FnMut(&mut Established, Layout, Privacy)) {
    let world = World::new(enctype);
    let mut established = world.establish(flags);
    for layout in LAYOUTS {
        for privacy in PRIVACIES {
            check(&mut established, layout, privacy);
        }
    }
}

fn ends(established: &mut Established) -> (&mut dyn EstablishedContext, &mut dyn EstablishedContext) {
    (&mut *established.initiator, &mut *established.acceptor)
}

#[test]
fn i52_every_layout_goes_through_with_signed_data_around_it() {
    for (enctype, flags) in Enctype::ALL
        .iter()
        .flat_map(|enctype| STYLES.map(|flags| (*enctype, flags)))
    {
        each(flags, enctype, |established, layout, privacy| {
            let (from, to) = ends(established);
            for length in [1, 2, 15, 16, 17, 33, 1000, 70_000] {
                let sealed = layout.seal(from, privacy, &message(length));
                let (found, unwrapped) = sealed.open(to).unwrap();
                assert_eq!(
                    (found, unwrapped.privacy, unwrapped.sequence),
                    (message(length), privacy, Sequence::Ok),
                    "{enctype} {layout:?} {length}"
                );
            }
        });
    }
}

#[test]
fn i50_empty_messages_go_through_in_every_layout() {
    for (enctype, flags) in Enctype::ALL
        .iter()
        .flat_map(|enctype| STYLES.map(|flags| (*enctype, flags)))
    {
        each(flags, enctype, |established, layout, privacy| {
            let (from, to) = ends(established);
            let (found, unwrapped) = layout.seal(from, privacy, b"").open(to).unwrap();
            assert_eq!((found.len(), unwrapped.privacy), (0, privacy), "{layout:?}");
            let mic = from.mic_of(b"").unwrap();
            assert_eq!(to.verify_mic(&[], &mic).unwrap().sequence, Sequence::Ok);
            assert!(to.verify_mic(&[b"\0"], &mic).is_err());
        });
    }
}

#[test]
fn i47_an_unsealed_token_has_no_confounder_and_says_that_it_is_not_sealed() {
    for enctype in Enctype::ALL {
        for flags in STYLES {
            each(flags, *enctype, |established, layout, privacy| {
                let (from, to) = ends(established);
                let sealed = layout.seal(from, privacy, &message(50));
                let filler = usize::from(sealed.extra_count());
                let expected = match privacy {
                    Privacy::Integrity => 16 + 50 + enctype.checksum_len(),
                    Privacy::Confidential => 16 + 16 + 50 + filler + 16 + enctype.checksum_len(),
                };
                assert_eq!(sealed.token.len(), expected, "{layout:?} {privacy:?}");
                let readable = sealed.token.windows(20).any(|part| part == &message(50)[..20]);
                assert_eq!(readable, privacy == Privacy::Integrity);
                // The receiver is told what the token is, not what anybody has asked for.
                assert_eq!(sealed.open(to).unwrap().1.privacy, privacy);
            });
        }
    }
}

#[test]
fn i49_no_layout_makes_a_longer_token_than_its_lengths_say() {
    for flags in STYLES {
        each(
            flags,
            Enctype::Aes256CtsHmacSha384192,
            |established, layout, privacy| {
                let (from, _) = ends(established);
                for max in [0, 50, 76, 80, 100, 1000, 65_537] {
                    let limit = from.wrap_size_limit(privacy, max).unwrap();
                    let plain = |from: &mut dyn EstablishedContext, length| {
                        from.wrap(privacy, b"", &message(length)).unwrap().0.len()
                    };
                    assert!(limit == 0 || plain(from, limit) <= max);
                    assert!(plain(from, limit + 1) > max);
                    let shape = IovShape {
                        trailer: layout.trailer(),
                        ..IovShape::of_data(limit)
                    };
                    let lens = from.wrap_iov_len(privacy, shape).unwrap();
                    if !matches!(layout, Layout::Plain | Layout::Aead) {
                        let sealed = layout.seal(from, privacy, &message(limit));
                        assert_eq!(Some(sealed.token.len()), lens.total(limit));
                    }
                }
            },
        );
    }
}

#[test]
fn w3_no_flipped_bit_is_accepted_in_any_layout() {
    for flags in STYLES {
        each(
            flags,
            Enctype::Aes128CtsHmacSha256128,
            |established, layout, privacy| {
                let (from, to) = ends(established);
                // 16 and 71 or so octets: no rotation by a power of two is a full turn.
                let sealed = layout.seal(from, privacy, &message(23));
                for bit in 0..sealed.token.len() * 8 {
                    let mut forged = sealed.clone();
                    forged.token[bit / 8] ^= 1 << (bit % 8);
                    assert!(forged.open(to).is_err(), "{layout:?} {privacy:?} {bit}");
                }
                for (which, bit) in (0..3).flat_map(|which| (0..40).map(move |bit| (which, bit))) {
                    let mut forged = sealed.clone();
                    let Some(octet) = forged.signed[which].get_mut(bit / 8) else {
                        continue;
                    };
                    *octet ^= 1 << (bit % 8);
                    assert_eq!(
                        forged.open(to).unwrap_err(),
                        ErrorKind::BadMic,
                        "{layout:?} {which} {bit}"
                    );
                }
                let mut unsigned = sealed.clone();
                unsigned.signed = Default::default();
                assert_eq!(unsigned.open(to).is_ok(), layout == Layout::Plain);
            },
        );
    }
}

#[test]
fn w1_no_other_ec_is_accepted_in_any_layout() {
    for (enctype, flags) in Enctype::ALL
        .iter()
        .flat_map(|enctype| STYLES.map(|flags| (*enctype, flags)))
    {
        each(flags, enctype, |established, layout, privacy| {
            let (from, to) = ends(established);
            let sealed = layout.seal(from, privacy, &message(40));
            let (genuine, rotation) = (
                sealed.extra_count(),
                u16::from_be_bytes([sealed.token[6], sealed.token[7]]),
            );
            let most = u16::try_from(sealed.token.len()).unwrap() + 32;
            for extra in (0..=most).chain([0xFFFF]).filter(|extra| *extra != genuine) {
                let refused = sealed.with_counts(extra, rotation).open(to).unwrap_err();
                if privacy == Privacy::Integrity {
                    assert_eq!(refused, ErrorKind::DefectiveToken, "{layout:?} {extra}");
                }
            }
            assert_eq!(sealed.open(to).unwrap().0, message(40));
        });
    }
}

#[test]
fn w15_odd_counts_are_errors_or_the_right_data_in_any_layout() {
    for flags in STYLES {
        each(flags, Enctype::Aes256CtsHmacSha196, |established, layout, privacy| {
            let (from, to) = ends(established);
            let sealed = layout.seal(from, privacy, &message(30));
            let length = u16::try_from(sealed.token.len()).unwrap();
            let odd = [0, 1, 12, 16, 28, 44, 60, length - 1, length, 0xFFFF];
            for (extra, rotation) in odd.into_iter().flat_map(|extra| odd.map(|rotation| (extra, rotation))) {
                if let Ok((found, unwrapped)) = sealed.with_counts(extra, rotation).open(to) {
                    assert_eq!((found, unwrapped.privacy), (message(30), privacy));
                    assert_eq!(extra, sealed.extra_count(), "{layout:?} {rotation}");
                }
            }
        });
    }
}

/// The key of the messages.
fn key(context: &dyn EstablishedContext) -> Key {
    let values = context.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
    let number = i32::from(*values[1].last().unwrap());
    Key::new(&PROVIDER, Enctype::try_from(number).unwrap(), &values[0]).unwrap()
}

#[test]
fn w2_what_is_too_short_inside_the_encryption_is_refused_in_any_layout() {
    for enctype in Enctype::ALL {
        let world = World::new(*enctype);
        let mut established = world.establish(Flags::USUAL);
        let key = key(&*established.initiator);
        let (_, to) = ends(&mut established);
        // Sent by the initiator, sealed, acceptor's subkey, FF, EC, RRC, a number.
        let header = |extra: u16| {
            let [high, low] = extra.to_be_bytes();
            [5, 4, 6, 0xFF, high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]
        };
        let mut cases: Vec<(u16, Vec<u8>)> = (0..16).map(|length| (0, header(0)[..length].to_vec())).collect();
        for (filler, extra) in [(0, 1), (3, 4), (3, 0xFFFF), (0, 0xFFFF)] {
            cases.push((extra, [&vec![0; filler][..], &header(extra)].concat()));
        }
        for (extra, plain) in cases {
            let cipher = key.encrypt(KeyUsage::INITIATOR_SEAL, &plain).unwrap();
            let token = [&header(extra)[..], &cipher].concat();
            for layout in LAYOUTS {
                let sealed = Sealed {
                    layout,
                    lengths: (32, token.len().saturating_sub(32)),
                    token: token.clone(),
                    signed: Default::default(),
                };
                let refused = sealed.open(to).unwrap_err();
                assert_eq!(refused, ErrorKind::DefectiveToken, "{layout:?} {extra} {}", plain.len());
            }
        }
    }
}

#[test]
fn w2_no_octet_is_read_beyond_the_buffers_that_the_token_came_in() {
    for layout in [Layout::Trailer, Layout::Sspi] {
        for privacy in PRIVACIES {
            let mut established = World::new(Enctype::Aes128CtsHmacSha196).establish(Flags::USUAL);
            let (from, to) = ends(&mut established);
            let sealed = layout.seal(from, privacy, &message(30));
            for header in 0..sealed.lengths.0 + 20 {
                let mut cut = sealed.clone();
                cut.lengths.0 = header;
                assert_eq!(cut.open(to).is_ok(), header == sealed.lengths.0, "{layout:?} {header}");
            }
        }
    }
}

#[test]
fn i44_whole_tokens_open_as_streams_and_scattered_ones_as_whole() {
    for enctype in Enctype::ALL {
        let world = World::new(*enctype);
        for (flags, privacy) in STYLES
            .into_iter()
            .flat_map(|flags| PRIVACIES.map(|privacy| (flags, privacy)))
        {
            let mut established = world.establish(flags);
            let (from, to) = ends(&mut established);
            for (sent, received) in LAYOUTS
                .into_iter()
                .flat_map(|sent| LAYOUTS.map(|received| (sent, received)))
            {
                let (token, lengths) = {
                    let signed = IovShape {
                        trailer: received.trailer(),
                        ..IovShape::of_data(30)
                    };
                    let lens = from.wrap_iov_len(privacy, signed).unwrap();
                    let shape = IovShape {
                        trailer: sent.trailer(),
                        ..signed
                    };
                    let own = from.wrap_iov_len(privacy, shape).unwrap();
                    let token = match sent {
                        Layout::Plain | Layout::Aead => from.wrap(privacy, b"", &message(30)).unwrap().0,
                        _ => {
                            let mut sealed = Sealed {
                                layout: sent,
                                token: [&vec![0; own.header], &message(30)[..], &vec![0; own.trailer]].concat(),
                                lengths: (own.header, own.trailer),
                                signed: Default::default(),
                            };
                            from.wrap_iov(privacy, &mut sealed.buffers()).unwrap();
                            sealed.token
                        }
                    };
                    // A plain token has no filler in DCE style, a scattered one has.
                    let filler = own.total(30).unwrap() - token.len();
                    match received {
                        Layout::Sspi => (token, (lens.header - filler, 0)),
                        _ => (token, (lens.header, lens.trailer - filler)),
                    }
                };
                let sealed = Sealed {
                    layout: received,
                    token,
                    lengths,
                    signed: Default::default(),
                };
                let (found, unwrapped) = sealed.open(to).unwrap();
                assert_eq!(
                    (found, unwrapped.privacy, unwrapped.sequence),
                    (message(30), privacy, Sequence::Ok),
                    "{enctype} {sent:?} {received:?}"
                );
            }
        }
    }
}
