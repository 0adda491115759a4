//! A server with two users, its clients, and whatever is between them.

#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(unreachable_pub, reason = "a module of each test program")]

use std::sync::Arc;

use gss_core::{
    Accept, Acquire, ChannelBindings, Credential, Environment, Error, EstablishedContext, Flags, Initiate, Mechanisms,
    Name, Octets, Oid, Privacy, Sequence,
};
use gss_crypto::rustcrypto::PROVIDER;
use gss_mech_ntlm::message::{AuthenticateMessage, ChallengeMessage, Message, NegotiateMessage};
use gss_mech_ntlm::{
    AccountName, ClientPolicy, LoopbackPolicy, NTLM, NtHashes, Ntlm, NtlmEnvironment, NtlmError, NtlmSettings,
    Password, StoredAccount, UserError,
};
use gss_mech_spnego::Spnego;
use gss_test::{Established, Failure, Leg, Pair, TestClock};

/// Everything but confidentiality that messages can have.
pub const SIGNED: Flags = Flags::INTEG.union(Flags::REPLAY).union(Flags::SEQUENCE);
/// And that too.
pub const SEALED: Flags = SIGNED.union(Flags::CONF);

/// Users of a domain: `User` with the password `Password`, and one who has none.
#[derive(Debug)]
pub struct TwoUsers;

impl NtHashes for TwoUsers {
    fn account(&self, name: &AccountName) -> Result<Option<StoredAccount>, UserError> {
        let user = name.user.to_ascii_lowercase();
        let password = match user.as_str() {
            "user" | "locked" => "Password",
            "nobody" => "",
            "lost" => return Err(UserError::Unavailable("the file is gone".into())),
            _ => return Ok(None),
        };
        Ok(Some(StoredAccount {
            hash: Some(Password::new(password).nt_hash(&PROVIDER)),
            barred: (user == "locked").then(|| "locked".to_owned()),
            name: AccountName::new(user, "DOMAIN"),
        }))
    }
}

/// The server's settings. Both sides are in one process here.
pub fn settings() -> NtlmSettings {
    NtlmSettings::new()
        .with_users(Arc::new(TwoUsers))
        .with_loopback(LoopbackPolicy::Allow)
}

/// The mechanism, and its negotiator.
pub fn mechanisms(settings: NtlmSettings) -> Mechanisms {
    let environment = Environment::new(Arc::new(TestClock::at_seconds(1_700_000_000)))
        .with_host("www.example.com")
        .with_extension(Arc::new(settings));
    Mechanisms::builder()
        .with(Ntlm::new(NtlmEnvironment::from_environment(&environment)))
        .negotiated_by(Spnego::new)
        .build()
        .unwrap()
}

pub fn compatible() -> Mechanisms {
    mechanisms(settings().with_clients(ClientPolicy::Compatible))
}

/// The credential of a user with a password.
pub fn cred(mechanisms: &Mechanisms, user: &str, password: &str) -> Credential {
    let acquire = Acquire::initiate()
        .named(Name::user(user))
        .with_password(Octets::new(password.as_bytes().to_vec()));
    mechanisms.acquire(acquire, Some(&[NTLM])).unwrap().done().unwrap()
}

/// What `DOMAIN\User` asks of the web server.
pub fn request(mechanisms: &Mechanisms, flags: Flags) -> Initiate {
    Initiate::new(Name::hostbased_service("HTTP@www.example.com"))
        .with_cred(cred(mechanisms, r"Domain\User", "Password"))
        .with_flags(flags)
}

pub fn bindings(data: &[u8]) -> ChannelBindings {
    ChannelBindings::application(data)
}

/// Both sides by one registry.
pub fn connect(mechanisms: &Mechanisms, request: &Initiate, accept: Accept) -> Result<Established, Box<Failure>> {
    through(mechanisms, request, accept, |_, token| Some(token))
}

/// Both sides, with somebody in between who changes tokens.
pub fn through(
    mechanisms: &Mechanisms,
    request: &Initiate,
    accept: Accept,
    change: impl FnMut(Leg, Vec<u8>) -> Option<Vec<u8>>,
) -> Result<Established, Box<Failure>> {
    through_as(mechanisms, NTLM, request, accept, change)
}

pub fn through_as(
    mechanisms: &Mechanisms,
    mech: Oid,
    request: &Initiate,
    accept: Accept,
    change: impl FnMut(Leg, Vec<u8>) -> Option<Vec<u8>>,
) -> Result<Established, Box<Failure>> {
    let initiator = mechanisms.initiate(request, Some(&mech)).unwrap();
    Pair::new()
        .with_channel(change)
        .establish(initiator, mechanisms.accept(accept))
}

pub fn negotiate_changed(change: impl Fn(&mut NegotiateMessage)) -> impl FnMut(Leg, Vec<u8>) -> Option<Vec<u8>> {
    move |_, token| {
        Some(match Message::parse(&token).unwrap() {
            Message::Negotiate(mut message) => {
                change(&mut message);
                message.to_token().unwrap()
            }
            _ => token,
        })
    }
}

pub fn challenge_changed(change: impl Fn(&mut ChallengeMessage)) -> impl FnMut(Leg, Vec<u8>) -> Option<Vec<u8>> {
    move |_, token| {
        Some(match Message::parse(&token).unwrap() {
            Message::Challenge(mut message) => {
                change(&mut message);
                message.to_token().unwrap()
            }
            _ => token,
        })
    }
}

pub fn authenticate_changed(change: impl Fn(&mut AuthenticateMessage)) -> impl FnMut(Leg, Vec<u8>) -> Option<Vec<u8>> {
    move |_, token| {
        Some(match Message::parse(&token).unwrap() {
            Message::Authenticate(mut message) => {
                change(&mut message);
                message.to_token().unwrap()
            }
            _ => token,
        })
    }
}

/// The error that ended the exchange.
pub fn error(outcome: Result<Established, Box<Failure>>) -> Error {
    let failure = outcome.expect_err("it must fail");
    failure.step().expect("a step failed").error.clone()
}

/// The mechanism's reason.
pub fn reason(error: &Error) -> &NtlmError {
    error.reason_as().unwrap()
}

/// Both sides understand each other.
pub fn converse(established: &mut Established) {
    for round in 0..3u8 {
        says(&mut *established.initiator, &mut *established.acceptor, round);
        says(&mut *established.acceptor, &mut *established.initiator, round);
    }
}

fn says(sender: &mut dyn EstablishedContext, receiver: &mut dyn EstablishedContext, round: u8) {
    let message = vec![round; usize::from(round) * 7];
    let (token, granted) = sender.wrap(Privacy::Confidential, &[], &message).unwrap();
    let (opened, unwrapped) = receiver.unwrapped(&token).unwrap();
    assert_eq!(opened, message);
    assert_eq!(unwrapped.privacy, granted);
    let mic = sender.mic_of(&message).unwrap();
    let verified = receiver.verify_mic(&[&message], &mic).unwrap();
    assert_ne!(verified.sequence, Sequence::Duplicate);
}
