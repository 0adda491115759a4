//! Lists of enctypes in `krb5.conf`.

use super::keys;
use super::profile::{Profile, Value};
use super::switch::{Switch, Switches};
use crate::error::Error;
use crate::proto::crypto::Enctype;

/// The three lists of `[libdefaults]`.
#[derive(Clone, Debug)]
pub(super) struct EnctypeLists {
    permitted: Vec<Enctype>,
    as_requests: Vec<Enctype>,
    tgs_requests: Vec<Enctype>,
}

impl EnctypeLists {
    pub(super) fn read(profile: &Profile) -> Result<Self, Error> {
        let list = |key, default: &[Enctype], most: &[Enctype]| match value(profile, key) {
            None => Ok(default.to_vec()),
            Some(value) => {
                let mut list = parse_enctypes(value.text, default);
                list.retain(|enctype| most.contains(enctype));
                if list.is_empty() {
                    Err(value.bad(key, NOT_EMPTY))
                } else {
                    Ok(list)
                }
            }
        };
        let Allowed { by_default, if_named } = Allowed::read(profile)?;
        let permitted = list("permitted_enctypes", &by_default, &if_named)?;
        Ok(Self {
            as_requests: list("default_tkt_enctypes", &permitted, &permitted)?,
            tgs_requests: list("default_tgs_enctypes", &permitted, &permitted)?,
            permitted,
        })
    }

    pub(super) fn permitted(&self) -> &[Enctype] {
        &self.permitted
    }

    pub(super) fn as_requests(&self) -> &[Enctype] {
        &self.as_requests
    }

    pub(super) fn tgs_requests(&self) -> &[Enctype] {
        &self.tgs_requests
    }
}

/// The value of a list. Heimdal's `default_etypes` stands for those of requests.
fn value<'p>(profile: &'p Profile, key: &str) -> Option<Value<'p>> {
    let of_requests = || (key != "permitted_enctypes").then(|| keys::libdefault(profile, "default_etypes"));
    keys::libdefault(profile, key).or_else(|| of_requests().flatten())
}

/// What lists may hold. The types of [`Enctype::LEGACY`] are there only where a switch says so.
struct Allowed {
    by_default: Vec<Enctype>,
    if_named: Vec<Enctype>,
}

impl Allowed {
    fn read(profile: &Profile) -> Result<Self, Error> {
        let mut allowed = Self {
            by_default: Enctype::ALL.to_vec(),
            if_named: Enctype::ALL.to_vec(),
        };
        let switches = Switches::read(profile)?;
        let weak = switches.is_on(Switch::AllowWeakCrypto);
        for enctype in Enctype::LEGACY.iter().copied() {
            let switch = if enctype.number() == DES3 {
                Switch::AllowDes3
            } else {
                Switch::AllowRc4
            };
            let on = switches.is_on(switch);
            allowed.by_default.extend(on.then_some(enctype));
            allowed.if_named.extend((on || weak).then_some(enctype));
        }
        Ok(allowed)
    }
}

impl Default for EnctypeLists {
    fn default() -> Self {
        Self {
            permitted: Enctype::ALL.to_vec(),
            as_requests: Enctype::ALL.to_vec(),
            tgs_requests: Enctype::ALL.to_vec(),
        }
    }
}

/// Parses a list of enctypes, separated by blanks or commas.
///
/// A word adds an enctype, a family (`aes`, `aes-sha1`, `aes-sha2`, `camellia`, `des3`, `rc4`), or with `DEFAULT` the `default`
/// list; after `-` it takes them away, and `+` before it changes nothing. Order counts, repetition
/// does not. Words that are not known are skipped, as are enctypes that are not built in.
#[must_use]
pub fn parse_enctypes(text: &str, default: &[Enctype]) -> Vec<Enctype> {
    let mut list: Vec<Enctype> = Vec::new();
    for word in text.split([' ', '\t', '\r', '\n', ',']) {
        let (removes, name) = match word.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, word.strip_prefix('+').unwrap_or(word)),
        };
        for enctype in named(name, default) {
            if removes {
                list.retain(|listed| *listed != enctype);
            } else if !list.contains(&enctype) {
                list.push(enctype);
            }
        }
    }
    list
}

fn named(name: &str, default: &[Enctype]) -> Vec<Enctype> {
    if name.eq_ignore_ascii_case("DEFAULT") {
        return default.to_vec();
    }
    let family = FAMILIES.iter().find(|(family, _)| name.eq_ignore_ascii_case(family));
    let legacy = [("des3", DES3), ("rc4", RC4)].into_iter();
    let mut legacy = legacy.filter(|(family, _)| name.eq_ignore_ascii_case(family));
    match (family, legacy.next()) {
        (Some((_, members)), _) => members.to_vec(),
        (None, Some((_, number))) => Enctype::from_number(number).into_iter().collect(),
        (None, None) => Enctype::from_name(name).into_iter().collect(),
    }
}

const NOT_EMPTY: &str = "a list with at least one permitted enctype, such as aes256-cts-hmac-sha1-96 or aes; \
                         arcfour-hmac needs allow_rc4, des3-cbc-sha1 allow_des3, and both the feature legacy-crypto";

