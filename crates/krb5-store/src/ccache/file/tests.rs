//! The backend: real files in temporary directories.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::Duration;

use super::*;
use crate::ccache::fixture::{credentials, principal};
use crate::lock::{Mode, lock};
use crate::proto::KerberosTime;

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
        self.directory.path().join("cc")
    }

    fn cache(&self) -> FileCache {
        FileCache::new(self.path())
    }

    fn initialised(&self) -> FileCache {
        let cache = self.cache();
        cache.initialise(&principal("alice@R")).unwrap();
        cache
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.directory.path()).unwrap().count()
    }
}

fn servers(cache: &FileCache) -> Vec<String> {
    cache
        .all()
        .unwrap()
        .iter()
        .map(|entry| entry.server.to_string())
        .collect()
}

/// Makes the file look as if it was last changed long ago, so that reading it is remembered.
fn age(path: &Path) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
}

#[test]
fn a_cache_is_made_filled_searched_and_destroyed() {
    let place = Place::new();
    let cache = place.cache();
    assert!(matches!(cache.read(), Err(Error::NoCache { .. })));
    assert!(matches!(
        cache.store(&credentials("host/a@R", 100)),
        Err(Error::NoCache { .. })
    ));
    assert!(matches!(cache.destroy(), Err(Error::NoCache { .. })));
    cache.initialise(&principal("alice@R")).unwrap();
    cache.store(&credentials("host/a@R", 100)).unwrap();
    cache.store(&credentials("host/b@R", 100)).unwrap();
    assert_eq!(cache.principal().unwrap(), principal("alice@R"));
    assert_eq!(servers(&cache), ["host/a@R", "host/b@R"]);
    assert!(cache.find(&principal("host/b@R"), KerberosTime(99)).unwrap().is_some());
    cache.destroy().unwrap();
    assert!(matches!(cache.read(), Err(Error::NoCache { .. })));
    assert_eq!(place.files(), 0);
}

#[test]
fn f7_a_new_state_is_another_file_for_its_owner_alone() {
    let place = Place::new();
    let cache = place.initialised();
    let before = std::fs::metadata(place.path()).unwrap();
    let held = File::open(place.path()).unwrap();
    cache.initialise(&principal("bob@R")).unwrap();
    let after = std::fs::metadata(place.path()).unwrap();
    assert_ne!(before.ino(), after.ino());
    assert_eq!(after.permissions().mode() & 0o7777, 0o600);
    assert_eq!(place.files(), 1);
    let old = system::read_open(&Open::reading(KIND, &place.path()), &held, MAX_FILE).unwrap();
    assert_eq!(
        CacheContents::from_octets(&old).unwrap().principal,
        principal("alice@R")
    );
}

#[test]
fn i63_removal_overwrites_in_place() {
    let place = Place::new();
    let cache = place.initialised();
    for server in ["host/a@R", "host/b@R", "host/a@R"] {
        cache.store(&credentials(server, 100)).unwrap();
    }
    let before = std::fs::metadata(place.path()).unwrap();
    let unwanted = principal("host/a@R");
    assert_eq!(cache.remove(&|entry| entry.server == unwanted).unwrap(), 2);
    let after = std::fs::metadata(place.path()).unwrap();
    assert_eq!((before.ino(), before.len()), (after.ino(), after.len()));
    assert_eq!(servers(&cache), ["host/b@R"]);
    assert_eq!(cache.remove(&|entry| entry.server == unwanted).unwrap(), 0);
}

#[test]
fn i63_a_removed_setting_is_not_found_again() {
    let place = Place::new();
    let cache = place.cache();
    let mut contents = CacheContents::new(principal("alice@R"));
    contents.set_config("refresh_time", None, b"1");
    cache.replace(&contents).unwrap();
    assert_eq!(cache.remove(&ConfigEntry::is_config).unwrap(), 1);
    assert_eq!(cache.read().unwrap().config("refresh_time", None), None);
    let octets = std::fs::read(place.path()).unwrap();
    assert!(octets.windows(12).any(|part| part == b"X-RMED-CONF:"));
}

