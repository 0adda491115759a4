//! Kerberos names as users of this machine.

use std::sync::Arc;

#[cfg(unix)]
use gss_core::Flow;
use gss_core::{Error, Flowing, LocalLogin, MechName};
use krb5_proto::Principal;
#[cfg(unix)]
use krb5_store::local::{LogIn, may_log_in};
use krb5_store::local::{Mapping, local_name};

use crate::KerberosEnvironment;
use crate::error::{KerberosError, NameFault};
use crate::name::KerberosName;

/// The user that `krb5.conf` makes of a name.
///
/// # Errors
/// [`KerberosError::NotLocal`] if it makes nobody of it, [`KerberosError::Configuration`].
pub(crate) fn name(environment: &KerberosEnvironment, name: &dyn MechName) -> Result<Vec<u8>, KerberosError> {
    let principal = principal(name)?;
    match local_name(&environment.settings, &principal).map_err(KerberosError::Configuration)? {
        Mapping::User(user) => Ok(user.name.into_bytes()),
        Mapping::Nobody(nobody) => Err(nobody.into()),
    }
}

/// Whether the user's `.k5login`, or else `krb5.conf`, lets the name act as `user`. Looking may block.
#[cfg(unix)]
pub(crate) fn authorize(environment: &KerberosEnvironment, name: &dyn MechName, user: &[u8]) -> Flowing<LocalLogin> {
    let principal = principal(name).map_err(Error::from)?;
    let Ok(user) = String::from_utf8(user.to_vec()) else {
        return Ok(Flow::Done(LocalLogin::Refused));
    };
    let (settings, users) = (Arc::clone(&environment.settings), Arc::clone(&environment.users));
    Flow::blocking(
        move || may_log_in(&settings, &*users, &principal, &user),
        |answer| match answer?.map_err(KerberosError::Store).map_err(Error::from)? {
            LogIn::Granted(_) => Ok(Flow::Done(LocalLogin::Granted)),
            LogIn::Refused(_) => Ok(Flow::Done(LocalLogin::Refused)),
        },
    )
}

/// There is no `.k5login` elsewhere.
#[cfg(not(unix))]
pub(crate) fn authorize(_: &KerberosEnvironment, _: &dyn MechName, _: &[u8]) -> Flowing<LocalLogin> {
    Err(Error::UNAVAILABLE.into())
}

fn principal(name: &dyn MechName) -> Result<Principal, KerberosError> {
    let ours: Option<&KerberosName> = name.downcast_ref();
    let foreign = || KerberosError::Name {
        name: name.to_text(),
        reason: NameFault::Type,
    };
    ours.ok_or_else(foreign)?.principal()
}
