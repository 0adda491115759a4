//! What can go wrong, and whose fault it is.

mod code;
mod lookup;
mod password;
mod reply;

#[cfg(test)]
mod tests;

use std::fmt;

pub use code::{ComErr, ErrorCode};
pub use lookup::{FoundKey, KeyLookupError, LookupFailure};
pub use password::{PasswordFrameFault, PasswordRefusal};
pub use reply::{KrbErrorReply, ReplyField};

use crate::realms::transited::TransitedFault;
use crate::{KerberosTime, Principal, PrincipalName, Realm};

/// A failure of decoding or of an exchange.
///
/// `Display` is written for the person at the keyboard; [`Error::code`] is the number that Kerberos
/// programs know.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // The peer sent something wrong.
    /// The octets are not the DER encoding of `what`.
    #[error("malformed {what}: {source}")]
    Malformed {
        /// The message's name in the RFC.
        what: &'static str,
        /// Where and why.
        source: der::Error,
    },
    /// The message is larger than any that is decoded.
    #[error("{what} of {octets} octets is too large")]
    TooLarge {
        /// The message's name in the RFC.
        what: &'static str,
        /// Its size.
        octets: usize,
    },
    /// The message is none of those that may come here.
    #[error("expected {expected}, received another message")]
    UnexpectedMessage {
        /// The names of the messages that may come.
        expected: &'static str,
    },
    /// The KDC's reply does not answer the request, or was changed on the way.
    #[error("the KDC's reply does not match the request: {0}")]
    KdcReplyModified(ReplyField),
    /// The reply is valid from another time than now.
    #[error("{}", SkewText::of("the KDC", .seconds, .allowed))]
    KdcReplySkew {
        /// The KDC's clock minus ours.
        seconds: i64,
        /// The allowed difference.
        allowed: u64,
    },
    /// The KDC, or whoever answered for it, wants weaker string-to-key parameters than are allowed,
    /// or ones that are out of range.
    #[error("the KDC asks for an iteration count of {iterations}; allowed are {least} to {most}")]
    IterationCount {
        /// What it asks for.
        iterations: u64,
        /// The least that is allowed.
        least: u32,
        /// The most that is allowed.
        most: u32,
    },
    /// String-to-key parameters of the wrong length.
    #[error("the KDC sent string-to-key parameters of {0} octets; they have 4")]
    StringToKeyParameters(usize),
    /// The KDC offers or uses encryption types that were not asked for.
    #[error("the KDC uses encryption type {offered}, but the request allowed {requested}")]
    EtypeNotRequested {
        /// What it offers, best first.
        offered: EtypeNumbers,
        /// What was asked for.
        requested: EtypeNumbers,
    },
    /// The KDC keeps asking for more.
    #[error("the KDC did not settle after {0} requests")]
    Loop(u32),
    /// The service's ticket has to be obtained from another realm.
    #[error("{server} is in the realm {realm}, to which referrals are not followed")]
    Referral {
        /// The service.
        server: Box<Principal>,
        /// The realm whose ticket-granting service was offered instead.
        realm: Realm,
    },
    /// A KDC refers to a realm that the request has been to.
    #[error("the KDCs refer to each other for {server}: {realm} has been asked before")]
    ReferralLoop {
        /// What a ticket was wanted for.
        server: Box<Principal>,
        /// The realm that is offered again.
        realm: Realm,
    },
    /// The way to the realm of the service does not end.
    #[error("a ticket for {server} is not found within {hops} realms")]
    TooManyRealms {
        /// What a ticket was wanted for.
        server: Box<Principal>,
        /// The realms that were tried.
        hops: usize,
    },
    /// The AP-REP does not repeat the authenticator's time.
    #[error("mutual authentication failed: the acceptor's answer is not for our request")]
    MutualFailed,
    /// A decrypted part fails its integrity check.
    #[error("cannot decrypt {what}: the key is wrong or the message was changed")]
    Integrity {
        /// What was to be decrypted.
        what: &'static str,
    },
    /// The authenticator names another client than the ticket.
    #[error("the authenticator names another client than the ticket, which is for {ticket}")]
    BadMatch {
        /// The ticket's client.
        ticket: Box<Principal>,
    },
    /// The ticket is not valid from the initiator's address.
    #[error("the ticket for {client} is not valid from the peer's network address")]
    BadAddress {
        /// The ticket's client.
        client: Box<Principal>,
    },
    /// The ticket passed through realms that are not to be passed through.
    #[error("the ticket for {client} passed through other realms, which its KDC has not checked: {fault}")]
    TransitedPath {
        /// The ticket's client.
        client: Box<Principal>,
        /// What is wrong with them.
        fault: TransitedFault,
    },
    /// The ticket has the flag *invalid*.
    #[error("the ticket for {server} is not valid until its KDC validates it")]
    TicketInvalid {
        /// Whom it is for.
        server: Box<Principal>,
    },
    /// User-to-user authentication, for which the acceptor has no ticket-granting ticket that fits.
    #[error("the initiator asks for user-to-user authentication, but there is no ticket-granting ticket of {server}")]
    NoUserToUserTicket {
        /// Whom the ticket is for.
        server: Box<Principal>,
    },
    /// The acceptor has a ticket-granting ticket and no long-term key, and the initiator did not ask for it.
    #[error("{server} takes user-to-user authentication only, and the initiator does not ask for that")]
    UserToUserRequired {
        /// Whom the ticket is for.
        server: Box<Principal>,
    },
    /// A KRB-PRIV that is out of order, or that says nothing of its order.
    #[error("the KRB-PRIV has the sequence number {}, and {} was expected", number(.received), number(.expected))]
    PrivateOrder {
        /// The number in it.
        received: Option<u32>,
        /// The number that the sender has announced.
        expected: Option<u32>,
    },
    /// A KRB-PRIV for another address than ours.
    #[error("the KRB-PRIV is for another network address than those of this machine")]
    PrivateAddress,
    /// What the password service sent is no message of RFC 3244.
    #[error("malformed message of the password service: {0}")]
    PasswordFrame(PasswordFrameFault),
    /// A KRB-CRED whose parts do not agree.
    #[error("KRB-CRED with {tickets} tickets and {infos} descriptions of them")]
    CredCounts {
        /// The tickets.
        tickets: usize,
        /// The descriptions.
        infos: usize,
    },
    /// A KRB-CRED that omits a name or a time that a credential needs.
    #[error("KRB-CRED without the {0} of its ticket")]
    CredIncomplete(&'static str),

    // Clocks and lifetimes.
    /// The clocks differ too much.
    #[error("{}", SkewText::of("the peer", .seconds, .allowed))]
    ClockSkew {
        /// The peer's clock minus ours.
        seconds: i64,
        /// The allowed difference; 0 if only the peer knows it.
        allowed: u64,
    },
    /// The KDC refuses since the clocks differ too much for it.
    #[error("{}", SkewText::of("the KDC", .seconds, &0))]
    KdcClockSkew {
        /// The KDC's clock minus ours.
        seconds: i64,
    },
    /// The ticket has expired.
    #[error("the ticket of {client} for {server} expired at {ended}")]
    TicketExpired {
        /// Whose it is.
        client: Box<Principal>,
        /// Whom it is for.
        server: Box<Principal>,
        /// When it ended.
        ended: KerberosTime,
    },
    /// The ticket is not yet valid.
    #[error("the ticket for {server} is not valid before {starts}")]
    TicketNotYetValid {
        /// Whom it is for.
        server: Box<Principal>,
        /// When it starts.
        starts: KerberosTime,
    },

    // The KDC or the peer refuses.
    /// The KDC refuses, with a KRB-ERROR. Nothing in it is authenticated.
    #[error("the KDC of {realm} refuses: {reply}", realm = .0.realm, reply = .0)]
    Kdc(Box<KrbErrorReply>),
    /// The acceptor refuses, with a KRB-ERROR. Nothing in it is authenticated.
    #[error("the acceptor refuses: {0}")]
    Peer(Box<KrbErrorReply>),
    /// The password service refuses.
    #[error("{0}")]
    PasswordRefused(Box<PasswordRefusal>),
    /// The password service has seen the request before: it arrived more than once, and the first time may have been a
    /// success.
    #[error(
        "the password service takes the request for a replay: the password of {target} may have been changed already"
    )]
    PasswordReplayed {
        /// Whose password it is.
        target: Box<Principal>,
    },
    /// The password is not `client`'s.
    #[error("the password for {client} is wrong")]
    WrongPassword {
        /// Whose password was asked for.
        client: Box<Principal>,
        /// Whether the KDC refused or its reply could not be decrypted.
        found: PreauthFailure,
    },
    /// The keys, from a keytab, are not `client`'s.
    #[error("the key for {client} is wrong: the KDC has another one")]
    WrongKey {
        /// Whose key was asked for.
        client: Box<Principal>,
        /// Whether the KDC refused or its reply could not be decrypted.
        found: PreauthFailure,
    },

    /// The KDC wants a kind of preauthentication that is not supported.
    #[error(
        "the KDC wants another preauthentication of {client} than the encrypted timestamp (it offers types {offered:?})"
    )]
    PreauthUnsupported {
        /// Who is to be authenticated.
        client: Box<Principal>,
        /// The pa-data types that the KDC offers.
        offered: Vec<i32>,
    },
    /// The KDC wants a proof of the client's key, and the only one that is supported is disabled.
    #[error(
        "the KDC wants {client} to prove the key, and the encrypted timestamp is disabled for its realm \
         (disable_encrypted_timestamp)"
    )]
    TimestampDisabled {
        /// Who is to be authenticated.
        client: Box<Principal>,
    },

    // Our side.
    /// No key for the ticket.
    #[error(transparent)]
    NoKey(#[from] Box<KeyLookupError>),
    /// Keys were given for the client, but none of an encryption type that is allowed and that the
    /// KDC takes.
    #[error("there is no key for {client} of encryption type {wanted}; there are keys of type {have}")]
    NoClientKey {
        /// The client.
        client: Box<Principal>,
        /// What the KDC takes.
        wanted: EtypeNumbers,
        /// What is there.
        have: EtypeNumbers,
    },
    /// No encryption type to ask for.
    #[error("no encryption type is allowed")]
    NoEtypes,
    /// The peer's encryption type is not among the permitted ones.
    #[error("encryption type {0} is not permitted{hint}", hint = what_permits(.0))]
    EtypeNotPermitted(EtypeNumbers),
    /// The TGT cannot be forwarded.
    #[error("the ticket-granting ticket of {client} is not forwardable")]
    NotForwardable {
        /// Whose it is.
        client: Box<Principal>,
    },
    /// There is no ticket-granting ticket to begin with.
    #[error("there is no ticket-granting ticket of {client} in the realm {realm}")]
    NoGrantingTicket {
        /// Who wants a ticket.
        client: Box<Principal>,
        /// Where the way begins.
        realm: Realm,
    },
    /// The ticket needs no validation.
    #[error("the ticket for {server} is valid, or will never be: it cannot be validated")]
    NotPostdated {
        /// Whom it is for.
        server: Box<Principal>,
    },
    /// The ticket cannot be renewed.
    #[error("the ticket for {server} is not renewable")]
    NotRenewable {
        /// Whom it is for.
        server: Box<Principal>,
    },
    /// A value that the caller gave does not fit the encoding.
    #[error("{what} cannot be encoded: {source}")]
    Unencodable {
        /// The message's name in the RFC.
        what: &'static str,
        /// Why.
        source: der::Error,
    },
    /// Too many tickets for one KRB-CRED, or none.
    #[error("a KRB-CRED has 1 to 16 tickets, not {0}")]
    CredTickets(usize),
    /// Encryption, key derivation or randomness failed.
    #[error("{doing}: {source}")]
    Crypto {
        /// What was being done.
        doing: &'static str,
        /// Why it failed.
        source: krb5_crypto::Error,
    },
}

