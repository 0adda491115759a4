//! What is no token, or no line of `gss pipe`.

use std::process::Command;

use serde_json::Value;

use crate::realm::Realm;
use crate::{INITIATOR, failure, first_token, pipe_failure, pipe_says, run, says};

#[test]
fn what_is_no_token_is_told_with_where_it_ends_to_be_one() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "the token is empty"),
        (b"hello", "at octet 0"),
        (b"60820206", "at octet "),
        (b"YIICFwYJKoZIhvcSAQICAQBuggIG", "at octet "),
        (&[0xff; 64], "at octet 0"),
    ];
    let gss = || Command::new(env!("CARGO_BIN_EXE_gss"));
    for (input, fault) in cases {
        let ended = run(&mut gss(), &["token"], input);
        assert_eq!(ended.code, Some(1), "{}", ended.out);
        says(&ended.err, &["gss: this is not a token", fault]);
    }
    says(
        &failure(&mut gss(), &["token", "/"], b""),
        &["cannot read /", "Is a directory"],
    );
}

#[test]
fn the_acceptor_says_what_is_wrong_with_a_token_or_line() {
    let realm = Realm::new();
    let expected = r#"expected the peer's token, as {"token":"BASE64"}"#;
    let lines = [
        ("hello", "CALL_BAD_STRUCTURE", ["not understood", expected]),
        (r#"{"get_mic":"AA=="}"#, "CALL_BAD_STRUCTURE", ["`get_mic`", expected]),
        (
            r#"{"token":"!!"}"#,
            "CALL_BAD_STRUCTURE",
            ["not base64 with padding", expected],
        ),
        (
            r#"{"token":""}"#,
            "DEFECTIVE_TOKEN",
            ["token is malformed", "does not start with 0x60"],
        ),
        (
            r#"{"token":"YWJj"}"#,
            "DEFECTIVE_TOKEN",
            ["token is malformed", "does not start with 0x60"],
        ),
        (
            r#"{"token":"YAYGBCoDBAU="}"#,
            "DEFECTIVE_TOKEN",
            ["the mechanism 1.2.3.4.5", "Kerberos, 1.2.840.113554.1.2.2"],
        ),
        (
            r#"{"token":"YIICFwYJKoZIhvcSAQICAQBu"}"#,
            "DEFECTIVE_TOKEN",
            ["announces 535 octets", "are"],
        ),
    ];
    for (line, major, parts) in lines {
        let error = pipe_failure(&mut realm.gss(), &["acceptor"], format!("{line}\n").as_bytes());
        pipe_says(&error, major, &parts);
    }
    let error = pipe_failure(&mut realm.gss(), &INITIATOR, b"{\"token\":\"YWJj\"}\n");
    pipe_says(&error, "DEFECTIVE_TOKEN", &["token is malformed"]);
}

#[test]
fn a_line_beyond_the_limit_is_refused_and_the_next_one_is_read() {
    let realm = Realm::new();
    let long = [vec![b'x'; 16 * 1024 * 1024 + 1], b"\n".to_vec()].concat();
    let limit = "the line has more than 16777216 octets";
    let error = pipe_failure(&mut realm.gss(), &["acceptor"], &long);
    pipe_says(&error, "CALL_BAD_STRUCTURE", &[limit]);

    let mut input = first_token(&mut realm.gss()).into_bytes();
    input.extend(long);
    input.extend(b"what\n{\"nope\":1}\n{\"delegated\":true}\n{\"unwrap\":\"AAAA\"}\n{\"get_mic\":\"AA==\"}\n");
    let ended = run(&mut realm.gss(), &["pipe", "acceptor"], &input);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let answers: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [_, _, long, what, nope, delegated, unwrap, mic] = answers.as_slice() else {
        unreachable!("{answers:?}")
    };
    pipe_says(&long["error"], "CALL_BAD_STRUCTURE", &[limit]);
    pipe_says(
        &what["error"],
        "CALL_BAD_STRUCTURE",
        &["not understood", "gss pipe --help"],
    );
    pipe_says(
        &nope["error"],
        "CALL_BAD_STRUCTURE",
        &["`nope`", "get_mic", "at column 7"],
    );
    pipe_says(
        &delegated["error"],
        "NO_CRED",
        &["the initiator has delegated no credential"],
    );
    pipe_says(&unwrap["error"], "DEFECTIVE_TOKEN", &["token"]);
    assert!(mic["token"].is_string(), "{mic}");
}
