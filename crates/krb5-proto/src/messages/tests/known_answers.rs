use super::*;

#[test]
fn every_known_answer_decodes_and_encodes_to_the_same_octets() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 49);
    for v in vectors {
        assert!(!v.source.is_empty());
        let again = codec(&v.type_name)(&v.hex).unwrap_or_else(|e| panic!("{}: {e}", v.name));
        assert_eq!(hex::encode(again), hex::encode(&v.hex), "{}", v.name);
    }
}

#[test]
fn authenticator_has_the_fields_of_the_known_answer() {
    let a = Authenticator::from_der(&vector("authenticator")).unwrap();
    assert_eq!(a.crealm, "ATHENA.MIT.EDU");
    assert_eq!(a.cname.to_string(), "hftsai/extra");
    assert_eq!(a.cksum.unwrap().checksum.as_bytes(), b"1234");
    assert_eq!(
        (a.cusec.get(), a.ctime.to_string().as_str()),
        (123_456, "1994-06-10T06:03:17Z")
    );
    assert_eq!(a.subkey.unwrap().expose(), b"12345678");
    assert_eq!(a.seq_number, Some(UInt32(17)));
    assert_eq!(a.authorization_data.unwrap()[1].ad_data.as_bytes(), b"foobar");

    let bare = Authenticator::from_der(&vector("authenticator (optionals NULL)")).unwrap();
    assert!(bare.cksum.is_none() && bare.subkey.is_none() && bare.seq_number.is_none());
}

#[test]
fn request_body_has_the_fields_of_the_known_answer() {
    let AsReq { padata, req_body } = AsReq::from_der(&vector("as_req")).unwrap();
    assert_eq!(padata.unwrap()[0].padata_value.as_bytes(), b"pa-data");
    assert_eq!(req_body.kdc_options.bits(), 0xfedc_ba90);
    assert_eq!(req_body.nonce, UInt32(42));
    assert_eq!(req_body.etype, [0, 1]);
    assert_eq!(req_body.addresses.unwrap()[0].address.as_bytes(), [0x12, 0xd0, 0, 0x23]);
    assert_eq!(req_body.additional_tickets.unwrap().len(), 2);
}

#[test]
fn the_request_body_is_found_as_it_was_sent() {
    for request in ["as_req", "tgs_req"] {
        let der = vector(request);
        let raw = kdc::raw_req_body(&der).unwrap();
        assert_eq!(raw, vector("kdc_req_body"));
        for len in 0..der.len() {
            assert!(kdc::raw_req_body(&der[..len]).is_err());
        }
    }
    assert!(
        kdc::raw_req_body(&vector("ap_req")).is_err(),
        "field 4, but of no request"
    );
}

#[test]
fn encrypted_reply_part_has_the_fields_of_the_known_answer() {
    let der = vector("enc_kdc_rep_part");
    let EncTgsRepPart(part) = EncTgsRepPart::from_der(&der).unwrap();
    assert_eq!(part.last_req[0].lr_type, -5);
    assert_eq!(part.nonce, UInt32(42));
    assert_eq!(part.flags.bits(), 0xfedc_ba98);
    assert_eq!(part.key_expiration, Some(part.authtime));
    assert_eq!(part.sname.to_string(), "hftsai/extra");
    assert_eq!(part.caddr.unwrap().len(), 2);
}

#[test]
fn as_reply_part_is_taken_under_either_tag_and_written_under_its_own() {
    // MIT's KDC writes the TGS tag, 26, into AS replies too.
    let der = vector("enc_kdc_rep_part");
    let written = EncAsRepPart::from_der(&der).unwrap().to_der().unwrap();
    assert_eq!((der[0], written[0]), (0x7a, 0x79));
    assert_eq!(written[1..], der[1..]);
    assert!(EncAsRepPart::from_der(&written).is_ok());
    assert!(EncTgsRepPart::from_der(&written).is_err());
}

#[test]
fn error_has_the_fields_of_the_known_answer() {
    let error = KrbError::from_der(&vector("error")).unwrap();
    assert_eq!(error.error_code, 60);
    assert_eq!(error.e_text.unwrap(), "krb5data");
    assert_eq!(error.e_data.unwrap().as_bytes(), b"krb5data");
    assert_eq!(error.susec.get(), 123_456);
}

#[test]
fn private_part_has_the_fields_of_the_known_answer() {
    let part = EncKrbPrivPart::from_der(&vector("enc_priv_part")).unwrap();
    assert_eq!(part.user_data.as_bytes(), b"krb5data");
    assert_eq!(part.timestamp.unwrap().to_string(), "1994-06-10T06:03:17Z");
    assert_eq!(part.usec.unwrap().get(), 123_456);
    assert_eq!(part.seq_number, Some(UInt32(17)));
    assert_eq!(part.s_address, part.r_address.unwrap());
    let bare = EncKrbPrivPart::from_der(&vector("enc_priv_part (optionals NULL)")).unwrap();
    assert!(bare.timestamp.is_none() && bare.usec.is_none() && bare.seq_number.is_none() && bare.r_address.is_none());
}

