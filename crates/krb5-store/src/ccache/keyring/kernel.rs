//! The kernel's calls, with the kinds of keys that are needed here.

use std::io;
use std::time::Duration;

use keyutils_raw as raw;
use nix::errno::Errno;
use nix::unistd::Uid;
use zeroize::Zeroizing;

use super::name::{Anchor, KeyringName};
use crate::error::KeyringFault;

/// A keyring, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ring(raw::KeyringSerial);

/// A key, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(raw::KeyringSerial);

/// What a key may be where its payload may be long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// At most 32767 octets, which count against the user's quota.
    User,
    /// At most 1 MiB, which does not; where the kernel has no such keys, as [`Kind::User`].
    BigIfPossible,
}

/// The keyring that belongs to the thread. It is what a cache is built in before others see it.
pub(super) const OF_THREAD: Ring = Ring(raw::KEY_SPEC_THREAD_KEYRING);

impl Ring {
    /// The keyring of a collection, if there is one.
    pub(super) fn of_collection(name: &KeyringName) -> Result<Option<Self>, KeyringFault> {
        let (anchor, possessor) = anchor(name)?;
        anchor.ring_or_link(&name.description(), possessor)
    }

    /// The keyring of a collection, which is made if there is none.
    pub(super) fn make_collection(name: &KeyringName) -> Result<Self, KeyringFault> {
        let (anchor, possessor) = anchor(name)?;
        let description = name.description();
        if let Some(ring) = anchor.ring_or_link(&description, possessor)? {
            return Ok(ring);
        }
        let made = possessor.unwrap_or(anchor).add_ring(&description)?;
        if possessor.is_some() {
            anchor.link(made)?;
        }
        Ok(made)
    }

    /// The session's keyring. Where a process has none of its own, it is the user's, and writing to the former's special
    /// number would make one that no other process sees.
    pub(super) fn of_session() -> Self {
        let id = |special| raw::keyctl_get_keyring_id(special, false).ok();
        match (
            id(raw::KEY_SPEC_SESSION_KEYRING),
            id(raw::KEY_SPEC_USER_SESSION_KEYRING),
        ) {
            (Some(session), Some(user)) if session == user => Self(raw::KEY_SPEC_USER_SESSION_KEYRING),
            _ => Self(raw::KEY_SPEC_SESSION_KEYRING),
        }
    }

    fn ring_or_link(self, description: &str, possessor: Option<Self>) -> Result<Option<Self>, KeyringFault> {
        let found = raw::keyctl_search(self.0, KEYRING, description, possessor.map(|ring| ring.0));
        found_or_missing(found).map(|found| found.map(Self))
    }

    /// The keyring of that description in it.
    pub(super) fn ring(self, description: &str) -> Result<Option<Self>, KeyringFault> {
        self.ring_or_link(description, None)
    }

    /// The key of that description in it.
    pub(super) fn key(self, description: &str) -> Result<Option<Key>, KeyringFault> {
        let found = raw::keyctl_search(self.0, USER, description, None);
        found_or_missing(found).map(|found| found.map(Key))
    }

    /// Makes a keyring in it, in the place of one of the same description.
    pub(super) fn add_ring(self, description: &str) -> Result<Self, KeyringFault> {
        // No payload: the crate's slice is empty, which the kernel takes for none.
        raw::add_key(KEYRING, description, &[], self.0).map(Self).map_err(fault)
    }

    /// Makes a key in it, or changes the one of the same description.
    pub(super) fn add_key(self, kind: Kind, description: &str, payload: &[u8]) -> Result<Key, KeyringFault> {
        if kind == Kind::BigIfPossible {
            match raw::add_key(BIG_KEY, description, payload, self.0) {
                Ok(key) => return Ok(Key(key)),
                Err(error) if [Errno::EINVAL, Errno::ENODEV].contains(&Errno::from_raw(error.0)) => {}
                Err(error) => return Err(fault(error)),
            }
        }
        match raw::add_key(USER, description, payload, self.0) {
            Ok(key) => Ok(Key(key)),
            Err(error) if payload.len() > MAX_USER_KEY && Errno::from_raw(error.0) == Errno::EINVAL => {
                Err(KeyringFault::TooLarge {
                    length: payload.len(),
                    limit: MAX_USER_KEY,
                })
            }
            Err(error) => Err(fault(error)),
        }
    }

