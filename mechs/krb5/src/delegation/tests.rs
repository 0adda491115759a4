use std::sync::Arc;

use krb5_crypto::Enctype;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_proto::messages::{EncryptedData, Ticket, TicketFlags};
use krb5_proto::{EncryptionKey, KerberosTime, Principal};

use super::*;

const NOW: Timestamp = Timestamp {
    time: KerberosTime(1_700_000_000),
    micros: 5,
};

fn key(octet: u8) -> Key {
    Key::new(&PROVIDER, Enctype::Aes256CtsHmacSha196, &[octet; 32]).unwrap()
}

/// A ticket-granting ticket with `octets` of ciphertext.
fn tgt(octets: usize) -> Credentials {
    let server = Principal::parse("krbtgt/EXAMPLE.COM@EXAMPLE.COM", None).unwrap();
    let ticket = Ticket {
        realm: server.realm.clone(),
        sname: server.name.clone(),
        enc_part: EncryptedData {
            etype: 18,
            kvno: None,
            cipher: vec![1; octets].into(),
        },
    };
    Credentials {
        client: Principal::parse("alice@EXAMPLE.COM", None).unwrap(),
        server,
        key: Arc::new(EncryptionKey::from(&key(7))),
        authtime: NOW.time,
        starttime: None,
        endtime: KerberosTime(1_700_036_000),
        renew_till: None,
        is_skey: false,
        flags: TicketFlags::FORWARDED,
        addresses: Vec::new(),
        authdata: Vec::new(),
        ticket: ticket.to_der().unwrap(),
        second_ticket: Vec::new(),
    }
}

#[test]
fn i28_a_forwarded_ticket_arrives_whole_in_the_session_key() {
    let sent = tgt(300);
    let received = receive(&krb_cred(sent.clone(), &key(1), NOW).unwrap(), &key(1), None).unwrap();
    let [received] = received.as_slice() else {
        panic!("one ticket")
    };
    assert_eq!((&received.client, &received.server), (&sent.client, &sent.server));
    assert_eq!(
        (&received.ticket, received.flags, received.endtime),
        (&sent.ticket, sent.flags, sent.endtime)
    );
    assert_eq!(received.key.expose(), sent.key.expose());
}

#[test]
fn i28_old_peers_encrypt_it_in_the_subkey() {
    let octets = krb_cred(tgt(300), &key(2), NOW).unwrap();
    assert_eq!(receive(&octets, &key(1), Some(&key(2))).unwrap().len(), 1);
    assert!(matches!(
        receive(&octets, &key(1), None),
        Err(KerberosError::Delegated(_))
    ));
    assert!(matches!(
        receive(&octets, &key(1), Some(&key(3))),
        Err(KerberosError::Delegated(_))
    ));
}

#[test]
fn a_changed_credential_is_refused() {
    let octets = krb_cred(tgt(40), &key(1), NOW).unwrap();
    for at in 0..octets.len() {
        let mut changed = octets.clone();
        changed[at] ^= 1;
        // What stands outside the encryption is the ticket itself, which its KDC protects.
        if let Ok(received) = receive(&changed, &key(1), None) {
            assert!(
                received.iter().all(|credentials| credentials.ticket != tgt(40).ticket),
                "{at}"
            );
        }
        assert!(receive(&octets[..at], &key(1), None).is_err(), "{at}");
    }
}

#[test]
fn a_credential_too_long_for_its_length_field_is_the_callers_fault() {
    let refused = krb_cred(tgt(66_000), &key(1), NOW).unwrap_err();
    assert!(matches!(refused, KerberosError::DelegationTooLong(length) if length > 65_535));
}