/// How a wrong long-term key shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreauthFailure {
    /// The KDC refused the encrypted timestamp.
    Refused,
    /// The KDC's reply could not be decrypted.
    Undecipherable,
}

/// Encryption types by number, shown by name where known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EtypeNumbers(pub Vec<i32>);

/// A sequence number, for a person.
fn number(number: &Option<u32>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| number.to_string())
}

/// The setting that permits a type of old peers.
fn what_permits(etypes: &EtypeNumbers) -> &'static str {
    match etypes.0.as_slice() {
        [16] => "; allow_des3 in krb5.conf permits it",
        [23] => "; allow_rc4 in krb5.conf permits it",
        _ => "",
    }
}

impl Error {
    /// MIT's com_err number, as the 32 bits that programs compare and print.
    #[must_use]
    pub fn code(&self) -> u32 {
        self.com_err().bits()
    }

    /// MIT's com_err number.
    #[must_use]
    pub fn com_err(&self) -> ComErr {
        match self {
            Self::Malformed { .. } | Self::CredCounts { .. } | Self::CredIncomplete(_) => ComErr::ASN1_PARSE_ERROR,
            Self::TooLarge { .. } => ComErr::ASN1_OVERFLOW,
            Self::UnexpectedMessage { .. } => ErrorCode::KRB_AP_ERR_MSG_TYPE.com_err(),
            Self::KdcReplyModified(_) => ComErr::KDCREP_MODIFIED,
            Self::KdcReplySkew { .. } => ComErr::KDCREP_SKEW,
            Self::IterationCount { .. } | Self::StringToKeyParameters(_) => ComErr::BAD_S2K_PARAMS,
            Self::EtypeNotRequested { .. } | Self::NoClientKey { .. } => ErrorCode::KDC_ERR_ETYPE_NOSUPP.com_err(),
            Self::Loop(_) => ComErr::GET_IN_TKT_LOOP,
            Self::Referral { .. } => ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN.com_err(),
            Self::MutualFailed => ComErr::MUTUAL_FAILED,
            Self::PrivateOrder { .. } => ErrorCode::KRB_AP_ERR_BADORDER.com_err(),
            Self::PrivateAddress => ErrorCode::KRB_AP_ERR_BADADDR.com_err(),
            Self::PasswordFrame(_) => ErrorCode::KRB_AP_ERR_MODIFIED.com_err(),
            Self::PasswordRefused(_) => ComErr::CHPW_FAIL,
            Self::PasswordReplayed { .. } => ErrorCode::KRB_AP_ERR_REPEAT.com_err(),
            Self::Integrity { .. } => ErrorCode::KRB_AP_ERR_BAD_INTEGRITY.com_err(),
            Self::BadMatch { .. } => ErrorCode::KRB_AP_ERR_BADMATCH.com_err(),
            Self::BadAddress { .. } => ErrorCode::KRB_AP_ERR_BADADDR.com_err(),
            Self::TransitedPath { .. } => ErrorCode::KRB_AP_ERR_ILL_CR_TKT.com_err(),
            Self::TicketInvalid { .. } => ComErr::TKT_INVALID,
            Self::NoUserToUserTicket { .. } => ErrorCode::KRB_AP_ERR_NO_TGT.com_err(),
            Self::UserToUserRequired { .. } => ErrorCode::KRB_AP_ERR_USER_TO_USER_REQUIRED.com_err(),
            Self::ReferralLoop { .. } | Self::TooManyRealms { .. } => ComErr::KDC_UNREACH,
            Self::NoGrantingTicket { .. } => ComErr::CC_NOTFOUND,
            Self::ClockSkew { .. } | Self::KdcClockSkew { .. } => ErrorCode::KRB_AP_ERR_SKEW.com_err(),
            Self::TicketExpired { .. } => ErrorCode::KRB_AP_ERR_TKT_EXPIRED.com_err(),
            Self::TicketNotYetValid { .. } => ErrorCode::KRB_AP_ERR_TKT_NYV.com_err(),
            Self::Kdc(reply) | Self::Peer(reply) => reply.code.com_err(),
            Self::WrongPassword { found, .. } | Self::WrongKey { found, .. } => found.code().com_err(),
            Self::PreauthUnsupported { .. } | Self::TimestampDisabled { .. } => ComErr::PREAUTH_FAILED,
            Self::NoKey(lookup) => lookup.com_err(),
            Self::NoEtypes => ComErr::CONFIG_ETYPE_NOSUPP,
            Self::EtypeNotPermitted(_) => ComErr::NOPERM_ETYPE,
            Self::NotRenewable { .. } | Self::NotPostdated { .. } => ErrorCode::KDC_ERR_BADOPTION.com_err(),
            Self::NotForwardable { .. } => ComErr::TKT_NOT_FORWARDABLE,
            Self::Unencodable { .. } => ComErr::ASN1_OVERFLOW,
            Self::CredTickets(_) => ErrorCode::KRB_ERR_FIELD_TOOLONG.com_err(),
            Self::Crypto { source, .. } => crypto_code(source),
        }
    }

