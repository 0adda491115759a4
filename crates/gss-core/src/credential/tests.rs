use super::*;
use crate::{Flow, Flowing};

const ONE: Oid = oid!("1.2.1");
const OTHER: Oid = oid!("1.2.2");

#[derive(Debug)]
struct Cred(u8);

impl MechCred for Cred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        Ok(Flow::Done(CredInfo::default()))
    }
}

#[derive(Debug)]
struct OtherCred;

impl MechCred for OtherCred {
    fn inspect(self: Arc<Self>) -> Flowing<CredInfo> {
        Ok(Flow::Done(CredInfo::default()))
    }
}

#[test]
fn no_credential_means_the_default_but_a_missing_element_is_no_cred() {
    assert!(element_for(None, &ONE).unwrap().is_none());
    let cred = Credential::single(ONE, Arc::new(Cred(1)));
    assert!(element_for(Some(&cred), &ONE).unwrap().is_some());
    let error = element_for(Some(&cred), &OTHER).unwrap_err();
    assert_eq!(error, ErrorKind::NoCred);
    assert_eq!(
        error.to_string(),
        "the credential has no element for the mechanism 1.2.2; it has 1.2.1"
    );
    assert_eq!(
        element_for(Some(&Credential::default()), &ONE).unwrap_err(),
        ErrorKind::NoCred
    );
}

#[test]
fn a_credential_has_one_element_a_mechanism_in_order() {
    let mut cred = Credential::single(OTHER, Arc::new(Cred(1)));
    cred.add(ONE, Arc::new(Cred(2))).unwrap();
    assert_eq!(
        cred.add(OTHER, Arc::new(Cred(3))).unwrap_err(),
        ErrorKind::DuplicateElement
    );
    assert_eq!(cred.mechs().collect::<Vec<_>>(), [OTHER, ONE]);
}

#[test]
fn an_element_is_given_back_as_its_own_type_only() {
    let element: Arc<dyn MechCred> = Arc::new(Cred(9));
    assert_eq!(element.downcast_ref::<Cred>().unwrap().0, 9);
    assert!(element.downcast_ref::<OtherCred>().is_none());
    assert!(Arc::clone(&element).downcast::<OtherCred>().is_none());
    assert_eq!(element.downcast::<Cred>().unwrap().0, 9);
}

#[test]
fn a_request_with_a_password_does_not_print_it() {
    let acquire = Acquire::initiate().with_password(b"pq7z".to_vec().into());
    assert!(!format!("{acquire:?}").contains("pq7z"));
}

#[test]
fn a_usage_says_what_it_is_for() {
    assert!(CredUsage::Both.initiates() && CredUsage::Both.accepts());
    assert!(CredUsage::Initiate.initiates() && !CredUsage::Initiate.accepts());
    assert!(!CredUsage::Accept.initiates() && CredUsage::Accept.accepts());
}
