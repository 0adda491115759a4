//! Asking several servers until one answers, without sockets and clock.
//!
//! Servers are asked in turn, all that were asked are listened to, the first useful reply wins: a late reply of a server
//! that was asked first is as good as any. A driver asks [`Race::next`] what to do, does it, and tells what came of it.

mod lane;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use self::lane::{Lane, State};
pub(crate) use self::lane::{Means, Runner};
use crate::endpoint::{Server, Standing};
use crate::framing::{Prefix, frame};
use crate::reply::Judge;
use crate::schedule::Timing;
use crate::{Error, Failure, Transport, Tried};

/// A message, and what is a useful reply to it.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) message: Vec<u8>,
    pub(crate) prefix: Prefix,
    pub(crate) judge: Judge,
    pub(crate) timing: Timing,
    pub(crate) deadline: Instant,
    /// A server that is not asked.
    pub(crate) except: Option<SocketAddr>,
}

/// A question on its way to several servers.
#[derive(Debug)]
pub(crate) struct Race {
    question: Question,
    means: Means,
    lanes: Vec<Lane>,
    /// The lanes in the order of their turns.
    order: Vec<usize>,
    pass: usize,
    place: usize,
    wait: Option<Wait>,
    /// Lanes whose turn came before their address was known, and now it is.
    ready: VecDeque<usize>,
    winner: Option<(usize, Vec<u8>)>,
}

/// What a driver is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Do this.
    Act(Act),
    /// Wait for the sockets until then, and no longer.
    Wait(Instant),
    /// It is over: [`Race::finish`].
    Over,
}

/// The number is a lane's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Find the addresses of a host: [`Race::resolved`].
    Resolve(String),
    /// Connect to an address: datagrams of it to [`Race::datagram`], a stream's octets to [`Race::received`].
    Open(usize, SocketAddr, Socket),
    /// Send [`Race::message`] as a datagram.
    Send(usize),
}

/// The kind of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Socket {
    Datagram,
    Stream,
}

/// A useful reply, and whose it is.
#[derive(Debug)]
pub(crate) struct Winner {
    pub(crate) octets: Vec<u8>,
    pub(crate) address: SocketAddr,
    pub(crate) standing: Standing,
}

#[derive(Debug, Clone, Copy)]
struct Wait {
    until: Instant,
    /// The lane that is waited for: its failure ends the wait.
    lane: Option<usize>,
}

enum Turn {
    Act(Act),
    Rest,
    End,
}

impl Race {
    /// Servers with the transports to ask them over, in the order of their turns.
    ///
    /// # Errors
    /// [`Error::RequestTooLong`]
    pub(crate) fn new(
        question: Question,
        means: Means,
        servers: impl IntoIterator<Item = (Server, Transport)>,
    ) -> Result<Self, Error> {
        if frame(question.prefix, &question.message).is_none() {
            return Err(Error::RequestTooLong(question.message.len()));
        }
        let lanes: Vec<Lane> = servers
            .into_iter()
            .take(LANES)
            .map(|(server, transport)| Lane::new(server, transport))
            .collect();
        Ok(Self {
            order: (0..lanes.len()).collect(),
            question,
            means,
            lanes,
            pass: 0,
            place: 0,
            wait: None,
            ready: VecDeque::new(),
            winner: None,
        })
    }

    /// What to do at `now`.
    pub(crate) fn next(&mut self, now: Instant) -> Next {
        if self.winner.is_some() || now >= self.question.deadline {
            return Next::Over;
        }
        while let Some(index) = self.ready.pop_front() {
            if let Some(act) = self.open(index) {
                self.wait_for(now, Some(index), self.question.timing.patience);
                return Next::Act(act);
            }
        }
        loop {
            if let Some(wait) = self.wait {
                if now < wait.until && !self.is_in_vain(wait) {
                    return Next::Wait(wait.until.min(self.question.deadline));
                }
                self.wait = None;
            }
            if self.is_over() {
                return Next::Over;
            }
            match self.turn(now) {
                Turn::Act(act) => return Next::Act(act),
                Turn::Rest => {}
                Turn::End => return self.linger(),
            }
        }
    }

    /// When it is over at the latest.
    pub(crate) fn deadline(&self) -> Instant {
        self.question.deadline
    }

    /// A useful reply is there.
    pub(crate) fn is_won(&self) -> bool {
        self.winner.is_some()
    }

    /// What is sent in a datagram.
    pub(crate) fn message(&self) -> &[u8] {
        &self.question.message
    }

