//! Users and services as the GSS-API sees them.

use std::sync::Arc;

use gss_core::exported_name::{ExportedName, Form};
use gss_core::{Error, MechName, Name, Oid, Result, name_type};

use crate::error::{NameFault, NtlmError};
use crate::utf16;
use crate::{AccountName, NTLM};

/// The types of names that can be imported.
pub(crate) const NAME_TYPES: [Oid; 5] = [
    name_type::HOSTBASED_SERVICE,
    name_type::HOSTBASED_SERVICE_X,
    name_type::USER,
    name_type::ANONYMOUS,
    name_type::EXPORTED,
];

/// A name of NTLM's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NtlmName {
    /// Nobody in particular.
    Anonymous,
    /// A service, as in `HTTP@www.example.com`.
    Service {
        /// Such as `HTTP`.
        service: String,
        /// Where it runs, if that is said.
        host: Option<String>,
    },
    /// A user. As text, `DOMAIN\user`, `user@DOMAIN`, or `user` alone; as gss-ntlmssp has it, a `\` before an `@` makes the
    /// latter a part of the user: `user\@example.com` and `\user@example.com` are one user principal name.
    User(AccountName),
}

impl NtlmName {
    /// Reads a name of any type that NTLM knows.
    ///
    /// # Errors
    /// [`NtlmError::Name`].
    pub(crate) fn import(name: &Name) -> Result<Self, NtlmError> {
        if let Some(known) = name.mech_name(&NTLM).and_then(|name| name.downcast_ref::<Self>()) {
            return Ok(known.clone());
        }
        let bad = |fault| NtlmError::Name {
            name: name.to_text().into_owned(),
            fault,
        };
        if name.name_type() == Some(name_type::ANONYMOUS) {
            return Ok(Self::Anonymous);
        }
        if name.name_type() == Some(name_type::EXPORTED) {
            return exported(name.as_octets()).map_err(bad);
        }
        let text = text(name.as_octets()).map_err(bad)?;
        match name.name_type() {
            Some(name_type::HOSTBASED_SERVICE | name_type::HOSTBASED_SERVICE_X) => service(text),
            None | Some(name_type::USER) => account(text).map(Self::User),
            Some(_) => Err(NameFault::Type),
        }
        .map_err(bad)
    }

    /// The service principal name of a target, as MsvAvTargetName has it: `HTTP/www.example.com`.
    pub(crate) fn spn(&self) -> Option<String> {
        match self {
            Self::Service { service, host } => Some(match host {
                Some(host) => format!("{service}/{host}"),
                None => service.clone(),
            }),
            Self::Anonymous | Self::User(_) => None,
        }
    }
}

impl MechName for NtlmName {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        Ok(match self {
            Self::Anonymous => (Vec::new(), name_type::ANONYMOUS),
            Self::Service { service, host } => {
                let text = match host {
                    Some(host) => format!("{service}@{host}"),
                    None => service.clone(),
                };
                (text.into_bytes(), name_type::HOSTBASED_SERVICE)
            }
            Self::User(account) => (shown(account).into_bytes(), name_type::USER),
        })
    }

    /// `DOMAIN\user` or `service@host` after an octet that tells which, in upper case: Windows compares names without
    /// regard to it, and equal names have equal octets.
    fn export(&self) -> Result<Vec<u8>> {
        let (kind, text) = match self {
            Self::Anonymous => return Err(Error::UNAVAILABLE),
            Self::Service { service, host } => {
                let host = host.as_deref().unwrap_or_default();
                (SERVICE, format!("{service}@{host}"))
            }
            Self::User(account) => (USER, format!("{}\\{}", account.domain, account.user)),
        };
        let name = [&[kind], upper(&text).as_bytes()].concat();
        let exported = ExportedName {
            form: Form::Plain,
            mech: NTLM,
            name: &name,
        };
        Ok(exported.to_octets()?)
    }

    fn same(&self, other: &dyn MechName) -> Result<bool> {
        let Some(other) = other.downcast_ref::<Self>() else {
            return Ok(false);
        };
        Ok(match (self.export(), other.export()) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            _ => false,
        })
    }
}

