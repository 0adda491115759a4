//! Asking name servers: over UDP, and over TCP for what does not fit.

use std::sync::Arc;
use std::time::Instant;

use krb5_proto::crypto::Random as _;
use krb5_proto::crypto::primitives::OsRandom;

use super::{LookupError, NameServers, Query, Record, RecordKind, is_truncated};
use crate::framing::Prefix;
use crate::io::Io;
use crate::race::{Means, Question, Race};
use crate::reply::Judge;
use crate::{Failure, Transport, Tried};

/// The records of a name, as the first name server tells that can.
pub(crate) async fn lookup(
    io: impl Io,
    servers: &NameServers,
    name: &str,
    kind: RecordKind,
    deadline: Instant,
) -> Result<Vec<Record>, LookupError> {
    let query = Arc::new(Query::new(id()?, name, kind)?);
    let mut answer = ask(io, servers, &query, Transport::Udp, deadline).await?;
    if is_truncated(&answer) {
        answer = ask(io, servers, &query, Transport::Tcp, deadline).await?;
    }
    query.records(&answer)
}

async fn ask(
    io: impl Io,
    servers: &NameServers,
    query: &Arc<Query>,
    transport: Transport,
    deadline: Instant,
) -> Result<Vec<u8>, LookupError> {
    let question = Question {
        message: query.octets().to_vec(),
        prefix: Prefix::Two,
        judge: Judge::Dns(Arc::clone(query)),
        timing: servers.timing(),
        deadline,
        except: None,
    };
    let lanes = servers.servers().map(|server| (server, transport));
    let race = Race::new(question, Means::default(), lanes).map_err(|_| LookupError::NotAName)?;
    match io.race(race, None).await {
        Ok(Ok(winner)) => Ok(winner.octets),
        Ok(Err(tried)) => Err(told(tried)),
        Err(error) => Err(error.into()),
    }
}

/// An unpredictable identifier.
fn id() -> Result<u16, LookupError> {
    let mut octets = [0; 2];
    OsRandom.fill(&mut octets).map_err(std::io::Error::other)?;
    Ok(u16::from_ne_bytes(octets))
}

/// What a name server said comes before what none said.
fn told(tried: Vec<Tried>) -> LookupError {
    let said = tried.into_iter().find_map(|tried| match tried.failure {
        Failure::NameServer(code) => Some(LookupError::Refused(code)),
        _ => None,
    });
    said.unwrap_or(LookupError::TimedOut)
}
