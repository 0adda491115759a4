//! Clients and realms that the KDC calls otherwise than the request: RFC 6806 §6.

use super::reply::{Mutant, protected, refused_field};
use super::*;
use crate::messages::KdcOptions;

/// Whom the client takes itself for, if the KDC's ticket is for `ticket` and the reply says that it is for `told`.
fn canonicalised(ticket: &str, told: &str) -> Result<Principal, Error> {
    let mut options = as_options();
    options.kdc_options = KdcOptions::CANONICALIZE;
    let realm = TestRealm::new();
    let name = |text: &str| principal(&format!("{text}@EXAMPLE.ORG"));
    let (request, state) = start(options);
    let reply = protected(&realm, &request.message, |draft| {
        draft.ticket = realm.granting_ticket(&name(ticket));
        draft.cname = name(told).name;
    });
    let (request, state) = sent(state.reply(&reply, NOW));
    // The KDC holds the authenticator's name to the ticket's.
    let (authenticator, opened) = realm.open_tgs_req(&request.message);
    let reply = if authenticator.cname == opened.cname {
        realm.tgs_rep(&request.message, |_| ())
    } else {
        realm.error(ErrorCode::KRB_AP_ERR_BADMATCH)
    };
    state.reply(&reply, NOW).map(|step| done(Ok(step)).credentials.client)
}

#[test]
fn k1_another_name_of_the_client_is_proved_by_the_ticket_granting_service() {
    assert_eq!(canonicalised("bob", "bob").unwrap(), principal("bob@EXAMPLE.ORG"));
    for (ticket, told) in [("alibaba", "admin"), ("bob", "admin"), ("bob", "bob/admin")] {
        let error = canonicalised(ticket, told).unwrap_err();
        assert!(
            matches!(error, Error::KdcReplyModified(ReplyField::ClientName)),
            "{ticket} {told}: {error}"
        );
    }
}

#[test]
fn k1_only_the_ticket_granting_service_proves_a_name() {
    let asking = || {
        let mut options = as_options();
        options.kdc_options = KdcOptions::CANONICALIZE;
        let realm = TestRealm::new();
        let (request, state) = start(options);
        let reply = protected(&realm, &request.message, |draft| {
            draft.ticket = realm.granting_ticket(&principal("admin@EXAMPLE.ORG"));
            draft.cname = principal("admin@EXAMPLE.ORG").name;
        });
        let (request, state) = sent(state.reply(&reply, NOW));
        (realm, request, state)
    };
    // Somebody without the session key, and an old reply.
    let (realm, request, state) = asking();
    let forged = realm.tgs_rep(&request.message, |draft| draft.key = key(9));
    assert!(matches!(state.reply(&forged, NOW), Err(Error::Integrity { .. })));
    let (realm, request, state) = asking();
    let old = realm.tgs_rep(&request.message, |draft| draft.part.nonce.0 ^= 1);
    assert!(matches!(
        state.reply(&old, NOW),
        Err(Error::KdcReplyModified(ReplyField::Nonce))
    ));
    // A KDC that refuses for another reason has proved nothing either.
    let (realm, _, state) = asking();
    let refusal = state.reply(&realm.error(ErrorCode::KDC_ERR_POLICY), NOW);
    assert!(matches!(refusal, Err(Error::Kdc(_))));
    let (realm, _, state) = asking();
    let (first, _) = start(as_options());
    let as_rep = realm.as_rep(&first.message, |_| ());
    assert!(matches!(
        state.reply(&as_rep, NOW),
        Err(Error::UnexpectedMessage { .. })
    ));
}

#[test]
fn i39_a_realm_may_be_written_otherwise_but_the_ticket_is_of_its_own_service() {
    let with = |realm: &'static str, granting: &'static str| {
        let mut options = as_options();
        options.kdc_options = KdcOptions::CANONICALIZE;
        let (request, state) = start(options);
        let reply = protected(&TestRealm::new(), &request.message, |draft| {
            draft.crealm = realm.into();
            draft.part.srealm = realm.into();
            draft.part.sname = Principal::krbtgt(&realm.into(), &granting.into()).name;
            draft.ticket.realm = draft.part.srealm.clone();
            draft.ticket.sname = draft.part.sname.clone();
        });
        state.reply(&reply, NOW)
    };
    assert!(matches!(with("Example.Org", "Example.Org"), Ok(Step::Send { .. })));
    assert!(with("EXAMPLE.ORG", "OTHER.ORG").is_err());
}

#[test]
fn names_are_canonicalised_only_where_that_was_asked_for() {
    let canonical: Mutant = |d| d.cname = principal("Alibaba@EXAMPLE.ORG").name;
    assert_eq!(refused_field(as_options(), canonical), Some(ReplyField::ClientName));

    let asking = || {
        let mut options = as_options();
        options.kdc_options = KdcOptions::CANONICALIZE;
        options
    };
    assert_eq!(
        canonicalised("Alibaba", "Alibaba").unwrap(),
        principal("Alibaba@EXAMPLE.ORG")
    );
    // RFC 6806 §11: only if the KDC shows that it is the client who asks for other names.
    assert_eq!(refused_field(asking(), canonical), Some(ReplyField::ClientName));
    assert_eq!(
        refused_field(asking(), |d| {
            d.cname = principal("Alibaba@EXAMPLE.ORG").name;
            d.part.flags.insert(TicketFlags::ENC_PA_REP);
        }),
        Some(ReplyField::RequestChecksum)
    );

    // Never for a service's ticket, and never is a service's ticket taken for a TGT.
    let mut service = asking();
    service.server = Some(principal("kadmin/changepw@EXAMPLE.ORG"));
    assert_eq!(refused_field(service, canonical), Some(ReplyField::ClientName));
    let other_service: Mutant = |d| {
        d.part.sname = principal("kadmin/admin@EXAMPLE.ORG").name;
        d.ticket.sname = d.part.sname.clone();
    };
    assert_eq!(refused_field(asking(), other_service), Some(ReplyField::ServerName));
    // The checks that need no names still hold.
    assert_eq!(
        refused_field(asking(), |d| d.part.nonce.0 ^= 1),
        Some(ReplyField::Nonce)
    );
    assert_eq!(
        refused_field(asking(), |d| d.ticket.realm = "EVIL.ORG".into()),
        Some(ReplyField::TicketRealm)
    );
}
