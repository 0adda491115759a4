//! What of a configuration counts, and where it stands.

use std::time::Duration;

use super::expand::PathTokens;
use super::hosts::{HostCanonicalization, Suffix};
use super::keys::{self, Effect, KEYS, Key, Place};
use super::profile::{Origin, Profile, Value};
use super::settings::Settings;
use super::switch::Switch;
use super::ticket_defaults::{TicketDefaults, Usable};
use crate::proto::crypto::Enctype;
use crate::proto::messages::KdcOptions;

/// A setting: what it is, what counts, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<'a> {
    /// The section, the names of braces within, and the key.
    pub path: Vec<&'a str>,
    /// What counts, in one spelling for all; or what stands there, where that has no effect.
    pub value: String,
    /// Where it stands; `None` for a default.
    pub origin: Option<&'a Origin>,
    /// What becomes of it.
    pub standing: Standing,
}

/// What becomes of a relation that stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It counts.
    Effective,
    /// Another one before it counts instead.
    Overridden,
    /// It is known and has no effect, for this reason.
    Without(&'static str),
    /// Nobody knows what it is.
    Unknown,
}

impl Settings {
    /// Every setting: those of `[libdefaults]` with their defaults, and whatever else stands in the configuration.
    #[must_use]
    pub fn effective(&self, tokens: &PathTokens) -> Vec<Setting<'_>> {
        let mut settings = self.libdefaults(tokens);
        let mut stand = Vec::new();
        collect(self.profile(), &mut Vec::new(), &mut stand);
        for (path, value) in stand {
            let standing = standing(&path);
            let first = self.profile().value(&path).map(|first| first.origin) == Some(value.origin);
            let listed = self.listed(&path);
            if listed == Some(value.origin) {
                continue;
            }
            let first = first && listed.is_none();
            settings.push(Setting {
                standing: if first || standing != Standing::Effective || accumulates(&path) {
                    standing
                } else {
                    Standing::Overridden
                },
                value: value.text.to_owned(),
                origin: Some(value.origin),
                path,
            });
        }
        settings
    }

    /// Where the value stands that counts for this key of `[libdefaults]`, which is listed with all of them.
    fn listed(&self, path: &[&str]) -> Option<&Origin> {
        let ["libdefaults", name] = path else { return None };
        let key = Key::of_libdefaults(name).filter(|key| key.effect == Effect::Effective)?;
        keys::libdefault(self.profile(), key.name).map(|value| value.origin)
    }

    fn libdefaults(&self, tokens: &PathTokens) -> Vec<Setting<'_>> {
        let effective = KEYS
            .iter()
            .filter(|key| key.place != Place::Realm && key.effect == Effect::Effective);
        let setting = |key: &'static Key| Setting {
            path: vec!["libdefaults", key.name],
            value: self.text(key.name, tokens),
            origin: keys::libdefault(self.profile(), key.name).map(|value| value.origin),
            standing: Standing::Effective,
        };
        effective.map(setting).collect()
    }

    /// What counts for a key of `[libdefaults]`.
    fn text(&self, key: &str, tokens: &PathTokens) -> String {
        if let Some(switch) = Switch::all().find(|switch| switch.name() == key) {
            return self.is_on(switch).to_string();
        }
        if let Some(text) = of_tickets(key, &self.ticket_defaults("")) {
            return text;
        }
        let name = |name: Result<String, crate::Error>| name.unwrap_or_else(|error| error.to_string());
        match key {
            "ccache_type" => self.ccache_version().to_string(),
            "clockskew" => spelled(self.clockskew()),
            "default_ccache_name" => name(self.default_ccache_name(tokens)),
            "default_client_keytab_name" => name(self.default_client_keytab_name(tokens)),
            "default_keytab_name" => name(self.default_keytab_name(tokens)),
            "default_rcache_name" => {
                let given = self.default_rcache_name(tokens);
                name(given.map(|given| given.unwrap_or_else(|| "dfl:".to_owned())))
            }
            "default_tgs_enctypes" => names(self.default_tgs_enctypes()),
            "default_tkt_enctypes" => names(self.default_tkt_enctypes()),
            "dns_canonicalize_hostname" => match self.dns_canonicalize_hostname() {
                HostCanonicalization::Fallback => "fallback".to_owned(),
                HostCanonicalization::Never => "false".to_owned(),
                HostCanonicalization::Always => "true".to_owned(),
            },
            "permitted_enctypes" => names(self.permitted_enctypes()),
            "qualify_shortname" => match self.qualify_shortname() {
                Suffix::OfTheSystem => "(the system's search domain)".to_owned(),
                Suffix::Domain(domain) => domain.to_owned(),
                Suffix::None => "(none)".to_owned(),
            },
            "realm_try_domains" => self
                .realm_try_domains()
                .map_or("-1".to_owned(), |tried| tried.to_string()),
            "request_timeout" => spelled(self.request_timeout()),
            "warn_pwexpire" => spelled(self.warn_pwexpire()),
            "udp_preference_limit" => self.udp_preference_limit().to_string(),
            other => {
                let default = Key::of_libdefaults(other).map_or("", |key| key.default);
                self.libdefault(other).unwrap_or(default).to_owned()
            }
        }
    }
}

