//! Sockets for threads that may wait.

use std::collections::BTreeMap;
use std::future::ready;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use mio::net::{TcpStream, UdpSocket};
use mio::{Events, Interest, Poll, Token, Waker};

use crate::io::{Doing, Io, too_late};
use crate::race::{Act, Next, Race, Socket, Winner};
use crate::{Failure, Resolver, Tried};

/// The calling thread waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocking;

impl Io for Blocking {
    fn now(self) -> Instant {
        Instant::now()
    }

    fn race(self, race: Race, resolver: Option<Arc<dyn Resolver>>) -> Doing<Result<Winner, Vec<Tried>>> {
        Box::pin(ready(Track::new(race, resolver).and_then(Track::run)))
    }

    fn call<T: Send + 'static>(self, deadline: Instant, call: Box<dyn FnOnce() -> T + Send>) -> Doing<T> {
        Box::pin(ready(call_until(deadline, call)))
    }
}

fn call_until<T: Send + 'static>(deadline: Instant, call: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    aside(move || {
        // Whoever has given up waiting does not take the result.
        let _ = sender.send(call());
    })?;
    let left = deadline.saturating_duration_since(Instant::now());
    receiver.recv_timeout(left).map_err(|_| too_late())
}

/// Runs a call in a thread of its own, since the system's resolver knows no deadline.
pub(crate) fn aside(call: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let Some(admitted) = Admitted::one() else {
        return Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "too many names are being resolved",
        ));
    };
    let run = move || {
        let _admitted = admitted;
        call();
    };
    thread::Builder::new()
        .name("krb5-net-names".to_owned())
        .spawn(run)
        .map(drop)
}

/// A place among the threads that resolve names; those that nobody waits for any more count too.
struct Admitted;

impl Admitted {
    fn one() -> Option<Self> {
        let more = |count: usize| count.checked_add(1).filter(|count| *count <= THREADS);
        ADMITTED.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        ADMITTED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A race and its sockets.
struct Track {
    race: Race,
    poll: Poll,
    sockets: BTreeMap<usize, Connection>,
    names: Names,
}

enum Connection {
    Datagram(UdpSocket),
    Stream(TcpStream),
}

/// Names that are being resolved, and their addresses as they come.
struct Names {
    resolver: Option<Arc<dyn Resolver>>,
    waker: Arc<Waker>,
    sender: mpsc::Sender<Resolved>,
    receiver: mpsc::Receiver<Resolved>,
}

type Resolved = (String, io::Result<Vec<std::net::IpAddr>>);

impl Track {
    fn new(race: Race, resolver: Option<Arc<dyn Resolver>>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), NAMES)?);
        let (sender, receiver) = mpsc::channel();
        Ok(Self {
            race,
            poll,
            sockets: BTreeMap::new(),
            names: Names {
                resolver,
                waker,
                sender,
                receiver,
            },
        })
    }

    fn run(mut self) -> io::Result<Result<Winner, Vec<Tried>>> {
        let mut events = Events::with_capacity(64);
        loop {
            match self.race.next(Instant::now()) {
                Next::Over => return Ok(self.race.finish()),
                Next::Act(act) => self.act(act),
                Next::Wait(until) => self.wait(&mut events, until)?,
            }
            let race = &self.race;
            self.sockets.retain(|index, _| race.is_open(*index));
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Resolve(host) => {
                if let Err(error) = self.names.begin(host.clone(), self.race.deadline()) {
                    self.race.resolved(&host, Err(error));
                }
            }
            Act::Open(index, address, socket) => match open(&self.poll, Token(index), address, socket) {
                Ok(connection) => {
                    self.sockets.insert(index, connection);
                    self.send(index);
                }
                Err(error) => self.race.fail(index, error.into()),
            },
            Act::Send(index) => self.send(index),
        }
    }

    /// Sends the datagram. A stream sends when it is writable.
    fn send(&mut self, index: usize) {
        if let Some(Connection::Datagram(socket)) = self.sockets.get(&index)
            && let Err(error) = socket.send(self.race.message())
            && error.kind() != io::ErrorKind::WouldBlock
        {
            self.race.fail(index, error.into());
        }
    }

    fn wait(&mut self, events: &mut Events, until: Instant) -> io::Result<()> {
        let left = until.saturating_duration_since(Instant::now());
        match self.poll.poll(events, Some(left)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for event in &*events {
            match event.token() {
                NAMES => self.names.arrived(&mut self.race),
                Token(index) => self.advance(index),
            }
        }
        Ok(())
    }

    fn advance(&mut self, index: usize) {
        let outcome = match self.sockets.get_mut(&index) {
            Some(Connection::Datagram(socket)) => receive(&mut self.race, index, socket),
            Some(Connection::Stream(socket)) => exchange(&mut self.race, index, socket),
            None => return,
        };
        match outcome {
            Err(error) if !is_pending(&error) => self.race.fail(index, error.into()),
            _ => {}
        }
    }
}

