use proptest::prelude::*;

use super::*;

const CLIENT_FIRST: &str = "n=user,r=rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                            p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
const SERVER_FINAL: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

/// What a message is written as after it has been read.
fn again(number: usize, message: &[u8]) -> Result<String, MessageError> {
    match number {
        0 => ClientFirst::parse(message).map(|message| message.to_text()),
        1 => ServerFirst::parse(message).map(|message| message.to_text()),
        2 => ClientFinal::parse(message).map(|message| message.to_text()),
        _ => ServerFinal::parse(message).map(|message| message.to_text()),
    }
}

const MESSAGES: [&str; 4] = [CLIENT_FIRST, SERVER_FIRST, CLIENT_FINAL, SERVER_FINAL];

#[test]
fn the_messages_of_rfc7677_are_read_and_written_as_they_were() {
    for (number, message) in MESSAGES.iter().enumerate() {
        assert_eq!(again(number, message.as_bytes()).as_deref(), Ok(*message));
    }
    let first = ServerFirst::parse(SERVER_FIRST.as_bytes()).unwrap();
    assert_eq!((first.salt.len(), first.iterations.get()), (16, 4096));
    let last = ClientFinal::parse(CLIENT_FINAL.as_bytes()).unwrap();
    assert_eq!(last.bindings, b"n,,");
    assert_eq!(last.without_proof, CLIENT_FINAL.rsplit_once(",p=").unwrap().0);
}

#[test]
fn a_message_that_ends_early_is_refused_or_another_one_and_never_the_same() {
    for (number, message) in MESSAGES.iter().enumerate() {
        for end in 0..message.len() {
            if let Ok(read) = again(number, &message.as_bytes()[..end]) {
                assert_eq!(read, message[..end], "message {number} up to {end}");
            }
        }
    }
}

