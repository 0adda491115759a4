//! Lists of enctypes in `krb5.conf`.

use super::keys;
use super::profile::{Profile, Value};
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
        let list = |key, default: &[Enctype]| match value(profile, key) {
            None => Ok(default.to_vec()),
            Some(value) => {
                let mut list = parse_enctypes(value.text, default);
                list.retain(|enctype| default.contains(enctype));
                if list.is_empty() {
                    Err(value.bad(key, NOT_EMPTY))
                } else {
                    Ok(list)
                }
            }
        };
        let permitted = list("permitted_enctypes", Enctype::ALL)?;
        Ok(Self {
            as_requests: list("default_tkt_enctypes", &permitted)?,
            tgs_requests: list("default_tgs_enctypes", &permitted)?,
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
/// A word adds an enctype, a family (`aes`, `aes-sha1`, `aes-sha2`, `camellia`), or with `DEFAULT` the `default`
/// list; after `-` it takes them away, and `+` before it changes nothing. Order counts, repetition
/// does not. Words that are not known are skipped, and so are enctypes that are not implemented
/// (`rc4`, `des3` and their like).
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
    match family {
        Some((_, members)) => members.to_vec(),
        None => Enctype::from_name(name).into_iter().collect(),
    }
}

const NOT_EMPTY: &str = "a list with at least one permitted enctype, such as aes256-cts-hmac-sha1-96 or aes";

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
            ("rc4-hmac des3-cbc-sha1 aes128-cts", &[A1]),
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
