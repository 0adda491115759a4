//! Requests over connections, RFC 4120 §7.2.2: a length in four octets, then the message.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use super::pause;
use crate::kdc::MAX_REQUEST;
use crate::{Kdc, Transport};

/// Serves each connection in a thread of its own until `stop`; all of them have ended when this returns.
pub(super) fn serve(kdc: &Kdc, listener: &TcpListener, stop: &AtomicBool) {
    let connections = Connections::default();
    thread::scope(|scope| {
        while !stop.load(Ordering::Acquire) {
            match listener.accept() {
                Ok((stream, _)) => connections.take(scope, kdc, stream),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => pause(),
            }
        }
        connections.close();
    });
}

/// The open connections.
#[derive(Default)]
struct Connections {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    streams: HashMap<u64, TcpStream>,
}

impl Connections {
    /// Serves `stream`, or closes it if there are too many or no thread is to be had.
    fn take<'scope, 'env>(&'scope self, scope: &'scope Scope<'scope, 'env>, kdc: &'scope Kdc, stream: TcpStream)
    where
        'env: 'scope,
    {
        let Some(number) = self.admit(&stream) else { return };
        let serve = move || {
            // A failure concerns this client only, who sees the end of the connection.
            let _ = serve_connection(kdc, stream);
            self.open().streams.remove(&number);
        };
        let thread = thread::Builder::new().name("kdc-connection".to_owned());
        if thread.spawn_scoped(scope, serve).is_err() {
            self.open().streams.remove(&number);
        }
    }

    fn admit(&self, stream: &TcpStream) -> Option<u64> {
        let mut open = self.open();
        if open.streams.len() >= MAX_CONNECTIONS {
            return None;
        }
        let number = open.next;
        open.next = number.wrapping_add(1);
        open.streams.insert(number, stream.try_clone().ok()?);
        Some(number)
    }

    fn close(&self) {
        for stream in self.open().streams.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers one request after another until the client is done or wrong.
fn serve_connection(kdc: &Kdc, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    loop {
        let mut timed = Timed {
            stream: &stream,
            until: Instant::now().checked_add(PATIENCE),
        };
        let mut prefix = [0; 4];
        timed.read_exact(&mut prefix)?;
        let length = usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX);
        if length > MAX_REQUEST {
            let reply = kdc.too_long(kdc.now()).ok_or(ErrorKind::InvalidData)?;
            return stream.write_all(&framed(&reply)?);
        }
        let mut request = vec![0; length];
        timed.read_exact(&mut request)?;
        let reply = kdc
            .handle(&request, kdc.now(), Transport::Tcp)
            .ok_or(ErrorKind::InvalidData)?;
        stream.write_all(&framed(&reply)?)?;
    }
}

fn framed(reply: &[u8]) -> io::Result<Vec<u8>> {
    let length = u32::try_from(reply.len()).map_err(|_| ErrorKind::InvalidData)?;
    Ok([&length.to_be_bytes(), reply].concat())
}

/// Reads from a connection until a point in time, however slowly the octets come.
struct Timed<'a> {
    stream: &'a TcpStream,
    until: Option<Instant>,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self
            .until
            .and_then(|until| until.checked_duration_since(Instant::now()));
        let left = left.filter(|left| !left.is_zero()).ok_or(ErrorKind::TimedOut)?;
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

/// Connections at a time; further ones are closed at once.
const MAX_CONNECTIONS: usize = 32;
/// How long a client may take for a request, and for taking a reply.
const PATIENCE: Duration = Duration::from_secs(10);