/// From who was authenticated.
pub(crate) fn of_account(account: AccountName) -> Arc<dyn MechName> {
    Arc::new(NtlmName::User(account))
}

/// Such that it is read as the same again.
fn shown(account: &AccountName) -> String {
    let plain = !account.user.contains(['@', '\\']);
    if account.domain.is_empty() && plain {
        account.user.clone()
    } else {
        format!("{}\\{}", account.domain, account.user)
    }
}

/// Reads `DOMAIN\user`, `user@DOMAIN`, `user\@example.com` and their likes.
pub(crate) fn account(text: &str) -> Result<AccountName, NameFault> {
    let parsed = match text.split_once('\\') {
        Some((user, rest)) if rest.starts_with('@') => escaped(user, rest)?,
        Some((domain, user)) => AccountName::new(user, domain),
        None => match text.rsplit_once('@') {
            Some((user, _)) if user.contains('@') => return Err(NameFault::Separators),
            Some((_, "")) => return Err(NameFault::Empty),
            Some((user, domain)) => AccountName::new(user, domain),
            None => AccountName::new(text, ""),
        },
    };
    match parsed {
        parsed if parsed.user.is_empty() => Err(NameFault::Empty),
        // A domain of one look and another meaning.
        parsed if parsed.user.contains('\\') => Err(NameFault::Separators),
        parsed => Ok(parsed),
    }
}

/// What follows `user\`: `@example.com`, perhaps with `@DOMAIN` behind it.
fn escaped(user: &str, rest: &str) -> Result<AccountName, NameFault> {
    let unescaped = rest.strip_prefix('@').unwrap_or(rest);
    if user.is_empty() || user.contains('@') {
        return Err(NameFault::Separators);
    }
    match unescaped.split_once('@') {
        None => Ok(AccountName::new(format!("{user}@{unescaped}"), "")),
        Some((_, domain)) if domain.contains('@') => Err(NameFault::Separators),
        Some((suffix, domain)) => Ok(AccountName::new(format!("{user}@{suffix}"), domain)),
    }
}

fn service(text: &str) -> Result<NtlmName, NameFault> {
    let (service, host) = text.split_once('@').unwrap_or((text, ""));
    if service.is_empty() {
        return Err(NameFault::Empty);
    }
    if service.contains('/') || host.contains('@') {
        return Err(NameFault::Separators);
    }
    Ok(NtlmName::Service {
        service: service.to_owned(),
        host: Some(host.to_owned()).filter(|host| !host.is_empty()),
    })
}

fn text(octets: &[u8]) -> Result<&str, NameFault> {
    let text = std::str::from_utf8(octets).map_err(|_| NameFault::NotText)?;
    match text {
        "" => Err(NameFault::Empty),
        text if text.contains('\0') => Err(NameFault::NotText),
        text => Ok(text),
    }
}

fn exported(octets: &[u8]) -> Result<NtlmName, NameFault> {
    let exported = ExportedName::parse(octets).map_err(|_| NameFault::NotText)?;
    match (exported.mech, exported.name) {
        (NTLM, [USER, name @ ..]) => {
            let (domain, user) = text(name)?.split_once('\\').ok_or(NameFault::Empty)?;
            match user {
                "" => Err(NameFault::Empty),
                user => Ok(NtlmName::User(AccountName::new(user, domain))),
            }
        }
        (NTLM, [SERVICE, name @ ..]) => service(text(name)?),
        _ => Err(NameFault::Type),
    }
}

/// Upper case, letter by letter. What comes out is text whenever text goes in.
pub(crate) fn upper(text: &str) -> String {
    let units: Vec<u16> = utf16::upper_case(text).collect();
    String::from_utf16_lossy(&units)
}

const USER: u8 = 1;
const SERVICE: u8 = 2;

#[cfg(test)]
mod tests;
