//! The acceptor's side of the AP exchange.

use std::sync::Arc;
use std::time::Duration;

use krb5_crypto::{CryptoProvider, Enctype, Key, KeyUsage};

use super::initiate::new_subkey;
use super::{KeyLookup, decrypt, decrypt_rep, encrypt_rep};
use crate::error::EtypeNumbers;
use crate::messages::{
    ApOptions, ApReq, Authenticator, AuthorizationData, Checksum, EncTicketPart, HostAddress, Ticket, TicketFlags,
};
use crate::realms::{CaPaths, transited};
use crate::{Credentials, Error, KerberosTime, Principal, Timestamp};

/// What an acceptor takes.
#[derive(Clone, Debug)]
pub struct AcceptPolicy {
    /// The difference between clocks that goes without saying.
    pub clock_skew: Duration,
    /// Encryption types of ticket, session key and subkey that are allowed.
    pub permitted: Vec<Enctype>,
    /// The peer's address, where tickets that are bound to addresses are to be held to them.
    pub peer_address: Option<HostAddress>,
    /// What to do with tickets that passed through other realms.
    pub transited: TransitedPolicy,
    /// The acceptor's ticket-granting tickets: tickets in their session keys are taken from initiators that say so, user
    /// to user, RFC 4120 §3.7.
    pub user_to_user: Vec<Credentials>,
}

/// What to do with tickets that passed through other realms.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransitedPolicy {
    /// Refuse those that the KDC has not checked and that are not on the path.
    Check(CaPaths),
    /// Take them.
    Ignore,
}

impl Default for TransitedPolicy {
    /// The paths of the names' hierarchy.
    fn default() -> Self {
        Self::Check(CaPaths::default())
    }
}

/// A client has proved itself.
///
/// Everything that says who it is comes from the ticket, never from the authenticator.
#[derive(Debug)]
pub struct Accepted {
    /// The client.
    pub client: Principal,
    /// Whom the ticket is for: the principal of the key that decrypted it.
    pub server: Principal,
    /// The ticket's session key.
    pub session_key: Arc<Key>,
    /// The client's key, if it made one.
    pub subkey: Option<Arc<Key>>,
    /// The client's first sequence number, if it sent one.
    pub sequence: Option<u32>,
    /// The application's checksum, not yet verified.
    pub checksum: Option<Checksum>,
    /// When the client authenticated to the KDC.
    pub authtime: KerberosTime,
    /// When the ticket becomes valid.
    pub starttime: KerberosTime,
    /// When the ticket expires.
    pub endtime: KerberosTime,
    /// The ticket's flags.
    pub flags: TicketFlags,
    /// The request's options.
    pub ap_options: ApOptions,
    /// The authenticator's time.
    pub ctime: KerberosTime,
    /// Its microseconds.
    pub cusec: u32,
    /// What identifies the authenticator to a replay cache: the integrity tag at the end of its
    /// ciphertext. It is not looked up here: store it once all checks have passed and before
    /// anything is released.
    pub replay_tag: Vec<u8>,
    /// The authenticator's authorization data.
    pub authdata: AuthorizationData,
    /// The ticket's authorization data.
    pub ticket_authdata: AuthorizationData,
}

/// Whether the acceptor contributes a key.
#[derive(Clone, Debug, Default)]
pub enum AcceptorSubkey {
    /// No.
    None,
    /// A new one, of the type of the client's subkey or else of the session key.
    #[default]
    Generate,
    /// A new one of this type: see [`Accepted::negotiated_etype`].
    OfType(Enctype),
    /// This one.
    Given(Arc<Key>),
}

impl Default for AcceptPolicy {
    /// Five minutes, all supported encryption types, addresses not looked at.
    fn default() -> Self {
        Self {
            clock_skew: Duration::from_secs(300),
            permitted: Enctype::ALL.to_vec(),
            peer_address: None,
            transited: TransitedPolicy::default(),
            user_to_user: Vec::new(),
        }
    }
}

