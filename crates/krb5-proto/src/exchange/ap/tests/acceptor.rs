//! What an acceptor refuses.

use krb5_crypto::{Enctype, KeyUsage};

use super::*;
use crate::error::{ErrorCode, FoundKey, LookupFailure};
use crate::exchange::ap::initiate::seal;
use crate::exchange::test_realm::principal;
use crate::messages::{ApReq, Authenticator, HostAddress};
use crate::realms::CaPaths;
use crate::{EncryptionKey, Realm};

/// An AP-REQ whose authenticator is as `change` makes it.
fn with_authenticator(credentials: &Credentials, change: impl FnOnce(&mut Authenticator)) -> Vec<u8> {
    let (ap_req, initiator) = initiated(credentials);
    let mut req = ApReq::from_der(&ap_req).unwrap();
    let session_key = &initiator.session_key;
    let plain = session_key
        .decrypt(KeyUsage::AP_REQ_AUTHENTICATOR, &req.authenticator.cipher)
        .unwrap();
    let mut authenticator = Authenticator::from_der(&plain).unwrap();
    change(&mut authenticator);
    req.authenticator = seal(session_key, &authenticator, KeyUsage::AP_REQ_AUTHENTICATOR).unwrap();
    req.to_der().unwrap()
}

#[test]
fn c10_an_authenticator_without_checksum_is_accepted() {
    let ap_req = with_authenticator(&credentials(), |a| {
        (a.cksum, a.subkey, a.seq_number, a.authorization_data) = (None, None, None, None);
    });
    let acceptor = accepted(&ap_req).unwrap();
    assert!(acceptor.checksum.is_none() && acceptor.subkey.is_none() && acceptor.sequence.is_none());
    assert!(acceptor.authdata.is_empty());
}

#[test]
fn c11_the_client_is_the_tickets_and_the_authenticator_must_agree() {
    let changes: &[fn(&mut Authenticator)] = &[
        |a| a.crealm = Realm::from("EVIL.ORG"),
        |a| a.crealm = Realm::from("EXAMPLE.ORG\0"),
        |a| a.cname = principal("admin@EXAMPLE.ORG").name,
        |a| a.cname = principal("alibaba/admin@EXAMPLE.ORG").name,
        |a| a.cname.components.clear(),
    ];
    for change in changes {
        let error = accepted(&with_authenticator(&credentials(), change)).unwrap_err();
        assert!(matches!(&error, Error::BadMatch { ticket } if **ticket == client()));
        assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_BADMATCH);
    }
    // The type of a name is a hint.
    let typed = with_authenticator(&credentials(), |a| a.cname.name_type = crate::NameType::ENTERPRISE);
    assert_eq!(accepted(&typed).unwrap().client, client());
}

#[test]
fn a_ticket_in_another_key_is_refused() {
    let credentials = credentials();
    let (ap_req, _) = initiated(&credentials);
    let policy = AcceptPolicy::default();
    let error = accept(&PROVIDER, &OneKey(key(8)), &ap_req, &policy, NOW).unwrap_err();
    assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_BAD_INTEGRITY);
    assert_eq!(
        error.to_string(),
        "the key for host/cave.example.org@EXAMPLE.ORG in the key table does not decrypt the ticket \
         (wanted: aes256-cts-hmac-sha1-96; found: none)"
    );
}

/// Says no, with a reason.
struct NoKeys(LookupFailure);

impl KeyLookup for NoKeys {
    fn keys(&self, server: &Principal, kvno: Option<u32>, etype: i32) -> Result<Vec<Arc<Key>>, Box<KeyLookupError>> {
        let found = (4..14)
            .map(|kvno| FoundKey {
                principal: server.clone(),
                kvno,
                etype: 17,
            })
            .collect();
        let (failure, place) = (self.0.clone(), "/etc/krb5.keytab".to_owned());
        Err(Box::new(KeyLookupError {
            failure,
            place,
            server: server.clone(),
            kvno,
            etype,
            found,
        }))
    }
}

