//! The name that the KDC has given a client instead of the one that was asked for, RFC 6806 §6.
//!
//! It stands outside the encryption in the AS-REP, and in every reply after it. The ticket has it too, where only the
//! ticket-granting service can read it; and that service compares the ticket's name with the authenticator's (RFC 4120
//! §3.2.3). So the client asks it for another ticket under the new name: a reply, which only who knows the session key can
//! make, says that the name is right.

use krb5_crypto::CryptoProvider;

use super::{AsOptions, AsOutcome, AwaitAsRep, Awaiting};
use crate::error::{ErrorCode, ReplyField};
use crate::exchange::{AwaitTgsRep, Step, TgsExchange, TgsOptions, TgsOutcome};
use crate::messages::KdcOptions;
use crate::{Error, Timestamp};

/// Awaits the proof of the client's name.
#[derive(Debug)]
pub(super) struct AwaitName {
    exchange: AwaitTgsRep,
    /// What the AS exchange yields then.
    outcome: AsOutcome,
}

impl AwaitName {
    /// Asks the ticket-granting service for another ticket like the one that has come.
    pub(super) fn start(
        provider: &'static CryptoProvider,
        asked: &AsOptions,
        outcome: AsOutcome,
        now: Timestamp,
    ) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        let tgt = outcome.credentials.clone();
        let server = tgt.server.clone();
        let options = TgsOptions {
            etypes: asked.etypes.clone(),
            kdc_options: KdcOptions::empty(),
            clock_offset: outcome.clock_offset.unwrap_or(asked.clock_offset),
            clock_skew: asked.clock_skew,
            time_sync: asked.time_sync,
            ..TgsOptions::new(tgt, server)
        };
        let (request, exchange) = TgsExchange::start(provider, options, now)?;
        let next = Self { exchange, outcome }.into();
        Ok(Step::Send { request, next })
    }

    pub(super) fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        let Self { exchange, outcome } = self;
        match exchange.reply(octets, now) {
            Ok(Step::Send { request, next }) => {
                let next = Self {
                    exchange: next,
                    outcome,
                };
                Ok(Step::Send {
                    request,
                    next: next.into(),
                })
            }
            Ok(Step::Done(TgsOutcome { .. })) => Ok(Step::Done(outcome)),
            Err(Error::Kdc(reply)) if reply.code == ErrorCode::KRB_AP_ERR_BADMATCH => {
                Err(Error::KdcReplyModified(ReplyField::ClientName))
            }
            Err(error) => Err(error),
        }
    }
}

impl From<AwaitName> for AwaitAsRep {
    fn from(state: AwaitName) -> Self {
        Self(Awaiting::Name(Box::new(state)))
    }
}
