//! Kerberos names as the GSS-API sees them: principals, and services on hosts whose realm may be open.

use std::sync::Arc;

use gss_core::exported_name::{ExportedName, Form};
use gss_core::{Error, MechName, Name, Oid, Result, name_type};
use krb5_proto::{Component, NameType, Principal, PrincipalName, Realm};
use krb5_store::config::Settings;

use crate::KRB5;
use crate::error::{KerberosError, NameFault};
use crate::host::Host;

#[cfg(test)]
mod tests;

/// The types of names that can be imported.
pub(crate) const NAME_TYPES: [Oid; 9] = [
    name_type::HOSTBASED_SERVICE,
    name_type::HOSTBASED_SERVICE_X,
    name_type::USER,
    name_type::KRB5_PRINCIPAL,
    name_type::KRB5_ENTERPRISE,
    name_type::ANONYMOUS,
    name_type::EXPORTED,
    name_type::COMPOSITE_EXPORT,
    KRB5_NAME_V2,
];

/// `gss_nt_krb5_name` as RFC 1964 numbered it first; some programs still pass it.
const KRB5_NAME_V2: Oid = gss_core::oid!("1.2.840.113554.1.2.2.2");

/// A Kerberos name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KerberosName {
    /// WELLKNOWN/ANONYMOUS, RFC 8062.
    Anonymous,
    /// A principal.
    Principal(Principal),
    /// A host-based service. An acceptor takes it as a pattern: any host if there is none, any realm.
    Service(Service),
}

/// A service, perhaps on a host, perhaps of a known realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Such as `HTTP`.
    pub service: String,
    /// In lower case, without a final dot; perhaps with a port.
    pub host: Option<String>,
    /// The realm of the host, where the configuration tells, or else the default one.
    pub realm: Option<Realm>,
}

impl KerberosName {
    /// Reads a name of any type that Kerberos knows. `settings` give the realm where the name has none.
    ///
    /// # Errors
    /// [`KerberosError::Name`].
    pub(crate) fn import(name: &Name, settings: &Settings) -> Result<Self, KerberosError> {
        if let Some(known) = name.mech_name(&KRB5).and_then(|name| name.downcast_ref::<Self>()) {
            return Ok(known.clone());
        }
        let bad = |reason| KerberosError::Name {
            name: name.to_text().into_owned(),
            reason,
        };
        let octets = name.as_octets();
        match name.name_type() {
            Some(name_type::ANONYMOUS) => return Ok(Self::Anonymous),
            Some(name_type::EXPORTED | name_type::COMPOSITE_EXPORT) => return exported(octets).map_err(bad),
            _ => {}
        }
        let text = std::str::from_utf8(octets).map_err(|_| bad(NameFault::NotText))?;
        match name.name_type() {
            Some(name_type::HOSTBASED_SERVICE | name_type::HOSTBASED_SERVICE_X) => {
                Service::parse(text, settings).map(Self::Service).map_err(bad)
            }
            Some(name_type::KRB5_ENTERPRISE) => enterprise(text, settings).map_err(bad),
            None | Some(name_type::USER | name_type::KRB5_PRINCIPAL | KRB5_NAME_V2) => {
                principal(text, settings).map_err(bad)
            }
            Some(_) => Err(bad(NameFault::Type)),
        }
    }

    /// From a principal, such as a ticket's client.
    pub(crate) fn of(principal: Principal) -> Arc<dyn MechName> {
        let anonymous = principal.name == anonymous_name();
        Arc::new(if anonymous {
            Self::Anonymous
        } else {
            Self::Principal(principal)
        })
    }

    /// The principal that it names as the target of a context or as a client.
    ///
    /// # Errors
    /// [`KerberosError::Name`] if a service lacks a host or a realm.
    pub(crate) fn principal(&self) -> Result<Principal, KerberosError> {
        match self {
            Self::Anonymous => Ok(anonymous()),
            Self::Principal(principal) => Ok(principal.clone()),
            Self::Service(service) => service.principal(),
        }
    }
}