#[test]
fn new_password_has_the_fields_of_the_known_answer_and_may_be_followed_by_others() {
    let der = vector("change_passwd_data");
    let data = ChangePasswdData::from_der(&der).unwrap();
    assert_eq!(data.newpasswd.as_bytes(), b"newpassword");
    assert_eq!(data.targname.unwrap().to_string(), "testuser1");
    assert_eq!(data.targrealm.unwrap(), "TEST.GOKRB5");
    // RFC 3244 §2: what follows targrealm is to be ignored.
    let mut longer = der.clone();
    longer[1] += 5;
    longer.extend([0xa3, 3, 2, 1, 7]);
    let again = ChangePasswdData::from_der(&longer).unwrap().to_der().unwrap();
    assert_eq!(*again, der);
    assert!(ChangePasswdData::from_der(&[0x30, 0]).is_err(), "no password");
    assert!(
        ChangePasswdData::from_der(&[&longer[..], &[0]].concat()).is_err(),
        "outside of it"
    );
}

#[test]
fn a_new_password_is_not_shown() {
    let data = ChangePasswdData::from_der(&vector("change_passwd_data")).unwrap();
    let part = EncKrbPrivPart::from_der(&vector("enc_priv_part")).unwrap();
    let shown = format!("{data:?} {part:?}");
    assert!(
        !shown.contains("newpassword") && !shown.contains("110, 101") && !shown.contains("krb5data"),
        "{shown}"
    );
}

#[test]
fn key_version_numbers_are_signed_32_bit_integers() {
    let msb = EncryptedData::from_der(&vector("enc_data (MSB-set kvno)")).unwrap();
    assert_eq!(msb.kvno, Some(Kvno(0xff00_0000)));
    let minus_one = EncryptedData::from_der(&vector("enc_data (kvno=-1)")).unwrap();
    assert_eq!(minus_one.kvno, Some(Kvno(u32::MAX)));
    // The form of RFC 4120, unsigned, is understood as well.
    let unsigned = hex::decode("3012a003020100a107020500ff000000a2020400").unwrap();
    assert_eq!(
        EncryptedData::from_der(&unsigned).unwrap().kvno,
        Some(Kvno(0xff00_0000))
    );
}

#[test]
fn salts_and_parameters_of_etype_info2_may_be_absent() {
    let info = EtypeInfo2::from_der(&vector("etype_info2")).unwrap();
    assert_eq!(info[0].salt.as_ref().unwrap().as_bytes(), b"Morton's #0");
    assert_eq!(info[0].s2kparams.as_ref().unwrap().as_bytes(), b"s2k: 0");
    assert_eq!(info[1].salt, None);
}

#[test]
fn private_encryption_types_are_negative() {
    for number in [-1, -133, -255, i32::MIN, 255, i32::MAX] {
        let der = EncryptionKey::new(number, vec![1]).to_der().unwrap();
        assert_eq!(EncryptionKey::from_der(&der).unwrap().keytype, number);
    }
}

#[test]
fn flags_are_taken_in_any_length_and_written_in_32_bits() {
    let flags = |bits: &str| <ApOptions as der::Decode>::from_der(&hex::decode(bits).unwrap());
    assert_eq!(flags("030500fedcba98").unwrap().bits(), 0xfedc_ba98);
    assert_eq!(flags("030602fedcba98dc").unwrap().bits(), 0xfedc_ba98, "38 bits");
    assert_eq!(flags("030600fedcba98de").unwrap().bits(), 0xfedc_ba98, "40 bits");
    assert_eq!(flags("030503fedcba98").unwrap().bits(), 0xfedc_ba98, "29 bits");
    assert_eq!(flags("030400fedcba").unwrap().bits(), 0xfedc_ba00, "24 bits");
    assert_eq!(flags("030100").unwrap().bits(), 0, "none");
    assert!(flags("0300").is_err(), "not even the count of unused bits");
    assert!(flags("03050920000000").is_err(), "nine unused bits");
    assert_eq!(
        der::Encode::to_der(&ApOptions::MUTUAL_REQUIRED).unwrap(),
        hex::decode("03050020000000").unwrap()
    );
}

#[test]
fn flags_are_told_by_name() {
    let flags = TicketFlags::FORWARDABLE | TicketFlags::INITIAL | TicketFlags(1);
    assert_eq!(flags.names().collect::<Vec<_>>(), ["forwardable", "initial"]);
    assert_eq!(format!("{flags:?}"), "TicketFlags(0x40400001 forwardable initial)");
    assert_eq!(flags.difference(TicketFlags::INITIAL).bits(), 0x4000_0001);
    assert!(!flags.contains(TicketFlags::INITIAL | TicketFlags::INVALID));
}

#[test]
fn keys_are_not_shown() {
    let key = EncryptionKey::new(18, b"a secret that must not be seen..".to_vec());
    let shown = format!("{key:?}");
    assert!(
        shown.contains("18") && !shown.contains("secret") && !shown.contains("97"),
        "{shown}"
    );
}
