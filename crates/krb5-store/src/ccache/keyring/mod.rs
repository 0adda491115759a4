//! Caches in the kernel's keyrings, as MIT keeps them; see keyrings(7).
//!
//! ```text
//! anchor            persistent, user, session, process or thread keyring
//! └─ _krb_NAME      a collection (_krb where the anchor is persistent)
//!    ├─ krb_ccache:primary   a key with the name of the primary cache
//!    └─ NAME                 a cache: a keyring, usually one for each principal
//!       ├─ __krb5_princ__        a key with the principal
//!       ├─ __krb5_time_offsets__ a key with the KDC's clock minus ours, if known
//!       └─ SERVICE               a key for each entry, by the name of its service
//! ```

mod cache;
mod collection;
mod kernel;
mod name;
pub(super) mod payload;

pub use cache::KeyringCache;
pub use collection::KeyringCollection;
pub use name::{Anchor, KeyringName};
