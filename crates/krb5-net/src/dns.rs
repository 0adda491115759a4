//! DNS queries and answers, RFC 1035 §4, in the octets of the crate `domain`.

mod servers;
mod stub;

use std::fmt;
use std::io;

use domain::base::iana::{Class, Rcode, Rtype};
use domain::base::name::{Name, ParsedName};
use domain::base::{Message, MessageBuilder, UnknownRecordData};
use domain::rdata::{Srv, Txt};

pub(crate) use self::servers::NameServers;
pub(crate) use self::stub::lookup;
use crate::Failure;

/// The records that lead to a realm's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordKind {
    /// Where a service is, RFC 2782.
    Srv,
    /// Text, RFC 1035 §3.3.14.
    Txt,
    /// A URI, RFC 7553.
    Uri,
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Srv => "SRV",
            Self::Txt => "TXT",
            Self::Uri => "URI",
        })
    }
}

/// A record of the DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// Where a service is, RFC 2782.
    Srv {
        /// Lower ones come first.
        priority: u16,
        /// The share among records of one priority.
        weight: u16,
        /// The port.
        port: u16,
        /// The host, without a dot at its end. An empty name means that there is decidedly no such service.
        target: String,
    },
    /// Text, its strings joined.
    Txt(String),
    /// A URI, RFC 7553.
    Uri {
        /// Lower ones come first.
        priority: u16,
        /// The share among records of one priority.
        weight: u16,
        /// The URI.
        target: String,
    },
}

/// Why the DNS does not tell.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// An error of this machine or of the network.
    #[error("{0}")]
    Io(#[source] std::sync::Arc<io::Error>),
    /// The answer cannot be understood, or its aliases lead in a circle.
    #[error("malformed answer")]
    Malformed,
    /// It cannot be a name in the DNS.
    #[error("not a domain name")]
    NotAName,
    /// The name does not exist (NXDOMAIN).
    #[error("no such name")]
    NoSuchName,
    /// The name servers cannot or will not tell, such as SERVFAIL or REFUSED.
    #[error("the name servers answer {0}")]
    Refused(String),
    /// No name server answered in time.
    #[error("no name server answers")]
    TimedOut,
}

impl From<io::Error> for LookupError {
    fn from(error: io::Error) -> Self {
        Self::Io(std::sync::Arc::new(error))
    }
}

/// A query, and the judge of what claims to answer it.
pub(crate) struct Query {
    kind: RecordKind,
    message: Message<Vec<u8>>,
}

impl Query {
    /// A query for an absolute name, written without a dot at its end. The identifier is to be unpredictable.
    pub(crate) fn new(id: u16, name: &str, kind: RecordKind) -> Result<Self, LookupError> {
        let name = absolute(name).ok_or(LookupError::NotAName)?;
        let mut builder = MessageBuilder::new_vec();
        builder.header_mut().set_id(id);
        builder.header_mut().set_rd(true);
        let mut question = builder.question();
        question
            .push((name, kind.rtype(), Class::IN))
            .map_err(|_| LookupError::NotAName)?;
        Ok(Self {
            kind,
            message: question.into_message(),
        })
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.message.as_slice()
    }

    /// Whether it answers this query: anything else is passed over. A server that cannot tell is left alone.
    pub(crate) fn check(&self, octets: &[u8]) -> Result<(), Failure> {
        let answer = Message::from_slice(octets).map_err(|_| Failure::Garbage)?;
        if !answer.is_answer(&self.message) {
            return Err(Failure::Garbage);
        }
        match answer.header().rcode() {
            Rcode::NOERROR | Rcode::NXDOMAIN => Ok(()),
            rcode => Err(Failure::NameServer(rcode.to_string())),
        }
    }

    /// The records in an answer that passed the check. Those that cannot be understood are left out.
    pub(crate) fn records(&self, octets: &[u8]) -> Result<Vec<Record>, LookupError> {
        let answer = Message::from_slice(octets).map_err(|_| LookupError::Malformed)?;
        if answer.header().rcode() == Rcode::NXDOMAIN {
            return Err(LookupError::NoSuchName);
        }
        let name = answer.canonical_name().ok_or(LookupError::Malformed)?;
        match self.kind {
            RecordKind::Srv => collect::<Srv<ParsedName<&[u8]>>>(answer, &name, srv),
            RecordKind::Txt => collect::<Txt<&[u8]>>(answer, &name, txt),
            RecordKind::Uri => collect::<UnknownRecordData<&[u8]>>(answer, &name, uri),
        }
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Whether the answer is not whole: it is to be asked for over TCP.
pub(crate) fn is_truncated(octets: &[u8]) -> bool {
    Message::from_slice(octets).is_ok_and(|answer| answer.header().tc())
}

impl RecordKind {
    fn rtype(self) -> Rtype {
        match self {
            Self::Srv => Rtype::SRV,
            Self::Txt => Rtype::TXT,
            Self::Uri => Rtype::URI,
        }
    }
}

fn collect<'a, Data>(
    answer: &'a Message<[u8]>,
    name: &ParsedName<&'a [u8]>,
    read: impl Fn(Data) -> Option<Record>,
) -> Result<Vec<Record>, LookupError>
where
    Data: domain::base::rdata::ParseRecordData<'a, [u8]>,
{
    let section = answer.answer().map_err(|_| LookupError::Malformed)?;
    let records = section.limit_to_in::<Data>().filter_map(Result::ok);
    let ours = records.filter(|record| record.owner() == name);
    Ok(ours
        .filter_map(|record| read(record.into_data()))
        .take(RECORDS)
        .collect())
}

fn srv(data: Srv<ParsedName<&[u8]>>) -> Option<Record> {
    let target = data.target().to_string();
    let target = target.strip_suffix('.').unwrap_or(&target).to_owned();
    // A port of 0 serves nobody.
    (data.port() != 0 || target.is_empty()).then(|| Record::Srv {
        priority: data.priority(),
        weight: data.weight(),
        port: data.port(),
        target,
    })
}

fn txt(data: Txt<&[u8]>) -> Option<Record> {
    let text = String::from_utf8(data.text::<Vec<u8>>()).ok()?;
    (!text.is_empty()).then_some(Record::Txt(text))
}

/// RFC 7553 §4.5: priority and weight, two octets each, then the URI.
fn uri(data: UnknownRecordData<&[u8]>) -> Option<Record> {
    if data.rtype() != Rtype::URI {
        return None;
    }
    let ([p1, p2, w1, w2], target) = data.data().split_first_chunk::<4>()?;
    let target = std::str::from_utf8(target).ok().filter(|target| !target.is_empty())?;
    Some(Record::Uri {
        priority: u16::from_be_bytes([*p1, *p2]),
        weight: u16::from_be_bytes([*w1, *w2]),
        target: target.to_owned(),
    })
}

/// The name in the octets of RFC 1035 §3.1. What is between dots is taken as it is: realms may have characters that
/// mean something where names are written down.
fn absolute(name: &str) -> Option<Name<Vec<u8>>> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut octets = Vec::new();
    for label in name.split('.') {
        if label.is_empty() || !label.is_ascii() {
            return None;
        }
        octets.push(u8::try_from(label.len()).ok()?);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    Name::from_octets(octets).ok()
}

/// Records of one answer that are taken, at most.
const RECORDS: usize = 4096;

#[cfg(test)]
mod tests;
