//! Truth values in `krb5.conf`.

/// Parses `yes`, `true`, `on`, `y`, `t`, `1` and their opposites `no`, `false`, `off`, `n`, `nil`,
/// `0`, in any case. `None` for anything else.
#[must_use]
pub fn parse_boolean(text: &str) -> Option<bool> {
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if YES.iter().any(is) {
        Some(true)
    } else if NO.iter().any(is) {
        Some(false)
    } else {
        None
    }
}

const YES: [&str; 6] = ["y", "yes", "true", "t", "1", "on"];
const NO: [&str; 6] = ["n", "no", "false", "nil", "0", "off"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_is_known_in_any_case() {
        for text in ["y", "yes", "TRUE", "T", "1", "On"] {
            assert_eq!(parse_boolean(text), Some(true), "{text}");
        }
        for text in ["n", "No", "false", "NIL", "0", "off"] {
            assert_eq!(parse_boolean(text), Some(false), "{text}");
        }
    }

    #[test]
    fn anything_else_is_not_a_truth_value() {
        for text in ["", "2", "yess", "f", "ja", " yes"] {
            assert_eq!(parse_boolean(text), None, "{text}");
        }
    }
}