    /// The code that a KRB-ERROR reports this with, `KRB_ERR_GENERIC` where the protocol has none.
    #[must_use]
    pub fn protocol_code(&self) -> ErrorCode {
        match self {
            Self::TicketInvalid { .. } => ErrorCode::KRB_AP_ERR_TKT_NYV,
            Self::Malformed { .. } | Self::TooLarge { .. } => ErrorCode::KRB_AP_ERR_MSG_TYPE,
            other => other.com_err().protocol().unwrap_or(ErrorCode::KRB_ERR_GENERIC),
        }
    }
}

impl PreauthFailure {
    fn code(self) -> ErrorCode {
        match self {
            Self::Refused => ErrorCode::KDC_ERR_PREAUTH_FAILED,
            Self::Undecipherable => ErrorCode::KRB_AP_ERR_BAD_INTEGRITY,
        }
    }
}

impl EtypeNumbers {
    /// The numbers of `etypes`.
    #[must_use]
    pub fn of(etypes: &[krb5_crypto::Enctype]) -> Self {
        Self(etypes.iter().map(|etype| etype.number()).collect())
    }
}

impl fmt::Display for EtypeNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        for (i, number) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            match krb5_crypto::Enctype::from_number(*number) {
                Some(etype) => write!(f, "{comma}{}", etype.name())?,
                None => write!(f, "{comma}{number}")?,
            }
        }
        Ok(())
    }
}

