//! The keys that are known, and what becomes of them.

/// A key of `krb5.conf` that means something to this implementation, or to MIT's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it means, in a few words.
    pub meaning: &'static str,
    /// What counts where it is not there; empty for nothing.
    pub default: &'static str,
    /// What becomes of it.
    pub effect: Effect,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In `[libdefaults]`.
    Libdefaults,
    /// In `[libdefaults]`, or there in the braces of the client's realm, which come first.
    LibdefaultsOrRealm,
    /// In the braces of a realm in `[realms]`.
    Realm,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// It counts.
    Effective,
    /// It is recognised and has no effect, for this reason.
    Without(&'static str),
}

impl Key {
    /// The key of this name in `[libdefaults]`.
    #[must_use]
    pub fn of_libdefaults(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.place != Place::Realm && key.name == name)
    }

    /// The key of this name in the braces of a realm in `[libdefaults]`.
    #[must_use]
    pub fn of_libdefaults_realm(name: &str) -> Option<&'static Self> {
        let mut keys = KEYS.iter();
        keys.find(|key| key.place == Place::LibdefaultsOrRealm && key.name == name)
    }

    /// The key of this name in a realm of `[realms]`.
    #[must_use]
    pub fn of_realm(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.place == Place::Realm && key.name == name)
    }
}

