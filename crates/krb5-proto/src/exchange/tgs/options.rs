//! What the caller of a TGS exchange chooses.

use std::time::Duration;

use krb5_crypto::Enctype;

use crate::exchange::{Referrals, Subkey, TimeSync};
use crate::messages::{HostAddress, KdcOptions, KdcReqBody, Ticket, TicketFlags, UInt32};
use crate::{Credentials, Error, Principal, Timestamp};

/// Which ticket is wanted, and what is acceptable on the way.
#[derive(Clone, Debug)]
pub struct TgsOptions {
    /// The ticket-granting ticket.
    pub tgt: Credentials,
    /// The server that a ticket is wanted for.
    pub server: Principal,
    /// Encryption types for the session key, best first.
    pub etypes: Vec<Enctype>,
    /// Options.
    pub kdc_options: KdcOptions,
    /// The wanted lifetime; `None` is that of the ticket-granting ticket, which is the limit anyway.
    pub lifetime: Option<Duration>,
    /// The addresses to bind the ticket to; none means those of the ticket-granting ticket, or any
    /// for a forwarded ticket.
    pub addresses: Vec<HostAddress>,
    /// The KDC's clock minus ours in seconds, as the AS exchange found it.
    pub clock_offset: i64,
    /// The difference between clocks that goes without saying.
    pub clock_skew: Duration,
    /// Whether to follow the KDC's clock.
    pub time_sync: TimeSync,
    /// Whether the reply is to be encrypted in a key of our own.
    pub subkey: Subkey,
    /// What to do where a ticket of another realm's ticket-granting service comes instead.
    pub referrals: Referrals,
    /// The server's ticket-granting ticket, DER-encoded, for a ticket in its session key: user to user, RFC 4120 §3.7.
    pub user_to_user: Option<Vec<u8>>,
    /// How far from now the ticket is to start; such a ticket must be validated then.
    pub postdate: Option<Duration>,
}

impl TgsOptions {
    /// A ticket for `server` as `tgt` allows: forwardable, proxiable, renewable as it is.
    #[must_use]
    pub fn new(tgt: Credentials, server: Principal) -> Self {
        let kdc_options = inherited(tgt.flags);
        Self {
            tgt,
            server,
            etypes: Enctype::ALL.to_vec(),
            kdc_options,
            lifetime: None,
            addresses: Vec::new(),
            clock_offset: 0,
            clock_skew: Duration::from_secs(300),
            time_sync: TimeSync::default(),
            subkey: Subkey::Generate,
            referrals: Referrals::default(),
            user_to_user: None,
            postdate: None,
        }
    }

    /// A ticket-granting ticket to hand to a peer: forwarded, and forwardable again.
    ///
    /// # Errors
    /// [`Error::NotForwardable`] if `tgt` does not allow it.
    pub fn forwarded(tgt: Credentials) -> Result<Self, Error> {
        if !tgt.flags.contains(TicketFlags::FORWARDABLE) {
            return Err(Error::NotForwardable {
                client: Box::new(tgt.client),
            });
        }
        let server = Principal::krbtgt(&tgt.client.realm, &tgt.client.realm);
        let mut options = Self::new(tgt, server);
        options
            .kdc_options
            .insert(KdcOptions::FORWARDED | KdcOptions::FORWARDABLE);
        Ok(options)
    }

    /// The same ticket with a new lifetime, as long as the old one's.
    ///
    /// # Errors
    /// [`Error::NotRenewable`] if `ticket` does not allow it.
    pub fn renewed(ticket: Credentials) -> Result<Self, Error> {
        if !ticket.flags.contains(TicketFlags::RENEWABLE) || ticket.renew_till.is_none() {
            return Err(Error::NotRenewable {
                server: Box::new(ticket.server),
            });
        }
        let server = ticket.server.clone();
        let mut options = Self::new(ticket, server);
        options.kdc_options.insert(KdcOptions::RENEW);
        Ok(options)
    }

    /// The same ticket, postdated once, and valid now that its time has come.
    ///
    /// # Errors
    /// [`Error::NotPostdated`] if `ticket` is not one that awaits it.
    pub fn validated(ticket: Credentials) -> Result<Self, Error> {
        if !ticket.flags.contains(TicketFlags::INVALID) {
            return Err(Error::NotPostdated {
                server: Box::new(ticket.server),
            });
        }
        let server = ticket.server.clone();
        let mut options = Self::new(ticket, server);
        options.kdc_options = KdcOptions::VALIDATE;
        Ok(options)
    }

    /// The request's body for a KDC whose clock says `now`.
    ///
    /// # Errors
    /// [`Error::Malformed`] if the ticket for user to user is none.
    pub(super) fn body(&self, now: Timestamp, nonce: u32) -> Result<KdcReqBody, Error> {
        let mut kdc_options = self.kdc_options;
        let from = self.postdate.map(|delay| now.time.plus(delay));
        if from.is_some() {
            kdc_options.insert(KdcOptions::POSTDATED);
        }
        let second = self.user_to_user.as_deref().map(Ticket::from_der).transpose()?;
        if second.is_some() {
            kdc_options.insert(KdcOptions::ENC_TKT_IN_SKEY);
        }
        // A renewed ticket outlives the one that is presented.
        let renew = self.kdc_options.contains(KdcOptions::RENEW);
        let latest = self.tgt.renew_till.filter(|_| renew).unwrap_or(self.tgt.endtime);
        let start = from.unwrap_or(now.time);
        let till = self
            .lifetime
            .map_or(latest, |lifetime| start.plus(lifetime).min(latest));
        let renewable = self.kdc_options.contains(KdcOptions::RENEWABLE) && !renew;
        Ok(KdcReqBody {
            kdc_options,
            cname: None,
            realm: self.server.realm.clone(),
            sname: Some(self.server.name.clone()),
            from,
            till,
            rtime: self.tgt.renew_till.filter(|_| renewable),
            nonce: UInt32(nonce),
            etype: self.etypes.iter().map(|etype| etype.number()).collect(),
            addresses: Some(self.addresses.clone()).filter(|addresses| !addresses.is_empty()),
            enc_authorization_data: None,
            additional_tickets: second.map(|ticket| vec![ticket]),
        })
    }
}

impl TgsOptions {
    /// What the client keeps of a ticket got with these options.
    pub(super) fn adopt(&self, mut ticket: Credentials) -> Credentials {
        // What another realm says of its services counts as far as ours says that it may: MIT does the same.
        let local = self.tgt.server.name.granting_realm().as_ref() == Some(&self.tgt.client.realm);
        if !local && !self.tgt.flags.contains(TicketFlags::OK_AS_DELEGATE) {
            ticket.flags.remove(TicketFlags::OK_AS_DELEGATE);
        }
        if let Some(second) = &self.user_to_user {
            ticket.is_skey = true;
            ticket.second_ticket.clone_from(second);
        }
        ticket
    }
}

/// The options that make a ticket like one with `flags`.
fn inherited(flags: TicketFlags) -> KdcOptions {
    [
        (TicketFlags::FORWARDABLE, KdcOptions::FORWARDABLE),
        (TicketFlags::PROXIABLE, KdcOptions::PROXIABLE),
        (TicketFlags::RENEWABLE, KdcOptions::RENEWABLE),
    ]
    .into_iter()
    .filter(|(flag, _)| flags.contains(*flag))
    .fold(KdcOptions::empty(), |options, (_, option)| options | option)
}
