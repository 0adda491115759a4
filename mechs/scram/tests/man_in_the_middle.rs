//! Somebody in between who changes anything makes both sides fail, or the side that would be deceived.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{Accept, BindingsPolicy, ChannelBindings, Flags, Role, framing};
use gss_mech_scram::gs2::Gs2Header;
use gss_mech_scram::message::{ClientFinal, ServerError};
use gss_mech_scram::{ScramError, ScramHash};
use world::{World, reason};

/// Changes the text of the message with that number.
fn changing(world: &World, number: usize, change: impl Fn(&str) -> String) -> Result<(), String> {
    let oid = world.hash.oid();
    let channel = |leg: gss_test::Leg, token: Vec<u8>| {
        if leg.number != number {
            return Some(token);
        }
        Some(match framing::parse(&token) {
            Ok((_, inner)) => framing::wrap(&oid, change(std::str::from_utf8(inner).unwrap()).as_bytes()),
            Err(_) => change(std::str::from_utf8(&token).unwrap()).into_bytes(),
        })
    };
    let outcome = world.through(&world.request(), &Accept::new(), channel);
    outcome.map(|_| ()).map_err(|failure| format!("{:?}", failure.reason))
}

#[test]
fn every_attribute_of_every_message_is_protected() {
    let world = World::new(ScramHash::Sha256);
    // An extension that nobody knows is covered too: both sides sign the messages as they were.
    let append: fn(&str) -> String = |text| format!("{text},x=y");
    let another_user: fn(&str) -> String = |text| text.replace("n=alice", "n=alicia");
    let more_iterations: fn(&str) -> String = |text| text.replace("i=4096", "i=4097");
    let other_salt: fn(&str) -> String = |text| text.replace(",s=", ",s=AAAA");
    let nonce: fn(&str) -> String = |text| text.replacen("r=", "r=x", 1);
    let longer_nonce: fn(&str) -> String = |text| match text.split_once(",s=") {
        Some((nonce, rest)) => format!("{nonce}x,s={rest}"),
        None => format!("{text}x"),
    };
    let bindings: fn(&str) -> String = |text| text.replacen("c=", "c=biws", 1);
    let inserted: fn(&str) -> String = |text| text.replace(",p=", ",x=y,p=");
    let proof: fn(&str) -> String = |text| flip(text, ",p=");
    let signature: fn(&str) -> String = |text| flip(text, "v=");
    let changes = [
        (0, append),
        (0, another_user),
        (0, nonce),
        (0, longer_nonce),
        (1, append),
        (1, more_iterations),
        (1, other_salt),
        (1, nonce),
        (1, longer_nonce),
        (2, bindings),
        (2, inserted),
        (2, nonce),
        (2, proof),
        (3, signature),
    ];
    assert!(changing(&world, 9, str::to_owned).is_ok());
    for (index, (number, change)) in changes.into_iter().enumerate() {
        assert!(
            changing(&world, number, change).is_err(),
            "change {index} of message {number}"
        );
    }
}

/// Another first character of a value.
fn flip(text: &str, before: &str) -> String {
    let (front, value) = text.split_once(before).unwrap();
    let other = if value.starts_with('A') { "B" } else { "A" };
    format!("{front}{before}{other}{}", &value[1..])
}

#[test]
fn any_single_octet_changed_on_the_way_leaves_no_two_contexts() {
    let world = World::new(ScramHash::Sha1);
    let lengths: Vec<usize> = world.establish().sent.iter().map(|(_, token)| token.len()).collect();
    for (number, length) in lengths.into_iter().enumerate() {
        for at in (0..length).step_by(3) {
            let channel = |leg: gss_test::Leg, mut token: Vec<u8>| {
                if leg.number == number && at < token.len() {
                    token[at] ^= 1;
                }
                Some(token)
            };
            let outcome = world.through(&world.request(), &Accept::new(), channel);
            assert!(outcome.is_err(), "octet {at} of message {number}");
        }
    }
}

