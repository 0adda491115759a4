//! The table against what the settings make of it.

use super::*;
use crate::ccache::Resolver;
use crate::config::{PathTokens, Settings, Switch};

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
    let tokens = tokens();
    let names = |settings: &Settings| {
        [
            settings.default_ccache_name(&tokens).unwrap(),
            settings.default_keytab_name(&tokens).unwrap(),
            settings.default_client_keytab_name(&tokens).unwrap(),
        ]
    };
    assert_eq!(names(&settings), names(&default));
}

/// A key of `[libdefaults]`, a value that is not its default, and what shows that it counts.
type Libdefault = (&'static str, &'static str, fn(&Settings) -> String);

const LIBDEFAULTS: &[Libdefault] = &[
    ("allow_des3", "true", |settings| switch(settings, Switch::AllowDes3)),
    ("allow_rc4", "true", |settings| switch(settings, Switch::AllowRc4)),
    ("allow_weak_crypto", "true", |settings| {
        switch(settings, Switch::AllowWeakCrypto)
    }),
    ("canonicalize", "true", tickets),
    ("ccache_type", "3", |settings| settings.ccache_version().to_string()),
    ("client_aware_channel_bindings", "true", |settings| {
        switch(settings, Switch::ClientAwareChannelBindings)
    }),
    ("clockskew", "42", |settings| format!("{:?}", settings.clockskew())),
    ("default_ccache_name", "FILE:/x", |settings| {
        settings.default_ccache_name(&tokens()).unwrap()
    }),
    ("default_client_keytab_name", "FILE:/x", |settings| {
        settings.default_client_keytab_name(&tokens()).unwrap()
    }),
    ("default_etypes", "aes128-cts", |settings| {
        format!(
            "{:?}{:?}",
            settings.default_tkt_enctypes(),
            settings.default_tgs_enctypes()
        )
    }),
    ("default_keytab_name", "FILE:/x", |settings| {
        settings.default_keytab_name(&tokens()).unwrap()
    }),
    ("default_rcache_name", "none:", |settings| {
        format!("{:?}", settings.default_rcache_name(&tokens()).unwrap())
    }),
    ("default_realm", "X", |settings| {
        format!("{:?}", settings.default_realm())
    }),
    ("default_tgs_enctypes", "aes128-cts", |settings| {
        format!("{:?}", settings.default_tgs_enctypes())
    }),
    ("default_tkt_enctypes", "aes128-cts", |settings| {
        format!("{:?}", settings.default_tkt_enctypes())
    }),
    ("dns_canonicalize_hostname", "fallback", |settings| {
        format!("{:?}", settings.dns_canonicalize_hostname())
    }),
    ("dns_lookup_kdc", "false", |settings| {
        switch(settings, Switch::DnsLookupKdc)
    }),
    ("dns_lookup_realm", "true", |settings| {
        switch(settings, Switch::DnsLookupRealm)
    }),
    ("dns_uri_lookup", "false", |settings| {
        switch(settings, Switch::DnsUriLookup)
    }),
    ("enforce_ok_as_delegate", "true", |settings| {
        switch(settings, Switch::EnforceOkAsDelegate)
    }),
    ("extra_addresses", "192.0.2.1", |settings| {
        format!("{:?}", settings.extra_addresses())
    }),
    ("forwardable", "true", tickets),
    ("ignore_acceptor_hostname", "true", |settings| {
        settings.ignore_acceptor_hostname().to_string()
    }),
    ("k5login_authoritative", "false", |settings| {
        switch(settings, Switch::K5LoginAuthoritative)
    }),
    ("k5login_directory", "/x", |settings| {
        format!("{:?}", settings.k5login_directory())
    }),
    ("kcm_socket", "/x", |settings| format!("{:?}", Resolver::of(settings))),
    ("kdc_default_options", "0x40000000", tickets),
    ("kdc_timesync", "false", |settings| {
        format!("{:?}", settings.time_sync())
    }),
    ("noaddresses", "false", tickets),
    ("permitted_enctypes", "aes128-cts", |settings| {
        format!("{:?}", settings.permitted_enctypes())
    }),
    ("proxiable", "true", tickets),
    ("qualify_shortname", "example.org", |settings| {
        format!("{:?}", settings.qualify_shortname())
    }),
    ("rdns", "true", |settings| settings.rdns().to_string()),
    ("realm_try_domains", "1", |settings| {
        format!("{:?}", settings.realm_try_domains())
    }),
    ("renew_lifetime", "7d", tickets),
    ("request_timeout", "9", |settings| {
        format!("{:?}", settings.request_timeout())
    }),
    ("ticket_lifetime", "1h", tickets),
    ("udp_preference_limit", "1", |settings| {
        settings.udp_preference_limit().to_string()
    }),
    ("warn_pwexpire", "1h", |settings| {
        format!("{:?}", settings.warn_pwexpire())
    }),
];

