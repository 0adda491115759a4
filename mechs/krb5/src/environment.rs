//! What the mechanism works with.

use std::path::PathBuf;
use std::sync::Arc;

use gss_core::{Clock, Environment, Privileges};
use krb5_crypto::primitives::rustcrypto;
use krb5_crypto::{CryptoProvider, Enctype};
use krb5_proto::{KerberosTime, Timestamp};
use krb5_store::ccache::Resolver;
use krb5_store::config::{PathTokens, Settings};
#[cfg(unix)]
use krb5_store::local::{SystemUsers, Users};
use krb5_store::replay::{MemoryReplayCache, OwnReplayCache, ReplayCache, ReplayTypes};

use crate::cred::{CredOptions, Flights};
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
    /// The name of the default credential cache, or of a collection of them.
    pub ccache: String,
    /// The name of the default keytab of acceptors.
    pub keytab: String,
    /// The name of the default keytab of initiators.
    pub client_keytab: String,
    /// The file that says which client is to talk to which service, `~/.k5identity`.
    pub identities: Option<PathBuf>,
    /// Where authenticators are remembered, unless a credential has a cache of its own. Contexts are accepted only
    /// while it works.
    pub replay: Arc<dyn ReplayCache>,
    /// Finds the replay caches that credential stores name.
    pub replay_types: Arc<ReplayTypes>,
    /// Who gets which tickets just now; shared by all copies.
    pub(crate) flights: Arc<Flights>,
    /// The users of this machine, for [`authorize_local_name`](gss_core::Mechanism::authorize_local_name).
    #[cfg(unix)]
    pub users: Arc<dyn Users>,
    /// What the credential in use asks for.
    pub(crate) options: CredOptions,
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
            client_keytab: settings
                .default_client_keytab_name(&tokens)
                .map_err(KerberosError::Configuration)?,
            identities: None,
            flights: Arc::default(),
            #[cfg(unix)]
            users: Arc::new(SystemUsers),
            options: CredOptions::default(),
            settings,
            clock,
            provider: &rustcrypto::PROVIDER,
            replay: Arc::new(MemoryReplayCache::new()),
            replay_types: Arc::default(),
        })
    }

    /// Takes the variables `KRB5_CONFIG`, `KRB5CCNAME`, `KRB5_KTNAME` and `KRB5_CLIENT_KTNAME`, or the extensions
    /// `Settings` and `KerberosEnvironment`, which come before them; and `.k5identity` in the user's home, unless the
    /// process has privileges that the user lacks.
    ///
    /// The replay cache is the extension [`OwnReplayCache`], or the one that `KRB5RCACHENAME`, `KRB5RCACHETYPE` or
    /// `default_rcache_name` names, in this order, or the user's file `krb5_UID.rcache2` in `KRB5RCACHEDIR`, in
    /// `TMPDIR`, or else in `/var/tmp`. The extension [`ReplayTypes`] adds types of names. A name that leads nowhere
    /// is told by every context that would be accepted.
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
        ours.find_replay_cache(environment)?;
        if let Some(name) = environment.variable("KRB5CCNAME") {
            name.clone_into(&mut ours.ccache);
        }
        if let Some(name) = environment.variable("KRB5_KTNAME") {
            name.clone_into(&mut ours.keytab);
        }
        if let Some(name) = environment.variable("KRB5_CLIENT_KTNAME") {
            name.clone_into(&mut ours.client_keytab);
        }
        ours.identities = identities(environment);
        Ok(ours)
    }

    /// What finds caches by their names, as the settings say.
    #[must_use]
    pub fn caches(&self) -> Resolver {
        Resolver::of(&self.settings)
    }

    fn find_replay_cache(&mut self, environment: &Environment) -> Result<(), KerberosError> {
        let types = environment.extension::<ReplayTypes>().unwrap_or_default();
        let variable = |name| environment.variable(name).filter(|value| !value.is_empty());
        self.replay_types = match variable("KRB5RCACHEDIR").or_else(|| variable("TMPDIR")) {
            Some(directory) => Arc::new(ReplayTypes::clone(&types).in_directory(directory)),
            None => types,
        };
        if let Some(own) = environment.extension::<OwnReplayCache>() {
            self.replay = Arc::clone(&own.0);
            return Ok(());
        }
        let by_type = || variable("KRB5RCACHETYPE").map(|scheme| format!("{scheme}:"));
        let name = match variable("KRB5RCACHENAME").map(str::to_owned).or_else(by_type) {
            Some(name) => Some(name),
            None => self
                .settings
                .default_rcache_name(&PathTokens::of_process("/tmp"))
                .map_err(KerberosError::Configuration)?,
        };
        self.replay = self
            .replay_types
            .resolve_or_fail(name.as_deref().unwrap_or(DEFAULT_REPLAY_CACHE));
        Ok(())
    }

    /// The same for a credential that asks for this.
    pub(crate) fn with_options(self, options: CredOptions) -> Self {
        Self { options, ..self }
    }

    /// The enctypes that may be used at all, in order of preference.
    pub(crate) fn permitted_enctypes(&self) -> Vec<Enctype> {
        self.options.allowed(self.settings.permitted_enctypes())
    }

    /// The enctypes to ask for in TGS requests, in order of preference.
    pub(crate) fn tgs_enctypes(&self) -> Vec<Enctype> {
        self.options.allowed(self.settings.default_tgs_enctypes())
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

/// A file that outlives the process, or what comes closest to it.
const DEFAULT_REPLAY_CACHE: &str = if cfg!(unix) { "dfl:" } else { "memory:" };

/// A file of the user's own does not choose for a process that may do more than the user.
fn identities(environment: &Environment) -> Option<PathBuf> {
    if environment.privileges() == Privileges::Raised {
        return None;
    }
    let home = environment.user()?.home.as_ref()?;
    Some(PathBuf::from(home).join(".k5identity"))
}
