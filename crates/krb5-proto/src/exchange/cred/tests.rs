use super::*;
use crate::exchange::test_realm::{NOW, TestRealm, client, encrypt, key, tgs};
use crate::messages::TicketFlags;

fn tgt() -> Credentials {
    TestRealm::new().credentials(&tgs(), TicketFlags::FORWARDED | TicketFlags::FORWARDABLE)
}

/// A KRB-CRED with these tickets and descriptions.
fn assembled(tickets: usize, infos: Vec<KrbCredInfo>) -> Vec<u8> {
    let ticket = Ticket::from_der(&tgt().ticket).unwrap();
    let part = EncKrbCredPart {
        ticket_info: infos,
        nonce: None,
        timestamp: None,
        usec: None,
        s_address: None,
        r_address: None,
    };
    let enc_part = encrypt(&key(3), KeyUsage::KRB_CRED, &part.to_der().unwrap());
    KrbCred {
        tickets: vec![ticket; tickets],
        enc_part,
    }
    .to_der()
    .unwrap()
}

fn infos(count: usize) -> Vec<KrbCredInfo> {
    (0..count).map(|_| info(&tgt())).collect()
}

#[test]
fn what_is_built_is_read_again() {
    let message = build(&[tgt()], &key(3), NOW).unwrap();
    let read = read(&message, &[&key(3)]).unwrap();
    let [credentials] = read.as_slice() else {
        panic!("{read:?}")
    };
    let sent = tgt();
    assert_eq!((&credentials.client, &credentials.server), (&client(), &tgs()));
    assert_eq!(credentials.key.expose(), sent.key.expose());
    assert_eq!((credentials.flags, credentials.endtime), (sent.flags, sent.endtime));
    assert_eq!(credentials.authtime, sent.authtime);
    // The ticket of the test realm is made anew each time; its cleartext is the same.
    assert_eq!(Ticket::from_der(&credentials.ticket).unwrap().sname, tgs().name);
}

#[test]
fn i28_the_session_key_is_tried_and_then_the_subkey() {
    let in_subkey = build(&[tgt()], &key(4), NOW).unwrap();
    read(&in_subkey, &[&key(3), &key(4)]).unwrap();
    assert!(matches!(read(&in_subkey, &[&key(3)]), Err(Error::Integrity { .. })));
}

#[test]
fn i28_an_unencrypted_one_is_taken_inside_an_authenticator_only() {
    let mut cred = KrbCred::from_der(&assembled(1, infos(1))).unwrap();
    cred.enc_part.etype = 0;
    cred.enc_part.cipher = key(3)
        .decrypt(KeyUsage::KRB_CRED, &cred.enc_part.cipher)
        .unwrap()
        .to_vec()
        .into();
    let plain = cred.to_der().unwrap();
    assert!(matches!(read(&plain, &[&key(3)]), Err(Error::EtypeNotPermitted(_))));
    let within = read_within_authenticator(&plain, &[&key(3)]).unwrap();
    assert_eq!(within[0].key.expose(), tgt().key.expose());
    assert!(read(&assembled(1, infos(1)), &[]).is_err(), "no key, no credentials");
}

#[test]
fn a11_each_ticket_has_its_description() {
    for tickets in 0..=4 {
        for count in 0..=4 {
            let outcome = read(&assembled(tickets, infos(count)), &[&key(3)]);
            assert_eq!(
                outcome.is_ok(),
                tickets == count && tickets > 0,
                "{tickets} and {count}"
            );
        }
    }
    let error = read(&assembled(2, infos(1)), &[&key(3)]).unwrap_err();
    assert_eq!(error.to_string(), "KRB-CRED with 2 tickets and 1 descriptions of them");
}

#[test]
fn a11_sixteen_tickets_are_the_limit() {
    let many = |count| vec![tgt(); count];
    let message = build(&many(16), &key(3), NOW).unwrap();
    assert_eq!(read(&message, &[&key(3)]).unwrap().len(), 16);
    assert!(matches!(build(&many(17), &key(3), NOW), Err(Error::CredTickets(17))));
    assert!(matches!(build(&[], &key(3), NOW), Err(Error::CredTickets(0))));
    assert!(matches!(
        read(&assembled(17, infos(17)), &[&key(3)]),
        Err(Error::CredTickets(17))
    ));
}

#[test]
fn a11_what_a_credential_cannot_do_without_must_be_there() {
    let without = |change: fn(&mut KrbCredInfo)| {
        let mut infos = infos(1);
        infos.iter_mut().for_each(change);
        read(&assembled(1, infos), &[&key(3)])
    };
    assert!(matches!(without(|i| i.prealm = None), Err(Error::CredIncomplete(_))));
    assert!(matches!(without(|i| i.pname = None), Err(Error::CredIncomplete(_))));
    assert!(matches!(without(|i| i.endtime = None), Err(Error::CredIncomplete(_))));
    let lenient = without(|i| {
        (i.srealm, i.sname, i.flags, i.authtime, i.starttime, i.caddr) = (None, None, None, None, None, None);
    });
    let [credentials] = &lenient.unwrap()[..] else { panic!() };
    assert_eq!(credentials.server, tgs(), "the ticket's own name");
}

#[test]
fn no_truncation_or_flipped_bit_of_the_encrypted_part_is_taken() {
    let message = build(&[tgt()], &key(3), NOW).unwrap();
    for len in 0..message.len() {
        assert!(read(&message[..len], &[&key(3)]).is_err());
    }
    let cipher_len = KrbCred::from_der(&message).unwrap().enc_part.cipher.len();
    for bit in (message.len() - cipher_len) * 8..message.len() * 8 {
        let mut changed = message.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&changed, &[&key(3)]).is_err());
    }
}

#[test]
fn a_credential_without_a_ticket_cannot_be_handed_on() {
    let mut hollow = tgt();
    hollow.ticket = Vec::new();
    assert!(matches!(build(&[hollow], &key(3), NOW), Err(Error::Malformed { .. })));
}
