use super::*;
use crate::Service;
use crate::endpoint::Carrier;
use crate::reply::tests::{krb_error, unavailable};

/// A race on a clock that only the test moves.
struct Run {
    race: Race,
    start: Instant,
    now: Instant,
}

fn server(host: &str, carrier: Carrier) -> (Server, Transport) {
    let transport = match carrier {
        Carrier::Tcp => Transport::Tcp,
        Carrier::Https { .. } => Transport::Https,
        Carrier::Either | Carrier::Udp => Transport::Udp,
    };
    let server = Server {
        host: host.to_owned(),
        port: 88,
        carrier,
        standing: Standing::Replica,
    };
    (server, transport)
}

fn udp(number: u8) -> (Server, Transport) {
    server(&format!("192.0.2.{number}"), Carrier::Udp)
}

fn tcp(number: u8) -> (Server, Transport) {
    server(&format!("192.0.2.{number}"), Carrier::Tcp)
}

impl Run {
    fn of(servers: impl IntoIterator<Item = (Server, Transport)>) -> Self {
        Self::within(Duration::from_secs(30), servers)
    }

    fn within(time: Duration, servers: impl IntoIterator<Item = (Server, Transport)>) -> Self {
        Self::with(Timing::kerberos(), time, servers)
    }

    fn with(timing: Timing, time: Duration, servers: impl IntoIterator<Item = (Server, Transport)>) -> Self {
        let start = Instant::now();
        let question = Question {
            message: b"request".to_vec(),
            prefix: Prefix::Four { limit: 1 << 20 },
            judge: Judge::Kerberos(Service::Kdc),
            timing,
            deadline: start + time,
            except: Some("192.0.2.200:88".parse().unwrap()),
        };
        Self {
            race: Race::new(question, Means::default(), servers).unwrap(),
            start,
            now: start,
        }
    }

    fn next(&mut self) -> Next {
        self.race.next(self.now)
    }

    /// Expects an act.
    fn act(&mut self) -> Act {
        match self.next() {
            Next::Act(act) => act,
            other => panic!("{other:?}"),
        }
    }

    /// Expects a wait, and moves the clock to its end.
    fn wait(&mut self) -> Duration {
        match self.next() {
            Next::Wait(until) => self.now = until,
            other => panic!("{other:?}"),
        }
        self.now - self.start
    }

    /// Plays silence to the end: what was sent to which lane, and after how many seconds.
    fn silence(&mut self) -> Vec<(u64, usize)> {
        let mut sent = Vec::new();
        loop {
            match self.next() {
                Next::Act(Act::Open(index, ..) | Act::Send(index)) => sent.push((self.elapsed(), index)),
                Next::Act(act) => panic!("{act:?}"),
                Next::Wait(until) => self.now = until,
                Next::Over => return sent,
            }
        }
    }

    fn elapsed(&self) -> u64 {
        (self.now - self.start).as_secs()
    }

    fn failures(self) -> Vec<Failure> {
        let tried = self.race.finish().expect_err("nobody has won");
        tried.into_iter().map(|tried| tried.failure).collect()
    }
}

#[test]
fn a_slow_password_server_is_not_asked_again_before_ten_seconds_have_passed() {
    let servers = [tcp(1), udp(1)];
    let mut run = Run::with(Timing::password(), Duration::from_secs(30), servers);
    assert_eq!(run.silence(), [(0, 0), (10, 1), (21, 1)]);
}

#[test]
fn q1_silent_servers_are_asked_three_times_with_growing_rests() {
    let mut run = Run::of([udp(1), udp(2)]);
    assert_eq!(run.silence(), [(0, 0), (1, 1), (4, 0), (5, 1), (10, 0), (11, 1)]);
    // MIT's time for P passes, U datagram and T stream servers: 2^(P+1) + U·P + T − 2 seconds.
    assert_eq!(run.elapsed(), (1 << 4) + 2 * 3 - 2);
    assert!(matches!(
        run.failures().as_slice(),
        [Failure::TimedOut, Failure::TimedOut]
    ));
}

#[test]
fn q1_the_deadline_comes_before_the_last_pass() {
    let mut run = Run::within(Duration::from_secs(5), [udp(1), udp(2)]);
    assert_eq!(run.silence(), [(0, 0), (1, 1), (4, 0)]);
    assert_eq!(run.elapsed(), 5);
}

#[test]
fn q1_a_stream_is_opened_once_and_waited_for_until_the_deadline() {
    let mut run = Run::of([tcp(1), udp(2)]);
    assert_eq!(run.silence(), [(0, 0), (1, 1), (4, 1), (9, 1)]);
    assert_eq!(run.elapsed(), 30);
}

#[test]
fn q2_a_late_reply_wins_once_and_what_comes_after_it_is_ignored() {
    let mut run = Run::of([udp(1), udp(2)]);
    run.act();
    run.wait();
    run.act();
    run.race.datagram(0, &krb_error(25));
    run.race.datagram(1, &krb_error(6));
    assert_eq!(run.next(), Next::Over);
    let winner = run.race.finish().unwrap();
    assert_eq!(winner.octets, krb_error(25));
    assert_eq!(winner.address, "192.0.2.1:88".parse().unwrap());
}

