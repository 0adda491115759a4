//! The krb5.conf of a client.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::SocketAddr;

use crate::Kdc;
use crate::database::FromPassword;

impl Kdc {
    /// A krb5.conf for clients of this KDC at `address`: for this project's, for MIT's and for Heimdal's.
    ///
    /// Host names are taken as they are, DNS is not asked, and the hosts of the services are in the realm.
    #[must_use]
    pub fn client_config(&self, address: SocketAddr) -> String {
        let realm = self.realm();
        let mut text = format!(
            "[libdefaults]\n    \
             default_realm = {realm}\n    \
             dns_lookup_kdc = false\n    \
             dns_lookup_realm = false\n    \
             dns_canonicalize_hostname = false\n    \
             rdns = false\n    \
             qualify_shortname = \"\"\n\
             [realms]\n    \
             {realm} = {{\n        \
             kdc = {address}\n    \
             }}\n"
        );
        let hosts = self.hosts();
        if !hosts.is_empty() {
            text.push_str("[domain_realm]\n");
        }
        for host in hosts {
            // Writing to a String does not fail.
            let _ = writeln!(text, "    {host} = {realm}");
        }
        text
    }

    /// The hosts that have services, as far as their names fit into the file.
    fn hosts(&self) -> BTreeSet<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        self.core
            .database
            .entries()
            .filter(|entry| matches!(entry.from_password, FromPassword::No) && !entry.principal.is_krbtgt())
            .filter_map(|entry| match entry.principal.name.components.as_slice() {
                [_, host] => host.as_str().map(str::to_ascii_lowercase),
                _ => None,
            })
            .filter(|host| !host.is_empty() && host.chars().all(plain))
            .collect()
    }
}
