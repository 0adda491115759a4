//! Changing and setting passwords, RFC 3244.
//!
//! It takes an initial ticket for [`service`], got with the password that is to be changed: [`initial_options`]. Then one
//! request and one reply settle it.

pub mod frame;
mod outcome;
mod policy;

use std::time::Duration;

use krb5_crypto::{CryptoProvider, Secret};

pub use self::outcome::{Authenticity, ResultCode, ResultText};
pub use self::policy::{Complexity, PasswordPolicy};

use self::frame::{Frame, Reply, Version};
use super::ap::{self, ApInitiate, ApInitiated, InitialSequence};
use super::private::{self, Expected, Side};
use super::{AsOptions, KdcRequest, Route, Service, Step, Subkey, krb_error};
use crate::error::{ErrorCode, PasswordFrameFault, PasswordRefusal};
use crate::messages::{
    ApOptions, AuthorizationData, ChangePasswdData, HostAddress, KdcOptions, KrbError, SecretOctets,
};
use crate::{Credentials, Error, NameType, Principal, PrincipalName, Realm, Timestamp};

/// The password service of `realm`: `kadmin/changepw`.
#[must_use]
pub fn service(realm: &Realm) -> Principal {
    let name = PrincipalName::new(NameType::PRINCIPAL, ["kadmin", "changepw"]);
    Principal::new(realm.clone(), name)
}

/// Whether `principal` is the password service of its realm.
#[must_use]
pub fn is_service(principal: &Principal) -> bool {
    principal.name.components == service(&principal.realm).name.components
}

/// The options of an AS exchange, but for a ticket for the password service of the client's realm: good for a few
/// minutes, for nothing else.
#[must_use]
pub fn initial_options(options: AsOptions) -> AsOptions {
    let mut kdc_options = options.kdc_options;
    for useless in [KdcOptions::FORWARDABLE, KdcOptions::PROXIABLE, KdcOptions::CANONICALIZE] {
        kdc_options.remove(useless);
    }
    AsOptions {
        server: Some(service(&options.client.realm)),
        kdc_options,
        lifetime: TICKET_LIFETIME,
        renew_life: None,
        postdate: None,
        ..options
    }
}

/// Whose password is to be what.
#[derive(Debug)]
pub struct PasswordOptions {
    /// The ticket for the password service.
    pub credentials: Credentials,
    /// The new password, in the octets that string-to-key takes (UTF-8).
    pub password: Secret,
    /// Whose it is to be.
    pub whose: Whose,
    /// The addresses of this machine: the first is told to the service, and a reply that says for which address it is
    /// must name one of them. None: the service is told none, and the reply may name any.
    pub addresses: Vec<HostAddress>,
    /// The service's clock minus ours in seconds, as known from before.
    pub clock_offset: i64,
    /// The difference between clocks that goes without saying.
    pub clock_skew: Duration,
}

/// Whose password is to be set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The client's own, by the first version of the protocol, which every service knows.
    #[default]
    Own,
    /// That of a principal, by RFC 3244. If the service does not know that and it is the client, by the first version.
    Of(Principal),
}

/// Setting a password: a ticket for the password service in, the service's word out.
#[derive(Debug)]
pub struct PasswordExchange;

/// Awaits the reply to a request.
#[derive(Debug)]
pub struct AwaitPasswordReply {
    provider: &'static CryptoProvider,
    options: PasswordOptions,
    version: Version,
    initiated: ApInitiated,
}

/// The password is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChanged {
    /// Whose it is.
    pub target: Principal,
    /// What the service says about it.
    pub text: ResultText,
}

impl PasswordExchange {
    /// Makes the request at `now`, by our clock.
    ///
    /// # Errors
    /// [`Error::TicketExpired`], [`Error::Malformed`] if the credentials hold no ticket, [`Error::Crypto`],
    /// [`Error::Unencodable`], [`Error::TooLarge`] for a password that fits into no request.
    pub fn start(
        provider: &'static CryptoProvider,
        options: PasswordOptions,
        now: Timestamp,
    ) -> Result<(KdcRequest, AwaitPasswordReply), Error> {
        let version = match options.whose {
            Whose::Own => Version::Change,
            Whose::Of(_) => Version::Set,
        };
        tracing::info!(target = %options.target(), client = %options.credentials.client, "changing a password");
        AwaitPasswordReply::ask(provider, options, version, now)
    }
}

