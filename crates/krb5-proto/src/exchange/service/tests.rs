//! Searches, against KDCs that say what they are told to.

use krb5_crypto::primitives::rustcrypto::PROVIDER;

use super::*;
use crate::error::ErrorCode;
use crate::exchange::test_realm::{Draft, ETYPE, NOW, TestRealm, client, tgs};
use crate::messages::{KdcOptions, TgsReq, TicketFlags};
use crate::{NameType, error::ReplyField};

/// What a KDC is asked: by which realm's KDC, for what, and whether canonical names are wanted.
#[derive(Debug)]
struct Asked {
    realm: String,
    server: String,
    canonicalize: bool,
}

/// What it answers.
enum Answer {
    /// The ticket that was asked for.
    Grant,
    /// A ticket for this realm's ticket-granting service.
    Refer(&'static str),
    /// A ticket for the service by this name.
    Name(&'static str),
    Refuse(ErrorCode),
    /// What was asked for, after a change.
    Mutant(fn(&mut Draft)),
}

use Answer::{Grant, Mutant, Name, Refer, Refuse};

const UNKNOWN: Answer = Refuse(ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN);

/// The client's ticket-granting ticket, of EXAMPLE.ORG.
fn tgt() -> Credentials {
    TestRealm::new().credentials(&tgs(), TicketFlags::INITIAL | TicketFlags::FORWARDABLE)
}

fn cross(at: &str, to: &str, flags: TicketFlags) -> Credentials {
    TestRealm::new().credentials(&Principal::krbtgt(&at.into(), &to.into()), flags)
}

fn name() -> PrincipalName {
    PrincipalName::new(NameType::SRV_HST, ["host", "cave"])
}

fn to(realm: ServiceRealm) -> ServiceOptions {
    let mut options = ServiceOptions::new(tgt(), name(), realm);
    options.etypes = vec![ETYPE];
    options
}

fn known(realm: &str) -> ServiceOptions {
    to(ServiceRealm::Known(realm.into()))
}

fn unknown(guesses: &[&str]) -> ServiceOptions {
    let guesses = guesses.iter().map(|realm| Realm::from(*realm)).collect();
    to(ServiceRealm::Unknown { guesses })
}

/// Runs a search, and tells what the KDCs were asked.
fn search(
    options: ServiceOptions,
    mut answer: impl FnMut(&Asked) -> Answer,
) -> (Result<ServiceOutcome, Error>, Vec<String>) {
    let mut trail = Vec::new();
    let (mut request, mut state) = match ServiceExchange::start(&PROVIDER, options, NOW) {
        Ok(started) => started,
        Err(error) => return (Err(error), trail),
    };
    loop {
        let body = TgsReq::from_der(&request.message).unwrap().req_body;
        let asked = Asked {
            realm: request.realm.to_string(),
            server: body.sname.clone().unwrap().to_string(),
            canonicalize: body.kdc_options.contains(KdcOptions::CANONICALIZE),
        };
        assert_eq!(body.realm, request.realm, "the KDC of the server's realm is asked");
        let sign = if asked.canonicalize { "?" } else { "" };
        trail.push(format!("{}:{}{sign}", asked.realm, asked.server));
        assert!(trail.len() < 1000, "it does not end");
        let reply = reply_to(&request, answer(&asked));
        match state.reply(&reply, NOW) {
            Ok(Step::Send { request: again, next }) => (request, state) = (again, next),
            Ok(Step::Done(outcome)) => return (Ok(outcome), trail),
            Err(error) => return (Err(error), trail),
        }
    }
}

fn reply_to(request: &KdcRequest, answer: Answer) -> Vec<u8> {
    let kdc = TestRealm::new();
    let rename = |draft: &mut Draft, name: PrincipalName| {
        draft.ticket = crate::messages::Ticket::from_der(
            &kdc.credentials(
                &Principal::new(draft.ticket.realm.clone(), name.clone()),
                draft.part.flags,
            )
            .ticket,
        )
        .unwrap();
        draft.part.sname = name;
    };
    match answer {
        Grant => kdc.tgs_rep(&request.message, |_| ()),
        Refer(realm) => kdc.tgs_rep(&request.message, |draft| {
            rename(draft, Principal::krbtgt(&draft.part.srealm, &realm.into()).name);
        }),
        Name(host) => kdc.tgs_rep(&request.message, |draft| {
            rename(draft, PrincipalName::new(NameType::SRV_HST, ["host", host]));
        }),
        Refuse(code) => kdc.error(code),
        Mutant(change) => kdc.tgs_rep(&request.message, change),
    }
}

fn server(outcome: Result<ServiceOutcome, Error>) -> String {
    outcome.unwrap().credentials.server.to_string()
}

#[test]
fn a_service_of_the_clients_realm_takes_one_request() {
    let (outcome, trail) = search(known("EXAMPLE.ORG"), |_| Grant);
    assert_eq!(server(outcome), "host/cave@EXAMPLE.ORG");
    assert_eq!(trail, ["EXAMPLE.ORG:host/cave?"]);
}

#[test]
fn i40_referrals_are_followed_from_realm_to_realm() {
    let (outcome, trail) = search(unknown(&[]), |asked| match asked.realm.as_str() {
        "EXAMPLE.ORG" => Refer("B.ORG"),
        "B.ORG" => Refer("C.ORG"),
        _ => Grant,
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.credentials.server.to_string(), "host/cave@C.ORG");
    assert!(
        outcome.granting.is_empty(),
        "as MIT: what a referral brings is not kept"
    );
    assert_eq!(
        trail,
        ["EXAMPLE.ORG:host/cave?", "B.ORG:host/cave?", "C.ORG:host/cave?"]
    );
}

#[test]
fn k8_q20_referrals_that_go_round_end() {
    type Script = fn(&Asked) -> Answer;
    let loops: [(Script, usize); 3] = [
        (|_| Refer("EXAMPLE.ORG"), 1),
        (
            |asked| {
                if asked.realm == "B.ORG" {
                    Refer("EXAMPLE.ORG")
                } else {
                    Refer("B.ORG")
                }
            },
            2,
        ),
        (|_| Refer("B.ORG"), 2),
    ];
    for (script, requests) in loops {
        let (outcome, trail) = search(known("EXAMPLE.ORG"), script);
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::ReferralLoop { .. }), "{error}");
        assert_eq!(error.com_err(), crate::ComErr::KDC_UNREACH);
        assert_eq!(trail.len(), requests);
    }
}

#[test]
fn k8_q20_a_long_chain_of_referrals_ends_after_ten() {
    const REALMS: [&str; 20] = [
        "R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "R16",
        "R17", "R18", "R19",
    ];
    let mut next = REALMS.iter();
    let (outcome, trail) = search(known("EXAMPLE.ORG"), |_| Refer(next.next().unwrap()));
    assert!(matches!(outcome, Err(Error::TooManyRealms { .. })));
    assert_eq!(trail.len(), 11);
    let mut next = REALMS.iter().take(10);
    let (outcome, _) = search(known("EXAMPLE.ORG"), |_| {
        next.next().map_or(Grant, |realm| Refer(realm))
    });
    assert_eq!(server(outcome), "host/cave@R9");
}

#[test]
fn i40_without_canonical_names_the_known_realm_is_asked_again() {
    for refusal in [
        ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN,
        ErrorCode::KDC_ERR_WRONG_REALM,
        ErrorCode::KDC_ERR_BADOPTION,
    ] {
        let (outcome, trail) = search(known("EXAMPLE.ORG"), |asked| match asked.canonicalize {
            true => Refuse(refusal),
            false => Grant,
        });
        assert_eq!(server(outcome), "host/cave@EXAMPLE.ORG");
        assert_eq!(trail, ["EXAMPLE.ORG:host/cave?", "EXAMPLE.ORG:host/cave"]);
    }
    let (outcome, trail) = search(known("EXAMPLE.ORG"), |_| UNKNOWN);
    assert!(matches!(outcome, Err(Error::Kdc(_))));
    assert_eq!(trail.len(), 2);
}

#[test]
fn i40_realms_are_guessed_where_no_kdc_refers_to_one() {
    let (outcome, trail) = search(unknown(&["EXAMPLE.ORG", "B.ORG", "C.ORG"]), |asked| match asked {
        Asked { realm, .. } if realm == "B.ORG" => Grant,
        Asked { server, .. } if server == "krbtgt/B.ORG" => Grant,
        _ => UNKNOWN,
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.credentials.server.to_string(), "host/cave@B.ORG");
    assert_eq!(outcome.granting[0].server.to_string(), "krbtgt/B.ORG@EXAMPLE.ORG");
    assert_eq!(
        trail,
        [
            "EXAMPLE.ORG:host/cave?",
            "EXAMPLE.ORG:host/cave",
            "EXAMPLE.ORG:krbtgt/B.ORG",
            "B.ORG:host/cave"
        ]
    );
}

#[test]
fn where_no_guess_is_right_the_refusal_of_the_service_is_told() {
    let (outcome, trail) = search(unknown(&["B.ORG", "C.ORG"]), |asked| match asked.server.as_str() {
        "host/cave" => Refuse(ErrorCode::KDC_ERR_POLICY),
        _ => UNKNOWN,
    });
    match outcome {
        Err(Error::Kdc(reply)) => assert_eq!(reply.code, ErrorCode::KDC_ERR_POLICY),
        other => panic!("{other:?}"),
    }
    // Both realms by the one that is above both, too.
    assert_eq!(trail.len(), 5, "{trail:?}");
    let (outcome, trail) = search(unknown(&[]), |_| UNKNOWN);
    assert!(matches!(outcome, Err(Error::Kdc(_))));
    assert_eq!(trail.len(), 1);
}

fn by_way_of(between: &[&str]) -> ServiceOptions {
    let mut options = known("B.ORG");
    let between = between.iter().map(|realm| Realm::from(*realm)).collect();
    options.paths.set("EXAMPLE.ORG".into(), "B.ORG".into(), between);
    options
}

#[test]
fn a_configured_way_is_walked_the_farthest_realm_first() {
    let neighbours = |asked: &Asked| match (asked.realm.as_str(), asked.server.as_str()) {
        ("EXAMPLE.ORG", "krbtgt/C.ORG") | ("C.ORG", "krbtgt/D.ORG") | ("D.ORG", "krbtgt/B.ORG") => Grant,
        ("B.ORG", _) => Grant,
        _ => UNKNOWN,
    };
    let (outcome, trail) = search(by_way_of(&["C.ORG", "D.ORG"]), neighbours);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.credentials.server.to_string(), "host/cave@B.ORG");
    let kept: Vec<String> = outcome.granting.iter().map(|tgt| tgt.server.to_string()).collect();
    assert_eq!(
        kept,
        ["krbtgt/C.ORG@EXAMPLE.ORG", "krbtgt/D.ORG@C.ORG", "krbtgt/B.ORG@D.ORG"]
    );
    assert_eq!(
        trail,
        [
            "EXAMPLE.ORG:krbtgt/B.ORG",
            "EXAMPLE.ORG:krbtgt/D.ORG",
            "EXAMPLE.ORG:krbtgt/C.ORG",
            "C.ORG:krbtgt/B.ORG",
            "C.ORG:krbtgt/D.ORG",
            "D.ORG:krbtgt/B.ORG",
            "B.ORG:host/cave?"
        ]
    );
}

#[test]
fn tickets_at_hand_shorten_the_way() {
    let mut options = by_way_of(&["C.ORG"]);
    options
        .tickets
        .push(cross("EXAMPLE.ORG", "C.ORG", TicketFlags::empty()));
    let (_, trail) = search(options.clone(), |_| Grant);
    assert_eq!(trail, ["C.ORG:krbtgt/B.ORG", "B.ORG:host/cave?"]);
    options.tickets.push(cross("C.ORG", "B.ORG", TicketFlags::empty()));
    let (_, trail) = search(options.clone(), |_| Grant);
    assert_eq!(trail, ["B.ORG:host/cave?"]);
    // Not those of others, nor what is not valid.
    for spoil in [
        |ticket: &mut Credentials| ticket.endtime = NOW.time,
        |ticket: &mut Credentials| ticket.flags.insert(TicketFlags::INVALID),
        |ticket: &mut Credentials| ticket.is_skey = true,
        |ticket: &mut Credentials| ticket.client.realm = "OTHER.ORG".into(),
    ] {
        let mut options = options.clone();
        options.tickets.iter_mut().skip(1).for_each(spoil);
        let (_, trail) = search(options, |_| Grant);
        assert_eq!(trail[0], "EXAMPLE.ORG:krbtgt/B.ORG");
    }
}

#[test]
fn a_nearer_ticket_granting_service_is_taken_if_it_is_ahead() {
    let (outcome, trail) = search(by_way_of(&["C.ORG", "D.ORG"]), |asked| {
        match (asked.realm.as_str(), asked.server.as_str()) {
            ("EXAMPLE.ORG", _) => Refer("D.ORG"),
            _ => Grant,
        }
    });
    assert_eq!(server(outcome), "host/cave@B.ORG");
    assert_eq!(
        trail,
        ["EXAMPLE.ORG:krbtgt/B.ORG", "D.ORG:krbtgt/B.ORG", "B.ORG:host/cave?"]
    );
    // Off the path that is known here.
    let (outcome, trail) = search(by_way_of(&["C.ORG"]), |asked| match asked.realm.as_str() {
        "EXAMPLE.ORG" => Refer("X.ORG"),
        _ => Grant,
    });
    assert_eq!(server(outcome), "host/cave@B.ORG");
    assert_eq!(trail[1], "X.ORG:krbtgt/B.ORG");
}

#[test]
fn k8_a_way_that_leads_back_ends() {
    let back = |asked: &Asked| match asked.realm.as_str() {
        "EXAMPLE.ORG" => Refer("C.ORG"),
        _ => Refer("EXAMPLE.ORG"),
    };
    let (outcome, trail) = search(by_way_of(&["C.ORG"]), back);
    assert!(matches!(outcome, Err(Error::ReferralLoop { .. })));
    assert_eq!(trail.len(), 2);
    let round = |asked: &Asked| match asked.realm.as_str() {
        "X.ORG" => Refer("Y.ORG"),
        _ => Refer("X.ORG"),
    };
    let (outcome, _) = search(by_way_of(&["C.ORG"]), round);
    assert!(matches!(outcome, Err(Error::ReferralLoop { .. })));
}

#[test]
fn no_search_takes_more_requests_than_it_may() {
    let mut options = unknown(&["B.ORG"; 100]);
    let between = (0..30).map(|n| Realm::from(format!("R{n}"))).collect();
    options.paths.set("EXAMPLE.ORG".into(), "B.ORG".into(), between);
    let (outcome, trail) = search(options, |_| UNKNOWN);
    assert!(matches!(outcome, Err(Error::TooManyRealms { .. })));
    assert_eq!(trail.len(), MAX_REQUESTS);
}

#[test]
fn c13_what_another_realm_trusts_with_delegation_counts_as_far_as_ours_trusts_it() {
    let delegable = |draft: &mut Draft| draft.part.flags.insert(TicketFlags::OK_AS_DELEGATE);
    let trusted = |options: ServiceOptions| {
        let (outcome, _) = search(options, |_| Mutant(delegable));
        outcome.unwrap().credentials.flags.contains(TicketFlags::OK_AS_DELEGATE)
    };
    assert!(trusted(known("EXAMPLE.ORG")), "its own KDC's word");
    let with = |flags| {
        let mut options = known("B.ORG");
        options.tickets.push(cross("EXAMPLE.ORG", "B.ORG", flags));
        options
    };
    assert!(!trusted(with(TicketFlags::empty())));
    assert!(trusted(with(TicketFlags::OK_AS_DELEGATE)));
    // Through an untrusted realm, the next one's word is nothing.
    let mut options = by_way_of(&["C.ORG"]);
    options
        .tickets
        .push(cross("EXAMPLE.ORG", "C.ORG", TicketFlags::empty()));
    assert!(!trusted(options));
}

#[test]
fn k1_k2_each_mutant_of_a_referral_or_a_canonical_name_is_refused() {
    let field = |change: fn(&mut Draft)| match search(known("EXAMPLE.ORG"), |_| Mutant(change)).0 {
        Err(Error::KdcReplyModified(field)) => field,
        other => panic!("{other:?}"),
    };
    fn refer(draft: &mut Draft, at: &str) {
        let tgs = Principal::krbtgt(&at.into(), &"B.ORG".into());
        draft.part.sname = tgs.name.clone();
        draft.part.srealm = tgs.realm.clone();
        draft.ticket.sname = tgs.name;
        draft.ticket.realm = tgs.realm;
    }
    // The ticket in the clear says one thing, the encrypted part another.
    assert_eq!(
        field(|draft| draft.ticket.sname = Principal::krbtgt(&"B.ORG".into(), &"B.ORG".into()).name),
        ReplyField::TicketName
    );
    assert_eq!(
        field(|draft| {
            refer(draft, "EXAMPLE.ORG");
            draft.ticket.realm = "B.ORG".into();
        }),
        ReplyField::TicketRealm
    );
    assert_eq!(field(|draft| refer(draft, "EVIL.ORG")), ReplyField::ServerRealm);
    assert_eq!(
        field(|draft| {
            refer(draft, "EXAMPLE.ORG");
            draft.cname = PrincipalName::new(NameType::PRINCIPAL, ["admin"]);
        }),
        ReplyField::ClientName
    );
    assert_eq!(
        field(|draft| {
            refer(draft, "EXAMPLE.ORG");
            draft.part.nonce.0 ^= 1;
        }),
        ReplyField::Nonce
    );
    assert_eq!(
        field(|draft| {
            refer(draft, "EXAMPLE.ORG");
            draft.part.flags.insert(TicketFlags::INVALID);
        }),
        ReplyField::Flags
    );
}

#[test]
fn a_canonical_name_is_taken_where_it_was_asked_for() {
    let (outcome, _) = search(known("EXAMPLE.ORG"), |_| Name("grotto"));
    assert_eq!(server(outcome), "host/grotto@EXAMPLE.ORG");
    let (outcome, _) = search(known("EXAMPLE.ORG"), |asked| match asked.canonicalize {
        true => UNKNOWN,
        false => Name("grotto"),
    });
    assert!(matches!(outcome, Err(Error::KdcReplyModified(ReplyField::ServerName))));
}

#[test]
fn i39_the_case_of_the_servers_realm_does_not_matter() {
    let capitals = |draft: &mut Draft| {
        draft.part.srealm = "Example.Org".into();
        draft.ticket.realm = "Example.Org".into();
    };
    let (outcome, _) = search(known("EXAMPLE.ORG"), |_| Mutant(capitals));
    assert_eq!(server(outcome), "host/cave@Example.Org");
}

#[test]
fn a_ticket_granting_service_is_meant_as_it_is_named() {
    let mut options = known("EXAMPLE.ORG");
    options.service = Principal::krbtgt(&"EXAMPLE.ORG".into(), &"B.ORG".into()).name;
    let (outcome, trail) = search(options.clone(), |_| Grant);
    assert_eq!(server(outcome), "krbtgt/B.ORG@EXAMPLE.ORG");
    assert_eq!(trail, ["EXAMPLE.ORG:krbtgt/B.ORG"]);
    let (outcome, _) = search(options, |_| Refer("C.ORG"));
    assert!(matches!(outcome, Err(Error::Referral { .. })));
}

#[test]
fn user_to_user_asks_for_the_other_user_by_name_with_the_others_ticket() {
    let mut options = known("EXAMPLE.ORG");
    let theirs = tgt().ticket;
    options.user_to_user = Some(theirs.clone());
    let (request, _) = ServiceExchange::start(&PROVIDER, options.clone(), NOW).unwrap();
    let body = TgsReq::from_der(&request.message).unwrap().req_body;
    assert!(body.kdc_options.contains(KdcOptions::ENC_TKT_IN_SKEY));
    assert_eq!(body.additional_tickets.unwrap().len(), 1);
    let (outcome, trail) = search(options.clone(), |_| Grant);
    let ticket = outcome.unwrap().credentials;
    assert!(ticket.is_skey);
    assert_eq!(ticket.second_ticket, theirs);
    assert_eq!(trail, ["EXAMPLE.ORG:host/cave"]);
    options.user_to_user = Some(b"no ticket".to_vec());
    assert!(matches!(search(options, |_| Grant).0, Err(Error::Malformed { .. })));
}

#[test]
fn without_a_ticket_to_begin_with_there_is_no_way() {
    let mut options = known("B.ORG");
    options.tickets.clear();
    let error = search(options, |_| Grant).0.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "there is no ticket-granting ticket of {} in the realm EXAMPLE.ORG",
            client()
        )
    );
    let mut options = known("B.ORG");
    options.tickets[0].endtime = NOW.time;
    assert!(matches!(search(options, |_| Grant).0, Err(Error::TicketExpired { .. })));
}

#[test]
fn a_cache_says_where_the_way_begins() {
    let mut options = known("B.ORG");
    options.tickets = vec![cross("START.ORG", "START.ORG", TicketFlags::empty())];
    options.start = "START.ORG".into();
    let (outcome, trail) = search(options, |_| Grant);
    assert_eq!(server(outcome), "host/cave@B.ORG");
    assert_eq!(trail[0], "START.ORG:krbtgt/B.ORG");
}
