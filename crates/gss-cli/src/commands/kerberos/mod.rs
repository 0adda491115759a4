//! What the Kerberos commands share.

pub(super) mod exchange;
pub(super) mod local;
pub(super) mod password;
pub(super) mod show;

pub(super) use local::{Local, Service};
