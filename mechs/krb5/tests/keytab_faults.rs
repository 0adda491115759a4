//! Keytabs that change, break and come back while an acceptor holds its credential.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::path::PathBuf;

use gss_core::{Accept, Acquire, Credential, Error, Flags, Initiate, Mechanism, Name};
use gss_mech_krb5::Krb5;
use krb5_crypto::Enctype;
use krb5_kdc::OldKeys;
use krb5_store::keytab::Keytab;
use world::{World, done, single};

/// An acceptor with a keytab in a file and a credential that it got once.
struct Service {
    world: World,
    krb5: Krb5,
    cred: Credential,
}

const HTTP: &str = "HTTP/www.example.test";

impl Service {
    fn new() -> Self {
        let world = World::new(Enctype::Aes256CtsHmacSha196);
        let path = world.folder.path().join("keytab");
        std::fs::write(&path, world.kdc.service_keytab().to_octets().unwrap()).unwrap();
        let mut environment = world.acceptor.environment().clone();
        environment.keytab = format!("FILE:{}", path.display());
        let krb5 = Krb5::new(environment);
        let cred = single(done(krb5.acquire(Acquire::accept())));
        Self { world, krb5, cred }
    }

    fn path(&self) -> PathBuf {
        self.world.folder.path().join("keytab")
    }

    fn octets(&self) -> Vec<u8> {
        self.world.kdc.service_keytab().to_octets().unwrap().to_vec()
    }

    /// A fresh token for the service.
    fn token(&self) -> Vec<u8> {
        let target = Name::krb5_principal(format!("{HTTP}@{}", world::REALM));
        self.world.first_token(&Initiate {
            target,
            ..self.world.request(Flags::USUAL)
        })
    }

    fn accept(&self, token: &[u8]) -> Result<(), Error> {
        let context = self.krb5.accept(&Accept::new().with_cred(self.cred.clone())).unwrap();
        self.world
            .drive(context.step(Some(token)))
            .map(drop)
            .map_err(|error| error.error)
    }
}

fn minor(error: &Error) -> i32 {
    i32::from_ne_bytes(error.minor().to_ne_bytes())
}

#[test]
fn q26_a_broken_keytab_is_told_and_a_mended_one_works_without_a_restart() {
    let service = Service::new();
    let whole = service.octets();
    service.accept(&service.token()).unwrap();
    let breaking: [(&str, &dyn Fn()); 5] = [
        ("gone", &|| std::fs::remove_file(service.path()).unwrap()),
        ("empty", &|| std::fs::write(service.path(), b"").unwrap()),
        ("without keys", &|| std::fs::write(service.path(), b"\x05\x02").unwrap()),
        ("in the middle of being written", &|| {
            std::fs::write(service.path(), &whole[..whole.len() / 2]).unwrap();
        }),
        ("no keytab", &|| {
            std::fs::write(service.path(), b"[libdefaults]\n").unwrap()
        }),
    ];
    for (state, damage) in breaking {
        damage();
        let error = service.accept(&service.token()).unwrap_err();
        let path = service.path().display().to_string();
        assert!(error.to_string().contains(&path), "{state}: {error}");
        let again = service
            .krb5
            .acquire(Acquire::accept())
            .and_then(|flow| flow.drive(&mut gss_test::answer_blocking));
        let error = again.err().unwrap_or_else(|| panic!("{state}: acquired")).error;
        assert!(error.to_string().contains(&path), "{state}: {error}");
        std::fs::write(service.path(), &whole).unwrap();
        service
            .accept(&service.token())
            .unwrap_or_else(|error| panic!("after {state}: {error}"));
    }
}

#[test]
fn q26_a_keytab_that_cannot_be_read_fails_contexts_and_not_the_acceptor() {
    let service = Service::new();
    std::fs::remove_file(service.path()).unwrap();
    std::fs::create_dir(service.path()).unwrap();
    let error = service.accept(&service.token()).unwrap_err();
    assert!(error.to_string().contains("keytab"), "{error}");
    std::fs::remove_dir(service.path()).unwrap();
    std::fs::write(service.path(), service.octets()).unwrap();
    service.accept(&service.token()).unwrap();
}

#[test]
fn q15_tickets_of_both_keys_are_accepted_while_the_keytab_has_both() {
    let service = Service::new();
    let old = service.world.kdc.service_keytab();
    let old_ticket = [service.token(), service.token(), service.token()];
    service.world.kdc.roll_keys(HTTP, OldKeys::Kept).unwrap();
    let mut new = service.world.kdc.service_keytab();
    new.entries.retain(|entry| {
        !old.entries
            .iter()
            .any(|known| known.kvno == entry.kvno && known.principal == entry.principal)
    });
    assert_eq!(new.entries.len(), 1, "the new key of the service");
    let fresh = World::client(&service.world, "alice").unwrap();
    let new_ticket = || {
        let request = service.world.request(Flags::USUAL).with_cred(fresh.clone());
        service.world.first_token(&request)
    };

    let error = service.accept(&new_ticket()).unwrap_err();
    assert_eq!(
        minor(&error),
        -1_765_328_340,
        "BADKEYVER until the keytab has the key: {error}"
    );
    service.accept(&old_ticket[0]).unwrap();
    let both = Keytab {
        entries: [old.entries, new.entries.clone()].concat(),
    };
    std::fs::write(service.path(), both.to_octets().unwrap()).unwrap();
    service.accept(&old_ticket[1]).unwrap();
    service.accept(&new_ticket()).unwrap();
    std::fs::write(service.path(), new.to_octets().unwrap()).unwrap();
    assert!(service.accept(&old_ticket[2]).is_err());
    service.accept(&new_ticket()).unwrap();
}

#[test]
fn k11_a_key_of_another_service_is_not_used_by_an_acceptor_with_a_name() {
    let service = Service::new();
    let token = service.token();
    for (name, accepts) in [
        (Name::hostbased_service("host@www.example.test"), false),
        (Name::krb5_principal("host/www.example.test@EXAMPLE.TEST"), false),
        (Name::hostbased_service("HTTP@other.example.test"), false),
        (Name::hostbased_service("HTTP@www.example.test"), true),
    ] {
        let request = Acquire::accept().named(name.clone());
        let Ok(flow) = service.krb5.acquire(request) else {
            assert!(!accepts, "{name:?}");
            continue;
        };
        let cred = single(flow.done().unwrap());
        let context = service.krb5.accept(&Accept::new().with_cred(cred)).unwrap();
        let accepted = service.world.drive(context.step(Some(&token)));
        assert_eq!(accepted.is_ok(), accepts, "{name:?}");
    }
}

#[test]
fn k11_without_a_name_the_context_tells_whose_key_it_was() {
    let service = Service::new();
    let token = service.token();
    let context = service
        .krb5
        .accept(&Accept::new().with_cred(service.cred.clone()))
        .unwrap();
    let gss_core::Step::Established { context, .. } = service.world.drive(context.step(Some(&token))).unwrap() else {
        panic!("an acceptor needs one token")
    };
    assert_eq!(
        context.info().target.as_ref().unwrap().to_text(),
        "HTTP/www.example.test@EXAMPLE.TEST"
    );
}
