//! How long a ticket lasts, RFC 4120 §3.1.3 and §3.3.3.

use std::time::Duration;

use krb5_proto::messages::{KdcOptions, KdcReqBody};
use krb5_proto::{ErrorCode, KerberosTime};

use crate::refusal::Refusal;

/// The times of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) start: KerberosTime,
    pub(crate) end: KerberosTime,
    /// `None` if it cannot be renewed.
    pub(crate) renew_till: Option<KerberosTime>,
    /// Whether it starts in the future, and is not valid until it is validated then.
    pub(crate) is_postdated: bool,
}

/// What a request can have at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) now: KerberosTime,
    /// From its start.
    pub(crate) life: Duration,
    /// Whatever its start is.
    pub(crate) end: KerberosTime,
    /// `None` if nothing is renewable.
    pub(crate) renew_till: Option<KerberosTime>,
    /// The latest start; `None` if it is now.
    pub(crate) latest_start: Option<KerberosTime>,
}

impl Bounds {
    /// The times for `body`: from now on, or from when a postdated ticket is to start.
    ///
    /// # Errors
    /// KDC_ERR_CANNOT_POSTDATE if it is to start later than `skew` from now and may not, KDC_ERR_NEVER_VALID if it would
    /// have ended.
    pub(crate) fn grant(&self, body: &KdcReqBody, skew: Duration) -> Result<Lifetime, Refusal> {
        let start = self.start(body, skew)?;
        let till = unless_never(body.till);
        let end = till.min(self.end).min(start.plus(self.life));
        if end <= start {
            return Err(ErrorCode::KDC_ERR_NEVER_VALID.into());
        }
        let wanted = if body.kdc_options.contains(KdcOptions::RENEWABLE) {
            Some(body.rtime.map_or(KerberosTime::MAX, unless_never))
        } else {
            Some(till).filter(|till| body.kdc_options.contains(KdcOptions::RENEWABLE_OK) && *till > end)
        };
        // Renewing is of no use unless it extends the ticket.
        let renew_till = wanted
            .and_then(|wanted| self.renew_till.map(|latest| wanted.min(latest)))
            .filter(|renew_till| *renew_till > end);
        Ok(Lifetime {
            start,
            end,
            renew_till,
            is_postdated: start > self.now,
        })
    }

    /// RFC 4120 §3.1.3: a start in the future is for whoever asks for a postdated ticket, and may have one.
    fn start(&self, body: &KdcReqBody, skew: Duration) -> Result<KerberosTime, Refusal> {
        let options = KdcOptions::POSTDATED.union(KdcOptions::ALLOW_POSTDATE);
        let asked = body.kdc_options.intersection(options) != KdcOptions::empty();
        let later = body.from.filter(|from| *from > self.now);
        let postdated = later.filter(|_| body.kdc_options.contains(KdcOptions::POSTDATED));
        match (postdated, self.latest_start) {
            (None, None) if asked => Err(ErrorCode::KDC_ERR_CANNOT_POSTDATE.into()),
            (None, _) if later.is_some_and(|from| from > self.now.plus(skew)) => {
                Err(ErrorCode::KDC_ERR_CANNOT_POSTDATE.into())
            }
            (None, _) => Ok(self.now),
            (Some(from), Some(latest)) if from <= latest => Ok(from),
            (Some(_), _) => Err(ErrorCode::KDC_ERR_CANNOT_POSTDATE.into()),
        }
    }
}

/// The epoch stands for as long as possible, RFC 4120 §3.1.3.
fn unless_never(time: KerberosTime) -> KerberosTime {
    if time == KerberosTime(0) {
        KerberosTime::MAX
    } else {
        time
    }
}