/// Says by how much clocks differ.
struct SkewText {
    whose: &'static str,
    seconds: i64,
    allowed: u64,
}

impl SkewText {
    fn of(whose: &'static str, seconds: &i64, allowed: &u64) -> Self {
        Self {
            whose,
            seconds: *seconds,
            allowed: *allowed,
        }
    }
}

impl fmt::Display for SkewText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = self.seconds.unsigned_abs();
        let direction = if self.seconds < 0 { "behind" } else { "ahead of" };
        write!(f, "the clock of {} is {by} seconds {direction} ours", self.whose)?;
        if self.allowed > 0 {
            write!(f, "; {} are allowed", self.allowed)
        } else {
            Ok(())
        }
    }
}

fn crypto_code(error: &krb5_crypto::Error) -> ComErr {
    use krb5_crypto::Error as Crypto;
    match error {
        Crypto::Integrity => ErrorCode::KRB_AP_ERR_BAD_INTEGRITY.com_err(),
        Crypto::KeyLength { .. } => ComErr::BAD_KEYSIZE,
        Crypto::CiphertextTooShort { .. } => ComErr::BAD_MSIZE,
        Crypto::UnsupportedEnctype(_) => ComErr::PROG_ETYPE_NOSUPP,
        _ => ComErr::CRYPTO_INTERNAL,
    }
}
