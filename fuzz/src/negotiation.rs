//! What a negotiation reads.

use gss_mech_spnego::message::NegotiationToken;

/// A message of SPNEGO, framed or not: what is read is written, and read again to the same.
///
/// # Panics
/// Where it is not.
pub fn spnego(octets: &[u8]) {
    let Ok(message) = NegotiationToken::parse(octets) else {
        return;
    };
    let written = match &message {
        NegotiationToken::Init(init) => init.to_token(),
        NegotiationToken::Resp(resp) => resp.to_token(),
    };
    let again = NegotiationToken::parse(&written).expect("what is written can be read");
    assert_eq!(again, message);
    if let NegotiationToken::Init(init) = message {
        assert!(!init.mech_types.oids().is_empty(), "an offer of nothing");
    }
}
