//! The server: UDP and TCP on one loopback port.

mod tcp;
mod udp;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use krb5_proto::Timestamp;
use socket2::SockRef;

use crate::{Error, Kdc};

/// A KDC that serves. Dropping it ends the service.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Kdc {
    /// Serves on a free port of 127.0.0.1, over UDP and TCP.
    ///
    /// # Errors
    /// [`Error::Bind`], [`Error::Thread`].
    pub fn serve_loopback(&self) -> Result<Running, Error> {
        self.serve(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// Serves on `address`, over UDP and TCP; port 0 is any free one.
    ///
    /// # Errors
    /// [`Error::NotLoopback`], [`Error::Bind`], [`Error::Thread`].
    pub fn serve(&self, address: SocketAddr) -> Result<Running, Error> {
        if !address.ip().to_canonical().is_loopback() {
            return Err(Error::NotLoopback(address));
        }
        let (udp, tcp) = bind(address).map_err(|source| Error::Bind { address, source })?;
        let address = tcp.local_addr().map_err(|source| Error::Bind { address, source })?;
        let mut running = Running {
            address,
            stop: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
        };
        let (kdc, stop) = (self.clone(), Arc::clone(&running.stop));
        running.spawn("kdc-udp", move || udp::serve(&kdc, &udp, &stop))?;
        let (kdc, stop) = (self.clone(), Arc::clone(&running.stop));
        running.spawn("kdc-tcp", move || tcp::serve(&kdc, &tcp, &stop))?;
        Ok(running)
    }

    /// The time by which requests are judged.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from(SystemTime::now()).offset(self.core.policy.clock_offset)
    }
}

impl Running {
    /// Where it serves; both transports have the same port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the service: open connections are closed, and all threads have ended when this returns.
    pub fn shutdown(self) {
        drop(self);
    }

    fn spawn(&mut self, name: &str, serve: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(serve)
            .map_err(Error::Thread)?;
        self.threads.push(thread);
        Ok(())
    }

    /// Makes both threads look at `stop`. If this fails they do so at their next [`TICK`].
    fn wake(&self) {
        let any_port = SocketAddr::new(self.address.ip(), 0);
        if let Ok(socket) = UdpSocket::bind(any_port) {
            let _ = socket.send_to(&[], self.address);
        }
        let _ = TcpStream::connect_timeout(&self.address, TICK);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.wake();
        for thread in self.threads.drain(..) {
            // A thread that panicked has told so already.
            let _ = thread.join();
        }
    }
}

/// Both sockets on one port, with [`TICK`] as the longest that they wait.
fn bind(address: SocketAddr) -> io::Result<(UdpSocket, TcpListener)> {
    let mut tries = if address.port() == 0 { 0..BIND_TRIES } else { 0..1 };
    loop {
        tries.next();
        let tcp = TcpListener::bind(address)?;
        SockRef::from(&tcp).set_read_timeout(Some(TICK))?;
        match UdpSocket::bind(tcp.local_addr()?) {
            Ok(udp) => {
                udp.set_read_timeout(Some(TICK))?;
                return Ok((udp, tcp));
            }
            Err(error) if tries.is_empty() => return Err(error),
            Err(_) => {}
        }
    }
}

/// Waits a little after an error that may come again at once, such as having too many files open.
fn pause() {
    thread::sleep(Duration::from_millis(20));
}

/// How often a thread looks whether it is to end, if nobody wakes it.
const TICK: Duration = Duration::from_millis(200);
/// How many free TCP ports are tried until one is free for UDP too.
const BIND_TRIES: u32 = 64;
