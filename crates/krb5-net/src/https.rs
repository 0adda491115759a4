//! HTTPS proxies, [MS-KKDCP]: a message as the body of a POST, its reply as the body of the response.
//!
//! There is no plain HTTP, no redirect is followed, and the proxy has to prove its name.

mod anchors;

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::sync::Arc;

use krb5_proto::Realm;
use krb5_proto::messages::KdcProxyMessage;
use rustls::pki_types::{DnsName, ServerName};
use rustls::{ClientConfig, ClientConnection};

pub(crate) use self::anchors::{Trust, Trusted};
use crate::endpoint::{Carrier, HTTPS_PORT, Server};
use crate::http::{self, ResponseReader};
use crate::{AnchorError, Failure};

/// How the proxies of one realm are spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Proxies {
    pub(crate) realm: String,
    pub(crate) trust: Result<Arc<ClientConfig>, Arc<AnchorError>>,
}

/// A message on its way through a proxy, and the reply.
pub(crate) struct Runner {
    tls: ClientConnection,
    outgoing: Vec<u8>,
    sent: usize,
    response: ResponseReader,
}

impl Proxies {
    /// Begins with a proxy.
    pub(crate) fn runner(&self, server: &Server, message: &[u8]) -> Result<Runner, Failure> {
        let trust = self
            .trust
            .as_ref()
            .map_err(|error| Failure::Anchors(Arc::clone(error)))?;
        let Carrier::Https { path } = &server.carrier else {
            return Err(Failure::NotAsked);
        };
        let name = server_name(&server.host)?;
        let message = KdcProxyMessage::wrap(message, Some(Realm::from(self.realm.as_str())));
        let body = message
            .and_then(|message| message.to_der().ok())
            .ok_or_else(unsendable)?;
        let request = http::request(&authority(server), path, &body).ok_or_else(unsendable)?;
        Runner::new(Arc::clone(trust), name, &request)
    }
}

impl Runner {
    fn new(config: Arc<ClientConfig>, name: ServerName<'static>, request: &[u8]) -> Result<Self, Failure> {
        let mut tls = ClientConnection::new(config, name).map_err(refused)?;
        // It is kept until the proxy has proved its name, and is not larger than a message may be.
        tls.set_buffer_limit(None);
        tls.writer().write_all(request).map_err(Failure::Io)?;
        let mut runner = Self {
            tls,
            outgoing: Vec::new(),
            sent: 0,
            response: ResponseReader::default(),
        };
        runner.encrypt()?;
        Ok(runner)
    }

    /// What is to be written to the socket.
    pub(crate) fn outgoing(&self) -> &[u8] {
        self.outgoing.get(self.sent..).unwrap_or_default()
    }

    /// So many octets of it are on their way.
    pub(crate) fn sent(&mut self, length: usize) {
        self.sent = self.sent.saturating_add(length);
        if self.outgoing().is_empty() {
            self.outgoing.clear();
            self.sent = 0;
        }
    }

    /// Takes octets from the socket; the reply, once it is whole.
    pub(crate) fn received(&mut self, octets: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let mut rest = octets;
        while !rest.is_empty() {
            let taken = self.tls.read_tls(&mut rest).map_err(|_| Failure::Garbage)?;
            let state = self.tls.process_new_packets().map_err(refused)?;
            if let Some(reply) = self.decrypted()? {
                return Ok(Some(reply));
            }
            if state.peer_has_closed() {
                return self.closed();
            }
            if taken == 0 {
                return Err(Failure::Garbage);
            }
        }
        self.encrypt()?;
        Ok(None)
    }

    /// The end of the connection. A response that it ends need not be announced by TLS: the message inside says how long
    /// it is.
    pub(crate) fn closed(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.response.closed().map(|body| unwrap(&body)).transpose()
    }

    fn encrypt(&mut self) -> Result<(), Failure> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.outgoing).map_err(Failure::Io)?;
        }
        Ok(())
    }

    fn decrypted(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        let mut piece = [0; 4096];
        loop {
            match self.tls.reader().read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(length) => {
                    if let Some(body) = self.response.push(piece.get(..length).unwrap_or_default())? {
                        return unwrap(&body).map(Some);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").finish_non_exhaustive()
    }
}

/// The reply in a response's body.
fn unwrap(body: &[u8]) -> Result<Vec<u8>, Failure> {
    let message = KdcProxyMessage::from_der(body).map_err(|_| Failure::Garbage)?;
    message.message().map(<[u8]>::to_vec).ok_or(Failure::Garbage)
}

/// The name that the proxy has to prove: that of the configuration, without a final dot.
fn server_name(host: &str) -> Result<ServerName<'static>, Failure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(ServerName::from(address));
    }
    let name = DnsName::try_from(host.strip_suffix('.').unwrap_or(host).to_owned()).map_err(refused)?;
    Ok(ServerName::DnsName(name))
}

/// RFC 9112 §3.2: host and port as a URI has them.
fn authority(server: &Server) -> String {
    let host = match server.host.contains(':') {
        true => format!("[{}]", server.host),
        false => server.host.clone(),
    };
    match server.port {
        HTTPS_PORT => host,
        port => format!("{host}:{port}"),
    }
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Tls(Box::new(error))
}

fn unsendable() -> Failure {
    Failure::Io(io::ErrorKind::InvalidInput.into())
}
