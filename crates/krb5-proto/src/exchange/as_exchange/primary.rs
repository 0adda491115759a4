//! A second opinion: a replica that lags behind the primary KDC may not know a new password, or a new user.

use super::hints::Hints;
use super::{AsOutcome, AwaitAsRep, AwaitTicket, Awaiting, Preauth};
use crate::error::ErrorCode;
use crate::exchange::{Route, Step};
use crate::{Error, Timestamp};

/// Whether the primary KDC may know better.
#[derive(Debug, Default)]
pub(super) enum SecondOpinion {
    /// The reply is the primary's, or the caller does not tell.
    #[default]
    None,
    /// The reply is a replica's.
    Possible,
    /// The primary is being asked, since a replica has said this.
    Sought(Error),
}

impl AwaitAsRep {
    /// Takes the reply of a KDC that may lag behind the primary one, as [`AwaitAsRep::reply`] otherwise.
    ///
    /// If the KDC refuses the client's name or key, the exchange begins again at the primary, once. If that cannot be asked,
    /// [`AwaitAsRep::refusal`] is the outcome.
    ///
    /// # Errors
    /// As there.
    pub fn reply_of_replica(mut self, octets: &[u8], now: Timestamp) -> Result<Step<Self, AsOutcome>, Error> {
        if let Awaiting::Ticket(state) = &mut self.0
            && matches!(state.second_opinion, SecondOpinion::None)
        {
            state.second_opinion = SecondOpinion::Possible;
        }
        self.reply(octets, now)
    }

    /// What a replica has refused the client for, if it is the primary that does not answer now.
    #[must_use]
    pub fn refusal(self) -> Option<Error> {
        match self.0 {
            Awaiting::Ticket(state) => match state.second_opinion {
                SecondOpinion::Sought(error) => Some(error),
                SecondOpinion::None | SecondOpinion::Possible => None,
            },
            Awaiting::Name(_) => None,
        }
    }
}

impl AwaitTicket {
    /// Begins again at the primary where it may know better, or fails.
    pub(super) fn ask_primary(mut self, error: Error, now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        if !matches!(self.second_opinion, SecondOpinion::Possible) || !may_be_outdated(&error) {
            return Err(error);
        }
        self.second_opinion = SecondOpinion::Sought(error);
        self.route = Route::Primary;
        self.preauth = Preauth::Nothing;
        self.hints = Hints::default();
        self.cookie = None;
        self.derivations = 0;
        self.send_again(now)
    }
}

/// Whether it is about what passwords and principals the database holds.
fn may_be_outdated(error: &Error) -> bool {
    match error {
        Error::WrongKey { .. } | Error::WrongPassword { .. } => true,
        Error::Kdc(reply) => {
            [ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN, ErrorCode::KDC_ERR_KEY_EXPIRED].contains(&reply.code)
        }
        _ => false,
    }
}
