//! Sockets of a tokio runtime.
//!
//! A future that is dropped closes its sockets; nothing else remains of it but threads that are still resolving names.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead as _, AsyncWrite as _, Interest, ReadBuf, Ready};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{timeout, timeout_at};

use crate::blocking::{DATAGRAM, PIECE, any, aside};
use crate::io::{Doing, Io, too_late};
use crate::race::{Act, Next, Race, Socket, Winner};
use crate::{Destination, Error, Failure, KdcClient, LookupError, Reply, Resolver, Tried};

/// Futures within a tokio runtime whose I/O and time are enabled.
///
/// They may be dropped at any time: their sockets are closed, and the servers' answers are lost.
impl KdcClient {
    /// [`KdcClient::exchange`] as a future.
    ///
    /// # Errors
    /// As there.
    pub fn exchange_async<'a>(
        &'a self,
        to: &'a Destination,
        message: &'a [u8],
    ) -> impl Future<Output = Result<Reply, Error>> + Send + 'a {
        self.exchange_over(Tokio, to, message)
    }

    /// [`KdcClient::canonical_name`] as a future.
    ///
    /// # Errors
    /// As there.
    pub fn canonical_name_async<'a>(&'a self, host: &'a str) -> impl Future<Output = io::Result<String>> + Send + 'a {
        self.canonical_name_over(Tokio, host)
    }

    /// [`KdcClient::reverse_name`] as a future.
    ///
    /// # Errors
    /// As there.
    pub fn reverse_name_async<'a>(&'a self, host: &'a str) -> impl Future<Output = io::Result<String>> + Send + 'a {
        self.reverse_name_over(Tokio, host)
    }

    /// [`KdcClient::realm_of_host`] as a future.
    ///
    /// # Errors
    /// As there.
    pub fn realm_of_host_async<'a>(
        &'a self,
        host: &'a str,
    ) -> impl Future<Output = Result<String, LookupError>> + Send + 'a {
        self.realm_of_host_over(Tokio, host)
    }
}

/// The runtime that polls the future.
#[derive(Debug, Clone, Copy)]
struct Tokio;

impl Io for Tokio {
    /// The runtime's clock, which tests can stop.
    fn now(self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn race(self, race: Race, resolver: Option<Arc<dyn Resolver>>) -> Doing<Result<Winner, Vec<Tried>>> {
        Box::pin(async { Ok(Track::new(race, resolver).run().await) })
    }

    fn call<T: Send + 'static>(self, deadline: Instant, call: Box<dyn FnOnce() -> T + Send>) -> Doing<T> {
        Box::pin(async move {
            let (sender, receiver) = oneshot::channel();
            // Not the runtime's own threads: it would wait for them at its end.
            aside(move || {
                // Whoever has given up waiting does not take the result.
                let _ = sender.send(call());
            })?;
            let result = timeout_at(deadline.into(), receiver).await.map_err(|_| too_late())?;
            result.map_err(|_| io::Error::other("the call panicked"))
        })
    }
}

/// A race and its sockets.
struct Track {
    race: Race,
    sockets: BTreeMap<usize, Connection>,
    names: Names,
}

enum Connection {
    Datagram {
        socket: Arc<UdpSocket>,
        /// Whether the message is to be sent.
        due: bool,
        arrival: Arrival,
    },
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Stream(TcpStream),
}

/// A datagram, or the news that nothing listens there: that is an error of the socket, and no reason to read it.
type Arrival = Pin<Box<dyn Future<Output = io::Result<Ready>> + Send>>;

/// Names that are being resolved, and their addresses as they come.
struct Names {
    resolver: Option<Arc<dyn Resolver>>,
    sender: mpsc::UnboundedSender<Resolved>,
    receiver: mpsc::UnboundedReceiver<Resolved>,
}

type Resolved = (String, io::Result<Vec<IpAddr>>);

