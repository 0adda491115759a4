//! The TGS exchange, RFC 4120 §3.3.

mod options;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use krb5_crypto::{CryptoProvider, Key, KeyUsage};
use zeroize::Zeroizing;

pub use self::options::TgsOptions;
use super::ap::{make_subkey, seal, unique};
use super::kdc_reply::{self, Clock, Exchange, Expected, Reply, Served};
use super::{KdcRequest, MAX_ROUNDS, Route, Service, Step, TimeSync, nonce};
use crate::error::{ErrorCode, EtypeNumbers, KrbErrorReply};
use crate::messages::preauth::PA_TGS_REQ;
use crate::messages::{
    ApOptions, ApReq, Authenticator, Checksum, EncTgsRepPart, EncryptedData, KdcOptions, KdcReqBody, KrbError, PaData,
    TgsRep, TgsReq, Ticket,
};
use crate::{Credentials, EncryptionKey, Error, Realm, Timestamp};

/// The TGS exchange: ticket-granting ticket in, ticket for a server out.
#[derive(Debug)]
pub struct TgsExchange;

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
    /// The realm to ask next, where the ticket is for its ticket-granting service instead of the server.
    pub referral: Option<Realm>,
}

/// Whether the KDC has complained about our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClockTrust {
    Unquestioned,
    Adjusted,
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
        tracing::debug!(
            client = %options.tgt.client,
            server = %options.server,
            with = %options.tgt.server,
            enctypes = %EtypeNumbers::of(&options.etypes),
            "asking for a ticket"
        );
        let session_key = Arc::new(options.tgt.key.to_key(provider)?);
        let etype = session_key.enctype();
        if etype.is_legacy() && !options.etypes.contains(&etype) {
            return Err(Error::EtypeNotPermitted(EtypeNumbers::of(&[etype])));
        }
        let subkey = make_subkey(provider, options.subkey, &session_key)?;
        let body = options.body(kdc_now, nonce(provider)?)?;
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
            service: Service::Kdc,
            message: self.message.clone(),
            route: self.route,
        }
    }

    fn refused(mut self, error: KrbError, now: Timestamp) -> Result<Step<Self, TgsOutcome>, Error> {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > MAX_ROUNDS {
            return Err(Error::Loop(MAX_ROUNDS));
        }
        let code = ErrorCode(error.error_code);
        tracing::debug!(%code, server = %self.options.server, "the KDC answered with an error");
        match code {
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
        tracing::debug!(seconds = offset, "the KDC's clock differs");
        if self.clock == ClockTrust::Adjusted || self.options.time_sync == TimeSync::Off {
            return Err(Error::KdcClockSkew { seconds: offset });
        }
        self.clock = ClockTrust::Adjusted;
        self.offset = offset;
        let kdc_now = now.offset(offset);
        self.body = self.options.body(kdc_now, nonce(self.provider)?)?;
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
            referrals: self.options.referrals,
        };
        let served = expected.verify(&reply)?;
        let clock = Clock {
            now: now.time.offset(self.offset),
            skew: self.options.clock_skew.as_secs(),
        };
        if let Some(start) = reply.part.starttime
            && !self.body.kdc_options.contains(KdcOptions::VALIDATE)
            && !expected.is_postdated(start)
            && !clock.agrees(start)
        {
            return Err(clock.differs(start));
        }
        let credentials = self.options.adopt(reply.into_credentials(self.provider)?);
        kdc_reply::trace(&credentials);
        Ok(TgsOutcome {
            clock_offset: (self.clock == ClockTrust::Adjusted).then_some(self.offset),
            credentials,
            referral: match served {
                Served::Server => None,
                Served::Referral(realm) => Some(realm),
            },
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