const fn general(name: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
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

const fn without(key: Key, reason: &'static str) -> Key {
    Key {
        effect: Effect::Without(reason),
        ..key
    }
}

const ONE_CHECKSUM: &str = "the encryption type decides which checksum it is";
const NO_FAST: &str = "FAST (RFC 6113) is not implemented";
const NO_PKINIT: &str = "PKINIT is not implemented";
const NO_KERBEROS_4: &str = "Kerberos 4 is not supported";

/// Every known key, in the order of place and name.
pub const KEYS: &[Key] = &[
    general(
        "allow_des3",
        "false",
        "permit des3-cbc-sha1 where no list says otherwise",
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
    general("ccache_type", "4", "version of the format of new credential caches"),
    general(
        "client_aware_channel_bindings",
        "false",
        "tell acceptors that channel bindings are supported",
    ),
    general("clockskew", "5m", "how far clocks may differ"),
    general("default_ccache_name", "FILE:/tmp/krb5cc_%{uid}", "the credential cache"),
    general(
        "default_client_keytab_name",
        "FILE:/etc/krb5/user/%{euid}/client.keytab",
        "the keytab that initiators get tickets with",
    ),
    general(
        "default_keytab_name",
        "FILE:/etc/krb5.keytab",
        "the keytab of acceptors",
    ),
    general("default_rcache_name", "dfl:", "the replay cache of acceptors"),
    general("default_realm", "", "the realm of names without one"),
    general(
        "default_tgs_enctypes",
        "permitted_enctypes",
        "encryption types to ask for in TGS requests",
    ),
    general(
        "default_tkt_enctypes",
        "permitted_enctypes",
        "encryption types to ask for in AS requests",
    ),
    general(
        "dns_canonicalize_hostname",
        "false",
        "replace hosts' names by those of the DNS: true, false, fallback",
    ),
    general(
        "dns_lookup_kdc",
        "true",
        "look for KDCs in the DNS where [realms] names none",
    ),
    general("dns_lookup_realm", "false", "look for the realms of hosts in the DNS"),
    general("dns_uri_lookup", "true", "look for URI records before SRV records"),
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
    by_realm("forwardable", "false", "ask for forwardable tickets"),
    general(
        "ignore_acceptor_hostname",
        "false",
        "let an acceptor for one host accept for any",
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
    general(
        "kdc_timesync",
        "true",
        "make up for a clock that differs from the KDC's",
    ),
    by_realm("noaddresses", "true", "ask for tickets that are usable anywhere"),
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
    without(
        general("spake_preauth_groups", "", "groups for SPAKE"),
        "SPAKE (RFC 9588) is not implemented",
    ),
    by_realm("ticket_lifetime", "1d", "how long tickets shall live"),
    general(
        "udp_preference_limit",
        "1465",
        "octets of a message that is sent by TCP first",
    ),
    without(
        by_realm(
            "verify_ap_req_nofail",
            "false",
            "a password counts only if a keytab proves the KDC",
        ),
        "a ticket got with a password is not verified with a keytab",
    ),
    of_realm(
        "admin_server",
        "the administration server, for passwords where kpasswd_server is missing",
    ),
    of_realm("auth_to_local", "rules that make local names of principals"),
    of_realm("auth_to_local_names", "local names of principals, in braces"),
    without(of_realm("auto_fast_armor", "armour requests"), NO_FAST),
    without(
        of_realm("default_domain", "the domain of hosts in Kerberos 4"),
        NO_KERBEROS_4,
    ),
    of_realm(
        "disable_encrypted_timestamp",
        "do not prove the password by an encrypted timestamp",
    ),
    of_realm("http_anchors", "whom to trust for HTTPS proxies"),
    of_realm("kdc", "a KDC: host, host:port, udp/host, tcp/host, https://host/path"),
    of_realm("kpasswd_server", "the server that changes passwords"),
    of_realm("master_kdc", "the older name of primary_kdc"),
    without(
        of_realm("pkinit_anchors", "whom to trust for KDC certificates"),
        NO_PKINIT,
    ),
    without(of_realm("pkinit_identities", "the client's certificate"), NO_PKINIT),
    of_realm("primary_kdc", "the KDC that knows new passwords first"),
    of_realm("sitename", "the site whose servers the DNS is asked for first"),
    without(of_realm("v4_instance_convert", "names in Kerberos 4"), NO_KERBEROS_4),
    without(of_realm("v4_realm", "the realm in Kerberos 4"), NO_KERBEROS_4),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, Switch};

    #[test]
    fn keys_are_sorted_and_each_is_there_once() {
        let order = |key: &Key| (key.place == Place::Realm, key.name);
        assert!(KEYS.is_sorted_by(|one, other| order(one) < order(other)));
    }

    #[test]
    fn i70_every_key_that_a_user_of_gss_meets_is_known() {
        let libdefaults = "allow_des3 allow_rc4 allow_weak_crypto canonicalize ccache_type client_aware_channel_bindings \
             clockskew default_ccache_name default_client_keytab_name default_keytab_name default_rcache_name \
             default_realm default_tgs_enctypes default_tkt_enctypes dns_canonicalize_hostname dns_lookup_kdc \
             dns_lookup_realm dns_uri_lookup enforce_ok_as_delegate forwardable ignore_acceptor_hostname \
             k5login_authoritative k5login_directory kcm_socket kdc_default_options kdc_timesync noaddresses \
             permitted_enctypes plugin_base_dir preferred_preauth_types proxiable qualify_shortname rdns \
             realm_try_domains renew_lifetime request_timeout spake_preauth_groups ticket_lifetime \
             udp_preference_limit verify_ap_req_nofail";
        for name in libdefaults.split_whitespace() {
            assert!(Key::of_libdefaults(name).is_some(), "{name}");
        }
        let realms = "kdc primary_kdc master_kdc kpasswd_server admin_server auth_to_local auth_to_local_names \
                      http_anchors disable_encrypted_timestamp sitename auto_fast_armor";
        for name in realms.split_whitespace() {
            assert!(Key::of_realm(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_defaults_in_the_table_are_those_that_count() {
        for key in KEYS.iter().filter(|key| key.place != Place::Realm) {
            let switch = Switch::all().find(|switch| switch.name() == key.name);
            if let Some(switch) = switch {
                assert_eq!(switch.default().to_string(), key.default, "{}", key.name);
            }
        }
        let written: String = KEYS
            .iter()
            .filter(|key| key.place != Place::Realm && !key.default.contains(' ') && !key.default.is_empty())
            .filter(|key| key.default != "permitted_enctypes")
            .map(|key| format!("{} = {}\n", key.name, key.default))
            .collect();
        let settings = Settings::parse(&format!("[libdefaults]\n{written}")).unwrap();
        let default = Settings::default();
        assert_eq!(settings.ticket_defaults("R"), default.ticket_defaults("R"));
        assert_eq!(settings.clockskew(), default.clockskew());
        assert_eq!(settings.ccache_version(), default.ccache_version());
        assert_eq!(settings.request_timeout(), default.request_timeout());
        assert_eq!(settings.udp_preference_limit(), default.udp_preference_limit());
        assert_eq!(
            settings.dns_canonicalize_hostname(),
            default.dns_canonicalize_hostname()
        );
        assert_eq!(settings.realm_try_domains(), default.realm_try_domains());
        let tokens = crate::config::PathTokens::of_process("/tmp");
        let names = |settings: &Settings| {
            [
                settings.default_ccache_name(&tokens).unwrap(),
                settings.default_keytab_name(&tokens).unwrap(),
                settings.default_client_keytab_name(&tokens).unwrap(),
            ]
        };
        assert_eq!(names(&settings), names(&default));
    }
}
