//! A clock that stands still.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gss_core::Clock;

/// A clock that shows what it was set to. Clones show the same time.
#[derive(Clone, Debug)]
pub struct TestClock {
    now: Arc<Mutex<Duration>>,
}

impl TestClock {
    /// A clock that shows `now`, since 1970.
    #[must_use]
    pub fn at(now: Duration) -> Self {
        Self {
            now: Arc::new(Mutex::new(now)),
        }
    }

    /// A clock that shows so many seconds since 1970.
    #[must_use]
    pub fn at_seconds(seconds: u64) -> Self {
        Self::at(Duration::from_secs(seconds))
    }

    /// Shows `now` from here on, later or earlier than before.
    pub fn set(&self, now: Duration) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Goes forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_when_it_is_told_to() {
        let clock = TestClock::at_seconds(1_000);
        let same = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!(same.now(), Duration::from_secs(1_005));
        same.set(Duration::from_secs(7));
        assert_eq!(clock.now(), Duration::from_secs(7));
    }
}