/// Checks an AP-REQ at `now`, in the order of RFC 4120 §3.2.3: ticket, authenticator, that both name
/// one client, addresses, transited realms, clocks, lifetime.
///
/// The caller must then ask a replay cache about [`Accepted::replay_tag`].
///
/// # Errors
/// [`Error::NoKey`], [`Error::Integrity`], [`Error::BadMatch`], [`Error::BadAddress`],
/// [`Error::TransitedPath`], [`Error::ClockSkew`], [`Error::TicketNotYetValid`],
/// [`Error::TicketExpired`], [`Error::TicketInvalid`], [`Error::EtypeNotPermitted`],
/// [`Error::NoUserToUserTicket`], [`Error::UserToUserRequired`], [`Error::Malformed`].
pub fn accept(
    provider: &'static CryptoProvider,
    keys: &dyn KeyLookup,
    ap_req: &[u8],
    policy: &AcceptPolicy,
    now: Timestamp,
) -> Result<Accepted, Error> {
    let req = ApReq::from_der(ap_req)?;
    trace_request(&req);
    policy.permit(req.ticket.enc_part.etype)?;
    let (server, ticket) = if req.ap_options.contains(ApOptions::USE_SESSION_KEY) {
        policy.open_user_to_user(provider, &req.ticket)?
    } else {
        open_ticket(keys, &req.ticket).map_err(|error| policy.instead_of(error, &req.ticket))?
    };
    policy.permit(ticket.key.keytype)?;
    let session_key = Arc::new(ticket.key.to_key(provider)?);
    let plaintext = decrypt(
        &session_key,
        KeyUsage::AP_REQ_AUTHENTICATOR,
        &req.authenticator,
        "the authenticator",
    )?;
    let authenticator = Authenticator::from_der(&plaintext)?;
    policy.check(
        &Presented {
            server: &server,
            ticket: &ticket,
            authenticator: &authenticator,
        },
        now.time,
    )?;
    if let Some(subkey) = &authenticator.subkey {
        policy.permit(subkey.keytype)?;
    }
    let subkey = authenticator
        .subkey
        .as_ref()
        .map(|key| key.to_key(provider))
        .transpose()?;
    tracing::debug!(
        client = %Principal::new(ticket.crealm.clone(), ticket.cname.clone()),
        %server,
        until = %ticket.endtime,
        session_key = session_key.enctype().name(),
        "ticket and authenticator hold"
    );
    let replay_tag = replay_tag(&session_key, &req.authenticator.cipher);
    Ok(Accepted {
        client: Principal {
            realm: ticket.crealm,
            name: ticket.cname,
        },
        server,
        session_key,
        subkey: subkey.map(Arc::new),
        sequence: authenticator.seq_number.map(|number| number.0),
        checksum: authenticator.cksum,
        authtime: ticket.authtime,
        starttime: ticket.starttime.unwrap_or(ticket.authtime),
        endtime: ticket.endtime,
        flags: ticket.flags,
        ap_options: req.ap_options,
        ctime: authenticator.ctime,
        cusec: authenticator.cusec.get(),
        replay_tag,
        authdata: authenticator.authorization_data.unwrap_or_default(),
        ticket_authdata: ticket.authorization_data.unwrap_or_default(),
    })
}

impl Accepted {
    /// Makes the AP-REP that proves the acceptor to the client, with the acceptor's key if it
    /// contributes one, and its first sequence number.
    ///
    /// # Errors
    /// [`Error::Crypto`].
    pub fn reply(
        &self,
        provider: &'static CryptoProvider,
        subkey: AcceptorSubkey,
        sequence: Option<u32>,
    ) -> Result<(Vec<u8>, Option<Arc<Key>>), Error> {
        let subkey = match subkey {
            AcceptorSubkey::None => None,
            AcceptorSubkey::Given(key) => Some(key),
            AcceptorSubkey::Generate => Some(new_subkey(provider, self.client_key().enctype())?),
            AcceptorSubkey::OfType(etype) => Some(new_subkey(provider, etype)?),
        };
        let rep = encrypt_rep(&self.session_key, self.time(), subkey.as_ref(), sequence)?;
        Ok((rep, subkey))
    }

