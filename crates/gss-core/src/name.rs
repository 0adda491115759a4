//! Names, RFC 2743 §1.1.5 and §4.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::exported_name::{ExportedName, Form};
use crate::{Error, MechName, Oid};

/// The types a name's octets can have, and how they are then to be read.
pub mod name_type {
    use crate::Oid;

    /// `GSS_C_NT_HOSTBASED_SERVICE`: `service@host`, or `service` alone, RFC 2743 §4.1.
    pub const HOSTBASED_SERVICE: Oid = oid!("1.2.840.113554.1.2.1.4");
    /// `GSS_C_NT_HOSTBASED_SERVICE_X`: the OID that RFC 2743 deprecates for the same.
    pub const HOSTBASED_SERVICE_X: Oid = oid!("1.3.6.1.5.6.2");
    /// `GSS_C_NT_USER_NAME`: a local user's name, RFC 2743 §4.2.
    pub const USER: Oid = oid!("1.2.840.113554.1.2.1.1");
    /// `GSS_C_NT_MACHINE_UID_NAME`: a numeric user id in host byte order, RFC 2743 §4.3.
    pub const MACHINE_UID: Oid = oid!("1.2.840.113554.1.2.1.2");
    /// `GSS_C_NT_STRING_UID_NAME`: a numeric user id in decimal, RFC 2743 §4.4.
    pub const STRING_UID: Oid = oid!("1.2.840.113554.1.2.1.3");
    /// `GSS_C_NT_ANONYMOUS`: nobody in particular, RFC 2743 §4.5. Equal to no name, not even to itself.
    pub const ANONYMOUS: Oid = oid!("1.3.6.1.5.6.3");
    /// `GSS_C_NT_EXPORT_NAME`: an exported name object, RFC 2743 §3.2 and §4.7.
    pub const EXPORTED: Oid = oid!("1.3.6.1.5.6.4");
    /// `GSS_C_NT_COMPOSITE_EXPORT`: an exported name object with attributes, RFC 6680 §8.
    pub const COMPOSITE_EXPORT: Oid = oid!("1.3.6.1.5.6.6");
    /// `GSS_KRB5_NT_PRINCIPAL_NAME`: a Kerberos principal, `component/component@REALM`, RFC 1964 §2.1.1.
    pub const KRB5_PRINCIPAL: Oid = oid!("1.2.840.113554.1.2.2.1");
    /// `GSS_KRB5_NT_ENTERPRISE_NAME`: a name that the KDC resolves, such as `user@example.com`, RFC 6806 §5.
    pub const KRB5_ENTERPRISE: Oid = oid!("1.2.840.113554.1.2.2.6");
}

/// A name: octets and their type, and the mechanism's own form of it once it has been canonicalised.
#[derive(Clone)]
pub struct Name {
    octets: Vec<u8>,
    name_type: Option<Oid>,
    mech: Option<(Oid, Arc<dyn MechName>)>,
}

impl Name {
    /// A name of a given type; `None` leaves the type to the mechanism (`GSS_C_NO_OID`).
    pub fn new(octets: impl Into<Vec<u8>>, name_type: Option<Oid>) -> Self {
        Self {
            octets: octets.into(),
            name_type,
            mech: None,
        }
    }

    /// A service on a host: `HTTP@www.example.com`, or `HTTP` for this host.
    pub fn hostbased_service(service: impl Into<Vec<u8>>) -> Self {
        Self::new(service, Some(name_type::HOSTBASED_SERVICE))
    }

    /// A user by the local name.
    pub fn user(name: impl Into<Vec<u8>>) -> Self {
        Self::new(name, Some(name_type::USER))
    }

    /// A Kerberos principal: `user@REALM`, `HTTP/www.example.com@REALM`.
    pub fn krb5_principal(principal: impl Into<Vec<u8>>) -> Self {
        Self::new(principal, Some(name_type::KRB5_PRINCIPAL))
    }

    /// A Kerberos enterprise name: `user@example.com`, whose realm the KDC finds.
    pub fn krb5_enterprise(name: impl Into<Vec<u8>>) -> Self {
        Self::new(name, Some(name_type::KRB5_ENTERPRISE))
    }

    /// Nobody in particular.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::new([], Some(name_type::ANONYMOUS))
    }

    /// An exported name object, RFC 2743 §3.2, plain or composite.
    ///
    /// # Errors
    /// [`BadName`](crate::ErrorKind::BadName) unless `token` is exactly one such object.
    pub fn exported(token: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let octets = token.into();
        let name_type = match ExportedName::parse(&octets)?.form {
            Form::Plain => name_type::EXPORTED,
            Form::Composite => name_type::COMPOSITE_EXPORT,
        };
        Ok(Self::new(octets, Some(name_type)))
    }

    /// A mechanism's name (MN).
    ///
    /// # Errors
    /// What [`MechName::display`] returns.
    pub fn of_mech(mech: Oid, name: Arc<dyn MechName>) -> Result<Self, Error> {
        let (octets, name_type) = name.display()?;
        Ok(Self {
            octets,
            name_type: Some(name_type),
            mech: Some((mech, name)),
        })
    }

    /// The octets, to be read by the type.
    #[must_use]
    pub fn as_octets(&self) -> &[u8] {
        &self.octets
    }

    /// The octets as text, for a person: what is not UTF-8 is replaced.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.octets)
    }

    /// The type, or `None` where the mechanism is to choose one.
    #[must_use]
    pub fn name_type(&self) -> Option<Oid> {
        self.name_type
    }

    /// The name's form in the mechanism `mech`, if it has been canonicalised for that one.
    #[must_use]
    pub fn mech_name(&self, mech: &Oid) -> Option<&Arc<dyn MechName>> {
        self.mech.as_ref().filter(|(of, _)| of == mech).map(|(_, name)| name)
    }

    /// The mechanism it has been canonicalised for, and its form there.
    #[must_use]
    pub fn canonical(&self) -> Option<(Oid, &Arc<dyn MechName>)> {
        self.mech.as_ref().map(|(mech, name)| (*mech, name))
    }

    /// Whether it is an exported name object, plain or composite.
    #[must_use]
    pub fn is_exported(&self) -> bool {
        matches!(self.name_type, Some(name_type::EXPORTED | name_type::COMPOSITE_EXPORT))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name_type {
            Some(name_type::ANONYMOUS) if self.octets.is_empty() => f.write_str("(anonymous)"),
            _ => f.write_str(&self.to_text()),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Name");
        out.field("octets", &self.octets.escape_ascii().to_string())
            .field("type", &self.name_type);
        if let Some((mech, _)) = &self.mech {
            out.field("mech", mech);
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests;
