//! Clients that are in another realm than they thought: RFC 6806 §7.

use super::*;
use crate::messages::KdcOptions;
use crate::{NameType, Realm};

/// KDC_ERR_WRONG_REALM with the realm to go to.
fn wrong_realm(realm: Option<&str>) -> Vec<u8> {
    let mut error = KrbError::from_der(&TestRealm::new().error(ErrorCode::KDC_ERR_WRONG_REALM)).unwrap();
    error.crealm = realm.map(Realm::from);
    error.to_der().unwrap()
}

fn enterprise() -> AsOptions {
    let mut options = as_options();
    options.client = Principal::enterprise("ali@baba.test", "EXAMPLE.ORG".into());
    options
}

#[test]
fn an_enterprise_name_is_sent_as_one_component_and_asks_for_the_canonical_one() {
    let (request, _) = start(enterprise());
    let body = AsReq::from_der(&request.message).unwrap().req_body;
    let name = body.cname.unwrap();
    assert_eq!((name.name_type, name.components.len()), (NameType::ENTERPRISE, 1));
    assert!(body.kdc_options.contains(KdcOptions::CANONICALIZE));
}

#[test]
fn a_client_goes_to_the_realm_that_it_is_sent_to() {
    let (_, state) = start(enterprise());
    let (request, _) = sent(state.reply(&wrong_realm(Some("OTHER.ORG")), NOW));
    assert_eq!(request.realm, "OTHER.ORG");
    let body = AsReq::from_der(&request.message).unwrap().req_body;
    assert_eq!(body.realm, "OTHER.ORG");
    assert_eq!(body.sname.unwrap().to_string(), "krbtgt/OTHER.ORG");
    assert_eq!(body.cname.unwrap().to_octets(), br"ali\@baba.test");
}

#[test]
fn what_was_proven_to_one_realm_is_not_sent_to_the_next() {
    let realm = TestRealm::new();
    let mut options = as_options();
    options.kdc_options = KdcOptions::CANONICALIZE;
    let (_, state) = start(options);
    let (request, state) = sent(state.reply(&realm.preauth_required(Vec::new()), NOW));
    assert!(realm.timestamp(&request.message, &realm.client_key).is_some());
    let (request, _) = sent(state.reply(&wrong_realm(Some("OTHER.ORG")), NOW));
    let padata = AsReq::from_der(&request.message).unwrap().padata.unwrap();
    assert!(crate::messages::preauth::find(&padata, PA_ENC_TIMESTAMP).is_none());
}

#[test]
fn k8_wrong_realm_is_a_referral_only_where_asked_for_and_with_a_realm() {
    let refused = |options: AsOptions, reply: Vec<u8>| match start(options).1.reply(&reply, NOW) {
        Err(Error::Kdc(reply)) => assert_eq!(reply.code, ErrorCode::KDC_ERR_WRONG_REALM),
        other => panic!("{other:?}"),
    };
    refused(as_options(), wrong_realm(Some("OTHER.ORG")));
    refused(enterprise(), wrong_realm(None));
    refused(enterprise(), wrong_realm(Some("")));
    let mut service = enterprise();
    service.server = Some(principal("kadmin/changepw@EXAMPLE.ORG"));
    refused(service, wrong_realm(Some("OTHER.ORG")));
}

#[test]
fn k8_q20_referrals_between_realms_end() {
    let ends = |realms: &mut dyn Iterator<Item = String>| {
        let (_, mut state) = start(enterprise());
        for (hops, realm) in realms.enumerate() {
            state = match state.reply(&wrong_realm(Some(&realm)), NOW) {
                Ok(Step::Send { next, .. }) => next,
                Ok(Step::Done(_)) => panic!("done"),
                Err(error) => return (hops, error),
            };
        }
        panic!("it does not end");
    };
    let (hops, error) = ends(&mut ["EXAMPLE.ORG".to_owned()].into_iter());
    assert!(matches!((hops, error), (0, Error::ReferralLoop { .. })));
    let (hops, error) = ends(&mut ["B", "EXAMPLE.ORG"].map(str::to_owned).into_iter());
    assert!(matches!((hops, error), (1, Error::ReferralLoop { .. })));
    let (hops, error) = ends(&mut (0..100).map(|n| format!("R{n}")));
    assert!(matches!((hops, error), (10, Error::TooManyRealms { .. })));
}
