use std::sync::Arc;

use gss_core::flow::Server;
use gss_core::{
    Acquire, AttrSet, CredUsage, Credential, ErrorKind, Existing, Flowing, IoReply, IoRequest, Mechanisms, Name, Oid,
    StepError, Store, exported_name, name_type, oid,
};

use super::fake::{Fake, FixedCred, Holds, Negotiator};
use super::{NEGOTIATOR, ONE, THREE, TWO};

fn holding(holds: [Holds; 3]) -> Mechanisms {
    let [one, two, three] = holds;
    Mechanisms::builder()
        .with(Fake::new(ONE).holding(one))
        .with(Fake::new(TWO).holding(two))
        .with(
            Fake::new(THREE)
                .holding(three)
                .with_attrs(AttrSet::MECH_CONCRETE | AttrSet::NOT_DFLT_MECH),
        )
        .negotiated_by(|snapshot| Negotiator {
            oid: NEGOTIATOR,
            snapshot,
        })
        .build()
        .unwrap()
}

fn acquired(flowing: Flowing<Credential>) -> Result<Vec<Oid>, StepError> {
    let mut kdc = |_: IoRequest| IoReply::Message {
        octets: Vec::new(),
        server: Server::Any,
    };
    Ok(flowing?.drive(&mut kdc)?.mechs().collect())
}

#[test]
fn a_credential_is_acquired_from_every_default_mechanism_in_order() {
    let mechs = holding([Holds::Credential; 3]);
    assert_eq!(acquired(mechs.acquire(Acquire::initiate(), None)).unwrap(), [ONE, TWO]);
    assert_eq!(
        acquired(mechs.acquire(Acquire::initiate(), Some(&[THREE, ONE]))).unwrap(),
        [THREE, ONE]
    );
    assert_eq!(
        acquired(mechs.acquire(Acquire::initiate(), Some(&[TWO, TWO]))).unwrap(),
        [TWO]
    );
}

#[test]
fn acquiring_goes_on_across_requests_and_past_mechanisms_without_a_credential() {
    let mechs = holding([
        Holds::CredentialFromKdc,
        Holds::Nothing(ErrorKind::NoCred),
        Holds::CredentialFromKdc,
    ]);
    let request = Acquire::initiate();
    assert_eq!(
        acquired(mechs.acquire(request.clone(), Some(&[ONE, TWO, THREE]))).unwrap(),
        [ONE, THREE]
    );
    let realms = |flowing: Flowing<Credential>| {
        let mut asked = Vec::new();
        let _ = flowing.unwrap().drive(&mut |request| {
            if let IoRequest::Kdc { realm, .. } = request {
                asked.push(realm);
            }
            IoReply::Names(Vec::new())
        });
        asked
    };
    assert_eq!(
        realms(mechs.acquire(request, Some(&[ONE, TWO, THREE]))),
        ["1.2.3.1", "1.2.3.3"]
    );
}

#[test]
fn without_any_credential_the_error_that_says_most_is_kept() {
    let nothing = |kinds: [ErrorKind; 3]| {
        let mechs = holding(kinds.map(Holds::Nothing));
        acquired(mechs.acquire(Acquire::initiate(), Some(&[ONE, TWO, THREE])))
            .unwrap_err()
            .error
            .kind()
    };
    use ErrorKind::{CredentialsExpired, Failure, NoCred, Unavailable};
    assert_eq!(nothing([NoCred, NoCred, Unavailable]), NoCred);
    assert_eq!(nothing([Unavailable, CredentialsExpired, NoCred]), CredentialsExpired);
    assert_eq!(nothing([Failure, CredentialsExpired, NoCred]), Failure);
}

#[test]
fn acquiring_for_a_negotiator_asks_what_it_negotiates() {
    let mechs = holding([Holds::Credential; 3]);
    assert_eq!(
        acquired(mechs.acquire(Acquire::initiate(), Some(&[NEGOTIATOR]))).unwrap(),
        [ONE, TWO]
    );
    let error = acquired(mechs.acquire(Acquire::initiate(), Some(&[oid!("1.2.4")]))).unwrap_err();
    assert_eq!(error.error, ErrorKind::BadMech);
}

