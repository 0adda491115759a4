//! Who speaks: an implementation, an encryption type, a side of a context.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// An implementation of GSS-API and Kerberos.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Flavour {
    /// This project, by its `gss` command.
    Gss,
    /// MIT's library, by the C peer.
    Mit,
    /// Heimdal's library, by the C peer.
    Heimdal,
    /// The NTLM mechanism of that name in MIT's library, by the C peer.
    GssNtlmssp,
    /// The Python package of that name.
    Pyspnego,
    /// GNU SASL's command, its SASL translated.
    Gsasl,
    /// Samba's `ntlm_auth`, its helpers for clients.
    Samba,
    /// MIT's library by a C peer that accepts every MIC, built to show that the suite notices.
    BrokenVerifier,
}

impl Flavour {
    /// Whose KDC, tools and quirks these are: MIT's where nothing else is said.
    pub(crate) fn implementation(self) -> Self {
        match self {
            Self::BrokenVerifier => Self::Mit,
            other => other,
        }
    }

    /// Whether it has KDCs, tools and Kerberos contexts; the others log users in by password.
    pub(crate) fn has_kerberos(self) -> bool {
        !matches!(self, Self::GssNtlmssp | Self::Pyspnego | Self::Gsasl | Self::Samba)
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gss => "gss",
            Self::Mit => "mit",
            Self::Heimdal => "heimdal",
            Self::GssNtlmssp => "gss-ntlmssp",
            Self::Pyspnego => "pyspnego",
            Self::Gsasl => "gsasl",
            Self::Samba => "samba",
            Self::BrokenVerifier => "broken-verifier",
        })
    }
}

/// The encryption types of RFC 3962, RFC 8009 and RFC 6803.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Enctype {
    Aes128Sha1,
    Aes256Sha1,
    Aes128Sha2,
    Aes256Sha2,
    Camellia128,
    Camellia256,
}

impl Enctype {
    pub(crate) const ALL: [Self; 6] = [
        Self::Aes128Sha1,
        Self::Aes256Sha1,
        Self::Aes128Sha2,
        Self::Aes256Sha2,
        Self::Camellia128,
        Self::Camellia256,
    ];

    /// Those that an implementation has.
    pub(crate) fn known_to(flavour: Flavour) -> Vec<Self> {
        let mut known = Self::ALL.to_vec();
        if flavour.implementation() == Flavour::Heimdal {
            known.retain(|enctype| !matches!(enctype, Self::Camellia128 | Self::Camellia256));
        }
        known
    }

    /// The length of a key, in octets.
    pub(crate) fn key_len(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes128Sha2 | Self::Camellia128 => 16,
            Self::Aes256Sha1 | Self::Aes256Sha2 | Self::Camellia256 => 32,
        }
    }

    /// The short name in row names and in host names.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::Aes128Sha1 => "aes128-sha1",
            Self::Aes256Sha1 => "aes256-sha1",
            Self::Aes128Sha2 => "aes128-sha2",
            Self::Aes256Sha2 => "aes256-sha2",
            Self::Camellia128 => "camellia128",
            Self::Camellia256 => "camellia256",
        }
    }

    /// The registered name, which every implementation's configuration and tools take.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha1 => "aes128-cts-hmac-sha1-96",
            Self::Aes256Sha1 => "aes256-cts-hmac-sha1-96",
            Self::Aes128Sha2 => "aes128-cts-hmac-sha256-128",
            Self::Aes256Sha2 => "aes256-cts-hmac-sha384-192",
            Self::Camellia128 => "camellia128-cts-cmac",
            Self::Camellia256 => "camellia256-cts-cmac",
        }
    }
}

/// A side of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    /// The initiator; with tools, whoever gets the ticket or writes the file.
    Initiator,
    /// The acceptor; with tools, whoever uses what the other got or wrote.
    Acceptor,
}
