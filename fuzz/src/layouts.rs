//! Messages in lists of buffers, by the calls of GSS-API.

use std::sync::LazyLock;

use gss_core::{
    Around, Credential, EstablishedContext, Flags, Initiate, Iov, IovShape, Mechanism, Name, Octets, Privacy, Sequence,
    Step, TrailerPlace,
};
use gss_mech_krb5::{KRB5, KerberosCred};
use krb5_crypto::Enctype;
use krb5_proto::Credentials;
use krb5_proto::EncryptionKey;
use krb5_proto::messages::TicketFlags;
use krb5_store::ccache::{CacheContents, CredentialCache, MemoryCache};

use std::sync::Arc;

use crate::realm::{NOW, acceptor, answer, client, key, mechanism, service, ticket, ticket_part};

/// The first octet picks the context and the protection, the second an octet to flip, the third says how many buffers
/// there are; then come their kinds and lengths, an octet each, and the octets that fill them.
///
/// What `wrap_iov` takes comes out of `unwrap_iov` in the same buffers and out of a stream, and not with an octet of it
/// changed. What it refuses costs no sequence number. Buffers that nobody has wrapped are refused, and move no window.
pub fn iov_layout(input: &[u8]) {
    let [choice, flip, count, rest @ ..] = input else {
        return;
    };
    let count = usize::from(*count % MOST).min(rest.len() / 2);
    let (shapes, pool) = rest.split_at(count * 2);
    let (mut initiator, mut acceptor) = contexts(*choice);
    let privacy = if choice & 0x40 == 0 {
        Privacy::Integrity
    } else {
        Privacy::Confidential
    };
    let buffers = Buffers::new(shapes, pool);
    stranger(&mut *acceptor, &buffers);
    let mut wrapped = buffers.fitted(&*initiator, privacy);
    match initiator.wrap_iov(privacy, &mut wrapped.iov()) {
        Ok(_) => {
            comes_back(&mut *acceptor, &buffers, &wrapped);
            changed(&wrapped, *choice, *flip);
            associated(*choice, privacy, &buffers);
        }
        Err(_) => in_order(&mut *initiator, &mut *acceptor),
    }
}

/// What anybody may send: it is refused, and the next genuine token is as good as ever.
fn stranger(acceptor: &mut dyn EstablishedContext, buffers: &Buffers) {
    let mut received = buffers.clone();
    assert!(
        acceptor.unwrap_iov(&mut received.iov()).is_err(),
        "nobody has wrapped that"
    );
}

fn in_order(from: &mut dyn EstablishedContext, to: &mut dyn EstablishedContext) {
    let mic = from.mic_of(b"").expect("a context signs");
    let verified = to.verify_mic(&[], &mic).expect("and its peer verifies");
    assert_eq!(
        verified.sequence,
        Sequence::Ok,
        "a refusal cost a number, or moved the window"
    );
}

fn comes_back(acceptor: &mut dyn EstablishedContext, original: &Buffers, wrapped: &Buffers) {
    let mut received = wrapped.clone();
    let unwrapped = acceptor
        .unwrap_iov(&mut received.iov())
        .expect("what was wrapped is unwrapped");
    assert_eq!(unwrapped.sequence, Sequence::Ok);
    assert!(received.message() == original.message(), "another message came out");
    let Some((before, after)) = wrapped.around() else {
        return;
    };
    let mut stream = wrapped.token();
    let mut iov: Vec<Iov<'_>> = before.iter().map(|octets| Iov::SignOnly(octets)).collect();
    iov.extend([Iov::Data(&mut []), Iov::Stream(&mut stream)]);
    iov.extend(after.iter().map(|octets| Iov::SignOnly(octets)));
    let unwrapped = acceptor.unwrap_iov(&mut iov).expect("and so is it in one piece");
    assert_eq!(unwrapped.sequence, Sequence::Duplicate);
    let data = iov.iter().find_map(|buffer| match buffer {
        Iov::Data(octets) => Some(octets.to_vec()),
        _ => None,
    });
    assert!(
        data == Some(original.message()),
        "another message came out of the stream"
    );
}

/// The token with one octet flipped, in a context that has seen nothing yet.
fn changed(wrapped: &Buffers, choice: u8, flip: u8) {
    let mut altered = wrapped.clone();
    let Some(at) = altered.flip(usize::from(flip)) else {
        return;
    };
    let (_, mut acceptor) = contexts(choice);
    if acceptor.unwrap_iov(&mut altered.iov()).is_ok() {
        // The rotation is not protected, and one by the whole token is none.
        assert!(ROTATION.contains(&at), "accepted with octet {at} flipped");
    }
}

