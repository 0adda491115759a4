//! What `krb5.conf` changes of contexts and tickets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::sync::Arc;

use gss_core::{Accept, Acquire, ErrorKind, Flags, Mechanism as _, Name, Octets};
use gss_mech_krb5::Krb5;
use krb5_kdc::Kdc;
use krb5_proto::Credentials;
use krb5_proto::messages::TicketFlags;
use krb5_store::ccache::{CredentialCache as _, FileCache};
use krb5_store::config::Settings;
use world::{CONFIGURATION, REALM, World, bindings};

fn configured(libdefaults: &str) -> World {
    let configuration = CONFIGURATION.replacen("[libdefaults]\n", &format!("[libdefaults]\n{libdefaults}\n"), 1);
    World::with(Kdc::builder(REALM), &configuration)
}

/// The ticket that a password gets.
fn initial(libdefaults: &str) -> Credentials {
    let world = configured(libdefaults);
    let credential = world.with_password("bob", "builder").unwrap();
    let path = world.folder.path().join("stored");
    let name = format!("FILE:{}", path.display());
    let store = gss_core::Store {
        store: Some(gss_core::CredStore::new().with("ccache", name.as_bytes().to_vec())),
        ..gss_core::Store::default()
    };
    for (_, element) in &credential.elements {
        world.drive(Arc::clone(element).store(&store)).unwrap();
    }
    let contents = FileCache::new(path).read().unwrap();
    contents.tickets().next().unwrap().clone()
}

#[test]
fn client_aware_channel_bindings_keep_an_acceptor_from_going_without() {
    let accept = Accept {
        bindings: Some(Arc::new(bindings("tls-server-end-point:xyz"))),
        ..Accept::new()
    };
    for (line, refused) in [
        ("", None),
        ("client_aware_channel_bindings = false", None),
        ("client_aware_channel_bindings = true", Some(ErrorKind::BadBindings)),
    ] {
        let world = configured(line);
        for flags in [Flags::USUAL, Flags::empty()] {
            let token = world.first_token(&world.request(flags));
            let answered = world.answer(&token, &accept);
            assert_eq!(
                answered.err().map(|error| error.error.kind()),
                refused,
                "{line} {flags:?}"
            );
        }
    }
}

#[test]
fn tickets_are_asked_for_as_configured() {
    let plain = initial("");
    assert!(!plain.flags.contains(TicketFlags::PROXIABLE) && plain.addresses.is_empty());
    let own = initial(
        "proxiable = true\nticket_lifetime = 1h\nrenew_lifetime = 2d\nnoaddresses = false\n\
         extra_addresses = 192.0.2.7",
    );
    let flags = TicketFlags::FORWARDABLE | TicketFlags::PROXIABLE | TicketFlags::RENEWABLE;
    assert!(own.flags.contains(flags), "{:?}", own.flags);
    assert_eq!(own.endtime.since(own.authtime), 3600);
    assert!(
        own.addresses
            .iter()
            .any(|address| address.address.as_bytes() == [192, 0, 2, 7])
    );
    let session = initial("default_tkt_enctypes = aes128-cts").key.keytype;
    assert_eq!(session, 17);
}

#[test]
fn an_encrypted_timestamp_that_is_disabled_is_not_sent() {
    let world = World::with(Kdc::builder(REALM), CONFIGURATION);
    let with = |realm: &str| {
        let mut environment = world.initiator.environment().clone();
        let configuration = format!("{CONFIGURATION}[realms]\n {REALM} = {{\n {realm}\n }}\n");
        environment.settings = Arc::new(Settings::parse(&configuration).unwrap());
        let password = Octets::new(b"builder".to_vec());
        let request = Acquire::initiate().named(Name::user("bob")).with_password(password);
        let acquired = world.drive(Krb5::new(environment).acquire(request));
        acquired.err().map(|error| error.error.to_string())
    };
    assert_eq!(with("disable_encrypted_timestamp = false"), None);
    let told = with("disable_encrypted_timestamp = true").unwrap();
    assert!(
        told.contains("bob@EXAMPLE.TEST") && told.contains("disable_encrypted_timestamp"),
        "{told}"
    );
}