    /// The encryption type that the client's list says it would prefer to that of its key (RFC 4537 §3), if there is
    /// one among the `permitted` which is stronger: the first of them. The key of the reply is then to be of this type.
    #[must_use]
    pub fn negotiated_etype(&self, permitted: &[Enctype]) -> Option<Enctype> {
        let current = self.client_key().enctype();
        let wanted = self.authdata.etype_negotiation().into_iter();
        wanted
            .filter_map(Enctype::from_number)
            .find(|etype| permitted.contains(etype) && etype.is_stronger_than(current))
    }

    /// Checks the third leg of DCE style: the client's AP-REP must repeat our sequence number.
    ///
    /// Its time is not looked at: MIT puts in that of this leg, others that of the authenticator. A key is not allowed
    /// in it, since our own AP-REP sent back must not pass for the client's: that one needs to have a key.
    ///
    /// # Errors
    /// [`Error::MutualFailed`] or [`Error::Integrity`].
    pub fn verify_third_leg(&self, ap_rep: &[u8], sequence: u32) -> Result<(), Error> {
        let part = decrypt_rep(&self.session_key, ap_rep)?;
        if part.subkey.is_none() && part.seq_number.map(|number| number.0) == Some(sequence) {
            Ok(())
        } else {
            Err(Error::MutualFailed)
        }
    }

    /// The client's subkey, or else the session key.
    fn client_key(&self) -> &Key {
        self.subkey.as_ref().unwrap_or(&self.session_key)
    }

    fn time(&self) -> Timestamp {
        Timestamp {
            time: self.ctime,
            micros: self.cusec,
        }
    }
}

/// What is checked against the policy, all of it decrypted.
struct Presented<'a> {
    server: &'a Principal,
    ticket: &'a EncTicketPart,
    authenticator: &'a Authenticator,
}

impl AcceptPolicy {
    fn permit(&self, etype: i32) -> Result<(), Error> {
        if self.permitted.iter().any(|permitted| permitted.number() == etype) {
            return Ok(());
        }
        Err(Error::EtypeNotPermitted(EtypeNumbers(vec![etype])))
    }

    /// Decrypts a ticket in the session key of the acceptor's own ticket-granting ticket, and in no other key.
    fn open_user_to_user(
        &self,
        provider: &'static CryptoProvider,
        ticket: &Ticket,
    ) -> Result<(Principal, EncTicketPart), Error> {
        let server = Principal::new(ticket.realm.clone(), ticket.sname.clone());
        let open = |granting: &Credentials| {
            let key = granting.key.to_key(provider)?;
            decrypt(&key, KeyUsage::TICKET, &ticket.enc_part, "the ticket")
        };
        let fits = |result: &Result<_, Error>| !matches!(result, Err(Error::Integrity { .. }));
        let opened = self.granting(&server).map(open).find(fits);
        match opened {
            Some(plaintext) => {
                let part = EncTicketPart::from_der(&plaintext?)?;
                Ok((server, part))
            }
            None => Err(Error::NoUserToUserTicket {
                server: Box::new(server),
            }),
        }
    }

    /// What to say instead of `error` where a ticket-granting ticket would have been the key.
    fn instead_of(&self, error: Error, ticket: &Ticket) -> Error {
        let server = Principal::new(ticket.realm.clone(), ticket.sname.clone());
        let required = self.granting(&server).next().is_some();
        match error {
            Error::NoKey(_) if required => Error::UserToUserRequired {
                server: Box::new(server),
            },
            other => other,
        }
    }

    fn granting<'a>(&'a self, server: &'a Principal) -> impl Iterator<Item = &'a Credentials> {
        let tickets = self.user_to_user.iter();
        tickets.filter(move |ticket| ticket.client == *server && ticket.server.is_krbtgt())
    }

    fn check(&self, presented: &Presented<'_>, now: KerberosTime) -> Result<(), Error> {
        let Presented {
            ticket, authenticator, ..
        } = presented;
        if authenticator.crealm != ticket.crealm || authenticator.cname != ticket.cname {
            return Err(Error::BadMatch {
                ticket: presented.client(),
            });
        }
        self.check_address(presented)?;
        self.check_transited(presented)?;
        self.check_times(presented, now)
    }

