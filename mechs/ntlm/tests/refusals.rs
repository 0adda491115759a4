//! What neither side lets pass.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{Accept, Acquire, ErrorKind, Flags, Name};
use gss_mech_ntlm::message::{AvFlags, AvId, Message, Mic, TargetInfo};
use gss_mech_ntlm::{AccountName, Generation, LoopbackPolicy, NTLM, NegotiateFlags, NtlmError, UserError};
use world::{
    SEALED, SIGNED, authenticate_changed, challenge_changed, compatible, connect, cred, error, mechanisms,
    negotiate_changed, reason, request, settings, through,
};

const PROTECTION: [NegotiateFlags; 6] = [
    NegotiateFlags::SIGN,
    NegotiateFlags::SEAL,
    NegotiateFlags::EXTENDED_SESSION_SECURITY,
    NegotiateFlags::KEY_EXCH,
    NegotiateFlags::KEY_128,
    NegotiateFlags::KEY_56,
];

#[test]
fn n7_a_mic_that_was_announced_is_missed() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED);
    let outcome = |mic: Option<Mic>| {
        let change = authenticate_changed(move |message| message.mic = mic);
        error(through(&mechanisms, &request, Accept::new(), change))
    };
    assert!(matches!(reason(&outcome(None)), NtlmError::MicMissing));
    assert!(matches!(reason(&outcome(Some(Mic::DUE))), NtlmError::Mic));
    assert_eq!(outcome(Some(Mic::DUE)), ErrorKind::BadMic);
}

#[test]
fn n7_whatever_changes_in_the_messages_the_mic_tells() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED);
    type Change = dyn FnMut(gss_test::Leg, Vec<u8>) -> Option<Vec<u8>>;
    let changes: [Box<Change>; 4] = [
        Box::new(negotiate_changed(|message| message.workstation = b"OTHER".to_vec())),
        Box::new(challenge_changed(|message| message.target_name = "OTHER".to_owned())),
        Box::new(authenticate_changed(|message| message.workstation = "OTHER".to_owned())),
        Box::new(authenticate_changed(|message| message.version = None)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let error = error(through(&mechanisms, &request, Accept::new(), change));
        assert!(matches!(reason(&error), NtlmError::Mic), "{number} {error}");
    }
}

#[test]
fn n7_attributes_that_come_twice_are_refused_before_anybody_is_asked() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED);
    let change = authenticate_changed(|message| {
        // MsvAvFlags of zero before the client's own.
        let list = message.nt_response.split_off(16 + 28);
        message.nt_response.extend_from_slice(&[6, 0, 4, 0, 0, 0, 0, 0]);
        message.nt_response.extend_from_slice(&list);
    });
    let error = error(through(&mechanisms, &request, Accept::new(), change));
    assert_eq!(error, ErrorKind::DefectiveToken);
    assert!(error.to_string().contains("MsvAvFlags comes twice"), "{error}");
}

#[test]
fn n7_taking_the_announcement_out_of_the_response_breaks_its_proof() {
    let mechanisms = compatible();
    let request = request(&mechanisms, SEALED);
    let change = authenticate_changed(|message| {
        let list = message.nt_response.split_off(16 + 28);
        let (info, _) = TargetInfo::parse(&list).unwrap();
        let without = info.with(AvId::FLAGS, AvFlags::empty().bits().to_le_bytes());
        message.nt_response.extend_from_slice(&without.to_octets().unwrap());
        message.nt_response.extend_from_slice(&[0; 4]);
        message.mic = None;
    });
    let error = error(through(&mechanisms, &request, Accept::new(), change));
    assert!(matches!(reason(&error), NtlmError::User(UserError::Refused)), "{error}");
}

#[test]
fn n7_flags_are_what_was_negotiated() {
    for mechanisms in [mechanisms(settings()), compatible()] {
        for flags in [Flags::empty(), SIGNED, SEALED] {
            let request = request(&mechanisms, flags);
            for bit in PROTECTION {
                let change = authenticate_changed(move |message| message.flags.toggle(bit));
                let error = error(through(&mechanisms, &request, Accept::new(), change));
                assert!(
                    matches!(reason(&error), NtlmError::FlagsChanged(changed) if *changed == bit),
                    "{bit:?} {error}"
                );
            }
        }
    }
}

#[test]
fn n7_without_the_servers_time_there_is_no_mic_and_no_context() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED);
    let without_time = challenge_changed(|message| {
        let kept = message.target_info.take().unwrap();
        let kept = kept.pairs().iter().filter(|pair| pair.id != AvId::TIMESTAMP);
        message.target_info = Some(kept.fold(TargetInfo::default(), |info, pair| {
            info.with(pair.id, pair.value.clone())
        }));
    });
    let error = error(through(&mechanisms, &request, Accept::new(), without_time));
    assert!(matches!(reason(&error), NtlmError::MicMissing), "{error}");
}

