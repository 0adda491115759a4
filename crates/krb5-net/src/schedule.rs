//! Which server is asked when.
//!
//! Every server is started in turn, a second apart; datagrams are repeated in two more passes with growing pauses.
//! A wait ends early as soon as what it waits for has failed, so that refused connections cost no time.

use std::time::Duration;

use crate::Transport;

/// After a server was asked, before the next one is.
const PATIENCE: Duration = Duration::from_secs(1);
/// At the end of each pass over the servers.
const RESTS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// One step, and how long to listen to all servers after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) act: Act,
    pub(crate) wait: Duration,
}

/// What a slot does first. The number is an endpoint's place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Start(usize),
    Resend(usize),
    Rest,
}

/// The slots for endpoints that are asked over these transports.
pub(crate) fn schedule(transports: &[Transport]) -> Vec<Slot> {
    let mut slots = Vec::new();
    for (pass, rest) in RESTS.into_iter().enumerate() {
        for (index, transport) in transports.iter().enumerate() {
            let act = match (pass, transport) {
                (0, _) => Act::Start(index),
                (_, Transport::Udp) => Act::Resend(index),
                (_, Transport::Tcp) => continue,
            };
            slots.push(Slot { act, wait: PATIENCE });
        }
        slots.push(Slot {
            act: Act::Rest,
            wait: rest,
        });
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_is_started_once_and_datagrams_are_repeated() {
        let acts: Vec<Act> = schedule(&[Transport::Udp, Transport::Tcp])
            .iter()
            .map(|slot| slot.act)
            .collect();
        let (udp, tcp) = (0, 1);
        let again = [Act::Resend(udp), Act::Rest];
        let expected = [[Act::Start(udp), Act::Start(tcp), Act::Rest].as_slice(), &again, &again].concat();
        assert_eq!(acts, expected);
    }

    #[test]
    fn one_datagram_server_gets_seventeen_seconds() {
        let total: Duration = schedule(&[Transport::Udp]).iter().map(|slot| slot.wait).sum();
        assert_eq!(total, Duration::from_secs(17));
    }
}