impl AwaitPasswordReply {
    /// Takes the service's reply. Only one that is encrypted in the request's subkey can be a success.
    ///
    /// # Errors
    /// [`Error::PasswordRefused`] with the service's reason; [`Error::PasswordReplayed`] if it takes the request for one
    /// that it has seen; [`Error::Peer`], [`Error::ClockSkew`] for other KRB-ERRORs; [`Error::PasswordFrame`],
    /// [`Error::Malformed`], [`Error::MutualFailed`], [`Error::Integrity`], [`Error::PrivateOrder`],
    /// [`Error::PrivateAddress`] for a reply that is not the service's to this request. Whether the password is changed
    /// is not known then.
    pub fn reply(self, octets: &[u8], now: Timestamp) -> Result<Step<Self, PasswordChanged>, Error> {
        let (code, text, authenticity) = match Reply::parse(octets)? {
            Reply::Private { ap_rep, krb_priv } => self.open(ap_rep, krb_priv, now)?,
            Reply::Error(error) => self.refused(KrbError::from_der(error)?)?,
        };
        tracing::debug!(?code, ?authenticity, "the password service answered");
        let target = self.options.target().clone();
        match code {
            ResultCode::Success => Ok(Step::Done(PasswordChanged { target, text })),
            ResultCode::BadVersion if self.may_change_instead() => {
                let (request, next) = Self::ask(self.provider, self.options, Version::Change, now)?;
                Ok(Step::Send { request, next })
            }
            code => Err(Error::PasswordRefused(Box::new(PasswordRefusal {
                target,
                code,
                text,
                authenticity,
            }))),
        }
    }

    /// Each request has an authenticator and a subkey of its own.
    fn ask(
        provider: &'static CryptoProvider,
        options: PasswordOptions,
        version: Version,
        now: Timestamp,
    ) -> Result<(KdcRequest, Self), Error> {
        let initiate = ApInitiate {
            credentials: &options.credentials,
            options: ApOptions::MUTUAL_REQUIRED,
            checksum: None,
            subkey: Subkey::Generate,
            sequence: InitialSequence::Generate,
            authdata: AuthorizationData::default(),
        };
        let (ap_req, initiated) = ap::initiate(provider, initiate, now.offset(options.clock_offset))?;
        let user_data = options.user_data(version)?;
        let key = initiated.subkey.as_ref().unwrap_or(&initiated.session_key);
        let krb_priv = private::seal(key, user_data, initiated.sequence, options.sender())?;
        let frame = Frame {
            version: version.number(),
            authentication: &ap_req,
            message: &krb_priv,
        };
        let request = KdcRequest {
            realm: options.credentials.server.realm.clone(),
            service: Service::Kpasswd,
            message: frame.to_octets()?,
            route: Route::Any,
        };
        let next = Self {
            provider,
            options,
            version,
            initiated,
        };
        Ok((request, next))
    }

    /// Reads an answer that only the service can have made.
    fn open(&self, ap_rep: &[u8], krb_priv: &[u8], now: Timestamp) -> Result<Answer, Error> {
        let replied = self.initiated.verify_rep(ap_rep)?;
        let expected = Expected {
            sequence: replied.sequence,
            own: &self.options.addresses,
            now: now.offset(self.options.clock_offset).time,
            clock_skew: self.options.clock_skew,
        };
        // RFC 3244 §2: in the client's subkey, whether or not the service has one of its own.
        let key = self.initiated.subkey.as_ref().unwrap_or(&self.initiated.session_key);
        let (code, text) = outcome::parse(&private::open(krb_priv, key, &expected)?)?;
        Ok((code, text, Authenticity::Proven))
    }

    /// Reads a KRB-ERROR. Nothing in it is authenticated: it is never a success.
    fn refused(&self, error: KrbError) -> Result<Answer, Error> {
        if ErrorCode(error.error_code) == ErrorCode::KRB_AP_ERR_REPEAT {
            return Err(Error::PasswordReplayed {
                target: Box::new(self.options.target().clone()),
            });
        }
        let Some(data) = error.e_data.as_deref().filter(|data| data.len() >= 2) else {
            return Err(krb_error::from_acceptor(error, self.initiated.time()));
        };
        match outcome::parse(data)? {
            (ResultCode::Success, _) => Err(Error::PasswordFrame(PasswordFrameFault::SuccessInError)),
            (code, text) => Ok((code, text, Authenticity::Unproven)),
        }
    }

    /// Whether the first version of the protocol does the same.
    fn may_change_instead(&self) -> bool {
        self.version == Version::Set && *self.options.target() == self.options.credentials.client
    }
}

type Answer = (ResultCode, ResultText, Authenticity);

impl PasswordOptions {
    /// A change of the client's own password.
    #[must_use]
    pub fn new(credentials: Credentials, password: Secret) -> Self {
        Self {
            credentials,
            password,
            whose: Whose::Own,
            addresses: Vec::new(),
            clock_offset: 0,
            clock_skew: Duration::from_secs(300),
        }
    }

    fn target(&self) -> &Principal {
        match &self.whose {
            Whose::Own => &self.credentials.client,
            Whose::Of(target) => target,
        }
    }

    fn sender(&self) -> HostAddress {
        let first = self.addresses.first().cloned();
        first.unwrap_or_else(|| private::directional(Side::Initiator))
    }

    /// What the service is to read.
    fn user_data(&self, version: Version) -> Result<SecretOctets, Error> {
        let newpasswd = SecretOctets::from(self.password.expose().to_vec());
        if version == Version::Change {
            return Ok(newpasswd);
        }
        let target = self.target();
        let data = ChangePasswdData {
            newpasswd,
            targname: Some(target.name.clone()),
            targrealm: Some(target.realm.clone()),
        };
        data.to_der().map(SecretOctets::from)
    }
}

/// As MIT's clients ask for it.
const TICKET_LIFETIME: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests;