#[test]
fn n8_the_client_repeats_what_it_was_told() {
    // Without a MIC, as from clients that have none, it is the names alone that tell.
    let mechanisms = compatible();
    let request = request(&mechanisms, SEALED);
    let other_names = challenge_changed(|message| {
        let mut info = TargetInfo::default();
        for pair in message.target_info.take().unwrap().pairs() {
            info = match pair.id {
                AvId::TIMESTAMP => info,
                AvId::NB_COMPUTER_NAME => info.with_text(pair.id, "OTHER"),
                id => info.with(id, pair.value.clone()),
            };
        }
        message.target_info = Some(info);
    });
    let error = error(through(&mechanisms, &request, Accept::new(), other_names));
    assert!(
        matches!(reason(&error), NtlmError::Target(AvId::NB_COMPUTER_NAME)),
        "{error}"
    );
    assert_eq!(error, ErrorKind::Unauthorized);
}

#[test]
fn n8_the_client_means_the_service_that_accepts() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED);
    let accept = |service: &str| {
        let acquire = Acquire::accept().named(Name::hostbased_service(service));
        let cred = mechanisms.acquire(acquire, Some(&[NTLM])).unwrap().done().unwrap();
        connect(&mechanisms, &request, Accept::new().with_cred(cred))
    };
    for service in ["HTTP@www.example.com", "http@WWW.example.com"] {
        let established = accept(service).unwrap();
        assert_eq!(established.acceptor.info().target.as_ref().unwrap().to_text(), service);
    }
    for service in ["HTTP@other.example.com", "cifs@www.example.com", "HTTP@www.example.co"] {
        let error = error(accept(service));
        assert!(
            matches!(reason(&error), NtlmError::Target(AvId::TARGET_NAME)),
            "{service} {error}"
        );
    }
}

#[test]
fn n9_whoever_asks_for_protection_gets_all_of_it_or_none() {
    let mechanisms = mechanisms(settings());
    for (flags, needed) in [
        (SEALED, &PROTECTION[..5]),
        (
            SIGNED,
            &[
                NegotiateFlags::SIGN,
                NegotiateFlags::EXTENDED_SESSION_SECURITY,
                NegotiateFlags::KEY_EXCH,
                NegotiateFlags::KEY_128,
            ],
        ),
    ] {
        let request = request(&mechanisms, flags);
        for bit in needed {
            let from_challenge = challenge_changed(|message| message.flags.remove(*bit));
            let from_offer = negotiate_changed(|message| message.flags.remove(*bit));
            for outcome in [
                through(&mechanisms, &request, Accept::new(), from_challenge),
                through(&mechanisms, &request, Accept::new(), from_offer),
            ] {
                let error = error(outcome);
                assert!(
                    matches!(reason(&error), NtlmError::Downgraded(missing) if missing.contains(*bit)),
                    "{bit:?} {error}"
                );
                assert_eq!(error, ErrorKind::Failure);
            }
        }
    }
}

#[test]
fn n9_what_was_not_asked_for_is_not_granted() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, Flags::MUTUAL | Flags::DELEG);
    let established = connect(&mechanisms, &request, Accept::new()).unwrap();
    for context in [established.initiator, established.acceptor] {
        assert_eq!(context.info().flags, Flags::TRANS);
    }
}

#[test]
fn n10_older_generations_are_refused_by_default() {
    for mechanisms in [mechanisms(settings()), compatible()] {
        let request = request(&mechanisms, SEALED);
        for (nt_response, lm_response, generation) in [
            (24, 24, Generation::NtlmV1),
            (24, 0, Generation::NtlmV1),
            (0, 24, Generation::Lm),
        ] {
            let change = authenticate_changed(move |message| {
                message.nt_response = vec![1; nt_response];
                message.lm_response = vec![1; lm_response];
                message.mic = None;
            });
            let error = error(through(&mechanisms, &request, Accept::new(), change));
            assert!(
                matches!(reason(&error), NtlmError::User(UserError::Generation(found)) if *found == generation),
                "{error}"
            );
        }
    }
}

#[test]
fn n11_the_password_is_checked_with_a_mic_and_without() {
    for mechanisms in [mechanisms(settings()), compatible()] {
        for (user, password) in [
            (r"Domain\User", "password"),
            (r"Domain\User", ""),
            (r"Domain\User", "Password "),
            (r"Domain\Nobody", "Password"),
            (r"Domain\Stranger", "Password"),
            (r"Domain\Stranger", ""),
        ] {
            let request = request(&mechanisms, SEALED).with_cred(cred(&mechanisms, user, password));
            for keep_mic in [true, false] {
                let change = authenticate_changed(move |message| {
                    if !keep_mic {
                        message.mic = None;
                    }
                });
                let error = error(through(&mechanisms, &request, Accept::new(), change));
                assert!(
                    matches!(reason(&error), NtlmError::User(UserError::Refused)),
                    "{user} {password} {keep_mic}: {error}"
                );
                assert_eq!(error, ErrorKind::Unauthorized);
            }
        }
    }
}

