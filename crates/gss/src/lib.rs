//! A memory-safe GSS-API (RFC 2743, RFC 2744): mechanisms by feature flag, and the short path for users.
//!
//! [`Gss`] is where to begin: it holds the mechanisms that are built in, configured as the process is, and makes an
//! [`Initiator`] or an [`Acceptor`]. These become a [`Context`], which signs, seals and checks messages:
//!
//! ```
//! use gss::{Framed, Gss, Transport};
//! # use std::{error::Error, io::{Read, Write}};
//!
//! fn client(gss: &Gss, stream: impl Read + Write) -> Result<Vec<u8>, Box<dyn Error>> {
//!     let mut wire = Framed::new(stream);
//!     let mut context = gss.initiator("demo@localhost")?.establish(&mut wire)?;
//!     wire.send(&context.wrap(b"hello")?)?;
//!     Ok(context.open(&wire.receive()?)?)
//! }
//!
//! fn service(gss: &Gss, stream: impl Read + Write) -> Result<(), Box<dyn Error>> {
//!     let mut wire = Framed::new(stream);
//!     let mut context = gss.acceptor().establish(&mut wire)?;
//!     let question = context.open(&wire.receive()?)?;
//!     wire.send(&context.wrap(&[&question, &b", "[..], context.initiator().unwrap_or_default().as_bytes()].concat())?)?;
//!     Ok(())
//! }
//! # // Both with `Gss::new()?`, which is configured as the process is; here, with a KDC and keys in memory.
//! # use gss::{Acquire, Environment, Name, SystemClock};
//! # use gss_core::{CredStore, Store};
//! # use krb5_store::{config::Settings, keytab::MemoryKeytab};
//! # use std::{net::{TcpListener, TcpStream}, sync::Arc};
//! # let kdc = krb5_kdc::Kdc::builder("EXAMPLE.TEST").principal("user", "secret").service("demo/localhost").build()?;
//! # let running = kdc.serve_loopback()?;
//! # MemoryKeytab::named("example").replace(kdc.service_keytab());
//! # let environment = Environment::new(Arc::new(SystemClock))
//! #     .with_extension(Arc::new(Settings::parse(&kdc.client_config(running.address()))?))
//! #     .with_variable("KRB5CCNAME", "MEMORY:example")
//! #     .with_variable("KRB5_KTNAME", "MEMORY:example")
//! #     .with_variable("KRB5RCACHENAME", "memory:");
//! # let gss = Gss::within(environment)?;
//! # let password = b"secret".to_vec().into();
//! # let cred = gss.acquire(Acquire::initiate().named(Name::krb5_principal("user")).with_password(password))?;
//! # for (_, element) in &cred.elements {
//! #     gss::drive(element.store(&Store::default()), &mut gss.driver())?;
//! # }
//! # let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let stream = TcpStream::connect(listener.local_addr()?)?;
//! # let serving = std::thread::spawn({
//! #     let gss = gss.clone();
//! #     move || service(&gss, listener.accept().unwrap().0).unwrap()
//! # });
//! # assert_eq!(client(&gss, stream)?, b"hello, user@EXAMPLE.TEST");
//! # serving.join().unwrap();
//! # Ok::<(), Box<dyn Error>>(())
//! ```
//!
//! Where tokens travel in another way, implement [`Transport`], or take the steps one by one: [`Initiator::step`],
//! [`Acceptor::step`].
//!
//! Everything else is in [`gss_core`], which is re-exported here: names, credentials, flags, channel bindings, the
//! registry of mechanisms, and the traits that mechanisms implement.
//!
//! # Tracing
//!
//! The libraries tell what they do as events and spans of the crate `tracing`: acquiring and establishing contexts,
//! exchanges with KDCs, which servers are asked, which files are read, which ticket and which key is chosen. A program
//! that wants to hear them installs a subscriber of its own. The targets are the crates' names (`gss_mech_krb5`,
//! `krb5_proto`, `krb5_store`, `krb5_net`); outcomes are at the level `INFO`, steps at `DEBUG`. An established context
//! says nothing, so that messages cost no more than without, and nothing secret is in any event: no password, no key, no
//! token, no message. `KRB5_TRACE` is heeded by the command `gss`, not by the libraries: a program that wants it asks
//! [`environment()`]. `docs/tracing.md` shows lines.
//!
//! | feature | what it brings | default |
//! |---|---|---|
//! | `krb5` | Kerberos 5, RFC 4121 | yes |
//! | `spnego` | SPNEGO, RFC 4178: negotiates the others | yes |
//! | `ntlm` | NTLM ([MS-NLMP]): never negotiated unless a caller names it | |
//! | `scram` | SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677): never negotiated unless a caller names them | |
//! | `net` | talking to KDCs, found by configuration or DNS, over UDP and TCP | yes |
//! | `https` | KDCs behind HTTPS proxies (MS-KKDCP); its cryptography needs a C compiler | |
//! | `tokio` | contexts on a tokio runtime: `step_async`, `establish_async`, `TokioDriver` | |
//! | `kdc` | an embedded KDC for quick starts and tests, as `gss::kdc` | |
//! | `keyring` | credential caches in the keyrings of the Linux kernel | |
//! | `replay-redis` | replay caches on Redis, by names that start with `redis:`, and as `gss::replay_redis` | |

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::panic
    )
)]

#[cfg(feature = "tokio")]
mod asynchronous;
mod context;
mod driver;
mod environment;
mod handshake;
mod local;
mod privilege;
mod transport;
mod variables;

// A crate that nobody names is dropped by the linker, and its mechanism with it.
#[cfg(feature = "krb5")]
pub use gss_mech_krb5 as krb5;
#[cfg(feature = "ntlm")]
pub use gss_mech_ntlm as ntlm;
#[cfg(feature = "scram")]
pub use gss_mech_scram as scram;
#[cfg(feature = "spnego")]
pub use gss_mech_spnego as spnego;
#[cfg(feature = "kdc")]
pub use krb5_kdc as kdc;
#[cfg(feature = "replay-redis")]
pub use krb5_replay_redis as replay_redis;

pub use gss_core::{
    self, Accept, Acquire, ChannelBindings, Credential, Environment, Error, ErrorKind, Flags, Initiate, LocalLogin,
    Mechanisms, Name, Oid, Privacy, Sequence, StepError, Unwrapped, Verified,
};

#[cfg(feature = "tokio")]
pub use asynchronous::AsyncTransport;
pub use context::{Context, OpenError};
#[cfg(feature = "tokio")]
pub use driver::{AsyncIoDriver, TokioDriver, drive_async};
pub use driver::{BlockingDriver, DriverError, IoDriver, drive};
pub use environment::{SystemClock, environment, variable};
pub use handshake::{Acceptor, Gss, Initiator, Step};
#[cfg(feature = "net")]
pub use krb5_net as net;
pub use transport::{EstablishError, Framed, Transport};
pub use variables::{Variable, VariableState, variables};

/// The examples in the documents compile.
#[cfg(all(doctest, feature = "krb5"))]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/credentials.md")]
    struct Credentials;
    #[cfg(all(feature = "ntlm", feature = "spnego", feature = "net"))]
    #[doc = include_str!("../../../docs/ntlm.md")]
    struct Ntlm;
    #[cfg(feature = "tokio")]
    #[doc = include_str!("../../../docs/network.md")]
    struct Network;
}