#[test]
fn acquiring_from_no_mechanism_at_all_is_no_cred() {
    let mechs = holding([Holds::Credential; 3]);
    assert_eq!(
        acquired(mechs.acquire(Acquire::initiate(), Some(&[])))
            .unwrap_err()
            .error,
        ErrorKind::NoCred
    );
}

#[test]
fn a_credential_comes_back_from_its_exported_form() {
    let mechs = holding([Holds::Credential; 3]);
    let cred = mechs.acquire(Acquire::initiate(), None).unwrap().done().unwrap();
    let token = Mechanisms::export_cred(&cred).unwrap();
    assert_eq!(
        mechs.import_cred(&token).unwrap().mechs().collect::<Vec<_>>(),
        [ONE, TWO]
    );
    for length in 1..token.len() {
        if let Ok(part) = mechs.import_cred(&token[..length]) {
            assert!(part.elements.len() < 2, "{length}");
        }
    }
    let twice = [&token[..], &token[5..]].concat();
    assert_eq!(mechs.import_cred(&twice).unwrap_err(), ErrorKind::DuplicateElement);
}

#[test]
fn only_elements_that_can_be_exported_are() {
    let mut cred = Credential::single(TWO, Arc::new(FixedCred));
    assert_eq!(Mechanisms::export_cred(&cred).unwrap_err(), ErrorKind::Unavailable);
    cred.add(ONE, Arc::new(super::fake::FakeCred)).unwrap();
    let mechs = holding([Holds::Credential; 3]);
    let imported = mechs.import_cred(&Mechanisms::export_cred(&cred).unwrap()).unwrap();
    assert_eq!(imported.mechs().collect::<Vec<_>>(), [ONE]);
}

#[test]
fn a_name_is_canonicalised_by_the_mechanism_asked_for() {
    let mechs = holding([Holds::Credential; 3]);
    let name = mechs
        .canonicalize(&Name::user("bob"), Some(&TWO))
        .unwrap()
        .done()
        .unwrap();
    assert!(name.mech_name(&TWO).is_some());
    assert!(name.mech_name(&ONE).is_none());
    assert_eq!(
        (name.as_octets(), name.name_type()),
        (&b"bob"[..], Some(name_type::USER))
    );
    let wrong = mechs
        .canonicalize(&Name::hostbased_service("HTTP@www"), None)
        .unwrap_err();
    assert_eq!(wrong.error, ErrorKind::BadNameType);
}

#[test]
fn an_exported_name_goes_back_to_the_mechanism_that_exported_it() {
    let mechs = holding([Holds::Credential; 3]);
    let name = mechs
        .canonicalize(&Name::user("bob"), Some(&TWO))
        .unwrap()
        .done()
        .unwrap();
    let exported = Name::exported(name.mech_name(&TWO).unwrap().export().unwrap()).unwrap();
    let again = mechs.canonicalize(&exported, None).unwrap().done().unwrap();
    assert!(mechs.same_name(&name, &again).unwrap());
    let form = exported_name::Form::Plain;
    let unknown = exported_name::ExportedName {
        form,
        mech: oid!("1.2.4"),
        name: b"bob",
    }
    .to_octets()
    .unwrap();
    let error = mechs.canonicalize(&Name::exported(unknown).unwrap(), None).unwrap_err();
    assert_eq!(error.error, ErrorKind::BadMech);
}

#[test]
fn names_of_different_mechanisms_differ_and_generic_names_cannot_be_compared() {
    let mechs = holding([Holds::Credential; 3]);
    let canonical = |text: &str, mech| {
        mechs
            .canonicalize(&Name::user(text), Some(mech))
            .unwrap()
            .done()
            .unwrap()
    };
    assert!(
        mechs
            .same_name(&canonical("bob", &ONE), &canonical("bob", &ONE))
            .unwrap()
    );
    assert!(
        !mechs
            .same_name(&canonical("bob", &ONE), &canonical("eve", &ONE))
            .unwrap()
    );
    assert!(
        !mechs
            .same_name(&canonical("bob", &ONE), &canonical("bob", &TWO))
            .unwrap()
    );
    let error = mechs
        .same_name(&Name::user("bob"), &canonical("bob", &ONE))
        .unwrap_err();
    assert_eq!(error, ErrorKind::NameNotMn);
}

