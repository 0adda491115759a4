use hex_literal::hex;
use krb5_proto::messages::{
    ApOptions, ApReq, AsReq, EncryptedData, KdcOptions, KdcReqBody, KrbError, Kvno, Microseconds, PaData, Ticket,
    UInt32,
};
use krb5_proto::{KerberosTime, NameType, PrincipalName};
use proptest::prelude::*;

use super::*;

fn text(token: &[u8]) -> String {
    let (text, result) = explained(token);
    result.unwrap_or_else(|problem| panic!("{problem} after\n{text}"));
    text
}

fn problem(token: &[u8]) -> Problem {
    explained(token).1.unwrap_err()
}

fn encrypted(cipher: usize) -> EncryptedData {
    EncryptedData {
        etype: 18,
        kvno: Some(Kvno(3)),
        cipher: vec![0xcc; cipher].into(),
    }
}

fn ap_req() -> Vec<u8> {
    let sname = PrincipalName::new(NameType::SRV_HST, ["HTTP", "www.example.org"]);
    let ticket = Ticket {
        realm: "EXAMPLE.ORG".into(),
        sname,
        enc_part: encrypted(200),
    };
    let authenticator = EncryptedData {
        kvno: None,
        ..encrypted(100)
    };
    ApReq {
        ap_options: ApOptions::MUTUAL_REQUIRED,
        ticket,
        authenticator,
    }
    .to_der()
    .unwrap()
}

/// `content` behind a tag and a DER length.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut octets = match length {
        [0, short] if short < 0x80 => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    octets.extend_from_slice(content);
    octets
}

fn framed(oid: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    element(0x60, &[&element(6, oid)[..], &parts.concat()].concat())
}

fn initial_token() -> Vec<u8> {
    framed(&KERBEROS, &[&[1, 0], &ap_req()])
}

fn negotiation_init() -> Vec<u8> {
    let mechanisms = element(0x30, &[element(6, &KERBEROS), element(6, &NTLM)].concat());
    let fields = [element(0xa0, &mechanisms), element(0xa2, &element(4, &initial_token()))].concat();
    framed(&SPNEGO, &[&element(0xa0, &element(0x30, &fields))])
}

#[test]
fn an_initial_kerberos_token_is_explained() {
    let expected = "\
GSS-API token with framing (RFC 2743 §3.1), 447 octets
  mechanism: 1.2.840.113554.1.2.2 (Kerberos 5)
  AP-REQ (RFC 4120 §5.5.1), 430 octets
    options: mutual-required
    ticket
      for: HTTP/www.example.org@EXAMPLE.ORG (service and host)
      encrypted part: aes256-cts-hmac-sha1-96, key version 3, 200 octets
    authenticator: aes256-cts-hmac-sha1-96, 100 octets
";
    assert_eq!(text(&initial_token()), expected);
}

