//! What the KDC is asked for: the options of the command, else what the configuration says of the client's realm.

use std::time::Duration;

use anyhow::Context as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use krb5_proto::exchange::{AsOptions, LongTerm};
use krb5_proto::messages::{HostAddress, KdcOptions};
use krb5_proto::{NameType, Principal};
use krb5_store::config::parse_duration;

use super::Args;
use crate::commands::kerberos::Local;

/// The ticket to ask for.
#[derive(Debug, clap::Args)]
pub(super) struct Wanted {
    /// The lifetime to ask for, such as 10h or 1d12h
    #[arg(short = 'l', long, value_name = "DURATION", value_parser = duration)]
    lifetime: Option<Duration>,
    /// Ask for a ticket that can be renewed for this long, such as 7d
    #[arg(short = 'r', long = "renewable", alias = "renewable-life", value_name = "DURATION", value_parser = duration)]
    renew: Option<Duration>,
    /// Ask for a ticket that starts later: after a duration, or at a time such as 20301231235959 or 23:59; it must be
    /// validated then, with -v
    #[arg(short = 's', long = "start", alias = "start-time", value_name = "TIME", value_parser = start)]
    start: Option<Duration>,
    /// Ask for a forwardable ticket
    #[arg(short = 'f', long, overrides_with = "not_forwardable")]
    forwardable: bool,
    /// Do not ask for a forwardable ticket
    #[arg(short = 'F', long, alias = "noforwardable", alias = "no-forwardable")]
    not_forwardable: bool,
    /// Ask for a proxiable ticket
    #[arg(short = 'p', long, overrides_with = "not_proxiable")]
    proxiable: bool,
    /// Do not ask for a proxiable ticket
    #[arg(short = 'P', long, alias = "noproxiable", alias = "no-proxiable")]
    not_proxiable: bool,
    /// Ask for a ticket that is good from this machine's addresses only
    #[arg(short = 'a', long, overrides_with = "no_addresses")]
    addresses: bool,
    /// Ask for a ticket that is good from anywhere
    #[arg(short = 'A', long, alias = "noaddresses")]
    no_addresses: bool,
    /// Let the KDC replace the name by the canonical one
    #[arg(short = 'C', long)]
    canonicalize: bool,
    /// Ask for a ticket for this service instead of the ticket-granting one
    #[arg(short = 'S', long, alias = "server", value_name = "SERVICE")]
    pub(super) service: Option<String>,
}

/// The request for a ticket of `client`.
pub(super) fn options(
    args: &Args,
    local: &Local,
    client: Principal,
    credential: LongTerm,
) -> anyhow::Result<AsOptions> {
    let wanted = &args.wanted;
    let server = wanted.service.as_deref();
    let server = server.map(|name| local.service(name, &client.realm)).transpose()?;
    let defaults = local.settings().initial_options(client, credential)?;
    Ok(AsOptions {
        server,
        kdc_options: wanted.kdc_options(defaults.kdc_options, &defaults.client),
        lifetime: wanted.lifetime.unwrap_or(defaults.lifetime),
        renew_life: wanted.renew.or(defaults.renew_life),
        postdate: wanted.start,
        addresses: match wanted.addresses {
            true if defaults.addresses.is_empty() => addresses(local)?,
            _ if wanted.no_addresses => Vec::new(),
            _ => defaults.addresses,
        },
        ..defaults
    })
}

fn addresses(local: &Local) -> anyhow::Result<Vec<HostAddress>> {
    let addresses = local.settings().machine_addresses();
    addresses.context("the system does not tell the addresses of this machine")
}

impl Wanted {
    fn kdc_options(&self, defaults: KdcOptions, client: &Principal) -> KdcOptions {
        // RFC 6806 §5: an enterprise name is always replaced.
        let canonicalize = self.canonicalize || client.name.name_type == NameType::ENTERPRISE;
        let mut options = defaults;
        for (wanted, option) in [
            (self.forwardable, KdcOptions::FORWARDABLE),
            (self.proxiable, KdcOptions::PROXIABLE),
            (canonicalize, KdcOptions::CANONICALIZE),
        ] {
            if wanted {
                options.insert(option);
            }
        }
        for (unwanted, option) in [
            (self.not_forwardable, KdcOptions::FORWARDABLE),
            (self.not_proxiable, KdcOptions::PROXIABLE),
        ] {
            if unwanted {
                options.remove(option);
            }
        }
        options
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    let duration = parse_duration(text).ok_or("not a duration; examples: 90 (seconds), 45m, 10h, 1d12h, 08:30")?;
    if duration.is_zero() {
        Err("must be longer than nothing")
    } else {
        Ok(duration)
    }
}

fn start(text: &str) -> Result<Duration, &'static str> {
    start_from(text, &Zoned::now())
}

/// How far from `now` the ticket starts. What can be read as a duration is one, as MIT's kinit has it.
fn start_from(text: &str, now: &Zoned) -> Result<Duration, &'static str> {
    if let Ok(delay) = duration(text) {
        return Ok(delay);
    }
    let start = time(text, now.time_zone()).ok_or(START_FORMS)?;
    let delay = start.as_second().saturating_sub(now.timestamp().as_second());
    u64::try_from(delay)
        .ok()
        .filter(|delay| *delay > 0)
        .map(Duration::from_secs)
        .ok_or("that is in the past")
}

/// A time on the clocks of `zone`, or with a zone of its own.
fn time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    let civil = FORMATS.iter().find_map(|format| DateTime::strptime(format, text).ok());
    let civil = civil.or_else(|| text.parse().ok())?;
    Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
}

/// MIT's ways to write a time, the most specific first.
const FORMATS: [&str; 6] = [
    "%Y%m%d%H%M%S",
    "%Y.%m.%d.%H.%M.%S",
    "%y%m%d%H%M%S",
    "%y%m%d%H%M",
    "%d-%b-%Y:%H:%M:%S",
    "%d-%b-%Y:%H:%M",
];

const START_FORMS: &str =
    "neither a duration such as 2h, nor a time such as 20301231235959, 31-Dec-2030:23:59 or 2030-12-31T23:59:59Z";

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2030-06-15T12:00:00+02:00[+02:00]".parse().unwrap()
    }

    #[test]
    fn durations_are_those_of_the_configuration_and_not_nothing() {
        assert_eq!(duration("10h"), Ok(Duration::from_secs(36_000)));
        assert_eq!(duration("1d12h"), Ok(Duration::from_secs(129_600)));
        for text in ["0", "", "soon", "-1"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_start_is_a_duration_or_a_time_on_the_clocks_here() {
        let cases = [
            ("2h", 7200),
            ("90", 90),
            ("20300615120130", 90),
            ("2030.06.15.12.01.30", 90),
            ("300615120130", 90),
            ("3006151201", 60),
            ("15-Jun-2030:12:01:30", 90),
            ("15-jun-2030:13:00", 3600),
            ("2030-06-15T10:01:30Z", 90),
            ("2030-06-15T12:01:30", 90),
        ];
        for (text, seconds) in cases {
            assert_eq!(start_from(text, &now()), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn times_that_are_none_or_over_are_refused() {
        for text in ["20300615120000", "20300615115959", "19700101000000"] {
            assert_eq!(start_from(text, &now()), Err("that is in the past"), "{text}");
        }
        for text in ["", "tomorrow", "20301332235959", "2030-06-15T25:00:00"] {
            assert_eq!(start_from(text, &now()), Err(START_FORMS), "{text}");
        }
    }
}
