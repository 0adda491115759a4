//! What the configuration means.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use super::addresses;
use super::duration::parse_duration;
use super::enctypes::EnctypeLists;
use super::expand::PathTokens;
use super::files::Files;
use super::hosts::HostNames;
use super::kdc::{KDC_FORMS, KdcAddress};
use super::keys;
use super::profile::Profile;
use super::switch::{Switch, Switches};
use super::ticket_defaults::{DURATIONS, Tickets};
use crate::error::Error;
use crate::proto::crypto::Enctype;

/// The settings of a `krb5.conf`, with the defaults for what it does not say.
///
/// Keys that are not known are ignored; values that cannot be understood are errors.
///
/// ```
/// let settings = krb5_store::config::Settings::parse("
/// [libdefaults]
///     default_realm = EXAMPLE.ORG
///     clockskew = 2m
/// [realms]
///     EXAMPLE.ORG = {
///         kdc = kdc.example.org:88
///     }
/// ")?;
/// assert_eq!(settings.default_realm(), Some("EXAMPLE.ORG"));
/// assert_eq!(settings.clockskew().as_secs(), 120);
/// assert_eq!(settings.kdcs("EXAMPLE.ORG")?[0].host, "kdc.example.org");
/// # Ok::<(), krb5_store::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    profile: Profile,
    switches: Switches,
    pub(super) hostnames: HostNames,
    pub(super) tickets: Tickets,
    pub(super) extra_addresses: Vec<IpAddr>,
    clockskew: Duration,
    ccache_version: u8,
    request_timeout: Duration,
    warn_pwexpire: Duration,
    udp_preference_limit: usize,
    enctypes: EnctypeLists,
}

impl Settings {
    /// From text alone.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::ConfigValue`], with the line.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::from_profile(Profile::parse(text)?)
    }

    /// From files and directories, such as `KRB5_CONFIG` lists; see [`Profile::load`].
    ///
    /// # Errors
    /// [`Error::ConfigMissing`], or what is wrong in the files, with file and line.
    pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Self, Error> {
        Self::from_profile(Profile::load(paths)?)
    }

    /// As [`Settings::load`], from other files than those of the operating system.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_from<P: AsRef<Path>>(files: &dyn Files, paths: &[P]) -> Result<Self, Error> {
        Self::from_profile(Profile::load_from(files, paths)?)
    }

    /// From a profile.
    ///
    /// # Errors
    /// [`Error::ConfigValue`] for a value that cannot be understood.
    pub fn from_profile(profile: Profile) -> Result<Self, Error> {
        Ok(Self {
            switches: Switches::read(&profile)?,
            hostnames: HostNames::read(&profile)?,
            tickets: Tickets::read(&profile)?,
            extra_addresses: addresses::read(&profile)?,
            clockskew: duration(&profile, "clockskew", CLOCKSKEW)?,
            ccache_version: ccache_version(&profile)?,
            request_timeout: duration(&profile, "request_timeout", REQUEST_TIMEOUT)?,
            warn_pwexpire: duration(&profile, "warn_pwexpire", WARN_PWEXPIRE)?,
            udp_preference_limit: udp_preference_limit(&profile)?,
            enctypes: EnctypeLists::read(&profile)?,
            profile,
        })
    }

    /// The configuration as written, for what has no method here.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// `default_realm`.
    #[must_use]
    pub fn default_realm(&self) -> Option<&str> {
        self.libdefault("default_realm")
    }

    /// The KDCs of a realm: its `kdc` values in their order, then what `primary_kdc` (or the older
    /// `master_kdc`) adds. Local sockets are left out. Empty if the configuration names none.
    ///
    /// # Errors
    /// [`Error::ConfigValue`] for a value that is no address.
    pub fn kdcs(&self, realm: &str) -> Result<Vec<KdcAddress>, Error> {
        let mut kdcs = self.addresses(realm, "kdc")?;
        let mut primaries = self.addresses(realm, "primary_kdc")?;
        if primaries.is_empty() {
            primaries = self.addresses(realm, "master_kdc")?;
        }
        for primary in primaries {
            match kdcs
                .iter_mut()
                .find(|kdc| kdc.host == primary.host && kdc.port == primary.port)
            {
                Some(kdc) => kdc.primary = true,
                None => kdcs.push(KdcAddress {
                    primary: true,
                    ..primary
                }),
            }
        }
        Ok(kdcs)
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn is_on(&self, switch: Switch) -> bool {
        self.switches.is_on(switch)
    }

    /// Whether to correct the clock by what the KDC says; yes by default.
    #[must_use]
    pub fn kdc_timesync(&self) -> bool {
        self.is_on(Switch::KdcTimesync)
    }

    /// Whether to replace the names of hosts by those that the DNS gives their addresses; no by
    /// default.
    #[must_use]
    pub fn rdns(&self) -> bool {
        self.is_on(Switch::Rdns)
    }

    /// Whether an acceptor for `service@host` accepts for any host; no by default.
    #[must_use]
    pub fn ignore_acceptor_hostname(&self) -> bool {
        self.is_on(Switch::IgnoreAcceptorHostname)
    }

    /// How far clocks may differ; 5 minutes by default.
    #[must_use]
    pub fn clockskew(&self) -> Duration {
        self.clockskew
    }

    /// The time that one exchange with the KDCs of a realm may take in all; 30 seconds by default,
    /// also for 0, which means no limit to MIT.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        if self.request_timeout.is_zero() {
            REQUEST_TIMEOUT
        } else {
            self.request_timeout
        }
    }

    /// `warn_pwexpire`: how long before a password expires its owner is told; a week by default.
    #[must_use]
    pub fn warn_pwexpire(&self) -> Duration {
        self.warn_pwexpire
    }

    /// Messages longer than this, in octets, are tried over TCP first; 1465 by default, 32700 at most.
    #[must_use]
    pub fn udp_preference_limit(&self) -> usize {
        self.udp_preference_limit
    }

    /// The enctypes that may be used at all, in order of preference.
    #[must_use]
    pub fn permitted_enctypes(&self) -> &[Enctype] {
        self.enctypes.permitted()
    }

    /// The enctypes to ask for in AS requests, in order of preference; all are permitted.
    #[must_use]
    pub fn default_tkt_enctypes(&self) -> &[Enctype] {
        self.enctypes.as_requests()
    }

    /// The enctypes to ask for in TGS requests, in order of preference; all are permitted.
    #[must_use]
    pub fn default_tgs_enctypes(&self) -> &[Enctype] {
        self.enctypes.tgs_requests()
    }

    /// `ccache_type`: the version of the format that new cache files get; 4 by default.
    #[must_use]
    pub fn ccache_version(&self) -> u8 {
        self.ccache_version
    }

    /// The keytab that acceptors use; `FILE:/etc/krb5.keytab` by default.
    ///
    /// # Errors
    /// [`Error::UnknownToken`].
    pub fn default_keytab_name(&self, tokens: &PathTokens) -> Result<String, Error> {
        tokens.expand(self.libdefault("default_keytab_name").unwrap_or(KEYTAB))
    }

    /// The keytab that initiators get tickets with.
    ///
    /// # Errors
    /// [`Error::UnknownToken`].
    pub fn default_client_keytab_name(&self, tokens: &PathTokens) -> Result<String, Error> {
        tokens.expand(self.libdefault("default_client_keytab_name").unwrap_or(CLIENT_KEYTAB))
    }

    /// The credential cache; `FILE:/tmp/krb5cc_%{uid}` by default.
    ///
    /// # Errors
    /// [`Error::UnknownToken`].
    pub fn default_ccache_name(&self, tokens: &PathTokens) -> Result<String, Error> {
        tokens.expand(self.libdefault("default_ccache_name").unwrap_or(CREDENTIAL_CACHE))
    }

    /// `default_rcache_name`: the name of the acceptors' replay cache, where one is given.
    ///
    /// # Errors
    /// [`Error::UnknownToken`].
    pub fn default_rcache_name(&self, tokens: &PathTokens) -> Result<Option<String>, Error> {
        let name = self.libdefault("default_rcache_name");
        name.map(|name| tokens.expand(name)).transpose()
    }

    pub(super) fn libdefault(&self, key: &str) -> Option<&str> {
        keys::libdefault(&self.profile, key).map(|value| value.text)
    }

    pub(super) fn addresses(&self, realm: &str, key: &str) -> Result<Vec<KdcAddress>, Error> {
        let values = self.profile.values(&["realms", realm, key]);
        let network = values.into_iter().filter(|value| !value.text.starts_with('/'));
        network
            .map(|value| KdcAddress::parse(value.text).ok_or_else(|| value.bad(key, KDC_FORMS)))
            .collect()
    }
}

