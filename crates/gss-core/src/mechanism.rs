//! What a mechanism implements.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use crate::{
    Accept, AcceptorContext, Acquire, CredInfo, Error, EstablishedContext, Flowing, Initiate, InitiatorContext,
    MechAttrs, Name, Octets, Oid, OptionValue, Result, StepError, Store, Stored,
};

/// A security mechanism, RFC 2743 §1.
pub trait Mechanism: Debug + Send + Sync {
    /// The OID under which it is registered.
    fn oid(&self) -> Oid;

    /// Other OIDs that mean the same mechanism, such as Windows' truncated Kerberos OID.
    fn aliases(&self) -> &[Oid] {
        &[]
    }

    /// What people and other protocols call it.
    fn label(&self) -> Label;

    /// Its attributes, RFC 5587.
    fn attrs(&self) -> MechAttrs;

    /// The types of names it can import.
    fn name_types(&self) -> &[Oid];

    /// What one of its minor status codes means, for codes that come without an [`Error`] (from C).
    fn minor_text(&self, _code: u32) -> Option<String> {
        None
    }

    /// Whether a first token without the framing of RFC 2743 §3.1 is for it: `NTLMSSP\0`, a raw AP-REQ, the empty
    /// token that asks the acceptor to speak first. Never asked about a token that starts with 0x60.
    fn claims_unframed(&self, _token: &[u8]) -> bool {
        false
    }

    /// Its own form of `name` (`gss_canonicalize_name`).
    ///
    /// # Errors
    /// [`BadName`](crate::ErrorKind::BadName), [`BadNameType`](crate::ErrorKind::BadNameType).
    fn import_name(&self, name: &Name) -> Flowing<Arc<dyn MechName>>;

    /// The local user that a name stands for (`gss_localname`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it knows none, [`Unauthorized`](crate::ErrorKind::Unauthorized)
    /// if the name stands for nobody here.
    fn local_name(&self, _name: &dyn MechName) -> Flowing<Vec<u8>> {
        Err(StepError::from(Error::UNAVAILABLE))
    }

    /// Whether a name that has authenticated may act as a local user (`gss_authorize_localname`). The name is shared,
    /// since finding out may take a while.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it knows no local users. Any error means no.
    fn authorize_local_name(&self, _name: &Arc<dyn MechName>, _user: &[u8]) -> Flowing<LocalLogin> {
        Err(StepError::from(Error::UNAVAILABLE))
    }

    /// Acquires a credential.
    ///
    /// # Errors
    /// [`NoCred`](crate::ErrorKind::NoCred) and others of RFC 2743 §2.1.1.
    fn acquire(&self, request: Acquire) -> Flowing<Arc<dyn MechCred>>;

    /// Takes a credential that [`MechCred::export`] wrote.
    ///
    /// # Errors
    /// [`DefectiveToken`](crate::ErrorKind::DefectiveToken) if it is none.
    fn import_cred(&self, _token: &[u8]) -> Result<Arc<dyn MechCred>> {
        Err(Error::UNAVAILABLE)
    }

    /// A credential like `cred` with an option set (`gss_set_cred_option`).
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if the mechanism does not know `what`.
    fn set_cred_option(
        &self,
        _cred: Option<&Arc<dyn MechCred>>,
        _what: Oid,
        _value: OptionValue<'_>,
    ) -> Result<Arc<dyn MechCred>> {
        Err(Error::UNAVAILABLE)
    }

    /// Begins a context as its initiator. `request` can be cloned: a negotiator starts other mechanisms later.
    ///
    /// # Errors
    /// What can be said without a step, such as [`NoCred`](crate::ErrorKind::NoCred).
    fn initiate(&self, request: &Initiate) -> Result<Box<dyn InitiatorContext>>;

    /// Begins a context as its acceptor.
    ///
    /// # Errors
    /// What can be said without a step, such as [`NoCred`](crate::ErrorKind::NoCred).
    fn accept(&self, request: &Accept) -> Result<Box<dyn AcceptorContext>>;

    /// Takes a context that [`EstablishedContext::export`] wrote.
    ///
    /// # Errors
    /// [`DefectiveToken`](crate::ErrorKind::DefectiveToken) if it is none.
    fn import_context(&self, _token: &[u8]) -> Result<Box<dyn EstablishedContext>> {
        Err(Error::UNAVAILABLE)
    }
}