#[test]
fn old_versions_stay_what_they_are() {
    for version in FormatVersion::ALL {
        let place = Place::new();
        let cache = place.cache();
        let contents = CacheContents {
            version,
            ..CacheContents::new(principal("alice@R"))
        };
        cache.replace(&contents).unwrap();
        cache.store(&credentials("host/a@R", 100)).unwrap();
        cache.store(&credentials("host/b@R", 100)).unwrap();
        assert_eq!(cache.remove(&|entry| entry.server == principal("host/a@R")).unwrap(), 1);
        assert_eq!(cache.read().unwrap().version, version);
        assert_eq!(servers(&cache), ["host/b@R"]);
    }
}

#[test]
fn an_interrupted_write_does_not_spoil_what_comes_after() {
    let place = Place::new();
    let cache = place.initialised();
    cache.store(&credentials("host/a@R", 100)).unwrap();
    let whole = std::fs::read(place.path()).unwrap();
    cache.store(&credentials("host/lost@R", 100)).unwrap();
    let len = std::fs::metadata(place.path()).unwrap().len();
    for cut in 1..len - u64::try_from(whole.len()).unwrap() {
        File::options()
            .write(true)
            .open(place.path())
            .unwrap()
            .set_len(len - cut)
            .unwrap();
        assert_eq!(servers(&place.cache()), ["host/a@R"]);
        cache.store(&credentials("host/b@R", 100)).unwrap();
        assert_eq!(servers(&place.cache()), ["host/a@R", "host/b@R"]);
        std::fs::write(place.path(), &whole).unwrap();
        cache.store(&credentials("host/lost@R", 100)).unwrap();
    }
}

#[test]
fn an_unchanged_file_is_read_once() {
    let place = Place::new();
    let cache = place.initialised();
    age(&place.path());
    let stamp = Stamp::of(&std::fs::metadata(place.path()).unwrap());
    let contents = Arc::new(CacheContents::new(principal("remembered@R")));
    *cache.last.lock().unwrap() = Some((stamp, contents));
    assert_eq!(cache.principal().unwrap(), principal("remembered@R"));
    cache.store(&credentials("host/a@R", 100)).unwrap();
    assert_eq!(cache.principal().unwrap(), principal("alice@R"));
}

#[test]
fn a_file_that_changed_just_now_is_not_remembered() {
    let place = Place::new();
    let cache = place.initialised();
    cache.read().unwrap();
    assert!(cache.last.lock().unwrap().is_none());
}

#[test]
fn links_directories_and_pipes_are_refused() {
    let place = Place::new();
    let target = place.directory.path().join("target");
    FileCache::new(&target).initialise(&principal("alice@R")).unwrap();
    let make: [&dyn Fn(&Path); 3] = [
        &|path| symlink(&target, path).unwrap(),
        &|path| std::fs::create_dir(path).unwrap(),
        &|path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap(),
    ];
    for (number, make) in make.into_iter().enumerate() {
        let path = place.directory.path().join(number.to_string());
        make(&path);
        let cache = FileCache::new(&path);
        let refused = |result: Result<(), Error>| matches!(result, Err(Error::NotRegular { .. }));
        assert!(refused(cache.read().map(drop)), "reading {number}");
        assert!(refused(cache.store(&credentials("host/a@R", 1))), "storing {number}");
        assert!(refused(cache.initialise(&principal("alice@R"))), "replacing {number}");
        assert!(refused(cache.destroy()), "destroying {number}");
    }
    assert_eq!(FileCache::new(&target).principal().unwrap(), principal("alice@R"));
}