    /// The addresses of a host that was to be resolved.
    pub(crate) fn resolved(&mut self, host: &str, result: io::Result<Vec<IpAddr>>) {
        let addresses = result.and_then(|addresses| match addresses.is_empty() {
            true => Err(io::Error::from(io::ErrorKind::NotFound)),
            false => Ok(addresses),
        });
        let waiting: Vec<usize> = self
            .lanes
            .iter()
            .enumerate()
            .filter(|(_, lane)| lane.awaits(host))
            .map(|(index, _)| index)
            .collect();
        for index in waiting {
            match &addresses {
                Ok(addresses) => self.place_at(index, addresses),
                Err(error) => self.fail(
                    index,
                    Failure::NoAddress(io::Error::new(error.kind(), error.to_string())),
                ),
            }
        }
    }

    /// A datagram of the lane's server. Garbage is passed over, since anybody can send it, but not for ever.
    pub(crate) fn datagram(&mut self, index: usize, octets: &[u8]) {
        let verdict = self.question.judge.check(octets);
        let Some(lane) = self.lanes.get_mut(index) else { return };
        match (verdict, &mut lane.state) {
            (Ok(()), State::Datagram { .. }) => self.won(index, octets.to_vec()),
            (Err(Failure::Garbage), State::Datagram { useless }) if *useless < GARBAGE_LIMIT => {
                *useless = useless.saturating_add(1);
            }
            (Err(failure), State::Datagram { .. }) => lane.state = State::Failed(failure),
            _ => {}
        }
    }

    /// What is to be written to the lane's stream.
    pub(crate) fn outgoing(&self, index: usize) -> &[u8] {
        match self.lanes.get(index).map(|lane| &lane.state) {
            Some(State::Stream(runner)) => runner.outgoing(),
            _ => &[],
        }
    }

    /// So many octets of [`Race::outgoing`] are on their way.
    pub(crate) fn sent(&mut self, index: usize, length: usize) {
        if let Some(State::Stream(runner)) = self.lanes.get_mut(index).map(|lane| &mut lane.state) {
            runner.sent(length);
        }
    }

    /// Octets of the lane's stream.
    pub(crate) fn received(&mut self, index: usize, octets: &[u8]) {
        self.run(index, |runner| runner.received(octets));
    }

    /// The lane's stream has ended.
    pub(crate) fn closed(&mut self, index: usize) {
        self.run(index, |runner| {
            runner.closed().and_then(|reply| reply.map(Some).ok_or(Failure::Closed))
        });
    }

    /// The lane has come to nothing.
    pub(crate) fn fail(&mut self, index: usize, failure: Failure) {
        if let Some(lane) = self.lanes.get_mut(index) {
            tracing::debug!(host = %lane.server.host, transport = %lane.transport, %failure, "a server cannot be asked");
            lane.state = State::Failed(failure);
        }
    }

    /// Whether anything can still come of the lane's socket.
    pub(crate) fn is_open(&self, index: usize) -> bool {
        let state = self.lanes.get(index).map(|lane| &lane.state);
        matches!(state, Some(State::Datagram { .. } | State::Stream(_)))
    }

    /// The useful reply, or all attempts in the order in which they were made.
    pub(crate) fn finish(mut self) -> Result<Winner, Vec<Tried>> {
        if let Some((index, octets)) = self.winner.take()
            && let Some(lane) = self.lanes.get(index)
            && let Some(address) = lane.address
        {
            return Ok(Winner {
                octets,
                address,
                standing: lane.server.standing,
            });
        }
        let mut lanes: Vec<Option<Lane>> = self.lanes.into_iter().map(Some).collect();
        let tried = self.order.iter().filter_map(|index| lanes.get_mut(*index)?.take());
        Err(tried.map(Lane::tried).collect())
    }

    /// The next turn: a server to ask, a rest, or the end of the last pass.
    fn turn(&mut self, now: Instant) -> Turn {
        loop {
            let Some(rest) = self.question.timing.rests.get(self.pass).copied() else {
                return Turn::End;
            };
            let Some(index) = self.order.get(self.place).copied() else {
                self.place = 0;
                self.pass = self.pass.saturating_add(1);
                self.wait_for(now, None, rest);
                return Turn::Rest;
            };
            self.place = self.place.saturating_add(1);
            if let Some(act) = self.ask(index) {
                self.wait_for(now, Some(index), self.question.timing.patience);
                return Turn::Act(act);
            }
        }
    }

