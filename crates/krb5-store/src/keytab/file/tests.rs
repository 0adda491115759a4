//! The backend: real files in temporary directories.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;
use crate::ccache::fixture::principal;
use crate::proto::{EncryptionKey, KerberosTime};

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("keytab")
    }

    fn keytab(&self) -> FileKeytab {
        FileKeytab::new(self.path())
    }
}

fn entry(name: &str, kvno: u32) -> KeytabEntry {
    KeytabEntry {
        principal: principal(name),
        timestamp: KerberosTime(1000),
        kvno,
        key: Arc::new(EncryptionKey::new(18, vec![0xa5; 32])),
    }
}

fn entries(keytab: &FileKeytab) -> Vec<(String, u32)> {
    let read = keytab.read().unwrap();
    read.entries
        .iter()
        .map(|entry| (entry.principal.to_string(), entry.kvno))
        .collect()
}

fn named(entries: &[(&str, u32)]) -> Vec<(String, u32)> {
    entries.iter().map(|(name, kvno)| ((*name).to_owned(), *kvno)).collect()
}

#[test]
fn keys_are_added_and_removed_in_place() {
    let place = Place::new();
    let keytab = place.keytab();
    assert!(matches!(keytab.read(), Err(Error::NoKeytab { .. })));
    assert!(matches!(keytab.remove(|_| true), Err(Error::NoKeytab { .. })));
    keytab.append(&[entry("host/a@R", 1), entry("host/b@R", 1)]).unwrap();
    let made = std::fs::metadata(place.path()).unwrap();
    assert_eq!(made.permissions().mode() & 0o7777, 0o600);
    keytab.append(&[entry("host/a@R", 2)]).unwrap();
    assert_eq!(
        entries(&keytab),
        named(&[("host/a@R", 1), ("host/b@R", 1), ("host/a@R", 2)])
    );
    assert_eq!(keytab.remove(|entry| entry.kvno == 1).unwrap(), 2);
    assert_eq!(entries(&keytab), named(&[("host/a@R", 2)]));
    keytab.append(&[entry("host/c@R", 3)]).unwrap();
    assert_eq!(entries(&keytab), named(&[("host/a@R", 2), ("host/c@R", 3)]));
    assert_eq!(std::fs::metadata(place.path()).unwrap().ino(), made.ino());
}

#[test]
fn removed_keys_are_overwritten() {
    let place = Place::new();
    let keytab = place.keytab();
    keytab.append(&[entry("host/a@R", 1)]).unwrap();
    keytab.remove(|_| true).unwrap();
    let octets = std::fs::read(place.path()).unwrap();
    assert!(!octets.contains(&0xa5) && !octets.windows(4).any(|part| part == b"host"));
}

#[test]
fn what_follows_a_zero_length_is_replaced() {
    let place = Place::new();
    let keytab = place.keytab();
    keytab.append(&[entry("host/a@R", 1)]).unwrap();
    let mut octets = std::fs::read(place.path()).unwrap();
    octets.extend([0, 0, 0, 0, 1, 2, 3]);
    std::fs::write(place.path(), &octets).unwrap();
    keytab.append(&[entry("host/b@R", 1)]).unwrap();
    assert_eq!(entries(&keytab), named(&[("host/a@R", 1), ("host/b@R", 1)]));
}

#[test]
fn a_whole_keytab_takes_the_place_of_another() {
    let place = Place::new();
    let keytab = place.keytab();
    for kvno in [1, 2] {
        keytab
            .replace(&Keytab {
                entries: vec![entry("host/a@R", kvno)],
            })
            .unwrap();
        assert_eq!(entries(&keytab), named(&[("host/a@R", kvno)]));
    }
    assert_eq!(
        std::fs::metadata(place.path()).unwrap().permissions().mode() & 0o7777,
        0o600
    );
}

#[test]
fn version_one_is_read_but_not_changed() {
    let place = Place::new();
    std::fs::write(place.path(), b"\x05\x01").unwrap();
    set_mode(&place.path(), 0o600);
    let keytab = place.keytab();
    assert!(entries(&keytab).is_empty());
    for error in [
        keytab.append(&[entry("a@R", 1)]).unwrap_err(),
        keytab.remove(|_| true).unwrap_err(),
    ] {
        assert!(
            matches!(
                error,
                Error::Unwritable {
                    fault: FormatFault::Version(1),
                    ..
                }
            ),
            "{error}"
        );
    }
    assert_eq!(std::fs::read(place.path()).unwrap(), b"\x05\x01");
}

#[test]
fn i57_a_keytab_that_was_replaced_is_read_again() {
    let place = Place::new();
    let keytab = place.keytab();
    keytab.append(&[entry("host/a@R", 1)]).unwrap();
    File::options()
        .write(true)
        .open(place.path())
        .unwrap()
        .set_modified(std::time::SystemTime::UNIX_EPOCH)
        .unwrap();
    let stamp = Stamp::of(&std::fs::metadata(place.path()).unwrap());
    let remembered = Arc::new(Keytab {
        entries: vec![entry("remembered@R", 9)],
    });
    *keytab.last.lock().unwrap() = Some((stamp, remembered));
    assert_eq!(entries(&keytab), named(&[("remembered@R", 9)]));
    place
        .keytab()
        .replace(&Keytab {
            entries: vec![entry("host/a@R", 2)],
        })
        .unwrap();
    assert_eq!(entries(&keytab), named(&[("host/a@R", 2)]));
}

