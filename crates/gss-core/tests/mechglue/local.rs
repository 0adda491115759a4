//! Names as local users.

use gss_core::flow::Server;
use gss_core::{ErrorKind, IoReply, IoRequest, LocalLogin, Mechanisms, Name, StepError, exported_name};

use super::fake::Fake;
use super::{ONE, TWO};

fn mechanisms() -> Mechanisms {
    let builder = Mechanisms::builder().with(Fake::new(ONE)).with(Fake::new(TWO));
    builder.build().unwrap()
}

fn answer(request: IoRequest) -> IoReply {
    match request {
        IoRequest::Kdc { .. } => IoReply::Message {
            octets: Vec::new(),
            server: Server::Any,
        },
        other => panic!("{other:?}"),
    }
}

fn local(name: &str) -> Result<String, ErrorKind> {
    let found = mechanisms().local_name(&Name::user(name), None);
    let found = found.and_then(|flow| flow.drive(&mut answer)).map_err(kind)?;
    Ok(String::from_utf8(found).unwrap())
}

fn may(name: &Name, user: &Name) -> Result<LocalLogin, ErrorKind> {
    let asked = mechanisms().authorize_local_name(name, user);
    asked.and_then(|flow| flow.drive(&mut answer)).map_err(kind)
}

fn kind(error: StepError) -> ErrorKind {
    error.error.kind()
}

fn canonical(name: &str) -> Name {
    let flow = mechanisms().canonicalize(&Name::user(name), Some(&TWO)).unwrap();
    flow.done().unwrap()
}

#[test]
fn the_mechanism_of_a_name_says_which_user_it_is() {
    assert_eq!(local("@alice"), Ok("alice".to_owned()));
    assert_eq!(local("@nobody"), Err(ErrorKind::Unauthorized));
    assert_eq!(local("alice"), Err(ErrorKind::Unavailable));
    let exported = exported_name::ExportedName {
        form: exported_name::Form::Plain,
        mech: TWO,
        name: b"@bob",
    };
    let name = Name::exported(exported.to_octets().unwrap()).unwrap();
    let found = mechanisms().local_name(&name, None).unwrap().done();
    assert_eq!(found.as_deref(), Some(&b"bob"[..]));
}

#[test]
fn without_the_mechanisms_word_only_authenticated_attributes_count() {
    assert_eq!(local("alice+mallory"), Ok("alice".to_owned()));
    let name = canonical("alice+mallory");
    assert_eq!(may(&name, &Name::user("alice")), Ok(LocalLogin::Granted));
    assert_eq!(may(&name, &Name::user("mallory")), Ok(LocalLogin::Refused));
    assert_eq!(
        may(&canonical("alice"), &Name::user("alice")),
        Err(ErrorKind::Unavailable)
    );
}

#[test]
fn the_mechanism_of_a_name_says_whose_user_it_may_be() {
    assert_eq!(may(&canonical("@alice"), &Name::user("alice")), Ok(LocalLogin::Granted));
    for other in ["bob", "", "alic", "alice ", "Alice", "alice\0", "@alice"] {
        assert_eq!(
            may(&canonical("@alice"), &Name::user(other)),
            Ok(LocalLogin::Refused),
            "{other:?}"
        );
    }
}

#[test]
fn c18_a_text_is_nobody_who_has_authenticated() {
    assert_eq!(
        may(&Name::user("@alice"), &Name::user("alice")),
        Err(ErrorKind::NameNotMn)
    );
    let service = Name::hostbased_service("alice");
    assert_eq!(may(&canonical("@alice"), &service), Err(ErrorKind::BadNameType));
    assert_eq!(may(&canonical("@alice"), &canonical("alice")), Err(ErrorKind::BadName));
}
