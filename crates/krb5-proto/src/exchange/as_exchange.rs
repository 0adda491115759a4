//! The AS exchange, RFC 4120 §3.1, with the encrypted timestamp.

mod canonical;
mod hints;
mod options;
mod primary;
mod reply;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use krb5_crypto::{CryptoProvider, Enctype, Key, KeyUsage};

use self::canonical::AwaitName;
use self::hints::{Hint, Hints};
pub use self::options::{AsOptions, EncryptedTimestamp, LongTerm};
use self::primary::SecondOpinion;
use super::service::MAX_HOPS;
use super::{KdcRequest, MAX_ROUNDS, Route, Service, Step, TimeSync, nonce};
use crate::error::{ErrorCode, EtypeNumbers, KrbErrorReply, PreauthFailure};
use crate::messages::preauth::{PA_ENC_TIMESTAMP, PA_FX_COOKIE, PA_REQ_ENC_PA_REP};
use crate::messages::{
    AsRep, AsReq, EncryptedData, KdcOptions, KdcReqBody, KrbError, LastReq, MethodData, PaData, PaEncTsEnc, UInt32,
};
use crate::{Credentials, Error, KerberosTime, NameType, Principal, Realm, Timestamp};

/// The AS exchange: long-term key in, ticket-granting ticket out.
///
/// The first request carries no preauthentication. If the KDC asks for it, the hints in its answer
/// say how to make the key, within the limits of [`AsOptions`].
///
/// With `CANONICALIZE`, which enterprise names imply, a KDC may send the client to another realm (RFC 6806 §7). Nothing
/// authenticates that: whoever answers for the KDC chooses among the realms that the transport finds KDCs of, and can try
/// passwords on what the client proves to them.
///
/// A KDC may also replace the client's name then. Nothing authenticates that either, so that the ticket-granting service is
/// asked, with a TGS-REQ under the new name, before the outcome says it.
#[derive(Debug)]
pub struct AsExchange;

/// Awaits the reply to a request.
#[derive(Debug)]
pub struct AwaitAsRep(Awaiting);

#[derive(Debug)]
enum Awaiting {
    /// The AS-REP.
    Ticket(Box<AwaitTicket>),
    /// The proof of the name that the AS-REP gives the client.
    Name(Box<AwaitName>),
}

/// Awaits the AS-REP.
#[derive(Debug)]
struct AwaitTicket {
    provider: &'static CryptoProvider,
    options: AsOptions,
    /// The encryption types asked for.
    etypes: Vec<Enctype>,
    server: Principal,
    body: KdcReqBody,
    message: Vec<u8>,
    route: Route,
    rounds: u32,
    /// Keys made so far by hints that nothing authenticates: each may cost a second of computing.
    derivations: u32,
    hints: Hints,
    cookie: Option<PaData>,
    preauth: Preauth,
    clock: LearnedClock,
    /// The realms that have referred the client to another one.
    referred_by: Vec<Realm>,
    /// Whether the primary KDC may know better, or is being asked.
    second_opinion: SecondOpinion,
}

/// What an AS exchange yields.
#[derive(Debug)]
pub struct AsOutcome {
    /// The ticket.
    pub credentials: Credentials,
    /// The KDC's clock minus ours in seconds, where this exchange found that they differ; to be kept
    /// with the credentials.
    pub clock_offset: Option<i64>,
    /// When the client's password or account expires, if the KDC says so.
    pub key_expiration: Option<KerberosTime>,
    /// When the client was last seen, as the KDC tells it.
    pub last_req: Vec<LastReq>,
}

/// What the last request proved.
#[derive(Debug)]
enum Preauth {
    Nothing,
    /// An encrypted timestamp, under the key made by this hint.
    Timestamp(ClientKey),
}

/// The client's key and the hint that it was made with.
#[derive(Clone, Debug)]
struct ClientKey {
    hint: Hint,
    key: Arc<Key>,
}

/// The difference between the KDC's clock and ours.
#[derive(Clone, Copy, Debug)]
enum LearnedClock {
    /// As the options say.
    Given(i64),
    /// From an error reply, which nothing authenticates: good for one more try.
    Tried(i64),
}

