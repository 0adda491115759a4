//! What initial tickets are asked for with.

use std::collections::BTreeMap;
use std::time::Duration;

use super::boolean::parse_boolean;
use super::duration::parse_duration;
use super::keys;
use super::profile::{Profile, Value};
use super::settings::Settings;
use crate::error::Error;
use crate::proto::messages::KdcOptions;

/// What an initial ticket is asked for with, where nobody says otherwise.
///
/// Each value is that of `[libdefaults]`, unless the client's realm has its own:
///
/// ```text
/// [libdefaults]
///     ticket_lifetime = 10h
///     EXAMPLE.ORG = {
///         ticket_lifetime = 1h
///     }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketDefaults {
    /// `kdc_default_options`, and what `forwardable`, `proxiable` and `canonicalize` add.
    pub kdc_options: KdcOptions,
    /// `ticket_lifetime`: a day by default.
    pub lifetime: Duration,
    /// `renew_lifetime`: how long the ticket shall be renewable, if at all.
    pub renew_life: Option<Duration>,
    /// `noaddresses`: where the ticket shall be usable from.
    pub usable: Usable,
}

/// Where a ticket may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Usable {
    /// Anywhere. The default: addresses change, and are translated on the way.
    #[default]
    Anywhere,
    /// From the addresses of this machine and `extra_addresses`.
    FromThisMachine,
}

impl Settings {
    /// What initial tickets of clients in this realm are asked for with.
    #[must_use]
    pub fn ticket_defaults(&self, realm: &str) -> TicketDefaults {
        self.tickets.of(realm)
    }
}

/// The defaults of all realms, and those of single ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Tickets {
    general: TicketDefaults,
    by_realm: BTreeMap<String, TicketDefaults>,
}

impl Tickets {
    pub(super) fn read(profile: &Profile) -> Result<Self, Error> {
        let general = TicketDefaults::read(&Relations { profile, realm: None }, TicketDefaults::default())?;
        let realms = profile.subsections(&["libdefaults"]).into_iter();
        let own = |realm| {
            let relations = Relations {
                profile,
                realm: Some(realm),
            };
            Ok((realm.to_owned(), TicketDefaults::read(&relations, general)?))
        };
        Ok(Self {
            general,
            by_realm: realms.map(own).collect::<Result<_, Error>>()?,
        })
    }

    fn of(&self, realm: &str) -> TicketDefaults {
        self.by_realm.get(realm).copied().unwrap_or(self.general)
    }
}

impl TicketDefaults {
    fn read(relations: &Relations<'_>, general: Self) -> Result<Self, Error> {
        let mut kdc_options = relations.options()?.unwrap_or(general.kdc_options);
        for (key, option) in OPTIONS {
            match relations.switch(key)? {
                Some(true) => kdc_options.insert(option),
                Some(false) => kdc_options.remove(option),
                None => {}
            }
        }
        let renewable = relations.duration("renew_lifetime")?;
        Ok(Self {
            kdc_options,
            lifetime: relations.duration("ticket_lifetime")?.unwrap_or(general.lifetime),
            renew_life: renewable.map_or(general.renew_life, |life| Some(life).filter(|life| !life.is_zero())),
            usable: match relations.switch("noaddresses")? {
                Some(true) => Usable::Anywhere,
                Some(false) => Usable::FromThisMachine,
                None => general.usable,
            },
        })
    }
}

impl Default for TicketDefaults {
    /// Those of an empty configuration. `RENEWABLE_OK` is MIT's default: where a ticket cannot live as long as it is
    /// asked to, a renewable one makes up for it.
    fn default() -> Self {
        Self {
            kdc_options: KdcOptions::RENEWABLE_OK,
            lifetime: Duration::from_secs(86_400),
            renew_life: None,
            usable: Usable::Anywhere,
        }
    }
}

/// The relations of `[libdefaults]`, or of a realm within.
struct Relations<'a> {
    profile: &'a Profile,
    realm: Option<&'a str>,
}

