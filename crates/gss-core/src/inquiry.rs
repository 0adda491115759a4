//! Object identifiers that contexts are asked by: [`EstablishedContext::inquire`](crate::EstablishedContext::inquire).
//!
//! Those that several mechanisms share; a mechanism may define others.

use crate::Oid;

/// The session key, and as second value the content octets of an OID that tells its encryption type (`GSS_C_INQ_SSPI_SESSION_KEY`).
pub const SSPI_SESSION_KEY: Oid = oid!("1.2.840.113554.1.2.2.5.5");
/// The strength in bits of what `wrap` does, 4 octets, big-endian (`GSS_C_SEC_CONTEXT_SASL_SSF`).
pub const SASL_SSF: Oid = oid!("1.2.840.113554.1.2.2.5.15");
/// The key that signs NegoEx messages (`GSS_C_INQ_NEGOEX_KEY`).
pub const NEGOEX_KEY: Oid = oid!("1.2.840.113554.1.2.2.5.16");
/// The key that verifies NegoEx messages (`GSS_C_INQ_NEGOEX_VERIFY_KEY`).
pub const NEGOEX_VERIFY_KEY: Oid = oid!("1.2.840.113554.1.2.2.5.17");
