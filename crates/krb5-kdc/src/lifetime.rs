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
}

/// What a request can have at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) now: KerberosTime,
    pub(crate) end: KerberosTime,
    /// `None` if nothing is renewable.
    pub(crate) renew_till: Option<KerberosTime>,
}

impl Bounds {
    /// The times for `body`, from now on.
    ///
    /// # Errors
    /// KDC_ERR_CANNOT_POSTDATE if it is to start later than `skew` from now, KDC_ERR_NEVER_VALID if it would have ended.
    pub(crate) fn grant(&self, body: &KdcReqBody, skew: Duration) -> Result<Lifetime, Refusal> {
        let postdate = KdcOptions::POSTDATED.union(KdcOptions::ALLOW_POSTDATE);
        let later = body.from.is_some_and(|from| from > self.now.plus(skew));
        if later || body.kdc_options.intersection(postdate) != KdcOptions::empty() {
            return Err(ErrorCode::KDC_ERR_CANNOT_POSTDATE.into());
        }
        let till = unless_never(body.till);
        let end = till.min(self.end);
        if end <= self.now {
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
            start: self.now,
            end,
            renew_till,
        })
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