impl AsExchange {
    /// Starts the exchange at `now`, by our clock.
    ///
    /// # Errors
    /// [`Error::NoEtypes`], [`Error::NoClientKey`], [`Error::Crypto`] without randomness,
    /// [`Error::Unencodable`].
    pub fn start(
        provider: &'static CryptoProvider,
        mut options: AsOptions,
        now: Timestamp,
    ) -> Result<(KdcRequest, AwaitAsRep), Error> {
        if options.client.name.name_type == NameType::ENTERPRISE {
            options.kdc_options.insert(KdcOptions::CANONICALIZE);
        }
        let etypes = options.usable_etypes()?;
        let server = options
            .server
            .clone()
            .unwrap_or_else(|| Principal::krbtgt(&options.client.realm, &options.client.realm));
        tracing::info!(
            client = %options.client,
            %server,
            enctypes = %EtypeNumbers::of(&etypes),
            "getting an initial ticket"
        );
        let clock = LearnedClock::Given(options.clock_offset);
        let body = options.body(&server, &etypes, now.offset(clock.offset()).time, nonce(provider)?);
        let padata = vec![request_enc_pa_rep()];
        let message = AsReq {
            padata: Some(padata),
            req_body: body.clone(),
        }
        .to_der()?;
        let state = AwaitTicket {
            provider,
            options,
            etypes,
            server,
            body,
            message,
            route: Route::Any,
            rounds: 1,
            derivations: 0,
            hints: Hints::default(),
            cookie: None,
            preauth: Preauth::Nothing,
            clock,
            referred_by: Vec::new(),
            second_opinion: SecondOpinion::default(),
        };
        Ok((state.request(), state.into()))
    }
}

impl AwaitAsRep {
    /// Takes the KDC's reply: an AS-REP or a KRB-ERROR; a TGS-REP where the last request was a TGS-REQ.
    ///
    /// # Errors
    /// What the KDC refuses with, what is wrong with its reply, or [`Error::WrongPassword`].
    pub fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, AsOutcome>, Error> {
        match self.0 {
            Awaiting::Ticket(state) => state.reply(octets, now),
            Awaiting::Name(state) => state.reply(octets, now),
        }
    }
}

impl From<AwaitTicket> for AwaitAsRep {
    fn from(state: AwaitTicket) -> Self {
        Self(Awaiting::Ticket(Box::new(state)))
    }
}

