use super::*;
use crate::ErrorKind;

fn ask(host: &str) -> Flowing<usize> {
    let request = IoRequest::Resolve {
        host: host.to_owned(),
        query: Query::Canonical,
    };
    Flow::io(request, |reply| match reply {
        IoReply::Names(names) => Ok(Flow::Done(names.len())),
        _ => Err(ErrorKind::Failure.into()),
    })
}

/// A resolver that knows as many names as the host has letters.
fn resolver(request: IoRequest) -> IoReply {
    match request {
        IoRequest::Resolve { host, .. } => IoReply::Names(vec![String::new(); host.len()]),
        IoRequest::Blocking(call) => IoReply::Value(call()),
        IoRequest::Kdc { .. } => IoReply::NoServer(Arc::new(fmt::Error)),
    }
}

#[test]
fn a_flow_goes_on_with_the_answers() {
    let flowing = ask("a")
        .unwrap()
        .then(|one| Ok(ask("abc")?.map(move |three| one * 10 + three)));
    assert_eq!(flowing.unwrap().drive(&mut resolver).unwrap(), 13);
}

#[test]
fn a_flow_ends_at_the_first_error() {
    let flowing = ask("a")
        .unwrap()
        .then(|_| -> Flowing<()> { Err(ErrorKind::NoCred.into()) });
    assert_eq!(
        flowing.unwrap().drive(&mut resolver).unwrap_err().error,
        ErrorKind::NoCred
    );
    let mut wrong = |_| IoReply::Value(Box::new(()));
    assert_eq!(
        ask("a").unwrap().drive(&mut wrong).unwrap_err().error,
        ErrorKind::Failure
    );
}

#[test]
fn settling_sees_errors_before_and_after_a_request() {
    let code =
        |outcome: Result<usize, StepError>| Ok(Flow::Done(outcome.map_or_else(|e| e.error.kind().number(), |_| 0)));
    let early = settle(Err(ErrorKind::BadName.into()), code);
    assert_eq!(early.unwrap().done(), Some(2));
    let late = settle(ask("a").unwrap().then(|_| Err(ErrorKind::NoCred.into())), code);
    assert_eq!(late.unwrap().drive(&mut resolver).unwrap(), 7);
    assert_eq!(settle(ask("a"), code).unwrap().drive(&mut resolver).unwrap(), 0);
}

#[test]
fn a_blocking_call_runs_in_the_driver_and_gives_its_value_back() {
    let flowing = Flow::blocking(|| 6 * 7, |answer| Ok(Flow::Done(answer?)));
    assert_eq!(flowing.unwrap().drive(&mut resolver).unwrap(), 42);
}

#[test]
fn an_answer_of_another_type_is_an_error() {
    for reply in [IoReply::Value(Box::new("text")), IoReply::Names(vec![])] {
        let flowing = Flow::blocking(|| 6u64 * 7, |answer| Ok(Flow::Done(answer?)));
        let mut reply = Some(reply);
        let error = flowing.unwrap().drive(&mut |_| reply.take().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "the answer to an I/O request does not belong to it");
    }
}

#[test]
fn no_token_is_printed() {
    let message = b"pq7z".to_vec();
    let request = IoRequest::Kdc {
        realm: "R".into(),
        message: message.clone(),
        service: Service::Kdc,
        route: Route::Any,
    };
    let printed = [
        format!("{request:?}"),
        format!(
            "{:?}",
            IoReply::Message {
                octets: message.clone(),
                server: Server::Any
            }
        ),
        format!("{:?}", StepError::with_token(ErrorKind::Failure.into(), message)),
    ];
    for text in printed {
        assert!(!text.contains("pq7z") && !text.contains("112"), "{text}");
        assert!(text.contains('4'), "{text}");
    }
}
