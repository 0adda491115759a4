//! What the mechanism works with.

use std::sync::{Arc, OnceLock};

use gss_core::{Clock, Environment};
use krb5_crypto::CryptoProvider;
use krb5_crypto::primitives::rustcrypto;
use krb5_proto::{KerberosTime, Timestamp};
use krb5_store::ccache::Resolver;
use krb5_store::config::{PathTokens, Settings};
use krb5_store::replay::{MemoryReplayCache, ReplayCache};

use crate::error::KerberosError;

/// Everything that the mechanism is given instead of looking it up. Cheap to clone.
#[derive(Clone, Debug)]
pub struct KerberosEnvironment {
    /// `krb5.conf`.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Primitives and randomness.
    pub provider: &'static CryptoProvider,
    /// The name of the default credential cache.
    pub ccache: String,
    /// The name of the default keytab of acceptors.
    pub keytab: String,
    /// Where authenticators are remembered. Contexts are accepted only while it works.
    pub replay: Arc<dyn ReplayCache>,
}

impl KerberosEnvironment {
    /// The defaults of `settings`: RustCrypto, and a replay cache in memory of its own. Acceptors that serve the same
    /// keys must share it: clone the environment.
    ///
    /// # Errors
    /// [`KerberosError::Configuration`] if the name of a cache or keytab in the settings cannot be understood.
    pub fn new(settings: Arc<Settings>, clock: Arc<dyn Clock>) -> Result<Self, KerberosError> {
        let tokens = PathTokens::of_process("/tmp");
        Ok(Self {
            ccache: settings
                .default_ccache_name(&tokens)
                .map_err(KerberosError::Configuration)?,
            keytab: settings
                .default_keytab_name(&tokens)
                .map_err(KerberosError::Configuration)?,
            settings,
            clock,
            provider: &rustcrypto::PROVIDER,
            replay: Arc::new(MemoryReplayCache::new()),
        })
    }

    /// Takes the variables `KRB5_CONFIG`, `KRB5CCNAME` and `KRB5_KTNAME`, or the extensions `Settings` and
    /// `KerberosEnvironment`, which come before them. The replay cache is one for the whole process.
    ///
    /// # Errors
    /// [`KerberosError::Configuration`] with the file and line.
    pub fn from_environment(environment: &Environment) -> Result<Self, KerberosError> {
        if let Some(ready) = environment.extension::<Self>() {
            return Ok((*ready).clone());
        }
        let settings = match (environment.extension::<Settings>(), environment.variable("KRB5_CONFIG")) {
            (Some(settings), _) => settings,
            (None, Some(paths)) => {
                let paths: Vec<&str> = paths.split(':').filter(|path| !path.is_empty()).collect();
                Arc::new(Settings::load(&paths).map_err(KerberosError::Configuration)?)
            }
            (None, None) => Arc::default(),
        };
        let mut ours = Self::new(settings, Arc::clone(environment.clock()))?;
        ours.replay = replay_cache_of_process();
        if let Some(name) = environment.variable("KRB5CCNAME") {
            name.clone_into(&mut ours.ccache);
        }
        if let Some(name) = environment.variable("KRB5_KTNAME") {
            name.clone_into(&mut ours.keytab);
        }
        Ok(ours)
    }

    /// What finds caches by their names, as the settings say.
    #[must_use]
    pub fn caches(&self) -> Resolver {
        Resolver::of(&self.settings)
    }

    /// The time by our clock.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Timestamp {
            time: KerberosTime(seconds),
            micros: now.subsec_micros(),
        }
    }
}

/// An authenticator must not be accepted twice because the program has made two registries.
fn replay_cache_of_process() -> Arc<dyn ReplayCache> {
    static CACHE: OnceLock<Arc<MemoryReplayCache>> = OnceLock::new();
    let cache: Arc<MemoryReplayCache> = Arc::clone(CACHE.get_or_init(Arc::default));
    cache
}
