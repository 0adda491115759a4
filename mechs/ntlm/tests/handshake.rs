//! Both sides, who agree.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{
    Accept, Acquire, BindingsPolicy, CredStore, CredUsage, Credential, ErrorKind, Flags, Initiate, Name, Privacy, Role,
    inquiry,
};
use gss_mech_ntlm::message::{AuthenticateMessage, AvFlags, AvId, ChallengeMessage, NtlmV2Response};
use gss_mech_ntlm::{AnonymousPolicy, NTLM, NegotiateFlags, NtlmError};
use world::{SEALED, SIGNED, bindings, connect, converse, cred, error, mechanisms, reason, request, settings};

#[test]
fn a_user_is_authenticated_and_messages_are_sealed() {
    let mechanisms = mechanisms(settings());
    let mut established = connect(&mechanisms, &request(&mechanisms, Flags::USUAL), Accept::new()).unwrap();
    let granted = SEALED | Flags::TRANS;
    for context in [&established.initiator, &established.acceptor] {
        let info = context.info();
        assert_eq!((info.mech, info.via, info.flags), (NTLM, None, granted));
    }
    let info = established.acceptor.info();
    assert_eq!(info.role, Role::Acceptor);
    assert_eq!(
        info.source.as_ref().unwrap().to_text(),
        r"DOMAIN\user",
        "as the database writes it"
    );
    let info = established.initiator.info();
    assert_eq!(info.source.as_ref().unwrap().to_text(), r"Domain\User");
    assert_eq!(info.target.as_ref().unwrap().to_text(), "HTTP@www.example.com");
    assert_eq!(established.sent.len(), 3);
    converse(&mut established);
}

#[test]
fn both_sides_have_one_session_key_that_nobody_saw() {
    let mechanisms = mechanisms(settings());
    for flags in [Flags::empty(), SIGNED, SEALED] {
        let established = connect(&mechanisms, &request(&mechanisms, flags), Accept::new()).unwrap();
        let keys = [&established.initiator, &established.acceptor].map(|context| {
            let values = context.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
            assert_eq!(values.len(), 1);
            values[0].to_vec()
        });
        assert_eq!(keys[0], keys[1]);
        assert_eq!(keys[0].len(), 16);
        for (_, token) in &established.sent {
            assert!(!token.windows(16).any(|octets| octets == keys[0]));
        }
    }
}

#[test]
fn strength_is_what_gss_ntlmssp_says() {
    let mechanisms = mechanisms(settings());
    for (flags, strength) in [(Flags::empty(), 0u32), (SIGNED, 1), (SEALED, 64)] {
        let established = connect(&mechanisms, &request(&mechanisms, flags), Accept::new()).unwrap();
        let found = established.acceptor.inquire(inquiry::SASL_SSF).unwrap();
        assert_eq!(*found[0], strength.to_be_bytes());
    }
}

#[test]
fn i77_the_exchange_is_protected_by_a_mic() {
    let mechanisms = mechanisms(settings());
    let established = connect(&mechanisms, &request(&mechanisms, SEALED), Accept::new()).unwrap();
    let challenge = ChallengeMessage::parse(&established.sent[1].1).unwrap();
    let told = challenge.target_info.unwrap();
    assert!(told.timestamp().is_some());
    assert_eq!(told.value(AvId::FLAGS), None, "I-76");
    let message = AuthenticateMessage::parse(&established.sent[2].1).unwrap();
    assert_eq!(message.lm_response, [0; 24]);
    assert_ne!(message.mic.unwrap().octets, [0; 16]);
    let response = NtlmV2Response::parse(&message.nt_response).unwrap().challenge;
    assert_eq!(Some(response.timestamp), told.timestamp());
    let theirs = response.target_info;
    assert_eq!(theirs.flags(), AvFlags::MIC);
    assert_eq!(theirs.text(AvId::TARGET_NAME).as_deref(), Some("HTTP/www.example.com"));
    assert_eq!(theirs.value(AvId::CHANNEL_BINDINGS), None, "I-79");
    assert_eq!(theirs.pairs()[..told.pairs().len()], *told.pairs(), "in their order");
}

#[test]
fn channels_are_bound() {
    let mechanisms = mechanisms(settings());
    let bound = |initiator: Option<&[u8]>, acceptor: Option<&[u8]>, policy: BindingsPolicy| {
        let request = Initiate {
            bindings: initiator.map(|data| bindings(data).into()),
            ..request(&mechanisms, SEALED)
        };
        let accept = Accept {
            bindings: acceptor.map(|data| bindings(data).into()),
            bindings_policy: policy,
            ..Accept::new()
        };
        match connect(&mechanisms, &request, accept) {
            Ok(established) => Ok(established.acceptor.info().flags.contains(Flags::CHANNEL_BOUND)),
            Err(failure) => Err(failure.step().unwrap().error.kind()),
        }
    };
    use BindingsPolicy::{Ignore, Require, WhenSupplied};
    let (one, other): (Option<&[u8]>, Option<&[u8]>) = (Some(b"one"), Some(b"other"));
    for (initiator, acceptor, policy, expected) in [
        (one, one, WhenSupplied, Ok(true)),
        (one, one, Require, Ok(true)),
        (one, one, Ignore, Ok(false)),
        (other, one, WhenSupplied, Err(ErrorKind::BadBindings)),
        (other, one, Require, Err(ErrorKind::BadBindings)),
        (other, one, Ignore, Ok(false)),
        (None, one, WhenSupplied, Ok(false)),
        (None, one, Require, Err(ErrorKind::BadBindings)),
        (one, None, WhenSupplied, Ok(false)),
        (None, None, Require, Ok(false)),
    ] {
        assert_eq!(
            bound(initiator, acceptor, policy),
            expected,
            "{initiator:?} {acceptor:?} {policy:?}"
        );
    }
}

