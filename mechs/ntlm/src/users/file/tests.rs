use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use gss_crypto::rustcrypto::PROVIDER;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::Password;

/// MD4 of `secret` in UTF-16LE, as Samba's smbpasswd wrote it.
const SECRET: &str = "878D8014606CDA29677A44EFA1353FC7";

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

fn file_of(text: impl AsRef<[u8]>) -> (TempDir, UserFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    write(&path, text);
    (folder, UserFile::new(path, &PROVIDER))
}

fn fault_of(text: impl AsRef<[u8]>) -> (usize, LineFault) {
    UserFile::check(text.as_ref(), &PROVIDER).unwrap_err()
}

/// The account that a client is found as, with its hash.
fn found(file: &UserFile, domain: &str, user: &str) -> Option<(String, Vec<u8>)> {
    let found = file.account(&AccountName::new(user, domain)).unwrap();
    found.map(|account| (account.name.to_string(), account.hash.unwrap().expose().to_vec()))
}

fn hash_of(password: &str) -> Vec<u8> {
    Password::new(password).nt_hash(&PROVIDER).expose().to_vec()
}

#[test]
fn heimdals_form_has_passwords() {
    let text = "# comment: with: colons\n\nDOM:alice:pass word \r\n:user@example.com:pässwörd\nDOM:bob:#1\n";
    let (_folder, file) = file_of(text);
    assert_eq!(
        found(&file, "dom", "Alice"),
        Some((r"DOM\alice".to_owned(), hash_of("pass word ")))
    );
    assert_eq!(
        found(&file, "", "user@example.com"),
        Some(("user@example.com".to_owned(), hash_of("pässwörd")))
    );
    assert_eq!(found(&file, "DOM", "bob").unwrap().1, hash_of("#1"));
    assert_eq!(found(&file, "DOM", "carol"), None);
}

/// The first line is Samba 4.17's, the second gss-ntlmssp's with a domain, the third of the time before there were flags.
#[test]
fn sambas_form_has_hashes() {
    let unset = "X".repeat(32);
    let text = format!(
        "alice:1000:{unset}:{SECRET}:[U          ]:LCT-6B07B014:\n\
         DOM\\bob:1001:3ae6ccce2a2a253f76fde78389be2ce2:{}:[U          ]:LCT-1589398321\n\
         carol:1002:{unset}:{SECRET}:Carol:/home/carol:/bin/sh\n",
        SECRET.to_lowercase()
    );
    let (_folder, file) = file_of(text);
    let secret = hash_of("secret");
    assert_eq!(found(&file, "ANY", "alice"), Some(("alice".to_owned(), secret.clone())));
    assert_eq!(
        found(&file, "DOM", "bob"),
        Some((r"DOM\bob".to_owned(), secret.clone()))
    );
    assert_eq!(found(&file, "", "carol"), Some(("carol".to_owned(), secret)));
}

#[test]
fn n11_accounts_that_are_kept_out_let_nobody_in() {
    let unset = "X".repeat(32);
    let (disabled, none) = (
        format!("{unset}:{SECRET}:[DU         ]:LCT-0:"),
        format!("{unset}:{unset}:[U          ]:LCT-0:"),
    );
    let text = format!(
        "disabled:1:{disabled}\nnohash:2:{none}\nnopassword:3:{unset}:NO PASSWORDXXXXXXXXXXXXXXXXXXXXX:[NU         ]:LCT-0:\n\
         machine$:4:{unset}:{SECRET}:[W          ]:LCT-0:\n:empty:\n\
         emptyhash:5:{unset}:31d6cfe0d16ae931b73c59d7e0c089c0:[U          ]:LCT-0:\n"
    );
    let (_folder, file) = file_of(text);
    for user in ["disabled", "nohash", "nopassword", "machine$", "empty", "emptyhash"] {
        let account = file.account(&AccountName::new(user, "")).unwrap().unwrap();
        assert!(account.barred.is_some(), "{user}");
        // Who knows the password of an account is told what is the matter with it, if it has one.
        assert_eq!(
            account.hash.is_some(),
            ["disabled", "machine$"].contains(&user),
            "{user}"
        );
        assert!(file.identity(&AccountName::new(user, "")).is_err(), "{user}");
    }
}

