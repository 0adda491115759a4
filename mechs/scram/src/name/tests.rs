use super::*;

fn import(hash: ScramHash, octets: &[u8], of_type: Option<Oid>) -> Result<ScramName, ScramError> {
    ScramName::import(hash, &Name::new(octets, of_type))
}

#[test]
fn a_name_without_a_type_is_a_users() {
    let bare = import(ScramHash::Sha256, b"alice", None).unwrap();
    let typed = import(ScramHash::Sha256, b"alice", Some(name_type::USER)).unwrap();
    assert_eq!(bare, typed);
    assert_eq!(bare.display().unwrap(), (b"alice".to_vec(), name_type::USER));
    assert_eq!(bare.as_user().unwrap(), "alice");
}

#[test]
fn users_that_look_the_same_are_the_same() {
    let one = ScramName::user(ScramHash::Sha256, "I\u{AD}X").unwrap();
    let other = ScramName::user(ScramHash::Sha256, "\u{2168}").unwrap();
    assert!(one.same(&other).unwrap());
    assert_eq!(one.export().unwrap(), other.export().unwrap());
    assert!(!one.same(&ScramName::user(ScramHash::Sha256, "ix").unwrap()).unwrap());
}

#[test]
fn a_service_is_nobody_who_could_be_authenticated() {
    let service = import(
        ScramHash::Sha1,
        b"imap@mail.example.org",
        Some(name_type::HOSTBASED_SERVICE),
    )
    .unwrap();
    let user = import(ScramHash::Sha1, b"imap@mail.example.org", None).unwrap();
    assert_eq!(service.display().unwrap().1, name_type::HOSTBASED_SERVICE);
    assert!(service.as_user().is_err());
    assert!(service.export().is_err(), "it would look like the user's");
    assert!(!service.same(&user).unwrap());
}

#[test]
fn exported_names_come_back_in_their_own_mechanism_only() {
    let user = ScramName::user(ScramHash::Sha256, "a,b=ü").unwrap();
    let exported = user.export().unwrap();
    let import = |hash, octets: &[u8]| import(hash, octets, Some(name_type::EXPORTED));
    assert_eq!(import(ScramHash::Sha256, &exported).unwrap(), user);
    assert!(import(ScramHash::Sha1, &exported).is_err());
    for end in 0..exported.len() {
        assert!(import(ScramHash::Sha256, &exported[..end]).is_err());
    }
    let unprepared = ExportedName {
        form: Form::Plain,
        mech: ScramHash::Sha256.oid(),
        name: "I\u{AD}X".as_bytes(),
    };
    let unprepared = unprepared.to_octets().unwrap();
    assert!(
        import(ScramHash::Sha256, &unprepared).is_err(),
        "a user has one exported name"
    );
}

#[test]
fn names_that_cannot_be_are_refused_with_the_reason() {
    let reason = |octets: &[u8], of_type| match import(ScramHash::Sha256, octets, of_type) {
        Err(ScramError::Name { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason(b"", None), NameFault::NotPrepared(NotPrepared::Empty));
    assert_eq!(reason(b"a\0b", None), NameFault::NotPrepared(NotPrepared::Prohibited));
    assert_eq!(reason(b"\xff", None), NameFault::NotPrepared(NotPrepared::NotText));
    assert_eq!(reason(b"alice", Some(name_type::KRB5_PRINCIPAL)), NameFault::Type);
    assert_eq!(reason(b"", Some(name_type::ANONYMOUS)), NameFault::Type);
    assert_eq!(reason(b"alice", Some(name_type::EXPORTED)), NameFault::Exported);
}