/// Gives the file to another user, which root alone can.
fn give_away(path: &Path) {
    std::os::unix::fs::chown(path, Some(ANOTHER), None).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

const ANOTHER: u32 = 4711;

#[test]
fn a_cache_that_another_user_put_into_a_shared_directory_is_neither_read_nor_changed() {
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let place = Place::new();
    let cache = place.initialised();
    cache.store(&credentials("host/a@R", 100)).unwrap();
    set_mode(place.directory.path(), 0o1777);
    assert_eq!(servers(&cache), ["host/a@R"], "one's own");
    give_away(&place.path());
    let before = std::fs::read(place.path()).unwrap();
    let results = [
        cache.read().map(drop),
        cache.store(&credentials("host/b@R", 100)),
        cache.remove(&|_| true).map(drop),
    ];
    for result in results {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Foreign { owner: ANOTHER, .. }), "{error}");
        let path = place.path().display().to_string();
        for part in [path.as_str(), "4711", "set KRB5CCNAME to a cache of your own"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
    set_mode(place.directory.path(), 0o755);
    assert_eq!(servers(&cache), ["host/a@R"], "root, in that user's directory");
}

#[test]
fn errors_name_the_file() {
    let place = Place::new();
    let name = place.path().display().to_string();
    std::fs::write(place.path(), b"no cache").unwrap();
    let told = |error: Error| error.to_string();
    let bad = told(place.cache().read().unwrap_err());
    assert_eq!(
        bad,
        format!("credential cache {name}: it does not start with the octet 5 of a Kerberos 5 file")
    );
    std::fs::remove_file(place.path()).unwrap();
    let missing = told(place.cache().read().unwrap_err());
    assert_eq!(
        missing,
        format!("no credential cache FILE:{name}; get a ticket first, for instance with kinit")
    );
    let nowhere = FileCache::new("/nonexistent/cc")
        .initialise(&principal("alice@R"))
        .unwrap_err();
    assert!(told(nowhere).starts_with("cannot create credential cache /nonexistent/cc: "));
    let denied = KIND.io(
        Action::Read,
        Path::new("/cc"),
        std::io::ErrorKind::PermissionDenied.into(),
    );
    assert!(told(denied).contains("(if it is another user's, set KRB5CCNAME to a cache of your own): "));
}

#[test]
fn an_empty_file_is_a_name_without_a_cache() {
    let place = Place::new();
    std::fs::write(place.path(), b"").unwrap();
    let cache = place.cache();
    assert!(matches!(cache.read(), Err(Error::NoCache { .. })));
    let stored = cache.store(&credentials("host/a@R", 100));
    assert!(matches!(stored, Err(Error::NoCache { .. })));
    assert!(matches!(
        cache.set_config("key", None, b"value"),
        Err(Error::NoCache { .. })
    ));
    assert!(std::fs::read(place.path()).unwrap().is_empty());
    cache.initialise(&principal("alice@R")).unwrap();
    assert_eq!(cache.principal().unwrap(), principal("alice@R"));
}

/// MIT's kdestroy overwrites without a lock.
#[test]
fn f6_a_file_that_was_destroyed_while_it_was_opened_is_not_believed() {
    let place = Place::new();
    let path = place.path();
    place.initialised();
    let held = Open::writing(KIND, &path).open().unwrap();
    lock(&held, Mode::Exclusive, KIND, &path).unwrap();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| place.cache().read());
        std::thread::sleep(Duration::from_millis(50));
        std::fs::remove_file(&path).unwrap();
        // Behind the principal, as far as it was not read yet.
        held.write_all_at(&[0; 500], held.metadata().unwrap().len()).unwrap();
        drop(held);
        let read = reading.join().unwrap();
        assert!(matches!(read, Err(Error::NoCache { .. })), "{read:?}");
    });
}

