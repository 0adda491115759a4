//! The TGS exchange, RFC 4120 §3.3.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use krb5_crypto::{CryptoProvider, Enctype, Key, KeyUsage};
use zeroize::Zeroizing;

use super::ap::{make_subkey, seal, unique};
use super::kdc_reply::{self, Clock, Exchange, Expected, Reply};
use super::{KdcRequest, MAX_ROUNDS, Route, Step, Subkey, TimeSync, nonce};
use crate::error::{ErrorCode, KrbErrorReply};
use crate::messages::preauth::PA_TGS_REQ;
use crate::messages::{
    ApOptions, ApReq, Authenticator, Checksum, EncTgsRepPart, EncryptedData, HostAddress, KdcOptions, KdcReqBody,
    KrbError, PaData, TgsRep, TgsReq, Ticket, TicketFlags, UInt32,
};
use crate::{Credentials, EncryptionKey, Error, Principal, Timestamp};

/// The TGS exchange: ticket-granting ticket in, ticket for a server out.
#[derive(Debug)]
pub struct TgsExchange;

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
}

/// Awaits the reply to a request.
#[derive(Debug)]
pub struct AwaitTgsRep {
    provider: &'static CryptoProvider,
    options: TgsOptions,
    session_key: Arc<Key>,
    subkey: Option<Arc<Key>>,
    body: KdcReqBody,
    message: Vec<u8>,
    route: Route,
    rounds: u32,
    offset: i64,
    clock: ClockTrust,
}

/// What a TGS exchange yields.
#[derive(Debug)]
pub struct TgsOutcome {
    /// The ticket.
    pub credentials: Credentials,
    /// The KDC's clock minus ours in seconds, where the KDC insisted that they differ.
    pub clock_offset: Option<i64>,
}

/// Whether the KDC has complained about our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClockTrust {
    Unquestioned,
    Adjusted,
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

    fn body(&self, now: Timestamp, nonce: u32) -> KdcReqBody {
        // A renewed ticket outlives the one that is presented.
        let renew = self.kdc_options.contains(KdcOptions::RENEW);
        let latest = self.tgt.renew_till.filter(|_| renew).unwrap_or(self.tgt.endtime);
        let till = self
            .lifetime
            .map_or(latest, |lifetime| now.time.plus(lifetime).min(latest));
        let renewable = self.kdc_options.contains(KdcOptions::RENEWABLE) && !renew;
        KdcReqBody {
            kdc_options: self.kdc_options,
            cname: None,
            realm: self.server.realm.clone(),
            sname: Some(self.server.name.clone()),
            from: None,
            till,
            rtime: self.tgt.renew_till.filter(|_| renewable),
            nonce: UInt32(nonce),
            etype: self.etypes.iter().map(|etype| etype.number()).collect(),
            addresses: Some(self.addresses.clone()).filter(|addresses| !addresses.is_empty()),
            enc_authorization_data: None,
            additional_tickets: None,
        }
    }
}

impl TgsExchange {
    /// Starts the exchange at `now`, by our clock.
    ///
    /// # Errors
    /// [`Error::TicketExpired`], [`Error::NoEtypes`], [`Error::Malformed`] if the credentials hold no
    /// ticket, [`Error::Crypto`].
    pub fn start(
        provider: &'static CryptoProvider,
        options: TgsOptions,
        now: Timestamp,
    ) -> Result<(KdcRequest, AwaitTgsRep), Error> {
        if options.etypes.is_empty() {
            return Err(Error::NoEtypes);
        }
        let offset = options.clock_offset;
        let kdc_now = now.offset(offset);
        if options.tgt.is_expired(kdc_now.time) {
            let ended = options.tgt.endtime;
            return Err(Error::TicketExpired {
                client: Box::new(options.tgt.client),
                server: Box::new(options.tgt.server),
                ended,
            });
        }
        let session_key = Arc::new(options.tgt.key.to_key(provider)?);
        let subkey = make_subkey(provider, options.subkey, &session_key)?;
        let body = options.body(kdc_now, nonce(provider)?);
        let mut state = AwaitTgsRep {
            provider,
            options,
            session_key,
            subkey,
            body,
            message: Vec::new(),
            route: Route::Any,
            rounds: 1,
            offset,
            clock: ClockTrust::Unquestioned,
        };
        state.message = state.tgs_req(kdc_now)?;
        Ok((state.request(), state))
    }
}

impl AwaitTgsRep {
    /// Takes the KDC's reply: a TGS-REP or a KRB-ERROR.
    ///
    /// # Errors
    /// What the KDC refuses with, or what is wrong with its reply.
    pub fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, TgsOutcome>, Error> {
        match octets.first() {
            Some(0x6d) => self.finish(&TgsRep::from_der(octets)?, now).map(Step::Done),
            Some(0x7e) => self.refused(KrbError::from_der(octets)?, now),
            _ => Err(Error::UnexpectedMessage {
                expected: "TGS-REP or KRB-ERROR",
            }),
        }
    }