#[test]
fn a_missing_key_says_what_was_wanted_and_what_is_there() {
    let mut credentials = credentials();
    let mut ticket = crate::messages::Ticket::from_der(&credentials.ticket).unwrap();
    ticket.enc_part.kvno = Some(crate::messages::Kvno(3));
    credentials.ticket = ticket.to_der().unwrap();
    let (ap_req, _) = initiated(&credentials);
    let policy = AcceptPolicy::default();
    let error = |failure| accept(&PROVIDER, &NoKeys(failure), &ap_req, &policy, NOW).unwrap_err();
    let version = error(LookupFailure::Version);
    let text = version.to_string();
    assert!(
        text.starts_with(
            "/etc/krb5.keytab has no key of that version for host/cave.example.org@EXAMPLE.ORG \
             (wanted: kvno 3, aes256-cts-hmac-sha1-96; found: \
             host/cave.example.org@EXAMPLE.ORG kvno 4 aes128-cts-hmac-sha1-96, "
        ),
        "{text}"
    );
    assert!(text.ends_with(" and 2 more)"), "{text}");
    assert_eq!(version.protocol_code(), ErrorCode::KRB_AP_ERR_BADKEYVER);
    let unreadable = LookupFailure::Unreadable(Arc::new(std::io::Error::from(std::io::ErrorKind::PermissionDenied)));
    let (none, gone) = (error(LookupFailure::Principal), error(unreadable));
    assert_eq!(none.protocol_code(), ErrorCode::KRB_AP_ERR_NOT_US);
    assert_eq!(gone.protocol_code(), ErrorCode::KRB_AP_ERR_NOKEY);
    assert!(
        gone.to_string()
            .starts_with("cannot read /etc/krb5.keytab: permission denied"),
        "{gone}"
    );
}

/// Checks what it is asked for.
struct Expecting(Option<u32>);

impl KeyLookup for Expecting {
    fn keys(&self, server: &Principal, kvno: Option<u32>, etype: i32) -> Result<Vec<Arc<Key>>, Box<KeyLookupError>> {
        assert_eq!((server, kvno, etype), (&service(), self.0, 18));
        // The fitting key stands last.
        Ok(vec![key(7), key(8), key(2)])
    }

    fn named_keys(
        &self,
        server: &Principal,
        kvno: Option<u32>,
        etype: i32,
    ) -> Result<Vec<(Principal, Arc<Key>)>, Box<KeyLookupError>> {
        let keys = self.keys(server, kvno, etype)?;
        let named = |(i, key)| (principal(&format!("entry{i}@EXAMPLE.ORG")), key);
        Ok(keys.into_iter().enumerate().map(named).collect())
    }
}

#[test]
fn i42_version_zero_means_any_version() {
    for (in_ticket, looked_up) in [
        (None, None),
        (Some(0), None),
        (Some(1), Some(1)),
        (Some(u32::MAX), Some(u32::MAX)),
    ] {
        let mut credentials = credentials();
        let mut ticket = crate::messages::Ticket::from_der(&credentials.ticket).unwrap();
        ticket.enc_part.kvno = in_ticket.map(crate::messages::Kvno);
        credentials.ticket = ticket.to_der().unwrap();
        let (ap_req, _) = initiated(&credentials);
        let policy = AcceptPolicy::default();
        let accepted = accept(&PROVIDER, &Expecting(looked_up), &ap_req, &policy, NOW).unwrap();
        assert_eq!(accepted.server, principal("entry2@EXAMPLE.ORG"), "whose key it was");
    }
}

#[test]
fn encryption_types_that_are_not_permitted_are_refused() {
    let credentials = credentials();
    let (ap_req, _) = initiated(&credentials);
    let policy = AcceptPolicy {
        permitted: vec![Enctype::Aes256CtsHmacSha384192],
        ..AcceptPolicy::default()
    };
    let error = accepted_by(&policy, &ap_req).unwrap_err();
    assert_eq!(
        error.to_string(),
        "encryption type aes256-cts-hmac-sha1-96 is not permitted"
    );

    let only_18 = AcceptPolicy {
        permitted: vec![Enctype::Aes256CtsHmacSha196],
        ..AcceptPolicy::default()
    };
    accepted_by(&only_18, &ap_req).unwrap();
    let subkey = with_authenticator(&credentials, |a| a.subkey = Some(EncryptionKey::new(17, vec![0; 16])));
    assert!(matches!(
        accepted_by(&only_18, &subkey),
        Err(Error::EtypeNotPermitted(_))
    ));
    let rc4_subkey = with_authenticator(&credentials, |a| a.subkey = Some(EncryptionKey::new(23, vec![0; 16])));
    assert!(matches!(accepted(&rc4_subkey), Err(Error::EtypeNotPermitted(_))));
    let rc4_session = ticket(|t| t.key = EncryptionKey::new(23, vec![0; 16]));
    let mut req = ApReq::from_der(&ap_req).unwrap();
    req.ticket = crate::messages::Ticket::from_der(&rc4_session.ticket).unwrap();
    assert!(matches!(
        accepted(&req.to_der().unwrap()),
        Err(Error::EtypeNotPermitted(_))
    ));
}

#[test]
fn keys_of_the_wrong_length_are_refused() {
    let subkey = with_authenticator(&credentials(), |a| a.subkey = Some(EncryptionKey::new(18, vec![0; 31])));
    assert!(matches!(accepted(&subkey), Err(Error::Crypto { .. })));
}

