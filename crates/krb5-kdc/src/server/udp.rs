//! Requests in datagrams.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};

use super::pause;
use crate::kdc::MAX_REQUEST;
use crate::{Kdc, Transport};

/// Answers one datagram after another until `stop`.
pub(super) fn serve(kdc: &Kdc, socket: &UdpSocket, stop: &AtomicBool) {
    let own = socket.local_addr().ok();
    let mut buffer = vec![0; MAX_REQUEST];
    while !stop.load(Ordering::Acquire) {
        match socket.recv_from(&mut buffer) {
            // What seems to come from this very socket is forged.
            Ok((_, peer)) if Some(peer) == own => {}
            Ok((length, peer)) => {
                let request = buffer.get(..length).unwrap_or_default();
                if let Some(reply) = kdc.handle(request, kdc.now(), Transport::Udp) {
                    // The client asks again if this is lost.
                    let _ = socket.send_to(&reply, peer);
                }
            }
            Err(error) if may_recur_at_once(error.kind()) => pause(),
            Err(_) => {}
        }
    }
}

fn may_recur_at_once(kind: ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted | ErrorKind::ConnectionReset
    )
}
