//! Names as users of this machine: `gss_localname`, `gss_authorize_localname`, `gss_userok`.

use std::sync::Arc;

use crate::flow::settle;
use crate::{
    Error, ErrorKind, Flow, Flowing, LocalLogin, MechName, Mechanism, Mechanisms, Name, Oid, Origin, name_type,
};

impl Mechanisms {
    /// The local user that a name stands for (`gss_localname`), by its mechanism; a name that has not been canonicalised
    /// is canonicalised for `mech` first, as [`canonicalize`](Self::canonicalize) does.
    ///
    /// Where the mechanism knows no local names, the name's attribute `local-login-user` counts, if it is authenticated.
    /// A local name says nothing of whether the user exists.
    ///
    /// # Errors
    /// [`Unauthorized`](ErrorKind::Unauthorized) if the name stands for nobody here,
    /// [`Unavailable`](ErrorKind::Unavailable) if its mechanism knows no local names, and those of `canonicalize`.
    pub fn local_name(&self, name: &Name, mech: Option<&Oid>) -> Flowing<Vec<u8>> {
        let mechs = self.clone();
        self.canonicalize(name, mech)?.then(move |name| {
            let (mech, name) = mechs.owner(&name)?;
            let asked = mech.local_name(&*name);
            settle(asked, move |outcome| match outcome {
                Ok(user) => Ok(Flow::Done(user)),
                Err(error) if error.error == ErrorKind::Unavailable => {
                    login_users(&*name).next().map(Flow::Done).ok_or(error)
                }
                Err(error) => Err(error),
            })
        })
    }

    /// Whether a name that has authenticated may act as the local user `user` (`gss_authorize_localname`, `gss_userok`).
    ///
    /// Its mechanism decides. Where that knows no local users, the name's attributes `local-login-user` do, if they are
    /// authenticated. An error means no.
    ///
    /// # Errors
    /// [`NameNotMn`](ErrorKind::NameNotMn) unless `name` has been canonicalised, as those of contexts are: a text has
    /// authenticated nobody. [`BadNameType`](ErrorKind::BadNameType) unless `user` is a user's name,
    /// [`BadName`](ErrorKind::BadName) if it is a mechanism's. What the mechanism returns.
    pub fn authorize_local_name(&self, name: &Name, user: &Name) -> Flowing<LocalLogin> {
        let (mech, name) = self.owner(name)?;
        let user = user_name(user)?.to_vec();
        let asked = mech.authorize_local_name(&name, &user);
        settle(asked, move |outcome| match outcome {
            Err(error) if error.error == ErrorKind::Unavailable => {
                let mut users = login_users(&*name).peekable();
                users.peek().ok_or(error)?;
                let named = users.any(|listed| listed == user);
                Ok(Flow::Done(if named {
                    LocalLogin::Granted
                } else {
                    LocalLogin::Refused
                }))
            }
            other => other.map(Flow::Done),
        })
    }

    /// The mechanism that a name has been canonicalised for, and its form there.
    fn owner(&self, name: &Name) -> Result<Owned, Error> {
        let (oid, name) = name.canonical().ok_or(ErrorKind::NameNotMn)?;
        Ok((Arc::clone(self.choose(Some(&oid))?), Arc::clone(name)))
    }
}

/// A mechanism and a name of its own.
type Owned = (Arc<dyn Mechanism>, Arc<dyn MechName>);

fn user_name(user: &Name) -> Result<&[u8], Error> {
    if user.canonical().is_some() {
        return Err(ErrorKind::BadName.into());
    }
    match user.name_type() {
        None | Some(name_type::USER) => Ok(user.as_octets()),
        Some(_) => Err(ErrorKind::BadNameType.into()),
    }
}

/// The users that somebody trusted has written into the name.
fn login_users(name: &dyn MechName) -> impl Iterator<Item = Vec<u8>> + use<> {
    let values = name.attribute(LOCAL_LOGIN_USER).unwrap_or_default();
    let trusted = values.into_iter().filter(|value| value.origin == Origin::Authenticated);
    trusted.map(|value| value.value)
}

/// `GSS_C_ATTR_LOCAL_LOGIN_USER`.
const LOCAL_LOGIN_USER: &[u8] = b"local-login-user";