    fn check_address(&self, presented: &Presented<'_>) -> Result<(), Error> {
        let (Some(peer), Some(allowed)) = (&self.peer_address, &presented.ticket.caddr) else {
            return Ok(());
        };
        if allowed.is_empty() || allowed.contains(peer) {
            return Ok(());
        }
        Err(Error::BadAddress {
            client: presented.client(),
        })
    }

    /// A path through other realms needs the word of the KDC that it is right, or must be the one that is known here.
    fn check_transited(&self, presented: &Presented<'_>) -> Result<(), Error> {
        let ticket = presented.ticket;
        let TransitedPolicy::Check(paths) = &self.transited else {
            return Ok(());
        };
        if ticket.flags.contains(TicketFlags::TRANSITED_POLICY_CHECKED) {
            return Ok(());
        }
        let server = &presented.server.realm;
        transited::check(&ticket.transited, &ticket.crealm, server, paths).map_err(|fault| Error::TransitedPath {
            client: presented.client(),
            fault,
        })
    }

    fn check_times(&self, presented: &Presented<'_>, now: KerberosTime) -> Result<(), Error> {
        let Presented {
            server,
            ticket,
            authenticator,
        } = presented;
        let skew = self.clock_skew.as_secs();
        let server = || Box::new((*server).clone());
        let seconds = authenticator.ctime.since(now);
        if seconds.unsigned_abs() > skew {
            return Err(Error::ClockSkew { seconds, allowed: skew });
        }
        let starts = ticket.starttime.unwrap_or(ticket.authtime);
        if starts > now.plus(self.clock_skew) {
            return Err(Error::TicketNotYetValid {
                server: server(),
                starts,
            });
        }
        if now > ticket.endtime.plus(self.clock_skew) {
            return Err(Error::TicketExpired {
                client: presented.client(),
                server: server(),
                ended: ticket.endtime,
            });
        }
        if ticket.flags.contains(TicketFlags::INVALID) {
            return Err(Error::TicketInvalid { server: server() });
        }
        Ok(())
    }
}

impl Presented<'_> {
    fn client(&self) -> Box<Principal> {
        Box::new(Principal {
            realm: self.ticket.crealm.clone(),
            name: self.ticket.cname.clone(),
        })
    }
}

/// Decrypts the ticket with the first key that fits, and tells whose key that was.
fn open_ticket(keys: &dyn KeyLookup, ticket: &Ticket) -> Result<(Principal, EncTicketPart), Error> {
    let named = Principal {
        realm: ticket.realm.clone(),
        name: ticket.sname.clone(),
    };
    let kvno = ticket.enc_part.kvno.map(|kvno| kvno.0).filter(|kvno| *kvno != 0);
    let etype = ticket.enc_part.etype;
    let candidates = keys.named_keys(&named, kvno, etype).map_err(Error::NoKey)?;
    for (principal, key) in candidates {
        match decrypt(&key, KeyUsage::TICKET, &ticket.enc_part, "the ticket") {
            Ok(plaintext) => return Ok((principal, EncTicketPart::from_der(&plaintext)?)),
            Err(Error::Integrity { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Err(Error::NoKey(keys.undecipherable(&named, kvno, etype)))
}

/// Nothing of this is authenticated.
fn trace_request(req: &ApReq) {
    tracing::debug!(
        server = %Principal::new(req.ticket.realm.clone(), req.ticket.sname.clone()),
        kvno = req.ticket.enc_part.kvno.map(|kvno| kvno.0),
        enctype = %EtypeNumbers(vec![req.ticket.enc_part.etype]),
        "a client presents a ticket"
    );
}

/// The last octets of the ciphertext, as many as the encryption type's integrity tag has.
fn replay_tag(key: &Key, cipher: &[u8]) -> Vec<u8> {
    let start = cipher.len().saturating_sub(key.enctype().checksum_len());
    cipher.get(start..).unwrap_or_default().to_vec()
}
