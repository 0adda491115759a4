//! Names as users of this machine.

use gss_core::{Error, LocalLogin, Name};

use crate::{Gss, drive};

impl Gss {
    /// The local user that a context's peer, or any other name, stands for (`gss_localname`). It need not exist, and
    /// it is not said that the peer may log in: ask [`may_log_in`](Self::may_log_in).
    ///
    /// # Errors
    /// [`Unauthorized`](gss_core::ErrorKind::Unauthorized) if the name stands for nobody here.
    pub fn local_name(&self, name: &Name) -> Result<Vec<u8>, Error> {
        drive(self.mechanisms().local_name(name, None), &mut self.driver()).map_err(|error| error.error)
    }

    /// Whether a context's peer may act as the local user `user` (`gss_userok`). An error means no.
    ///
    /// # Errors
    /// What keeps the mechanism from finding out, and [`NameNotMn`](gss_core::ErrorKind::NameNotMn) for a name that is
    /// a mere text.
    pub fn may_log_in(&self, name: &Name, user: &str) -> Result<LocalLogin, Error> {
        let asked = self.mechanisms().authorize_local_name(name, &Name::user(user));
        drive(asked, &mut self.driver()).map_err(|error| error.error)
    }

    /// The number of the local user that a name stands for (`gss_pname_to_uid`).
    ///
    /// # Errors
    /// As [`local_name`](Self::local_name), and [`Unauthorized`](gss_core::ErrorKind::Unauthorized) if there is no such
    /// user, [`Failure`](gss_core::ErrorKind::Failure) if the system cannot tell.
    #[cfg(unix)]
    pub fn user_id(&self, name: &Name) -> Result<u32, Error> {
        use gss_core::ErrorKind;
        use nix::errno::Errno;
        use nix::unistd::User;

        let unknown = || Error::from(ErrorKind::Unauthorized);
        let user = String::from_utf8(self.local_name(name)?).map_err(|_| unknown())?;
        match User::from_name(&user) {
            // A database that ignores case finds others too.
            Ok(Some(found)) if found.name == user => Ok(found.uid.as_raw()),
            Ok(_) | Err(Errno::ENOENT | Errno::ESRCH) => Err(unknown()),
            Err(_) => Err(ErrorKind::Failure.into()),
        }
    }
}
