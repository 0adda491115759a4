//! The grammar, includes, and their limits.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::config::{Files, Profile};
use crate::error::{Action, Error, FileKind};

/// Files in memory: path to octets.
#[derive(Debug, Default)]
struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    fn new(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec()))
                .collect(),
        )
    }

    fn load(&self, paths: &[&str]) -> Result<Profile, Error> {
        Profile::load_from(self, paths)
    }
}

impl Files for Memory {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
        let octets = self.0.get(path);
        let octets = octets.ok_or_else(|| FileKind::Config.io(Action::Read, path, io::ErrorKind::NotFound.into()))?;
        if octets.len() as u64 > limit {
            return Err(Error::TooLarge {
                what: FileKind::Config,
                path: path.to_path_buf(),
                limit,
            });
        }
        Ok(octets.clone())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let within = self.0.keys().filter_map(|path| path.strip_prefix(directory).ok());
        Ok(within.rev().map(|name| name.to_string_lossy().into_owned()).collect())
    }

    fn is_directory(&self, path: &Path) -> bool {
        !self.0.contains_key(path) && self.0.keys().any(|file| file.starts_with(path))
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}

fn values<'a>(profile: &'a Profile, path: &[&str]) -> Vec<&'a str> {
    profile.values(path).iter().map(|value| value.text).collect()
}

fn error(text: &str) -> String {
    Profile::parse(text).unwrap_err().to_string()
}

#[test]
fn sections_nest_and_values_accumulate() {
    let text = "ignored until the first section\n\
        [realms]\n A = {\n  kdc = one\n  kdc = two\n  v4 = {\n   x = y\n  }\n }\n B =\n {\n kdc = b\n }\n\
        [other]\n k = v\n[realms]\n A = {\n  kdc = three\n }\n";
    let profile = Profile::parse(text).unwrap();
    assert_eq!(values(&profile, &["realms", "A", "kdc"]), ["one", "two", "three"]);
    assert_eq!(profile.value(&["realms", "A", "kdc"]).unwrap().text, "one");
    assert_eq!(profile.value(&["realms", "A", "kdc"]).unwrap().origin.line, 4);
    assert_eq!(values(&profile, &["realms", "A", "v4", "x"]), ["y"]);
    assert_eq!(values(&profile, &["realms", "B", "kdc"]), ["b"]);
    assert_eq!(profile.subsections(&["realms"]), ["A", "B"]);
    assert_eq!(profile.relations(&["other"])[0].0, "k");
    assert!(values(&profile, &["realms", "C", "kdc"]).is_empty());
    assert!(values(&profile, &[]).is_empty());
}

#[test]
fn carriage_returns_at_line_ends_do_not_count() {
    let profile = Profile::parse("[a]\r\nb = c\r\nd = {\r\n e = f\r\n}\r\n").unwrap();
    assert_eq!(values(&profile, &["a", "b"]), ["c"]);
    assert_eq!(values(&profile, &["a", "d", "e"]), ["f"]);
}

#[test]
fn a_final_value_ends_the_list() {
    let profile = Profile::parse("[a]\nb = 1\nb* = 2\nb = 3\nb* = 4\nc = 5\n").unwrap();
    assert_eq!(values(&profile, &["a", "b"]), ["1", "2"]);
    assert_eq!(values(&profile, &["a", "c"]), ["5"]);
}

#[test]
fn a_final_section_discards_what_later_ones_say() {
    for text in [
        "[a]*\nb = 1\n[a]\nb = 2\nc = {\n b = 3\n}\n[d]\ne = 4\n",
        "[a]\nb = 1\n[a]*\n[a]\nb = 2\n[d]\ne = 4\n",
    ] {
        let profile = Profile::parse(text).unwrap();
        assert_eq!(values(&profile, &["a", "b"]), ["1"], "{text}");
        assert_eq!(values(&profile, &["d", "e"]), ["4"], "{text}");
        assert!(profile.subsections(&["a"]).is_empty(), "{text}");
    }
}

#[test]
fn a_final_subsection_discards_what_later_ones_say() {
    for text in [
        "[a]\ns = {\n b = 1\n}*\ns = {\n b = 2\n t = {\n u = v\n }\n}\nb = 3\n",
        "[a]\ns* = {\n b = 1\n}\ns = {\n b = 2\n}\nb = 3\n",
    ] {
        let profile = Profile::parse(text).unwrap();
        assert_eq!(values(&profile, &["a", "s", "b"]), ["1"], "{text}");
        assert_eq!(values(&profile, &["a", "b"]), ["3"], "{text}");
    }
}

