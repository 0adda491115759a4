//! The table of keys.

use super::{Effect, Key, Place};

const fn general(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        also: None,
        place: Place::Libdefaults,
        meaning,
        default,
        effect: Effect::Effective,
    }
}

const fn by_realm(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key {
        place: Place::LibdefaultsOrRealm,
        ..general(name, default, meaning)
    }
}

const fn of_realm(name: &'static str, meaning: &'static str) -> Key {
    Key {
        place: Place::Realm,
        ..general(name, "", meaning)
    }
}

const fn also(key: Key, name: &'static str) -> Key {
    Key {
        also: Some(name),
        ..key
    }
}

/// A key of Heimdal's that has no effect here.
const fn of_heimdal(name: &'static str, meaning: &'static str, reason: &'static str) -> Key {
    without(general(name, "", meaning), reason)
}

const fn without(key: Key, reason: &'static str) -> Key {
    Key {
        effect: Effect::Without(reason),
        ..key
    }
}

const ONE_CHECKSUM: &str = "the encryption type decides which checksum it is";
const NO_FAST: &str = "FAST (RFC 6113) is not implemented";
const NO_PKINIT: &str = "PKINIT is not implemented";
const OF_THE_KDC: &str = "it concerns the KDC";
const IN_LIBDEFAULTS: &str = "it counts in [libdefaults], also in the braces of a realm there";
const NO_KERBEROS_4: &str = "Kerberos 4 is not supported";

