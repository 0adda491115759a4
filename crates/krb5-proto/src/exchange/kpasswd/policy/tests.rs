use super::*;

fn octets(min_length: u32, history: u32, properties: u32, ages: [i64; 2]) -> Vec<u8> {
    [
        &[0, 0][..],
        &min_length.to_be_bytes(),
        &history.to_be_bytes(),
        &properties.to_be_bytes(),
        &ages[0].to_be_bytes(),
        &ages[1].to_be_bytes(),
    ]
    .concat()
}

fn policy(min_length: u32, history: u32, properties: u32, ages: [i64; 2]) -> PasswordPolicy {
    PasswordPolicy::from_octets(&octets(min_length, history, properties, ages)).unwrap()
}

const DAY_UNITS: i64 = 86_400 * 10_000_000;

#[test]
fn a_policy_has_the_fields_that_windows_sends() {
    let read = policy(7, 24, 0x11, [42 * DAY_UNITS, DAY_UNITS]);
    let expected = PasswordPolicy {
        min_length: 7,
        history: 24,
        complexity: Complexity::Demanded,
        max_age: Duration::from_secs(42 * DAY),
        min_age: Duration::from_secs(DAY),
    };
    assert_eq!(read, expected);
}

#[test]
fn a_policy_is_put_in_words() {
    let all = policy(7, 24, 1, [42 * DAY_UNITS, 3 * DAY_UNITS / 2]);
    assert_eq!(
        all.to_string(),
        "the domain demands at least 7 characters, characters of several kinds (letters of both cases, digits, others), \
         no part of the name, none of the last 24 passwords, a change not sooner than 2 days after the last one"
    );
    let few = policy(1, 1, 0x3e, [0, 1]);
    assert_eq!(
        few.to_string(),
        "the domain demands at least 1 character, none of the last 1 password, a change not sooner than a day after the \
         last one"
    );
}

#[test]
fn a_policy_that_demands_nothing_says_so() {
    let nothing = policy(0, 0, 0, [0, 0]);
    assert!(nothing.is_empty());
    assert_eq!(nothing.to_string(), "the domain says nothing of what it demands");
}

#[test]
fn ages_may_be_negative_and_never_overflow() {
    assert_eq!(policy(0, 0, 0, [-DAY_UNITS, 0]).max_age, Duration::from_secs(DAY));
    for never in [i64::MIN, i64::MIN + 1, i64::MAX] {
        assert_eq!(policy(0, 0, 0, [0, never]).min_age, Duration::ZERO, "{never}");
    }
}

#[test]
fn only_thirty_octets_that_begin_with_zeros_are_a_policy() {
    let right = octets(7, 0, 0, [0, 0]);
    for len in 0..right.len() {
        assert_eq!(PasswordPolicy::from_octets(&right[..len]), None);
    }
    assert_eq!(PasswordPolicy::from_octets(&[&right[..], &[0]].concat()), None);
    let mut text = right;
    text[1] = b'x';
    assert_eq!(PasswordPolicy::from_octets(&text), None);
}
