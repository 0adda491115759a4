//! No two authenticators of this process have the same time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::{KerberosTime, Timestamp};

/// `now`, or the first later microsecond that no authenticator of this process has yet.
///
/// Acceptors take two authenticators of one client with the same time for a replay, so threads that
/// start in the same microsecond, or a clock of low resolution, must not share it. Clocks may be set
/// back and there may be several of them: what is remembered are the last seconds that were used.
pub(crate) fn unique(now: Timestamp) -> Timestamp {
    // A poisoned lock leaves a table that is as good as any.
    let mut seconds = USED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut now = Timestamp::new(now.time, now.micros);
    loop {
        match seconds.take(now) {
            Some(micros) => return Timestamp { time: now.time, micros },
            None => {
                now = Timestamp {
                    time: now.time.offset(1),
                    micros: 0,
                }
            }
        }
        if now.time == KerberosTime::MAX {
            return now;
        }
    }
}

static USED: Mutex<Seconds> = Mutex::new(Seconds(VecDeque::new()));

/// The last seconds in which there were authenticators, each with the first free microsecond.
struct Seconds(VecDeque<(KerberosTime, u32)>);

impl Seconds {
    /// Takes a microsecond at or after `now` in its second.
    fn take(&mut self, now: Timestamp) -> Option<u32> {
        let Some((_, free)) = self.0.iter_mut().find(|(second, _)| *second == now.time) else {
            if self.0.len() >= REMEMBERED {
                self.0.pop_front();
            }
            self.0.push_back((now.time, now.micros.saturating_add(1)));
            return Some(now.micros);
        };
        let micros = now.micros.max(*free);
        if micros >= 1_000_000 {
            return None;
        }
        *free = micros.saturating_add(1);
        Some(micros)
    }
}

/// How many seconds are remembered.
const REMEMBERED: usize = 64;
