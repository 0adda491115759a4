//! The KDC without sockets and clock.

use std::sync::Arc;
use std::time::Duration;

use krb5_crypto::{CryptoProvider, Secret};
use krb5_proto::messages::{AsReq, KdcOptions, KdcReqBody, TgsReq};
use krb5_proto::{ErrorCode, KerberosTime, NameType, Principal, PrincipalName, Realm, Timestamp};

use crate::as_exchange;
use crate::database::{Attribute, Database, Entry};
use crate::neighbours::Neighbours;
use crate::refusal::{Asked, Refusal};
use crate::tgs_exchange;
use crate::{Error, KdcBuilder, OldKeys};

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
    pub(crate) neighbours: Neighbours,
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
    pub(crate) unknown_paths: UnknownPaths,
}

/// What becomes of clients that come by way of realms that nothing vouches for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownPaths {
    /// They are refused.
    #[default]
    Refused,
    /// They get tickets without TRANSITED-POLICY-CHECKED, and the services are to judge.
    Unchecked,
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

    /// Gives the principal random keys of the next version, and returns that. `name` may leave the realm out.
    ///
    /// # Errors
    /// [`Error::Principal`], [`Error::ForeignRealm`], [`Error::UnknownPrincipal`], [`Error::Key`].
    pub fn roll_keys(&self, name: &str, old: OldKeys) -> Result<u32, Error> {
        self.core.database.change_keys(self.core.provider, name, None, old)
    }

    /// Gives the principal keys of the next version from a new password, and returns that. `name` may leave the realm
    /// out.
    ///
    /// # Errors
    /// As [`roll_keys`](Self::roll_keys).
    pub fn change_password(&self, name: &str, password: impl AsRef<[u8]>, old: OldKeys) -> Result<u32, Error> {
        let password = Secret::from_slice(password.as_ref());
        let core = &self.core;
        core.database.change_keys(core.provider, name, Some(password), old)
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

    pub(crate) fn new(core: Core) -> Self {
        Self { core: Arc::new(core) }
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
    pub(crate) fn client(&self, body: &KdcReqBody, now: KerberosTime) -> Result<Arc<Entry>, Refusal> {
        let unknown = || Refusal::from(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN);
        let name = self.local_name(body, body.cname.as_ref()).ok_or_else(unknown)?;
        let client = match self.own(name).filter(|_| name.name_type != NameType::ENTERPRISE) {
            Some(client) => client,
            // Other names are followed only for clients that expect to get a ticket in yet another one.
            None if expects_another_name(body) => self.canonical_client(name)?,
            None => return Err(unknown()),
        };
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

    /// Whom an alias or an enterprise name means, RFC 6806 §5 to §7.
    ///
    /// # Errors
    /// KDC_ERR_WRONG_REALM with the realm to ask; KDC_ERR_C_PRINCIPAL_UNKNOWN.
    fn canonical_client(&self, name: &PrincipalName) -> Result<Arc<Entry>, Refusal> {
        let unknown = || Refusal::from(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN);
        if let Some(client) = self.database.alias(name) {
            return Ok(client);
        }
        let [whole] = name.components.as_slice() else {
            return Err(unknown());
        };
        let (user, domain) = whole
            .as_str()
            .and_then(|whole| whole.rsplit_once('@'))
            .ok_or_else(unknown)?;
        let realm = self
            .neighbours
            .realm_of_domain(domain)
            .or_else(|| self.neighbour(domain))
            .ok_or_else(unknown)?;
        if realm == self.realm {
            let plain = PrincipalName::new(NameType::PRINCIPAL, [user]);
            let client = self.own(&plain).or_else(|| self.database.alias(&plain));
            return client.ok_or_else(unknown);
        }
        Err(Refusal::new(ErrorCode::KDC_ERR_WRONG_REALM, "").of_realm(realm))
    }

    /// This realm, or one that it shares a key with, by its name in any case.
    fn neighbour(&self, name: &str) -> Option<Realm> {
        let candidates = [Realm::from(name), Realm::from(name.to_ascii_uppercase())];
        let known = |realm: &Realm| *realm == self.realm || self.granting(realm).is_some();
        candidates.into_iter().find(known)
    }

    /// The server of an AS-REQ, if there may be tickets to it.
    pub(crate) fn server(&self, body: &KdcReqBody, now: KerberosTime) -> Result<Arc<Entry>, Refusal> {
        let server = self
            .local_name(body, body.sname.as_ref())
            .and_then(|name| self.own(name).or_else(|| self.database.alias(name)))
            .ok_or(ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN)?;
        usable(server, now)
    }

    /// The server of a TGS-REQ, or the ticket-granting service of another realm that is nearer to it.
    pub(crate) fn server_or_referral(&self, body: &KdcReqBody, now: KerberosTime) -> Result<Arc<Entry>, Refusal> {
        self.server(body, now).or_else(|refusal| {
            let unknown = refusal.code == ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN;
            let referral = unknown.then(|| self.referral(body)).flatten().ok_or(refusal)?;
            usable(referral, now)
        })
    }

    /// RFC 6806 §8 and RFC 4120 §3.3.1: where to go on.
    fn referral(&self, body: &KdcReqBody) -> Option<Arc<Entry>> {
        let name = self.local_name(body, body.sname.as_ref())?;
        let realm = match name.granting_realm() {
            Some(realm) => realm,
            None if !body.kdc_options.contains(KdcOptions::CANONICALIZE) => return None,
            None => self.neighbours.realm_of_service(name)?,
        };
        let way = self.neighbours.paths.path(&self.realm, &realm);
        let mut farthest_first = way.iter().skip(1).rev();
        farthest_first.find_map(|realm| self.granting(realm))
    }

    /// This realm's ticket-granting service for `realm`, another one.
    fn granting(&self, realm: &Realm) -> Option<Arc<Entry>> {
        self.database.named(&Principal::krbtgt(&self.realm, realm))
    }

    fn local_name<'a>(&self, body: &KdcReqBody, name: Option<&'a PrincipalName>) -> Option<&'a PrincipalName> {
        name.filter(|_| body.realm == self.realm)
    }

    fn own(&self, name: &PrincipalName) -> Option<Arc<Entry>> {
        self.database.named(&Principal::new(self.realm.clone(), name.clone()))
    }
}

/// Whether the client takes a ticket in another name than it asks by: one who says so, or who comes with an enterprise
/// name, which nobody has in a ticket (RFC 6806 §5).
pub(crate) fn expects_another_name(body: &KdcReqBody) -> bool {
    let is_enterprise = |name: &PrincipalName| name.name_type == NameType::ENTERPRISE;
    body.kdc_options.contains(KdcOptions::CANONICALIZE) || body.cname.as_ref().is_some_and(is_enterprise)
}

/// The server, if there may be tickets to it.
fn usable(server: Arc<Entry>, now: KerberosTime) -> Result<Arc<Entry>, Refusal> {
    if server.is(Attribute::Disabled) {
        return Err(ErrorCode::KDC_ERR_SERVICE_REVOKED.into());
    }
    if server.is_expired(now) {
        return Err(ErrorCode::KDC_ERR_SERVICE_EXP.into());
    }
    Ok(server)
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
            unknown_paths: UnknownPaths::default(),
        }
    }
}

/// The longest request that is looked at, in octets: more than any datagram holds.
pub(crate) const MAX_REQUEST: usize = 1 << 16;

/// The first octet of an AS-REQ, APPLICATION 10.
const AS_REQ: u8 = 0x6a;
/// The first octet of a TGS-REQ, APPLICATION 12.
const TGS_REQ: u8 = 0x6c;
