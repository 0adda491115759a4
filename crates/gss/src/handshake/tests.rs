use super::*;

#[test]
fn a_step_shows_the_length_of_its_token_and_none_of_its_octets() {
    let step = Step::Continue {
        token: vec![211, 212, 213],
        next: "waiting",
    };
    assert_eq!(format!("{step:?}"), r#"Continue { token: 3 octets, next: "waiting" }"#);
}
