use super::*;

#[test]
fn the_codes_are_those_of_rfc3244() {
    for (number, code) in (0..).zip(ResultCode::ALL) {
        assert_eq!(code.number(), number);
        assert_eq!(ResultCode::from_number(number), Some(code));
        assert!(!code.to_string().is_empty());
    }
    for number in [8, 0x00ff, 0xff80, 0xffff] {
        assert_eq!(ResultCode::from_number(number), None);
    }
}

#[test]
fn an_answer_is_a_code_and_a_text() {
    let (code, text) = parse(b"\0\x04too short").unwrap();
    assert_eq!((code, text.to_string().as_str()), (ResultCode::SoftError, "too short"));
    assert_eq!(parse(&[0, 0]).unwrap(), (ResultCode::Success, ResultText::None));
    for octets in [&[][..], &[0]] {
        assert!(matches!(
            parse(octets),
            Err(Error::PasswordFrame(PasswordFrameFault::NoResult))
        ));
    }
    let unknown = parse(&[0, 8]).unwrap_err();
    assert!(matches!(
        unknown,
        Error::PasswordFrame(PasswordFrameFault::UnknownResult(8))
    ));
}

#[test]
fn heimdals_text_ends_with_a_nul_that_is_not_shown() {
    assert_eq!(
        ResultText::from_octets(b"Password changed\0").to_string(),
        "Password changed"
    );
    assert_eq!(ResultText::from_octets(b"\0"), ResultText::None);
    assert_eq!(ResultText::from_octets(b" \n"), ResultText::None);
}

#[test]
fn a_text_steers_no_terminal_and_ends_somewhere() {
    let shown = ResultText::from_octets(b"no \x1b[2J\xff").to_string();
    assert_eq!(shown, "no \\x1b[2J\\xff");
    let long = ResultText::from_octets(&[b'x'; 60_000]);
    assert_eq!(long.to_string().len(), LONGEST);
}

#[test]
fn a_policy_is_no_text() {
    let mut octets = [0; 30];
    octets[5] = 7;
    let text = ResultText::from_octets(&octets);
    assert_eq!(text.to_string(), "the domain demands at least 7 characters");
    assert!(!text.is_empty());
}
