//! The users of this machine.

use std::fmt;
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::unistd::User;

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalUser {
    /// The number.
    pub id: u32,
    /// The login name.
    pub name: String,
    /// The home directory.
    pub home: PathBuf,
}

/// A database of users.
pub trait Users: fmt::Debug + Send + Sync {
    /// The user of that name, if there is one.
    ///
    /// # Errors
    /// If the database cannot be asked.
    fn user(&self, name: &str) -> io::Result<Option<LocalUser>>;
}

/// The users that the operating system knows. Asking for them may take a while where they are kept elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemUsers;

impl Users for SystemUsers {
    fn user(&self, name: &str) -> io::Result<Option<LocalUser>> {
        let found = match User::from_name(name) {
            // What some databases say instead of nothing, getpwnam(3).
            Err(Errno::ENOENT | Errno::ESRCH) => None,
            other => other?,
        };
        Ok(found.map(|user| LocalUser {
            id: user.uid.as_raw(),
            name: user.name,
            home: user.dir,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_knows_root_and_not_everybody() {
        let root = SystemUsers.user("root").unwrap().unwrap();
        assert_eq!((root.id, root.name.as_str()), (0, "root"));
        assert_eq!(SystemUsers.user("nobody-of-this-name").unwrap(), None);
    }
}
