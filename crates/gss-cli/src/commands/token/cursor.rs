//! A place in a token that is read element by element, and knows its offset for errors.

use der::{Decode as _, Header, Reader as _, SliceReader, Tag};

use super::page::{Count, Problem};

/// What is left of the token, or of one of its elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    octets: &'a [u8],
    offset: usize,
}

/// A tag and its content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: Tag,
    /// Where the element starts, with its tag.
    pub(super) offset: usize,
    pub(super) content: Cursor<'a>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(octets: &'a [u8]) -> Self {
        Self { octets, offset: 0 }
    }

    pub(super) fn octets(&self) -> &'a [u8] {
        self.octets
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    pub(super) fn problem(&self, what: impl std::fmt::Display) -> Problem {
        Problem::at(self.offset, what)
    }

    /// The next `count` octets.
    pub(super) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], Problem> {
        let Some((taken, rest)) = self.octets.split_at_checked(count) else {
            let left = self.octets.len();
            return Err(self.problem(format_args!("{what} needs {count} octets, but {left} are left")));
        };
        self.octets = rest;
        self.offset = self.offset.saturating_add(count);
        Ok(taken)
    }

    /// The next `N` octets as an array.
    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Problem> {
        let at = *self;
        let taken = self.take(N, what)?;
        taken.try_into().map_err(|_| at.problem(what))
    }

    /// The next element, with a definite length in DER's shortest form.
    pub(super) fn element(&mut self, what: &str) -> Result<Element<'a>, Problem> {
        let start = *self;
        if self.is_empty() {
            return Err(self.problem(format_args!("{what} is missing")));
        }
        let mut reader = SliceReader::new(self.octets).map_err(|error| start.der(what, &error))?;
        let header = Header::decode(&mut reader).map_err(|error| start.der(what, &error))?;
        let header_length = usize::try_from(reader.position()).map_err(|error| start.der(what, &error))?;
        let length = usize::try_from(header.length()).map_err(|error| start.der(what, &error))?;
        self.take(header_length, what)?;
        let content = Self {
            octets: self.octets,
            offset: self.offset,
        };
        let taken = self.take(length, what)?;
        Ok(Element {
            tag: header.tag(),
            offset: start.offset,
            content: Self {
                octets: taken,
                ..content
            },
        })
    }

    /// The next element, which must have the tag `tag`.
    pub(super) fn expect(&mut self, tag: Tag, what: &str) -> Result<Cursor<'a>, Problem> {
        let element = self.element(what)?;
        if element.tag != tag {
            let found = element.tag;
            return Err(Problem::at(
                element.offset,
                format_args!("{what}: expected {tag}, found {found}"),
            ));
        }
        Ok(element.content)
    }

    /// An error unless everything has been read.
    pub(super) fn finish(&self, what: &str) -> Result<(), Problem> {
        if self.is_empty() {
            return Ok(());
        }
        let (left, verb) = match self.octets.len() {
            1 => (Count(1), "follows"),
            more => (Count(more), "follow"),
        };
        Err(self.problem(format_args!("{left} {verb} the end of {what}")))
    }

    /// An error of the `der` crate in this place.
    pub(super) fn der(&self, what: &str, error: &der::Error) -> Problem {
        let inside = error
            .position()
            .and_then(|position| usize::try_from(position).ok())
            .unwrap_or(0);
        Problem::at(
            self.offset.saturating_add(inside),
            format_args!("{what} is malformed: {}", error.kind()),
        )
    }
}