#[test]
fn later_files_add_unless_something_is_final() {
    let files = Memory::new(&[
        ("/1", "[a]\nb = 1\nf* = 1\n[c]*\nd = 1\n[e]\ns = {\n x = 1\n}*\n"),
        (
            "/2",
            "[a]\nb = 2\nf = 2\n[c]\nd = 2\nother = 2\n[e]\ns = {\n x = 2\n}\n t = 2\n",
        ),
    ]);
    let profile = files.load(&["/1", "/2"]).unwrap();
    assert_eq!(values(&profile, &["a", "b"]), ["1", "2"]);
    assert_eq!(values(&profile, &["a", "f"]), ["1"]);
    assert_eq!(values(&profile, &["c", "d"]), ["1"]);
    assert!(values(&profile, &["c", "other"]).is_empty());
    assert_eq!(values(&profile, &["e", "s", "x"]), ["1"]);
    assert_eq!(values(&profile, &["e", "t"]), ["2"]);
}

#[test]
fn missing_files_are_skipped_unless_all_are_missing() {
    let files = Memory::new(&[("/1", "[a]\nb = 1\n")]);
    assert_eq!(values(&files.load(&["/0", "/1", "/2"]).unwrap(), &["a", "b"]), ["1"]);
    let error = files.load(&["/0", "/2"]).unwrap_err();
    assert_eq!(error.to_string(), "no Kerberos configuration: cannot read /0, /2");
}

#[test]
fn a_directory_in_the_list_stands_for_its_files_in_order() {
    let files = Memory::new(&[
        ("/d/b", "[a]\nb = 2\n"),
        ("/d/a.conf", "[a]\nb = 1\n"),
        ("/d/.hidden.conf", "[a]\nb = hidden\n"),
        ("/d/x.rpmsave", "[a]\nb = saved\n"),
        ("/d/ok_-9", "[a]\nb = 3\n"),
    ]);
    assert_eq!(values(&files.load(&["/d"]).unwrap(), &["a", "b"]), ["1", "2", "3"]);
}

#[test]
fn includes_start_outside_a_section_and_do_not_disturb_the_including_one() {
    let files = Memory::new(&[
        ("/main", "include /first\n[a]\nb = 1\nincludedir /d\nb = 3\n"),
        ("/first", "b = outside\n[a]\nb = 0\n"),
        ("/d/one", "b = outside\n[a]\nb = 2\n[z]\ny = x\n"),
    ]);
    let profile = files.load(&["/main"]).unwrap();
    assert_eq!(values(&profile, &["a", "b"]), ["0", "1", "2", "3"]);
    assert_eq!(values(&profile, &["z", "y"]), ["x"]);
    let origin = profile.values(&["a", "b"])[2].origin.to_string();
    assert_eq!(origin, "/d/one:3");
}

#[test]
fn f10_a_file_that_includes_itself_is_an_error_with_its_line() {
    let files = Memory::new(&[
        ("/self", "[a]\ninclude /self\n"),
        ("/one", "include /two\n"),
        ("/two", "\ninclude /one\n"),
    ]);
    let told = |path: &str| files.load(&[path]).unwrap_err().to_string();
    assert_eq!(told("/self"), "/self:2: /self includes itself");
    assert_eq!(
        told("/one"),
        "/one:1: cannot include /two: /two:2: /one includes itself"
    );
}

#[test]
fn f10_includes_end_at_a_depth_of_sixteen() {
    let chain = |last: usize| {
        let files = (0..=last).map(|n| {
            let text = if n == last {
                "[a]\nb = end\n".to_owned()
            } else {
                format!("include /{}\n", n + 1)
            };
            (PathBuf::from(format!("/{n}")), text.into_bytes())
        });
        Memory(files.collect()).load(&["/0"])
    };
    assert_eq!(values(&chain(16).unwrap(), &["a", "b"]), ["end"]);
    assert!(
        chain(17)
            .unwrap_err()
            .to_string()
            .ends_with("/16:1: more than 16 files include each other")
    );
}

#[test]
fn f10_files_that_include_each_other_many_times_end() {
    let files = (0..12).map(|n| {
        (
            PathBuf::from(format!("/{n}")),
            format!("include /{}\n", n + 1).repeat(10).into_bytes(),
        )
    });
    let mut files: BTreeMap<_, _> = files.collect();
    files.insert(PathBuf::from("/12"), Vec::new());
    let error = Memory(files).load(&["/0"]).unwrap_err().to_string();
    assert!(
        error.ends_with("the configuration has more than 1024 files or 16777216 octets"),
        "{error}"
    );
}

