use base64::Engine as _;
use hex_literal::hex;
use krb5_message::crypto::primitives::rustcrypto::PROVIDER;

use super::*;
use crate::prepare::prepared_password;

/// A published exchange. Keys are those that `gsasl --mkpasswd` (2.2.0) derives of password, salt and count; the session
/// key is RFC 5802 §8.2's formula over the same messages, computed with Python's `hashlib` and `hmac`: nobody has
/// published one.
struct Example {
    hash: ScramHash,
    salt: &'static str,
    exchange: AuthMessage<'static>,
    proof: &'static str,
    signature: &'static str,
    verifier: &'static str,
    session_key: [u8; 16],
}

const EXAMPLES: [Example; 2] = [
    // RFC 5802 §5.
    Example {
        hash: ScramHash::Sha1,
        salt: "QSXCR+Q6sek8bf92",
        exchange: AuthMessage {
            client_first_bare: "n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            server_first: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            client_final_without_proof: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j",
        },
        proof: "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        signature: "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        verifier: "{SCRAM-SHA-1}4096,QSXCR+Q6sek8bf92,6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=",
        session_key: hex!("edc0561553e0fa524b2012e585d45ff2"),
    },
    // RFC 7677 §3.
    Example {
        hash: ScramHash::Sha256,
        salt: "W22ZaJ0SNY7soEsUEjb6gQ==",
        exchange: AuthMessage {
            client_first_bare: "n=user,r=rOprNGfwEbeRWgbNEkqO",
            server_first: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            client_final_without_proof: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        },
        proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        signature: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        verifier: "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,\
                   wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        session_key: hex!("ffab235aec61a1a1c2dba4e34efe75bb"),
    },
];

impl Example {
    fn initiator(&self) -> InitiatorKeys {
        let password = prepared_password(b"pencil").unwrap();
        let salt = STANDARD.decode(self.salt).unwrap();
        InitiatorKeys::derive(&PROVIDER, self.hash, &password, &salt, NonZeroU32::new(4096).unwrap())
    }

    fn acceptor(&self) -> UserKeys {
        self.verifier.parse().unwrap()
    }
}

#[test]
fn the_published_exchanges_hold_on_both_sides() {
    for example in &EXAMPLES {
        let (ours, theirs) = (example.initiator(), example.acceptor());
        let proof = ours.proof(&PROVIDER, &example.exchange);
        assert_eq!(STANDARD.encode(&proof), example.proof);
        assert_eq!(ours.verifier(&PROVIDER).to_text(), theirs.to_text());
        let client_key = theirs.proven(&PROVIDER, &example.exchange, &proof).unwrap();
        assert_eq!(client_key.expose(), ours.client_key().expose());
        let signature = theirs.signature(&PROVIDER, &example.exchange);
        assert_eq!(STANDARD.encode(signature.expose()), example.signature);
        ours.expected(&PROVIDER, &example.exchange)
            .verify(signature.expose())
            .unwrap();
    }
}

#[test]
fn both_sides_derive_the_last_128_bits_of_rfc5802s_session_key() {
    for example in &EXAMPLES {
        let ours = example.initiator();
        let key = ours.session_key(&PROVIDER, &example.exchange).unwrap();
        assert_eq!(key.expose(), example.session_key);
        let theirs = example
            .acceptor()
            .session_key(&PROVIDER, ours.client_key(), &example.exchange);
        assert_eq!(theirs.unwrap().expose(), example.session_key);
    }
}

#[test]
fn a_proof_with_any_bit_flipped_or_of_another_length_does_not_hold() {
    for example in &EXAMPLES {
        let keys = example.acceptor();
        let proof = STANDARD.decode(example.proof).unwrap();
        let holds = |proof: &[u8]| keys.proven(&PROVIDER, &example.exchange, proof).is_ok();
        assert!(holds(&proof));
        for bit in 0..proof.len() * 8 {
            let mut other = proof.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(&other), "bit {bit}");
        }
        for end in 0..proof.len() {
            assert!(!holds(&proof[..end]), "length {end}");
        }
        assert!(!holds(&[proof.as_slice(), &[0]].concat()), "a longer one");
    }
}

#[test]
fn keys_of_another_length_are_refused() {
    let key = |len| Secret::new(vec![7; len]);
    let one = NonZeroU32::MIN;
    for hash in ScramHash::ALL {
        let len = hash.output_len();
        assert!(InitiatorKeys::new(hash, b"salt", one, key(len), key(len)).is_some());
        assert!(UserKeys::new(hash, b"salt", one, key(len), key(len)).is_some());
        for (one_len, other_len) in [(len - 1, len), (len, len + 1), (0, len)] {
            assert!(InitiatorKeys::new(hash, b"salt", one, key(one_len), key(other_len)).is_none());
            assert!(UserKeys::new(hash, b"salt", one, key(one_len), key(other_len)).is_none());
        }
        assert!(UserKeys::new(hash, b"", one, key(len), key(len)).is_none(), "no salt");
    }
}

#[test]
fn nonces_differ_and_may_stand_in_a_message() {
    let (one, other) = (nonce(&PROVIDER).unwrap(), nonce(&PROVIDER).unwrap());
    assert_ne!(one, other);
    assert_eq!(one.len(), 32);
    assert!(one.bytes().all(|octet| octet.is_ascii_graphic() && octet != b','));
}

#[test]
fn keys_are_not_shown() {
    let shown = format!("{:?}", EXAMPLES[0].initiator());
    assert!(!shown.contains("key: ["), "{shown}");
    assert!(shown.contains("4096"), "{shown}");
}