#[test]
fn links_are_followed_to_read_and_refused_to_change() {
    let place = Place::new();
    place.keytab().append(&[entry("host/a@R", 1)]).unwrap();
    let link = place.directory.path().join("link");
    symlink(place.path(), &link).unwrap();
    let keytab = FileKeytab::new(&link);
    assert_eq!(entries(&keytab), named(&[("host/a@R", 1)]));
    assert!(matches!(
        keytab.append(&[entry("host/b@R", 1)]),
        Err(Error::NotRegular { .. })
    ));
    assert!(matches!(keytab.remove(|_| true), Err(Error::NotRegular { .. })));
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Changes the file while it is locked, and puts another into its place before the lock is given up.
fn change_during_replacement<T: Send>(place: &Place, change: impl FnOnce(FileKeytab) -> T + Send) -> T {
    let path = place.path();
    place.keytab().append(&[entry("host/old@R", 1)]).unwrap();
    let held = Open::writing(KIND, &path).open().unwrap();
    lock(&held, Mode::Exclusive, KIND, &path).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| change(place.keytab()));
        std::thread::sleep(std::time::Duration::from_millis(20));
        // As another implementation does that looks for no lock.
        let entries = vec![entry("host/new@R", 1)];
        temporary::replace(KIND, &path, &Keytab { entries }.to_octets().unwrap()).unwrap();
        drop(held);
        waiting.join().unwrap()
    })
}

#[test]
fn keys_are_added_to_the_file_that_took_the_place_of_a_locked_one() {
    let place = Place::new();
    change_during_replacement(&place, |keytab| keytab.append(&[entry("host/late@R", 1)])).unwrap();
    assert_eq!(
        entries(&place.keytab()),
        named(&[("host/new@R", 1), ("host/late@R", 1)])
    );
}

#[test]
fn keys_are_removed_from_the_file_that_took_the_place_of_a_locked_one() {
    let place = Place::new();
    assert_eq!(
        change_during_replacement(&place, |keytab| keytab.remove(|_| true)).unwrap(),
        1
    );
    assert!(entries(&place.keytab()).is_empty());
}

#[test]
fn a_file_that_others_may_write_to_is_read_but_given_no_keys() {
    let place = Place::new();
    let keytab = place.keytab();
    keytab.append(&[entry("host/a@R", 1)]).unwrap();
    for mode in [0o620, 0o602, 0o666] {
        set_mode(&place.path(), mode);
        let results = [
            keytab.append(&[entry("host/b@R", 1)]),
            keytab.remove(|_| true).map(drop),
        ];
        for result in results {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::OthersWrite { .. }), "{mode:o}: {error}");
            let name = place.path().display().to_string();
            for part in [name.as_str(), "chmod go-w"] {
                assert!(error.to_string().contains(part), "{error}");
            }
        }
        assert_eq!(entries(&keytab), named(&[("host/a@R", 1)]));
    }
    set_mode(&place.path(), 0o644);
    keytab.append(&[entry("host/b@R", 1)]).unwrap();
    assert_eq!(entries(&keytab), named(&[("host/a@R", 1), ("host/b@R", 1)]));
}

#[test]
fn a_file_of_another_user_in_a_shared_directory_is_read_but_given_no_keys() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let place = Place::new();
    let keytab = place.keytab();
    keytab.append(&[entry("host/a@R", 1)]).unwrap();
    std::os::unix::fs::chown(place.path(), Some(4711), None).unwrap();
    set_mode(place.directory.path(), 0o1777);
    for error in [
        keytab.append(&[entry("host/b@R", 1)]).unwrap_err(),
        keytab.remove(|_| true).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Foreign { owner: 4711, .. }), "{error}");
    }
    assert_eq!(entries(&keytab), named(&[("host/a@R", 1)]));
}

#[test]
fn directories_and_pipes_are_refused() {
    let place = Place::new();
    std::fs::create_dir(place.path()).unwrap();
    assert!(matches!(place.keytab().read(), Err(Error::NotRegular { .. })));
    std::fs::remove_dir(place.path()).unwrap();
    nix::unistd::mkfifo(&place.path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(place.keytab().read(), Err(Error::NotRegular { .. })));
}

#[test]
fn errors_name_the_file() {
    let place = Place::new();
    let name = place.path().display().to_string();
    let told = |error: Error| error.to_string();
    assert_eq!(told(place.keytab().read().unwrap_err()), format!("no keytab {name}"));
    std::fs::write(place.path(), b"\x05\x02\x7f\xff\xff\xff").unwrap();
    let damaged = told(place.keytab().read().unwrap_err());
    assert_eq!(
        damaged,
        format!("keytab {name}: damaged: the record at octet 2 has the length 2147483647")
    );
    let denied = KIND.io(
        Action::Read,
        Path::new("/k"),
        std::io::ErrorKind::PermissionDenied.into(),
    );
    assert!(told(denied).contains("set KRB5_KTNAME to a keytab that you may read"));
}

#[test]
fn f3_a_new_keytab_waits_for_whoever_changes_the_old_one() {
    let place = Place::new();
    let path = place.path();
    place.keytab().append(&[entry("host/old@R", 1)]).unwrap();
    let held = Open::writing(KIND, &path).open().unwrap();
    lock(&held, Mode::Exclusive, KIND, &path).unwrap();
    std::thread::scope(|scope| {
        let entries = vec![entry("host/new@R", 1)];
        let waiting = scope.spawn(|| place.keytab().replace(&Keytab { entries }));
        std::thread::sleep(std::time::Duration::from_millis(50));
        let named = std::fs::metadata(&path).unwrap().ino();
        assert_eq!(named, held.metadata().unwrap().ino(), "replaced in spite of the lock");
        drop(held);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(entries(&place.keytab()), named(&[("host/new@R", 1)]));
}