/// The number of des3-cbc-sha1, and of arcfour-hmac: they may not be built in.
const DES3: i32 = 16;
const RC4: i32 = 23;

/// In the order that MIT gives the family `aes`.
const AES: &[Enctype] = &[
    Enctype::Aes256CtsHmacSha196,
    Enctype::Aes128CtsHmacSha196,
    Enctype::Aes256CtsHmacSha384192,
    Enctype::Aes128CtsHmacSha256128,
];

const FAMILIES: [(&str, &[Enctype]); 4] = [
    ("aes", AES),
    (
        "aes-sha1",
        &[Enctype::Aes256CtsHmacSha196, Enctype::Aes128CtsHmacSha196],
    ),
    (
        "aes-sha2",
        &[Enctype::Aes256CtsHmacSha384192, Enctype::Aes128CtsHmacSha256128],
    ),
    ("camellia", &[Enctype::Camellia256CtsCmac, Enctype::Camellia128CtsCmac]),
];

#[cfg(test)]
mod tests {
    use super::*;

    const A1: Enctype = Enctype::Aes128CtsHmacSha196;
    const A2: Enctype = Enctype::Aes256CtsHmacSha196;
    const B1: Enctype = Enctype::Aes128CtsHmacSha256128;
    const B2: Enctype = Enctype::Aes256CtsHmacSha384192;

    #[test]
    fn words_add_and_take_away_in_order() {
        let cases: [(&str, &[Enctype]); 13] = [
            ("aes256-cts-hmac-sha1-96", &[A2]),
            ("aes128-cts, aes256-cts", &[A1, A2]),
            ("aes256-cts aes256-cts", &[A2]),
            ("AES", AES),
            ("aes-sha2", &[B2, B1]),
            ("aes -aes256-cts", &[A1, B2, B1]),
            ("DEFAULT", &[B2, A1]),
            ("DEFAULT +aes256-cts", &[B2, A1, A2]),
            ("DEFAULT -DEFAULT aes128-cts", &[A1]),
            ("des-cbc-md5 rc4-hmac-exp aes128-cts", &[A1]),
            ("camellia -camellia128-cts", &[Enctype::Camellia256CtsCmac]),
            ("-aes256-cts aes256-cts", &[A2]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_enctypes(text, &[B2, A1]), expected, "{text}");
        }
    }

    #[test]
    fn request_lists_never_leave_the_permitted_list() {
        let text = "[libdefaults]\npermitted_enctypes = aes256-cts aes128-cts\ndefault_tkt_enctypes = aes\n";
        let lists = EnctypeLists::read(&Profile::parse(text).unwrap()).unwrap();
        assert_eq!(lists.permitted(), [A2, A1]);
        assert_eq!(lists.as_requests(), [A2, A1]);
        assert_eq!(lists.tgs_requests(), [A2, A1]);
    }

    #[test]
    #[cfg(not(feature = "legacy-crypto"))]
    fn switches_allow_nothing_that_is_not_built_in() {
        let text = "[libdefaults]\nallow_rc4 = true\nallow_des3 = true\nallow_weak_crypto = true\n";
        let lists = EnctypeLists::read(&Profile::parse(text).unwrap()).unwrap();
        assert_eq!(lists.permitted(), Enctype::ALL);
    }

    #[test]
    #[cfg(feature = "legacy-crypto")]
    fn w9_legacy_types_are_permitted_only_where_a_switch_says_so() {
        let (rc4, des3) = (Enctype::ArcfourHmac, Enctype::Des3CbcSha1);
        let has = |text: &str, enctype| {
            let profile = Profile::parse(&format!("[libdefaults]\n{text}")).unwrap();
            EnctypeLists::read(&profile).unwrap().permitted().contains(&enctype)
        };
        for (text, with_rc4, with_des3) in [
            ("", false, false),
            ("permitted_enctypes = aes rc4 des3\n", false, false),
            ("allow_rc4 = true\n", true, false),
            ("allow_des3 = true\n", false, true),
            ("allow_weak_crypto = true\n", false, false),
            (
                "allow_weak_crypto = true\npermitted_enctypes = aes rc4-hmac des3\n",
                true,
                true,
            ),
            ("allow_rc4 = true\npermitted_enctypes = aes rc4 des3\n", true, false),
            ("allow_rc4 = true\npermitted_enctypes = aes\n", false, false),
            ("allow_rc4 = true\npermitted_enctypes = DEFAULT -rc4\n", false, false),
        ] {
            assert_eq!((has(text, rc4), has(text, des3)), (with_rc4, with_des3), "{text}");
        }
    }

    #[test]
    fn a_list_without_anything_usable_is_an_error() {
        for list in ["rc4-hmac", "DEFAULT -aes -camellia", "\"\""] {
            let profile = Profile::parse(&format!("[libdefaults]\npermitted_enctypes = {list}\n")).unwrap();
            let error = EnctypeLists::read(&profile).unwrap_err();
            assert!(
                error.to_string().starts_with("krb5.conf:2: permitted_enctypes is "),
                "{error}"
            );
        }
    }
}
