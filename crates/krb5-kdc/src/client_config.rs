//! The krb5.conf of a client.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use krb5_proto::Realm;

use crate::Kdc;
use crate::database::FromPassword;

impl Kdc {
    /// A krb5.conf for clients of this KDC at `address`: for this project's, for MIT's and for Heimdal's.
    ///
    /// Host names are taken as they are, DNS is not asked, and the hosts of the services are in the realm.
    #[must_use]
    pub fn client_config(&self, address: SocketAddr) -> String {
        Self::client_config_of(&[(self, address)])
    }

    /// A krb5.conf for clients of several KDCs with their addresses. The first one's realm is the default realm, and the
    /// ways between realms that it knows are in `[capaths]`.
    #[must_use]
    pub fn client_config_of(kdcs: &[(&Self, SocketAddr)]) -> String {
        let mut text = String::from("[libdefaults]\n");
        if let Some((first, _)) = kdcs.first() {
            text.push_str(&format!("    default_realm = {}\n", first.realm()));
        }
        text.push_str(NO_NAME_SERVICE);
        text.push_str("[realms]\n");
        for (kdc, address) in kdcs {
            text.push_str(&format!("    {} = {{\n        kdc = {address}\n    }}\n", kdc.realm()));
        }
        text.push_str(&section(
            "domain_realm",
            kdcs.iter().flat_map(|(kdc, _)| kdc.hosts_in_realm()),
        ));
        let ways = kdcs.first().map(|(kdc, _)| kdc.ways());
        text.push_str(&section("capaths", ways.into_iter().flatten()));
        text
    }

    /// The hosts that have services, as far as their names fit into the file.
    fn hosts_in_realm(&self) -> Vec<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let hosts: BTreeSet<String> = self
            .core
            .database
            .entries()
            .iter()
            .filter(|entry| matches!(entry.from_password, FromPassword::No) && !entry.principal.is_krbtgt())
            .filter_map(|entry| match entry.principal.name.components.as_slice() {
                [_, host] => host.as_str().map(str::to_ascii_lowercase),
                _ => None,
            })
            .filter(|host| !host.is_empty() && host.chars().all(plain))
            .collect();
        hosts
            .iter()
            .map(|host| format!("    {host} = {}\n", self.realm()))
            .collect()
    }

    fn ways(&self) -> Vec<String> {
        let direct = [Realm::from(".")];
        let configured = self.core.neighbours.paths.configured();
        configured
            .map(|(client, server, between)| {
                let between = if between.is_empty() { &direct } else { between };
                let lines: String = between
                    .iter()
                    .map(|realm| format!("        {server} = {realm}\n"))
                    .collect();
                format!("    {client} = {{\n{lines}    }}\n")
            })
            .collect()
    }
}

/// A section with these lines, nothing without any.
fn section(name: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.collect();
    if lines.is_empty() {
        return lines;
    }
    format!("[{name}]\n{lines}")
}

const NO_NAME_SERVICE: &str = "    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    qualify_shortname = \"\"
";
