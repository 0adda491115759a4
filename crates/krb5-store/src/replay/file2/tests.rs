use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Barrier;

use nix::sys::stat::Mode as FileMode;
use nix::unistd::mkfifo;
use tempfile::TempDir;

use super::super::Tag;
use super::*;
use crate::lock::{Mode, lock};
use crate::proto::KerberosTime;

const NOW: KerberosTime = KerberosTime(1_700_000_000);
const SKEW: Duration = Duration::from_secs(300);

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("service.rcache2")
    }

    fn cache(&self) -> FileReplayCache {
        FileReplayCache::new(self.path())
    }
}

fn store(cache: &FileReplayCache, tag: &[u8]) -> Result<(), ReplayError> {
    cache.store(&acceptance(tag, NOW))
}

/// An authenticator that was made just now.
fn acceptance(tag: &[u8], now: KerberosTime) -> Acceptance {
    Acceptance {
        tag: Tag::of(tag),
        time: now,
        now,
        skew: SKEW,
    }
}

fn replayed(result: Result<(), ReplayError>) -> bool {
    match result {
        Ok(()) => false,
        Err(ReplayError::Replayed) => true,
        Err(other) => panic!("{other}"),
    }
}

/// The message of a failure to use the cache.
fn unusable(result: Result<(), ReplayError>) -> String {
    match result {
        Err(error @ ReplayError::Unavailable(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_file_is_made_for_its_owner_alone_and_outlives_the_cache() {
    let place = Place::new();
    assert!(!replayed(store(&place.cache(), b"tag")));
    let mode = fs::metadata(place.path()).unwrap().mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert!(replayed(store(&place.cache(), b"tag")));
}

#[test]
fn the_users_file_is_named_as_mit_names_it() {
    let place = Place::new();
    let cache = FileReplayCache::of_user(place.directory.path());
    store(&cache, b"tag").unwrap();
    let name = format!("krb5_{}.rcache2", Uid::effective());
    assert!(place.directory.path().join(name).is_file());
}

#[test]
fn f4_of_many_threads_with_one_tag_exactly_one_wins() {
    let place = Place::new();
    for round in 0..25_u8 {
        let barrier = Barrier::new(8);
        let winners: usize = std::thread::scope(|scope| {
            let contender = || {
                let cache = place.cache();
                barrier.wait();
                usize::from(!replayed(store(&cache, &[round; 12])))
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(contender)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(winners, 1, "round {round}");
    }
}

#[test]
fn f4_the_winner_is_one_while_the_file_is_removed_under_the_contenders() {
    let place = Place::new();
    for round in 0..25_u8 {
        let _ = fs::remove_file(place.path());
        let barrier = Barrier::new(8);
        let winners: usize = std::thread::scope(|scope| {
            let contender = || {
                barrier.wait();
                usize::from(!replayed(store(&place.cache(), &[round; 12])))
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(contender)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(winners, 1, "round {round}");
    }
}

#[test]
fn a_tag_is_never_written_to_a_file_that_was_replaced_while_its_lock_was_awaited() {
    let place = Place::new();
    store(&place.cache(), b"first").unwrap();
    let old = OpenOptions::new().read(true).write(true).open(place.path()).unwrap();
    lock(&old, Mode::Exclusive, KIND, &place.path()).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store(&place.cache(), b"second"));
        fs::remove_file(place.path()).unwrap();
        fs::write(place.path(), b"").unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o600)).unwrap();
        drop(old);
        waiting.join().unwrap().unwrap();
    });
    assert!(replayed(store(&place.cache(), b"second")));
}

#[test]
fn a_lock_that_is_not_released_ends_in_an_error() {
    let place = Place::new();
    store(&place.cache(), b"tag").unwrap();
    let other = OpenOptions::new().read(true).write(true).open(place.path()).unwrap();
    lock(&other, Mode::Exclusive, KIND, &place.path()).unwrap();
    let impatient = place.cache().within(Duration::ZERO);
    let message = unusable(store(&impatient, b"another"));
    assert!(
        message.contains("service.rcache2 is locked by another process"),
        "{message}"
    );
    drop(other);
    store(&place.cache(), b"another").unwrap();
}

#[test]
fn l22_what_is_no_regular_file_is_refused() {
    for make in [
        |path: &Path| mkfifo(path, FileMode::S_IRWXU).unwrap(),
        |path: &Path| fs::create_dir(path).unwrap(),
        |path: &Path| symlink("/nonexistent", path).unwrap(),
        |path: &Path| symlink("/dev/null", path).unwrap(),
        |path: &Path| {
            let target = path.with_extension("target");
            fs::write(&target, b"").unwrap();
            symlink(target, path).unwrap();
        },
    ] {
        let place = Place::new();
        make(&place.path());
        let message = unusable(store(&place.cache(), b"tag"));
        assert!(message.contains("service.rcache2 is not a regular file"), "{message}");
    }
    let message = unusable(store(&FileReplayCache::new("/dev/zero"), b"tag"));
    assert!(message.contains("/dev/zero"), "{message}");
}

#[test]
fn l22_a_missing_directory_is_an_error_that_names_the_file() {
    let place = Place::new();
    let path = place.directory.path().join("missing/service.rcache2");
    let message = unusable(store(&FileReplayCache::new(path), b"tag"));
    assert!(message.contains("missing/service.rcache2"), "{message}");
}

#[test]
fn l22_a_file_that_others_can_write_to_is_refused() {
    for mode in [0o620, 0o602, 0o666] {
        let place = Place::new();
        fs::write(place.path(), b"").unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(mode)).unwrap();
        let message = unusable(store(&place.cache(), b"tag"));
        assert!(message.contains("chmod go-w"), "{message}");
        assert_eq!(fs::metadata(place.path()).unwrap().len(), 0);
    }
}

#[test]
fn l22_a_file_of_another_user_is_refused_to_root_as_well() {
    let path = Path::new("/some/rcache2");
    let us = Uid::effective().as_raw();
    refuse_others(path, us, 0o100_600).unwrap();
    let error = refuse_others(path, us + 1, 0o100_600).unwrap_err();
    assert!(error.to_string().contains("belongs to another user"), "{error}");
}

#[test]
fn f7_the_file_is_never_replaced_nor_cut_while_others_use_it() {
    let place = Place::new();
    store(&place.cache(), b"first").unwrap();
    let before = fs::metadata(place.path()).unwrap();
    let mut len = before.len();
    for number in 0..4000_u16 {
        store(&place.cache(), &number.to_be_bytes()).unwrap();
        let now = fs::metadata(place.path()).unwrap();
        assert_eq!(now.ino(), before.ino());
        assert!(now.len() >= len);
        len = now.len();
    }
    assert!(replayed(store(&place.cache(), b"first")));
}

#[test]
fn a_file_cut_off_by_a_crash_is_used_further() {
    let place = Place::new();
    for number in 0..20_u8 {
        store(&place.cache(), &[number; 12]).unwrap();
    }
    let whole = fs::read(place.path()).unwrap();
    for len in [0, 1, 15, 16, 17, 31, 32, 33, whole.len() - 1, whole.len() - 16] {
        fs::write(place.path(), &whole[..len]).unwrap();
        let _ = store(&place.cache(), &[7; 12]);
        assert!(replayed(store(&place.cache(), &[7; 12])), "{len}");
    }
}

#[test]
fn q16_a_clock_that_is_set_back_forgets_nothing() {
    let place = Place::new();
    store(&place.cache(), b"tag").unwrap();
    let hour_before = KerberosTime(NOW.0 - 3600);
    assert!(replayed(place.cache().store(&acceptance(b"tag", hour_before))));
}

#[test]
fn q16_where_a_clock_far_ahead_may_have_made_it_forget_nothing_is_accepted_and_the_remedy_is_told() {
    let place = Place::new();
    let later = KerberosTime(NOW.0 + 3600);
    // The places of these cover the first table.
    for number in 0..3000_u16 {
        place.cache().store(&acceptance(&number.to_be_bytes(), later)).unwrap();
    }
    let message = unusable(store(&place.cache(), b"tag"));
    assert!(message.contains("service.rcache2"), "{message}");
    assert!(message.contains("remove the file"), "{message}");
    assert!(replayed(store(&place.cache(), &7_u16.to_be_bytes())));
}
