//! NTLM: its messages, and an exchange with somebody in between.

use std::sync::{Arc, LazyLock};

use gss_core::{
    Accept, AcceptorContext, Acquire, BindingsPolicy, ChannelBindings, Credential, Flags, Initiate, Mechanism, Name,
    Step,
};
use gss_mech_ntlm::message::{AuthenticateMessage, AvFlags, ChallengeMessage, Message, NtlmV2Response, TargetInfo};
use gss_mech_ntlm::users::MemoryUsers;
use gss_mech_ntlm::{
    AccountName, ClientPolicy, LoopbackPolicy, MachineNames, NTLM, NtHash, Ntlm, NtlmEnvironment, NtlmSettings,
};

use crate::input::Input;
use crate::middle::{assert_one_context, between};
use crate::realm::{Stopped, answer};
use crate::seeded::{SEEDED, begin};

/// The first octet says what the rest is: a message, a list of attributes, an NTLMv2 response. What is read is written, and
/// read again to what is written the same.
///
/// # Panics
/// Where it is not.
pub fn ntlm_message(input: &[u8]) {
    let Some((choice, octets)) = input.split_first() else {
        return;
    };
    match choice % 3 {
        0 => {
            // What was read from overlapping fields can be too long to be written.
            let Some(written) = Message::parse(octets).ok().and_then(|message| written(&message)) else {
                return;
            };
            let again = Message::parse(&written).expect("what is written can be read");
            assert_eq!(self::written(&again), Some(written), "it is written in two ways");
        }
        1 => {
            let Ok((list, _)) = TargetInfo::parse(octets) else {
                return;
            };
            let written = list.to_octets().expect("what was read is not too long");
            let (again, rest) = TargetInfo::parse(&written).expect("what is written can be read");
            assert!(
                again == list && rest.is_empty(),
                "{again:?} and {rest:?} instead of {list:?}"
            );
        }
        _ => {
            let Ok(response) = NtlmV2Response::parse(octets) else {
                return;
            };
            let written = response.challenge.to_octets().expect("what was read is not too long");
            let again = NtlmV2Response::parse(&[&response.proof[..], &written].concat());
            assert_eq!(again.as_ref(), Ok(&response));
        }
    }
}

fn written(message: &Message) -> Option<Vec<u8>> {
    let written = match message {
        Message::Negotiate(message) => message.to_token(),
        Message::Challenge(message) => message.to_token(),
        Message::Authenticate(message) => message.to_token(),
    };
    written.ok()
}

/// The first octet picks who binds channels, how strict the acceptor is and what is asked for; the rest is what somebody in
/// between does with the tokens.
///
/// An acceptor that is done has got a proof: it is with the user, bound as it asked for. A strict one has the initiator's
/// context. With a compatible one somebody can take the time out of the challenge, so that no MIC protects flags and keys:
/// then the two do not understand each other.
///
/// # Panics
/// Where that does not hold.
pub fn ntlm_exchange(input: &[u8]) {
    begin();
    let mut script = Input(input);
    let choice = script.octet();
    let has = |bit: u8| choice & bit != 0;
    let mech = &mechanisms()[usize::from(has(COMPATIBLE))];
    let flags = if has(SIGNED_ONLY) { Flags::INTEG } else { Flags::USUAL };
    let mut request = Initiate::new(Name::hostbased_service("HTTP@www.fuzz.test"))
        .with_cred(user().clone())
        .with_flags(flags);
    if has(INITIATOR_BINDS) {
        request = request.with_bindings(ChannelBindings::application("channel"));
    }
    let initiator = mech.initiate(&request).expect("the credential initiates");
    let acceptor = acceptor(mech, has(ACCEPTOR_REQUIRES));
    let outcome = between(initiator, acceptor, &mut script, |_, _| None);
    if let Some(context) = &outcome.acceptor {
        let info = context.info();
        assert!(outcome.initiators >= 2, "accepted without a proof");
        assert_eq!(
            info.source.as_ref().map(|name| name.to_text()).as_deref(),
            Some(r"DOMAIN\alice")
        );
        let bound = info.flags.contains(Flags::CHANNEL_BOUND);
        assert_eq!(bound, has(ACCEPTOR_REQUIRES), "bound otherwise than asked for");
        if let (Some(initiator), false) = (&outcome.initiator, has(COMPATIBLE)) {
            assert_one_context(&**initiator, &**context);
        }
    }
    let refused = has(ACCEPTOR_REQUIRES) && !has(INITIATOR_BINDS);
    assert!(
        outcome.changed || refused || outcome.acceptor.is_some(),
        "nobody was in between, and it failed"
    );
}