/// The acceptor's ticket-granting ticket, with [`key`] 3.
fn acceptors_tgt() -> Credentials {
    let tgs = crate::exchange::test_realm::tgs();
    Credentials {
        client: service(),
        ..TestRealm::new().credentials(&tgs, TicketFlags::INITIAL)
    }
}

/// A ticket for the service in the session key of that, as the KDC makes it.
fn user_to_user_ticket() -> Credentials {
    let mut realm = TestRealm::new();
    realm.service_key = key(3);
    Credentials {
        is_skey: true,
        ..realm.credentials(&service(), TicketFlags::empty())
    }
}

#[test]
fn user_to_user_tickets_are_taken_in_the_session_key_of_the_acceptors_tgt() {
    let policy = AcceptPolicy {
        user_to_user: vec![acceptors_tgt()],
        ..AcceptPolicy::default()
    };
    let (ap_req, _) = initiated(&user_to_user_ticket());
    let options = ApReq::from_der(&ap_req).unwrap().ap_options;
    assert!(options.contains(ApOptions::USE_SESSION_KEY | ApOptions::MUTUAL_REQUIRED));
    let acceptor = accepted_by(&policy, &ap_req).unwrap();
    assert_eq!((acceptor.client, acceptor.server), (client(), service()));

    let error = accepted(&ap_req).unwrap_err();
    assert!(matches!(error, Error::NoUserToUserTicket { .. }));
    assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_NO_TGT);
    let others = AcceptPolicy {
        user_to_user: vec![Credentials {
            client: client(),
            ..acceptors_tgt()
        }],
        ..AcceptPolicy::default()
    };
    let error = accepted_by(&others, &ap_req).unwrap_err();
    assert!(matches!(error, Error::NoUserToUserTicket { .. }));
}

#[test]
fn p6_a_ticket_in_a_session_key_is_none_in_a_long_term_key_nor_the_reverse() {
    let policy = AcceptPolicy {
        user_to_user: vec![acceptors_tgt()],
        ..AcceptPolicy::default()
    };
    // As if it were an ordinary one: the session key is not tried, and the initiator is told what would do.
    let plain = Credentials {
        is_skey: false,
        ..user_to_user_ticket()
    };
    let error = accepted_by(&policy, &initiated(&plain).0).unwrap_err();
    assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_USER_TO_USER_REQUIRED);
    // In the long-term key, and said to be user to user.
    let skey = Credentials {
        is_skey: true,
        ..credentials()
    };
    let error = accepted_by(&policy, &initiated(&skey).0).unwrap_err();
    assert!(matches!(error, Error::NoUserToUserTicket { .. }));
    // With a long-term key at hand, ordinary tickets are taken besides.
    accepted_by(&policy, &initiated(&credentials()).0).unwrap();
}

#[test]
fn a_ticket_bound_to_addresses_is_held_to_them_where_the_peers_is_known() {
    let address = |last: u8| HostAddress {
        addr_type: 2,
        address: [192, 0, 2, last][..].into(),
    };
    let bound = ticket(|t| t.caddr = Some(vec![address(1), address(2)]));
    let (ap_req, _) = initiated(&bound);
    let from = |peer| {
        accepted_by(
            &AcceptPolicy {
                peer_address: peer,
                ..AcceptPolicy::default()
            },
            &ap_req,
        )
    };
    from(None).unwrap();
    from(Some(address(2))).unwrap();
    let error = from(Some(address(3))).unwrap_err();
    assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_BADADDR);
    let unbound = ticket(|t| t.caddr = Some(vec![]));
    let (ap_req, _) = initiated(&unbound);
    let policy = AcceptPolicy {
        peer_address: Some(address(3)),
        ..AcceptPolicy::default()
    };
    accepted_by(&policy, &ap_req).unwrap();
}

