//! Files that others may have written.

use krb5_store::ccache::CacheContents;
use krb5_store::config::Settings;
use krb5_store::keytab::Keytab;

/// What is read as a credential cache must be written, and what we write must be read as the same.
pub fn ccache(octets: &[u8]) {
    let Ok(contents) = CacheContents::from_octets(octets) else {
        return;
    };
    let written = contents.to_octets().expect("what was read can be written");
    let again = CacheContents::from_octets(&written).expect("what we write can be read");
    assert!(
        again.to_octets().expect("what was read can be written") == written,
        "writing is not a fixpoint"
    );
}

/// What is read as a keytab must be written, and what we write must be read as the same.
pub fn keytab(octets: &[u8]) {
    let Ok(contents) = Keytab::from_octets(octets) else {
        return;
    };
    let written = contents.to_octets().expect("what was read can be written");
    let again = Keytab::from_octets(&written).expect("what we write can be read");
    assert!(
        again.to_octets().expect("what was read can be written") == written,
        "writing is not a fixpoint"
    );
}

/// Any text is a configuration or an error with its line.
pub fn krb5_conf(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let Ok(settings) = Settings::parse(&text) else { return };
    for realm in settings.default_realm().into_iter().chain(["A", "EXAMPLE.COM"]) {
        let _ = settings.kdcs(realm);
    }
    let _ = settings.realm_of_host("www.example.com");
}
