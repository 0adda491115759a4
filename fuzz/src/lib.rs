//! Fuzz targets as plain functions: octets in, nothing out, a panic is the finding.
//!
//! They live in an ordinary library, so that `cargo test` replays their corpora on any toolchain. `cargo xtask fuzz`
//! and `cargo fuzz run --features libfuzzer TARGET` search for new inputs.
//!
//! A target checks more than the absence of panics: what decodes must encode, and what we encode must decode to the
//! same. The targets of tokens hold the keys, so that the fuzzer gets past the checksums.

#![forbid(unsafe_code)]

mod caches;
mod clients;
mod files;
mod handshake;
mod hostile;
mod input;
mod kdc;
mod layouts;
mod messages;
mod middle;
mod names;
mod negotiation;
mod ntlm;
mod passwords;
mod paths;
mod realm;
mod replay;
mod seeded;
mod tokens;
mod transport;
mod users;

pub use caches::{kcm_reply, keyring_payload, primary_file};
pub use clients::{as_client, service_client};
pub use files::{ccache, keytab, krb5_conf};
pub use handshake::{ap_req, gss_checksum};
pub use kdc::kdc_request;
pub use layouts::iov_layout;
pub use messages::der_messages;
pub use names::{auth_to_local, exported_name, gss_framing, k5login, principal};
pub use negotiation::{spnego, spnego_exchange};
pub use ntlm::{ntlm_exchange, ntlm_message, ntlm_response};
pub use passwords::{scram_exchange, scram_message};
pub use paths::{capaths, transited};
pub use replay::rcache;
pub use tokens::{cfx_plaintext, cfx_token, iov};
pub use transport::kdc_transport;
pub use users::{ntlm_auth_answer, ntlm_user_file};

/// A fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its program and of its folder in `corpus/`.
    pub name: &'static str,
    /// Panics where the code under test is wrong.
    pub run: fn(&[u8]),
}

/// All targets, by name.
pub const TARGETS: &[Target] = &[
    Target {
        name: "ap_req",
        run: ap_req,
    },
    Target {
        name: "as_client",
        run: as_client,
    },
    Target {
        name: "auth_to_local",
        run: auth_to_local,
    },
    Target {
        name: "capaths",
        run: capaths,
    },
    Target {
        name: "ccache",
        run: ccache,
    },
    Target {
        name: "cfx_plaintext",
        run: cfx_plaintext,
    },
    Target {
        name: "cfx_token",
        run: cfx_token,
    },
    Target {
        name: "der_messages",
        run: der_messages,
    },
    Target {
        name: "exported_name",
        run: exported_name,
    },
    Target {
        name: "gss_checksum",
        run: gss_checksum,
    },
    Target {
        name: "gss_framing",
        run: gss_framing,
    },
    Target { name: "iov", run: iov },
    Target {
        name: "iov_layout",
        run: iov_layout,
    },
    Target {
        name: "k5login",
        run: k5login,
    },
    Target {
        name: "kcm_reply",
        run: kcm_reply,
    },
    Target {
        name: "kdc_request",
        run: kdc_request,
    },
    Target {
        name: "kdc_transport",
        run: kdc_transport,
    },
    Target {
        name: "keyring_payload",
        run: keyring_payload,
    },
    Target {
        name: "keytab",
        run: keytab,
    },
    Target {
        name: "krb5_conf",
        run: krb5_conf,
    },
    Target {
        name: "primary_file",
        run: primary_file,
    },
    Target {
        name: "ntlm_auth_answer",
        run: ntlm_auth_answer,
    },
    Target {
        name: "ntlm_exchange",
        run: ntlm_exchange,
    },
    Target {
        name: "ntlm_message",
        run: ntlm_message,
    },
    Target {
        name: "ntlm_response",
        run: ntlm_response,
    },
    Target {
        name: "ntlm_user_file",
        run: ntlm_user_file,
    },
    Target {
        name: "principal",
        run: principal,
    },
    Target {
        name: "rcache",
        run: rcache,
    },
    Target {
        name: "scram_exchange",
        run: scram_exchange,
    },
    Target {
        name: "scram_message",
        run: scram_message,
    },
    Target {
        name: "service_client",
        run: service_client,
    },
    Target {
        name: "spnego",
        run: spnego,
    },
    Target {
        name: "spnego_exchange",
        run: spnego_exchange,
    },
    Target {
        name: "transited",
        run: transited,
    },
];
