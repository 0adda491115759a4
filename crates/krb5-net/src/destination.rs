//! For whom a message is.

use std::net::SocketAddr;

use crate::Route;

/// Which of a realm's services.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Service {
    /// The key distribution centre, RFC 4120 §7.2.
    #[default]
    Kdc,
    /// The password service, RFC 3244.
    Kpasswd,
}

/// A service of a realm, and how to get there.
///
/// ```
/// use krb5_net::{Destination, Route};
///
/// let anywhere = Destination::kdc("EXAMPLE.ORG");
/// let newest = anywhere.by(Route::Primary);
/// # assert_eq!(newest.route, Route::Primary);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The realm.
    pub realm: String,
    /// Which of its services.
    pub service: Service,
    /// Which servers and transports.
    pub route: Route,
    /// A server that is not asked: it has answered, and another answer is wanted.
    pub except: Option<SocketAddr>,
}

impl Destination {
    /// Any KDC of the realm.
    pub fn kdc(realm: impl Into<String>) -> Self {
        Self {
            realm: realm.into(),
            service: Service::Kdc,
            route: Route::Any,
            except: None,
        }
    }

    /// Any password server of the realm.
    pub fn kpasswd(realm: impl Into<String>) -> Self {
        Self {
            service: Service::Kpasswd,
            ..Self::kdc(realm)
        }
    }

    /// The same by another route.
    #[must_use]
    pub fn by(self, route: Route) -> Self {
        Self { route, ..self }
    }

    /// The same without this server.
    #[must_use]
    pub fn except(self, server: SocketAddr) -> Self {
        Self {
            except: Some(server),
            ..self
        }
    }
}