#[test]
fn i81_nobody_is_let_in_where_that_is_allowed_and_protects_nothing() {
    let refusing = mechanisms(settings());
    let anonymous = Initiate::new(Name::hostbased_service("HTTP@www.example.com")).with_flags(Flags::ANON);
    let refused = error(connect(&refusing, &anonymous, Accept::new()));
    assert!(matches!(reason(&refused), NtlmError::Anonymous));
    assert_eq!(refused, ErrorKind::Unauthorized);

    let allowing = mechanisms(settings().with_anonymous(AnonymousPolicy::Allow));
    let established = connect(&allowing, &anonymous, Accept::new()).unwrap();
    for mut context in [established.initiator, established.acceptor] {
        assert_eq!(context.info().flags, Flags::ANON | Flags::TRANS);
        assert!(context.info().source.as_ref().unwrap().export().is_err());
        assert_eq!(context.mic_of(b"message").unwrap_err(), ErrorKind::Unavailable);
    }
    for flags in [SIGNED, SEALED] {
        let request = anonymous.clone().with_flags(Flags::ANON | flags);
        let refused = allowing.initiate(&request, Some(&NTLM)).err().unwrap();
        assert_eq!(refused, ErrorKind::NoCred);
    }
}

#[test]
fn datagrams_begin_with_the_server() {
    let mechanisms = mechanisms(settings());
    let request = request(&mechanisms, SEALED | Flags::DATAGRAM);
    let initiator = mechanisms.initiate(&request, Some(&NTLM)).unwrap();
    let acceptor = mechanisms.accept_as(&Accept::new(), &NTLM).unwrap();
    let mut established = gss_test::Pair::new().establish(initiator, acceptor).unwrap();
    assert!(established.sent[0].1.is_empty());
    let flags = AuthenticateMessage::parse(&established.sent[2].1).unwrap().flags;
    assert!(flags.contains(NegotiateFlags::DATAGRAM | NegotiateFlags::KEY_EXCH));
    assert!(established.acceptor.info().flags.contains(Flags::DATAGRAM));
    let tokens: Vec<_> = (0..4u8)
        .map(|octet| {
            established
                .initiator
                .wrap(Privacy::Confidential, &[], &[octet])
                .unwrap()
                .0
        })
        .collect();
    let found: Vec<_> = [3, 1, 1, 0]
        .map(|index: usize| established.acceptor.unwrapped(&tokens[index]).unwrap())
        .map(|(message, unwrapped)| (message[0], unwrapped.sequence.name()))
        .to_vec();
    assert_eq!(
        found,
        [(3, "gap"), (1, "unsequenced"), (1, "duplicate"), (0, "unsequenced")]
    );
    converse(&mut established);
}

#[test]
fn credentials_come_from_passwords_hashes_and_stores() {
    let mechanisms = mechanisms(settings());
    let from_store = |name: &str, store: CredStore| {
        let acquire = Acquire::initiate().named(Name::user(name)).from_store(store);
        mechanisms
            .acquire(acquire, Some(&[NTLM]))
            .map(|flow| flow.done().unwrap())
    };
    let lets_in = |cred: Credential| {
        let request = Initiate::new(Name::hostbased_service("HTTP"))
            .with_cred(cred)
            .with_flags(SEALED);
        connect(&mechanisms, &request, Accept::new()).is_ok()
    };
    let hash = "a4f49c406510bdcab6824ee7c30fd852";
    assert!(lets_in(cred(&mechanisms, "User@Domain", "Password")));
    assert!(lets_in(
        from_store("User", CredStore::new().with("password", "Password")).unwrap()
    ));
    assert!(lets_in(
        from_store("User", CredStore::new().with("ntlmssp_password", "Password")).unwrap()
    ));
    let with_domain = CredStore::new()
        .with("ntlmssp_nthash", hash)
        .with("ntlmssp_domain", "Domain");
    let cred = from_store("User", with_domain).unwrap();
    let info = cred.element(&NTLM).unwrap().clone().inspect().unwrap().done().unwrap();
    assert_eq!(info.name.unwrap().to_text(), r"Domain\User");
    assert_eq!(info.usage, CredUsage::Initiate);
    assert!(lets_in(cred));
    // N13: what looks like a hash is still a password where a password is meant.
    assert!(!lets_in(
        from_store("User", CredStore::new().with("password", hash)).unwrap()
    ));

    for store in [
        CredStore::new(),
        CredStore::new().with("ntlmssp_nthash", "Password"),
        CredStore::new().with("password", *b"\xff"),
    ] {
        assert_eq!(from_store("User", store).unwrap_err().error, ErrorKind::NoCred);
    }
    let nobody = mechanisms.acquire(Acquire::initiate(), Some(&[NTLM])).unwrap_err();
    assert_eq!(nobody.error, ErrorKind::NoCred);
}

#[test]
fn an_acceptor_needs_somebody_to_ask() {
    let mechanisms = mechanisms(gss_mech_ntlm::NtlmSettings::new());
    let refused = mechanisms.accept_as(&Accept::new(), &NTLM).err().unwrap();
    assert_eq!(refused, ErrorKind::NoCred);
    assert!(refused.to_string().contains("NTLM_USER_FILE"), "{refused}");
    let users = gss_mech_ntlm::Users(std::sync::Arc::new(world::TwoUsers));
    let store = CredStore::new().with_object("ntlmssp_users", users);
    let acquire = Acquire::accept().from_store(store);
    let cred = mechanisms.acquire(acquire, Some(&[NTLM])).unwrap().done().unwrap();
    assert!(mechanisms.accept_as(&Accept::new().with_cred(cred), &NTLM).is_ok());
}
