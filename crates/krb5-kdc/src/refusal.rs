//! Refusing a request: the KRB-ERROR, RFC 4120 §5.9.

use krb5_proto::messages::{KdcReqBody, KrbError, MethodData};
use krb5_proto::{ErrorCode, KerberosString, Octets, Principal, PrincipalName, Realm, Timestamp};

/// Why a request is not granted, as its client is told.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    text: &'static str,
    methods: Option<MethodData>,
    /// The client's realm, if it is another one.
    client_realm: Option<Realm>,
}

/// The part of a request that its refusal repeats.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    client: Option<PrincipalName>,
    server: Option<PrincipalName>,
}

impl Refusal {
    /// `text` is for a person and says what the code does not.
    pub(crate) fn new(code: ErrorCode, text: &'static str) -> Self {
        Self {
            code,
            text,
            methods: None,
            client_realm: None,
        }
    }

    /// The same with the ways to preauthenticate.
    pub(crate) fn with_methods(self, methods: MethodData) -> Self {
        Self {
            methods: Some(methods),
            ..self
        }
    }

    /// The same with the realm that the client is in, RFC 6806 §7.
    pub(crate) fn of_realm(self, realm: Realm) -> Self {
        Self {
            client_realm: Some(realm),
            ..self
        }
    }

    /// The KRB-ERROR of the KDC of `realm` at `now`.
    ///
    /// `None` if it cannot be encoded, which takes a clock beyond the year 9999.
    pub(crate) fn to_message(&self, realm: &Realm, asked: Asked, now: Timestamp) -> Option<Vec<u8>> {
        let methods = self.methods.as_ref().map(MethodData::to_der).transpose().ok()?;
        KrbError {
            ctime: None,
            cusec: None,
            stime: now.time,
            susec: now.microseconds(),
            error_code: self.code.0,
            crealm: asked
                .client
                .is_some()
                .then(|| self.client_realm.as_ref().unwrap_or(realm).clone()),
            cname: asked.client,
            realm: realm.clone(),
            sname: asked.server.unwrap_or_else(|| Principal::krbtgt(realm, realm).name),
            e_text: Some(KerberosString::from(self.text)).filter(|text| !text.is_empty()),
            e_data: methods.map(Octets::from),
        }
        .to_der()
        .ok()
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::new(code, "")
    }
}

impl From<krb5_crypto::Error> for Refusal {
    /// A failure of ours; failures to decrypt what a client sent are told apart where they arise.
    fn from(_: krb5_crypto::Error) -> Self {
        Self::new(ErrorCode::KRB_ERR_GENERIC, "cryptography failed")
    }
}

impl From<krb5_proto::Error> for Refusal {
    /// A part of the request that cannot be decoded, or a reply that cannot be encoded.
    fn from(error: krb5_proto::Error) -> Self {
        match error {
            krb5_proto::Error::Malformed { .. } => Self::new(ErrorCode::KRB_ERR_GENERIC, "malformed request"),
            krb5_proto::Error::TooLarge { .. } => ErrorCode::KRB_ERR_FIELD_TOOLONG.into(),
            _ => Self::new(ErrorCode::KRB_ERR_GENERIC, "no reply can be made"),
        }
    }
}

impl From<&KdcReqBody> for Asked {
    fn from(body: &KdcReqBody) -> Self {
        Self {
            client: body.cname.clone(),
            server: body.sname.clone(),
        }
    }
}