impl Default for Settings {
    /// The settings of an empty configuration.
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            switches: Switches::default(),
            hostnames: HostNames::default(),
            tickets: Tickets::default(),
            extra_addresses: Vec::new(),
            clockskew: CLOCKSKEW,
            ccache_version: CCACHE_VERSION,
            request_timeout: REQUEST_TIMEOUT,
            warn_pwexpire: WARN_PWEXPIRE,
            udp_preference_limit: UDP_PREFERENCE_LIMIT,
            enctypes: EnctypeLists::default(),
        }
    }
}

fn duration(profile: &Profile, key: &str, default: Duration) -> Result<Duration, Error> {
    match keys::libdefault(profile, key) {
        None => Ok(default),
        Some(value) => parse_duration(value.text).ok_or_else(|| value.bad(key, DURATIONS)),
    }
}

fn ccache_version(profile: &Profile) -> Result<u8, Error> {
    let key = "ccache_type";
    let Some(value) = keys::libdefault(profile, key) else {
        return Ok(CCACHE_VERSION);
    };
    let version = value.text.parse().ok().filter(|version| (1..=4).contains(version));
    version.ok_or_else(|| value.bad(key, "a version from 1 to 4"))
}

fn udp_preference_limit(profile: &Profile) -> Result<usize, Error> {
    let key = "udp_preference_limit";
    let Some(value) = keys::libdefault(profile, key) else {
        return Ok(UDP_PREFERENCE_LIMIT);
    };
    let limit: i64 = value.text.parse().map_err(|_| value.bad(key, "a number of octets"))?;
    if limit < 0 {
        return Ok(UDP_PREFERENCE_LIMIT);
    }
    Ok(usize::try_from(limit).map_or(UDP_HARD_LIMIT, |limit| limit.min(UDP_HARD_LIMIT)))
}

const CLOCKSKEW: Duration = Duration::from_secs(300);
const CCACHE_VERSION: u8 = 4;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const WARN_PWEXPIRE: Duration = Duration::from_secs(7 * 86_400);
const UDP_PREFERENCE_LIMIT: usize = 1465;
const UDP_HARD_LIMIT: usize = 32_700;
const KEYTAB: &str = "FILE:/etc/krb5.keytab";
const CLIENT_KEYTAB: &str = "FILE:/etc/krb5/user/%{euid}/client.keytab";
const CREDENTIAL_CACHE: &str = "FILE:/tmp/krb5cc_%{uid}";

#[cfg(test)]
mod tests;