/// The first octet picks how strict the acceptor is and whether channels are to be bound; the rest is a client's challenge
/// ([MS-NLMP] §2.2.2.7), validly proved and without a MIC.
///
/// Only an acceptor that is told to takes it: if it is whole, does not promise a MIC, and binds no channel where one
/// is due.
///
/// # Panics
/// Where that does not hold.
pub fn ntlm_response(input: &[u8]) {
    begin();
    let Some((choice, blob)) = input.split_first() else {
        return;
    };
    let (compatible, requires) = (choice & COMPATIBLE != 0, choice & ACCEPTOR_REQUIRES != 0);
    let mech = &mechanisms()[usize::from(compatible)];
    let request = Initiate::new(Name::hostbased_service("HTTP@www.fuzz.test")).with_cred(user().clone());
    let first = mech.initiate(&request).expect("the credential initiates").step(None);
    let Ok(Step::Continue { token, .. }) = first.and_then(|flow| flow.drive(&mut answer)) else {
        unreachable!("the first token is always made");
    };
    let accepting = acceptor(mech, requires).step(Some(&token));
    let Ok(Step::Continue { token, next }) = accepting.and_then(|flow| flow.drive(&mut answer)) else {
        unreachable!("the first token is always answered");
    };
    let challenge = ChallengeMessage::parse(&token).expect("our own message");
    let nt_response = [proof(&challenge, blob), blob.to_vec()].concat();
    let message = AuthenticateMessage {
        lm_response: vec![0; 24],
        nt_response,
        account: AccountName::new("alice", "DOMAIN"),
        workstation: String::new(),
        encrypted_session_key: vec![9; 16],
        flags: challenge.flags,
        version: None,
        mic: None,
    };
    let Ok(token) = message.to_token() else { return };
    let step = next.step(Some(&token)).and_then(|flow| flow.drive(&mut answer));
    if let Ok(Step::Established { context, .. }) = step {
        assert!(compatible, "a client without a MIC");
        let response = NtlmV2Response::parse(&message.nt_response).expect("what is accepted can be read");
        let info = &response.challenge.target_info;
        assert!(!info.flags().contains(AvFlags::MIC), "a MIC was promised");
        let bound = context.info().flags.contains(Flags::CHANNEL_BOUND);
        assert_eq!(bound, requires, "bound otherwise than asked for");
        assert!(!bound || info.channel_bindings().is_some(), "bound to nothing");
    }
}

/// NTProofStr, [MS-NLMP] §3.3.2.
fn proof(challenge: &ChallengeMessage, blob: &[u8]) -> Vec<u8> {
    let named: Vec<u8> = "ALICEDOMAIN".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let key = SEEDED.hmac_md5.key(&HASH).sign(&[&named]);
    let proof = SEEDED
        .hmac_md5
        .key(key.expose())
        .sign(&[&challenge.server_challenge, blob]);
    proof.expose().to_vec()
}

fn acceptor(mech: &Ntlm, requires_bindings: bool) -> Box<dyn AcceptorContext> {
    let mut accept = Accept::new();
    if requires_bindings {
        accept.bindings_policy = BindingsPolicy::Require;
        accept = accept.with_bindings(ChannelBindings::application("channel"));
    }
    mech.accept(&accept).expect("the acceptor knows users")
}

/// A strict one and a compatible one, which know one user.
fn mechanisms() -> &'static [Ntlm; 2] {
    static MECHANISMS: LazyLock<[Ntlm; 2]> = LazyLock::new(|| {
        [ClientPolicy::Strict, ClientPolicy::Compatible].map(|clients| {
            let users = MemoryUsers::new();
            users.insert_hash(AccountName::new("alice", "DOMAIN"), NtHash::from_octets(HASH));
            Ntlm::new(NtlmEnvironment {
                provider: &SEEDED,
                clock: Arc::new(Stopped),
                names: MachineNames::of_host("www.fuzz.test"),
                settings: NtlmSettings::new()
                    .with_users(Arc::new(users))
                    .with_clients(clients)
                    .with_loopback(LoopbackPolicy::Allow),
            })
        })
    });
    &MECHANISMS
}

fn user() -> &'static Credential {
    static USER: LazyLock<Credential> = LazyLock::new(|| {
        let store = gss_core::CredStore::new().with("ntlmssp_nthash", "07".repeat(16));
        let request = Acquire::initiate().named(Name::user(r"DOMAIN\alice")).from_store(store);
        let acquired = mechanisms()[0]
            .acquire(request)
            .and_then(|flow| flow.drive(&mut answer));
        Credential::single(NTLM, acquired.expect("a user with a hash"))
    });
    &USER
}

const HASH: [u8; 16] = [7; 16];

const INITIATOR_BINDS: u8 = 1;
const ACCEPTOR_REQUIRES: u8 = 2;
const COMPATIBLE: u8 = 4;
const SIGNED_ONLY: u8 = 8;