#[test]
fn f10_braces_end_at_a_depth_of_thirty_two() {
    let nested = |depth: usize| format!("[a]\n{}{}", "b = {\n".repeat(depth), "}\n".repeat(depth));
    assert!(Profile::parse(&nested(32)).is_ok());
    assert_eq!(error(&nested(33)), "krb5.conf:34: braces are nested more than 32 deep");
    assert_eq!(
        error(&nested(10_000)),
        "krb5.conf:34: braces are nested more than 32 deep"
    );
}

#[test]
fn f10_a_huge_file_is_not_read() {
    let mut files = Memory::default();
    files.0.insert(PathBuf::from("/big"), vec![b'x'; 10 << 20]);
    files.0.insert(PathBuf::from("/main"), b"include /big\n".to_vec());
    assert!(matches!(
        files.load(&["/big"]),
        Err(Error::TooLarge { limit: 1_048_576, .. })
    ));
    let error = files.load(&["/main"]).unwrap_err().to_string();
    assert!(error.starts_with("/main:1: cannot include /big: "), "{error}");
}

#[test]
fn f10_byte_order_marks_and_nul_octets_are_errors_with_their_line() {
    assert_eq!(
        error("\u{feff}[libdefaults]\n"),
        "krb5.conf:1: the file starts with a byte order mark; save it without"
    );
    assert_eq!(error("[a]\nb = c\0d\n"), "krb5.conf:2: a NUL octet");
}

#[test]
fn malformed_lines_are_errors_with_their_line() {
    let cases = [
        ("[a\n", "1: a [section] must stand alone"),
        ("[a] x\n", "1: a [section] must stand alone"),
        ("[a]\n}\n", "2: } closes nothing"),
        ("[a]\nb = {\n[c]\n", "3: a [section] within braces"),
        ("[a]\nb =\nc = d\n", "3: the line above has no value"),
        ("[a]\nnothing\n", "2: neither [section], nor name = value"),
        (
            "include relative\n",
            "1: include needs an absolute path, not \"relative\"",
        ),
        ("include /none\n", "1: cannot include /none: "),
        ("includedir /none\n", "1: cannot include /none: "),
        ("module /x.so:y\n", "1: profile modules"),
    ];
    for (text, expected) in cases {
        let told = error(text);
        assert!(told.starts_with(&format!("krb5.conf:{expected}")), "{text:?}: {told}");
    }
}

#[test]
fn octets_that_are_not_utf8_are_tolerated() {
    let mut files = Memory::default();
    files
        .0
        .insert(PathBuf::from("/latin1"), b"# caf\xe9\n[a]\nb = \xe9x\n".to_vec());
    assert_eq!(values(&files.load(&["/latin1"]).unwrap(), &["a", "b"]), ["\u{fffd}x"]);
}

#[test]
fn many_sections_are_read_in_reasonable_time() {
    let text: String = (0..50_000).map(|n| format!("[s{n}]\n")).collect();
    assert_eq!(Profile::parse(&text).unwrap().subsections(&[]).len(), 50_000);
}

/// Writes relations so that each grammar feature for values is used.
fn written(relations: &[(String, String)]) -> String {
    let mut text = String::from("[s]\nsub = {\n");
    for (name, value) in relations {
        let mut quoted = String::new();
        for c in value.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                '\n' => quoted.push_str("\\n"),
                '\t' => quoted.push_str("\\t"),
                '\u{8}' => quoted.push_str("\\b"),
                other => quoted.push(other),
            }
        }
        text.push_str(&format!("  {name} = \"{quoted}\"\n"));
    }
    text.push_str("}\n");
    text
}

proptest! {
    #[test]
    fn quoted_values_come_back(relations in prop::collection::vec(("[a-z_]{1,8}", "[^\0]{0,20}"), 0..10)) {
        let profile = Profile::parse(&written(&relations)).unwrap();
        let read: Vec<(String, String)> = profile
            .relations(&["s", "sub"])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.text.to_owned()))
            .collect();
        prop_assert_eq!(read, relations);
    }

    #[test]
    fn no_text_breaks_the_parser(lines in prop::collection::vec("(\\[[a-c*]{0,3}\\]?|[a-c]\\*? ?= ?\\{?|\\}\\*?|include(dir)? /[a-c]|\\PC{0,12})\\r?", 0..30)) {
        let files = Memory::new(&[("/a", "[a]\nb = {\n"), ("/b", "include /a\n}\n"), ("/c/x", "include /b\n")]);
        let mut files = files;
        files.0.insert(PathBuf::from("/main"), lines.join("\n").into_bytes());
        if let Ok(profile) = files.load(&["/main"]) {
            for section in profile.subsections(&[]) {
                let _ = (profile.relations(&[section]), profile.subsections(&[section]));
            }
        }
    }
}