/// N13: the number of colons tells the forms apart, never the look of a field.
#[test]
fn n13_passwords_that_look_like_hashes_are_passwords() {
    for password in [SECRET, &"a".repeat(32), &"f".repeat(64), &"x".repeat(4000)] {
        let (_folder, file) = file_of(format!("DOM:alice:{password}\n"));
        assert_eq!(found(&file, "DOM", "alice").unwrap().1, hash_of(password));
    }
}

#[test]
fn n5_odd_lines_are_refused_by_their_number() {
    let unset = "X".repeat(32);
    for (line, fault) in [
        ("alice".to_owned(), LineFault::Colons(0)),
        ("alice:secret".to_owned(), LineFault::Colons(1)),
        ("DOM:alice:pass:word".to_owned(), LineFault::Colons(3)),
        ("DOM:alice:a:b:c:d".to_owned(), LineFault::NeitherForm),
        (format!("alice:x:{unset}:{SECRET}:[U]:"), LineFault::NeitherForm),
        (format!("alice::{unset}:{SECRET}:[U]:"), LineFault::NeitherForm),
        (format!("alice:1:XX:{SECRET}:[U]:"), LineFault::NeitherForm),
        (format!("alice:1:{unset}:8{SECRET}:[U]:"), LineFault::Hash),
        (format!("alice:1:{unset}:{}:[U]:", "g".repeat(32)), LineFault::Hash),
        (format!("alice:1:{unset}::[U]:"), LineFault::Hash),
        (format!(":1:{unset}:{SECRET}:[U]:"), LineFault::NoUser),
        (format!("DOM\\:1:{unset}:{SECRET}:[U]:"), LineFault::NoUser),
        (format!("A\\B\\c:1:{unset}:{SECRET}:[U]:"), LineFault::Domains),
        ("DOM::secret".to_owned(), LineFault::NoUser),
        ("::".to_owned(), LineFault::NoUser),
        ("DOM:A\\alice:secret".to_owned(), LineFault::Domains),
        ("DOM:ali\0ce:secret".to_owned(), LineFault::Control('\0')),
        ("DOM:alice:sec\rret".to_owned(), LineFault::Control('\r')),
        (
            format!("DOM:alice:{}", "x".repeat(4096)),
            LineFault::Long { limit: 4096 },
        ),
    ] {
        let text = format!("DOM:first:secret\n# comment\n{line}\n");
        assert_eq!(fault_of(&text), (3, fault), "{line:?}");
    }
    assert_eq!(fault_of(b"DOM:ali\xffce:secret"), (1, LineFault::NotText));
}

#[test]
fn an_account_twice_is_refused_with_both_lines() {
    let text = format!(
        "DOM:alice:one\nOTHER:alice:two\n\nDom\\Alice:1:{}:{SECRET}:[U]:\n",
        "X".repeat(32)
    );
    assert_eq!(fault_of(text), (4, LineFault::Twice { first: 1 }));
}

#[test]
fn a_wrong_line_is_told_with_its_file_and_without_its_text() {
    let (_folder, file) = file_of("DOM:alice:hunter2:\n");
    let told = file.account(&AccountName::new("alice", "DOM")).unwrap_err().to_string();
    assert!(told.contains("users:1: ") && !told.contains("hunter2"), "{told}");
}

/// N4: bounded memory, whatever the file.
#[test]
fn n4_a_file_has_no_more_accounts_and_octets_than_are_meant() {
    let many: String = (0..=65_536).map(|number| format!(":u{number}:{SECRET}\n")).collect();
    assert_eq!(fault_of(&many), (65_537, LineFault::Many { limit: 65_536 }));
    let (_folder, file) = file_of("");
    fs::File::options()
        .write(true)
        .open(file.path())
        .unwrap()
        .set_len((4 << 20) + 1)
        .unwrap();
    assert!(matches!(file.roster(), Err(UserFileError::Large { .. })));
}