impl Names {
    fn begin(&self, host: String, deadline: Instant) -> io::Result<()> {
        let resolver = self.resolver.clone().ok_or(io::ErrorKind::Unsupported)?;
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        aside(move || {
            let addresses = resolver.addresses(&host, deadline);
            // The race may be over.
            if sender.send((host, addresses)).is_ok() {
                let _ = waker.wake();
            }
        })
    }

    fn arrived(&self, race: &mut Race) {
        for (host, addresses) in self.receiver.try_iter() {
            race.resolved(&host, addresses);
        }
    }
}

/// Datagram sockets are connected, so that the system drops what comes from elsewhere and reports that nothing listens.
fn open(poll: &Poll, token: Token, address: SocketAddr, socket: Socket) -> io::Result<Connection> {
    match socket {
        Socket::Datagram => {
            let mut socket = UdpSocket::bind(any(address))?;
            socket.connect(address)?;
            poll.registry().register(&mut socket, token, Interest::READABLE)?;
            Ok(Connection::Datagram(socket))
        }
        Socket::Stream => {
            let mut socket = TcpStream::connect(address)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut socket, token, interest)?;
            Ok(Connection::Stream(socket))
        }
    }
}

/// Any address and port of this machine, of the family of a peer's address.
pub(crate) fn any(peer: SocketAddr) -> SocketAddr {
    match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

/// Takes all datagrams that have arrived, as long as they are of use.
fn receive(race: &mut Race, index: usize, socket: &UdpSocket) -> io::Result<()> {
    let mut datagram = vec![0; DATAGRAM];
    while race.is_open(index) && !race.is_won() {
        match socket.recv(&mut datagram) {
            Ok(length) => race.datagram(index, datagram.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes and reads until the socket has to be waited for, or the stream is done, or it has talked past the deadline.
fn exchange(race: &mut Race, index: usize, socket: &mut TcpStream) -> io::Result<()> {
    let mut piece = [0; PIECE];
    while race.is_open(index) && !race.is_won() && Instant::now() < race.deadline() {
        write(race, index, socket)?;
        match socket.read(&mut piece) {
            Ok(0) => race.closed(index),
            Ok(length) => race.received(index, piece.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write(race: &mut Race, index: usize, socket: &mut TcpStream) -> io::Result<()> {
    while !race.outgoing(index).is_empty() {
        match socket.write(race.outgoing(index)) {
            Ok(0) => {
                race.fail(index, Failure::Closed);
                return Ok(());
            }
            Ok(length) => race.sent(index, length),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // What has arrived is read all the same.
            Err(error) if is_pending(&error) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The connection is not yet made, or there is nothing to do now.
fn is_pending(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected)
}

static ADMITTED: AtomicUsize = AtomicUsize::new(0);
/// Threads that resolve names at a time, in the whole process.
const THREADS: usize = 64;
const NAMES: Token = Token(usize::MAX);
/// The largest datagram.
pub(crate) const DATAGRAM: usize = 65536;
/// Octets read from a stream at a time.
pub(crate) const PIECE: usize = 4096;