#[test]
fn k9_an_unchecked_path_through_other_realms_must_be_the_known_one() {
    let through = |flags| {
        ticket(|t| {
            (t.transited.tr_type, t.transited.contents) = (1, b"EDU,MIT."[..].into());
            t.flags = flags;
        })
    };
    let request = |flags| initiated(&through(flags)).0;
    let known = |between: &[&str]| {
        let mut paths = CaPaths::default();
        let between = between.iter().map(|realm| Realm::from(*realm)).collect();
        paths.set(client().realm, "FAR.TEST".into(), between);
        paths
    };
    let unchecked = request(TicketFlags::empty());
    assert_eq!(
        accepted(&unchecked).unwrap_err().protocol_code(),
        ErrorCode::KRB_AP_ERR_ILL_CR_TKT
    );
    accepted(&request(TicketFlags::TRANSITED_POLICY_CHECKED)).unwrap();
    let lenient = AcceptPolicy {
        transited: TransitedPolicy::Ignore,
        ..AcceptPolicy::default()
    };
    accepted_by(&lenient, &unchecked).unwrap();
    // The ticket of another realm's service, by the path that is known here.
    let far = Principal::service("host", "far.test", "FAR.TEST".into());
    let times = Times {
        authtime: NOW.time,
        starttime: None,
        endtime: NOW.time.offset(36_000),
        renew_till: None,
    };
    let mut part = TestRealm::new().ticket_part(&client(), TicketFlags::empty(), times);
    (part.transited.tr_type, part.transited.contents) = (1, b"EDU,MIT."[..].into());
    let (ap_req, _) = initiated(&TestRealm::new().credentials_from(&far, &part));
    for (between, accepted) in [(&["EDU", "MIT.EDU"][..], true), (&["EDU"], false), (&[], false)] {
        let policy = AcceptPolicy {
            transited: TransitedPolicy::Check(known(between)),
            ..AcceptPolicy::default()
        };
        assert_eq!(accepted_by(&policy, &ap_req).is_ok(), accepted, "{between:?}");
    }
}

#[test]
fn k9_a_malformed_list_of_realms_is_refused() {
    let mut refused = Vec::new();
    for (tr_type, contents) in [
        (1, &b"EDU."[..]),
        (1, b"\\"),
        (2, b"EDU"),
        (0, b"EDU"),
        (1, &[b','; 9999]),
    ] {
        let ticket = ticket(|t| (t.transited.tr_type, t.transited.contents) = (tr_type, contents.into()));
        let error = accepted(&initiated(&ticket).0).unwrap_err();
        assert_eq!(error.protocol_code(), ErrorCode::KRB_AP_ERR_ILL_CR_TKT);
        refused.push(error.to_string());
    }
    assert!(
        refused[0].ends_with("which its KDC has not checked: its list of them is malformed"),
        "{refused:?}"
    );
    let empty = ticket(|t| t.transited.tr_type = 0);
    accepted(&initiated(&empty).0).unwrap();
}

#[test]
fn the_replay_tag_is_the_authenticators_integrity_tag() {
    let (ap_req, _) = initiated(&credentials());
    let cipher = ApReq::from_der(&ap_req).unwrap().authenticator.cipher;
    let tag = accepted(&ap_req).unwrap().replay_tag;
    assert_eq!(tag.len(), 12);
    assert!(cipher.ends_with(&tag));
    assert_ne!(accepted(&initiated(&credentials()).0).unwrap().replay_tag, tag);
}

#[test]
fn authorization_data_of_the_ticket_are_passed_on() {
    let entry = crate::messages::AuthDataEntry {
        ad_type: 128,
        ad_data: b"pac"[..].into(),
    };
    let with_data = ticket(|t| t.authorization_data = Some(AuthorizationData(vec![entry.clone()])));
    let accepted = accepted(&initiated(&with_data).0).unwrap();
    assert_eq!(*accepted.ticket_authdata, [entry]);
}

#[test]
fn no_truncation_is_accepted_and_no_flipped_bit_changes_who_it_is() {
    let (ap_req, initiator) = initiated(&credentials());
    for len in 0..ap_req.len() {
        assert!(accepted(&ap_req[..len]).is_err());
    }
    for bit in 0..ap_req.len() * 8 {
        let mut changed = ap_req.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let Ok(acceptor) = accepted(&changed) else { continue };
        // Options, names and versions in the clear are nobody's word.
        assert_eq!(acceptor.client, client(), "bit {bit}");
        assert_eq!(acceptor.session_key.expose(), initiator.session_key.expose());
    }
}

#[test]
fn i38_other_usages_and_messages_are_refused() {
    let (ap_req, initiator) = initiated(&credentials());
    let mut req = ApReq::from_der(&ap_req).unwrap();
    let session_key = &initiator.session_key;
    let plain = session_key
        .decrypt(KeyUsage::AP_REQ_AUTHENTICATOR, &req.authenticator.cipher)
        .unwrap();
    let authenticator = Authenticator::from_der(&plain).unwrap();
    req.authenticator = seal(session_key, &authenticator, KeyUsage::TGS_REQ_AUTHENTICATOR).unwrap();
    assert!(matches!(accepted(&req.to_der().unwrap()), Err(Error::Integrity { .. })));
    req.authenticator.etype = 17;
    assert!(matches!(accepted(&req.to_der().unwrap()), Err(Error::Integrity { .. })));
    req.authenticator.cipher = vec![0; 5].into();
    assert!(accepted(&req.to_der().unwrap()).is_err());
    assert!(matches!(accepted(b""), Err(Error::Malformed { .. })));
}
