//! Every setting with its value and where it stands.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::config::parse_duration;

fn tokens() -> PathTokens {
    PathTokens {
        uid: 7,
        euid: 7,
        username: "u".to_owned(),
        temp: "/tmp".to_owned(),
    }
}

/// Path to value, line (0 for a default) and standing.
fn effective(text: &str) -> BTreeMap<String, Vec<(String, u32, Standing)>> {
    let settings = Settings::parse(text).unwrap();
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for setting in settings.effective(&tokens()) {
        let line = setting.origin.map_or(0, |origin| origin.line);
        let entry = found.entry(setting.path.join(" ")).or_default();
        entry.push((setting.value, line, setting.standing));
    }
    found
}

fn one(value: &str, line: u32, standing: Standing) -> Vec<(String, u32, Standing)> {
    vec![(value.to_owned(), line, standing)]
}

#[test]
fn an_empty_configuration_shows_every_effective_key_with_its_default() {
    let found = effective("");
    let keys = KEYS
        .iter()
        .filter(|key| key.place != Place::Realm && key.effect == Effect::Effective);
    assert_eq!(found.len(), keys.clone().count());
    for key in keys {
        let entry = &found[&format!("libdefaults {}", key.name)];
        assert_eq!((entry[0].1, entry[0].2), (0, Standing::Effective), "{}", key.name);
        let literal = !key.default.contains('%') && !key.default.contains("enctypes") && !key.default.contains(' ');
        if literal && key.name != "qualify_shortname" {
            assert_eq!(entry[0].0, key.default, "{}", key.name);
        }
    }
    assert_eq!(found["libdefaults default_ccache_name"][0].0, "FILE:/tmp/krb5cc_7");
}

#[test]
fn each_relation_is_shown_with_its_line_and_what_becomes_of_it() {
    let found = effective(
        "[libdefaults]\nclockskew = 00:02:00\nclockskew = 1m\nerr_fmt = %M\nnonsense = 1\n\
         permitted_enctypes = aes256-sha2\nR = {\nforwardable = yes\nclockskew = 3m\n}\n\
         [realms]\nR = {\nkdc = a\nkdc = b\nv4_realm = X\nodd = y\n}\n\
         [domain_realm]\n.r = R\n.r = S\n[plugins]\nccselect = {\ndisable = realm\n}\n[custom]\nx = y\n",
    );
    let skew = [one("2m", 2, Standing::Effective), one("1m", 3, Standing::Overridden)].concat();
    assert_eq!(found["libdefaults clockskew"], skew);
    assert_eq!(
        found["libdefaults err_fmt"],
        one("%M", 4, Standing::Without("messages have one form"))
    );
    assert_eq!(found["libdefaults nonsense"], one("1", 5, Standing::Unknown));
    assert_eq!(
        found["libdefaults permitted_enctypes"],
        one("aes256-cts-hmac-sha384-192", 6, Standing::Effective)
    );
    assert_eq!(
        found["libdefaults default_tkt_enctypes"][0].0,
        "aes256-cts-hmac-sha384-192"
    );
    assert_eq!(found["libdefaults R forwardable"], one("yes", 8, Standing::Effective));
    assert_eq!(found["libdefaults R clockskew"], one("3m", 9, Standing::Unknown));
    let kdcs = [one("a", 13, Standing::Effective), one("b", 14, Standing::Effective)].concat();
    assert_eq!(found["realms R kdc"], kdcs);
    assert!(matches!(found["realms R v4_realm"][0].2, Standing::Without(_)));
    assert_eq!(found["realms R odd"], one("y", 16, Standing::Unknown));
    let realms = [one("R", 19, Standing::Effective), one("S", 20, Standing::Overridden)].concat();
    assert_eq!(found["domain_realm .r"], realms);
    assert!(matches!(found["plugins ccselect disable"][0].2, Standing::Without(_)));
    assert_eq!(found["custom x"], one("y", 26, Standing::Unknown));
}

proptest! {
    #[test]
    fn durations_are_spelled_as_they_are_read(seconds in 0_u64..0x7fff_ffff) {
        let duration = Duration::from_secs(seconds);
        prop_assert_eq!(parse_duration(&spelled(duration)), Some(duration));
    }
}
