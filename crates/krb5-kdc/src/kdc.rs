//! The KDC without sockets and clock.

use std::sync::Arc;
use std::time::Duration;

use krb5_crypto::CryptoProvider;
use krb5_proto::messages::{AsReq, KdcReqBody, TgsReq};
use krb5_proto::{ErrorCode, KerberosTime, PrincipalName, Realm, Timestamp};

use crate::KdcBuilder;
use crate::as_exchange;
use crate::database::{Attribute, Database, Entry};
use crate::refusal::{Asked, Refusal};
use crate::tgs_exchange;

/// The KDC of one realm. Clones share everything.
#[derive(Clone, Debug)]
pub struct Kdc {
    pub(crate) core: Arc<Core>,
}

/// What all clones share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) realm: Realm,
    pub(crate) database: Database,
    pub(crate) policy: Policy,
    pub(crate) provider: &'static CryptoProvider,
}

/// What holds for every request.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) max_life: Duration,
    pub(crate) max_renewable_life: Duration,
    pub(crate) clock_skew: Duration,
    pub(crate) clock_offset: i64,
    pub(crate) udp_reply_limit: usize,
}

/// How a request came, and so how its reply leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In one datagram: replies that are too long for one are refused with KRB_ERR_RESPONSE_TOO_BIG.
    Udp,
    /// Over a connection.
    Tcp,
}

impl Kdc {
    /// Starts describing the KDC of `realm`.
    pub fn builder(realm: impl Into<String>) -> KdcBuilder {
        KdcBuilder::new(realm.into())
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.core.realm
    }

    /// Answers a request that arrives at `now`: with an AS-REP, a TGS-REP or a KRB-ERROR.
    ///
    /// `None` where silence is due: for what is no request at all, a KRB-ERROR among them, since two servers that answer
    /// each other's errors never stop (CVE-2002-2443).
    #[must_use]
    pub fn handle(&self, request: &[u8], now: Timestamp, transport: Transport) -> Option<Vec<u8>> {
        let core = &*self.core;
        if request.len() > MAX_REQUEST {
            return self.too_long(now);
        }
        let (asked, answer) = match *request.first()? {
            AS_REQ => core.answer_as(request, now),
            TGS_REQ => core.answer_tgs(request, now),
            _ => return None,
        };
        let reply = match answer {
            Ok(reply) => reply,
            Err(refusal) => refusal.to_message(&core.realm, asked, now)?,
        };
        if transport == Transport::Udp && reply.len() > core.policy.udp_reply_limit {
            let too_big = Refusal::from(ErrorCode::KRB_ERR_RESPONSE_TOO_BIG);
            return too_big.to_message(&core.realm, Asked::default(), now);
        }
        Some(reply)
    }

    /// What to answer to a request longer than [`MAX_REQUEST`], which need not be read.
    pub(crate) fn too_long(&self, now: Timestamp) -> Option<Vec<u8>> {
        let refusal = Refusal::from(ErrorCode::KRB_ERR_FIELD_TOOLONG);
        refusal.to_message(&self.core.realm, Asked::default(), now)
    }

    pub(crate) fn new(realm: Realm, database: Database, policy: Policy, provider: &'static CryptoProvider) -> Self {
        Self {
            core: Arc::new(Core {
                realm,
                database,
                policy,
                provider,
            }),
        }
    }
}

type Answer = (Asked, Result<Vec<u8>, Refusal>);

impl Core {
    fn answer_as(&self, octets: &[u8], now: Timestamp) -> Answer {
        match AsReq::from_der(octets) {
            Ok(request) => (
                Asked::from(&request.req_body),
                as_exchange::answer(self, &request, octets, now),
            ),
            Err(error) => (Asked::default(), Err(error.into())),
        }
    }

    fn answer_tgs(&self, octets: &[u8], now: Timestamp) -> Answer {
        match TgsReq::from_der(octets) {
            Ok(request) => (
                Asked::from(&request.req_body),
                tgs_exchange::answer(self, &request, octets, now),
            ),
            Err(error) => (Asked::default(), Err(error.into())),
        }
    }

    /// The client of an AS-REQ, if it may have tickets at all.
    pub(crate) fn client(&self, body: &KdcReqBody, now: KerberosTime) -> Result<&Entry, Refusal> {
        let client = self
            .find(body, body.cname.as_ref())
            .ok_or(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN)?;
        if client.is(Attribute::Disabled) {
            return Err(ErrorCode::KDC_ERR_CLIENT_REVOKED.into());
        }
        if client.is_expired(now) {
            return Err(ErrorCode::KDC_ERR_NAME_EXP.into());
        }
        if client.is(Attribute::PasswordExpired) {
            return Err(ErrorCode::KDC_ERR_KEY_EXPIRED.into());
        }
        Ok(client)
    }

    /// The server of a request, if there may be tickets to it.
    pub(crate) fn server(&self, body: &KdcReqBody, now: KerberosTime) -> Result<&Entry, Refusal> {
        let server = self
            .find(body, body.sname.as_ref())
            .ok_or(ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN)?;
        if server.is(Attribute::Disabled) {
            return Err(ErrorCode::KDC_ERR_SERVICE_REVOKED.into());
        }
        if server.is_expired(now) {
            return Err(ErrorCode::KDC_ERR_SERVICE_EXP.into());
        }
        Ok(server)
    }

    fn find(&self, body: &KdcReqBody, name: Option<&PrincipalName>) -> Option<&Entry> {
        name.filter(|_| body.realm == self.realm)
            .and_then(|name| self.database.find(name))
    }
}

impl Policy {
    /// Whether a client's clock that says `theirs` is near enough.
    pub(crate) fn agrees(&self, theirs: KerberosTime, now: KerberosTime) -> bool {
        theirs.since(now).unsigned_abs() <= self.clock_skew.as_secs()
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_life: Duration::from_secs(24 * 60 * 60),
            max_renewable_life: Duration::from_secs(7 * 24 * 60 * 60),
            clock_skew: Duration::from_secs(300),
            clock_offset: 0,
            udp_reply_limit: 4096,
        }
    }
}

/// The longest request that is looked at, in octets: more than any datagram holds.
pub(crate) const MAX_REQUEST: usize = 1 << 16;

/// The first octet of an AS-REQ, APPLICATION 10.
const AS_REQ: u8 = 0x6a;
/// The first octet of a TGS-REQ, APPLICATION 12.
const TGS_REQ: u8 = 0x6c;
