use proptest::prelude::*;

use super::*;

fn found<'a>(expression: &str, text: &'a str) -> Option<&'a str> {
    let expression = Ere::new(expression).unwrap_or_else(|fault| panic!("{expression:?}: {fault}"));
    expression.find(text).map(|range| &text[range])
}

#[test]
fn expressions_find_what_posix_says() {
    let cases = [
        ("", "abc", Some("")),
        ("b", "abc", Some("b")),
        ("b.*", "abcd", Some("bcd")),
        ("a.c", "a\nc", Some("a\nc")),
        ("x*", "aax", Some("")),
        ("a|ab", "ab", Some("ab")),
        ("a|ab|", "xab", Some("")),
        ("(a|ab)(c|bcd)", "abcd", Some("abcd")),
        ("(wee|week)(knights|night)", "weeknights", Some("weeknights")),
        ("a+?", "aaa", Some("aaa")),
        ("a**", "aaa", Some("aaa")),
        ("a{2}", "aaa", Some("aa")),
        ("a{2,}", "aaaa", Some("aaaa")),
        ("a{,2}", "aaaa", Some("aa")),
        ("a{1,2}b", "aaab", Some("aab")),
        ("(ab){2}", "abab", Some("abab")),
        ("^a", "ba", None),
        ("a$", "ab", None),
        ("a$", "a\n", None),
        ("a^b", "a^b", None),
        (r"a\^b", "a^b", Some("a^b")),
        (r"\.", "a.b", Some(".")),
        (r"\w+", "-user_1-", Some("user_1")),
        (r"[\w]+", r"-\w", Some(r"\w")),
        ("[]a]+", "]a", Some("]a")),
        ("[^]a]+", "b]", Some("b")),
        ("[a-c-]+", "b-d", Some("b-")),
        ("[+--]+", "+,-.", Some("+,-")),
        ("[[:alpha:]_]+", "ab_9", Some("ab_")),
        ("[[:alpha:]]", "é", None),
        ("[[.-.]]", "-", Some("-")),
        ("[[=a=]]", "a", Some("a")),
        ("é+", "éé", Some("éé")),
        ("[é-ü]", "ö", Some("ö")),
        ("()", "a", Some("")),
        ("(^a|b)$", "cb", Some("b")),
        ("A", "a", None),
        ("}", "}", Some("}")),
    ];
    for (expression, text, expected) in cases {
        assert_eq!(found(expression, text), expected, "{expression:?} in {text:?}");
    }
}

#[test]
fn what_posix_leaves_open_is_refused() {
    use EreFault::*;
    let cases = [
        ("*a", NothingToRepeat('*')),
        ("a|*", NothingToRepeat('*')),
        ("(+)", NothingToRepeat('+')),
        ("^*", NothingToRepeat('*')),
        ("{1}", NothingToRepeat('{')),
        ("(a)\\1", BackReference('1')),
        ("\\b", Escape('b')),
        ("\\<", Escape('<')),
        ("a\\", LoneBackslash),
        ("(a", Parenthesis),
        ("a)", Parenthesis),
        ("[a", Bracket),
        ("[]", Bracket),
        ("[[:alpha]", Bracket),
        ("[[:letter:]]", Class("letter".to_owned())),
        ("[c-a]", Range),
        ("[[.hyphen.]]", Range),
        ("a{1", Repetition),
        ("a{,}", Repetition),
        ("a{}", Repetition),
        ("a{3,2}", Repetition),
        ("a{256}", Repetition),
        ("a{99999999999}", Repetition),
        ("((a{255}){255}){255}", TooLarge),
    ];
    for (expression, fault) in cases {
        assert_eq!(Ere::new(expression).map(|_| ()), Err(fault), "{expression:?}");
    }
    assert_eq!(Ere::new(&"(".repeat(100_000)).map(|_| ()), Err(Nesting));
}

#[test]
fn all_of_a_text_is_covered_or_not() {
    let covers = |expression: &str, text: &str| Ere::new(expression).unwrap().covers(text);
    assert!(covers(".*tail", "withtail"));
    assert!(!covers(".*tail", "tails"));
    assert!(covers("a|ab", "ab"), "the longest alternative, not the first");
    assert!(covers("", ""));
    assert!(!covers("", "a"));
    assert!(!covers("b", "ab"));
}

#[test]
fn the_time_for_a_hostile_text_is_linear() {
    // A backtracking matcher takes 2^n steps for this.
    let expression = Ere::new("(a|a|aa)*(a|a|aa)*b").unwrap();
    assert_eq!(expression.find(&"a".repeat(5000)), None);
}

/// A small matcher by POSIX' definition: every way is tried.
fn ends(expression: &[Item], text: &[u8]) -> Vec<usize> {
    let Some((first, rest)) = expression.split_first() else {
        return vec![0];
    };
    let of_one: Vec<usize> = first.ends(text);
    let mut found: Vec<usize> = of_one
        .into_iter()
        .flat_map(|end| ends(rest, &text[end..]).into_iter().map(move |more| end + more))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[derive(Clone, Debug)]
enum Item {
    One(u8),
    Any,
    Star(u8),
    Optional(u8),
    Either(Vec<u8>, Vec<u8>),
}

impl Item {
    fn ends(&self, text: &[u8]) -> Vec<usize> {
        let is = |octet: &u8| text.first() == Some(octet);
        match self {
            Self::One(octet) => is(octet).then_some(1).into_iter().collect(),
            Self::Any => text.first().map(|_| 1).into_iter().collect(),
            Self::Optional(octet) => std::iter::once(0).chain(is(octet).then_some(1)).collect(),
            Self::Star(octet) => (0..=text.iter().take_while(|next| *next == octet).count()).collect(),
            Self::Either(one, other) => [one, other]
                .into_iter()
                .filter(|word| text.starts_with(word))
                .map(Vec::len)
                .collect(),
        }
    }

    fn text(&self) -> String {
        let of = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        match self {
            Self::One(octet) => of(&[*octet]),
            Self::Any => ".".to_owned(),
            Self::Star(octet) => format!("{}*", of(&[*octet])),
            Self::Optional(octet) => format!("({})?", of(&[*octet])),
            Self::Either(one, other) => format!("({}|{})", of(one), of(other)),
        }
    }
}

fn item() -> impl Strategy<Value = Item> {
    let octet = || prop_oneof![Just(b'a'), Just(b'b')];
    let word = || prop::collection::vec(octet(), 0..3);
    prop_oneof![
        octet().prop_map(Item::One),
        Just(Item::Any),
        octet().prop_map(Item::Star),
        octet().prop_map(Item::Optional),
        (word(), word()).prop_map(|(one, other)| Item::Either(one, other)),
    ]
}

proptest! {
    #[test]
    fn the_match_is_the_leftmost_and_of_these_the_longest(
        items in prop::collection::vec(item(), 0..6),
        text in "[ab]{0,12}",
    ) {
        let expression: String = items.iter().map(Item::text).collect();
        let expected = (0..=text.len()).find_map(|start| {
            let longest = ends(&items, &text.as_bytes()[start..]).into_iter().max();
            longest.map(|length| start..start + length)
        });
        prop_assert_eq!(Ere::new(&expression).unwrap().find(&text), expected, "{} in {}", expression, text);
    }

    #[test]
    fn any_text_is_an_expression_or_a_fault(expression in any::<String>(), text in any::<String>()) {
        if let Ok(expression) = Ere::new(&expression)
            && let Some(range) = expression.find(&text)
        {
            prop_assert!(text.get(range).is_some());
        }
    }
}
