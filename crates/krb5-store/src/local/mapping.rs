//! From a principal to a local name.

use std::fmt;

use crate::config::{Origin, Settings, Value};
use crate::error::Error;
use crate::proto::{NameType, Principal};

use super::rule::{Rule, RuleFault, selection};

/// The local name that `settings` give a principal: that of `auth_to_local_names`, else that of the first rule of
/// `auth_to_local` that applies, both of the default realm. Where there are no rules, `DEFAULT` is the only one.
///
/// | rule | gives |
/// |---|---|
/// | `RULE:…` | what the [`Rule`] makes of the principal. Without a selection `[n:…]`, in which the realm can be told, it is for principals of the default realm only |
/// | `DEFAULT`, `HEIMDAL_DEFAULT` | `user` for `user@DEFAULT.REALM`: one component, of the default realm |
/// | `NONE` | nothing; further rules are not looked at (Heimdal's) |
///
/// A name is never made of an anonymous or another well-known principal, nor one that is empty, longer than 255 octets
/// or that holds what would make a path of it: `/`, NUL, control characters, or nothing but dots. Rules are not applied
/// to principals of which a part holds `@`, `/` or a control character: texts made of the parts could then pass for
/// other principals'.
///
/// # Errors
/// [`Error::LocalRule`] for a rule that makes no sense, once it would count.
pub fn local_name(settings: &Settings, principal: &Principal) -> Result<Mapping, Error> {
    let no = |reason| {
        Ok(Mapping::Nobody(NoLocalName {
            principal: Box::new(principal.clone()),
            reason,
        }))
    };
    if is_well_known(principal) {
        return no(Reason::WellKnown);
    }
    let Some(realm) = settings.default_realm() else {
        return no(Reason::NoDefaultRealm);
    };
    let finder = Finder {
        settings,
        principal,
        realm,
    };
    match finder.find()? {
        Some(found) if is_usable(&found.name) => Ok(Mapping::User(found)),
        Some(found) => no(Reason::Unusable(found.name)),
        None if !finder.is_local() => no(Reason::OtherRealm),
        None => no(Reason::NoRule),
    }
}

/// What a principal is on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// A user, who need not exist.
    User(LocalName),
    /// Nobody.
    Nobody(NoLocalName),
}

/// A principal's local name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalName {
    /// The name.
    pub name: String,
    /// Where the configuration says so; without it, it is by default.
    pub origin: Option<Origin>,
}

/// A principal without a local name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{principal} is no user here: {reason}")]
pub struct NoLocalName {
    /// Who.
    pub principal: Box<Principal>,
    /// Why.
    pub reason: Reason,
}

/// Why a principal has no local name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no default realm whose users could be those of this machine.
    NoDefaultRealm,
    /// No rule is for it.
    NoRule,
    /// It is of another realm, and no rule is for it.
    OtherRealm,
    /// The rules make a name of it that no user can have.
    Unusable(String),
    /// It is nobody in particular, or of fixed meaning.
    WellKnown,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDefaultRealm => f.write_str("there is no default realm; set default_realm in krb5.conf"),
            Self::NoRule => f.write_str("no rule is for it; auth_to_local in krb5.conf can have one"),
            Self::OtherRealm => {
                f.write_str("it is not of the default realm; auth_to_local in krb5.conf can have a rule for its realm")
            }
            Self::Unusable(name) => write!(f, "the rules make {name:?} of it, which is no user's name"),
            Self::WellKnown => f.write_str("well-known principals, such as the anonymous one, are not users"),
        }
    }
}

/// One question.
struct Finder<'a> {
    settings: &'a Settings,
    principal: &'a Principal,
    /// The default one.
    realm: &'a str,
}