impl Track {
    fn new(race: Race, resolver: Option<Arc<dyn Resolver>>) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            race,
            sockets: BTreeMap::new(),
            names: Names {
                resolver,
                sender,
                receiver,
            },
        }
    }

    async fn run(mut self) -> Result<Winner, Vec<Tried>> {
        loop {
            let now = Tokio.now();
            match self.race.next(now) {
                Next::Over => return self.race.finish(),
                Next::Act(act) => self.act(act),
                // Whether there was progress or the time is over: the race knows what is next.
                Next::Wait(until) => drop(timeout(until.saturating_duration_since(now), self.progress()).await),
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
            Act::Open(index, address, socket) => match open(address, socket) {
                Ok(connection) => drop(self.sockets.insert(index, connection)),
                Err(error) => self.race.fail(index, error.into()),
            },
            Act::Send(index) => {
                if let Some(Connection::Datagram { due, .. }) = self.sockets.get_mut(&index) {
                    *due = true;
                }
            }
        }
    }

    /// Done as soon as anything has happened.
    fn progress(&mut self) -> impl Future<Output = ()> + Send + '_ {
        poll_fn(|context| {
            let mut outcome = Poll::Pending;
            while let Poll::Ready(Some((host, addresses))) = self.names.receiver.poll_recv(context) {
                self.race.resolved(&host, addresses);
                outcome = Poll::Ready(());
            }
            for (index, connection) in &mut self.sockets {
                match connection.advance(&mut self.race, *index, context) {
                    Poll::Ready(Err(error)) => self.race.fail(*index, error.into()),
                    Poll::Ready(Ok(())) => {}
                    Poll::Pending => continue,
                }
                outcome = Poll::Ready(());
            }
            outcome
        })
    }
}

impl Names {
    fn begin(&self, host: String, deadline: Instant) -> io::Result<()> {
        let resolver = self.resolver.clone().ok_or(io::ErrorKind::Unsupported)?;
        let sender = self.sender.clone();
        aside(move || {
            let addresses = resolver.addresses(&host, deadline);
            // The race may be over.
            let _ = sender.send((host, addresses));
        })
    }
}

/// Datagram sockets are connected, so that the system drops what comes from elsewhere and reports that nothing listens.
fn open(address: SocketAddr, socket: Socket) -> io::Result<Connection> {
    match socket {
        Socket::Datagram => {
            let socket = std::net::UdpSocket::bind(any(address))?;
            socket.connect(address)?;
            socket.set_nonblocking(true)?;
            let socket = Arc::new(UdpSocket::from_std(socket)?);
            Ok(Connection::Datagram {
                arrival: arrival(&socket),
                socket,
                due: true,
            })
        }
        Socket::Stream => Ok(Connection::Connecting(Box::pin(TcpStream::connect(address)))),
    }
}

impl Connection {
    /// Sends and receives until there is nothing to do: ready if something was done.
    fn advance(&mut self, race: &mut Race, index: usize, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Datagram { socket, due, arrival } => {
                if *due {
                    ready!(socket.poll_send(context, race.message()))?;
                    *due = false;
                }
                receive(race, index, socket, arrival, context)
            }
            Self::Connecting(connecting) => {
                *self = Self::Stream(ready!(connecting.as_mut().poll(context))?);
                Poll::Ready(Ok(()))
            }
            Self::Stream(stream) => exchange(race, index, Pin::new(stream), context),
        }
    }
}

fn arrival(socket: &Arc<UdpSocket>) -> Arrival {
    let socket = Arc::clone(socket);
    Box::pin(async move { socket.ready(Interest::READABLE | Interest::ERROR).await })
}

/// Takes one datagram.
fn receive(
    race: &mut Race,
    index: usize,
    socket: &Arc<UdpSocket>,
    awaited: &mut Arrival,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        let what = ready!(awaited.as_mut().poll(context));
        *awaited = arrival(socket);
        if what?.is_error() {
            refuse_error(socket)?;
        }
        let mut datagram = vec![0; DATAGRAM];
        match socket.try_recv(&mut datagram) {
            Ok(length) => race.datagram(index, datagram.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Poll::Ready(Err(error)),
        }
        return Poll::Ready(Ok(()));
    }
}

/// The socket's error, if it has one; the runtime is told that there is no other.
fn refuse_error(socket: &UdpSocket) -> io::Result<()> {
    let taken = socket.try_io(Interest::ERROR, || match socket.take_error()? {
        Some(error) => Err(error),
        None => Err::<(), _>(io::ErrorKind::WouldBlock.into()),
    });
    match taken {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Writes what there is to write, then takes one piece. What has arrived is read even where nothing can be written.
fn exchange(
    race: &mut Race,
    index: usize,
    mut stream: Pin<&mut TcpStream>,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !race.outgoing(index).is_empty() {
        match stream.as_mut().poll_write(context, race.outgoing(index))? {
            Poll::Ready(0) => {
                race.fail(index, Failure::Closed);
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(length) => race.sent(index, length),
            Poll::Pending => break,
        }
    }
    let mut piece = [0; PIECE];
    let mut buffer = ReadBuf::new(&mut piece);
    ready!(stream.poll_read(context, &mut buffer))?;
    match buffer.filled() {
        [] => race.closed(index),
        octets => race.received(index, octets),
    }
    Poll::Ready(Ok(()))
}
