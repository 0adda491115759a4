use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;
use crate::ccache::fixture::{credentials, principal};

struct Place {
    parent: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            parent: tempfile::tempdir().unwrap(),
        }
    }

    fn directory(&self) -> PathBuf {
        self.parent.path().join("tickets")
    }

    fn collection(&self) -> DirectoryCollection {
        DirectoryCollection::new(self.directory())
    }

    fn write_primary(&self, octets: &[u8]) {
        std::fs::write(self.directory().join("primary"), octets).unwrap();
    }
}

fn of(name: &str) -> CacheContents {
    CacheContents::new(principal(name))
}

fn owners(collection: &DirectoryCollection) -> Vec<String> {
    let caches = collection.caches().unwrap();
    caches
        .iter()
        .map(|cache| cache.principal().unwrap().to_string())
        .collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn i65_caches_are_made_listed_switched_to_and_destroyed() {
    let place = Place::new();
    let collection = place.collection();
    assert!(collection.caches().unwrap().is_empty());
    assert!(!place.directory().exists(), "looking makes nothing");
    let alice = collection.keep(&of("alice@R")).unwrap();
    assert_eq!(alice.name(), format!("DIR::{}/tkt", place.directory().display()));
    let bob = collection.keep(&of("bob@R")).unwrap();
    let carol = collection.keep(&of("carol@R")).unwrap();
    assert_eq!(owners(&collection)[0], "alice@R");
    carol.make_primary().unwrap();
    assert_eq!(collection.primary().unwrap().name(), carol.name());
    assert_eq!(owners(&collection)[0], "carol@R");
    assert_eq!(owners(&collection).len(), 3);
    let found = collection.find(&principal("bob@R")).unwrap().unwrap();
    assert_eq!(found.name(), bob.name());
    carol.destroy().unwrap();
    assert!(matches!(
        collection.primary().unwrap().read(),
        Err(Error::NoCache { .. })
    ));
    assert_eq!(owners(&collection).len(), 2);
}

#[test]
fn i65_directory_and_files_are_for_their_owner_alone() {
    let place = Place::new();
    let cache = place.collection().keep(&of("alice@R")).unwrap();
    cache.make_primary().unwrap();
    cache.store(&credentials("host/a@R", 100)).unwrap();
    assert_eq!(mode(&place.directory()), 0o700);
    for file in ["tkt", "primary"] {
        assert_eq!(mode(&place.directory().join(file)), 0o600);
    }
    assert_eq!(std::fs::read(place.directory().join("primary")).unwrap(), b"tkt\n");
    let files = std::fs::read_dir(place.directory()).unwrap().count();
    assert_eq!(files, 2, "nothing else is left behind");
}

#[test]
fn i65_a_file_primary_that_names_no_cache_is_an_error_for_the_collection_and_not_for_its_caches() {
    let place = Place::new();
    place.collection().keep(&of("alice@R")).unwrap();
    let long = [b"tkt".as_slice(), &[b'x'; 60], b"\n"].concat();
    let others: [&[u8]; 9] = [
        b"",
        b"tkt",
        b"\n",
        b"other\n",
        b"tkt/../../x\n",
        b"tkt\\x\n",
        b"tkt\xff\n",
        b"tkt\0\n",
        &long,
    ];
    for octets in others {
        place.write_primary(octets);
        let error = place.collection().primary().unwrap_err();
        assert!(
            matches!(
                error,
                Error::BadFile {
                    fault: FormatFault::PrimaryName,
                    ..
                }
            ),
            "{octets:?}: {error}"
        );
        assert!(error.to_string().contains("/primary: "), "{error}");
        assert_eq!(owners(&place.collection()), ["alice@R"]);
    }
    place.write_primary(b"tktother\nrest");
    assert!(place.collection().primary().unwrap().name().ends_with("/tktother"));
}

#[test]
fn l22_what_is_no_directory_and_links_in_the_place_of_its_files_are_refused() {
    let place = Place::new();
    std::fs::write(place.directory(), "a file").unwrap();
    let error = place.collection().keep(&of("alice@R")).unwrap_err();
    assert!(error.to_string().contains("directory of credential caches"), "{error}");
    std::fs::remove_file(place.directory()).unwrap();
    place.collection().keep(&of("alice@R")).unwrap();
    let elsewhere = place.parent.path().join("elsewhere");
    std::fs::write(&elsewhere, b"tkt\n").unwrap();
    symlink(&elsewhere, place.directory().join("primary")).unwrap();
    assert!(matches!(place.collection().primary(), Err(Error::NotRegular { .. })));
    place
        .collection()
        .find(&principal("alice@R"))
        .unwrap()
        .unwrap()
        .make_primary()
        .unwrap();
    assert_eq!(place.collection().primary_name().unwrap(), "tkt");
    assert!(
        !place.directory().join("primary").is_symlink(),
        "replaced, not written through"
    );
}

#[test]
fn l22_a_file_primary_that_another_user_laid_in_wait_is_refused() {
    if !Uid::effective().is_root() {
        return;
    }
    let place = Place::new();
    place.collection().keep(&of("alice@R")).unwrap();
    place.write_primary(b"tkt\n");
    chown(place.directory().join("primary"), Some(4711), None).unwrap();
    std::fs::set_permissions(place.directory(), std::fs::Permissions::from_mode(0o1777)).unwrap();
    assert!(matches!(
        place.collection().primary(),
        Err(Error::Foreign { owner: 4711, .. })
    ));
}

#[test]
fn names_beside_each_other_do_not_collide() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let place = &place;
            scope.spawn(move || {
                for number in 0..5 {
                    let contents = of(&format!("user{thread}-{number}@R"));
                    place.collection().create(&contents).unwrap();
                }
            });
        }
    });
    let mut owners = owners(&place.collection());
    owners.sort();
    owners.dedup();
    assert_eq!(owners.len(), 20);
}

#[test]
fn l7_what_a_killed_writer_leaves_is_no_cache() {
    let place = Place::new();
    let collection = place.collection();
    collection.keep(&of("alice@R")).unwrap();
    let octets = of("bob@R").to_octets().unwrap();
    let left = temporary::temporary(FileKind::CredentialCache, &place.directory().join("tktbob"), &octets).unwrap();
    let (_, left) = left.keep().unwrap();
    assert!(left.exists());
    assert_eq!(owners(&collection), ["alice@R"]);
}