impl<'a> Relations<'a> {
    fn value(&self, key: &str) -> Option<Value<'a>> {
        match self.realm {
            Some(realm) => keys::libdefault_of_realm(self.profile, realm, key),
            None => keys::libdefault(self.profile, key),
        }
    }

    fn switch(&self, key: &str) -> Result<Option<bool>, Error> {
        let read = |value: Value<'_>| parse_boolean(value.text).ok_or_else(|| value.bad(key, "true or false"));
        self.value(key).map(read).transpose()
    }

    fn duration(&self, key: &str) -> Result<Option<Duration>, Error> {
        let read = |value: Value<'_>| parse_duration(value.text).ok_or_else(|| value.bad(key, DURATIONS));
        self.value(key).map(read).transpose()
    }

    fn options(&self) -> Result<Option<KdcOptions>, Error> {
        let key = "kdc_default_options";
        let read = |value: Value<'_>| {
            let bits = parse_number(value.text).ok_or_else(|| value.bad(key, "a number of 32 bits such as 0x10"));
            bits.map(KdcOptions)
        };
        self.value(key).map(read).transpose()
    }
}

/// A number as C writes it: `0x` before hexadecimal digits, `0` before octal ones.
fn parse_number(text: &str) -> Option<u32> {
    let (digits, radix) = match (
        text.strip_prefix("0x").or(text.strip_prefix("0X")),
        text.strip_prefix('0'),
    ) {
        (Some(digits), _) => (digits, 16),
        (None, Some(digits)) if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

pub(super) const DURATIONS: &str = "a duration such as 300, 5m, 1d12h or 10:00:00";

const OPTIONS: [(&str, KdcOptions); 3] = [
    ("forwardable", KdcOptions::FORWARDABLE),
    ("proxiable", KdcOptions::PROXIABLE),
    ("canonicalize", KdcOptions::CANONICALIZE),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(text: &str, realm: &str) -> TicketDefaults {
        let settings = Settings::parse(&format!("[libdefaults]\n{text}\n")).unwrap();
        settings.ticket_defaults(realm)
    }

    #[test]
    fn without_configuration_tickets_last_a_day_and_may_be_renewable_instead() {
        assert_eq!(defaults("", "R"), TicketDefaults::default());
        assert_eq!(Settings::default().ticket_defaults("R"), TicketDefaults::default());
        assert_eq!(TicketDefaults::default().kdc_options.bits(), 0x10);
    }

    #[test]
    fn i70_a_realm_overrides_what_all_realms_have() {
        let text = "forwardable = true\nticket_lifetime = 10h\nrenew_lifetime = 7d\n\
                    R = {\nticket_lifetime = 1h\nrenew_lifetime = 0\nforwardable = false\nproxiable = true\nnoaddresses = no\n}";
        let (own, other) = (defaults(text, "R"), defaults(text, "S"));
        assert_eq!((own.lifetime.as_secs(), other.lifetime.as_secs()), (3600, 36_000));
        assert_eq!(
            (own.renew_life, other.renew_life),
            (None, Some(Duration::from_secs(604_800)))
        );
        let base = KdcOptions::RENEWABLE_OK;
        assert_eq!(own.kdc_options, base | KdcOptions::PROXIABLE);
        assert_eq!(other.kdc_options, base | KdcOptions::FORWARDABLE);
        assert_eq!((own.usable, other.usable), (Usable::FromThisMachine, Usable::Anywhere));
    }

    #[test]
    fn options_of_the_kdc_are_numbers_in_the_notations_of_c() {
        for (text, bits) in [
            ("0x40000010", 0x4000_0010),
            ("16", 16),
            ("020", 16),
            ("0", 0),
            ("0XfF", 255),
        ] {
            let found = defaults(&format!("kdc_default_options = {text}"), "R");
            assert_eq!(found.kdc_options.bits(), bits, "{text}");
        }
        for text in ["", "0x", "forwardable", "-1", "0x100000000", "+1", "0x+1"] {
            let error = Settings::parse(&format!("[libdefaults]\nkdc_default_options = \"{text}\"\n"));
            assert!(error.is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_realm_says_wrong_is_an_error_with_its_line() {
        let error = Settings::parse("[libdefaults]\nR = {\n forwardable = 7\n}\n").unwrap_err();
        assert!(
            error.to_string().starts_with("krb5.conf:3: forwardable is \"7\""),
            "{error}"
        );
    }
}