    fn request(&self) -> KdcRequest {
        let server = &self.options.tgt.server;
        let realm = server.name.granting_realm().unwrap_or_else(|| server.realm.clone());
        KdcRequest {
            realm,
            message: self.message.clone(),
            route: self.route,
        }
    }

    fn refused(mut self, error: KrbError, now: Timestamp) -> Result<Step<Self, TgsOutcome>, Error> {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > MAX_ROUNDS {
            return Err(Error::Loop(MAX_ROUNDS));
        }
        match ErrorCode(error.error_code) {
            ErrorCode::KRB_ERR_RESPONSE_TOO_BIG if self.route != Route::Tcp => {
                self.route = Route::Tcp;
                Ok(Step::Send {
                    request: self.request(),
                    next: self,
                })
            }
            ErrorCode::KRB_AP_ERR_SKEW => self.adjust_clock(&error, now),
            _ => Err(Error::Kdc(Box::new(KrbErrorReply::from(error)))),
        }
    }

    fn adjust_clock(mut self, error: &KrbError, now: Timestamp) -> Result<Step<Self, TgsOutcome>, Error> {
        let offset = error.stime.since(now.time);
        if self.clock == ClockTrust::Adjusted || self.options.time_sync == TimeSync::Off {
            return Err(Error::KdcClockSkew { seconds: offset });
        }
        self.clock = ClockTrust::Adjusted;
        self.offset = offset;
        let kdc_now = now.offset(offset);
        self.body = self.options.body(kdc_now, nonce(self.provider)?);
        self.message = self.tgs_req(kdc_now)?;
        Ok(Step::Send {
            request: self.request(),
            next: self,
        })
    }

    fn tgs_req(&self, kdc_now: Timestamp) -> Result<Vec<u8>, Error> {
        let ap_req = ApReq {
            ap_options: ApOptions::empty(),
            ticket: Ticket::from_der(&self.options.tgt.ticket)?,
            authenticator: self.authenticator(kdc_now)?,
        };
        let padata = PaData {
            padata_type: PA_TGS_REQ,
            padata_value: ap_req.to_der()?.into(),
        };
        TgsReq {
            padata: Some(vec![padata]),
            req_body: self.body.clone(),
        }
        .to_der()
    }

    fn authenticator(&self, kdc_now: Timestamp) -> Result<EncryptedData, Error> {
        let now = unique(kdc_now);
        let checksum = self
            .session_key
            .checksum(KeyUsage::TGS_REQ_CHECKSUM, &[&self.body.to_der()?])
            .map_err(|source| Error::Crypto {
                doing: "making the request's checksum",
                source,
            })?;
        let cksumtype = self.session_key.enctype().checksum_type().number();
        let client = &self.options.tgt.client;
        let authenticator = Authenticator {
            crealm: client.realm.clone(),
            cname: client.name.clone(),
            cksum: Some(Checksum {
                cksumtype,
                checksum: checksum.into(),
            }),
            cusec: now.microseconds(),
            ctime: now.time,
            subkey: self.subkey.as_deref().map(EncryptionKey::from),
            seq_number: None,
            authorization_data: None,
        };
        seal(&self.session_key, &authenticator, KeyUsage::TGS_REQ_AUTHENTICATOR)
    }

    fn finish(self, rep: &TgsRep, now: Timestamp) -> Result<TgsOutcome, Error> {
        let plaintext = self.decrypt(&rep.enc_part)?;
        let EncTgsRepPart(part) = EncTgsRepPart::from_der(&plaintext)?;
        let reply = Reply {
            crealm: rep.crealm.clone(),
            cname: rep.cname.clone(),
            ticket: rep.ticket.clone(),
            part,
        };
        let expected = Expected {
            client: &self.options.tgt.client,
            server: &self.options.server,
            body: &self.body,
            exchange: Exchange::Tgs,
        };
        expected.verify(&reply)?;
        let clock = Clock {
            now: now.time.offset(self.offset),
            skew: self.options.clock_skew.as_secs(),
        };
        if let Some(start) = reply.part.starttime
            && !clock.agrees(start)
        {
            return Err(clock.differs(start));
        }
        let clock_offset = (self.clock == ClockTrust::Adjusted).then_some(self.offset);
        Ok(TgsOutcome {
            clock_offset,
            credentials: reply.into_credentials(self.provider)?,
        })
    }

    /// The reply is encrypted in the subkey if there was one; Heimdal up to 1.2 uses the session key
    /// even so.
    fn decrypt(&self, data: &EncryptedData) -> Result<Zeroizing<Vec<u8>>, Error> {
        kdc_reply::requested(data.etype, &[self.session_key.enctype()])?;
        let with = |key: &Key, usage| key.decrypt(usage, &data.cipher);
        let session = || with(&self.session_key, KeyUsage::TGS_REP_SESSION);
        let plaintext = match &self.subkey {
            Some(subkey) => with(subkey, KeyUsage::TGS_REP_SUBKEY).or_else(|_| session()),
            None => session(),
        };
        plaintext.map_err(|source| match source {
            krb5_crypto::Error::Integrity => Error::Integrity {
                what: "the KDC's reply",
            },
            source => Error::Crypto {
                doing: "decrypting the KDC's reply",
                source,
            },
        })
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
