//! The addresses that tickets are bound to, where they are.

use std::net::IpAddr;

use super::profile::Profile;
use super::settings::Settings;
use crate::error::Error;
use crate::proto::messages::HostAddress;

impl Settings {
    /// `extra_addresses`: what counts as an address of this machine besides those that it knows of, such as that of a
    /// router that translates addresses.
    #[must_use]
    pub fn extra_addresses(&self) -> &[IpAddr] {
        &self.extra_addresses
    }

    /// The addresses of this machine's interfaces that are up, without those that lead nowhere else (loopback,
    /// link-local), and [`Settings::extra_addresses`]. Where that leaves none, those of loopback: a ticket that shall be
    /// bound to addresses is never bound to none, which would mean any.
    ///
    /// # Errors
    /// [`std::io::Error`] where the system does not tell.
    pub fn machine_addresses(&self) -> std::io::Result<Vec<HostAddress>> {
        Ok(host_addresses(interfaces()?, &self.extra_addresses))
    }
}

/// The addresses of interfaces that are up.
#[cfg(unix)]
fn interfaces() -> std::io::Result<Vec<IpAddr>> {
    use nix::net::if_::InterfaceFlags;

    let interfaces = nix::ifaddrs::getifaddrs()?.filter(|one| one.flags.contains(InterfaceFlags::IFF_UP));
    let local = interfaces.filter_map(|interface| {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|v4| IpAddr::from(v4.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::from(v6.ip())))
    });
    Ok(local.collect())
}

#[cfg(not(unix))]
fn interfaces() -> std::io::Result<Vec<IpAddr>> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn host_addresses(local: Vec<IpAddr>, extra: &[IpAddr]) -> Vec<HostAddress> {
    let mut chosen: Vec<IpAddr> = local.iter().copied().filter(leads_elsewhere).collect();
    chosen.extend_from_slice(extra);
    if chosen.is_empty() {
        chosen = local.into_iter().filter(IpAddr::is_loopback).collect();
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen.into_iter().map(HostAddress::from).collect()
}

fn leads_elsewhere(address: &IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !(address.is_loopback() || address.is_unspecified() || address.is_multicast() || link_local)
}

pub(super) fn read(profile: &Profile) -> Result<Vec<IpAddr>, Error> {
    let key = "extra_addresses";
    let mut addresses = Vec::new();
    for value in profile.values(&["libdefaults", key]) {
        for word in value.text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
            addresses.push(
                word.parse()
                    .map_err(|_| value.bad(key, "IP addresses, separated by commas"))?,
            );
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn host(texts: &[&str]) -> Vec<HostAddress> {
        addresses(texts).into_iter().map(HostAddress::from).collect()
    }

    #[test]
    fn addresses_that_lead_nowhere_else_are_left_out() {
        let local = addresses(&[
            "127.0.0.1",
            "::1",
            "fe80::1",
            "169.254.0.1",
            "2001:db8::1",
            "192.0.2.1",
            "192.0.2.1",
        ]);
        let extra = addresses(&["198.51.100.1"]);
        assert_eq!(
            host_addresses(local, &extra),
            host(&["192.0.2.1", "198.51.100.1", "2001:db8::1"])
        );
    }

    #[test]
    fn a_machine_of_its_own_has_the_addresses_of_loopback() {
        let local = addresses(&["127.0.0.1", "::1", "fe80::1"]);
        assert_eq!(host_addresses(local, &[]), host(&["127.0.0.1", "::1"]));
    }

    #[test]
    fn extra_addresses_are_a_list() {
        let settings = Settings::parse("[libdefaults]\nextra_addresses = 192.0.2.1, 2001:db8::1\n").unwrap();
        assert_eq!(settings.extra_addresses(), addresses(&["192.0.2.1", "2001:db8::1"]));
        let error = Settings::parse("[libdefaults]\nextra_addresses = router\n").unwrap_err();
        assert!(error.to_string().starts_with("krb5.conf:2: extra_addresses"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn this_machine_has_addresses() {
        assert!(!Settings::default().machine_addresses().unwrap().is_empty());
    }
}