/// Whether a name may act as a local user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "whoever does not look lets everybody in"]
pub enum LocalLogin {
    /// It may.
    Granted,
    /// It may not.
    Refused,
}

/// What a mechanism is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Short, in lower case, as options and logs use it: `krb5`.
    pub name: &'static str,
    /// The SASL mechanism's name, RFC 5801 §3: `GS2-KRB5`.
    pub sasl: &'static str,
    /// For a person: `Kerberos 5 (RFC 4121)`.
    pub description: &'static str,
}

/// A name in a mechanism's own form (MN), RFC 2743 §1.1.5.
pub trait MechName: Any + Debug + Send + Sync {
    /// The printable form and its type. Octets: a principal need not be UTF-8.
    ///
    /// # Errors
    /// [`BadName`](crate::ErrorKind::BadName) if it has none.
    fn display(&self) -> Result<(Vec<u8>, Oid)>;

    /// The exported name object, RFC 2743 §3.2: equal names have equal octets.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it cannot be exported, such as an anonymous name.
    fn export(&self) -> Result<Vec<u8>>;

    /// Whether both are the same name. Anonymous is the same as nothing.
    ///
    /// # Errors
    /// [`BadNameType`](crate::ErrorKind::BadNameType) if they cannot be compared.
    fn same(&self, other: &dyn MechName) -> Result<bool>;

    /// The names of its attributes, RFC 6680 §7.4.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it has no attributes at all.
    fn attributes(&self) -> Result<Vec<Vec<u8>>> {
        Err(Error::UNAVAILABLE)
    }

    /// The values of an attribute, RFC 6680 §7.5.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it has no such attribute.
    fn attribute(&self, _name: &[u8]) -> Result<Vec<AttributeValue>> {
        Err(Error::UNAVAILABLE)
    }

    /// The exported name object with attributes, RFC 6680 §8.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it has no such form.
    fn export_composite(&self) -> Result<Vec<u8>> {
        Err(Error::UNAVAILABLE)
    }
}

/// One value of a name's attribute, RFC 6680 §7.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeValue {
    /// As the attribute defines it.
    pub value: Vec<u8>,
    /// For a person.
    pub display: Vec<u8>,
    /// Who says so.
    pub origin: Origin,
}

/// Who vouches for an attribute, RFC 6680 §5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody whom the mechanism trusts.
    Authenticated,
    /// Whoever made the name.
    Asserted,
}

impl dyn MechName {
    /// The name as a mechanism's own type, if it is that.
    #[must_use]
    pub fn downcast_ref<T: MechName>(&self) -> Option<&T> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    /// The printable form as text: what is not UTF-8 is replaced. Empty if it has none.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.display()
            .map(|(octets, _)| String::from_utf8_lossy(&octets).into_owned())
            .unwrap_or_default()
    }
}

/// A mechanism's own credential.
pub trait MechCred: Any + Debug + Send + Sync {
    /// What it is. It may be refreshed for that.
    ///
    /// # Errors
    /// [`CredentialsExpired`](crate::ErrorKind::CredentialsExpired) and others of RFC 2743 §2.1.3.
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo>;

    /// The credential as octets, for another process.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it cannot be exported.
    fn export(&self) -> Result<Octets> {
        Err(Error::UNAVAILABLE)
    }

    /// Stores it, RFC 5588.
    ///
    /// # Errors
    /// [`Unavailable`](crate::ErrorKind::Unavailable) if it cannot be stored.
    fn store(&self, _into: &Store) -> Flowing<Stored> {
        Err(StepError::from(Error::UNAVAILABLE))
    }
}

impl dyn MechCred {
    /// The credential as a mechanism's own type, if it is that.
    #[must_use]
    pub fn downcast_ref<T: MechCred>(&self) -> Option<&T> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    /// The shared credential as a mechanism's own type, if it is that.
    #[must_use]
    pub fn downcast<T: MechCred>(self: Arc<Self>) -> Option<Arc<T>> {
        let any: Arc<dyn Any + Send + Sync> = self;
        any.downcast().ok()
    }
}