/// Every known key, in the order of place and name.
pub const KEYS: &[Key] = &[
    of_heimdal(
        "accept_null_addresses",
        "take tickets without addresses",
        "tickets without addresses are always taken",
    ),
    general(
        "allow_des3",
        "false",
        "permit des3-cbc-sha1 where no list says otherwise",
    ),
    of_heimdal(
        "allow_hierarchical_capaths",
        "guess the path between realms by their names",
        "it is guessed where [capaths] says nothing",
    ),
    general("allow_rc4", "false", "permit arcfour-hmac where no list says otherwise"),
    general(
        "allow_weak_crypto",
        "false",
        "permit weak encryption types that a list names",
    ),
    without(
        general("ap_req_checksum_type", "", "checksum of authenticators"),
        ONE_CHECKSUM,
    ),
    by_realm(
        "canonicalize",
        "false",
        "let the KDC replace the client's name by the canonical one",
    ),
    of_heimdal("capath", "paths between realms", "paths are read from [capaths]"),
    also(
        general("ccache_type", "4", "version of the format of new credential caches"),
        "fcache_version",
    ),
    of_heimdal(
        "check-rd-req-server",
        "hold acceptors to their names",
        "ignore_acceptor_hostname says it",
    ),
    of_heimdal("check_pac", "check the PAC of tickets", "PACs are not read"),
    general(
        "client_aware_channel_bindings",
        "false",
        "tell acceptors that channel bindings are supported",
    ),
    general("clockskew", "5m", "how far clocks may differ"),
    of_heimdal("date_format", "how dates are shown", "the command shows one form"),
    of_heimdal(
        "default_cc_type",
        "the type of credential caches",
        "default_ccache_name names the type",
    ),
    also(
        general("default_ccache_name", "FILE:/tmp/krb5cc_%{uid}", "the credential cache"),
        "default_cc_name",
    ),
    general(
        "default_client_keytab_name",
        "FILE:/etc/krb5/user/%{euid}/client.keytab",
        "the keytab that initiators get tickets with",
    ),
    general(
        "default_etypes",
        "",
        "encryption types to ask for where no other key says it (Heimdal's)",
    ),
    of_heimdal(
        "default_keytab_modify_name",
        "the keytab that tools change",
        "tools are told which",
    ),
    general(
        "default_keytab_name",
        "FILE:/etc/krb5.keytab",
        "the keytab of acceptors",
    ),
    general("default_rcache_name", "dfl:", "the replay cache of acceptors"),
    general("default_realm", "", "the realm of names without one"),
    also(
        general(
            "default_tgs_enctypes",
            "permitted_enctypes",
            "encryption types to ask for in TGS requests",
        ),
        "default_tgs_etypes",
    ),
    also(
        general(
            "default_tkt_enctypes",
            "permitted_enctypes",
            "encryption types to ask for in AS requests",
        ),
        "default_as_etypes",
    ),
    also(
        general(
            "dns_canonicalize_hostname",
            "false",
            "replace hosts' names by those of the DNS: true, false, fallback",
        ),
        "dns_canonize_hostname",
    ),
    also(
        general(
            "dns_lookup_kdc",
            "true",
            "look for KDCs in the DNS where [realms] names none",
        ),
        "srv_lookup",
    ),
    general("dns_lookup_realm", "false", "look for the realms of hosts in the DNS"),
    of_heimdal("dns_proxy", "a proxy for the DNS", "the system resolver is asked"),
    general("dns_uri_lookup", "true", "look for URI records before SRV records"),
    of_heimdal("encrypt", "encrypt remote sessions", "it is for programs"),
    general(
        "enforce_ok_as_delegate",
        "false",
        "delegate to services alone that the KDC marks for it",
    ),
    without(
        general("err_fmt", "", "the form of error messages"),
        "messages have one form",
    ),
    general(
        "extra_addresses",
        "",
        "addresses for tickets besides those of this machine, where noaddresses is false",
    ),
    of_heimdal(
        "fcache_strict_checking",
        "refuse caches of others",
        "caches of others are always refused",
    ),
    of_heimdal(
        "fcc-mit-ticketflags",
        "the order of flags in caches",
        "it is always MIT's",
    ),
    of_heimdal("forward", "forward credentials", "it is for programs"),
    by_realm("forwardable", "false", "ask for forwardable tickets"),
    of_heimdal(
        "host_timeout",
        "how long to wait for a server",
        "request_timeout limits the exchange",
    ),
    of_heimdal(
        "http_proxy",
        "a proxy for HTTP",
        "KDC proxies are named in [realms], as https://host/path",
    ),
    general(
        "ignore_acceptor_hostname",
        "false",
        "let an acceptor for one host accept for any",
    ),
    of_heimdal(
        "ignore_addresses",
        "addresses that tickets are not bound to",
        "loopback and link-local ones are left out",
    ),
    general(
        "k5login_authoritative",
        "true",
        "a .k5login that is there alone says who may log in",
    ),
    general(
        "k5login_directory",
        "",
        "where .k5login files are, instead of in the users' homes",
    ),
    general(
        "kcm_socket",
        "/var/run/.heim_org.h5l.kcm-socket",
        "the socket of the credential manager (KCM)",
    ),
    by_realm(
        "kdc_default_options",
        "0x00000010",
        "KDC options of AS requests, as bits (RENEWABLE-OK)",
    ),
    without(
        general("kdc_req_checksum_type", "", "checksum of TGS requests"),
        ONE_CHECKSUM,
    ),
    of_heimdal(
        "kdc_timeout",
        "how long to wait for a KDC",
        "request_timeout limits the exchange",
    ),
    general(
        "kdc_timesync",
        "true",
        "make up for a clock that differs from the KDC's",
    ),
    of_heimdal(
        "kuserok",
        "who may log in as whom",
        "k5login_authoritative and k5login_directory say it",
    ),
    of_heimdal("log_utc", "log in UTC", "nothing is logged"),
    of_heimdal(
        "max_retries",
        "how often a KDC is asked",
        "request_timeout limits the exchange",
    ),
    of_heimdal("maximum_message_size", "the longest message", "limits are fixed"),
    of_heimdal("moduli", "groups for PKINIT", "PKINIT is not implemented"),
    of_heimdal(
        "name_canon_rules",
        "how names of hosts are canonicalised",
        "dns_canonicalize_hostname and qualify_shortname say it",
    ),
    also(
        by_realm("noaddresses", "true", "ask for tickets that are usable anywhere"),
        "no-addresses",
    ),
    general(
        "permitted_enctypes",
        "all that are implemented and not weak",
        "encryption types that may be used at all",
    ),
    without(
        general("plugin_base_dir", "", "where plugins are"),
        "there are no plugins",
    ),
    without(
        by_realm("preferred_preauth_types", "", "preauthentication to try first"),
        "there is one: the encrypted timestamp",
    ),
    by_realm("proxiable", "false", "ask for proxiable tickets"),
    general("qualify_shortname", "", "the domain of hosts' names of one label"),
    general(
        "rdns",
        "false",
        "look up the names of hosts' addresses when canonicalizing",
    ),
    general(
        "realm_try_domains",
        "-1",
        "parent domains of a host that are tried as its realm",
    ),
    by_realm("renew_lifetime", "0s", "how long tickets shall be renewable"),
    general(
        "request_timeout",
        "30s",
        "the longest exchange with the KDCs of a realm",
    ),
    without(
        general("safe_checksum_type", "", "checksum of KRB-SAFE messages"),
        ONE_CHECKSUM,
    ),
    of_heimdal(
        "scan_interfaces",
        "look at the interfaces for addresses",
        "they are looked at where noaddresses is false",
    ),
    without(
        general("spake_preauth_groups", "", "groups for SPAKE"),
        "SPAKE (RFC 9588) is not implemented",
    ),
    of_heimdal(
        "srv_try_txt",
        "look for servers in TXT records",
        "URI and SRV records are looked for",
    ),
    by_realm("ticket_lifetime", "1d", "how long tickets shall live"),
    of_heimdal("time_format", "how times are shown", "the command shows one form"),
    of_heimdal(
        "transited_realms_reject",
        "realms that no ticket may come through",
        "[capaths] says which it may",
    ),
    also(
        general(
            "udp_preference_limit",
            "1465",
            "octets of a message that is sent by TCP first",
        ),
        "large_message_size",
    ),
    of_heimdal(
        "use_fallback",
        "guess the names of KDCs",
        "KDCs are configured or in the DNS",
    ),
    of_heimdal(
        "v4_instance_resolve",
        "names in Kerberos 4",
        "Kerberos 4 is not supported",
    ),
    without(
        by_realm(
            "verify_ap_req_nofail",
            "false",
            "a password counts only if a keytab proves the KDC",
        ),
        "where a credential store asks to verify a password, a keytab must always prove the KDC",
    ),
    general(
        "warn_pwexpire",
        "7d",
        "how long before it expires kinit speaks of the password (Heimdal's)",
    ),
    without(of_realm("acl_file", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("admin_keytab", "a setting of the KDC"), OF_THE_KDC),
    of_realm(
        "admin_server",
        "the administration server, for passwords where kpasswd_server is missing",
    ),
    of_realm("auth_to_local", "rules that make local names of principals"),
    of_realm("auth_to_local_names", "local names of principals, in braces"),
    without(of_realm("auto_fast_armor", "armour requests"), NO_FAST),
    without(of_realm("database_module", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("database_name", "a setting of the KDC"), OF_THE_KDC),
    without(
        of_realm("default_domain", "the domain of hosts in Kerberos 4"),
        NO_KERBEROS_4,
    ),
    without(
        of_realm("default_principal_expiration", "a setting of the KDC"),
        OF_THE_KDC,
    ),
    without(of_realm("default_principal_flags", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("dict_file", "a setting of the KDC"), OF_THE_KDC),
    of_realm(
        "disable_encrypted_timestamp",
        "do not prove the password by an encrypted timestamp",
    ),
    without(
        of_realm("forwardable", "as in [libdefaults] (Heimdal's)"),
        IN_LIBDEFAULTS,
    ),
    of_realm("http_anchors", "whom to trust for HTTPS proxies"),
    without(of_realm("iprop_enable", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("kadmind_port", "a setting of the KDC"), OF_THE_KDC),
    of_realm("kdc", "a KDC: host, host:port, udp/host, tcp/host, https://host/path"),
    without(of_realm("kdc_listen", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("kdc_ports", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("kdc_tcp_listen", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("kdc_tcp_ports", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("key_stash_file", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("kpasswd_port", "a setting of the KDC"), OF_THE_KDC),
    of_realm("kpasswd_server", "the server that changes passwords"),
    of_realm("master_kdc", "the older name of primary_kdc"),
    without(of_realm("master_key_name", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("master_key_type", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("max_life", "a setting of the KDC"), OF_THE_KDC),
    without(of_realm("max_renewable_life", "a setting of the KDC"), OF_THE_KDC),
    without(
        of_realm("no-addresses", "as in [libdefaults] (Heimdal's)"),
        IN_LIBDEFAULTS,
    ),
    without(
        of_realm("pkinit_anchors", "whom to trust for KDC certificates"),
        NO_PKINIT,
    ),
    without(of_realm("pkinit_identities", "the client's certificate"), NO_PKINIT),
    of_realm("primary_kdc", "the KDC that knows new passwords first"),
    without(of_realm("proxiable", "as in [libdefaults] (Heimdal's)"), IN_LIBDEFAULTS),
    without(
        of_realm("renew_lifetime", "as in [libdefaults] (Heimdal's)"),
        IN_LIBDEFAULTS,
    ),
    of_realm("sitename", "the site whose servers the DNS is asked for first"),
    without(of_realm("supported_enctypes", "a setting of the KDC"), OF_THE_KDC),
    without(
        of_realm("ticket_lifetime", "as in [libdefaults] (Heimdal's)"),
        IN_LIBDEFAULTS,
    ),
    without(of_realm("v4_instance_convert", "names in Kerberos 4"), NO_KERBEROS_4),
    without(of_realm("v4_realm", "the realm in Kerberos 4"), NO_KERBEROS_4),
    without(
        of_realm("warn_pwexpire", "as in [libdefaults] (Heimdal's)"),
        IN_LIBDEFAULTS,
    ),
];
