//! NTLM and SCRAM, with a password that both sides know something of.

use std::sync::Arc;

use anyhow::Context as _;
use gss::ntlm::{self, AccountName, LoopbackPolicy, NTLM, NtlmSettings};
use gss::scram::{self, SCRAM_SHA_256, ScramEnvironment};
use gss::{Acquire, Environment, Gss, Initiate, Name, Oid, SystemClock, drive};
use gss_core::Octets;
use krb5_crypto::primitives::rustcrypto::PROVIDER;

use super::story::Event;
use super::{HOST, SERVICE, Stage, USER, fresh_password, script};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Password {
    Ntlm,
    Scram,
}

impl Password {
    fn oid(self) -> Oid {
        match self {
            Self::Ntlm => NTLM,
            Self::Scram => SCRAM_SHA_256,
        }
    }

    fn user(self) -> String {
        match self {
            Self::Ntlm => format!("{DOMAIN}\\{USER}"),
            Self::Scram => USER.to_owned(),
        }
    }

    fn stored(self) -> &'static str {
        match self {
            Self::Ntlm => "the hash of her password",
            Self::Scram => "a salted verifier of her password",
        }
    }
}

pub(super) fn demonstrate(by: Password, stage: Stage<'_>) -> anyhow::Result<()> {
    let password = fresh_password()?;
    let (users, stored) = (accounts(by, &password)?, by.stored());
    stage.teller.tell(&Event::AccountMade {
        user: by.user(),
        stored,
    });
    stage.meet(
        match by {
            Password::Ntlm => &script::NTLM,
            Password::Scram => &script::SCRAM,
        },
        || {
            let gss = Gss::within(own())?.by(by.oid())?;
            let acquire = Acquire::initiate().named(Name::user(by.user()));
            let acquire = acquire.with_password(Octets::new(password.into_bytes()));
            let cred = drive(gss.mechanisms().acquire(acquire, Some(&[by.oid()])), &mut gss.driver())
                .map_err(|error| error.error)
                .context("the password makes no credential")?;
            let target = Name::hostbased_service(format!("{SERVICE}@{HOST}"));
            Ok(gss.initiate(&Initiate::new(target).with_cred(cred))?)
        },
        || Ok(Gss::within(users)?.acceptor()),
    )
}

/// What each party is given instead of the process's environment. Both are in one process, where NTLM would take its own
/// challenge for one that somebody has sent back.
fn own() -> Environment {
    let settings = NtlmSettings::new().with_loopback(LoopbackPolicy::Allow);
    Environment::new(Arc::new(SystemClock))
        .with_host(HOST)
        .with_extension(Arc::new(settings))
}

/// The service's surroundings, in which the user is known.
fn accounts(by: Password, password: &str) -> anyhow::Result<Environment> {
    match by {
        Password::Ntlm => {
            let users = ntlm::users::MemoryUsers::new();
            users.insert(
                AccountName::new(USER, DOMAIN),
                &ntlm::Password::new(password),
                &PROVIDER,
            );
            let settings = NtlmSettings::new()
                .with_loopback(LoopbackPolicy::Allow)
                .with_users(Arc::new(users));
            Ok(own().with_extension(Arc::new(settings)))
        }
        Password::Scram => {
            let users = scram::MemoryUsers::new(ITERATIONS)?.with(USER, password.as_bytes())?;
            let settings = ScramEnvironment::default().with_users(Arc::new(users));
            Ok(own().with_extension(Arc::new(settings)))
        }
    }
}

const DOMAIN: &str = "DEMO";
const ITERATIONS: u32 = 4096;
