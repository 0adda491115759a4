//! For tests: a clock that stands until it is set, randomness that repeats, and coupled peers over a channel that can
//! lose and change tokens.
//!
//! Used from `tests/` folders only.

#![forbid(unsafe_code)]

mod clock;
mod pair;
mod random;

pub use clock::TestClock;
pub use pair::{Established, Failure, Leg, Pair, Reason, answer_blocking};
pub use random::{SeededRandom, seeded_provider};