/// The same message by `gss_wrap_aead`.
fn associated(choice: u8, privacy: Privacy, buffers: &Buffers) {
    let (mut initiator, mut acceptor) = contexts(choice);
    let signed = buffers.signed();
    let (token, _) = initiator
        .wrap(privacy, &signed, &buffers.message())
        .expect("a message that was wrapped in pieces is wrapped as a whole");
    let around = Around {
        before: &[&signed],
        after: &[],
    };
    let (message, _) = acceptor.unwrapped_around(around, &token).expect("and unwrapped");
    assert!(message == buffers.message(), "another message came out");
    let mut other = signed.clone();
    other.push(1);
    let around = Around {
        before: &[&other],
        after: &[],
    };
    assert!(
        acceptor.unwrapped_around(around, &token).is_err(),
        "with other associated data"
    );
}

/// A list of buffers that own their octets.
#[derive(Clone, Debug)]
struct Buffers(Vec<(Kind, Vec<u8>)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Header,
    Data,
    SignOnly,
    Padding,
    Trailer,
    Stream,
    Empty,
}

impl Kind {
    fn of(octet: u8) -> Self {
        match octet % 8 {
            0 => Self::Header,
            1 | 2 => Self::Data,
            3 => Self::SignOnly,
            4 => Self::Padding,
            5 => Self::Trailer,
            6 => Self::Stream,
            _ => Self::Empty,
        }
    }

    fn iov(self, octets: &mut [u8]) -> Iov<'_> {
        match self {
            Self::Header => Iov::Header(octets),
            Self::Data => Iov::Data(octets),
            Self::SignOnly => Iov::SignOnly(octets),
            Self::Padding => Iov::Padding(octets),
            Self::Trailer => Iov::Trailer(octets),
            Self::Stream => Iov::Stream(octets),
            Self::Empty => Iov::Empty,
        }
    }
}

impl Buffers {
    /// As many octets of the pool as there are for each.
    fn new(shapes: &[u8], pool: &[u8]) -> Self {
        let mut pool = pool.iter().copied();
        let buffer = |shape: &[u8]| {
            let (kind, length) = (Kind::of(shape[0]), usize::from(shape[1]));
            let octets = if kind == Kind::Empty { 0 } else { length };
            (kind, pool.by_ref().take(octets).collect())
        };
        Self(shapes.chunks_exact(2).map(buffer).collect())
    }

    /// The same with a header and a trailer of the right lengths, where a list of such buffers can be wrapped.
    fn fitted(&self, context: &dyn EstablishedContext, privacy: Privacy) -> Self {
        let mut fitted = self.clone();
        let sum = |kind| self.of(kind).map(Vec::len).sum();
        let shape = IovShape {
            data: sum(Kind::Data),
            sign_only: sum(Kind::SignOnly),
            trailer: match self.of(Kind::Trailer).next() {
                Some(_) => TrailerPlace::Separate,
                None => TrailerPlace::InHeader,
            },
        };
        let Ok(lens) = context.wrap_iov_len(privacy, shape) else {
            return fitted;
        };
        for (kind, octets) in &mut fitted.0 {
            match kind {
                // One octet more or less, now and then, is the caller's mistake.
                Kind::Header | Kind::Trailer if octets.first() == Some(&WRONG) => {}
                Kind::Header => octets.resize(lens.header, 0),
                Kind::Trailer => octets.resize(lens.trailer, 0),
                _ => {}
            }
        }
        fitted
    }

    fn iov(&mut self) -> Vec<Iov<'_>> {
        self.0.iter_mut().map(|(kind, octets)| kind.iov(octets)).collect()
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = &Vec<u8>> {
        self.0
            .iter()
            .filter(move |(found, _)| *found == kind)
            .map(|(_, octets)| octets)
    }

    fn message(&self) -> Vec<u8> {
        self.of(Kind::Data).flatten().copied().collect()
    }

    fn signed(&self) -> Vec<u8> {
        self.of(Kind::SignOnly).flatten().copied().collect()
    }

    /// Header, data and trailer, in the order of the wire.
    fn token(&self) -> Vec<u8> {
        let kinds = [Kind::Header, Kind::Data, Kind::Trailer];
        kinds
            .iter()
            .flat_map(|kind| self.of(*kind))
            .flatten()
            .copied()
            .collect()
    }

    /// What is signed before and after the data; `None` where something stands between them, or nothing says where.
    fn around(&self) -> Option<Signed<'_>> {
        let is = |kind| move |(found, _): &(Kind, Vec<u8>)| *found == kind;
        let first = self.0.iter().position(is(Kind::Data))?;
        let last = self.0.iter().rposition(is(Kind::Data))?;
        let signed = |range: std::ops::Range<usize>| {
            let buffers = self.0[range].iter().filter(|buffer| is(Kind::SignOnly)(buffer));
            buffers.map(|(_, octets)| octets.as_slice()).collect()
        };
        let between: Vec<&[u8]> = signed(first..last);
        between
            .is_empty()
            .then(|| (signed(0..first), signed(last..self.0.len())))
    }

    /// Flips an octet of what is protected, and tells where in its buffer it stands: far out for all but the header.
    fn flip(&mut self, at: usize) -> Option<usize> {
        let total: usize = self.0.iter().map(|(_, octets)| octets.len()).sum();
        let mut at = at.checked_rem(total)?;
        for (kind, octets) in &mut self.0 {
            match octets.get_mut(at) {
                Some(octet) => {
                    *octet ^= 1;
                    return Some(if *kind == Kind::Header { at } else { usize::MAX });
                }
                None => at -= octets.len(),
            }
        }
        None
    }
}

