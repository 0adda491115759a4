//! One message to a service of a realm, and its reply.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use krb5_store::config::Settings;

use crate::blocking::Blocking;
use crate::endpoint::{Server, Standing};
use crate::framing::Prefix;
#[cfg(feature = "https")]
use crate::https::{Proxies, Trust, Trusted};
use crate::io::{Io, finish};
use crate::locate::Locator;
use crate::race::{Means, Question, Race};
use crate::reply::Judge;
use crate::schedule::Timing;
use crate::trace;
use crate::{Destination, Error, REPLY_LIMIT, Resolver, Route, Service, SystemResolver, Transport};

/// Sends messages to the servers of realms that a configuration or the DNS names. Clones share everything.
///
/// One exchange takes `request_timeout` at most, with all that belongs to it.
#[derive(Debug, Clone)]
pub struct KdcClient {
    pub(crate) settings: Arc<Settings>,
    pub(crate) names: Names,
    #[cfg_attr(
        not(feature = "https"),
        expect(dead_code, reason = "only certificates are found by them")
    )]
    variables: Variables,
    #[cfg(feature = "https")]
    trusted: Trusted,
}

/// The variables of the environment, as far as a program lets the configuration refer to them.
#[derive(Clone, Default)]
pub(crate) struct Variables(Option<Arc<Find>>);

type Find = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where names are looked up.
#[derive(Debug, Clone)]
pub(crate) enum Names {
    System(SystemResolver),
    Own(Arc<dyn Resolver>),
}

/// What a server sent. It is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// An AS-REP, TGS-REP or KRB-ERROR; of a password server a reply of RFC 3244 §2.
    pub octets: Vec<u8>,
    /// The server is a primary one: no other knows a newer password.
    pub primary: bool,
    /// The server, for [`Destination::except`].
    pub server: SocketAddr,
}

