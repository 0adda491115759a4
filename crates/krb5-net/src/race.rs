//! The sockets: servers are asked in turn, all that were asked are listened to, the first useful reply wins.
//!
//! A late reply of a server that was asked first is as good as any. Datagram sockets are connected, so that the
//! system drops what comes from elsewhere and reports that nothing listens.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::{TcpStream, UdpSocket};
use mio::{Events, Interest, Poll, Token};

use crate::endpoint::Endpoint;
use crate::framing::{FrameReader, frame};
use crate::reply::useful;
use crate::schedule::{Act, schedule};
use crate::{Error, Failure, Transport, Tried};

/// The largest datagram.
const DATAGRAM: usize = 65536;
/// Useless datagrams at once after which a server is given up.
const GARBAGE_LIMIT: usize = 1024;

/// A request on its way to several servers.
pub(crate) struct Race<'a> {
    message: &'a [u8],
    framed: Vec<u8>,
    deadline: Instant,
    poll: Poll,
    lanes: Vec<Lane>,
}

struct Lane {
    endpoint: Endpoint,
    state: State,
}

enum State {
    Waiting,
    Datagram(UdpSocket),
    Stream(Stream),
    Failed(Failure),
}

struct Stream {
    socket: TcpStream,
    sent: usize,
    reply: FrameReader,
}

/// A reply and the place of the endpoint that gave it.
type Winner = (Vec<u8>, Endpoint);

impl<'a> Race<'a> {
    pub(crate) fn new(message: &'a [u8], endpoints: Vec<Endpoint>, deadline: Instant) -> Result<Self, Error> {
        let lanes = endpoints
            .into_iter()
            .map(|endpoint| Lane {
                endpoint,
                state: State::Waiting,
            })
            .collect();
        let poll = Poll::new().map_err(Error::Local)?;
        Ok(Self {
            message,
            framed: frame(message)?,
            deadline,
            poll,
            lanes,
        })
    }

    /// Runs to the first useful reply, or until everything has failed or the deadline has come.
    ///
    /// # Errors
    /// What was tried, if there is no reply; or an error of this machine.
    pub(crate) fn run(mut self) -> Result<Result<Winner, Vec<Tried>>, Error> {
        let transports: Vec<Transport> = self.lanes.iter().map(|lane| lane.endpoint.transport).collect();
        for slot in schedule(&transports) {
            let awaited = self.act(slot.act);
            if let Some(winner) = self.listen(slot.wait, awaited)? {
                return Ok(Ok(winner));
            }
            if self.is_over() || Instant::now() >= self.deadline {
                break;
            }
        }
        // A server that took the request over TCP may still be working on it.
        self.give_up_datagrams();
        let rest = self.deadline.saturating_duration_since(Instant::now());
        if let Some(winner) = self.listen(rest, None)? {
            return Ok(Ok(winner));
        }
        Ok(Err(self.lanes.into_iter().map(Lane::tried).collect()))
    }

    /// Does what the slot says; the lane whose failure ends the wait.
    fn act(&mut self, act: Act) -> Option<usize> {
        let index = match act {
            Act::Start(index) => {
                let lane = self.lanes.get_mut(index)?;
                lane.state = start(&lane.endpoint, &self.poll, Token(index)).unwrap_or_else(State::failed);
                index
            }
            Act::Resend(index) => index,
            Act::Rest => return None,
        };
        self.lanes.get_mut(index)?.send(self.message);
        Some(index)
    }

