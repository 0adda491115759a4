//! The initiator's side of the AP exchange.

use std::sync::Arc;

use krb5_crypto::{CryptoProvider, Enctype, Key, KeyUsage};

use super::{decrypt_rep, encrypt_rep, unique};
use crate::exchange::{Subkey, krb_error, sequence_number};
use crate::messages::{ApOptions, ApReq, Authenticator, AuthorizationData, Checksum, EncryptedData, KrbError, Ticket};
use crate::{Credentials, EncryptionKey, Error, KerberosTime, Timestamp};

/// What goes into an AP-REQ.
#[derive(Debug)]
pub struct ApInitiate<'a> {
    /// The ticket for the acceptor.
    pub credentials: &'a Credentials,
    /// `MUTUAL_REQUIRED` if the acceptor is to authenticate itself; `USE_SESSION_KEY` goes with a user-to-user ticket.
    pub options: ApOptions,
    /// The application's checksum, ready made.
    pub checksum: Option<Checksum>,
    /// Whether to make a key of our own.
    pub subkey: Subkey,
    /// Our first sequence number.
    pub sequence: InitialSequence,
    /// Authorization data for the authenticator; empty is left out.
    pub authdata: AuthorizationData,
}

/// The first sequence number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InitialSequence {
    /// Random, not zero and below 2^30: old peers decode it as a signed number.
    #[default]
    Generate,
    /// This one.
    Value(u32),
}

/// An AP-REQ has been made; it may be answered.
#[derive(Debug)]
pub struct ApInitiated {
    /// The ticket's session key.
    pub session_key: Arc<Key>,
    /// Our key, if one was made.
    pub subkey: Option<Arc<Key>>,
    /// Our first sequence number.
    pub sequence: u32,
    /// The authenticator's time.
    pub ctime: KerberosTime,
    /// Its microseconds, 0 to 999999.
    pub cusec: u32,
}

/// The acceptor has proved itself.
#[derive(Debug)]
pub struct ApReplied {
    /// The acceptor's key, if it made one.
    pub subkey: Option<Arc<Key>>,
    /// The acceptor's first sequence number, if it sent one.
    pub sequence: Option<u32>,
}

/// Makes an AP-REQ at `now`, the acceptor's time as far as it is known: our clock plus the offset
/// that came with the credentials.
///
/// # Errors
/// [`Error::TicketExpired`], [`Error::Malformed`] if the credentials hold no ticket,
/// [`Error::Crypto`], [`Error::Unencodable`].
pub fn initiate(
    provider: &'static CryptoProvider,
    request: ApInitiate<'_>,
    now: Timestamp,
) -> Result<(Vec<u8>, ApInitiated), Error> {
    let credentials = request.credentials;
    if credentials.is_expired(now.time) {
        return Err(Error::TicketExpired {
            client: Box::new(credentials.client.clone()),
            server: Box::new(credentials.server.clone()),
            ended: credentials.endtime,
        });
    }
    let ticket = Ticket::from_der(&credentials.ticket)?;
    let session_key = Arc::new(credentials.key.to_key(provider)?);
    let initiated = ApInitiated::new(provider, session_key, &request, unique(now))?;
    let authenticator = initiated.authenticator(credentials, request.checksum, request.authdata);
    let authenticator = seal(&initiated.session_key, &authenticator, KeyUsage::AP_REQ_AUTHENTICATOR)?;
    tracing::debug!(
        client = %credentials.client,
        server = %credentials.server,
        subkey = initiated.subkey.as_deref().map(|key| key.enctype().name()),
        "presenting a ticket"
    );
    let mut ap_options = request.options;
    if credentials.is_skey {
        ap_options.insert(ApOptions::USE_SESSION_KEY);
    }
    let req = ApReq {
        ap_options,
        ticket,
        authenticator,
    };
    Ok((req.to_der()?, initiated))
}