#[test]
fn q3_garbage_does_not_end_the_wait_but_an_endless_flood_of_it_does() {
    let mut run = Run::of([udp(1)]);
    run.act();
    for _ in 0..GARBAGE_LIMIT {
        run.race.datagram(0, b"garbage");
        assert!(run.race.is_open(0));
    }
    run.race.datagram(0, b"garbage");
    assert_eq!(run.next(), Next::Over);
    assert!(matches!(run.failures().as_slice(), [Failure::Garbage]));
}

#[test]
fn q7_a_refused_server_costs_no_time() {
    let mut run = Run::of([udp(1), tcp(2), udp(3)]);
    for lane in 0..3 {
        let Act::Open(index, ..) = run.act() else {
            panic!("not opened")
        };
        assert_eq!(index, lane);
        run.race.fail(index, Failure::Refused);
    }
    assert_eq!(run.next(), Next::Over);
    assert_eq!(run.elapsed(), 0);
}

#[test]
fn q8_a_stream_that_ends_early_has_failed() {
    let mut run = Run::of([tcp(1)]);
    run.act();
    assert_eq!(run.race.outgoing(0), [[0, 0, 0, 7].as_slice(), b"request"].concat());
    run.race.sent(0, 11);
    assert!(run.race.outgoing(0).is_empty());
    run.race.received(0, &[0, 0, 0, 9, 1]);
    run.race.closed(0);
    assert_eq!(run.next(), Next::Over);
    assert!(matches!(run.failures().as_slice(), [Failure::Closed]));
}

#[test]
fn q12_all_unavailable_is_the_end_without_another_pass() {
    let mut run = Run::of([udp(1), udp(2)]);
    for lane in 0..2 {
        run.act();
        run.race.datagram(lane, &unavailable());
    }
    assert_eq!(run.next(), Next::Over);
    assert!(matches!(
        run.failures().as_slice(),
        [Failure::Unavailable, Failure::Unavailable]
    ));
}

#[test]
fn names_are_resolved_when_their_turn_comes_and_once_for_both_transports() {
    let (host, _) = server("kdc.example", Carrier::Either);
    let mut run = Run::of([(host.clone(), Transport::Udp), udp(9), (host, Transport::Tcp)]);
    assert_eq!(run.act(), Act::Resolve("kdc.example".to_owned()));
    let addresses = vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()];
    run.race.resolved("kdc.example", Ok(addresses));
    let opened: Vec<Act> = (0..5)
        .map(|_| {
            let act = run.act();
            if let Act::Open(index, ..) = act {
                run.race.fail(index, Failure::Refused);
            }
            act
        })
        .collect();
    let expected = [
        (0, "192.0.2.7:88", Socket::Datagram),
        (3, "[2001:db8::7]:88", Socket::Datagram),
        (1, "192.0.2.9:88", Socket::Datagram),
        (2, "192.0.2.7:88", Socket::Stream),
        (4, "[2001:db8::7]:88", Socket::Stream),
    ];
    let expected = expected.map(|(index, address, socket)| Act::Open(index, address.parse().unwrap(), socket));
    assert_eq!(opened, expected);
    assert_eq!(run.next(), Next::Over);
}

#[test]
fn a_name_that_resolves_late_is_asked_at_once() {
    let mut run = Run::of([server("slow.example", Carrier::Udp), udp(2)]);
    assert_eq!(run.act(), Act::Resolve("slow.example".to_owned()));
    assert_eq!(run.wait().as_secs(), 1);
    assert!(matches!(run.act(), Act::Open(1, ..)));
    run.race
        .resolved("slow.example", Ok(vec!["192.0.2.5".parse().unwrap()]));
    assert!(matches!(run.act(), Act::Open(0, ..)));
}

#[test]
fn q21_a_name_without_an_address_leads_to_the_next_server() {
    let mut run = Run::of([server("gone.example", Carrier::Udp), udp(2)]);
    run.act();
    run.race.resolved("gone.example", Ok(Vec::new()));
    assert!(matches!(run.act(), Act::Open(1, ..)));
    run.race.fail(1, Failure::Refused);
    assert_eq!(run.next(), Next::Over);
    assert!(matches!(
        run.failures().as_slice(),
        [Failure::NoAddress(_), Failure::Refused]
    ));
}

#[test]
fn q21_a_name_with_very_many_addresses_is_not_asked_at_all_of_them() {
    let mut run = Run::of([server("many.example", Carrier::Udp)]);
    run.act();
    let many = (0..=255).map(|number| [192, 0, 2, number].into()).collect();
    run.race.resolved("many.example", Ok(many));
    run.silence();
    assert_eq!(run.failures().len(), LANES);
}

#[test]
fn a_server_that_answered_before_is_not_asked_again() {
    let mut run = Run::of([udp(200), udp(1)]);
    assert!(matches!(run.act(), Act::Open(1, ..)));
    run.race.fail(1, Failure::Refused);
    assert!(matches!(
        run.failures().as_slice(),
        [Failure::AnsweredBefore, Failure::Refused]
    ));
}