#[test]
fn spnego_is_explained_with_the_token_inside() {
    let text = text(&negotiation_init());
    for line in [
        "  mechanism: 1.3.6.1.5.5.2 (SPNEGO)\n  NegTokenInit (RFC 4178 §4.2.1)\n    mechTypes, best first\n",
        "      1.2.840.113554.1.2.2 (Kerberos 5)\n      1.3.6.1.4.1.311.2.2.10 (NTLM)\n",
        "    mechToken, for the first mechanism, 447 octets\n      GSS-API token with framing",
        "            for: HTTP/www.example.org@EXAMPLE.ORG",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
}

#[test]
fn negotiation_hints_and_the_replies_are_explained() {
    let hints = element(0xa3, &element(0x30, &element(0xa0, &element(0x1b, b"not_defined"))));
    let mechanisms = element(0xa0, &element(0x30, &element(6, &NTLM)));
    let init = element(0xa0, &element(0x30, &[mechanisms, hints].concat()));
    assert!(text(&init).contains("negHints ([MS-SPNG] §2.2.1)\n      hintName: not_defined\n"));

    let reply = element(
        0xa1,
        &element(0x30, &hex!("a003 0a0101 a108 06062b0601050502 a304 04020102")),
    );
    let expected = "\
SPNEGO, without framing
  NegTokenResp (RFC 4178 §4.2.2)
    negState: accept-incomplete
    supportedMech: 1.3.6.1.5.5.2 (SPNEGO)
    mechListMIC: 2 octets: 0102
";
    assert_eq!(text(&reply), expected);
}

#[test]
fn per_message_tokens_are_explained() {
    let mic = hex!("0404 05 ffffffffff 0000000000000007 000102030405060708090a0b");
    let expected = "\
MIC (RFC 4121 §4.2.6.1), 28 octets
  sent by the: acceptor
  sealed: no
  key: acceptor's subkey
  sequence number: 7
  checksum: 12 octets: 000102030405060708090a0b
";
    assert_eq!(text(&mic), expected);

    let sealed = hex!("0504 02 ff 0000 001c 00000000000000ff aabb");
    let expected = "\
Wrap (RFC 4121 §4.2.6.2), 18 octets
  sent by the: initiator
  sealed: yes
  key: initiator's subkey or session key
  extra count (EC): 0 octets of filler
  right rotation count (RRC): 28
  sequence number: 255
  ciphertext: 2 octets: aabb
";
    assert_eq!(text(&sealed), expected);

    let clear = hex!("0504 00 ff 0001 0000 0000000000000000 68 69 cc");
    assert!(text(&clear).contains("message, in the clear: 2 octets\n"));
    let short = hex!("0504 00 ff 000c 0000 0000000000000000 68 69 cc");
    assert_eq!(problem(&short), Problem::at(16, "EC is 12, but 3 octets follow"));
}

#[test]
fn a_kerberos_error_is_explained() {
    let error = KrbError {
        ctime: None,
        cusec: None,
        stime: KerberosTime(0),
        susec: Microseconds::new(5).unwrap(),
        error_code: 37,
        crealm: None,
        cname: None,
        realm: "R".into(),
        sname: PrincipalName::new(NameType::SRV_INST, ["krbtgt", "R"]),
        e_text: Some("your clock\u{7} is wrong".into()),
        e_data: None,
    };
    let text = text(&error.to_der().unwrap());
    assert!(
        text.starts_with("KRB-ERROR (RFC 4120 §5.9.1), not authenticated"),
        "{text}"
    );
    assert!(text.contains("error: 37 KRB_AP_ERR_SKEW"), "{text}");
    assert!(text.contains("text: your clock\\x07 is wrong\n"), "{text}");
    assert!(text.contains("server: krbtgt/R@R (service and instance)\n"), "{text}");
    assert!(text.contains("server's time: 1970-01-01"), "{text}");
}

#[test]
fn a_request_to_a_kdc_is_explained_also_with_its_length_before_it() {
    let req_body = KdcReqBody {
        kdc_options: KdcOptions::FORWARDABLE,
        cname: Some(PrincipalName::new(NameType::PRINCIPAL, ["alice"])),
        realm: "R".into(),
        sname: Some(PrincipalName::new(NameType::SRV_INST, ["krbtgt", "R"])),
        from: None,
        till: KerberosTime(0),
        rtime: None,
        nonce: UInt32(42),
        etype: vec![20, 23, 99],
        addresses: None,
        enc_authorization_data: None,
        additional_tickets: None,
    };
    let padata = PaData {
        padata_type: 2,
        padata_value: encrypted(60).to_der().unwrap().into(),
    };
    let request = AsReq {
        padata: Some(vec![padata]),
        req_body,
    }
    .to_der()
    .unwrap();
    let explained = text(&request);
    for line in [
        "AS-REQ (RFC 4120 §5.4.1)",
        "  pa-data PA-ENC-TIMESTAMP 2",
        "    encrypted timestamp: aes256-cts-hmac-sha1-96, key version 3, 60 octets\n",
        "  options: forwardable\n  client: alice@R (principal)\n",
        "  encryption types, best first: aes256-cts-hmac-sha384-192, arcfour-hmac, encryption type 99\n",
    ] {
        assert!(explained.contains(line), "{line:?} is not in\n{explained}");
    }
    let length = u32::try_from(request.len()).unwrap().to_be_bytes();
    assert!(text(&[&length[..], &request].concat()).starts_with("KDC message on TCP (RFC 4120 §7.2.2)"));
}

#[test]
fn ntlm_is_recognised_by_its_signature() {
    assert!(text(b"NTLMSSP\0\x01\0\0\0\x07\x82\0\0").contains("NTLM NEGOTIATE ([MS-NLMP] §2.2.1.1), 16 octets"));
    let challenge = [
        b"NTLMSSP\0\x02\0\0\0\x04\0\x04\0\x20\0\0\0\x07\x82\0\0".as_slice(),
        &[7; 8],
        b"A\0B\0",
    ]
    .concat();
    assert!(text(&challenge).contains("target name: AB\n"));
    assert_eq!(
        problem(b"NTLMSSP\0\x09\0\0\0"),
        Problem::at(8, "NTLM has no message type 9")
    );
}

/// [MS-NLMP] §4.2.4.3.
#[test]
fn ntlm_tells_what_each_side_says_of_itself_but_no_proof() {
    let challenge = hex!(
        "4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef00000000000000002400240044000000"
        "06007017000000 0f53006500720076006500720002000c0044006f006d00610069006e0001000c0053006500720076"
        "00650072000000 0000"
    );
    let text = text(&challenge);
    assert!(text.contains("(UNICODE, OEM, SIGN, SEAL, NTLM, ALWAYS_SIGN"), "{text}");
    assert!(
        text.contains("target information\n    MsvAvNbDomainName: Domain\n    MsvAvNbComputerName: Server\n"),
        "{text}"
    );
}

/// RFC 5802 §5, in SASL's form and in the GSS-API's.
#[test]
fn scram_is_explained_without_its_proofs() {
    let first = b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL";
    let explained = text(first);
    assert!(
        explained.starts_with("SCRAM client-first-message (RFC 5802 §7), 36 octets\n"),
        "{explained}"
    );
    assert!(explained.contains("GS2 header of SASL: n,,\n  user: user\n  nonce: fyko+d2lbbFgONRv9qkxdawL\n"));
    let oid = hex!("2b0601050512");
    let framed = text(&framed(&oid, &[&first[3..]]));
    assert!(
        framed.contains("mechanism: 1.3.6.1.5.5.18 (SCRAM-SHA-256)\n  SCRAM client-first-message"),
        "{framed}"
    );
    for (message, expected) in [
        (
            "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
            "salt: 12 octets: 4125c247e43ab1e93c6dff76\n  iterations: 4096\n",
        ),
        (
            "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "channel bindings: \"n,,\"\n  nonce, of both: fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j\n  proof: 20 octets\n",
        ),
        (
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            "SCRAM server-final-message (RFC 5802 §7), 30 octets\n  signature: 20 octets\n",
        ),
        ("e=invalid-proof", "  refused, because of: invalid-proof\n"),
    ] {
        let explained = text(message.as_bytes());
        assert!(explained.contains(expected), "{explained}");
        assert!(
            !explained.contains("v0X8v3Bz") && !explained.contains("bf45fcbf"),
            "{explained}"
        );
    }
}

#[test]
fn an_exported_name_is_explained() {
    let name = [&hex!("0401 000b 0609 2a864886f712010202 00000003")[..], b"a@R"].concat();
    assert!(text(&name).ends_with("mechanism: 1.2.840.113554.1.2.2 (Kerberos 5)\n  name: a@R\n"));
}

#[test]
fn what_is_wrong_is_told_with_its_offset() {
    assert_eq!(problem(b"").to_string(), "at octet 0: the token is empty");
    assert_eq!(problem(b"hello").offset, 0);
    // The framing's length is one more than there is, and one less.
    let mut token = initial_token();
    token[3] += 1;
    assert_eq!(
        problem(&token).to_string(),
        "at octet 4: the framing needs 444 octets, but 443 are left"
    );
    token[3] -= 2;
    assert_eq!(
        problem(&token).to_string(),
        "at octet 446: 1 octet follows the end of the framing"
    );
    // A malformed message inside: `0x60 82 len len 06 09 … 01 00` are 17 octets.
    let mut token = initial_token();
    token[17] = 0x6d;
    let problem = problem(&token);
    assert!(problem.offset >= 17 && problem.what.contains("TGS-REP"), "{problem}");
}

#[test]
fn tokens_within_tokens_end_somewhere() {
    let mut token = initial_token();
    for _ in 0..9 {
        token = element(0xa1, &element(0x30, &element(0xa2, &element(4, &token))));
    }
    assert!(problem(&token).what.contains("tokens in each other"));
}

fn samples() -> Vec<Vec<u8>> {
    vec![
        initial_token(),
        negotiation_init(),
        hex!("0404 05 ffffffffff 0000000000000007 000102030405060708090a0b").to_vec(),
        hex!("0401 000b 0609 2a864886f712010202 00000003 614052").to_vec(),
    ]
}

#[test]
fn a_framed_token_cut_anywhere_is_a_problem_within_it() {
    for token in [initial_token(), negotiation_init()] {
        for length in 0..token.len() {
            let problem = problem(&token[..length]);
            assert!(problem.offset <= length, "{problem} in {length} octets");
        }
    }
}

proptest! {
    #[test]
    fn flipped_bits_are_explained_or_refused(sample in 0_usize..4, at: prop::sample::Index, bit in 0_u8..8) {
        let mut token = samples().swap_remove(sample);
        let at = at.index(token.len());
        token[at] ^= 1 << bit;
        if let Err(problem) = explained(&token).1 {
            prop_assert!(problem.offset <= token.len());
        }
    }

    #[test]
    fn any_octets_are_explained_or_refused(
        start in prop::sample::select(vec![0_u8, 0x60, 0x61, 0x6e, 0x76, 0x7e, 0xa0, 0xa1, 4, 5]),
        rest in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let token = [&[start][..], &rest].concat();
        if let Err(problem) = explained(&token).1 {
            prop_assert!(problem.offset <= token.len());
        }
    }
}

const KERBEROS: [u8; 9] = hex!("2a864886f712010202");
const SPNEGO: [u8; 6] = hex!("2b0601050502");
const NTLM: [u8; 10] = hex!("2b06010401823702020a");
