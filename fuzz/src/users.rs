//! Whom NTLM knows: a file that an administrator has written, and what Samba's helper says.

use std::collections::HashSet;

use gss_crypto::rustcrypto::PROVIDER;
use gss_mech_ntlm::users::{UserFile, Winbind};

/// A user file: accounts, each once and with a user's name, or the number of a line that is there. A comment behind it
/// changes nothing.
///
/// # Panics
/// Where that does not hold.
pub fn ntlm_user_file(octets: &[u8]) {
    let read = UserFile::check(octets, &PROVIDER);
    let commented = UserFile::check(&[octets, b"\n# comment"].concat(), &PROVIDER);
    assert_eq!(read, commented, "a comment counts");
    let lines = octets.split(|octet| *octet == b'\n').count();
    match read {
        Ok(accounts) => {
            assert!(accounts.len() <= lines, "more accounts than lines");
            assert!(
                accounts.iter().all(|account| !account.user.is_empty()),
                "nobody's account"
            );
            let different: HashSet<_> = accounts.iter().collect();
            assert_eq!(different.len(), accounts.len(), "an account twice");
        }
        Err((line, _)) => assert!((1..=lines).contains(&line), "no such line"),
    }
}

/// Answers of `ntlm_auth`: cut in two, there are no more of them and none that is malformed.
///
/// # Panics
/// Where that does not hold.
pub fn ntlm_auth_answer(octets: &[u8]) {
    let Ok(count) = Winbind::check(octets) else { return };
    assert!(
        count <= octets.iter().filter(|octet| **octet == b'\n').count(),
        "an answer has lines"
    );
    for cut in [octets.len() / 2, octets.len().saturating_sub(1)] {
        let before = octets.get(..cut).unwrap_or_default();
        let fewer = Winbind::check(before).expect("what comes later makes nothing malformed before");
        assert!(fewer <= count, "a part has more answers than the whole");
    }
}