impl AwaitTicket {
    fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        match octets.first() {
            Some(0x6b) => self.granted(&AsRep::from_der(octets)?, now),
            Some(0x7e) => self.refused(KrbError::from_der(octets)?, now),
            _ => Err(Error::UnexpectedMessage {
                expected: "AS-REP or KRB-ERROR",
            }),
        }
    }

    fn request(&self) -> KdcRequest {
        KdcRequest {
            realm: self.server.realm.clone(),
            service: Service::Kdc,
            message: self.message.clone(),
            route: self.route,
        }
    }

    /// Acts on a KRB-ERROR. It is not authenticated: it may cost a request, and nothing else.
    fn refused(mut self, error: KrbError, now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > MAX_ROUNDS {
            return Err(Error::Loop(MAX_ROUNDS));
        }
        let preauthenticated = matches!(self.preauth, Preauth::Timestamp(_));
        let code = ErrorCode(error.error_code);
        tracing::debug!(%code, realm = %self.server.realm, "the KDC answered with an error");
        match code {
            ErrorCode::KRB_ERR_RESPONSE_TOO_BIG if self.route != Route::Tcp => {
                self.route = Route::Tcp;
                Ok(Step::Send {
                    request: self.request(),
                    next: self.into(),
                })
            }
            ErrorCode::KDC_ERR_PREAUTH_REQUIRED => self.preauthenticate(error, now),
            ErrorCode::KDC_ERR_PREAUTH_FAILED | ErrorCode::KRB_AP_ERR_BAD_INTEGRITY if preauthenticated => {
                let error = self.wrong_credential(PreauthFailure::Refused);
                self.ask_primary(error, now)
            }
            ErrorCode::KRB_AP_ERR_SKEW => self.adjust_clock(&error, now),
            ErrorCode::KDC_ERR_WRONG_REALM if self.may_be_referred() => self.refer(error, now),
            _ => self.ask_primary(Error::Kdc(Box::new(KrbErrorReply::from(error))), now),
        }
    }

    /// Whether it does not matter in which realm the client is: it is asked for, and the ticket is not for a service of
    /// one realm.
    fn may_be_referred(&self) -> bool {
        self.body.kdc_options.contains(KdcOptions::CANONICALIZE) && self.options.server.is_none()
    }

    /// Goes on in the realm that the KDC names, RFC 6806 §7.
    fn refer(mut self, error: KrbError, now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        let Some(realm) = error.crealm.clone().filter(|realm| !realm.is_empty()) else {
            return Err(Error::Kdc(Box::new(KrbErrorReply::from(error))));
        };
        let here = self.options.client.realm.clone();
        self.referred_by.push(here);
        let server = || Box::new(self.server.clone());
        if self.referred_by.contains(&realm) {
            return Err(Error::ReferralLoop {
                server: server(),
                realm,
            });
        }
        if self.referred_by.len() > MAX_HOPS {
            return Err(Error::TooManyRealms {
                server: server(),
                hops: MAX_HOPS,
            });
        }
        tracing::info!(client = %self.options.client, %realm, "the KDC sends the client to another realm");
        // The other realm knows another key, and another cookie.
        self.preauth = Preauth::Nothing;
        self.hints = Hints::default();
        self.cookie = None;
        self.route = Route::Any;
        self.second_opinion = SecondOpinion::default();
        self.server = Principal::krbtgt(&realm, &realm);
        self.options.client.realm = realm;
        self.send_again(now)
    }

    fn preauthenticate(mut self, error: KrbError, now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        let offered = match &error.e_data {
            Some(data) => MethodData::from_der(data)?,
            None => MethodData::default(),
        };
        if !offered.is_empty() && offered.find(PA_ENC_TIMESTAMP).is_none() {
            return Err(Error::PreauthUnsupported {
                client: Box::new(self.options.client.clone()),
                offered: offered.iter().map(|data| data.padata_type).collect(),
            });
        }
        if self.options.encrypted_timestamp == EncryptedTimestamp::Disabled {
            return Err(Error::TimestampDisabled {
                client: Box::new(self.options.client.clone()),
            });
        }
        self.hints = Hints::parse(&offered)?;
        self.cookie = offered.iter().find(|data| data.padata_type == PA_FX_COOKIE).cloned();
        let hint = self.hints.choose(&self.etypes)?;
        tracing::debug!(
            offered = ?offered.iter().map(|data| data.padata_type).collect::<Vec<_>>(),
            enctype = hint.etype.name(),
            salt = hint.salt.as_deref().map(String::from_utf8_lossy).as_deref(),
            "the key is to be proven"
        );
        if let Preauth::Timestamp(client_key) = &self.preauth
            && client_key.hint == hint
        {
            // It has this proof already, and asks for it again.
            return Err(Error::Kdc(Box::new(KrbErrorReply::from(error))));
        }
        self.derivations = self.derivations.saturating_add(1);
        if self.derivations > MAX_DERIVATIONS {
            return Err(Error::Loop(self.rounds.saturating_sub(1)));
        }
        let key = self.options.client_key(self.provider, &hint)?;
        self.preauth = Preauth::Timestamp(ClientKey { hint, key });
        self.send_again(now)
    }

    fn adjust_clock(mut self, error: &KrbError, now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        let offset = error.stime.since(now.time);
        tracing::debug!(seconds = offset, "the KDC's clock differs");
        let first = matches!(self.clock, LearnedClock::Given(_));
        if !first || self.options.time_sync == TimeSync::Off {
            return Err(Error::KdcClockSkew { seconds: offset });
        }
        self.clock = LearnedClock::Tried(offset);
        self.send_again(now)
    }

    /// A new request with a new nonce, new times and the proof that is due.
    fn send_again(mut self, now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        let now = now.offset(self.clock.offset());
        self.body = self
            .options
            .body(&self.server, &self.etypes, now.time, nonce(self.provider)?);
        let mut padata = Vec::new();
        if let Preauth::Timestamp(client_key) = &self.preauth {
            tracing::debug!(
                enctype = client_key.key.enctype().name(),
                "sending an encrypted timestamp"
            );
            padata.push(encrypted_timestamp(&client_key.key, now)?);
        }
        padata.extend(self.cookie.clone());
        padata.push(request_enc_pa_rep());
        self.message = AsReq {
            padata: Some(padata),
            req_body: self.body.clone(),
        }
        .to_der()?;
        Ok(Step::Send {
            request: self.request(),
            next: self.into(),
        })
    }

    fn wrong_credential(&self, found: PreauthFailure) -> Error {
        let client = Box::new(self.options.client.clone());
        match self.options.credential {
            LongTerm::Password(_) => Error::WrongPassword { client, found },
            LongTerm::Keys(_) => Error::WrongKey { client, found },
        }
    }
}

impl LearnedClock {
    fn offset(self) -> i64 {
        match self {
            Self::Given(offset) | Self::Tried(offset) => offset,
        }
    }
}

/// PA-ENC-TIMESTAMP, RFC 4120 §5.2.7.2.
fn encrypted_timestamp(key: &Key, now: Timestamp) -> Result<PaData, Error> {
    let timestamp = PaEncTsEnc::from(now).to_der()?;
    let cipher = key
        .encrypt(KeyUsage::AS_REQ_PA_ENC_TIMESTAMP, &timestamp)
        .map_err(|source| Error::Crypto {
            doing: "encrypting the timestamp",
            source,
        })?;
    let encrypted = EncryptedData {
        etype: key.enctype().number(),
        kvno: None,
        cipher: cipher.into(),
    };
    Ok(PaData {
        padata_type: PA_ENC_TIMESTAMP,
        padata_value: encrypted.to_der()?.into(),
    })
}

fn request_enc_pa_rep() -> PaData {
    PaData {
        padata_type: PA_REQ_ENC_PA_REP,
        padata_value: Vec::new().into(),
    }
}

/// Keys made by hints of error replies, at most: one, and another where the KDC corrects itself.
const MAX_DERIVATIONS: u32 = 2;
