//! Credentials that go to another process.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{
    Accept, Acquire, CredStore, CredUsage, Credential, ErrorKind, Flags, Initiate, Mechanism, Mechanisms, Name, Octets,
    OptionValue,
};
use gss_mech_krb5::{CRED_NO_CI_FLAGS, KRB5, KerberosCred, Keys, Krb5, Tickets};
use krb5_crypto::Enctype;
use krb5_store::keytab::MemoryKeytab;
use krb5_store::replay::{MemoryReplayCache, OwnReplayCache};
use world::{World, done, single};

fn exported(cred: &Credential) -> Octets {
    cred.element(&KRB5).unwrap().export().unwrap()
}

/// Another process with the same configuration.
fn elsewhere(world: &World) -> Krb5 {
    let mut environment = world.acceptor.environment().clone();
    for name in [
        &mut environment.ccache,
        &mut environment.keytab,
        &mut environment.client_keytab,
    ] {
        "SENTINEL:".clone_into(name);
    }
    Krb5::new(environment)
}

fn world() -> World {
    World::new(Enctype::Aes256CtsHmacSha196)
}

fn connects(world: &World, initiating: &Credential, accepting: &Credential) -> bool {
    let krb5 = elsewhere(world);
    let request = Initiate::new(Name::hostbased_service("HTTP@www.example.test")).with_cred(initiating.clone());
    let acceptor = krb5.accept(&Accept::new().with_cred(accepting.clone())).unwrap();
    world
        .pair()
        .establish(krb5.initiate(&request).unwrap(), acceptor)
        .is_ok()
}

/// A credential of every kind that there is, and its use.
fn kinds(world: &World) -> Vec<(&'static str, CredUsage, Credential)> {
    let keys = Keys(Arc::new(MemoryKeytab::new("all", world.kdc.service_keytab())));
    let path = |name: &str| format!("FILE:{}", world.folder.path().join(name).display());
    std::fs::write(
        world.folder.path().join("keytab"),
        world.kdc.service_keytab().to_octets().unwrap(),
    )
    .unwrap();
    let acquire = |usage, name: Option<Name>, store: CredStore| {
        let request = Acquire {
            name,
            usage,
            ..Acquire::default()
        };
        world.acquire(request.from_store(store)).unwrap()
    };
    let in_files = CredStore::new()
        .with("ccache", path("cc"))
        .with("client_keytab", path("keytab"));
    let values = CredStore::new()
        .with_object("client_keytab", keys.clone())
        .with_object("keytab", keys);
    let service = Some(Name::hostbased_service("HTTP@www.example.test"));
    vec![
        ("tickets in memory", CredUsage::Initiate, world.alice.clone()),
        (
            "a password's",
            CredUsage::Initiate,
            world.with_password("bob", "builder").unwrap(),
        ),
        (
            "files",
            CredUsage::Initiate,
            acquire(CredUsage::Initiate, Some(Name::user("alice")), in_files),
        ),
        (
            "a service",
            CredUsage::Accept,
            acquire(CredUsage::Accept, service.clone(), values.clone()),
        ),
        (
            "anybody",
            CredUsage::Accept,
            acquire(CredUsage::Accept, None, values.clone()),
        ),
        ("both", CredUsage::Both, acquire(CredUsage::Both, service, values)),
    ]
}

#[test]
fn a_credential_of_every_kind_does_the_same_elsewhere() {
    let world = world();
    let accepting = single(done(world.acceptor.acquire(Acquire::accept())));
    for (what, usage, cred) in kinds(&world) {
        let imported = single(elsewhere(&world).import_cred(&exported(&cred)).unwrap());
        let info = |cred: &Credential| world.drive(Arc::clone(cred.element(&KRB5).unwrap()).inspect()).unwrap();
        let (before, after) = (info(&cred), info(&imported));
        assert_eq!(
            (after.usage, after.initiate_until),
            (usage, before.initiate_until),
            "{what}"
        );
        assert_eq!(
            after.name.map(|name| name.to_text()),
            before.name.map(|name| name.to_text()),
            "{what}"
        );
        if usage.initiates() {
            assert!(connects(&world, &imported, &accepting), "{what}");
        }
        if usage.accepts() {
            assert!(connects(&world, &world.alice, &imported), "{what}");
        }
    }
}

