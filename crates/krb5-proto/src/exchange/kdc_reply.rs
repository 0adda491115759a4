//! The checks that a KDC's reply must pass, RFC 4120 §3.1.5 and §3.3.4.

use std::sync::Arc;

use krb5_crypto::{CryptoProvider, Enctype};

use super::Referrals;
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
    /// Whether a ticket of another realm's ticket-granting service will do instead.
    pub(super) referrals: Referrals,
}

/// Whom a reply is for, seen from the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Served {
    /// The server that was asked for, perhaps under its canonical name.
    Server,
    /// The ticket-granting service of a realm that is nearer to it.
    Referral(Realm),
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
    pub(super) fn verify(&self, reply: &Reply) -> Result<Served, Error> {
        let served = self.verify_names(reply)?;
        self.verify_times(&reply.part)?;
        self.verify_flags(&reply.part)?;
        self.verify_key_type(&reply.part)?;
        check(reply.part.nonce == self.body.nonce, ReplyField::Nonce)?;
        check(self.addresses_fit(&reply.part), ReplyField::Addresses)?;
        Ok(served)
    }

    /// The cleartext names count for nothing by themselves: the ticket's must equal the encrypted
    /// ones, the client's must equal what was asked for (CVE-2017-11103).
    fn verify_names(&self, reply: &Reply) -> Result<Served, Error> {
        let part = &reply.part;
        check(reply.ticket.realm == part.srealm, ReplyField::TicketRealm)?;
        check(reply.ticket.sname == part.sname, ReplyField::TicketName)?;
        if self.canonicalised(part) {
            return Ok(Served::Server);
        }
        check(reply.crealm == self.client.realm, ReplyField::ClientRealm)?;
        check(reply.cname == self.client.name, ReplyField::ClientName)?;
        self.verify_server(part)
    }

    fn verify_server(&self, part: &EncKdcRepPart) -> Result<Served, Error> {
        let same_realm = match self.exchange {
            Exchange::As => part.srealm == self.server.realm,
            // Active Directory writes its realm in capitals, whatever was asked for.
            Exchange::Tgs => part.srealm.eq_ignore_ascii_case(&self.server.realm),
        };
        check(same_realm, ReplyField::ServerRealm)?;
        if part.sname == self.server.name {
            return Ok(Served::Server);
        }
        let canonicalize = self.exchange == Exchange::Tgs && self.asked(KdcOptions::CANONICALIZE);
        match part.sname.granting_realm() {
            Some(realm) if self.exchange == Exchange::Tgs => self.verify_referral(realm, part),
            // Only the KDC that knows the server by this name can have made the reply.
            None if canonicalize && !self.server.is_krbtgt() => Ok(Served::Server),
            _ => Err(Error::KdcReplyModified(ReplyField::ServerName)),
        }
    }

    /// RFC 6806 §8, and RFC 4120 §3.3.1 for ticket-granting services.
    fn verify_referral(&self, realm: Realm, part: &EncKdcRepPart) -> Result<Served, Error> {
        let server = || Box::new(self.server.clone());
        let wanted = self.asked(KdcOptions::CANONICALIZE) || self.server.is_krbtgt();
        if self.referrals == Referrals::Refuse || !wanted {
            return Err(Error::Referral {
                server: server(),
                realm,
            });
        }
        if realm == part.srealm {
            return Err(Error::ReferralLoop {
                server: server(),
                realm,
            });
        }
        Ok(Served::Referral(realm))
    }

    fn asked(&self, option: KdcOptions) -> bool {
        self.body.kdc_options.contains(option)
    }

    /// Whether the KDC may have replaced the names, RFC 6806 §6: it was allowed to, and what was asked for and what came
    /// are both tickets of a realm's own ticket-granting service. Active Directory also writes the realm as it likes to.
    ///
    /// That the request was not changed on the way is demanded here (RFC 6806 §11): nobody but the client has asked for
    /// another name. Which one it is, is proved later.
    fn canonicalised(&self, part: &EncKdcRepPart) -> bool {
        self.exchange == Exchange::As
            && self.asked(KdcOptions::CANONICALIZE)
            && part.flags.contains(TicketFlags::ENC_PA_REP)
            && self.server.name.is_krbtgt()
            && part.sname.granting_realm().as_ref() == Some(&part.srealm)
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
        let forwarded = part.flags.contains(TicketFlags::FORWARDED);
        let may_be_invalid = self.asked(KdcOptions::POSTDATED) && !self.asked(KdcOptions::VALIDATE);
        let valid = may_be_invalid || !part.flags.contains(TicketFlags::INVALID);
        let sane =
            valid && (initial || self.exchange == Exchange::Tgs) && (forwarded || !self.asked(KdcOptions::FORWARDED));
        check(sane, ReplyField::Flags)
    }

    /// Whether the ticket starts when it was asked to, rather than about now.
    pub(super) fn is_postdated(&self, start: KerberosTime) -> bool {
        self.asked(KdcOptions::POSTDATED) && self.body.from == Some(start)
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

/// Tells whoever traces of a ticket: everything but its key.
pub(super) fn trace(credentials: &Credentials) {
    tracing::info!(
        client = %credentials.client,
        server = %credentials.server,
        until = %credentials.endtime,
        session_key = %EtypeNumbers(vec![credentials.key.keytype]),
        "got a ticket"
    );
}