    /// Asks a server for the first time, or once more by datagram.
    fn ask(&mut self, index: usize) -> Option<Act> {
        let lane = self.lanes.get_mut(index)?;
        match lane.state {
            State::Waiting if lane.address.is_some() => self.open(index),
            State::Waiting => {
                let host = lane.server.host.clone();
                let resolving = |lane: &Lane| lane.awaits(&host) && matches!(lane.state, State::Resolving);
                let under_way = self.lanes.iter().any(resolving);
                self.lanes.get_mut(index)?.state = State::Resolving;
                (!under_way).then_some(Act::Resolve(host))
            }
            State::Datagram { .. } if self.pass > 0 => Some(Act::Send(index)),
            State::Datagram { .. } | State::Resolving | State::Stream(_) | State::Failed(_) => None,
        }
    }

    fn open(&mut self, index: usize) -> Option<Act> {
        let lane = self.lanes.get_mut(index)?;
        let address = lane.address?;
        if Some(address) == self.question.except {
            lane.state = State::Failed(Failure::AnsweredBefore);
            return None;
        }
        tracing::debug!(%address, transport = %lane.transport, host = %lane.server.host, "asking a server");
        lane.state = self.means.start(&self.question, &lane.server, lane.transport);
        match lane.state {
            State::Datagram { .. } => Some(Act::Open(index, address, Socket::Datagram)),
            State::Stream(_) => Some(Act::Open(index, address, Socket::Stream)),
            State::Failed(_) | State::Resolving | State::Waiting => None,
        }
    }

    /// Gives the lane the first address, and each further one a lane of its own right behind.
    fn place_at(&mut self, index: usize, addresses: &[IpAddr]) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        let is_due = matches!(lane.state, State::Resolving);
        let Some((first, further)) = addresses.split_first() else {
            return;
        };
        lane.set_address(*first);
        let siblings: Vec<Lane> = further.iter().map(|address| lane.sibling(*address)).collect();
        if is_due {
            self.ready.push_back(index);
        }
        let after = self
            .order
            .iter()
            .position(|other| *other == index)
            .map_or(self.order.len(), |place| place.saturating_add(1));
        for (offset, sibling) in siblings.into_iter().enumerate() {
            if self.lanes.len() >= LANES {
                return;
            }
            let place = after.saturating_add(offset).min(self.order.len());
            self.order.insert(place, self.lanes.len());
            self.lanes.push(sibling);
        }
    }

    fn run(&mut self, index: usize, step: impl FnOnce(&mut Runner) -> Result<Option<Vec<u8>>, Failure>) {
        let Some(lane) = self.lanes.get_mut(index) else { return };
        let State::Stream(runner) = &mut lane.state else { return };
        let outcome = step(runner).and_then(|reply| match reply {
            Some(reply) => self.question.judge.check(&reply).map(|()| Some(reply)),
            None => Ok(None),
        });
        match outcome {
            Ok(Some(reply)) => self.won(index, reply),
            Ok(None) => {}
            Err(failure) => lane.state = State::Failed(failure),
        }
    }

    fn won(&mut self, index: usize, octets: Vec<u8>) {
        self.winner.get_or_insert((index, octets));
    }

    /// After the last pass. A server that took the request over a stream may still be working on it.
    fn linger(&mut self) -> Next {
        for lane in &mut self.lanes {
            if matches!(lane.state, State::Datagram { .. }) {
                lane.state = State::Failed(Failure::TimedOut);
            }
        }
        if self.is_over() {
            Next::Over
        } else {
            Next::Wait(self.question.deadline)
        }
    }

    fn wait_for(&mut self, now: Instant, lane: Option<usize>, patience: Duration) {
        let until = now.checked_add(patience).unwrap_or(self.question.deadline);
        self.wait = Some(Wait { until, lane });
    }

    fn is_in_vain(&self, wait: Wait) -> bool {
        let awaited = wait.lane.and_then(|index| self.lanes.get(index));
        self.is_over() || awaited.is_some_and(Lane::has_failed)
    }

    /// Nothing is left that could still answer.
    fn is_over(&self) -> bool {
        self.lanes.iter().all(Lane::has_failed)
    }
}

/// Lanes of one race, at most; a name may have any number of addresses.
const LANES: usize = 64;
/// Useless datagrams after which a server is given up.
const GARBAGE_LIMIT: u32 = 1024;

#[cfg(test)]
mod tests;
