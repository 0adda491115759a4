//! Keys and passwords are erased: after everything is dropped, the heap holds none.
//!
//! One test alone in its program, since it reads the whole heap of the process, by Linux's `/proc/self/mem`. Keys are
//! remembered masked, so that the test's own notes are not found.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test tells what failed by panicking")]

mod world;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use gss_core::{Accept, Credential, Flags, Privacy, inquiry};
use gss_mech_krb5::KRB5;
use gss_test::Established;
use krb5_crypto::Enctype;
use krb5_store::keytab::Keytab;
use world::World;

const MASK: u8 = 0x5a;

/// A secret whose octets are not in memory.
struct Masked {
    what: String,
    octets: Vec<u8>,
}

impl Masked {
    fn of(what: impl Into<String>, secret: &[u8]) -> Self {
        assert!(secret.len() >= 16, "shorter ones are found by accident");
        Self {
            what: what.into(),
            octets: secret.iter().map(|octet| octet ^ MASK).collect(),
        }
    }

    fn is_in(&self, memory: &[u8]) -> bool {
        let starts = memory.windows(self.octets.len());
        starts.into_iter().any(|window| {
            let mut pairs = window.iter().zip(&self.octets);
            pairs.all(|(found, masked)| found ^ MASK == *masked)
        })
    }
}

/// Which of `secrets` are in memory that can be written and is no stack.
fn found(secrets: &[Masked]) -> Vec<&str> {
    let memory = File::open("/proc/self/mem").unwrap();
    let here = std::ptr::from_ref(&memory).addr();
    let mut found = vec![false; secrets.len()];
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut fields = line.split_whitespace();
        let (range, access, name) = (fields.next().unwrap(), fields.next().unwrap(), fields.nth(3));
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|address| usize::from_str_radix(address, 16).unwrap());
        let is_stack = (start..end).contains(&here) || name.is_some_and(|name| name.starts_with("[stack"));
        if !access.starts_with("rw") || is_stack {
            continue;
        }
        // In parts that overlap, so that the buffer stays small against what it shows.
        for part in (start..end).step_by(PART) {
            let mut octets = vec![0; (PART + 64).min(end - part)];
            if memory.read_exact_at(&mut octets, part as u64).is_err() {
                continue;
            }
            for (secret, found) in secrets.iter().zip(&mut found) {
                *found = *found || secret.is_in(&octets);
            }
            octets.fill(0);
        }
    }
    let named = secrets.iter().zip(found);
    named
        .filter(|(_, found)| *found)
        .map(|(secret, _)| secret.what.as_str())
        .collect()
}

const PART: usize = 1 << 16;

const PASSWORD: &str = "a password that is long enough";

/// Everything that holds secrets, and these.
struct Everything {
    world: World,
    by_password: Credential,
    established: Established,
    secrets: Vec<Masked>,
}

impl Everything {
    fn new(enctype: Enctype) -> Self {
        let world = World::with(
            krb5_kdc::Kdc::builder(world::REALM)
                .enctypes(&[enctype])
                .principal("carol", PASSWORD),
            world::CONFIGURATION,
        );
        let by_password = world.with_password("carol", PASSWORD).unwrap();
        let request = world
            .request(Flags::USUAL | Flags::DELEG)
            .with_cred(by_password.clone());
        let mut established = world.connect(&request, &Accept::new()).unwrap();
        let (message, _) = established
            .initiator
            .wrap(Privacy::Confidential, b"", b"message")
            .unwrap();
        let (_, unwrapped) = established.acceptor.unwrapped(&message).unwrap();
        assert_eq!(unwrapped.privacy, Privacy::Confidential);

        let mut secrets = vec![Masked::of("the password", PASSWORD.as_bytes())];
        let session = established.initiator.inquire(inquiry::SSPI_SESSION_KEY).unwrap();
        secrets.push(Masked::of("the context's key", &session[0]));
        drop(session);
        for entry in &world.kdc.service_keytab().entries {
            secrets.push(Masked::of(
                format!("the key of {}", entry.principal),
                entry.key.expose(),
            ));
        }
        Self {
            world,
            by_password,
            established,
            secrets,
        }
    }
}

#[test]
fn p2_no_key_or_password_is_left_in_freed_memory() {
    for enctype in [Enctype::Aes256CtsHmacSha196, Enctype::Aes128CtsHmacSha256128] {
        let Everything {
            world,
            by_password,
            established,
            secrets,
        } = Everything::new(enctype);
        let before = found(&secrets);
        for secret in &secrets[1..] {
            assert!(
                before.contains(&secret.what.as_str()),
                "{} is not found while it is in use",
                secret.what
            );
        }
        // An exported context and credential bring their own copies.
        let Established {
            mut initiator,
            acceptor,
            ..
        } = established;
        let exported = initiator.export().unwrap();
        let cred = by_password.element(&KRB5).unwrap().export().unwrap();
        drop((exported, cred, initiator, acceptor, by_password));
        world.replace_keytab(Keytab::default());
        drop(world);
        assert_eq!(found(&secrets), Vec::<&str>::new(), "{enctype:?}");
    }
}
