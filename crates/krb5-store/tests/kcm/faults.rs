//! What a daemon should not do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use krb5_store::ccache::kcm::{KcmCache, KcmClient, KcmCollection, Opcode};
use krb5_store::ccache::{CacheCollection, CredentialCache, Resolver};
use krb5_store::{Error, KcmFault};

use crate::fixture::{contents, credentials};
use crate::scripted::{Scripted, Step};

fn client(daemon: &Scripted) -> Arc<KcmClient> {
    Arc::new(KcmClient::new(daemon.socket()).with_deadline(Duration::from_secs(20)))
}

fn primary(client: &Arc<KcmClient>) -> Result<String, Error> {
    let cache = KcmCollection::new(Arc::clone(client)).primary()?;
    Ok(cache.name())
}

fn named(name: &str) -> Step {
    Step::Reply([name.as_bytes(), b"\0"].concat())
}

fn fault(result: Result<String, Error>) -> KcmFault {
    match result.unwrap_err() {
        Error::Kcm { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

const UNSUPPORTED: [i32; 3] = [-1_765_328_188, -1_765_328_137, -1_765_328_191];

#[test]
fn q27_a_connection_that_was_closed_while_idle_is_made_again_once() {
    for closing in [Step::CloseFirst, Step::CloseAfter] {
        let daemon = Scripted::start([named("0:1"), closing.clone(), named("0:2")]);
        let client = client(&daemon);
        assert_eq!(primary(&client).unwrap(), "KCM:0:1");
        assert_eq!(primary(&client).unwrap(), "KCM:0:2", "{closing:?}");
    }
}

#[test]
fn q27_a_new_connection_that_breaks_is_an_error() {
    let daemon = Scripted::start([
        Step::CloseAfter,
        named("0:1"),
        Step::CloseAfter,
        Step::CloseAfter,
        named("0:2"),
    ]);
    let client = client(&daemon);
    assert!(matches!(fault(primary(&client)), KcmFault::Io(_)));
    assert_eq!(primary(&client).unwrap(), "KCM:0:1", "the next operation connects anew");
    assert!(
        matches!(fault(primary(&client)), KcmFault::Io(_)),
        "twice is once too often"
    );
    assert_eq!(primary(&client).unwrap(), "KCM:0:2");
}

#[test]
fn q27_garbage_is_an_error_and_does_not_reach_the_next_answer() {
    let garbage: [(&[u8], &str); 7] = [
        (b"\0\0\0\x08\0\0\0\0\0\0\0\0name", "belongs to no name"),
        (b"\0\0\0\x09\0\0\0\0\0\0\0\0na\0me", "belongs to no name"),
        (b"\0\0\0\x04\0\0\0\0\0\0\0\0", "announces more than there is"),
        (b"\0\0\0\x02\0\0\0\0\0\0", "announces more than there is"),
        (b"\0\0\0\x20\0\0\0\0\0\0\0\0short", "the connection broke"),
        (b"HTTP/1.1 400 Bad Request", "octets, and 10485760 are read at most"),
        (b"\0\0", "the connection broke"),
    ];
    for (octets, told) in garbage {
        let daemon = Scripted::start([Step::Raw(octets.to_vec()), named("0:1")]);
        let client = client(&daemon);
        let error = primary(&client).unwrap_err().to_string();
        assert!(error.contains(told) && error.contains("/socket"), "{error}");
        assert_eq!(primary(&client).unwrap(), "KCM:0:1", "{told}");
    }
}

#[test]
fn q27_a_daemon_that_says_nothing_is_waited_for_no_longer_than_the_deadline() {
    let daemon = Scripted::start([Step::Silence, Step::Silence]);
    let patience = Duration::from_millis(200);
    let client = Arc::new(KcmClient::new(daemon.socket()).with_deadline(patience));
    for _ in 0..2 {
        let started = Instant::now();
        let error = fault(primary(&client));
        assert!(
            matches!(error, KcmFault::Deadline(waited) if waited == patience),
            "{error}"
        );
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn q27_no_daemon_is_an_error_that_says_what_to_look_at() {
    let directory = tempfile::tempdir().unwrap();
    let resolver = Resolver::new().with_kcm_socket(directory.path().join("nobody"));
    let error = resolver.cache("KCM:").unwrap_err().to_string();
    assert!(
        error.contains("/nobody") && error.contains("kcm_socket in krb5.conf"),
        "{error}"
    );
    let none = Resolver::new().with_kcm_socket("-").cache("KCM:").unwrap_err();
    assert!(
        matches!(
            none,
            Error::Kcm {
                fault: KcmFault::Disabled,
                ..
            }
        ),
        "{none}"
    );
}

#[test]
fn i66_daemons_without_the_extensions_are_asked_entry_by_entry() {
    for code in UNSUPPORTED {
        let owner = b"\0\0\0\x01\0\0\0\x01\0\0\0\x01R\0\0\0\x05alice".to_vec();
        let daemon = Scripted::start([
            Step::Reply(owner),
            Step::Refuse(-1_765_328_188),
            Step::Refuse(code),
            Step::Reply(vec![1; 32]),
            Step::Refuse(-1_765_328_242),
            Step::Refuse(-1_765_328_242),
        ]);
        let cache = KcmCache::new(client(&daemon), "1000");
        let read = cache.read().unwrap();
        assert!(read.credentials.is_empty(), "entries that were removed meanwhile");
        assert_eq!(read.clock_offset, None);
        let asked = [
            Opcode::GetPrincipal,
            Opcode::GetKdcOffset,
            Opcode::GetCredList,
            Opcode::GetCredUuidList,
            Opcode::GetCredByUuid,
            Opcode::GetCredByUuid,
        ];
        assert_eq!(daemon.opcodes(), asked.map(Opcode::number));
    }
}

#[test]
fn i66_a_cache_is_replaced_by_the_best_means_that_the_daemon_has() {
    use Opcode::{Destroy, GenNew, Initialize, MoveCache, Replace, SetKdcOffset, Store};
    let done = || Step::Reply(Vec::new());
    let no = || Step::Refuse(UNSUPPORTED[1]);
    let cases: [(Vec<Step>, &[Opcode]); 3] = [
        (vec![done()], &[Replace]),
        (
            vec![no(), named("0:9"), done(), done(), done(), done()],
            &[Replace, GenNew, Initialize, SetKdcOffset, Store, MoveCache],
        ),
        (
            // As one does that keeps no clock offsets either.
            vec![
                no(),
                named("0:9"),
                done(),
                no(),
                done(),
                no(),
                done(),
                done(),
                no(),
                done(),
            ],
            &[
                Replace,
                GenNew,
                Initialize,
                SetKdcOffset,
                Store,
                MoveCache,
                Destroy,
                Initialize,
                SetKdcOffset,
                Store,
            ],
        ),
    ];
    for (steps, asked) in cases {
        let daemon = Scripted::start(steps);
        let cache = KcmCache::new(client(&daemon), "1000");
        cache.replace(&contents("alice@R", &["krbtgt/R@R"])).unwrap();
        let asked: Vec<u16> = asked.iter().map(|opcode| opcode.number()).collect();
        assert_eq!(daemon.opcodes(), asked);
    }
}

#[test]
fn l22_a_replacement_that_fails_half_way_leaves_the_old_cache_and_no_other() {
    let done = || Step::Reply(Vec::new());
    let steps = [
        Step::Refuse(UNSUPPORTED[0]),
        named("0:9"),
        done(),
        done(),
        Step::Refuse(28),
        done(),
    ];
    let daemon = Scripted::start(steps);
    let cache = KcmCache::new(client(&daemon), "1000");
    let error = cache.replace(&contents("alice@R", &["krbtgt/R@R"])).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Kcm {
                fault: KcmFault::Refused {
                    opcode: Opcode::Store,
                    code: 28
                },
                ..
            }
        ),
        "{error}"
    );
    let asked = [
        Opcode::Replace,
        Opcode::GenNew,
        Opcode::Initialize,
        Opcode::SetKdcOffset,
        Opcode::Store,
        Opcode::Destroy,
    ];
    assert_eq!(
        daemon.opcodes(),
        asked.map(Opcode::number),
        "the half of a cache is destroyed"
    );
}

#[test]
fn a_refusal_says_what_was_refused_and_keeps_the_connection() {
    let daemon = Scripted::start([Step::Refuse(13), named("0:1")]);
    let client = client(&daemon);
    let error = KcmCache::new(Arc::clone(&client), "1000").store(&credentials("host/a@R", 0));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("it refused Store with the code 13")
    );
    assert_eq!(primary(&client).unwrap(), "KCM:0:1");
}
