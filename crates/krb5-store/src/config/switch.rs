//! The settings of `[libdefaults]` that are on or off.

use super::boolean::parse_boolean;
use super::keys;
use super::profile::Profile;
use crate::error::Error;

/// A truth value of `[libdefaults]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Switch {
    /// `allow_des3`: permit the enctypes of DES3 by default; off.
    AllowDes3,
    /// `allow_rc4`: permit arcfour-hmac by default; off.
    AllowRc4,
    /// `allow_weak_crypto`: permit weak enctypes that the lists name; off.
    AllowWeakCrypto,
    /// `client_aware_channel_bindings`: tell acceptors that bindings are supported; off.
    ClientAwareChannelBindings,
    /// `dns_lookup_kdc`: look for KDCs in the DNS; on.
    DnsLookupKdc,
    /// `dns_lookup_realm`: look for realms in the DNS; off.
    DnsLookupRealm,
    /// `dns_uri_lookup`: look for URI records before SRV records; on.
    DnsUriLookup,
    /// `enforce_ok_as_delegate`: delegate to marked services only; off.
    EnforceOkAsDelegate,
    /// `ignore_acceptor_hostname`: accept for any host; off.
    IgnoreAcceptorHostname,
    /// `k5login_authoritative`: a `.k5login` that is there alone says who may log in; on.
    K5LoginAuthoritative,
    /// `kdc_timesync`: correct the clock by what the KDC says; on.
    KdcTimesync,
    /// `rdns`: look up the names of addresses; off, unlike MIT, since it trusts the DNS.
    Rdns,
}

/// Which switches are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Switches(u32);

impl Switch {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(switch, ..)| *switch)
    }

    fn row(self) -> &'static (Self, &'static str, bool) {
        let known = TABLE.iter().find(|(switch, ..)| *switch == self);
        known.unwrap_or(&(Self::AllowWeakCrypto, "allow_weak_crypto", false))
    }

    /// Its name in `[libdefaults]`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// What it is where the configuration says nothing.
    #[must_use]
    pub fn default(self) -> bool {
        self.row().2
    }
}

impl Default for Switches {
    fn default() -> Self {
        let on = TABLE.iter().enumerate().filter(|(_, (.., default))| *default);
        Self(on.fold(0, |bits, (bit, _)| bits | mask(bit)))
    }
}

impl Switches {
    pub(super) fn read(profile: &Profile) -> Result<Self, Error> {
        let mut on = 0;
        for (bit, (_, key, default)) in TABLE.iter().enumerate() {
            let value = match keys::libdefault(profile, key) {
                None => *default,
                Some(value) => parse_boolean(value.text).ok_or_else(|| value.bad(key, "true or false"))?,
            };
            if value {
                on |= mask(bit);
            }
        }
        Ok(Self(on))
    }

    pub(super) fn is_on(self, switch: Switch) -> bool {
        let bit = TABLE.iter().position(|(other, ..)| *other == switch);
        bit.is_some_and(|bit| self.0 & mask(bit) != 0)
    }
}

fn mask(bit: usize) -> u32 {
    u32::try_from(bit)
        .ok()
        .and_then(|bit| 1_u32.checked_shl(bit))
        .unwrap_or(0)
}

const TABLE: [(Switch, &str, bool); 12] = [
    (Switch::AllowDes3, "allow_des3", false),
    (Switch::AllowRc4, "allow_rc4", false),
    (Switch::AllowWeakCrypto, "allow_weak_crypto", false),
    (
        Switch::ClientAwareChannelBindings,
        "client_aware_channel_bindings",
        false,
    ),
    (Switch::DnsLookupKdc, "dns_lookup_kdc", true),
    (Switch::DnsLookupRealm, "dns_lookup_realm", false),
    (Switch::DnsUriLookup, "dns_uri_lookup", true),
    (Switch::EnforceOkAsDelegate, "enforce_ok_as_delegate", false),
    (Switch::IgnoreAcceptorHostname, "ignore_acceptor_hostname", false),
    (Switch::K5LoginAuthoritative, "k5login_authoritative", true),
    (Switch::KdcTimesync, "kdc_timesync", true),
    (Switch::Rdns, "rdns", false),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_configuration_each_switch_has_its_default() {
        let switches = Switches::read(&Profile::default()).unwrap();
        for (switch, name, default) in TABLE {
            assert_eq!(
                (switch.name(), switch.default(), switches.is_on(switch)),
                (name, default, default)
            );
        }
    }

    #[test]
    fn each_switch_can_be_turned_alone() {
        for (switch, name, default) in TABLE {
            let profile = Profile::parse(&format!("[libdefaults]\n{name} = {}\n", !default)).unwrap();
            let switches = Switches::read(&profile).unwrap();
            for (other, _, default) in TABLE {
                assert_eq!(
                    switches.is_on(other),
                    default != (other == switch),
                    "{name} and {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_value_that_is_no_truth_value_is_an_error_with_its_line() {
        let profile = Profile::parse("[libdefaults]\n\nrdns = maybe\n").unwrap();
        let error = Switches::read(&profile).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"krb5.conf:3: rdns is "maybe", but must be true or false"#
        );
    }
}
