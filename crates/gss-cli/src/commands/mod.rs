//! The commands, a module each: its arguments as `Args` and its `run`.

pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod kdc;
pub(crate) mod kdestroy;
mod kerberos;
pub(crate) mod keytab;
pub(crate) mod kinit;
pub(crate) mod klist;
pub(crate) mod kswitch;
pub(crate) mod kvno;
pub(crate) mod localname;
pub(crate) mod mechs;
pub(crate) mod pipe;
pub(crate) mod token;
