use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use nix::unistd::Uid;
use tempfile::TempDir;

use super::*;

/// Alice and Bob with their homes; the database ignores case, as some do.
#[derive(Debug)]
struct Machine {
    homes: TempDir,
    settings: Settings,
}

impl Machine {
    fn new(libdefaults: &str) -> Self {
        let homes = tempfile::tempdir().unwrap();
        for name in ["alice", "bob"] {
            fs::create_dir(homes.path().join(name)).unwrap();
        }
        let text = format!("[libdefaults]\ndefault_realm = R\n{libdefaults}\n");
        Self {
            homes,
            settings: Settings::parse(&text).unwrap(),
        }
    }

    fn k5login(&self, user: &str) -> PathBuf {
        self.homes.path().join(user).join(".k5login")
    }

    fn write(&self, user: &str, text: &str) -> PathBuf {
        let path = self.k5login(user);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        path
    }

    fn ask(&self, principal: &str, user: &str) -> Result<LogIn, Error> {
        may_log_in(&self.settings, self, &Principal::parse(principal, None).unwrap(), user)
    }

    fn may(&self, principal: &str, user: &str) -> bool {
        matches!(self.ask(principal, user), Ok(LogIn::Granted(_)))
    }
}

impl Users for Machine {
    fn user(&self, name: &str) -> io::Result<Option<LocalUser>> {
        if name == "broken" {
            return Err(io::Error::other("the database is away"));
        }
        let name = name.to_ascii_lowercase();
        let home = self.homes.path().join(&name);
        Ok(home.is_dir().then(|| LocalUser {
            id: Uid::effective().as_raw(),
            name,
            home,
        }))
    }
}

#[test]
fn without_a_file_the_local_name_decides() {
    let machine = Machine::new("");
    assert!(machine.may("alice@R", "alice"));
    for (principal, user) in [
        ("alice@R", "bob"),
        ("alice@OTHER", "alice"),
        ("alice/admin@R", "alice"),
        ("carol@R", "carol"),
        ("ALICE@R", "ALICE"),
        ("alice@R", "ALICE"),
        ("ALICE@R", "alice"),
        ("WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", "alice"),
    ] {
        assert!(!machine.may(principal, user), "{principal} as {user}");
    }
}

#[test]
fn a_file_alone_says_who_may_log_in() {
    let machine = Machine::new("");
    let path = machine.write("alice", "bob@R\ncarol@OTHER\nWELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS\n");
    assert_eq!(
        machine.ask("carol@OTHER", "alice").unwrap(),
        LogIn::Granted(Grant::Listed(path.clone()))
    );
    assert!(machine.may("bob@R", "alice"));
    assert_eq!(
        machine.ask("alice@R", "alice").unwrap(),
        LogIn::Refused(Refusal::NotListed(path))
    );
    assert!(!machine.may("bob@OTHER", "alice"));
    assert!(
        !machine.may("WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", "alice"),
        "listed or not"
    );
    machine.write("alice", "");
    assert!(!machine.may("alice@R", "alice"), "an empty file is a file");
}

#[test]
fn where_files_are_not_authoritative_the_local_name_counts_too() {
    let machine = Machine::new("k5login_authoritative = false");
    machine.write("alice", "bob@R\n");
    assert!(machine.may("alice@R", "alice"));
    assert!(machine.may("bob@R", "alice"));
    assert!(!machine.may("alice@OTHER", "alice"));
}

#[test]
fn the_directory_for_all_users_takes_the_place_of_their_homes() {
    let directory = tempfile::tempdir().unwrap();
    let machine = Machine::new(&format!("k5login_directory = {}", directory.path().display()));
    machine.write("alice", "bob@R\n");
    assert!(!machine.may("bob@R", "alice"), "the one at home does not count");
    fs::write(directory.path().join("alice"), "carol@R\n").unwrap();
    assert!(machine.may("carol@R", "alice"));
    for user in ["../alice", "bob/../alice", ".", "..", "", "alice\0", "alice\n"] {
        assert_eq!(
            machine.ask("carol@R", user).unwrap(),
            LogIn::Refused(Refusal::NoSuchUser),
            "{user:?}"
        );
    }
}

#[test]
fn files_that_others_may_write_to_let_nobody_in() {
    let machine = Machine::new("");
    let path = machine.write("alice", "alice@R\n");
    for (mode, allowed) in [
        (0o644, true),
        (0o600, true),
        (0o664, false),
        (0o646, false),
        (0o622, false),
    ] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        assert_eq!(machine.may("alice@R", "alice"), allowed, "{mode:o}");
        let others = matches!(machine.ask("alice@R", "alice"), Err(Error::OthersWrite { .. }));
        assert_ne!(others, allowed, "{mode:o}");
    }
}

#[test]
fn files_of_others_let_nobody_in() {
    let machine = Machine::new("");
    let path = machine.write("alice", "bob@R\n");
    let metadata = fs::metadata(&path).unwrap();
    assert!(check(&metadata, &path, metadata.uid()).is_ok());
    if Uid::effective().is_root() {
        assert!(check(&metadata, &path, 4242).is_ok(), "root's file is for every user");
        chown(&path, Some(4242), None).unwrap();
        assert!(matches!(
            machine.ask("bob@R", "alice"),
            Err(Error::Foreign { owner: 4242, .. })
        ));
        assert!(check(&fs::metadata(&path).unwrap(), &path, 4242).is_ok());
    } else {
        let another = metadata.uid().wrapping_add(1).max(1);
        assert!(matches!(check(&metadata, &path, another), Err(Error::Foreign { .. })));
    }
}

#[test]
fn what_is_no_plain_file_lets_nobody_in() {
    let machine = Machine::new("k5login_authoritative = false");
    let elsewhere = machine.write("bob", "alice@R\nbob@R\n");
    symlink(&elsewhere, machine.k5login("alice")).unwrap();
    assert!(matches!(machine.ask("alice@R", "alice"), Err(Error::NotRegular { .. })));
    fs::remove_file(machine.k5login("alice")).unwrap();
    fs::create_dir(machine.k5login("alice")).unwrap();
    assert!(matches!(machine.ask("alice@R", "alice"), Err(Error::NotRegular { .. })));
    fs::remove_dir(machine.k5login("alice")).unwrap();
    nix::unistd::mkfifo(&machine.k5login("alice"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    assert!(matches!(machine.ask("alice@R", "alice"), Err(Error::NotRegular { .. })));
}

#[test]
fn files_beyond_the_limit_let_nobody_in() {
    let machine = Machine::new("");
    let mut text = "alice@R\n".to_owned();
    text.push_str(&"x".repeat(64 << 10));
    machine.write("alice", &text);
    assert!(matches!(machine.ask("alice@R", "alice"), Err(Error::TooLarge { .. })));
}

#[test]
fn what_cannot_be_found_out_lets_nobody_in() {
    let machine = Machine::new("");
    assert!(matches!(machine.ask("broken@R", "broken"), Err(Error::Users { .. })));
    let machine = Machine::new("[realms]\nR = {\nauth_to_local = RULE:[1:$1](*)\n}");
    assert!(matches!(machine.ask("alice@R", "alice"), Err(Error::LocalRule { .. })));
}
