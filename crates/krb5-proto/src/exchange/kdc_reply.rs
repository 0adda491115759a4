//! The checks that a KDC's reply must pass, RFC 4120 §3.1.5 and §3.3.4.

use std::sync::Arc;

use krb5_crypto::{CryptoProvider, Enctype};

use crate::error::{EtypeNumbers, ReplyField};
use crate::messages::{EncKdcRepPart, HostAddress, KdcOptions, KdcReqBody, Ticket, TicketFlags};
use crate::{Credentials, Error, KerberosTime, Principal, PrincipalName, Realm};

/// What a reply must answer.
pub(super) struct Expected<'a> {
    /// The client that was asked for, or that the TGT names.
    pub(super) client: &'a Principal,
    /// The server that was asked for.
    pub(super) server: &'a Principal,
    /// The request.
    pub(super) body: &'a KdcReqBody,
    /// Which exchange.
    pub(super) exchange: Exchange,
}

/// Which exchange a reply ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exchange {
    As,
    Tgs,
}

/// A reply after decryption.
pub(super) struct Reply {
    pub(super) crealm: Realm,
    pub(super) cname: PrincipalName,
    pub(super) ticket: Ticket,
    pub(super) part: EncKdcRepPart,
}

/// When a reply says that its ticket starts, against what the clock says.
pub(super) struct Clock {
    /// Our estimate of the KDC's time.
    pub(super) now: KerberosTime,
    /// The allowed difference in seconds.
    pub(super) skew: u64,
}

impl Expected<'_> {
    /// All checks but that of the clock.
    pub(super) fn verify(&self, reply: &Reply) -> Result<(), Error> {
        self.verify_names(reply)?;
        self.verify_times(&reply.part)?;
        self.verify_flags(&reply.part)?;
        self.verify_key_type(&reply.part)?;
        check(reply.part.nonce == self.body.nonce, ReplyField::Nonce)?;
        check(self.addresses_fit(&reply.part), ReplyField::Addresses)
    }

    /// The cleartext names count for nothing by themselves: the ticket's must equal the encrypted
    /// ones, the client's must equal what was asked for (CVE-2017-11103).
    fn verify_names(&self, reply: &Reply) -> Result<(), Error> {
        let part = &reply.part;
        check(reply.ticket.realm == part.srealm, ReplyField::TicketRealm)?;
        check(reply.ticket.sname == part.sname, ReplyField::TicketName)?;
        if self.canonicalised(part) {
            return Ok(());
        }
        check(reply.crealm == self.client.realm, ReplyField::ClientRealm)?;
        check(reply.cname == self.client.name, ReplyField::ClientName)?;
        self.verify_server(part)
    }

    fn verify_server(&self, part: &EncKdcRepPart) -> Result<(), Error> {
        if part.sname != self.server.name
            && self.exchange == Exchange::Tgs
            && let Some(realm) = part.sname.granting_realm()
        {
            return Err(Error::Referral {
                server: Box::new(self.server.clone()),
                realm,
            });
        }
        check(part.srealm == self.server.realm, ReplyField::ServerRealm)?;
        check(part.sname == self.server.name, ReplyField::ServerName)
    }

    /// Whether the KDC may have replaced the client's name, RFC 6806 §6: it was allowed to, and what
    /// was asked for and what came are both ticket-granting tickets.
    fn canonicalised(&self, part: &EncKdcRepPart) -> bool {
        self.exchange == Exchange::As
            && self.body.kdc_options.contains(KdcOptions::CANONICALIZE)
            && self.server.name.is_krbtgt()
            && part.sname.is_krbtgt()
    }

    fn verify_times(&self, part: &EncKdcRepPart) -> Result<(), Error> {
        let start = part.starttime.unwrap_or(part.authtime);
        check(part.endtime <= self.body.till, ReplyField::EndTime)?;
        check(part.endtime > start, ReplyField::Lifetime)?;
        let Some(renew_till) = part.renew_till else {
            return Ok(());
        };
        let asked = self.body.kdc_options;
        let latest = if asked.contains(KdcOptions::RENEWABLE) {
            self.body.rtime
        } else {
            asked.contains(KdcOptions::RENEWABLE_OK).then_some(self.body.till)
        };
        check(latest.is_none_or(|latest| renew_till <= latest), ReplyField::RenewTill)
    }

    fn verify_flags(&self, part: &EncKdcRepPart) -> Result<(), Error> {
        let initial = part.flags.contains(TicketFlags::INITIAL);
        let invalid = part.flags.contains(TicketFlags::INVALID);
        let forwarded = part.flags.contains(TicketFlags::FORWARDED);
        let asked_forwarded = self.body.kdc_options.contains(KdcOptions::FORWARDED);
        let sane = !invalid && (initial || self.exchange == Exchange::Tgs) && (forwarded || !asked_forwarded);
        check(sane, ReplyField::Flags)
    }

    fn verify_key_type(&self, part: &EncKdcRepPart) -> Result<(), Error> {
        check(self.body.etype.contains(&part.key.keytype), ReplyField::SessionKeyType)
    }

    /// The ticket is valid from the addresses asked for, or from anywhere.
    fn addresses_fit(&self, part: &EncKdcRepPart) -> bool {
        let asked: &[HostAddress] = self.body.addresses.as_deref().unwrap_or_default();
        let given: &[HostAddress] = part.caddr.as_deref().unwrap_or_default();
        given.iter().all(|address| asked.contains(address)) || asked.is_empty() && self.exchange == Exchange::Tgs
    }
}

impl Clock {
    /// Whether `time` is within the allowed difference of now.
    pub(super) fn agrees(&self, time: KerberosTime) -> bool {
        time.since(self.now).unsigned_abs() <= self.skew
    }

    /// The error for a ticket that starts at `time`.
    pub(super) fn differs(&self, time: KerberosTime) -> Error {
        Error::KdcReplySkew {
            seconds: time.since(self.now),
            allowed: self.skew,
        }
    }
}

impl Reply {
    /// What the client keeps.
    ///
    /// The names are the authenticated ones: the server's from the encrypted part.
    pub(super) fn into_credentials(self, provider: &'static CryptoProvider) -> Result<Credentials, Error> {
        let Self {
            crealm,
            cname,
            ticket,
            part,
        } = self;
        // A key that cannot be used is the KDC's fault, and is found here rather than at first use.
        part.key.to_key(provider)?;
        Ok(Credentials {
            client: Principal {
                realm: crealm,
                name: cname,
            },
            server: Principal {
                realm: part.srealm,
                name: part.sname,
            },
            key: Arc::new(part.key),
            authtime: part.authtime,
            starttime: part.starttime,
            endtime: part.endtime,
            renew_till: part.renew_till,
            is_skey: false,
            flags: part.flags,
            addresses: part.caddr.unwrap_or_default(),
            authdata: Vec::new(),
            ticket: ticket.to_der()?,
            second_ticket: Vec::new(),
        })
    }
}

/// Refuses an encryption type that was not asked for.
pub(super) fn requested(etype: i32, requested: &[Enctype]) -> Result<Enctype, Error> {
    requested
        .iter()
        .copied()
        .find(|allowed| allowed.number() == etype)
        .ok_or_else(|| Error::EtypeNotRequested {
            offered: EtypeNumbers(vec![etype]),
            requested: EtypeNumbers::of(requested),
        })
}

fn check(holds: bool, field: ReplyField) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::KdcReplyModified(field))
    }
}
