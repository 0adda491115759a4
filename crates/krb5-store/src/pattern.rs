//! Patterns as the shell matches names with, POSIX.1-2017 XCU §2.13: `*`, `?`, `[a-z]`, `[!a-z]`, `\`.

/// Whether the whole of `text` matches `pattern`. Takes at most as many steps as both lengths multiplied.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on when what follows the last star does not match: after the star, and one octet further.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some(after) = pattern.strip_prefix(b"*") {
            (retry, pattern) = (Some((after, text)), after);
            continue;
        }
        let step = match (pattern, text.split_first()) {
            ([], None) => return true,
            (_, Some((octet, rest))) => item(pattern, *octet).map(|left| (left, rest)),
            (_, None) => None,
        };
        (pattern, text) = match (step, retry) {
            (Some(next), _) => next,
            (None, Some((after, [_, tried @ ..]))) => {
                retry = Some((after, tried));
                (after, tried)
            }
            (None, _) => return false,
        };
    }
}

/// What is left of `pattern` if its first item, which is no star, takes `octet`.
fn item(pattern: &[u8], octet: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'\\', escaped, rest @ ..] => (*escaped == octet).then_some(rest),
        [b'[', set @ ..] => match bracket(set, octet) {
            Some((taken, rest)) => taken.then_some(rest),
            // Without its end it is an ordinary bracket.
            None => (octet == b'[').then_some(set),
        },
        [literal, rest @ ..] => (*literal == octet).then_some(rest),
        [] => None,
    }
}

/// Whether `octet` is in the set, and what follows it; `None` if the set has no end. A closing bracket that comes first
/// belongs to the set.
fn bracket(set: &[u8], octet: u8) -> Option<(bool, &[u8])> {
    let (negated, mut left) = match set {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let (mut found, mut first) = (false, true);
    loop {
        left = match left {
            [] => return None,
            [b']', rest @ ..] if !first => return Some((found != negated, rest)),
            [low, b'-', high, rest @ ..] if *high != b']' => {
                found |= (*low..=*high).contains(&octet);
                rest
            }
            [b'\\', member, rest @ ..] | [member, rest @ ..] => {
                found |= *member == octet;
                rest
            }
        };
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_the_shell() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "abc", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("*.example.org", "www.example.org", true),
            ("*.example.org", "example.org", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*aab", "aaaab", true),
            ("?", "", false),
            ("?bc", "abc", true),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[!a-c]x", "dx", true),
            ("[^a-c]x", "ax", false),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[a-]", "-", true),
            ("[\\]]", "]", true),
            ("[abc", "[abc", true),
            ("[abc", "a", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("a\\", "a\\", true),
            ("A", "a", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern:?} {text:?}"
            );
        }
    }

    #[test]
    fn many_stars_take_no_longer_than_both_lengths_multiplied() {
        let pattern = [&b"*a".repeat(1000)[..], b"b"].concat();
        assert!(!matches(&pattern, &b"a".repeat(20_000)));
    }
}
