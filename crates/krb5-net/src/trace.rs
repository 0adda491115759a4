//! What whoever traces is told of exchanges with servers: addresses and lengths, never a message.

use crate::{Error, Reply};

pub(crate) fn answered(reply: Reply) -> Reply {
    tracing::debug!(
        server = %reply.server,
        octets = reply.octets.len(),
        primary = reply.primary,
        "got an answer"
    );
    reply
}

pub(crate) fn unanswered(error: Error) -> Error {
    tracing::info!(%error, "got no answer");
    error
}
