//! `krb5.conf`: the [`Profile`] as written, and the [`Settings`] that it means.

mod addresses;
mod appdefaults;
mod boolean;
mod duration;
mod effective;
mod enctypes;
mod expand;
mod files;
mod guess;
mod hosts;
mod initial;
mod kdc;
mod keys;
mod line;
mod local_names;
mod parser;
mod paths;
mod profile;
mod servers;
mod settings;
mod switch;
mod ticket_defaults;

pub use boolean::parse_boolean;
pub use duration::parse_duration;
pub use effective::{Setting, Standing};
pub use enctypes::parse_enctypes;
pub use expand::PathTokens;
pub use files::{Files, SystemFiles};
pub use hosts::{HostCanonicalization, Suffix};
pub use kdc::{KdcAddress, Transport};
pub use keys::{Effect, KEYS, Key, Place};
pub use parser::ConfigFault;
pub use profile::{Origin, Profile, Value};
pub use settings::Settings;
pub use switch::Switch;
pub use ticket_defaults::{TicketDefaults, Usable};