impl Finder<'_> {
    fn find(&self) -> Result<Option<LocalName>, Error> {
        if let Some(found) = self.by_name() {
            return Ok(Some(found));
        }
        let rules = self.settings.auth_to_local(self.realm);
        if rules.is_empty() {
            return Ok(self.by_default(None));
        }
        for rule in &rules {
            let outcome = self.by_rule(rule).map_err(|fault| Error::LocalRule {
                origin: rule.origin.clone(),
                rule: rule.text.to_owned(),
                fault,
            })?;
            match outcome {
                Outcome::Next => {}
                Outcome::Stop => return Ok(None),
                Outcome::Found(name) => return Ok(Some(name)),
            }
        }
        Ok(None)
    }

    /// MIT looks at the entries for principals of every realm.
    fn by_name(&self) -> Option<LocalName> {
        let name = self.principal.name.to_octets();
        let name = std::str::from_utf8(&name).ok().filter(|_| self.is_local())?;
        let found = self.settings.auth_to_local_name(self.realm, name)?;
        Some(LocalName {
            name: found.text.to_owned(),
            origin: Some(found.origin.clone()),
        })
    }

    fn by_rule(&self, rule: &Value<'_>) -> Result<Outcome, RuleFault> {
        let (kind, residual) = match rule.text.split_once(':') {
            Some((kind, residual)) => (kind, Some(residual)),
            None => (rule.text, None),
        };
        let found = match (kind, residual) {
            ("RULE", Some(text)) => self.by_expression(text)?.map(|name| LocalName {
                name,
                origin: Some(rule.origin.clone()),
            }),
            ("DEFAULT" | "HEIMDAL_DEFAULT", None) => self.by_default(Some(rule.origin)),
            ("NONE", None) => return Ok(Outcome::Stop),
            _ => return Err(RuleFault::Type),
        };
        Ok(found.map_or(Outcome::Next, Outcome::Found))
    }

    fn by_expression(&self, text: &str) -> Result<Option<String>, RuleFault> {
        let (selection, rest) = selection(text)?;
        let tells_the_realm = text.starts_with('[');
        if !selection.is_for(self.principal) || !(tells_the_realm || self.is_local()) {
            return Ok(None);
        }
        let rule = Rule::of(selection, rest)?;
        Ok(Some(self.principal)
            .filter(|principal| is_plain(principal))
            .and_then(|plain| rule.apply(plain)))
    }

    fn by_default(&self, origin: Option<&Origin>) -> Option<LocalName> {
        let [name] = self.principal.name.components.as_slice() else {
            return None;
        };
        let name = name.as_str().filter(|_| self.is_local() && is_plain(self.principal))?;
        Some(LocalName {
            name: name.to_owned(),
            origin: origin.cloned(),
        })
    }

    fn is_local(&self) -> bool {
        self.principal.realm == self.realm
    }
}

/// What comes after a rule.
enum Outcome {
    Next,
    Stop,
    Found(LocalName),
}

/// RFC 6111: names that start with WELLKNOWN, and realms that start with WELLKNOWN:, are nobody's own.
pub(super) fn is_well_known(principal: &Principal) -> bool {
    let first = principal.name.components.first();
    principal.name.name_type == NameType::WELLKNOWN
        || first.is_some_and(|first| *first == "WELLKNOWN")
        || principal.realm.starts_with(b"WELLKNOWN:")
}

/// Whether texts made of the parts of a principal can be taken apart again.
fn is_plain(principal: &Principal) -> bool {
    let plain = |part: &[u8]| {
        let text = std::str::from_utf8(part).unwrap_or("\0");
        !text.contains(|c: char| c.is_control() || matches!(c, '@' | '/'))
    };
    plain(&principal.realm) && principal.name.components.iter().all(|component| plain(component))
}

/// Whether a user can have this name.
pub(super) fn is_usable(name: &str) -> bool {
    let only_dots = name.chars().all(|c| c == '.');
    !only_dots && name.len() <= MAX_NAME && !name.contains(|c: char| c == '/' || c.is_control())
}

/// LOGIN_NAME_MAX without its NUL.
const MAX_NAME: usize = 255;

#[cfg(test)]
mod tests;