/// N11, Q28: nobody is let in by a file that is missing, unreadable, empty or wrong.
#[test]
fn n11_without_a_file_nobody_is_let_in() {
    let (folder, file) = file_of("DOM:alice:secret\n");
    let alice = AccountName::new("alice", "DOM");
    assert!(file.account(&alice).unwrap().is_some());

    fs::remove_file(file.path()).unwrap();
    let missing = file.account(&alice).unwrap_err();
    assert!(matches!(missing, UserError::Unavailable(_)), "{missing}");
    assert!(missing.to_string().contains("users cannot be read"), "{missing}");

    write(file.path(), "");
    assert!(file.account(&alice).unwrap().is_none());

    write(file.path(), "DOM:alice\n");
    assert!(matches!(file.account(&alice), Err(UserError::Unavailable(_))));

    write(file.path(), "DOM:alice:secret\n");
    fs::set_permissions(file.path(), Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(file.roster(), Err(UserFileError::Exposed { mode: 0o644, .. })));

    fs::set_permissions(file.path(), Permissions::from_mode(0o600)).unwrap();
    assert!(file.account(&alice).unwrap().is_some(), "without a restart");
    drop(folder);
}

#[test]
fn q28_a_changed_file_counts_at_once() {
    let (folder, file) = file_of("DOM:alice:one\n");
    for (round, password) in ["two", "six", "ten", "one"].iter().enumerate() {
        let text = format!("DOM:alice:{password}\n");
        if round % 2 == 0 {
            write(file.path(), text);
        } else {
            let fresh = folder.path().join("fresh");
            write(&fresh, text);
            fs::rename(&fresh, file.path()).unwrap();
        }
        assert_eq!(found(&file, "DOM", "alice").unwrap().1, hash_of(password), "{round}");
    }
}

#[test]
fn only_regular_files_are_read_and_nothing_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    mkfifo(&at("pipe"), Mode::S_IRUSR).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    for name in ["pipe", "socket", "directory"] {
        let refused = UserFile::new(at(name), &PROVIDER).roster().unwrap_err();
        assert!(matches!(refused, UserFileError::NotRegular { .. }), "{name}: {refused}");
    }
    // Mounted secrets are links.
    write(&at("users"), "DOM:alice:secret\n");
    symlink(at("users"), at("link")).unwrap();
    assert!(found(&UserFile::new(at("link"), &PROVIDER), "DOM", "alice").is_some());
    symlink(at("link-to-itself"), at("link-to-itself")).unwrap();
    assert!(UserFile::new(at("link-to-itself"), &PROVIDER).roster().is_err());
}

#[test]
fn an_initiator_takes_its_domain_where_the_file_has_none() {
    let (_folder, file) = file_of(":bob:secret\nDOM:alice:secret\n");
    let identity = |domain: &str, user: &str| {
        let found = file.identity(&AccountName::new(user, domain)).unwrap();
        found.map(|(account, _)| account.to_string())
    };
    assert_eq!(identity("", "").as_deref(), Some("bob"));
    assert_eq!(identity("OTHER", "Bob").as_deref(), Some(r"OTHER\bob"));
    assert_eq!(identity("", "alice").as_deref(), Some(r"DOM\alice"));
    assert_eq!(identity("OTHER", "alice"), None);
}

#[test]
fn it_prints_its_path_and_no_password() {
    let (_folder, file) = file_of("DOM:alice:hunter2\n");
    assert!(found(&file, "DOM", "alice").is_some());
    let printed = format!("{file:?}");
    assert!(printed.contains("users") && !printed.contains("hunter2"), "{printed}");
}

proptest! {
    /// Whatever can stand in a line comes back from it.
    #[test]
    fn a_line_gives_the_account_and_password_that_are_in_it(
        domain in "[^:\\\\#\\pC]{1,20}", user in "[^:\\\\\\pC]{1,20}", password in "[^:\\pC]{1,40}"
    ) {
        let (_folder, file) = file_of(format!("{domain}:{user}:{password}\n"));
        let (account, hash) = file.identity(&AccountName::default()).unwrap().unwrap();
        prop_assert_eq!(account, AccountName::new(user, domain));
        prop_assert_eq!(hash.expose(), hash_of(&password));
    }

    #[test]
    fn any_octets_are_accounts_or_a_fault(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let lines = octets.split(|octet| *octet == b'\n').count();
        match UserFile::check(&octets, &PROVIDER) {
            Ok(accounts) => prop_assert!(accounts.len() <= lines),
            Err((line, _)) => prop_assert!((1..=lines).contains(&line)),
        }
    }
}
