use super::*;

const ROLES: [Role; 2] = [Role::Initiator, Role::Acceptor];
const EXCHANGES: [Exchange; 3] = [Exchange::Impossible, Exchange::Optional, Exchange::Required];
const ENDS: [End; 3] = [End::Ours, End::Theirs, End::TheirsAtOnce];
const OURS: [Ours; 2] = [Ours::Due, Ours::Sent];
const THEIRS: [Option<Proof>; 2] = [None, Some(Proof::ASSUMED)];

/// Every case there is.
fn cases() -> Vec<(Role, Exchange, End, Ours, Option<Proof>)> {
    let mut cases = Vec::new();
    for role in ROLES {
        for exchange in EXCHANGES {
            for end in ENDS {
                for ours in OURS {
                    cases.extend(THEIRS.map(|theirs| (role, exchange, end, ours, theirs)));
                }
            }
        }
    }
    assert_eq!(cases.len(), 72);
    cases
}

fn sends_mic(next: Next) -> bool {
    matches!(next, Next::Done(Reply::WithMic, _) | Next::Wait(Reply::WithMic))
}

#[test]
fn i4_nobody_is_done_without_the_peers_mic_where_it_is_required() {
    for (role, exchange, end, ours, theirs) in cases() {
        if let Next::Done(_, evidence) = next(role, exchange, end, ours, theirs) {
            assert!(exchange != Exchange::Required || theirs.is_some());
            assert_eq!(matches!(evidence, Evidence::Proof(_)), theirs.is_some());
        }
    }
}

#[test]
fn i4_every_mic_is_answered_once() {
    for (role, exchange, end, ours, theirs) in cases() {
        let next = next(role, exchange, end, ours, theirs);
        if ours == Ours::Sent {
            assert!(!sends_mic(next), "{role:?} {exchange:?} {end:?}");
        } else if theirs.is_some() {
            assert!(sends_mic(next), "{role:?} {exchange:?} {end:?}");
        }
    }
}

#[test]
fn i4_legacy_windows_sees_no_mic_unless_one_is_required_or_sent() {
    for (role, exchange, end, ours, theirs) in cases() {
        if exchange != Exchange::Required && theirs.is_none() {
            let next = next(role, exchange, end, ours, theirs);
            assert!(matches!(
                next,
                Next::Done(Reply::WithoutMic, _) | Next::Wait(Reply::WithoutMic)
            ));
        }
    }
}

#[test]
fn i4_an_initiator_with_the_last_token_waits_for_the_confirmation() {
    for (role, exchange, end, ours, theirs) in cases() {
        if (role, end) == (Role::Initiator, End::Ours) {
            assert!(matches!(next(role, exchange, end, ours, theirs), Next::Wait(_)));
        }
    }
}

/// The clauses of §5 one by one.
#[test]
fn i4_the_clauses_of_the_rfc() {
    use Exchange::{Optional, Required};
    use Ours::{Due, Sent};
    use Reply::{WithMic, WithoutMic};
    use Role::{Acceptor, Initiator};
    let mic = Some(Proof::ASSUMED);
    let proven = |reply| Next::Done(reply, Evidence::Proof(Proof::ASSUMED));
    let waived = Next::Done(WithoutMic, Evidence::Waiver(Waiver(())));
    for (clause, role, exchange, end, ours, theirs, expected) in [
        ("b optional", Acceptor, Optional, End::Ours, Due, None, waived),
        (
            "b required",
            Acceptor,
            Required,
            End::Ours,
            Due,
            None,
            Next::Wait(WithMic),
        ),
        ("b I", Initiator, Required, End::Theirs, Due, mic, proven(WithMic)),
        (
            "b I, acceptor",
            Acceptor,
            Required,
            End::Theirs,
            Sent,
            mic,
            proven(WithoutMic),
        ),
        ("b III", Initiator, Optional, End::Theirs, Due, None, waived),
        ("b IV", Initiator, Required, End::Theirs, Due, None, Next::Refuse),
        (
            "c required",
            Initiator,
            Required,
            End::Ours,
            Due,
            None,
            Next::Wait(WithMic),
        ),
        (
            "c optional",
            Initiator,
            Optional,
            End::Ours,
            Due,
            None,
            Next::Wait(WithoutMic),
        ),
        ("c I", Acceptor, Required, End::Theirs, Due, mic, proven(WithMic)),
        (
            "c I, initiator",
            Initiator,
            Required,
            End::Theirs,
            Sent,
            mic,
            proven(WithoutMic),
        ),
        ("c III", Acceptor, Optional, End::Theirs, Due, None, waived),
        (
            "c IV",
            Acceptor,
            Required,
            End::TheirsAtOnce,
            Due,
            None,
            Next::Wait(WithMic),
        ),
        (
            "c IV, later",
            Acceptor,
            Required,
            End::TheirsAtOnce,
            Sent,
            None,
            Next::Refuse,
        ),
        ("c V", Acceptor, Required, End::Theirs, Due, None, Next::Refuse),
    ] {
        assert_eq!(next(role, exchange, end, ours, theirs), expected, "{clause}");
    }
}
