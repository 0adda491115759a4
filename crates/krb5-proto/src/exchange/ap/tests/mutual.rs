//! Both sides against each other.

use std::collections::HashSet;

use super::*;
use crate::error::ErrorCode;
use crate::exchange::krb_error;
use crate::messages::Checksum;

#[test]
fn both_sides_agree_on_keys_and_sequence_numbers() {
    let credentials = credentials();
    let checksum = Checksum {
        cksumtype: 0x8003,
        checksum: vec![7; 24].into(),
    };
    let request = ApInitiate {
        checksum: Some(checksum),
        authdata: AuthorizationData::with_kerb_ap_options(0x4000).unwrap(),
        ..request(&credentials)
    };
    let (ap_req, initiator) = initiate(&PROVIDER, request, NOW).unwrap();
    let acceptor = accepted(&ap_req).unwrap();
    assert_eq!((&acceptor.client, &acceptor.server), (&client(), &service()));
    assert_eq!(acceptor.session_key.expose(), initiator.session_key.expose());
    let subkeys = (acceptor.subkey.as_ref().unwrap(), initiator.subkey.as_ref().unwrap());
    assert_eq!(subkeys.0.expose(), subkeys.1.expose());
    assert_ne!(subkeys.0.expose(), acceptor.session_key.expose());
    assert_eq!(acceptor.sequence, Some(initiator.sequence));
    assert_eq!(acceptor.checksum.as_ref().unwrap().checksum.as_bytes(), [7; 24]);
    assert_eq!(acceptor.ap_options, ApOptions::MUTUAL_REQUIRED);
    assert!(acceptor.authdata.requires_channel_bindings());
    assert_eq!((acceptor.ctime, acceptor.cusec), (initiator.ctime, initiator.cusec));
    assert_eq!(acceptor.endtime, credentials.endtime);

    let (ap_rep, subkey) = acceptor.reply(&PROVIDER, AcceptorSubkey::Generate, Some(99)).unwrap();
    let replied = initiator.verify_rep(&ap_rep).unwrap();
    assert_eq!(replied.subkey.unwrap().expose(), subkey.unwrap().expose());
    assert_eq!(replied.sequence, Some(99));
}

#[test]
fn i31_an_acceptor_may_bring_no_key_a_new_one_or_the_clients() {
    let credentials = credentials();
    let (ap_req, initiator) = initiated(&credentials);
    let acceptor = accepted(&ap_req).unwrap();
    let (rep, subkey) = acceptor.reply(&PROVIDER, AcceptorSubkey::None, None).unwrap();
    let replied = initiator.verify_rep(&rep).unwrap();
    assert!(subkey.is_none() && replied.subkey.is_none() && replied.sequence.is_none());

    let own = Arc::clone(acceptor.subkey.as_ref().unwrap());
    let (rep, _) = acceptor
        .reply(&PROVIDER, AcceptorSubkey::Given(Arc::clone(&own)), Some(0))
        .unwrap();
    assert_eq!(
        initiator.verify_rep(&rep).unwrap().subkey.unwrap().expose(),
        own.expose()
    );
}

#[test]
fn i32_sequence_numbers_fit_old_signed_decoders() {
    let credentials = credentials();
    for _ in 0..50 {
        let (_, initiator) = initiated(&credentials);
        assert!((1..1 << 30).contains(&initiator.sequence));
    }
    let given = ApInitiate {
        sequence: InitialSequence::Value(u32::MAX),
        ..request(&credentials)
    };
    let (ap_req, _) = initiate(&PROVIDER, given, NOW).unwrap();
    assert_eq!(accepted(&ap_req).unwrap().sequence, Some(u32::MAX));
}