    /// Links a keyring into it, in the place of one of the same description.
    pub(super) fn link(self, ring: Self) -> Result<(), KeyringFault> {
        raw::keyctl_link(ring.0, self.0).map_err(fault)
    }

    pub(super) fn unlink(self, ring: Self) -> Result<(), KeyringFault> {
        self.unlink_key(Key(ring.0))
    }

    /// What is not there, or no longer, need not be taken away.
    pub(super) fn unlink_key(self, key: Key) -> Result<(), KeyringFault> {
        match raw::keyctl_unlink(key.0, self.0) {
            Err(error) if Errno::from_raw(error.0) == Errno::ENOENT => Ok(()),
            other => found_or_missing(other).map(drop),
        }
    }

    pub(super) fn clear(self) -> Result<(), KeyringFault> {
        raw::keyctl_clear(self.0).map_err(fault)
    }

    /// The keys and keyrings in it, in no order.
    pub(super) fn members(self) -> Result<Vec<Key>, KeyringFault> {
        let octets = Key(self.0).payload()?.unwrap_or_default();
        let (numbers, _) = octets.as_chunks::<4>();
        let members = numbers
            .iter()
            .filter_map(|number| raw::KeyringSerial::new(i32::from_ne_bytes(*number)));
        Ok(members.map(Key).collect())
    }

    /// After this time it is gone; at once if it is zero.
    pub(super) fn set_timeout(self, timeout: Duration) {
        Key(self.0).set_timeout(timeout);
    }
}

impl Key {
    /// What it holds; nothing if it is gone, has expired, was revoked, or is not for us.
    pub(super) fn payload(self) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringFault> {
        read(|buffer| match buffer {
            Some(buffer) => raw::keyctl_read(self.0, Some(buffer.into())),
            None => raw::keyctl_read(self.0, None),
        })
    }

    /// What it is called, if it is a keyring.
    pub(super) fn name_of_ring(self) -> Result<Option<String>, KeyringFault> {
        let described = read(|buffer| match buffer {
            Some(buffer) => raw::keyctl_describe(self.0, Some(buffer.into())),
            None => raw::keyctl_describe(self.0, None),
        })?;
        let Some(described) = described else { return Ok(None) };
        Ok(parse_description(&described).map(str::to_owned))
    }

    /// After this time it is gone; at once if it is zero. Without a timeout it would only stay for longer.
    pub(super) fn set_timeout(self, timeout: Duration) {
        // Zero would mean without end.
        let seconds = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX).max(1);
        let _ = raw::keyctl_set_timeout(self.0, seconds);
    }
}

/// The anchor's keyring, and the one that must link to a collection in it so that the process possesses it: the user's and
/// the persistent one do not give possession.
fn anchor(name: &KeyringName) -> Result<(Ring, Option<Ring>), KeyringFault> {
    let of_process = Ring(raw::KEY_SPEC_PROCESS_KEYRING);
    Ok(match name.anchor {
        Anchor::Thread => (OF_THREAD, None),
        Anchor::Process => (of_process, None),
        Anchor::Session | Anchor::Legacy => (Ring::of_session(), None),
        Anchor::User => (Ring(raw::KEY_SPEC_USER_KEYRING), Some(of_process)),
        Anchor::Persistent => (persistent(&name.collection)?, Some(of_process)),
    })
}

fn persistent(user: &str) -> Result<Ring, KeyringFault> {
    let us = Uid::effective().as_raw();
    let user = user.parse().unwrap_or(us);
    match raw::keyctl_get_persistent(user, raw::KEY_SPEC_PROCESS_KEYRING) {
        Ok(ring) => Ok(Ring(ring)),
        // Kernels without persistent keyrings.
        Err(error) if Errno::from_raw(error.0) == Errno::EOPNOTSUPP && user == us => {
            Ok(Ring(raw::KEY_SPEC_USER_KEYRING))
        }
        Err(error) => Err(fault(error)),
    }
}

