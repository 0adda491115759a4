//! Q13: replicas that lag behind the primary KDC.

use super::*;

/// What a replica refuses the client with, after it was asked with a timestamp.
fn refused_by_replica(code: ErrorCode) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
    let realm = TestRealm::new();
    let (_, state) = start(as_options());
    let (_, state) = sent(state.reply_of_replica(&realm.preauth_required(Vec::new()), NOW));
    state.reply_of_replica(&realm.error(code), NOW)
}

#[test]
fn q13_the_primary_is_asked_anew_when_a_replica_refuses_the_password() {
    for code in [
        ErrorCode::KDC_ERR_PREAUTH_FAILED,
        ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN,
        ErrorCode::KDC_ERR_KEY_EXPIRED,
    ] {
        let realm = TestRealm::new();
        let (request, state) = sent(refused_by_replica(code));
        assert_eq!(request.route, Route::Primary, "{code:?}");
        assert_eq!(
            realm.timestamp(&request.message, &realm.client_key),
            None,
            "nothing is proved to it yet"
        );
        let (request, state) = sent(state.reply(&realm.preauth_required(Vec::new()), NOW));
        assert_eq!(request.route, Route::Primary, "{code:?}");
        done(state.reply(&realm.as_rep(&request.message, |_| ()), NOW));
    }
}

#[test]
fn q13_the_primary_is_asked_when_a_replicas_reply_cannot_be_decrypted() {
    let realm = TestRealm::new();
    let (request, state) = start(as_options());
    let old = realm.as_rep(&request.message, |draft| draft.key = key(7));
    let (request, state) = sent(state.reply_of_replica(&old, NOW));
    assert_eq!(request.route, Route::Primary);
    done(state.reply(&realm.as_rep(&request.message, |_| ()), NOW));
}

#[test]
fn q13_the_primary_is_asked_once_and_its_word_counts() {
    let (_, state) = sent(refused_by_replica(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN));
    let revoked = TestRealm::new().error(ErrorCode::KDC_ERR_CLIENT_REVOKED);
    match state.reply_of_replica(&revoked, NOW) {
        Err(Error::Kdc(reply)) => assert_eq!(reply.code, ErrorCode::KDC_ERR_CLIENT_REVOKED),
        other => panic!("{other:?}"),
    }
    let (_, state) = sent(refused_by_replica(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN));
    let unknown = TestRealm::new().error(ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN);
    assert!(matches!(state.reply_of_replica(&unknown, NOW), Err(Error::Kdc(_))));
}

#[test]
fn q13_a_primary_that_cannot_be_asked_leaves_the_replicas_word() {
    let (_, state) = sent(refused_by_replica(ErrorCode::KDC_ERR_PREAUTH_FAILED));
    assert!(matches!(state.refusal(), Some(Error::WrongPassword { .. })));
    assert!(start(as_options()).1.refusal().is_none());
}

#[test]
fn q13_other_refusals_and_those_of_the_primary_are_final() {
    for code in [
        ErrorCode::KDC_ERR_CLIENT_REVOKED,
        ErrorCode::KDC_ERR_POLICY,
        ErrorCode::KDC_ERR_ETYPE_NOSUPP,
    ] {
        assert!(matches!(refused_by_replica(code), Err(Error::Kdc(reply)) if reply.code == code));
    }
    let realm = TestRealm::new();
    let (_, state) = start(as_options());
    let (_, state) = sent(state.reply(&realm.preauth_required(Vec::new()), NOW));
    let refused = state.reply(&realm.error(ErrorCode::KDC_ERR_PREAUTH_FAILED), NOW);
    assert!(matches!(refused, Err(Error::WrongPassword { .. })));
}
