//! Caches, keytabs and configurations that are missing, unreadable or hold something else.

use std::path::Path;

use gss::kdc::Kdc;
use krb5_store::keytab::FileKeytab;

use crate::realm::Realm;
use crate::{INITIATOR, failure, first_token, pipe_failure, pipe_says, says, text};

#[test]
fn a_missing_cache_is_named_and_what_to_do() {
    let realm = Realm::new();
    std::fs::remove_file(realm.path("ccache")).unwrap();
    let name = format!("FILE:{}", text(&realm.path("ccache")));
    for arguments in [&["klist"][..], &["kvno", "demo/localhost"], &["kdestroy"]] {
        says(
            &failure(&mut realm.gss(), arguments, b""),
            &["no credential cache", &name, "kinit"],
        );
    }
    let error = pipe_failure(&mut realm.gss(), &INITIATOR, b"");
    pipe_says(&error, "NO_CRED", &["no credential cache", &name, "kinit"]);
}

#[test]
fn caches_that_cannot_be_read_are_named() {
    let realm = Realm::new();
    std::fs::write(realm.path("text"), "no cache\n").unwrap();
    std::fs::write(realm.path("version"), [5, 9, 0, 0]).unwrap();
    std::fs::write(realm.path("cut"), [5, 4, 0, 12, 0]).unwrap();
    std::fs::create_dir(realm.path("directory")).unwrap();
    let broken = [
        ("text", "does not start with the octet 5"),
        ("version", "version 9 is not known"),
        ("cut", "announces more than there is"),
        ("directory", "not a regular file"),
    ];
    for (file, fault) in broken {
        let path = realm.path(file);
        let told = failure(realm.gss().env("KRB5CCNAME", &path), &["klist"], b"");
        says(&told, &["credential cache", text(&path), fault]);
        let error = pipe_failure(realm.gss().env("KRB5CCNAME", &path), &INITIATOR, b"");
        pipe_says(&error, "NO_CRED", &["credential cache", text(&path), fault]);
    }
    let told = failure(realm.gss().env("KRB5CCNAME", "API:1000"), &["klist"], b"");
    says(&told, &["API", "not supported", "FILE:", "KCM:"]);
    let told = failure(realm.gss().env("KRB5CCNAME", "KEYRING:nowhere:x"), &["klist"], b"");
    says(&told, &["KEYRING:nowhere:x", "persistent", "session"]);
    let told = failure(
        realm.gss().env("KRB5CCNAME", "/nonexistent/cache"),
        &["kinit", "user"],
        b"password\n",
    );
    says(&told, &["/nonexistent/cache", "No such file", "hint: ", "KRB5CCNAME"]);
}

#[test]
fn keys_that_do_not_fit_are_told_with_those_that_are_there() {
    let realm = Realm::new();
    let token = first_token(&mut realm.gss());
    let foreign = |name: &str| {
        let kdc = Kdc::builder("PIPE.TEST").service(name).build().unwrap();
        kdc.service_keytab()
    };
    let mut newer = foreign("demo/localhost");
    newer.entries.iter_mut().for_each(|entry| entry.kvno = 7);
    let wanted = "wanted: kvno 1, aes256-cts-hmac-sha384-192; found: ";
    let cases = [
        (
            "version",
            newer,
            "no key of that version for demo/localhost@PIPE.TEST",
            "demo/localhost@PIPE.TEST kvno 7",
        ),
        (
            "service",
            foreign("imap/localhost"),
            "no key for demo/localhost@PIPE.TEST",
            "imap/localhost@PIPE.TEST kvno 1",
        ),
        (
            "key",
            foreign("demo/localhost"),
            "does not decrypt the ticket",
            "demo/localhost@PIPE.TEST kvno 1",
        ),
    ];
    for (file, keys, fault, found) in cases {
        let path = realm.path(file);
        FileKeytab::new(&path).replace(&keys).unwrap();
        let error = pipe_failure(realm.gss().env("KRB5_KTNAME", &path), &["acceptor"], token.as_bytes());
        pipe_says(&error, "FAILURE", &[text(&path), fault, wanted, found]);
    }
}

