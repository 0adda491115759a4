//! Messages with associated data, and in pieces.

use gss_core::{
    Around, Error, EstablishedContext, Iov, IovLens, IovShape, Privacy, TrailerPlace, Unwrapped, unwrap_stream,
};

use super::protocol::{AeadMessage, AeadToken, Answer, Base64, Failure, IovMessage, IovToken, Layout};
use super::session::{failure, privacy, token};

/// What is signed around a message, and between its halves.
#[derive(Default)]
struct Signed {
    before: Vec<u8>,
    between: Vec<u8>,
    after: Vec<u8>,
}

impl Signed {
    fn new(before: Option<Base64>, between: Option<Base64>, after: Option<Base64>) -> Self {
        let octets = |given: Option<Base64>| given.map(|octets| octets.0).unwrap_or_default();
        Self {
            before: octets(before),
            between: octets(between),
            after: octets(after),
        }
    }

    fn len(&self) -> usize {
        self.before
            .len()
            .saturating_add(self.between.len())
            .saturating_add(self.after.len())
    }
}

pub(super) fn wrap_iov(context: &mut dyn EstablishedContext, message: IovMessage) -> Result<Answer, Error> {
    let signed = Signed::new(message.associated, message.between, message.after);
    let Base64(mut data) = message.message;
    let shape = IovShape {
        data: data.len(),
        sign_only: signed.len(),
        trailer: place(message.layout),
    };
    let lens = context.wrap_iov_len(privacy(message.conf), shape)?;
    let mut outer = Outer::of(lens);
    let mut iov = buffers(&mut outer, &mut data, &signed, message.layout);
    context.wrap_iov(privacy(message.conf), &mut iov)?;
    let Outer {
        header,
        padding,
        trailer,
    } = outer;
    Ok(token([header, data, padding, trailer].concat()))
}

pub(super) fn unwrap_iov(context: &mut dyn EstablishedContext, received: IovToken) -> Result<Answer, Failure> {
    let Base64(octets) = received.token;
    let signed = Signed::new(received.associated, received.between, received.after);
    match received.layout {
        Some(layout) => unwrap_cut(context, &octets, &signed, layout, privacy(received.conf)).map_err(failure),
        None if signed.between.is_empty() => unwrap_whole(context, octets, &signed).map_err(failure),
        None => Err(Failure::bad_structure(
            "a stream has nothing between its data: \"between\" needs a \"layout\"".to_owned(),
        )),
    }
}

fn unwrap_whole(context: &mut dyn EstablishedContext, mut stream: Vec<u8>, signed: &Signed) -> Result<Answer, Error> {
    let mut iov = vec![Iov::Stream(&mut stream)];
    iov.extend(sign_only(&signed.before));
    iov.push(Iov::Data(&mut []));
    iov.extend(sign_only(&signed.after));
    let unwrapped = unwrap_stream(context, &mut iov)?;
    let message = iov.iter().find_map(|buffer| match buffer {
        Iov::Data(octets) => Some(octets.to_vec()),
        _ => None,
    });
    Ok(opened(message.unwrap_or_default(), unwrapped))
}

fn unwrap_cut(
    context: &mut dyn EstablishedContext,
    octets: &[u8],
    signed: &Signed,
    layout: Layout,
    privacy: Privacy,
) -> Result<Answer, Error> {
    // Of no mechanism here do the lengths depend on those of the data.
    let shape = IovShape {
        trailer: place(layout),
        ..IovShape::of_data(0)
    };
    let lens = context.wrap_iov_len(privacy, shape)?;
    let header_len = lens.header.min(octets.len());
    let (header, rest) = octets.split_at(header_len);
    let behind = lens.padding.saturating_add(lens.trailer).min(rest.len());
    let (data, behind) = rest.split_at(rest.len().saturating_sub(behind));
    let (padding, trailer) = behind.split_at(lens.padding.min(behind.len()));
    let mut outer = Outer {
        header: header.to_vec(),
        padding: padding.to_vec(),
        trailer: trailer.to_vec(),
    };
    let mut data = data.to_vec();
    let unwrapped = context.unwrap_iov(&mut buffers(&mut outer, &mut data, signed, layout))?;
    Ok(opened(data, unwrapped))
}

pub(super) fn wrap_aead(context: &mut dyn EstablishedContext, message: &AeadMessage) -> Result<Answer, Error> {
    let wrapped = context.wrap(privacy(message.conf), &message.associated.0, &message.message.0)?;
    Ok(token(wrapped.0))
}

pub(super) fn unwrap_aead(context: &mut dyn EstablishedContext, received: &AeadToken) -> Result<Answer, Error> {
    let around = Around {
        before: &[&received.associated.0],
        after: &[],
    };
    let (message, unwrapped) = context.unwrapped_around(around, &received.token.0)?;
    Ok(opened(message, unwrapped))
}

pub(super) fn opened(message: Vec<u8>, unwrapped: Unwrapped) -> Answer {
    Answer::Message {
        message: Base64(message),
        conf: unwrapped.privacy == Privacy::Confidential,
        sequence: unwrapped.sequence.name(),
    }
}

/// What surrounds the data of a token.
struct Outer {
    header: Vec<u8>,
    padding: Vec<u8>,
    trailer: Vec<u8>,
}

impl Outer {
    fn of(lens: IovLens) -> Self {
        Self {
            header: vec![0; lens.header],
            padding: vec![0; lens.padding],
            trailer: vec![0; lens.trailer],
        }
    }
}

fn buffers<'b>(outer: &'b mut Outer, data: &'b mut [u8], signed: &'b Signed, layout: Layout) -> Vec<Iov<'b>> {
    let mut iov = vec![Iov::Header(&mut outer.header)];
    iov.extend(sign_only(&signed.before));
    if signed.between.is_empty() {
        iov.push(Iov::Data(data));
    } else {
        let (first, second) = data.split_at_mut(data.len() / 2);
        iov.extend([Iov::Data(first), Iov::SignOnly(&signed.between), Iov::Data(second)]);
    }
    iov.extend(sign_only(&signed.after));
    iov.push(Iov::Padding(&mut outer.padding));
    if layout == Layout::Trailer {
        iov.push(Iov::Trailer(&mut outer.trailer));
    }
    iov
}

/// A buffer for octets that are signed only, unless there are none.
fn sign_only(octets: &[u8]) -> Option<Iov<'_>> {
    (!octets.is_empty()).then_some(Iov::SignOnly(octets))
}

fn place(layout: Layout) -> TrailerPlace {
    match layout {
        Layout::Trailer => TrailerPlace::Separate,
        Layout::Header => TrailerPlace::InHeader,
    }
}
