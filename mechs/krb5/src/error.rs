//! What can go wrong in the mechanism, and whose fault it is.

use gss_core::flow::IoFailure;
use gss_core::framing::FramingError;
use gss_core::{Error, ErrorKind, MechError, Oid, StepError};
use krb5_proto::error::{ComErr, ErrorCode, KrbErrorReply};
use krb5_proto::{ParsePrincipalError, Principal};
use krb5_store::keytab::KeySource;
use krb5_store::local::NoLocalName;
use krb5_store::{FileKind, FormatFault};

use crate::KRB5;

/// A failure of the Kerberos mechanism. [`MechError::code`] is MIT's com_err number, the minor status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KerberosError {
    // The peer is at fault.
    /// The acceptor's answer came without the proof that was asked for.
    #[error("the acceptor did not authenticate itself")]
    AcceptorUnproven,
    /// The initiator bound the context to another channel, or to none where one was required.
    #[error("the initiator's channel bindings are not ours: it is connected through somebody else")]
    Bindings,
    /// The authenticator's checksum is malformed.
    #[error("the authenticator's checksum is malformed")]
    Checksum,
    /// A token has framing in DCE style, or has none in another.
    #[error("tokens of contexts in DCE style have no framing, and those of others have it")]
    DceStyle,
    /// The delegated credential is not usable.
    #[error("the delegated credential is not usable")]
    Delegated(#[source] krb5_proto::Error),
    /// The token is for another mechanism.
    #[error("the token is for the mechanism {0}, not for Kerberos, {KRB5}")]
    ForeignToken(Box<Oid>),
    /// The token's framing is malformed.
    #[error("the token is malformed: {0}")]
    Framing(FramingError),
    /// A per-message token.
    #[error(transparent)]
    Message(#[from] krb5_message::Error),
    /// The same authenticator was presented before.
    #[error("replay: {client} has presented this authenticator to {server} before")]
    Replay {
        /// The ticket's client.
        client: Box<Principal>,
        /// The ticket's server.
        server: Box<Principal>,
    },
    /// The token is none of those that may come here.
    #[error("expected a token with {0}")]
    TokenExpected(&'static str),
    /// The token's identifier is none of a context token.
    #[error("the token holds neither an AP-REQ nor an AP-REP nor a KRB-ERROR")]
    TokenId,

    // A KDC, or the way to it.
    /// A Kerberos exchange failed.
    #[error(transparent)]
    Protocol(#[from] krb5_proto::Error),
    /// Nobody knows a KDC of the realm.
    #[error("{failure}")]
    RealmUnknown {
        /// The realm.
        realm: String,
        /// What was looked for.
        failure: IoFailure,
    },
    /// No KDC of the realm answers.
    #[error("{failure}")]
    KdcUnreachable {
        /// The realm.
        realm: String,
        /// What was tried.
        failure: IoFailure,
    },

    // Local configuration and stores.
    /// The configuration cannot be read.
    #[error(transparent)]
    Configuration(krb5_store::Error),
    /// A credential cache or keytab cannot be used.
    #[error(transparent)]
    Store(#[from] krb5_store::Error),
    /// The credential cache holds another principal's tickets.
    #[error("the credential cache {cache} is {found}'s, not {wanted}'s")]
    CachePrincipal {
        /// The cache.
        cache: String,
        /// Whose tickets it holds.
        found: Box<Principal>,
        /// Whose were asked for.
        wanted: Box<Principal>,
    },
    /// The client has no cache in the collection, and there is no key to get tickets with.
    #[error(
        "no credential cache of {client} in {collection}, which has those of {}; get a ticket first, for instance with \
         kinit, or name a client keytab with the client's key", listed(.found)
    )]
    NoCacheOf {
        /// The collection.
        collection: String,
        /// Whose tickets were asked for.
        client: Box<Principal>,
        /// Whose there are.
        found: Vec<Principal>,
    },
    /// The credential cache has no ticket-granting ticket.
    #[error(
        "the credential cache {cache} has no ticket-granting ticket for {client}; get one, for instance with kinit"
    )]
    NoTgt {
        /// The cache.
        cache: String,
        /// Whose ticket was looked for.
        client: Box<Principal>,
    },
    /// The ticket-granting ticket has expired.
    #[error(
        "the ticket-granting ticket of {client} in {cache} expired at {ended}; get a new one, for instance with kinit"
    )]
    TgtExpired {
        /// The cache.
        cache: String,
        /// Whose ticket it is.
        client: Box<Principal>,
        /// When it ended.
        ended: krb5_proto::KerberosTime,
    },
    /// The KDC no longer takes the ticket-granting ticket: it has other keys of its own by now.
    #[error(
        "the KDC does not take the ticket-granting ticket of {client} in {cache}: {reply}; get a new one, for instance \
         with kinit"
    )]
    TgtRefused {
        /// The cache.
        cache: String,
        /// Whose ticket it is.
        client: Box<Principal>,
        /// What the KDC says.
        reply: Box<KrbErrorReply>,
    },
    /// There is no keytab to accept contexts with.
    #[error("no keytab {keytab}; it is to hold the keys of the services, and KRB5_KTNAME can name another")]
    NoKeytab {
        /// The keytab.
        keytab: String,
    },
    /// The keytab has no key for the name that contexts are to be accepted as.
    #[error("the keytab {keytab} has no key for {wanted}; it has keys for {}", listed(.found))]
    NoKeytabEntry {
        /// The keytab.
        keytab: String,
        /// The name asked for.
        wanted: String,
        /// Whose keys it has.
        found: Vec<Principal>,
    },
    /// Nothing proves that the ticket comes from the real KDC.
    #[error("nothing in the keytab {keytab} proves that the ticket of {client} comes from the real KDC")]
    Unverified {
        /// Whose ticket it is.
        client: Box<Principal>,
        /// The keytab.
        keytab: String,
        /// Why its keys did not prove it.
        #[source]
        cause: Error,
    },
    /// The replay cache does not work; nothing is accepted without it.
    #[error("nothing is accepted: {0}")]
    ReplayCache(#[source] krb5_store::replay::ReplayError),

    // The caller.
    /// The acceptor requires channel bindings and has none of its own.
    #[error("channel bindings are required, but the acceptor was given none")]
    OwnBindings,
    /// The credential cannot be used for this.
    #[error("the credential cannot {0} contexts")]
    CredentialUsage(&'static str),
    /// A password was given, but not whose it is.
    #[error("a password needs the name of whose it is")]
    PasswordOfNobody,
    /// Keys of a credential store that contradict each other, or what the credential is for.
    #[error("a credential store cannot have {0}")]
    StoreKeys(&'static str),
    /// Octets that the caller passed are no cache or keytab.
    #[error("these octets are no {what}: {fault}")]
    Octets {
        /// What they should be.
        what: FileKind,
        /// What is wrong.
        #[source]
        fault: FormatFault,
    },
    /// Keys to accept contexts with are not stored.
    #[error("only tickets are stored, and this is for accepting contexts; keys are added to keytabs instead")]
    StoreAcceptor,
    /// An option of credentials that is not known.
    #[error("no option of Kerberos credentials is called {0}")]
    UnknownOption(Box<Oid>),
    /// The value of an option does not make sense.
    #[error("the value of the option {0} does not make sense")]
    OptionValue(Box<Oid>),
    /// The credential cannot be taken to another process.
    #[error("the credential cannot be exported: it uses keys or a replay cache that only this program knows")]
    NotExportable,
    /// An exported credential is malformed or of an unknown version.
    #[error("this is no exported Kerberos credential of a version that is known")]
    ExportedCred,
    /// Encryption, key derivation or randomness failed.
    #[error("cryptography failed")]
    Crypto(#[from] krb5_crypto::Error),
    /// The ticket to be delegated is too long for the checksum that carries it.
    #[error("a delegated credential of {0} octets does not fit the authenticator; 65535 do")]
    DelegationTooLong(usize),
    /// An exported context is malformed or of an unknown version.
    #[error("this is no exported Kerberos context of a version that is known")]
    ExportedContext,
    /// A name that names nobody in Kerberos.
    #[error("{name:?} is no Kerberos name: {reason}")]
    Name {
        /// The name as given.
        name: String,
        /// What is wrong with it.
        reason: NameFault,
    },
    /// A principal that is no user of this machine.
    #[error(transparent)]
    NotLocal(#[from] NoLocalName),
    /// The driver answered with something that does not belong to the request.
    #[error("the driver's answer does not belong to the request")]
    WrongReply,
}

/// What is wrong with a name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NameFault {
    /// It is not a principal.
    #[error(transparent)]
    Principal(#[from] ParsePrincipalError),
    /// The host's realm is not known.
    #[error("no realm is known for its host; set default_realm or [domain_realm] in krb5.conf")]
    NoRealm,
    /// A service without a host cannot be a target.
    #[error("it names a service without a host, as in HTTP@www.example.com")]
    NoHost,
    /// Empty, or with an empty part.
    #[error("a part of it is empty")]
    Empty,
    /// Nobody in particular cannot accept contexts.
    #[error("an acceptor cannot be anonymous")]
    AnonymousAcceptor,
    /// An exported name that is malformed, or not as its principal would be exported.
    #[error("it is not in the form in which its principal is exported")]
    NotCanonical,
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// Its type is not one that Kerberos knows.
    #[error("its type is not supported")]
    Type,
    /// It was exported by another mechanism.
    #[error("it was exported by the mechanism {0}")]
    ForeignExport(Box<Oid>),
}

impl KerberosError {
    /// The error that says whose keys a keytab has instead of the wanted one's, or why it cannot be read.
    pub(crate) fn no_entry(keytab: &dyn KeySource, wanted: String) -> Self {
        let entries = match keytab.read() {
            Ok(contents) => contents.entries.iter().map(|entry| entry.principal.clone()).collect(),
            Err(krb5_store::Error::NoKeytab { .. }) => Vec::new(),
            Err(error) => return error.into(),
        };
        let mut found: Vec<Principal> = entries;
        found.dedup();
        Self::NoKeytabEntry {
            keytab: keytab.name(),
            wanted,
            found,
        }
    }

    /// The routine error of RFC 2744 that goes with it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Bindings | Self::OwnBindings => ErrorKind::BadBindings,
            Self::Checksum | Self::Framing(_) | Self::TokenId | Self::TokenExpected(_) | Self::ForeignToken(_) => {
                ErrorKind::DefectiveToken
            }
            Self::DceStyle | Self::ExportedContext | Self::ExportedCred => ErrorKind::DefectiveToken,
            Self::Message(error) => message_kind(error),
            Self::Protocol(error) => protocol_kind(error),
            Self::Store(_) | Self::CachePrincipal { .. } | Self::NoTgt { .. } => ErrorKind::NoCred,
            Self::NoCacheOf { .. } | Self::Unverified { .. } => ErrorKind::NoCred,
            Self::NoKeytab { .. } | Self::NoKeytabEntry { .. } | Self::CredentialUsage(_) => ErrorKind::NoCred,
            Self::TgtExpired { .. } => ErrorKind::CredentialsExpired,
            Self::Name {
                reason: NameFault::Type,
                ..
            } => ErrorKind::BadNameType,
            Self::Name { .. } | Self::PasswordOfNobody => ErrorKind::BadName,
            Self::NotLocal(_) => ErrorKind::Unauthorized,
            Self::NotExportable | Self::UnknownOption(_) => ErrorKind::Unavailable,
            Self::Octets { .. } | Self::TgtRefused { .. } => ErrorKind::DefectiveCredential,
            Self::AcceptorUnproven
            | Self::Configuration(_)
            | Self::Crypto(_)
            | Self::Delegated(_)
            | Self::DelegationTooLong(_)
            | Self::KdcUnreachable { .. }
            | Self::OptionValue(_)
            | Self::RealmUnknown { .. }
            | Self::Replay { .. }
            | Self::ReplayCache(_)
            | Self::StoreAcceptor
            | Self::StoreKeys(_)
            | Self::WrongReply => ErrorKind::Failure,
        }
    }

    /// What the peer may learn of it: the code of a KRB-ERROR. Parse and integrity failures have one answer.
    pub(crate) fn protocol_code(&self) -> ErrorCode {
        use krb5_proto::Error as Protocol;
        match self {
            Self::Protocol(Protocol::Malformed { .. } | Protocol::TooLarge { .. } | Protocol::Integrity { .. }) => {
                ErrorCode::KRB_AP_ERR_BAD_INTEGRITY
            }
            Self::Protocol(error) => error.protocol_code(),
            Self::Replay { .. } => ErrorCode::KRB_AP_ERR_REPEAT,
            Self::Checksum => ErrorCode::KRB_AP_ERR_INAPP_CKSUM,
            _ => ErrorCode::KRB_ERR_GENERIC,
        }
    }
}

impl MechError for KerberosError {
    fn code(&self) -> u32 {
        let known = match self {
            Self::Protocol(error) | Self::Delegated(error) => return error.code(),
            Self::Message(error) => message_code(error),
            Self::Unverified { cause, .. } => return cause.minor(),
            Self::StoreKeys(_) => return G_BAD_USAGE,
            Self::StoreAcceptor => return G_STORE_ACCEPTOR_CRED_NOSUPP,
            Self::AcceptorUnproven => ComErr::MUTUAL_FAILED,
            Self::Bindings | Self::OwnBindings => ErrorCode::KRB_AP_ERR_MODIFIED.com_err(),
            Self::Checksum => ErrorCode::KRB_AP_ERR_INAPP_CKSUM.com_err(),
            Self::DceStyle | Self::Framing(_) | Self::ForeignToken(_) | Self::TokenId | Self::TokenExpected(_) => {
                ErrorCode::KRB_AP_ERR_MSG_TYPE.com_err()
            }
            Self::Replay { .. } => ErrorCode::KRB_AP_ERR_REPEAT.com_err(),
            Self::RealmUnknown { .. } => ComErr::krb5(REALM_UNKNOWN),
            Self::KdcUnreachable { .. } => ComErr::krb5(KDC_UNREACH),
            Self::Configuration(error) | Self::Store(error) => store_code(error),
            Self::CachePrincipal { .. } | Self::NoTgt { .. } | Self::CredentialUsage(_) => ComErr::krb5(CC_NOTFOUND),
            Self::NoCacheOf { .. } => ComErr::krb5(CC_NOTFOUND),
            Self::TgtExpired { .. } => ErrorCode::KRB_AP_ERR_TKT_EXPIRED.com_err(),
            Self::TgtRefused { reply, .. } => reply.code.com_err(),
            Self::NoKeytab { .. } | Self::NoKeytabEntry { .. } => ComErr::KT_NOTFOUND,
            Self::ReplayCache(_) => ComErr::krb5(RC_IO),
            Self::Crypto(_) => ComErr::CRYPTO_INTERNAL,
            Self::DelegationTooLong(_) => ErrorCode::KRB_ERR_FIELD_TOOLONG.com_err(),
            Self::Octets {
                what: FileKind::Keytab, ..
            } => ComErr::KT_IOERR,
            Self::Octets { .. } => ComErr::krb5(CC_FORMAT),
            Self::ExportedContext | Self::ExportedCred => ComErr::ASN1_PARSE_ERROR,
            Self::Name {
                reason: NameFault::NoRealm,
                ..
            } => ComErr::krb5(CONFIG_NODEFREALM),
            Self::Name { .. } | Self::PasswordOfNobody => ComErr::PARSE_MALFORMED,
            Self::NotLocal(_) => ComErr::krb5(LNAME_NOTRANS),
            Self::NotExportable | Self::OptionValue(_) | Self::UnknownOption(_) | Self::WrongReply => {
                ErrorCode::KRB_ERR_GENERIC.com_err()
            }
        };
        known.bits()
    }
}

impl From<KerberosError> for Error {
    fn from(error: KerberosError) -> Self {
        Self::of_mech(error.kind(), KRB5, error)
    }
}

/// A Kerberos failure as what a step returns, without a token for the peer.
pub(crate) fn failed(error: impl Into<KerberosError>) -> StepError {
    Error::from(error.into()).into()
}

fn protocol_kind(error: &krb5_proto::Error) -> ErrorKind {
    use krb5_proto::Error as Protocol;
    match error {
        Protocol::Malformed { .. }
        | Protocol::TooLarge { .. }
        | Protocol::UnexpectedMessage { .. }
        | Protocol::Integrity { .. }
        | Protocol::BadMatch { .. } => ErrorKind::DefectiveToken,
        Protocol::TicketExpired { .. } => ErrorKind::CredentialsExpired,
        Protocol::Kdc(reply) if reply.code == ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN => ErrorKind::BadName,
        _ => ErrorKind::Failure,
    }
}

fn message_kind(error: &krb5_message::Error) -> ErrorKind {
    match error.fault() {
        krb5_message::Fault::Forged => ErrorKind::BadMic,
        krb5_message::Fault::Token => ErrorKind::DefectiveToken,
        _ => ErrorKind::Failure,
    }
}

fn message_code(error: &krb5_message::Error) -> ComErr {
    match error.fault() {
        krb5_message::Fault::Forged => ErrorCode::KRB_AP_ERR_BAD_INTEGRITY.com_err(),
        krb5_message::Fault::Token => ErrorCode::KRB_AP_ERR_MSG_TYPE.com_err(),
        _ => ErrorCode::KRB_ERR_GENERIC.com_err(),
    }
}

fn store_code(error: &krb5_store::Error) -> ComErr {
    use krb5_store::Error as Store;
    match error {
        Store::NoCache { .. } => ComErr::krb5(FCC_NOFILE),
        Store::NoKeytab { .. } => ComErr::KT_NOTFOUND,
        Store::ConfigMissing { .. } => ComErr::krb5(CONFIG_CANTOPEN),
        Store::Config { .. } | Store::ConfigValue { .. } => ComErr::krb5(CONFIG_BADFORMAT),
        _ => ComErr::krb5(CC_IO),
    }
}

fn listed(principals: &[Principal]) -> String {
    if principals.is_empty() {
        return "nobody".to_owned();
    }
    principals
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

// Numbers of MIT's table of errors that all mechanisms share, whose base is -2045022976.
const G_BAD_USAGE: u32 = (-2_045_022_969_i32).cast_unsigned();
const G_STORE_ACCEPTOR_CRED_NOSUPP: u32 = (-2_045_022_962_i32).cast_unsigned();

// Places in MIT's table of Kerberos errors.
const CONFIG_CANTOPEN: u32 = 135;
const CONFIG_BADFORMAT: u32 = 136;
const CC_NOTFOUND: u32 = 141;
const REALM_UNKNOWN: u32 = 154;
const KDC_UNREACH: u32 = 156;
const RC_IO: u32 = 164;
const LNAME_NOTRANS: u32 = 176;
const CC_FORMAT: u32 = 199;
const CC_IO: u32 = 193;
const FCC_NOFILE: u32 = 195;
const CONFIG_NODEFREALM: u32 = 224;

#[cfg(test)]
mod tests;
