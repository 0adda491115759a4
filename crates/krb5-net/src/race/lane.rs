//! One address of one server, over one transport.

use std::net::{IpAddr, SocketAddr};

use super::Question;
use crate::endpoint::Server;
use crate::framing::{FrameReader, frame};
use crate::{Failure, Transport, Tried};

#[derive(Debug)]
pub(super) struct Lane {
    pub(super) server: Server,
    /// `None` until the server's name is resolved.
    pub(super) address: Option<SocketAddr>,
    pub(super) transport: Transport,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) enum State {
    /// Its turn has not come.
    Waiting,
    /// Its turn has come, and its address is being looked for.
    Resolving,
    Datagram {
        useless: u32,
    },
    Stream(Runner),
    Failed(Failure),
}

/// What streams need besides the message.
#[derive(Debug, Default)]
pub(crate) struct Means {
    /// Whom proxies are trusted by, and for which realm they are asked.
    #[cfg(feature = "https")]
    pub(crate) proxies: Option<crate::https::Proxies>,
}

/// A message on its way over a stream, and its reply.
#[derive(Debug)]
pub(crate) enum Runner {
    Framed {
        framed: Vec<u8>,
        sent: usize,
        reply: FrameReader,
    },
    #[cfg(feature = "https")]
    Https(Box<crate::https::Runner>),
}

impl Lane {
    pub(super) fn new(server: Server, transport: Transport) -> Self {
        Self {
            address: server.literal(),
            server,
            transport,
            state: State::Waiting,
        }
    }

    /// Whether its state depends on the addresses of `host`.
    pub(super) fn awaits(&self, host: &str) -> bool {
        let undecided = matches!(self.state, State::Waiting | State::Resolving);
        undecided && self.address.is_none() && self.server.host == host
    }

    pub(super) fn set_address(&mut self, address: IpAddr) {
        self.address = Some(SocketAddr::new(address, self.server.port));
        self.state = State::Waiting;
    }

    /// Another address of the same server.
    pub(super) fn sibling(&self, address: IpAddr) -> Self {
        Self {
            server: self.server.clone(),
            address: Some(SocketAddr::new(address, self.server.port)),
            transport: self.transport,
            state: State::Waiting,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    pub(super) fn tried(self) -> Tried {
        Tried {
            server: self.server.host,
            address: self.address,
            transport: self.transport,
            failure: match self.state {
                State::Failed(failure) => failure,
                State::Waiting => Failure::NotAsked,
                State::Resolving => Failure::NoAddress(std::io::ErrorKind::TimedOut.into()),
                State::Datagram { .. } | State::Stream(_) => Failure::TimedOut,
            },
        }
    }
}

impl Means {
    /// The state of a lane whose socket is about to be opened.
    pub(super) fn start(&self, question: &Question, server: &Server, transport: Transport) -> State {
        match transport {
            Transport::Udp => State::Datagram { useless: 0 },
            Transport::Tcp => match frame(question.prefix, &question.message) {
                Some(framed) => State::Stream(Runner::Framed {
                    framed,
                    sent: 0,
                    reply: FrameReader::new(question.prefix),
                }),
                None => State::Failed(Failure::NotAsked),
            },
            Transport::Https => self.start_https(question, server),
        }
    }

    #[cfg(feature = "https")]
    fn start_https(&self, question: &Question, server: &Server) -> State {
        let Some(proxies) = &self.proxies else {
            return State::Failed(Failure::NotAsked);
        };
        match proxies.runner(server, &question.message) {
            Ok(runner) => State::Stream(Runner::Https(Box::new(runner))),
            Err(failure) => State::Failed(failure),
        }
    }

    #[cfg(not(feature = "https"))]
    #[expect(clippy::unused_self, reason = "it has something to say with the feature https")]
    fn start_https(&self, _question: &Question, _server: &Server) -> State {
        State::Failed(Failure::WithoutHttps)
    }
}

impl Runner {
    pub(super) fn outgoing(&self) -> &[u8] {
        match self {
            Self::Framed { framed, sent, .. } => framed.get(*sent..).unwrap_or_default(),
            #[cfg(feature = "https")]
            Self::Https(runner) => runner.outgoing(),
        }
    }

    pub(super) fn sent(&mut self, length: usize) {
        match self {
            Self::Framed { sent, .. } => *sent = sent.saturating_add(length),
            #[cfg(feature = "https")]
            Self::Https(runner) => runner.sent(length),
        }
    }

    /// The reply, once it is whole.
    pub(super) fn received(&mut self, octets: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Framed { reply, .. } => reply.push(octets),
            #[cfg(feature = "https")]
            Self::Https(runner) => runner.received(octets),
        }
    }

    /// The reply, if the end of the stream makes it whole.
    pub(super) fn closed(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Framed { .. } => Err(Failure::Closed),
            #[cfg(feature = "https")]
            Self::Https(runner) => runner.closed(),
        }
    }
}