/// Octets before and after the data.
type Signed<'a> = (Vec<&'a [u8]>, Vec<&'a [u8]>);

/// A context between the realm's user and service, both ends of it, as it was established.
fn contexts(choice: u8) -> (Box<dyn EstablishedContext>, Box<dyn EstablishedContext>) {
    static EXPORTED: LazyLock<Vec<[Octets; 2]>> = LazyLock::new(|| {
        let each = Enctype::ALL
            .iter()
            .flat_map(|etype| [Flags::USUAL, Flags::USUAL | Flags::DCE_STYLE].map(|flags| established(*etype, flags)));
        each.map(|ends| ends.map(|mut end| end.export().expect("contexts can be exported")))
            .collect()
    });
    let [initiator, acceptor] = &EXPORTED[usize::from(choice & 0x3F) % EXPORTED.len()];
    let import = |octets: &Octets| {
        mechanism()
            .import_context(octets)
            .expect("what was exported is imported")
    };
    (import(initiator), import(acceptor))
}

fn established(etype: Enctype, flags: Flags) -> [Box<dyn EstablishedContext>; 2] {
    let session_key = key(etype, 0x11);
    let part = ticket_part(&session_key);
    let ticket = Credentials {
        client: client(),
        server: service(),
        key: Arc::new(EncryptionKey::from(&session_key)),
        authtime: NOW,
        starttime: None,
        endtime: part.endtime,
        renew_till: None,
        is_skey: false,
        flags: TicketFlags::empty(),
        addresses: Vec::new(),
        authdata: Vec::new(),
        ticket: ticket(&part.to_der().expect("encodes")).to_der().expect("encodes"),
        second_ticket: Vec::new(),
    };
    let cache = MemoryCache::new();
    let contents = CacheContents {
        credentials: vec![ticket],
        ..CacheContents::new(client())
    };
    cache.replace(&contents).expect("memory can be written");
    let environment = mechanism().environment().clone();
    let cred = KerberosCred::from_cache(environment, Arc::new(cache)).expect("the cache can be read");
    let request = Initiate::new(Name::krb5_principal("host/www.fuzz.test@FUZZ.TEST"))
        .with_cred(Credential::single(KRB5, Arc::new(cred)))
        .with_flags(flags);
    let initiator = mechanism().initiate(&request).expect("a target");
    exchange(initiator, acceptor(gss_core::Accept::new()))
}

/// The tokens to and fro, however many the style needs.
fn exchange(
    mut initiator: Box<dyn gss_core::InitiatorContext>,
    mut acceptor: Box<dyn gss_core::AcceptorContext>,
) -> [Box<dyn EstablishedContext>; 2] {
    let mut token = None;
    loop {
        let step = initiator
            .step(token.as_deref())
            .and_then(|flow| flow.drive(&mut answer));
        let (sent, initiated) = match step.expect("an honest peer") {
            Step::Continue { token, next } => (token, Err(next)),
            Step::Established { token, context } => (token.unwrap_or_default(), Ok(context)),
        };
        if let (Ok(context), true) = (&initiated, sent.is_empty()) {
            unreachable!("{context:?} was established by a token that was the last");
        }
        let step = acceptor.step(Some(&sent)).and_then(|flow| flow.drive(&mut answer));
        match (step.expect("an honest peer"), initiated) {
            (Step::Established { context, .. }, Ok(initiated)) => return [initiated, context],
            (Step::Established { token: reply, context }, Err(next)) => {
                let step = next.step(reply.as_deref()).and_then(|flow| flow.drive(&mut answer));
                let Step::Established { context: initiated, .. } = step.expect("an honest peer") else {
                    unreachable!("the acceptor is done")
                };
                return [initiated, context];
            }
            (Step::Continue { token: reply, next }, Err(waiting)) => {
                (token, acceptor, initiator) = (Some(reply), next, waiting);
            }
            (Step::Continue { .. }, Ok(_)) => unreachable!("the initiator is done"),
        }
    }
}

/// More buffers than any caller has.
const MOST: u8 = 12;
/// RRC in the header of a wrap token, RFC 4121 §4.2.6.2.
const ROTATION: std::ops::Range<usize> = 6..8;
/// The first octet of a header or trailer that keeps the length it has.
const WRONG: u8 = 0xEE;
