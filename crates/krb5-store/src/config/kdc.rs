//! Where a realm's KDCs are.

use std::net::Ipv6Addr;

/// One `kdc` of a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KdcAddress {
    /// A host name or an IP address, without brackets.
    pub host: String,
    /// The port, if one is given; else that of the transport (88, or 443 for HTTPS).
    pub port: Option<u16>,
    /// How to talk to it.
    pub transport: Transport,
    /// Whether it holds the realm's primary copy of the database: a changed password is known there
    /// first.
    pub primary: bool,
}

/// How to talk to a KDC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// UDP or TCP, as the size of the message suggests.
    #[default]
    Any,
    /// Through an HTTPS proxy, [MS-KKDCP].
    Https {
        /// The path on the proxy, with its leading slash.
        path: String,
    },
    /// TCP only.
    Tcp,
    /// UDP only.
    Udp,
}

/// What the text of a `kdc` relation may look like, for messages.
pub(super) const KDC_FORMS: &str =
    "host, host:port or [address]:port, with udp/ or tcp/ before it if need be, or https://host/path";

impl KdcAddress {
    /// Parses `host`, `host:port`, `[v6]:port`, a bare IPv6 address, each perhaps after `udp/` or
    /// `tcp/`, or `https://host[:port][/path]`. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (transport, rest) = if let Some(rest) = text.strip_prefix("https://") {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            (
                Transport::Https {
                    path: format!("/{path}"),
                },
                host,
            )
        } else if let Some(rest) = text.strip_prefix("udp/") {
            (Transport::Udp, rest)
        } else if let Some(rest) = text.strip_prefix("tcp/") {
            (Transport::Tcp, rest)
        } else {
            (Transport::Any, text)
        };
        let (host, port) = host_and_port(rest)?;
        Some(Self {
            host: host.to_owned(),
            port,
            transport,
            primary: false,
        })
    }
}

fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Some((text, None));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (host, rest) = bracketed.split_once(']')?;
            let port = if rest.is_empty() {
                None
            } else {
                Some(rest.strip_prefix(':')?)
            };
            (host, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let numeric = host.bytes().all(|octet| octet.is_ascii_digit());
    if numeric || host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/' || c == '[') {
        return None;
    }
    let port = match port {
        Some(port) if port.starts_with('+') => return None,
        Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
        None => None,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_address_is_understood() {
        let https = |path: &str| Transport::Https { path: path.to_owned() };
        let cases = [
            ("test.example", "test.example", None, Transport::Any),
            ("test.example:75", "test.example", Some(75), Transport::Any),
            ("192.168.1.1", "192.168.1.1", None, Transport::Any),
            ("192.168.1.1:150", "192.168.1.1", Some(150), Transport::Any),
            ("[BEEF:CAFE::1]", "BEEF:CAFE::1", None, Transport::Any),
            ("[BEEF:CAFE::1]:250", "BEEF:CAFE::1", Some(250), Transport::Any),
            ("[fe80::1%eth0]:88", "fe80::1%eth0", Some(88), Transport::Any),
            ("::1", "::1", None, Transport::Any),
            ("udp/kdc.example:88", "kdc.example", Some(88), Transport::Udp),
            ("tcp/[::1]:88", "::1", Some(88), Transport::Tcp),
            (
                "https://proxy.example/KdcProxy",
                "proxy.example",
                None,
                https("/KdcProxy"),
            ),
            ("https://proxy.example:444", "proxy.example", Some(444), https("/")),
        ];
        for (text, host, port, transport) in cases {
            let expected = KdcAddress {
                host: host.to_owned(),
                port,
                transport,
                primary: false,
            };
            assert_eq!(KdcAddress::parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_addresses() {
        let cases = [
            "",
            ":300",
            "350",
            "70000",
            "test.example:F101",
            "test.example:70000",
            "test.example:",
            "test.example:0",
            "a b",
            "[::1",
            "[::1]x",
            "[::1]:",
            "http/x",
            "/run/kdc.sock",
            "host:+5",
            "https://",
        ];
        for text in cases {
            assert_eq!(KdcAddress::parse(text), None, "{text}");
        }
    }
}