fn bound(
    world: &World,
    ours: Option<&[u8]>,
    theirs: Option<&[u8]>,
    policy: BindingsPolicy,
) -> Result<Flags, ScramErrorSeen> {
    let mut request = world.request();
    if let Some(data) = ours {
        request = request.with_bindings(ChannelBindings::application(data));
    }
    let mut accept = Accept {
        bindings_policy: policy,
        ..Accept::new()
    };
    if let Some(data) = theirs {
        accept = accept.with_bindings(ChannelBindings::application(data));
    }
    match world.between(&request, &accept) {
        Ok(contexts) => Ok(contexts.acceptor.info().flags & Flags::CHANNEL_BOUND),
        Err(failure) => {
            assert!(matches!(reason(&failure), ScramError::Bindings));
            let peer = failure.peer.unwrap().error;
            let told = matches!(
                peer.reason_as(),
                Some(ScramError::Refused(ServerError::ChannelBindingsDontMatch))
            );
            assert!(told, "{peer}");
            Err(ScramErrorSeen::Bindings)
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum ScramErrorSeen {
    Bindings,
}

#[test]
fn channel_bindings_are_compared_as_the_acceptor_says() {
    use BindingsPolicy::{Ignore, Require, WhenSupplied};
    let world = World::new(ScramHash::Sha256);
    let (a, b) = (
        Some(&b"tls-server-end-point:a"[..]),
        Some(&b"tls-server-end-point:b"[..]),
    );
    let (yes, no) = (Ok(Flags::CHANNEL_BOUND), Ok(Flags::empty()));
    let differ = || Err(ScramErrorSeen::Bindings);
    let cases = [
        (a, a, WhenSupplied, yes),
        (a, b, WhenSupplied, differ()),
        (None, a, WhenSupplied, Ok(Flags::empty())),
        (a, None, WhenSupplied, Ok(Flags::empty())),
        (a, a, Require, Ok(Flags::CHANNEL_BOUND)),
        (a, b, Require, differ()),
        (None, a, Require, differ()),
        (a, None, Require, differ()),
        (a, b, Ignore, Ok(Flags::empty())),
        (None, None, WhenSupplied, no),
        (None, None, Require, differ()),
    ];
    for (ours, theirs, policy, expected) in cases {
        assert_eq!(
            bound(&world, ours, theirs, policy),
            expected,
            "{ours:?} {theirs:?} {policy:?}"
        );
    }
}

#[test]
fn the_initiator_does_not_claim_that_the_channel_is_bound() {
    let world = World::new(ScramHash::Sha256);
    let bindings = ChannelBindings::application(b"tls-exporter:a");
    let request = world.request().with_bindings(bindings.clone());
    let contexts = world.between(&request, &Accept::new().with_bindings(bindings)).unwrap();
    assert!(
        !contexts.initiator.info().flags.contains(Flags::CHANNEL_BOUND),
        "the acceptor may have ignored them"
    );
    assert!(contexts.acceptor.info().flags.contains(Flags::CHANNEL_BOUND));
}

#[test]
fn addresses_are_not_left_out_silently() {
    let world = World::new(ScramHash::Sha256);
    let mut bindings = ChannelBindings::application(b"data");
    bindings.initiator.octets = vec![127, 0, 0, 1];
    use gss_core::Mechanism as _;
    let error = world
        .initiator
        .initiate(&world.request().with_bindings(bindings.clone()))
        .err()
        .unwrap();
    assert!(matches!(error.reason_as(), Some(ScramError::BindingAddresses)));
    assert!(world.acceptor.accept(&Accept::new().with_bindings(bindings)).is_err());
}

/// SASL over the mechanism: the header goes before the first message, and both sides bind it.
fn sasl(world: &World, sent: &str, received: &str, channel: &[u8]) -> Result<(), Box<gss_test::Failure>> {
    let header = |text| Gs2Header::parse(text).unwrap().0;
    let accept = Accept {
        bindings_policy: BindingsPolicy::Require,
        ..Accept::new()
    };
    let request = world.request().with_bindings(header(sent).bindings(channel));
    let accept = accept.with_bindings(header(received).bindings(channel));
    world.between(&request, &accept).map(|_| ())
}

#[test]
fn somebody_who_changes_the_gs2_header_is_found_out() {
    let world = World::new(ScramHash::Sha256);
    let headers = [
        "n,,",
        "y,,",
        "p=tls-exporter,,",
        "p=tls-unique,,",
        "n,a=admin,",
        "y,a=admin,",
    ];
    for sent in headers {
        for received in headers {
            let outcome = sasl(&world, sent, received, b"channel");
            assert_eq!(outcome.is_ok(), sent == received, "{sent} became {received}");
        }
    }
}

#[test]
fn the_offer_of_channel_bindings_cannot_be_taken_away() {
    // The initiator never saw the mechanism with channel bindings, and says so by y: the acceptor knows better.
    let (header, _) = Gs2Header::parse("y,,").unwrap();
    assert!(header.check(&["tls-exporter"]).is_err());
    // Making n of y hides it from the acceptor, but not from the exchange.
    let world = World::new(ScramHash::Sha256);
    let failure = sasl(&world, "y,,", "n,,", b"").unwrap_err();
    assert!(matches!(reason(&failure), ScramError::Bindings));
    assert_eq!(failure.side, Role::Acceptor);
}

#[test]
fn bindings_are_judged_after_the_proof() {
    let world = World::new(ScramHash::Sha256);
    let channel = |leg: gss_test::Leg, token: Vec<u8>| {
        if leg.number != 2 {
            return Some(token);
        }
        let mut message = ClientFinal::parse(&token).unwrap();
        message.proof = vec![0; 32];
        Some(message.to_text().into_bytes())
    };
    let accept = Accept::new().with_bindings(ChannelBindings::application(b"theirs"));
    let request = world.request().with_bindings(ChannelBindings::application(b"ours"));
    let failure = world.through(&request, &accept, channel).unwrap_err();
    assert!(matches!(reason(&failure), ScramError::Proof { .. }));
}