impl KdcClient {
    /// A client of the servers in `settings`, and of those that the system's name servers know.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            settings,
            names: Names::System(SystemResolver::new()),
            variables: Variables::default(),
            #[cfg(feature = "https")]
            trusted: Trusted::default(),
        }
    }

    /// The same with these variables of the environment for `http_anchors = ENV:NAME` and `SSL_CERT_FILE`. Without this
    /// there are none: whoever starts a privileged program must not choose whom it trusts.
    #[must_use]
    pub fn with_variables(self, find: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self {
            variables: Variables::from_fn(find),
            #[cfg(feature = "https")]
            trusted: Trusted::default(),
            ..self
        }
    }

    /// The same with another resolver of names.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        Self {
            names: Names::Own(resolver),
            ..self
        }
    }

    /// The same with these name servers instead of those in `/etc/resolv.conf`.
    #[must_use]
    pub fn with_name_servers(self, servers: Vec<SocketAddr>) -> Self {
        Self {
            names: Names::System(SystemResolver::with_name_servers(servers)),
            ..self
        }
    }

    /// Sends `message` to a server of `to` and returns the first useful reply.
    ///
    /// Small messages go by UDP first (`udp_preference_limit`), larger ones by TCP first; the other transport is tried
    /// after all servers were asked by the first. Password servers are asked by TCP first. [`Route::Tcp`] leaves UDP out, [`Route::Primary`] the replicas.
    ///
    /// # Errors
    /// [`Error::NoKdcKnown`], [`Error::NoPrimaryKnown`] and [`Error::NoPasswordServerKnown`] where neither configuration
    /// nor DNS names a server; [`Error::Unreachable`] with every attempt made.
    pub fn exchange(&self, to: &Destination, message: &[u8]) -> Result<Reply, Error> {
        finish(self.exchange_over(Blocking, to, message))
    }

    pub(crate) async fn exchange_over(&self, io: impl Io, to: &Destination, message: &[u8]) -> Result<Reply, Error> {
        let deadline = self.deadline(io);
        let locator = Locator {
            io,
            settings: &self.settings,
            names: &self.names,
            to,
            deadline,
        };
        tracing::debug!(realm = %to.realm, octets = message.len(), "sending a message to the servers of a realm");
        let servers = locator.servers().await?;
        let question = Question {
            message: message.to_vec(),
            prefix: Prefix::Four { limit: REPLY_LIMIT },
            judge: Judge::Kerberos(to.service),
            timing: match to.service {
                Service::Kdc => Timing::kerberos(),
                Service::Kpasswd => Timing::password(),
            },
            deadline,
            except: to.except,
        };
        let means = self.means(io, to, &servers, deadline).await?;
        let race = Race::new(question, means, self.turns(servers, message.len(), to))?;
        let outcome = io.race(race, Some(self.names.resolver())).await;
        match outcome.map_err(Error::Local)? {
            Ok(winner) => Ok(trace::answered(Reply {
                octets: winner.octets,
                primary: winner.standing == Standing::Primary,
                server: winner.address,
            })),
            Err(tried) => Err(trace::unanswered(Error::Unreachable {
                realm: to.realm.clone(),
                tried,
            })),
        }
    }

    /// When an exchange that begins now is over.
    pub(crate) fn deadline(&self, io: impl Io) -> Instant {
        let now = io.now();
        now.checked_add(self.settings.request_timeout()).unwrap_or(now)
    }

    /// Each server over each of its transports, in the order of preference.
    fn turns(&self, servers: Vec<Server>, length: usize, to: &Destination) -> Vec<(Server, Transport)> {
        let preference: &[&[Transport]] = if to.route == Route::Tcp {
            &[STREAMS]
        } else if to.service == Service::Kpasswd {
            // A password is not changed twice: a datagram that is sent again looks like a replay.
            &[STREAMS, DATAGRAMS]
        } else if length <= self.settings.udp_preference_limit() {
            &[DATAGRAMS, STREAMS]
        } else {
            &[STREAMS, DATAGRAMS]
        };
        let mut turns = Vec::new();
        for transports in preference {
            for server in &servers {
                let taken = transports.iter().filter(|transport| server.takes(**transport));
                turns.extend(taken.map(|transport| (server.clone(), *transport)));
            }
        }
        turns
    }

    #[cfg(feature = "https")]
    async fn means(
        &self,
        io: impl Io,
        to: &Destination,
        servers: &[Server],
        deadline: Instant,
    ) -> Result<Means, Error> {
        let proxies = match servers.iter().any(|server| server.takes(Transport::Https)) {
            true => Some(self.proxies(io, &to.realm, deadline).await.map_err(Error::Local)?),
            false => None,
        };
        Ok(Means { proxies })
    }

    #[cfg(not(feature = "https"))]
    async fn means(
        &self,
        _io: impl Io,
        to: &Destination,
        servers: &[Server],
        _deadline: Instant,
    ) -> Result<Means, Error> {
        if servers.iter().all(|server| server.takes(Transport::Https)) {
            return Err(Error::WithoutHttps {
                realm: to.realm.clone(),
            });
        }
        Ok(Means::default())
    }

    /// Certificates are read once for a realm, if they can be.
    #[cfg(feature = "https")]
    async fn proxies(&self, io: impl Io, realm: &str, deadline: Instant) -> std::io::Result<Proxies> {
        let known = self.trusted.get(realm);
        let trust = match known {
            Some(config) => Ok(config),
            None => {
                let trust = Trust::of(&self.settings, realm, self.variables.clone());
                let config = io.call(deadline, Box::new(move || trust.config())).await?;
                config.map(|config| self.trusted.keep(realm, config)).map_err(Arc::new)
            }
        };
        Ok(Proxies {
            realm: realm.to_owned(),
            trust,
        })
    }
}

impl Variables {
    pub(crate) fn from_fn(find: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(find)))
    }

    #[cfg(feature = "https")]
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.0.as_ref().and_then(|find| find(name))
    }
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Variables").field(&self.0.is_some()).finish()
    }
}

impl Names {
    pub(crate) fn resolver(&self) -> Arc<dyn Resolver> {
        match self {
            Self::System(system) => Arc::new(system.clone()),
            Self::Own(resolver) => Arc::clone(resolver),
        }
    }
}

const DATAGRAMS: &[Transport] = &[Transport::Udp];
/// A proxy counts as a stream.
const STREAMS: &[Transport] = &[Transport::Tcp, Transport::Https];
