//! Which keys an acceptor uses, by the name that it asks for (I-54).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use gss_core::{Accept, Acquire, Error, ErrorKind, Flags, Initiate, Mechanism, Name};
use krb5_crypto::Enctype;
use krb5_kdc::Kdc;
use world::{CONFIGURATION, REALM, World, done, single};

const SERVICES: [&str; 4] = [
    "HTTP/www.example.test",
    "host/www.example.test",
    "HTTP/trusted.example.test",
    "HTTP/WWW.EXAMPLE.TEST",
];

fn realm(configuration: &str) -> World {
    let kdc = Kdc::builder(REALM)
        .enctypes(&[Enctype::Aes256CtsHmacSha196])
        .service("HTTP/WWW.EXAMPLE.TEST");
    World::with(kdc, configuration)
}

/// Which of the services an acceptor with `name` accepts tickets for.
fn accepted(world: &World, name: Option<Name>) -> Result<Vec<&'static str>, Error> {
    let request = Acquire {
        name,
        ..Acquire::accept()
    };
    let cred = match world.acceptor.acquire(request) {
        Ok(flow) => single(flow.done().unwrap()),
        Err(error) => return Err(error.error),
    };
    let accept = Accept::new().with_cred(cred);
    let takes = |service: &&str| {
        let target = Name::krb5_principal(format!("{service}@{REALM}"));
        let request = Initiate {
            target,
            ..world.request(Flags::USUAL)
        };
        world.answer(&world.first_token(&request), &accept).is_ok()
    };
    Ok(SERVICES.into_iter().filter(takes).collect())
}

#[test]
fn without_a_name_every_key_is_used() {
    let world = realm(CONFIGURATION);
    assert_eq!(accepted(&world, None).unwrap(), SERVICES);
    let token = world.first_token(&world.request(Flags::USUAL));
    assert!(
        world.answer(&token, &Accept::new()).is_ok(),
        "nor does it need a credential"
    );
}

#[test]
fn a_service_stands_for_every_host() {
    let world = realm(CONFIGURATION);
    let http = [
        "HTTP/www.example.test",
        "HTTP/trusted.example.test",
        "HTTP/WWW.EXAMPLE.TEST",
    ];
    assert_eq!(accepted(&world, Some(Name::hostbased_service("HTTP"))).unwrap(), http);
    assert_eq!(
        accepted(&world, Some(Name::hostbased_service("host"))).unwrap(),
        ["host/www.example.test"]
    );
}

#[test]
fn a_service_on_a_host_stands_for_that_host() {
    let world = realm(CONFIGURATION);
    let www = ["HTTP/www.example.test", "HTTP/WWW.EXAMPLE.TEST"];
    for name in [
        "HTTP@www.example.test",
        "HTTP@WWW.example.test",
        "HTTP@www.example.test.",
    ] {
        assert_eq!(
            accepted(&world, Some(Name::hostbased_service(name))).unwrap(),
            www,
            "{name}"
        );
    }
}

#[test]
fn hosts_can_be_ignored() {
    let world = realm(&CONFIGURATION.replace("forwardable", "ignore_acceptor_hostname = true\n forwardable"));
    let http = [
        "HTTP/www.example.test",
        "HTTP/trusted.example.test",
        "HTTP/WWW.EXAMPLE.TEST",
    ];
    assert_eq!(
        accepted(&world, Some(Name::hostbased_service("HTTP@elsewhere.example.test"))).unwrap(),
        http
    );
}

#[test]
fn a_principal_stands_for_itself() {
    let world = realm(CONFIGURATION);
    for service in SERVICES {
        let name = Name::krb5_principal(format!("{service}@{REALM}"));
        assert_eq!(accepted(&world, Some(name)).unwrap(), [service]);
    }
}

#[test]
fn a_name_without_any_key_is_refused_at_once_and_says_what_there_is() {
    let world = realm(CONFIGURATION);
    for name in [
        Name::hostbased_service("imap"),
        Name::krb5_principal("HTTP/www.example.test@OTHER.TEST"),
    ] {
        let error = accepted(&world, Some(name)).unwrap_err();
        assert_eq!(error, ErrorKind::NoCred);
        assert!(
            error.to_string().contains("host/www.example.test@EXAMPLE.TEST"),
            "{error}"
        );
    }
}

#[test]
fn a_ticket_for_another_service_than_the_acceptors_is_refused() {
    let world = realm(CONFIGURATION);
    let name = Name::hostbased_service("host@www.example.test");
    let cred = single(done(world.acceptor.acquire(Acquire::accept().named(name))));
    let token = world.first_token(&world.request(Flags::USUAL));
    let error = world
        .answer(&token, &Accept::new().with_cred(cred))
        .err()
        .unwrap()
        .error;
    for word in ["HTTP/www.example.test", "host/www.example.test"] {
        assert!(error.to_string().contains(word), "{error}");
    }
}