/// What counts for a key that realms may override, without any.
fn of_tickets(key: &str, defaults: &TicketDefaults) -> Option<String> {
    let has = |option| defaults.kdc_options.contains(option).to_string();
    Some(match key {
        "canonicalize" => has(KdcOptions::CANONICALIZE),
        "forwardable" => has(KdcOptions::FORWARDABLE),
        "kdc_default_options" => format!("{:#010x}", defaults.kdc_options.bits()),
        "noaddresses" => (defaults.usable == Usable::Anywhere).to_string(),
        "proxiable" => has(KdcOptions::PROXIABLE),
        "renew_lifetime" => spelled(defaults.renew_life.unwrap_or_default()),
        "ticket_lifetime" => spelled(defaults.lifetime),
        _ => return None,
    })
}

/// Every relation with its path, as it stands.
fn collect<'a>(profile: &'a Profile, path: &mut Vec<&'a str>, found: &mut Vec<(Vec<&'a str>, Value<'a>)>) {
    for (name, value) in profile.relations(path) {
        found.push(([path.as_slice(), &[name]].concat(), value));
    }
    for name in profile.subsections(path) {
        path.push(name);
        collect(profile, path, found);
        path.pop();
    }
}

fn standing(path: &[&str]) -> Standing {
    let of = |key: Option<&Key>| match key.map(|key| key.effect) {
        Some(Effect::Effective) => Standing::Effective,
        Some(Effect::Without(reason)) => Standing::Without(reason),
        None => Standing::Unknown,
    };
    match path {
        ["realms", _, key] if key.starts_with("pkinit_") => Standing::Without("PKINIT is not implemented"),
        ["libdefaults", key] | ["libdefaults", _, key] if key.starts_with("pkinit_") => {
            Standing::Without("PKINIT is not implemented")
        }
        ["libdefaults", "capath", ..] => Standing::Without("paths are read from [capaths]"),
        ["libdefaults", "v4_name_convert", ..] | ["realms", _, "v4_name_convert" | "v4_instance_convert", ..] => {
            Standing::Without("Kerberos 4 is not supported")
        }
        ["libdefaults", key] => of(Key::of_libdefaults(key)),
        ["libdefaults", _, key] => of(Key::of_libdefaults_realm(key)),
        ["realms", _, key] => of(Key::of_realm(key)),
        ["realms", _, "auth_to_local_names", _] | ["domain_realm", _] | ["capaths", _, _] => Standing::Effective,
        ["appdefaults", ..] => Standing::Effective,
        ["plugins", ..] => Standing::Without("there are no plugins: everything is built in"),
        ["logging" | "kdcdefaults" | "dbdefaults" | "dbmodules", ..] => {
            Standing::Without("it concerns MIT's KDC and daemons")
        }
        ["kadmin" | "kcm" | "kdc" | "password_quality", ..] => {
            Standing::Without("it concerns Heimdal's KDC and daemons")
        }
        ["gssapi", ..] => Standing::Without("it concerns old peers of Heimdal's library"),
        _ => Standing::Unknown,
    }
}

/// Whether all values of a key count, not only the first.
fn accumulates(path: &[&str]) -> bool {
    const LISTS: [&str; 8] = [
        "admin_server",
        "auth_to_local",
        "http_anchors",
        "kdc",
        "kpasswd_server",
        "master_kdc",
        "primary_kdc",
        "extra_addresses",
    ];
    matches!(path.first(), Some(&"capaths")) || path.last().is_some_and(|key| LISTS.contains(key))
}

fn names(enctypes: &[Enctype]) -> String {
    let names: Vec<&str> = enctypes.iter().map(|enctype| enctype.name()).collect();
    names.join(" ")
}

/// `1d2h3m4s`, without the parts that are zero.
fn spelled(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, size) in [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)] {
        let count = rest.checked_div(size).unwrap_or(0);
        rest = rest.checked_rem(size).unwrap_or(0);
        if count > 0 || unit == 's' && text.is_empty() {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests;