/// The same in the braces of the realm `R` in `[realms]`.
const REALMS: &[Libdefault] = &[
    ("admin_server", "a.test", |settings| {
        format!("{:?}", settings.admin_servers("R").unwrap())
    }),
    ("auth_to_local", "DEFAULT", |settings| {
        format!("{:?}", settings.auth_to_local("R"))
    }),
    ("auth_to_local_names", "{\n bob@R = robert\n}", |settings| {
        format!("{:?}", settings.auth_to_local_name("R", "bob@R"))
    }),
    ("disable_encrypted_timestamp", "true", |settings| {
        settings.disable_encrypted_timestamp("R").unwrap().to_string()
    }),
    ("http_anchors", "FILE:/x", |settings| {
        format!("{:?}", settings.http_anchors("R"))
    }),
    ("kdc", "a.test", |settings| format!("{:?}", settings.kdcs("R").unwrap())),
    ("kpasswd_server", "a.test", |settings| {
        format!("{:?}", settings.kpasswd_servers("R").unwrap())
    }),
    ("master_kdc", "a.test", |settings| {
        format!("{:?}", settings.kdcs("R").unwrap())
    }),
    ("primary_kdc", "a.test", |settings| {
        format!("{:?}", settings.kdcs("R").unwrap())
    }),
    ("sitename", "x", |settings| format!("{:?}", settings.sitename("R"))),
];

fn switch(settings: &Settings, switch: Switch) -> String {
    settings.is_on(switch).to_string()
}

fn tickets(settings: &Settings) -> String {
    format!("{:?}", settings.ticket_defaults("R"))
}

fn tokens() -> PathTokens {
    PathTokens::of_process("/tmp")
}

fn effective(place: impl Fn(Place) -> bool) -> Vec<&'static str> {
    let keys = KEYS
        .iter()
        .filter(|key| key.effect == Effect::Effective && place(key.place));
    keys.map(|key| key.name).collect()
}

#[test]
fn i70_each_key_that_is_said_to_count_changes_what_counts() {
    let names: Vec<&str> = LIBDEFAULTS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, effective(|place| place != Place::Realm));
    let default = Settings::default();
    for (name, value, observe) in LIBDEFAULTS {
        let key = Key::of_libdefaults(name).unwrap();
        for name in std::iter::once(*name).chain(key.also) {
            let settings = Settings::parse(&format!("[libdefaults]\n{name} = {value}\n")).unwrap();
            assert_ne!(observe(&settings), observe(&default), "{name}");
        }
        if key.place == Place::LibdefaultsOrRealm {
            let of_realm = Settings::parse(&format!("[libdefaults]\nR = {{\n{name} = {value}\n}}\n")).unwrap();
            assert_ne!(observe(&of_realm), observe(&default), "{name} of a realm");
        }
    }
    let names: Vec<&str> = REALMS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, effective(|place| place == Place::Realm));
    for (name, value, observe) in REALMS {
        let settings = Settings::parse(&format!("[realms]\nR = {{\n{name} = {value}\n}}\n")).unwrap();
        assert_ne!(observe(&settings), observe(&default), "{name}");
    }
}

#[test]
fn the_name_that_mit_has_comes_before_heimdals() {
    let text = "[libdefaults]\ndefault_cc_name = FILE:/heimdal\ndefault_ccache_name = FILE:/mit\n";
    let settings = Settings::parse(text).unwrap();
    assert_eq!(settings.default_ccache_name(&tokens()).unwrap(), "FILE:/mit");
    let rows = settings.effective(&tokens());
    let of = |name: &str| rows.iter().find(|row| row.path == ["libdefaults", name]).unwrap();
    assert_eq!(of("default_ccache_name").origin.map(|origin| origin.line), Some(3));
    assert_eq!(of("default_cc_name").standing, crate::config::Standing::Overridden);
}

#[test]
fn what_has_no_effect_may_have_any_value() {
    for key in KEYS.iter().filter(|key| key.effect != Effect::Effective) {
        let text = match key.place {
            Place::Realm => format!("[realms]\nR = {{\n{} = ?\n}}\n", key.name),
            _ => format!("[libdefaults]\n{} = ?\n", key.name),
        };
        let found = Settings::parse(&text);
        assert!(found.is_ok(), "{}", key.name);
    }
}
