//! The URIs of Kerberos servers in URI records: `krb5srv:FLAGS:TRANSPORT:HOST`, as MIT's documentation of realm
//! configuration defines them.

use krb5_store::config::{KdcAddress, Transport};

use crate::Record;
use crate::endpoint::Server;

/// The server that a URI record names, if it is one. `port` is the service's own.
///
/// ```text
/// krb5srv:m:tcp:kdc1.example.com
/// krb5srv::udp:192.0.2.1:89
/// krb5srv::kkdcp:https://proxy.example.com/KdcProxy
/// ```
pub(super) fn server(record: &Record, port: u16) -> Option<Server> {
    let Record::Uri { target, .. } = record else {
        return None;
    };
    let mut fields = target.splitn(4, ':');
    let (scheme, flags, transport, rest) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    if !scheme.eq_ignore_ascii_case("krb5srv") {
        return None;
    }
    let address = address(transport, rest)?;
    let host = address.host.strip_suffix('.').unwrap_or(&address.host).to_owned();
    // The root is no host.
    if host.is_empty() {
        return None;
    }
    Some(Server::new(
        KdcAddress {
            primary: flags.contains(['m', 'M']),
            host,
            ..address
        },
        port,
    ))
}

fn address(transport: &str, rest: &str) -> Option<KdcAddress> {
    let address = KdcAddress::parse(rest)?;
    let transport = match (transport.to_ascii_lowercase().as_str(), address.transport) {
        ("udp", Transport::Any) => Transport::Udp,
        ("tcp", Transport::Any) => Transport::Tcp,
        ("kkdcp", https @ Transport::Https { .. }) => https,
        _ => return None,
    };
    Some(KdcAddress { transport, ..address })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{Carrier, Standing};

    fn parse(target: &str) -> Option<Server> {
        let target = target.to_owned();
        server(
            &Record::Uri {
                priority: 0,
                weight: 0,
                target,
            },
            88,
        )
    }

    #[test]
    fn i72_flags_transport_host_and_port_are_read() {
        let https = Carrier::Https {
            path: "/auth".to_owned(),
        };
        let cases = [
            (
                "krb5srv:m:tcp:kdc1.example.com",
                "kdc1.example.com",
                88,
                Carrier::Tcp,
                Standing::Primary,
            ),
            (
                "KRB5SRV:xM:UDP:kdc2.example.com.:89",
                "kdc2.example.com",
                89,
                Carrier::Udp,
                Standing::Primary,
            ),
            (
                "krb5srv::udp:10.10.0.23",
                "10.10.0.23",
                88,
                Carrier::Udp,
                Standing::Replica,
            ),
            (
                "krb5srv::tcp:[2001:db8::1]:90",
                "2001:db8::1",
                90,
                Carrier::Tcp,
                Standing::Replica,
            ),
            (
                "krb5srv::kkdcp:https://proxy:89/auth",
                "proxy",
                89,
                https,
                Standing::Replica,
            ),
        ];
        for (text, host, port, carrier, standing) in cases {
            let host = host.to_owned();
            assert_eq!(
                parse(text),
                Some(Server {
                    host,
                    port,
                    carrier,
                    standing
                }),
                "{text}"
            );
        }
    }

    #[test]
    fn other_uris_are_no_servers() {
        let cases = [
            "",
            "krb5srv",
            "krb5srv:m",
            "krb5srv:m:tcp",
            "krb5srv:m:tcp:",
            "krb5srv:m:sctp:kdc.example.com",
            "krb5srv:m:tcp:https://kdc.example.com/",
            "krb5srv:m:kkdcp:kdc.example.com",
            "krb5srv:m:kkdcp:http://kdc.example.com",
            "https://kdc.example.com",
            "krb5srv:m:udp:kdc:0",
            "krb5srv:m:udp:.",
            "krb5srv:m:kkdcp:https://./KdcProxy",
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