#[test]
fn c12_only_an_answer_to_this_request_proves_the_acceptor() {
    let credentials = credentials();
    let (ap_req, initiator) = initiated(&credentials);
    let acceptor = accepted(&ap_req).unwrap();
    let rep = |time: Timestamp, key: &Key| encrypt_rep(key, time, None, None).unwrap();
    let time = Timestamp {
        time: acceptor.ctime,
        micros: acceptor.cusec,
    };
    initiator.verify_rep(&rep(time, &acceptor.session_key)).unwrap();

    let micros = (time.micros + 1) % 1_000_000;
    for wrong in [time.offset(1), time.offset(-1), Timestamp { micros, ..time }] {
        let error = initiator.verify_rep(&rep(wrong, &acceptor.session_key)).unwrap_err();
        assert!(matches!(error, Error::MutualFailed));
    }
    let subkey = acceptor.subkey.as_ref().unwrap();
    assert!(matches!(
        initiator.verify_rep(&rep(time, subkey)),
        Err(Error::Integrity { .. })
    ));
    assert!(initiator.verify_rep(&[]).is_err());
    // Neither the answer to another request, nor the request itself.
    let (other, _) = initiated(&credentials);
    let (rep, _) = accepted(&other)
        .unwrap()
        .reply(&PROVIDER, AcceptorSubkey::None, None)
        .unwrap();
    assert!(initiator.verify_rep(&rep).is_err());
    assert!(initiator.verify_rep(&ap_req).is_err());
}

#[test]
fn no_truncation_or_flipped_bit_of_an_answer_is_taken() {
    let credentials = credentials();
    let (ap_req, initiator) = initiated(&credentials);
    let (rep, _) = accepted(&ap_req)
        .unwrap()
        .reply(&PROVIDER, AcceptorSubkey::Generate, Some(1))
        .unwrap();
    for len in 0..rep.len() {
        assert!(initiator.verify_rep(&rep[..len]).is_err());
    }
    for bit in 0..rep.len() * 8 {
        let mut changed = rep.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(initiator.verify_rep(&changed).is_err(), "bit {bit}");
    }
}

#[test]
fn an_expired_ticket_is_not_presented() {
    let credentials = credentials();
    let error = initiate(&PROVIDER, request(&credentials), NOW.offset(36_000)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the ticket of alibaba@EXAMPLE.ORG for host/cave.example.org@EXAMPLE.ORG expired at 2026-01-01T10:00:00Z"
    );
    initiate(&PROVIDER, request(&credentials), NOW.offset(35_999)).unwrap();
}

