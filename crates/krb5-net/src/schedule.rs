//! How long servers are waited for.

use std::time::Duration;

/// The patience of a race.
///
/// Every server is started in turn; datagrams are repeated in each further pass. A wait ends early as soon as what it
/// waits for has failed, so that refused connections cost no time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timing {
    /// After a server was asked, before the next one is.
    pub(crate) patience: Duration,
    /// One pass over the servers for each, with this rest at its end.
    pub(crate) rests: Vec<Duration>,
}

impl Timing {
    /// For Kerberos: a second for each server, and rests of two, four and eight seconds, as MIT's library does.
    pub(crate) fn kerberos() -> Self {
        Self {
            patience: Duration::from_secs(1),
            rests: [2, 4, 8].map(Duration::from_secs).to_vec(),
        }
    }

    /// For password servers: ten seconds for each, which may be slow. A request that arrives twice is refused as a replay
    /// the second time, and that refusal may overtake the success.
    pub(crate) fn password() -> Self {
        Self {
            patience: Duration::from_secs(10),
            rests: vec![Duration::from_secs(1); 3],
        }
    }

    /// For name servers: so many passes with no rest between them.
    pub(crate) fn passes(patience: Duration, passes: usize) -> Self {
        Self {
            patience,
            rests: vec![Duration::ZERO; passes],
        }
    }
}