#[test]
fn a_keytab_without_the_name_is_told_with_those_it_has() {
    let realm = Realm::new();
    let error = pipe_failure(&mut realm.gss(), &["acceptor", "--principal", "imap@localhost"], b"");
    let keytab = realm.path("keytab");
    let parts = ["no key for imap@localhost", "demo/localhost@PIPE.TEST", text(&keytab)];
    pipe_says(&error, "NO_CRED", &parts);
    let told = failure(&mut realm.gss(), &["kinit", "-k", "-t", text(&keytab), "user"], b"");
    says(
        &told,
        &[
            text(&keytab),
            "no usable key for user@PIPE.TEST",
            "demo/localhost@PIPE.TEST",
            "hint: ",
        ],
    );
}

#[test]
fn keytabs_that_cannot_be_read_are_named() {
    let realm = Realm::new();
    std::fs::write(realm.path("text"), "no keytab\n").unwrap();
    std::fs::write(realm.path("cut"), [5, 2, 0, 0, 0, 99, 1]).unwrap();
    std::fs::write(realm.path("empty"), [5, 2]).unwrap();
    std::fs::create_dir(realm.path("directory")).unwrap();
    let broken = [
        ("missing", "no keytab"),
        ("text", "does not start with the octet 5"),
        ("cut", "announces more than there is"),
        ("directory", "not a regular file"),
    ];
    for (file, fault) in broken {
        let path = realm.path(file);
        let error = pipe_failure(realm.gss().env("KRB5_KTNAME", &path), &["acceptor"], b"");
        pipe_says(&error, "NO_CRED", &["keytab", text(&path), fault]);
        let told = failure(&mut realm.gss(), &["klist", "-k", text(&path)], b"");
        says(&told, &["keytab", text(&path), fault, "hint: "]);
        let told = failure(&mut realm.gss(), &["kinit", "-k", "-t", text(&path), "user"], b"");
        says(&told, &["keytab", text(&path), fault, "hint: "]);
    }
    let missing = realm.path("missing");
    let error = pipe_failure(realm.gss().env("KRB5_KTNAME", &missing), &["acceptor"], b"");
    pipe_says(&error, "NO_CRED", &["KRB5_KTNAME"]);
    for (variable, arguments) in [
        ("KRB5_KTNAME", &["kinit", "-k"][..]),
        ("KRB5_CLIENT_KTNAME", &["kinit", "-k", "-i"]),
    ] {
        let told = failure(realm.gss().env(variable, &missing), arguments, b"");
        says(&told, &["no keytab", text(&missing), "hint: name the keytab with -t"]);
    }
    let empty = realm.path("empty");
    let error = pipe_failure(realm.gss().env("KRB5_KTNAME", &empty), &["acceptor"], b"");
    pipe_says(&error, "NO_CRED", &[text(&empty), "nobody"]);
}

#[test]
fn a_faulty_configuration_is_told_with_file_and_line() {
    let realm = Realm::new();
    let faults = [
        ("[libdefaults\n", ":1: ", "section"),
        ("[libdefaults]\n default_realm = A\n }\n", ":3: ", "} closes nothing"),
        (
            "[libdefaults]\n clockskew = soon\n",
            ":2: ",
            "clockskew is \"soon\", but must be a duration",
        ),
        ("\n\ninclude /nonexistent/more\n", ":3: ", "/nonexistent/more"),
        ("[libdefaults]\n nothing\n", ":2: ", ""),
        ("[libdefaults]\n a = \0\n", ":2: ", "NUL"),
    ];
    for (content, line, fault) in faults {
        let path = realm.path("faulty.conf");
        std::fs::write(&path, content).unwrap();
        unusable(&realm, &path, &[&format!("{}{line}", text(&path)), fault]);
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let realm = Realm::new();
    unusable(
        &realm,
        &realm.path("missing.conf"),
        &["no Kerberos configuration: cannot read ", "missing.conf"],
    );
    unusable(&realm, Path::new("/dev/zero"), &["/dev/zero", "not a regular file"]);
}

/// Every command says `parts` of the configuration at `path`.
fn unusable(realm: &Realm, path: &Path, parts: &[&str]) {
    for arguments in [&["kinit", "user"][..], &["klist"], &["kvno", "demo/localhost"]] {
        let told = failure(realm.gss().env("KRB5_CONFIG", path), arguments, b"password\n");
        says(&told, parts);
        says(
            &told,
            &["cannot use the configuration of Kerberos", "hint: ", "KRB5_CONFIG"],
        );
    }
    for arguments in [&INITIATOR[..], &["acceptor"]] {
        let error = pipe_failure(realm.gss().env("KRB5_CONFIG", path), arguments, b"");
        pipe_says(&error, "FAILURE", parts);
    }
}