/// Encrypts an authenticator.
pub(crate) fn seal(key: &Key, authenticator: &Authenticator, usage: KeyUsage) -> Result<EncryptedData, Error> {
    let cipher = key
        .encrypt(usage, &authenticator.to_der()?)
        .map_err(|source| Error::Crypto {
            doing: "encrypting the authenticator",
            source,
        })?;
    Ok(EncryptedData {
        etype: key.enctype().number(),
        kvno: None,
        cipher: cipher.into(),
    })
}

/// A key for the session, if one is wanted.
pub(crate) fn make_subkey(
    provider: &'static CryptoProvider,
    subkey: Subkey,
    session_key: &Key,
) -> Result<Option<Arc<Key>>, Error> {
    match subkey {
        Subkey::None => Ok(None),
        Subkey::Generate => new_subkey(provider, session_key.enctype()).map(Some),
    }
}

/// A new key for the session.
pub(super) fn new_subkey(provider: &'static CryptoProvider, etype: Enctype) -> Result<Arc<Key>, Error> {
    Key::generate(provider, etype)
        .map(Arc::new)
        .map_err(|source| Error::Crypto {
            doing: "making a subkey",
            source,
        })
}

impl ApInitiated {
    /// Takes the acceptor's answer, an AP-REP, and checks that it is for this request.
    ///
    /// # Errors
    /// [`Error::MutualFailed`] or [`Error::Integrity`] if it is not, [`Error::Peer`] if the acceptor
    /// refuses with a KRB-ERROR, [`Error::ClockSkew`] if it does so because of our clock.
    pub fn verify_rep(&self, ap_rep: &[u8]) -> Result<ApReplied, Error> {
        if krb_error::is_krb_error(ap_rep) {
            return Err(krb_error::from_acceptor(KrbError::from_der(ap_rep)?, self.time()));
        }
        let part = decrypt_rep(&self.session_key, ap_rep)?;
        if part.ctime != self.ctime || part.cusec != self.time().microseconds() {
            return Err(Error::MutualFailed);
        }
        let provider = self.session_key.provider();
        let subkey = part.subkey.as_ref().map(|key| key.to_key(provider)).transpose()?;
        tracing::debug!(
            subkey = subkey.as_ref().map(|key| key.enctype().name()),
            "the acceptor has proven itself"
        );
        Ok(ApReplied {
            subkey: subkey.map(Arc::new),
            sequence: part.seq_number.map(|number| number.0),
        })
    }

    /// The third leg of DCE style, [MS-KILE] §3.4.5.1: an AP-REP of our own that repeats the
    /// acceptor's sequence number.
    ///
    /// # Errors
    /// [`Error::Crypto`].
    pub fn reply_again(&self, replied: &ApReplied) -> Result<Vec<u8>, Error> {
        encrypt_rep(&self.session_key, self.time(), None, replied.sequence)
    }

    fn new(
        provider: &'static CryptoProvider,
        session_key: Arc<Key>,
        request: &ApInitiate<'_>,
        time: Timestamp,
    ) -> Result<Self, Error> {
        let sequence = match request.sequence {
            InitialSequence::Generate => sequence_number(provider)?,
            InitialSequence::Value(value) => value,
        };
        let subkey = make_subkey(provider, request.subkey, &session_key)?;
        Ok(Self {
            session_key,
            subkey,
            sequence,
            ctime: time.time,
            cusec: time.micros,
        })
    }

    /// The authenticator's time.
    pub(crate) fn time(&self) -> Timestamp {
        Timestamp {
            time: self.ctime,
            micros: self.cusec,
        }
    }

    fn authenticator(
        &self,
        credentials: &Credentials,
        cksum: Option<Checksum>,
        authdata: AuthorizationData,
    ) -> Authenticator {
        Authenticator {
            crealm: credentials.client.realm.clone(),
            cname: credentials.client.name.clone(),
            cksum,
            cusec: self.time().microseconds(),
            ctime: self.ctime,
            subkey: self.subkey.as_deref().map(EncryptionKey::from),
            seq_number: Some(self.sequence.into()),
            authorization_data: Some(authdata).filter(|authdata| !authdata.is_empty()),
        }
    }
}