impl MechName for KerberosName {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        match self {
            Self::Anonymous => Ok((anonymous().to_string().into_bytes(), name_type::ANONYMOUS)),
            Self::Principal(principal) => Ok((principal.to_string().into_bytes(), name_type::KRB5_PRINCIPAL)),
            Self::Service(service) => match service.principal() {
                Ok(principal) => Ok((principal.to_string().into_bytes(), name_type::KRB5_PRINCIPAL)),
                Err(_) => Ok((service.to_text().into_bytes(), name_type::HOSTBASED_SERVICE)),
            },
        }
    }

    fn export(&self) -> Result<Vec<u8>> {
        if *self == Self::Anonymous {
            return Err(Error::UNAVAILABLE);
        }
        let principal = self.principal()?;
        whole(&principal).map_err(|reason| KerberosError::Name {
            name: principal.to_string(),
            reason,
        })?;
        let exported = ExportedName {
            form: Form::Plain,
            mech: KRB5,
            name: &principal.to_octets(),
        };
        Ok(exported.to_octets()?)
    }

    fn same(&self, other: &dyn MechName) -> Result<bool> {
        let Some(other) = other.downcast_ref::<Self>() else {
            return Ok(false);
        };
        Ok(match (self, other) {
            (Self::Anonymous, _) | (_, Self::Anonymous) => false,
            (Self::Service(ours), Self::Service(theirs)) => ours == theirs,
            _ => matches!((self.principal(), other.principal()), (Ok(ours), Ok(theirs)) if ours == theirs),
        })
    }
}

impl Service {
    /// Reads `service@host` or `service`.
    fn parse(text: &str, settings: &Settings) -> Result<Self, NameFault> {
        // I-55: callers write a final dot, a lone `@`, capitals.
        let (service, host) = text.split_once('@').unwrap_or((text, ""));
        if service.is_empty() || service.contains('/') {
            return Err(NameFault::Empty);
        }
        let host = Host::parse(host);
        let realm = settings.realm_of_host(host.name()).or(settings.default_realm());
        Ok(Self {
            service: service.to_owned(),
            host: Some(host.instance()).filter(|host| !host.is_empty()),
            realm: realm.map(Realm::from),
        })
    }

    fn principal(&self) -> Result<Principal, KerberosError> {
        let bad = |reason| KerberosError::Name {
            name: self.to_text(),
            reason,
        };
        let host = self.host.as_deref().ok_or_else(|| bad(NameFault::NoHost))?;
        let realm = self.realm.clone().ok_or_else(|| bad(NameFault::NoRealm))?;
        Ok(Principal::service(&self.service, host, realm))
    }

    /// `service@host`, or `service` alone.
    pub(crate) fn to_text(&self) -> String {
        match &self.host {
            Some(host) => format!("{}@{host}", self.service),
            None => self.service.clone(),
        }
    }
}

/// WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS, RFC 8062 §3.
fn anonymous() -> Principal {
    Principal::new("WELLKNOWN:ANONYMOUS", anonymous_name())
}

fn anonymous_name() -> PrincipalName {
    PrincipalName::new(NameType::WELLKNOWN, ["WELLKNOWN", "ANONYMOUS"])
}

fn principal(text: &str, settings: &Settings) -> Result<KerberosName, NameFault> {
    let default = settings.default_realm().map(Realm::from);
    Ok(KerberosName::Principal(Principal::parse(text, default.as_ref())?))
}

fn enterprise(text: &str, settings: &Settings) -> Result<KerberosName, NameFault> {
    if text.is_empty() {
        return Err(NameFault::Empty);
    }
    let realm = settings.default_realm().ok_or(NameFault::NoRealm)?;
    let name = PrincipalName::new(NameType::ENTERPRISE, [Component::from(text)]);
    Ok(KerberosName::Principal(Principal::new(realm, name)))
}

/// The principal in an exported name object, RFC 1964 §2.1.1: it always has its realm. Access lists compare exported
/// names octet by octet, so that a principal has one only.
fn exported(octets: &[u8]) -> Result<KerberosName, NameFault> {
    let exported = ExportedName::parse(octets).map_err(|_| NameFault::NotCanonical)?;
    if exported.mech != KRB5 {
        return Err(NameFault::ForeignExport(Box::new(exported.mech)));
    }
    let principal = Principal::parse_octets(exported.name, None)?;
    whole(&principal)?;
    if principal.to_octets() != exported.name {
        return Err(NameFault::NotCanonical);
    }
    Ok(KerberosName::Principal(principal))
}

/// Without components, or with empty ones, two principals may have one form.
fn whole(principal: &Principal) -> Result<(), NameFault> {
    let components = &principal.name.components;
    if principal.realm.is_empty() || components.is_empty() || components.iter().any(|component| component.is_empty()) {
        return Err(NameFault::Empty);
    }
    Ok(())
}
