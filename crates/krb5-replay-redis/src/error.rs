//! Why a Redis server could not be asked.

use std::time::Duration;

/// Why nothing is accepted. No message repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server answered, but not to what it was asked.
    #[error("Redis at {server} gave an answer that SET does not have; is it a Redis server?")]
    Answer {
        /// Host and port.
        server: String,
    },
    /// The server did not answer in time. It may have stored the key.
    #[error("Redis at {server} did not answer within {} ms", .waited.as_millis())]
    Deadline {
        /// Host and port.
        server: String,
        /// How long it was given.
        waited: Duration,
    },
    /// The connection broke before the answer came, and the key is there now: perhaps by the command whose
    /// answer was lost.
    #[error("the connection to Redis at {server} broke, and whether the authenticator was seen before is not known")]
    Lost {
        /// Host and port.
        server: String,
    },
    /// It was restarted, and may have forgotten whether it has seen the authenticator.
    #[error(
        "Redis at {server} was started {} s ago and may have forgotten authenticators from before; {}; restarts=keep in \
         its URL says that it forgets nothing (appendonly yes, appendfsync always)",
        .running.as_secs(), remaining(*.left)
    )]
    Restarted {
        /// Host and port.
        server: String,
        /// How long it has been running.
        running: Duration,
        /// How long nothing is accepted.
        left: Duration,
    },
    /// The URL does not say in a known way what the server does when it is restarted.
    #[error("the URL of the Redis server has restarts={value}; restarts=keep or restarts=lose is understood")]
    Restarts {
        /// What it says.
        value: String,
    },
    /// The server cannot be reached, or refuses.
    #[error("Redis at {server}: {source}")]
    Server {
        /// Host and port.
        server: String,
        /// What happened.
        source: redis::RedisError,
    },
    /// The URL cannot be understood.
    #[error("the URL of the Redis server is not of the form redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]: {0}")]
    Url(#[source] redis::RedisError),
}

fn remaining(left: Duration) -> String {
    if left.is_zero() {
        return "this one is that old".to_owned();
    }
    format!("new ones are accepted in {} s", left.as_secs().saturating_add(1))
}