#[test]
fn l7_destroying_removes_what_a_killed_writer_left_too() {
    let place = Place::new();
    for exists in [true, false] {
        let octets = CacheContents::new(principal("alice@R")).to_octets().unwrap();
        let left = temporary::temporary(KIND, &place.path(), &octets).unwrap();
        let (left, path) = left.keep().unwrap();
        drop(left);
        if exists {
            place.cache().initialise(&principal("alice@R")).unwrap();
            std::fs::write(&path, &*octets).unwrap();
        }
        assert!(path.exists());
        assert_eq!(place.cache().destroy().is_ok(), exists);
        assert_eq!(place.files(), 0);
    }
}

#[test]
fn a_file_beyond_the_limit_is_not_read() {
    let place = Place::new();
    let file = File::create(place.path()).unwrap();
    file.set_len(MAX_FILE + 1).unwrap();
    assert!(matches!(
        place.cache().read(),
        Err(Error::TooLarge { limit: MAX_FILE, .. })
    ));
}

#[test]
fn f3_concurrent_writers_lose_nothing_and_readers_see_whole_entries() {
    let place = Place::new();
    place.initialised();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let cache = place.cache();
            scope.spawn(move || {
                for n in 0..25 {
                    cache.store(&credentials(&format!("w{writer}/{n}@R"), 100)).unwrap();
                }
            });
        }
        let cache = place.cache();
        scope.spawn(move || {
            let mut seen = 0;
            while seen < 100 {
                let now = cache.all().unwrap().len();
                assert!(now >= seen, "{now} after {seen}");
                seen = now;
                std::thread::sleep(Duration::from_micros(100));
            }
        });
    });
    let mut all = servers(&place.cache());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 100);
}

#[test]
fn f3_a_writer_that_waited_for_a_replaced_file_writes_to_its_successor() {
    let place = Place::new();
    let cache = place.initialised();
    let path = place.path();
    let held = Open::writing(KIND, &path).open().unwrap();
    lock(&held, Mode::Exclusive, KIND, &path).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| place.cache().store(&credentials("host/late@R", 100)));
        std::thread::sleep(Duration::from_millis(20));
        put_in_place(&path, "bob@R");
        drop(held);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(cache.principal().unwrap(), principal("bob@R"));
    assert_eq!(cache.read().unwrap().credentials.len(), 1);
}

/// What another implementation does that looks for no lock.
fn put_in_place(path: &Path, name: &str) {
    let octets = CacheContents::new(principal(name)).to_octets().unwrap();
    temporary::replace(KIND, path, &octets).unwrap();
}

#[test]
fn a_new_state_waits_for_whoever_changes_the_old_one() {
    let place = Place::new();
    let cache = place.initialised();
    let path = place.path();
    let held = Open::writing(KIND, &path).open().unwrap();
    lock(&held, Mode::Exclusive, KIND, &path).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| place.cache().initialise(&principal("bob@R")));
        std::thread::sleep(Duration::from_millis(50));
        let named = std::fs::metadata(&path).unwrap().ino();
        assert_eq!(named, held.metadata().unwrap().ino(), "replaced in spite of the lock");
        drop(held);
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(cache.principal().unwrap(), principal("bob@R"));
}

#[test]
fn a_cache_that_cannot_be_written_to_is_replaced_all_the_same() {
    let place = Place::new();
    let cache = place.initialised();
    set_mode(&place.path(), 0o400);
    cache.initialise(&principal("bob@R")).unwrap();
    std::fs::write(place.path(), "no cache").unwrap();
    cache.initialise(&principal("carol@R")).unwrap();
    assert_eq!(cache.principal().unwrap(), principal("carol@R"));
}