#[test]
fn what_is_in_files_travels_by_name_and_what_is_in_memory_as_contents() {
    let world = world();
    let [.., (_, _, in_files), _, _, _] = &kinds(&world)[..] else {
        panic!("there are six")
    };
    let octets = exported(in_files);
    let text = String::from_utf8_lossy(&octets);
    assert!(text.contains("/cc") && text.contains("/keytab"), "{text}");
    assert!(octets.len() < 300, "no tickets are in it");
    assert!(exported(&world.alice).len() > 300);
}

#[test]
fn options_travel_too() {
    let world = world();
    let element = world.alice.element(&KRB5).unwrap();
    let quiet = single(
        world
            .initiator
            .set_cred_option(Some(element), CRED_NO_CI_FLAGS, OptionValue::None)
            .unwrap(),
    );
    let imported = single(world.initiator.import_cred(&exported(&quiet)).unwrap());
    let established = world
        .connect(&world.request(Flags::MUTUAL).with_cred(imported), &Accept::new())
        .unwrap();
    assert!(!established.acceptor.info().flags.intersects(Flags::CONF | Flags::INTEG));
}

#[test]
fn the_mechglue_carries_it() {
    let world = world();
    let mechs = Mechanisms::builder().with(world.initiator.clone()).build().unwrap();
    let octets = Mechanisms::export_cred(&world.alice).unwrap();
    let imported = mechs.import_cred(&octets).unwrap();
    assert!(
        world
            .connect(&world.request(Flags::USUAL).with_cred(imported), &Accept::new())
            .is_ok()
    );
}

#[test]
fn what_only_this_program_knows_is_not_exported() {
    let world = world();
    let environment = world.acceptor.environment().clone();
    let keytab = Arc::new(MemoryKeytab::new("k", world.kdc.service_keytab()));
    let acceptor = krb5_store::keytab::Acceptor::new(keytab.clone(), None, &environment.settings, environment.provider);
    let own_keys = KerberosCred::from_keys(environment, Arc::new(acceptor), None);
    let store = CredStore::new()
        .with_object("keytab", Keys(keytab))
        .with_object("rcache", OwnReplayCache(Arc::new(MemoryReplayCache::new())));
    let own_replay_cache = world.acquire(Acquire::accept().from_store(store)).unwrap();
    for cred in [single(Arc::new(own_keys)), own_replay_cache] {
        assert_eq!(
            cred.element(&KRB5).unwrap().export().unwrap_err(),
            ErrorKind::Unavailable
        );
    }
}

#[test]
fn c9_truncated_extended_and_future_credentials_are_refused() {
    let world = world();
    for (what, _, cred) in kinds(&world) {
        let octets = exported(&cred).to_vec();
        let refused = |octets: &[u8]| {
            let error = elsewhere(&world).import_cred(octets).err();
            error.is_some_and(|error| error == ErrorKind::DefectiveToken || error == ErrorKind::NoCred)
        };
        for length in 0..octets.len() {
            assert!(refused(&octets[..length]), "{what}: {length}");
        }
        assert!(refused(&[&octets[..], b"\0"].concat()), "{what}");
        assert!(refused(&[&[2], &octets[1..]].concat()), "{what}");
    }
}

#[test]
fn c9_no_length_leads_outside_and_no_octet_is_trusted() {
    let world = world();
    for (what, _, cred) in kinds(&world) {
        let octets = exported(&cred).to_vec();
        for place in 0..octets.len().saturating_sub(4) {
            for hostile in [0x7fff_ffff_u32, 0x8000_0000, 0xffff_ffff, 0] {
                let mut changed = octets.clone();
                changed[place..place + 4].copy_from_slice(&hostile.to_be_bytes());
                let spent = allocation_counter::measure(|| drop(elsewhere(&world).import_cred(&changed)));
                let limit = 4 * octets.len() + 16_384;
                assert!(
                    spent.bytes_max < u64::try_from(limit).unwrap(),
                    "{what}: {place} {hostile:x} {spent:?}"
                );
            }
        }
    }
}

#[test]
fn tickets_as_a_value_stay_a_value() {
    let world = world();
    let store = CredStore::new().with_object("ccache", Tickets(Arc::new(krb5_store::ccache::MemoryCache::new())));
    let error = world.acquire(Acquire::initiate().from_store(store)).unwrap_err().error;
    assert_eq!(error, ErrorKind::NoCred, "an empty cache is nobody's");
}