#[test]
fn a_flipped_bit_is_refused_or_seen() {
    for (number, message) in MESSAGES.iter().enumerate() {
        for bit in 0..message.len() * 8 {
            let mut other = message.as_bytes().to_vec();
            other[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = again(number, &other) {
                assert_ne!(read, *message, "message {number}, bit {bit}");
            }
        }
    }
}

#[test]
fn names_are_escaped_and_an_equals_sign_that_escapes_nothing_ends_it() {
    let names = [
        ("a,b", "a=2Cb"),
        ("a=b", "a=3Db"),
        ("=2C", "=3D2C"),
        (",,=", "=2C=2C=3D"),
        ("ü", "ü"),
    ];
    for (name, in_message) in names {
        assert_eq!(escaped(name), in_message);
        assert_eq!(unescaped(in_message).as_deref(), Ok(name));
    }
    for bad in ["", "=", "a=", "a=2", "=2c", "=2D", "=C2", "==2C", "a=3D=b"] {
        assert_eq!(unescaped(bad), Err(MessageError::Saslname), "{bad}");
    }
}

#[test]
fn malformed_messages_are_refused_with_what_is_wrong() {
    use MessageError as Fault;
    let cases: [(usize, &str, Fault); 40] = [
        (0, "", Fault::Attribute('n')),
        (0, "n", Fault::Attribute('n')),
        (0, "n=user", Fault::Attribute('r')),
        (0, "r=abc,n=user", Fault::Attribute('n')),
        (0, "n,,n=user,r=abc", Fault::Attribute('n')),
        (0, "n=,r=abc", Fault::Saslname),
        (0, "n=user,r=", Fault::Nonce),
        (0, "n=user,r=a b", Fault::Nonce),
        (0, "n=user,r=ä", Fault::Nonce),
        (0, "n=us\0er,r=abc", Fault::NotText),
        (0, "m=x,n=user,r=abc", Fault::Extension),
        (0, "n=user,m=x,r=abc", Fault::Extension),
        (0, "n=user,r=abc,m=x", Fault::Extension),
        (0, "n=user,r=abc,", Fault::Trailing),
        (0, "n=user,r=abc,x", Fault::Trailing),
        (0, "n=user,r=abc,x=", Fault::Trailing),
        (0, "n=user,r=abc,1=x", Fault::Trailing),
        (0, "n=user,r=abc,xy=z", Fault::Trailing),
        (0, "n=user,r=abc,ä=z", Fault::Trailing),
        (1, "r=abc,s=W22Z", Fault::Attribute('i')),
        (1, "r=abc,i=4096,s=W22Z", Fault::Attribute('s')),
        (1, "m=x,r=abc,s=W22Z,i=4096", Fault::Extension),
        (1, "r=abc,s=W2,i=4096", Fault::Base64('s')),
        (1, "r=abc,s=W2!Z,i=4096", Fault::Base64('s')),
        (1, "r=abc,s=W23=,i=4096", Fault::Base64('s')),
        (1, "r=abc,s=W22Z,i=", Fault::IterationCount),
        (1, "r=abc,s=W22Z,i=0", Fault::IterationCount),
        (1, "r=abc,s=W22Z,i=04096", Fault::IterationCount),
        (1, "r=abc,s=W22Z,i=+4096", Fault::IterationCount),
        (1, "r=abc,s=W22Z,i=-1", Fault::IterationCount),
        (1, "r=abc,s=W22Z,i=4294967296", Fault::IterationCount),
        (1, "r=abc,s=W22Z,i=99999999999999999999999999", Fault::IterationCount),
        (2, "c=biws,r=abc", Fault::Attribute('p')),
        (2, "c=biws,r=abc,p=AAAA,x=y", Fault::Base64('p')),
        (2, "c=bi,r=abc,p=AAAA", Fault::Base64('c')),
        (2, "r=abc,c=biws,p=AAAA", Fault::Attribute('c')),
        (2, "c=biws,r=abc,m=x,p=AAAA", Fault::Extension),
        (3, "", Fault::Attribute('v')),
        (3, "v=AA", Fault::Base64('v')),
        (3, "m=x,v=AAAA", Fault::Extension),
    ];
    for (number, message, fault) in cases {
        assert_eq!(again(number, message.as_bytes()), Err(fault), "{message}");
    }
    assert_eq!(again(0, b"n=user,r=\xff"), Err(Fault::NotText));
}

#[test]
fn extensions_are_passed_over_and_stay_part_of_what_is_proven() {
    assert!(ClientFirst::parse(b"n=user,r=abc,x=y,z=1=2").is_ok());
    assert!(ServerFirst::parse(b"r=abc,s=W22Z,i=4096,x=y").is_ok());
    assert!(ServerFinal::parse(b"v=AAAA,x=y").is_ok());
    let last = ClientFinal::parse(b"c=biws,r=abc,x=y,p=AAAA").unwrap();
    assert_eq!(last.without_proof, "c=biws,r=abc,x=y");
    assert_eq!(last.proof, [0; 3]);
}

#[test]
fn reasons_are_known_by_their_names_and_others_are_cut() {
    let known = ServerFinal::parse(b"e=invalid-proof").unwrap();
    assert_eq!(known, ServerFinal::Error(ServerError::InvalidProof));
    assert_eq!(known.to_text(), "e=invalid-proof");
    let unknown = [b"e=".as_slice(), &b"x\x1b".repeat(5000)].concat();
    match ServerFinal::parse(&unknown).unwrap() {
        ServerFinal::Error(ServerError::Unknown(text)) => assert_eq!(text, "x\u{FFFD}".repeat(32)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a1_a_message_of_a_mebibyte_is_refused_before_it_is_read() {
    let long = vec![b'x'; 1 << 20];
    let many = b"x=y,".repeat(1 << 18);
    for number in 0..4 {
        for message in [&long, &many] {
            assert_eq!(again(number, message), Err(MessageError::TooLong(1 << 20)));
        }
    }
    let most = format!("n=user,r={}", "x".repeat(MAX_LEN - 9));
    assert_eq!(most.len(), MAX_LEN);
    assert!(ClientFirst::parse(most.as_bytes()).is_ok());
}

#[test]
fn many_attributes_are_passed_over_one_by_one() {
    let message = format!("n=user,r=abc{}", ",x=y".repeat(16_000));
    assert!(ClientFirst::parse(message.as_bytes()).is_ok());
    let message = format!("n=user,r=abc{}", ",".repeat(60_000));
    assert_eq!(ClientFirst::parse(message.as_bytes()), Err(MessageError::Trailing));
}

proptest! {
    #[test]
    fn names_of_any_characters_come_back(name in "[^\\x00]{1,40}", nonce in "[!-+\\--~]{1,40}") {
        let message = ClientFirst { user: name, nonce };
        prop_assert_eq!(ClientFirst::parse(message.to_text().as_bytes()), Ok(message));
    }

    #[test]
    fn salts_and_bindings_of_any_octets_come_back(
        octets in prop::collection::vec(any::<u8>(), 0..200),
        iterations in 1..=u32::MAX,
        nonce in "[!-+\\--~]{1,40}",
    ) {
        let iterations = std::num::NonZeroU32::new(iterations).unwrap();
        let first = ServerFirst { nonce: nonce.clone(), salt: octets.clone(), iterations };
        prop_assert_eq!(ServerFirst::parse(first.to_text().as_bytes()), Ok(first));
        let without_proof = ClientFinal::without_proof(&octets, &nonce);
        let last = ClientFinal { bindings: octets.clone(), nonce, proof: octets.clone(), without_proof };
        prop_assert_eq!(ClientFinal::parse(last.to_text().as_bytes()), Ok(last));
        let signature = ServerFinal::Signature(octets);
        prop_assert_eq!(ServerFinal::parse(signature.to_text().as_bytes()), Ok(signature));
    }

    #[test]
    fn what_is_read_of_any_octets_is_read_again_as_the_same(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        for number in 0..4 {
            if let Ok(text) = again(number, &octets) {
                prop_assert_eq!(again(number, text.clone().as_bytes()), Ok(text));
            }
        }
    }
}