#[test]
fn destroying_overwrites_the_cache_that_took_the_place_of_a_locked_one() {
    let place = Place::new();
    let cache = place.initialised();
    let path = place.path();
    let held = Open::writing(KIND, &path).open().unwrap();
    lock(&held, Mode::Exclusive, KIND, &path).unwrap();
    let successor = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| place.cache().destroy());
        std::thread::sleep(Duration::from_millis(20));
        put_in_place(&path, "bob@R");
        let successor = File::open(&path).unwrap();
        drop(held);
        waiting.join().unwrap().unwrap();
        successor
    });
    assert!(matches!(cache.read(), Err(Error::NoCache { .. })));
    let octets = system::read_open(&Open::reading(KIND, &path), &successor, MAX_FILE).unwrap();
    assert!(octets.len() > 4 && octets.iter().all(|octet| *octet == 0));
}

#[test]
fn only_caches_are_destroyed() {
    let keytab = b"\x05\x02\0\0\0\x27\0\x01\0\x01R\0\x01a\0\0\0\x01\0\0\0\0\x01\0\x12\0\x10ABCDEFGHIJKLMNOP";
    let others: [&[u8]; 7] = [
        b"",
        b"\x05",
        b"my thesis",
        b"\x05\x05",
        b"\x05\x01",
        b"\x05\x02",
        keytab,
    ];
    let place = Place::new();
    for octets in others {
        std::fs::write(place.path(), octets).unwrap();
        assert!(
            matches!(place.cache().destroy(), Err(Error::BadFile { .. })),
            "{octets:x?}"
        );
        assert_eq!(std::fs::read(place.path()).unwrap(), octets);
    }
    for damaged in [b"\x05\x03\0", b"\x05\x04\0"] {
        std::fs::write(place.path(), damaged).unwrap();
        place.cache().destroy().unwrap();
        assert_eq!(place.files(), 0);
    }
}

#[test]
fn a_cache_with_another_name_is_not_destroyed() {
    let place = Place::new();
    let cache = place.initialised();
    let before = std::fs::read(place.path()).unwrap();
    let other = place.directory.path().join("other");
    std::fs::hard_link(place.path(), &other).unwrap();
    let error = cache.destroy().unwrap_err();
    assert!(matches!(error, Error::Linked { names: 2, .. }), "{error}");
    let path = place.path().display().to_string();
    assert!(error.to_string().contains(&path), "{error}");
    for path in [&place.path(), &other] {
        assert_eq!(std::fs::read(path).unwrap(), before);
    }
    std::fs::remove_file(other).unwrap();
    cache.destroy().unwrap();
    assert_eq!(place.files(), 0);
}

#[test]
fn f8_a_value_of_the_same_length_takes_the_place_of_the_last_one() {
    let place = Place::new();
    let cache = place.initialised();
    cache.set_config("refresh_time", None, b"1800000000").unwrap();
    cache.store(&credentials("host/a@R", 100)).unwrap();
    let size = || std::fs::metadata(place.path()).unwrap().len();
    let before = size();
    for value in [b"1800000030", b"1800000060", b"1800000060"] {
        cache.set_config("refresh_time", None, value).unwrap();
        let read = place.cache().read().unwrap();
        assert_eq!(read.config("refresh_time", None), Some(&value[..]));
        assert_eq!(read.tickets().count(), 1);
        assert_eq!(size(), before);
    }
    cache.set_config("refresh_time", None, b"18000000900").unwrap();
    let read = place.cache().read().unwrap();
    assert_eq!(read.config("refresh_time", None), Some(&b"18000000900"[..]));
    assert_eq!(read.credentials.len(), 2, "the old one is gone");
}

#[test]
fn f3_of_values_that_several_set_at_once_one_is_left() {
    let place = Place::new();
    place.initialised();
    std::thread::scope(|scope| {
        for writer in 1..=4 {
            let cache = place.cache();
            scope.spawn(move || {
                for length in 1..=25 {
                    let value = vec![b'0'; writer * 25 + length];
                    cache.set_config("refresh_time", None, &value).unwrap();
                    assert!(cache.read().unwrap().config("refresh_time", None).is_some());
                }
            });
        }
    });
    let read = place.cache().read().unwrap();
    assert_eq!(read.credentials.len(), 1);
}