#[test]
fn n11_a_user_without_a_name_is_no_user() {
    let mechanisms = compatible();
    let request = request(&mechanisms, SEALED);
    let change = authenticate_changed(|message| {
        message.account = AccountName::default();
        message.mic = None;
    });
    let error = error(through(&mechanisms, &request, Accept::new(), change));
    assert!(matches!(reason(&error), NtlmError::User(UserError::Refused)), "{error}");
}

#[test]
fn n11_a_database_that_cannot_be_asked_lets_nobody_in() {
    let mechanisms = mechanisms(settings());
    for (user, kind) in [("Lost", ErrorKind::Failure), ("Locked", ErrorKind::Unauthorized)] {
        let request = request(&mechanisms, SEALED).with_cred(cred(&mechanisms, user, "Password"));
        assert_eq!(error(connect(&mechanisms, &request, Accept::new())), kind, "{user}");
    }
}

#[test]
fn n11_what_is_the_matter_with_an_account_is_told_to_its_password_only() {
    let mechanisms = mechanisms(settings());
    let refused = |password: &str| {
        let request = request(&mechanisms, SEALED).with_cred(cred(&mechanisms, "Locked", password));
        error(connect(&mechanisms, &request, Accept::new()))
    };
    let told = refused("Password");
    assert!(
        matches!(reason(&told), NtlmError::User(UserError::Account(why)) if why == "locked"),
        "{told}"
    );
    let not_told = refused("Pass word");
    assert!(
        matches!(reason(&not_told), NtlmError::User(UserError::Refused)),
        "{not_told}"
    );
}

#[test]
fn n12_names_that_no_message_can_carry_are_an_error() {
    let mechanisms = mechanisms(settings());
    for length in [1, 32767, 32768, 65535] {
        let user = "x".repeat(length);
        let password = "p".repeat(length);
        let request = request(&mechanisms, SEALED).with_cred(cred(&mechanisms, &user, &password));
        let error = error(connect(&mechanisms, &request, Accept::new()));
        match reason(&error) {
            NtlmError::User(UserError::Refused) => assert!(length <= 32767),
            NtlmError::Message(_) => assert!(length > 32767),
            other => panic!("{length} {other}"),
        }
    }
}

#[test]
fn n14_without_signing_there_is_no_protection_and_no_panic() {
    let mechanisms = mechanisms(settings());
    let established = connect(&mechanisms, &request(&mechanisms, Flags::empty()), Accept::new()).unwrap();
    for mut context in [established.initiator, established.acceptor] {
        use gss_core::Privacy;
        assert_eq!(context.mic_len().unwrap_err(), ErrorKind::Unavailable);
        assert_eq!(context.mic_of(b"m").unwrap_err(), ErrorKind::Unavailable);
        assert_eq!(
            context.verify_mic(&[b"m"], &[0; 16]).unwrap_err(),
            ErrorKind::Unavailable
        );
        assert_eq!(
            context.wrap(Privacy::Integrity, &[], b"m").unwrap_err(),
            ErrorKind::Unavailable
        );
        assert_eq!(context.unwrapped(&[0; 17]).unwrap_err(), ErrorKind::Unavailable);
        assert!(context.split().is_err());
    }
}

#[test]
fn n16_nobody_authenticates_to_itself() {
    let mechanisms = mechanisms(settings().with_loopback(LoopbackPolicy::Refuse));
    let error = error(connect(&mechanisms, &request(&mechanisms, SEALED), Accept::new()));
    assert!(matches!(reason(&error), NtlmError::Reflected), "{error}");
    assert_eq!(error, ErrorKind::Unauthorized);
}

#[test]
fn every_message_at_any_length_and_of_any_other_type_is_refused() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED);
    let established = connect(&mechanisms, &request, Accept::new()).unwrap();
    for (due, _) in established.sent.iter().enumerate().take(3).skip(1) {
        for (other, (_, token)) in established.sent.iter().enumerate() {
            if other == due {
                continue;
            }
            let outcome = through(&mechanisms, &request, Accept::new(), |leg, sent| {
                Some(if leg.number == due { token.clone() } else { sent })
            });
            assert_eq!(error(outcome), ErrorKind::DefectiveToken, "{other} instead of {due}");
        }
    }
    for number in 0..3 {
        for cut in 0..established.sent[number].1.len() {
            let outcome = through(&mechanisms, &request, Accept::new(), |leg, mut sent| {
                if leg.number == number {
                    sent.truncate(cut.min(sent.len().saturating_sub(1)));
                }
                Some(sent)
            });
            assert!(outcome.is_err(), "{number} {cut}");
        }
    }
}

#[test]
fn a_second_name_that_means_nobody_is_not_shown_to_the_peer() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED).with_cred(cred(&mechanisms, "Stranger", "Password"));
    let failure = connect(&mechanisms, &request, Accept::new()).unwrap_err();
    assert_eq!(failure.step().unwrap().token, None);
    assert!(matches!(
        Message::parse(&failure.sent[2].1),
        Ok(Message::Authenticate(_))
    ));
}
