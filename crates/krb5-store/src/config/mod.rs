//! `krb5.conf`: the [`Profile`] as written, and the [`Settings`] that it means.

mod boolean;
mod duration;
mod enctypes;
mod expand;
mod files;
mod kdc;
mod line;
mod parser;
mod profile;
mod servers;
mod settings;
mod switch;

pub use boolean::parse_boolean;
pub use duration::parse_duration;
pub use enctypes::parse_enctypes;
pub use expand::PathTokens;
pub use files::{Files, SystemFiles};
pub use kdc::{KdcAddress, Transport};
pub use parser::ConfigFault;
pub use profile::{Origin, Profile, Value};
pub use settings::{HostCanonicalization, Settings};
pub use switch::Switch;