/// Reads until the buffer is long enough: others may make a key longer between two calls.
fn read(
    call: impl Fn(Option<&mut [u8]>) -> Result<usize, errno::Errno>,
) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringFault> {
    let mut buffer = Zeroizing::new(Vec::new());
    for _ in 0..MAX_READS {
        let called = if buffer.is_empty() {
            call(None)
        } else {
            call(Some(&mut buffer))
        };
        let Some(length) = found_or_missing(called)? else {
            return Ok(None);
        };
        if length == 0 {
            return Ok(Some(Zeroizing::default()));
        }
        if length <= buffer.len() {
            buffer.truncate(length);
            return Ok(Some(buffer));
        }
        if length > MAX_PAYLOAD {
            return Err(KeyringFault::TooLarge {
                length,
                limit: MAX_PAYLOAD,
            });
        }
        buffer = Zeroizing::new(vec![0; length]);
    }
    Err(KeyringFault::Kernel(io::ErrorKind::Interrupted.into()))
}

/// `keyring;UID;GID;PERMISSIONS;NAME`, with a zero octet at the end.
fn parse_description(described: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(described).ok()?;
    let mut fields = text.trim_end_matches('\0').splitn(5, ';');
    (fields.next()? == KEYRING).then(|| fields.nth(3)).flatten()
}

fn found_or_missing<T>(result: Result<T, errno::Errno>) -> Result<Option<T>, KeyringFault> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) => match Errno::from_raw(error.0) {
            Errno::ENOKEY | Errno::EKEYEXPIRED | Errno::EKEYREVOKED | Errno::EACCES => Ok(None),
            _ => Err(fault(error)),
        },
    }
}

fn fault(error: errno::Errno) -> KeyringFault {
    let source = io::Error::from_raw_os_error(error.0);
    match Errno::from_raw(error.0) {
        Errno::EDQUOT => KeyringFault::Quota { source },
        Errno::ENOSYS => KeyringFault::NoKeyrings { source },
        _ => KeyringFault::Kernel(source),
    }
}

const KEYRING: &str = raw::KEY_TYPE_KEYRING;
const USER: &str = raw::KEY_TYPE_USER;
const BIG_KEY: &str = raw::KEY_TYPE_BIG_KEY;
/// Octets in a key of the type `user`.
const MAX_USER_KEY: usize = 32_767;
/// Octets in any key; longer ones than the kernel has.
const MAX_PAYLOAD: usize = 2 << 20;
const MAX_READS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_keyrings_are_told_from_those_of_keys() {
        let cases: [(&[u8], Option<&str>); 5] = [
            (b"keyring;0;0;3f010000;tkt\0", Some("tkt")),
            (b"keyring;0;0;3f010000;a;b\0", Some("a;b")),
            (b"user;0;0;3f010000;tkt\0", None),
            (b"keyring;0;0\0", None),
            (b"keyring;0;0;3f010000;\xff\0", None),
        ];
        for (described, expected) in cases {
            assert_eq!(parse_description(described), expected);
        }
    }

    #[test]
    fn a_full_quota_is_told_with_what_to_do() {
        let told = fault(errno::Errno(nix::libc::EDQUOT)).to_string();
        for part in ["quota", "/proc/sys/kernel/keys/maxbytes", "big_key"] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn what_grows_between_two_reads_is_read_whole() {
        let calls = std::cell::Cell::new(0);
        let octets = read(|buffer| {
            calls.set(calls.get() + 1);
            let length = if calls.get() < 3 { calls.get() * 4 } else { 8 };
            if let Some(buffer) = buffer {
                buffer.fill(calls.get() as u8);
            }
            Ok(length)
        });
        assert_eq!(*octets.unwrap().unwrap(), vec![3; 8]);
        let restless = read(|buffer| Ok(buffer.map_or(1, |buffer| buffer.len() + 1)));
        assert!(matches!(restless, Err(KeyringFault::Kernel(_))));
        let endless = read(|_| Ok(usize::MAX));
        assert!(matches!(endless, Err(KeyringFault::TooLarge { .. })));
    }
}