    /// Listens to every server asked so far. Ends early when `awaited` has failed, or all have.
    fn listen(&mut self, wait: Duration, awaited: Option<usize>) -> Result<Option<Winner>, Error> {
        let until = self
            .deadline
            .min(Instant::now().checked_add(wait).unwrap_or(self.deadline));
        let mut events = Events::with_capacity(64);
        loop {
            let failed = |lane: &Lane| matches!(lane.state, State::Failed(_));
            if self.is_over() || awaited.and_then(|index| self.lanes.get(index)).is_some_and(failed) {
                return Ok(None);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            match self.poll.poll(&mut events, Some(left)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result.map_err(Error::Local)?,
            }
            for event in &events {
                let Some(lane) = self.lanes.get_mut(event.token().0) else {
                    continue;
                };
                if let Some(reply) = lane.advance(&self.framed) {
                    return Ok(Some((reply, lane.endpoint.clone())));
                }
            }
        }
    }

    /// Nothing is left that could still answer.
    fn is_over(&self) -> bool {
        self.lanes.iter().all(|lane| matches!(lane.state, State::Failed(_)))
    }

    fn give_up_datagrams(&mut self) {
        for lane in &mut self.lanes {
            if matches!(lane.state, State::Datagram(_)) {
                lane.state = State::Failed(Failure::TimedOut);
            }
        }
    }
}

impl State {
    fn failed(error: io::Error) -> Self {
        Self::Failed(error.into())
    }
}

fn start(endpoint: &Endpoint, poll: &Poll, token: Token) -> io::Result<State> {
    match endpoint.transport {
        Transport::Udp => {
            let any: SocketAddr = match endpoint.address {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let mut socket = UdpSocket::bind(any)?;
            socket.connect(endpoint.address)?;
            poll.registry().register(&mut socket, token, Interest::READABLE)?;
            Ok(State::Datagram(socket))
        }
        Transport::Tcp => {
            let mut socket = TcpStream::connect(endpoint.address)?;
            poll.registry()
                .register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
            Ok(State::Stream(Stream {
                socket,
                sent: 0,
                reply: FrameReader::default(),
            }))
        }
    }
}

impl Lane {
    /// Sends the datagram, once more. A stream sends when it is writable.
    fn send(&mut self, message: &[u8]) {
        if let State::Datagram(socket) = &self.state
            && let Err(error) = socket.send(message)
            && error.kind() != io::ErrorKind::WouldBlock
        {
            self.state = State::failed(error);
        }
    }

    /// Takes what has arrived; the reply if it is whole and useful.
    fn advance(&mut self, framed: &[u8]) -> Option<Vec<u8>> {
        let result = match &mut self.state {
            State::Waiting | State::Failed(_) => return None,
            State::Datagram(socket) => receive(socket),
            State::Stream(stream) => stream.advance(framed),
        };
        result.unwrap_or_else(|failure| {
            self.state = State::Failed(failure);
            None
        })
    }

    fn tried(self) -> Tried {
        let failure = match self.state {
            State::Failed(failure) => failure,
            State::Waiting => Failure::NotAsked,
            State::Datagram(_) | State::Stream(_) => Failure::TimedOut,
        };
        let Endpoint {
            server,
            address,
            transport,
            ..
        } = self.endpoint;
        Tried {
            server,
            address: Some(address),
            transport,
            failure,
        }
    }
}

/// Reads datagrams until one is useful. Garbage is passed over, since anybody can send it, but not for ever: it must
/// not outrun the deadline.
fn receive(socket: &UdpSocket) -> Result<Option<Vec<u8>>, Failure> {
    let mut datagram = vec![0; DATAGRAM];
    for _ in 0..GARBAGE_LIMIT {
        let length = match socket.recv(&mut datagram) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let octets = datagram.get(..length).unwrap_or_default();
        match useful(octets) {
            Ok(()) => return Ok(Some(octets.to_vec())),
            Err(Failure::Unavailable) => return Err(Failure::Unavailable),
            Err(_) => {}
        }
    }
    Err(Failure::Garbage)
}

impl Stream {
    fn advance(&mut self, framed: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        self.write(framed)?;
        let mut piece = [0; 4096];
        loop {
            let length = match self.socket.read(&mut piece) {
                Ok(0) => return Err(Failure::Closed),
                Ok(length) => length,
                Err(error) if pending(&error) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(reply) = self.reply.push(piece.get(..length).unwrap_or_default())? {
                useful(&reply)?;
                return Ok(Some(reply));
            }
        }
    }

    fn write(&mut self, framed: &[u8]) -> Result<(), Failure> {
        while let Some(rest) = framed.get(self.sent..).filter(|rest| !rest.is_empty()) {
            match self.socket.write(rest) {
                Ok(0) => return Err(Failure::Closed),
                Ok(length) => self.sent = self.sent.saturating_add(length),
                Err(error) if pending(&error) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// The connection is not yet made, or there is nothing to do now.
fn pending(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected)
}
