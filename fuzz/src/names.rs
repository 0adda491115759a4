//! Framing of initial tokens, exported names, principal names.

use gss_core::exported_name::ExportedName;
use gss_core::framing;
use krb5_proto::Principal;

/// RFC 2743 §3.1: what parses is framed again to the same octets.
pub fn gss_framing(token: &[u8]) {
    if let Ok((mech, inner)) = framing::parse(token) {
        assert!(framing::wrap(&mech, inner) == token, "framing is not a fixpoint");
        assert!(
            framing::overhead(&mech, inner.len()) + inner.len() == token.len(),
            "the overhead is wrong"
        );
    }
}

/// RFC 2743 §3.2: what parses is exported again to the same octets.
pub fn exported_name(token: &[u8]) {
    if let Ok(name) = ExportedName::parse(token) {
        assert!(name.to_octets().as_deref() == Ok(token), "exporting is not a fixpoint");
    }
}

/// What parses as a principal is displayed as text that parses to the same principal.
pub fn principal(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    if let Ok(principal) = Principal::parse(text, Some(&"DEFAULT.TEST".into())) {
        let again = Principal::parse(&principal.to_string(), None);
        assert!(again.as_ref() == Ok(&principal), "{principal:?} becomes {again:?}");
    }
}