#[test]
fn i36_a_refusal_for_skew_tells_the_acceptors_time() {
    let credentials = credentials();
    let (ap_req, initiator) = initiated(&credentials);
    let later = NOW.offset(4000);
    let policy = AcceptPolicy::default();
    let refused = accept(&PROVIDER, &OneKey(key(2)), &ap_req, &policy, later).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the clock of the peer is 4000 seconds behind ours; 300 are allowed"
    );
    let message = krb_error::for_client(&refused, &service(), later).unwrap();
    match initiator.verify_rep(&message) {
        Err(Error::ClockSkew {
            seconds: 4000,
            allowed: 0,
        }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn other_refusals_keep_their_code() {
    let credentials = credentials();
    let (_, initiator) = initiated(&credentials);
    let message = krb_error::build(ErrorCode::KRB_AP_ERR_NOKEY, &service(), None, NOW)
        .unwrap()
        .to_der()
        .unwrap();
    let error = initiator.verify_rep(&message).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the acceptor refuses: the service key is not available (KRB_AP_ERR_NOKEY)"
    );
    assert_eq!(error.com_err().protocol(), Some(ErrorCode::KRB_AP_ERR_NOKEY));
}

#[test]
fn i30_the_third_leg_repeats_the_acceptors_sequence_number() {
    let credentials = credentials();
    let (ap_req, initiator) = initiated(&credentials);
    let acceptor = accepted(&ap_req).unwrap();
    let (rep, _) = acceptor.reply(&PROVIDER, AcceptorSubkey::Generate, Some(4711)).unwrap();
    let replied = initiator.verify_rep(&rep).unwrap();
    let third = initiator.reply_again(&replied).unwrap();
    acceptor.verify_third_leg(&third, 4711).unwrap();
    assert!(matches!(
        acceptor.verify_third_leg(&third, 4712),
        Err(Error::MutualFailed)
    ));
    assert!(acceptor.verify_third_leg(&ap_req, 4711).is_err());
}

#[test]
fn i30_the_third_leg_may_have_a_time_of_its_own_but_no_key() {
    let credentials = credentials();
    let (ap_req, _) = initiated(&credentials);
    let acceptor = accepted(&ap_req).unwrap();
    let key = &acceptor.session_key;
    let leg = |subkey, sequence| encrypt_rep(key, NOW.offset(2), subkey, sequence).unwrap();
    acceptor.verify_third_leg(&leg(None, Some(4711)), 4711).unwrap();
    for wrong in [leg(Some(key), Some(4711)), leg(None, None), leg(None, Some(0))] {
        assert!(matches!(
            acceptor.verify_third_leg(&wrong, 4711),
            Err(Error::MutualFailed)
        ));
    }
    let (own, _) = acceptor.reply(&PROVIDER, AcceptorSubkey::Generate, Some(4711)).unwrap();
    assert!(
        acceptor.verify_third_leg(&own, 4711).is_err(),
        "our own reply came back"
    );
    let elsewhere = encrypt_rep(acceptor.subkey.as_ref().unwrap(), NOW, None, Some(4711)).unwrap();
    assert!(matches!(
        acceptor.verify_third_leg(&elsewhere, 4711),
        Err(Error::Integrity { .. })
    ));
}

#[test]
fn no_truncation_or_flipped_bit_of_a_third_leg_is_taken() {
    let credentials = credentials();
    let (ap_req, initiator) = initiated(&credentials);
    let acceptor = accepted(&ap_req).unwrap();
    let replied = ApReplied {
        subkey: None,
        sequence: Some(4711),
    };
    let third = initiator.reply_again(&replied).unwrap();
    for len in 0..third.len() {
        assert!(acceptor.verify_third_leg(&third[..len], 4711).is_err());
    }
    for bit in 0..third.len() * 8 {
        let mut changed = third.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(acceptor.verify_third_leg(&changed, 4711).is_err(), "bit {bit}");
    }
}

#[test]
fn i31_the_acceptor_takes_the_first_permitted_type_that_is_stronger() {
    use krb5_crypto::Enctype::{Aes128CtsHmacSha196 as A17, Aes256CtsHmacSha196 as A18, Aes256CtsHmacSha384192 as A20};
    let credentials = credentials();
    let current = credentials.key.keytype;
    assert_eq!(current, 18, "the test realm's tickets");
    let all = krb5_crypto::Enctype::ALL;
    for (wanted, permitted, chosen) in [
        (vec![20, 18], all, Some(A20)),
        (vec![23, 99, 20], all, Some(A20)),
        (vec![20], &[A18, A17][..], None),
        (vec![18], all, None),
        (vec![17, 19], all, None),
        (vec![], all, None),
    ] {
        let request = ApInitiate {
            authdata: AuthorizationData::with_etype_negotiation(wanted.clone()).unwrap(),
            ..request(&credentials)
        };
        let (ap_req, initiator) = initiate(&PROVIDER, request, NOW).unwrap();
        let acceptor = accepted(&ap_req).unwrap();
        assert_eq!(acceptor.negotiated_etype(permitted), chosen, "{wanted:?} {permitted:?}");
        let Some(etype) = chosen else { continue };
        let (rep, subkey) = acceptor
            .reply(&PROVIDER, AcceptorSubkey::OfType(etype), Some(1))
            .unwrap();
        let replied = initiator.verify_rep(&rep).unwrap().subkey.unwrap();
        assert_eq!(replied.enctype(), etype);
        assert_eq!(replied.expose(), subkey.unwrap().expose());
    }
}

#[test]
fn p5_authenticators_of_many_threads_have_distinct_times() {
    let seen: HashSet<(i64, u32)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|i| scope.spawn(move || (0..6250).map(|_| unique(NOW.offset(i % 3))).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .map(|t| (t.time.0, t.micros))
            .collect()
    });
    assert_eq!(seen.len(), 100_000);
    assert!(seen.iter().all(|(_, micros)| *micros < 1_000_000));
}

#[test]
fn p5_a_clock_that_stands_still_moves_on_into_the_next_second() {
    let end_of_second = Timestamp {
        time: NOW.time.offset(-1_000_000),
        micros: 999_999,
    };
    let times: Vec<Timestamp> = (0..3).map(|_| unique(end_of_second)).collect();
    assert_eq!(times[0], end_of_second);
    assert_eq!(
        times[1],
        Timestamp {
            time: end_of_second.time.offset(1),
            micros: 0
        }
    );
    assert_eq!(times[2].micros, 1);
}
