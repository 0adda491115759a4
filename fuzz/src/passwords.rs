//! SCRAM: its messages, and an exchange with somebody in between.

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};

use gss_core::{Accept, BindingsPolicy, ChannelBindings, Credential, Flags, Initiate, Mechanism, Name};
use gss_mech_scram::gs2::Gs2Header;
use gss_mech_scram::message::{ClientFinal, ClientFirst, ServerFinal, ServerFirst};
use gss_mech_scram::{InitiatorKeys, MemoryUsers, Scram, ScramCred, ScramEnvironment, ScramHash, UserKeys};
use krb5_crypto::Secret;

use crate::input::Input;
use crate::middle::{assert_one_context, between};
use crate::seeded::{SEEDED, begin};

/// The first octet picks a message of RFC 5802 §7, a GS2 header or a verifier; the rest is one. What is read is written,
/// and read again to the same.
pub fn scram_message(input: &[u8]) {
    let Some((choice, octets)) = input.split_first() else {
        return;
    };
    match choice % 6 {
        0 => assert_fixpoint(octets, ClientFirst::parse, ClientFirst::to_text),
        1 => assert_fixpoint(octets, ServerFirst::parse, ServerFirst::to_text),
        2 => assert_fixpoint(octets, ClientFinal::parse, ClientFinal::to_text),
        3 => assert_fixpoint(octets, ServerFinal::parse, ServerFinal::to_text),
        4 => header(octets),
        _ => verifier(octets),
    }
}

fn assert_fixpoint<M: PartialEq + std::fmt::Debug, E: std::fmt::Debug>(
    octets: &[u8],
    parse: fn(&[u8]) -> Result<M, E>,
    write: fn(&M) -> String,
) {
    let Ok(message) = parse(octets) else { return };
    let again = parse(write(&message).as_bytes()).expect("what is written can be read");
    assert_eq!(again, message);
}

fn header(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok((header, rest)) = Gs2Header::parse(text) else {
        return;
    };
    let written = format!("{header}{rest}");
    assert_eq!(Gs2Header::parse(&written), Ok((header, rest)));
}

fn verifier(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(keys) = text.parse::<UserKeys>() else { return };
    let again: UserKeys = keys.to_text().parse().expect("what is written can be read");
    assert_eq!(again.to_text(), keys.to_text());
}

/// The first octet picks a hash and who binds channels; the rest is what somebody in between does with the tokens.
///
/// An initiator that is done talks to an acceptor that is done, and both have one context. An acceptor that is done has
/// got a proof: it is with the user, bound as it asked for.
pub fn scram_exchange(input: &[u8]) {
    begin();
    let mut script = Input(input);
    let choice = script.octet();
    let hash = ScramHash::ALL[usize::from(choice & 1)];
    let mech = &mechanisms()[usize::from(choice & 1)];
    let [binds, requires] = [INITIATOR_BINDS, ACCEPTOR_REQUIRES].map(|bit| choice & bit != 0);
    let mut request = Initiate::new(Name::hostbased_service(SERVICE)).with_cred(user(hash));
    if binds {
        request = request.with_bindings(ChannelBindings::application("channel"));
    }
    let mut accept = Accept::new();
    if requires {
        accept.bindings_policy = BindingsPolicy::Require;
        accept = accept.with_bindings(ChannelBindings::application("channel"));
    }
    let initiator = mech.initiate(&request).expect("the credential initiates");
    let acceptor = mech.accept(&accept).expect("the acceptor knows users");
    let outcome = between(initiator, acceptor, &mut script, |_, _| None);
    if let Some(context) = &outcome.acceptor {
        let info = context.info();
        assert!(outcome.initiators >= 2, "accepted without a proof");
        assert_eq!(info.source.as_ref().map(|name| name.to_text()).as_deref(), Some(USER));
        let bound = info.flags.contains(Flags::CHANNEL_BOUND);
        assert_eq!(bound, requires, "bound otherwise than asked for");
    }
    if let Some(initiator) = &outcome.initiator {
        let acceptor = outcome.acceptor.as_ref().expect("somebody proved to be the acceptor");
        assert_one_context(&**initiator, &**acceptor);
    }
    let refused = requires && !binds;
    assert!(
        outcome.changed || refused || outcome.initiator.is_some(),
        "nobody was in between, and it failed"
    );
}

/// Both mechanisms, which know one user.
pub(crate) fn mechanisms() -> &'static [Scram; 2] {
    static MECHANISMS: LazyLock<[Scram; 2]> = LazyLock::new(|| {
        let mut users = MemoryUsers::by(&SEEDED, ITERATIONS).expect("enough iterations");
        for hash in ScramHash::ALL {
            let server_key = Secret::from_slice(&vec![SERVER_KEY; hash.output_len()]);
            let keys = UserKeys::new(hash, SALT, iterations(), stored_key(hash), server_key);
            users = users
                .with_keys(USER, keys.expect("keys of the right length"))
                .expect("a name");
        }
        let environment = ScramEnvironment {
            provider: &SEEDED,
            ..ScramEnvironment::default()
        };
        let environment = environment.with_users(Arc::new(users));
        ScramHash::ALL.map(|hash| Scram::new(hash, environment.clone()))
    });
    &MECHANISMS
}

/// The user's credential. Its keys are derived from no password, which would take a while at each change of the salt.
pub(crate) fn user(hash: ScramHash) -> Credential {
    let [client_key, server_key] =
        [CLIENT_KEY, SERVER_KEY].map(|octet| Secret::from_slice(&vec![octet; hash.output_len()]));
    let keys = InitiatorKeys::new(hash, SALT, iterations(), client_key, server_key).expect("keys of the right length");
    let cred = ScramCred::with_keys(USER, Arc::new(keys)).expect("a name");
    Credential::single(hash.oid(), Arc::new(cred))
}

/// H(ClientKey).
fn stored_key(hash: ScramHash) -> Secret {
    let primitive = match hash {
        ScramHash::Sha1 => SEEDED.sha1,
        ScramHash::Sha256 => SEEDED.sha256,
    };
    Secret::from_slice(primitive.hash(&[&vec![CLIENT_KEY; hash.output_len()]]).expose())
}

fn iterations() -> NonZeroU32 {
    NonZeroU32::new(ITERATIONS).expect("not zero")
}

/// Whom the user initiates with.
pub(crate) const SERVICE: &str = "imap@mail.fuzz.test";
const USER: &str = "alice";
const SALT: &[u8] = b"salt of the user";
const ITERATIONS: u32 = 4096;
const CLIENT_KEY: u8 = 0xC1;
const SERVER_KEY: u8 = 0x5E;

const INITIATOR_BINDS: u8 = 2;
const ACCEPTOR_REQUIRES: u8 = 4;
