//! One request and its response, HTTP/1.1 (RFC 9110, RFC 9112).

use crate::{Failure, REPLY_LIMIT};

/// A POST of a body, if the path can stand in a request.
#[cfg(feature = "https")]
pub(crate) fn request(authority: &str, path: &str, body: &[u8]) -> Option<Vec<u8>> {
    if !path.starts_with('/') || path.bytes().any(|octet| !octet.is_ascii_graphic()) {
        return None;
    }
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/kerberos\r\nContent-Length: {}\r\n\
         Cache-Control: no-cache\r\nConnection: close\r\n\r\n",
        body.len()
    );
    Some([head.as_bytes(), body].concat())
}

/// Collects the body of a response from pieces of any size.
///
/// What is kept grows with what arrived, never with what was announced.
#[derive(Debug, Default)]
pub(crate) struct ResponseReader {
    /// What is not yet understood.
    pending: Vec<u8>,
    body: Vec<u8>,
    extent: Option<Extent>,
}

/// How a response says where its body ends, RFC 9112 §6.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Chunked,
    Length(usize),
    UntilClosed,
}

enum Chunk {
    Whole { begin: usize, length: usize, end: usize },
    Last,
    Partial,
}

impl ResponseReader {
    /// Takes the next octets; the whole body once it is there. Octets after it are ignored.
    ///
    /// # Errors
    /// [`Failure::HttpStatus`] for all but 200, [`Failure::TooLong`], [`Failure::Garbage`].
    pub(crate) fn push(&mut self, octets: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        self.pending.extend_from_slice(octets);
        let extent = match self.extent {
            Some(extent) => extent,
            None => match self.head()? {
                Some(extent) => *self.extent.insert(extent),
                None => return Ok(None),
            },
        };
        match extent {
            Extent::Chunked => self.chunks(),
            Extent::Length(length) => Ok(self.pending.get(..length).map(<[u8]>::to_vec)),
            Extent::UntilClosed if self.pending.len() > LIMIT => Err(too_long(self.pending.len())),
            Extent::UntilClosed => Ok(None),
        }
    }

    /// The body, if the end of the connection ends it.
    pub(crate) fn closed(&mut self) -> Option<Vec<u8>> {
        (self.extent == Some(Extent::UntilClosed)).then(|| std::mem::take(&mut self.pending))
    }

    /// Reads the head of the final response, and passes over those of interim ones.
    fn head(&mut self) -> Result<Option<Extent>, Failure> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            let status = response.parse(&self.pending).map_err(|_| Failure::Garbage)?;
            let (httparse::Status::Complete(length), Some(code)) = (status, response.code) else {
                return match self.pending.len() > HEAD_LIMIT {
                    true => Err(Failure::Garbage),
                    false => Ok(None),
                };
            };
            let extent = match code {
                200 => Some(extent(response.headers)?),
                100 | 102..=199 => None,
                other => return Err(Failure::HttpStatus(other)),
            };
            self.pending.drain(..length);
            if extent.is_some() {
                return Ok(extent);
            }
        }
    }

    /// RFC 9112 §7.1. What comes after the last chunk is not waited for.
    fn chunks(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            match self.chunk()? {
                Chunk::Whole { begin, length, end } => {
                    let until = begin.saturating_add(length);
                    let data = self.pending.get(begin..until).ok_or(Failure::Garbage)?;
                    self.body.extend_from_slice(data);
                    self.pending.drain(..end);
                }
                Chunk::Last => return Ok(Some(std::mem::take(&mut self.body))),
                Chunk::Partial => return Ok(None),
            }
        }
    }

    fn chunk(&self) -> Result<Chunk, Failure> {
        let status = httparse::parse_chunk_size(&self.pending).map_err(|_| Failure::Garbage)?;
        let httparse::Status::Complete((begin, length)) = status else {
            return match self.pending.len() > CHUNK_HEAD_LIMIT {
                true => Err(Failure::Garbage),
                false => Ok(Chunk::Partial),
            };
        };
        if length == 0 {
            return Ok(Chunk::Last);
        }
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let total = self.body.len().saturating_add(length);
        if total > LIMIT {
            return Err(too_long(total));
        }
        let end = begin.saturating_add(length);
        match self.pending.get(end..end.saturating_add(2)) {
            Some(b"\r\n") => Ok(Chunk::Whole {
                begin,
                length,
                end: end.saturating_add(2),
            }),
            Some(_) => Err(Failure::Garbage),
            None => Ok(Chunk::Partial),
        }
    }
}

/// A response that says its extent in two ways that differ is not understood: someone may have meant another.
fn extent(headers: &[httparse::Header<'_>]) -> Result<Extent, Failure> {
    let mut chunked = false;
    for header in named(headers, "Transfer-Encoding") {
        if chunked || !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
            return Err(Failure::Garbage);
        }
        chunked = true;
    }
    let mut length = None;
    for header in named(headers, "Content-Length") {
        let text = std::str::from_utf8(header.value.trim_ascii()).map_err(|_| Failure::Garbage)?;
        if text.is_empty() || text.bytes().any(|octet| !octet.is_ascii_digit()) {
            return Err(Failure::Garbage);
        }
        let value = text.parse().unwrap_or(usize::MAX);
        if *length.get_or_insert(value) != value {
            return Err(Failure::Garbage);
        }
    }
    match (chunked, length) {
        (true, Some(_)) => Err(Failure::Garbage),
        (true, None) => Ok(Extent::Chunked),
        (false, Some(length)) if length > LIMIT => Err(too_long(length)),
        (false, Some(length)) => Ok(Extent::Length(length)),
        (false, None) => Ok(Extent::UntilClosed),
    }
}

fn named<'a, 'b>(headers: &'a [httparse::Header<'b>], name: &'a str) -> impl Iterator<Item = &'a httparse::Header<'b>> {
    let is_it = move |header: &&httparse::Header<'_>| header.name.eq_ignore_ascii_case(name);
    headers.iter().filter(is_it)
}

fn too_long(length: usize) -> Failure {
    Failure::TooLong(u32::try_from(length).unwrap_or(u32::MAX))
}

/// A reply and what is around it.
const LIMIT: usize = REPLY_LIMIT.saturating_add(64);
const HEADERS: usize = 64;
const HEAD_LIMIT: usize = 16384;
const CHUNK_HEAD_LIMIT: usize = 256;

#[cfg(all(test, feature = "https"))]
mod tests;