#[test]
fn c6_an_extended_credential_and_the_original_outlive_each_other() {
    let mechs = holding([Holds::Credential; 3]);
    for first_to_go in ["original", "extended"] {
        let original = mechs
            .acquire(Acquire::initiate(), Some(&[ONE]))
            .unwrap()
            .done()
            .unwrap();
        let extended = mechs
            .add_cred(&original, Acquire::initiate(), &THREE)
            .unwrap()
            .done()
            .unwrap();
        assert_eq!(original.mechs().collect::<Vec<_>>(), [ONE], "the input is as before");
        let survivor = if first_to_go == "original" {
            drop(original);
            extended
        } else {
            drop(extended);
            original
        };
        assert!(Mechanisms::export_cred(&survivor).is_ok(), "without the {first_to_go}");
        for (_, element) in &survivor.elements {
            assert!(Arc::clone(element).inspect().is_ok());
        }
    }
}

#[test]
fn a_second_element_for_a_mechanism_is_refused_before_anything_is_acquired() {
    let mechs = holding([Holds::Credential, Holds::Nothing(ErrorKind::NoCred), Holds::Credential]);
    let cred = mechs
        .acquire(Acquire::initiate(), Some(&[ONE]))
        .unwrap()
        .done()
        .unwrap();
    let refused = |mech| mechs.add_cred(&cred, Acquire::initiate(), mech).unwrap_err().error;
    assert_eq!(refused(&ONE), ErrorKind::DuplicateElement);
    assert_eq!(refused(&TWO), ErrorKind::NoCred);
    assert_eq!(refused(&oid!("1.2.4")), ErrorKind::BadMech);
}

#[test]
fn storing_says_which_elements_were_stored_for_which_use() {
    let into = Store {
        existing: Existing::Overwrite,
        ..Store::default()
    };
    let mut cred = Credential::single(TWO, Arc::new(FixedCred));
    cred.add(ONE, Arc::new(super::fake::StoredCred(CredUsage::Initiate)))
        .unwrap();
    let stored = Mechanisms::store_cred(&cred, &into, None).unwrap().done().unwrap();
    assert_eq!((stored.mechs, stored.usage), (vec![ONE], CredUsage::Initiate));
    cred.add(THREE, Arc::new(super::fake::StoredCred(CredUsage::Accept)))
        .unwrap();
    let stored = Mechanisms::store_cred(&cred, &into, None).unwrap().done().unwrap();
    assert_eq!((stored.mechs, stored.usage), (vec![ONE, THREE], CredUsage::Both));
    let one = Mechanisms::store_cred(&cred, &into, Some(&THREE))
        .unwrap()
        .done()
        .unwrap();
    assert_eq!((one.mechs, one.usage), (vec![THREE], CredUsage::Accept));
}

#[test]
fn storing_nothing_is_the_error_of_the_first_element() {
    let into = Store::default();
    let mut cred = Credential::single(TWO, Arc::new(super::fake::StoredCred(CredUsage::Initiate)));
    let refused = |cred: &Credential, mech| Mechanisms::store_cred(cred, &into, mech).unwrap_err().error;
    assert_eq!(refused(&cred, None), ErrorKind::DuplicateElement);
    cred.add(ONE, Arc::new(FixedCred)).unwrap();
    assert_eq!(refused(&cred, None), ErrorKind::DuplicateElement);
    assert_eq!(refused(&cred, Some(&ONE)), ErrorKind::Unavailable);
    assert_eq!(refused(&cred, Some(&THREE)), ErrorKind::NoCred);
    assert_eq!(refused(&Credential::default(), None), ErrorKind::NoCred);
}
