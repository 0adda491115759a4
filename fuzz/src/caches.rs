//! What others may have put where credential caches are kept.

use krb5_store::ccache::{fuzzing, kcm::Opcode};

/// The first octet picks what was asked of a credential manager, the rest is its answer after the status.
pub fn kcm_reply(input: &[u8]) {
    let [choice, octets @ ..] = input else { return };
    let all = Opcode::ALL;
    fuzzing::kcm_reply(all[usize::from(*choice) % all.len()], octets);
}

/// The file `primary` of a directory of caches.
pub fn primary_file(octets: &[u8]) {
    fuzzing::primary_file(octets);
}

/// The first octet picks a kind of key in a keyring, the rest is what it holds.
pub fn keyring_payload(input: &[u8]) {
    if let [kind, octets @ ..] = input {
        fuzzing::keyring_payload(*kind, octets);
    }
}
