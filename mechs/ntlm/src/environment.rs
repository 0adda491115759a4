//! What the mechanism works with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gss_core::{Clock, Environment};
use gss_crypto::CryptoProvider;

use crate::error::NtlmError;
use crate::name::upper;
#[cfg(unix)]
use crate::users::{UserFile, Winbind};
use crate::{AccountName, Level, NtHash, UserDatabase, UserError};

/// Surroundings of the mechanism.
#[derive(Clone, Debug)]
pub struct NtlmEnvironment {
    /// Primitives and randomness.
    pub provider: &'static CryptoProvider,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What this machine is called.
    pub names: MachineNames,
    /// What the program, or else the user who started it, decides.
    pub settings: NtlmSettings,
}

/// What a program decides. As an extension of an [`Environment`], it is what the linked mechanism uses.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct NtlmSettings {
    /// Whom acceptors without a credential ask.
    pub users: Option<Arc<dyn UserDatabase>>,
    /// Where initiators without a password find who they are.
    #[cfg(unix)]
    pub user_file: Option<Arc<UserFile>>,
    /// Which generations of responses are sent and accepted, or a number that is none.
    pub level: LevelSetting,
    /// What acceptors ask of clients.
    pub clients: ClientPolicy,
    /// Whether acceptors take anonymous clients.
    pub anonymous: AnonymousPolicy,
    /// Whether initiators answer acceptors of their own process.
    pub loopback: LoopbackPolicy,
}

/// A [`Level`], or what somebody wrote instead of one: then nothing is sent or accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelSetting {
    /// This one.
    Known(Level),
    /// Not a level, or not one of this build.
    Unknown(String),
}

/// How strict an acceptor is with clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientPolicy {
    /// They protect all messages by a MIC, repeat what the acceptor told them of itself, and use keys of 128 bits.
    #[default]
    Strict,
    /// They do so where they say that they do: for implementations that never do, such as curl's own.
    Compatible,
}

/// What becomes of clients who name nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnonymousPolicy {
    /// They are refused.
    #[default]
    Refuse,
    /// They are let in, with [`ANON`](gss_core::Flags::ANON) and without protection of messages: their key is known
    /// to all.
    Allow,
}

/// What becomes of challenges that this very process has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoopbackPolicy {
    /// They are refused: somebody may have sent them back, to be authenticated as this process to itself.
    #[default]
    Refuse,
    /// They are answered: for demonstrations and tests in one process.
    Allow,
}

/// What a machine is called. NetBIOS names are in upper case and have 15 characters at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineNames {
    /// The NetBIOS name.
    pub computer: String,
    /// The NetBIOS name of its domain, if it is in one.
    pub domain: Option<String>,
    /// The DNS name.
    pub dns_computer: Option<String>,
    /// The DNS name of its domain.
    pub dns_domain: Option<String>,
}

impl NtlmEnvironment {
    /// What the process's surroundings tell: an extension of the type [`NtlmSettings`], else the variables
    /// `NTLM_USER_FILE` (a [`UserFile`], for both sides), or for acceptors `NTLM_WINBIND` (the program of [`Winbind`]);
    /// `LM_COMPAT_LEVEL` (as gss-ntlmssp has it), `NTLM_CLIENTS` (`strict` or `compatible`), `NTLM_ANONYMOUS` and
    /// `NTLM_LOOPBACK` (`refuse` or `allow`); `NETBIOS_COMPUTER_NAME` and `NETBIOS_DOMAIN_NAME` for the names.
    ///
    /// [`UserFile`]: crate::users::UserFile
    /// [`Winbind`]: crate::users::Winbind
    #[must_use]
    pub fn from_environment(environment: &Environment) -> Self {
        let settings = environment.extension::<NtlmSettings>();
        Self {
            provider: &gss_crypto::rustcrypto::PROVIDER,
            clock: Arc::clone(environment.clock()),
            names: MachineNames::from_environment(environment),
            settings: settings.map_or_else(|| NtlmSettings::from_variables(environment), |found| (*found).clone()),
        }
    }

    /// The level.
    ///
    /// # Errors
    /// [`NtlmError::Level`].
    pub(crate) fn level(&self) -> Result<Level, NtlmError> {
        match &self.settings.level {
            LevelSetting::Known(level) => Ok(*level),
            LevelSetting::Unknown(text) => Err(NtlmError::Level(text.clone())),
        }
    }

    /// Now, in tenths of microseconds since 1601.
    pub(crate) fn file_time(&self) -> u64 {
        file_time(self.clock.now())
    }

    /// Random octets.
    ///
    /// # Errors
    /// [`NtlmError::Random`].
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], NtlmError> {
        let mut octets = [0; N];
        self.provider.random.fill(&mut octets)?;
        Ok(octets)
    }
}

impl NtlmSettings {
    /// The default ones.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with acceptors that ask `users`.
    #[must_use]
    pub fn with_users(self, users: Arc<dyn UserDatabase>) -> Self {
        Self {
            users: Some(users),
            ..self
        }
    }

    /// The same with both sides' accounts in this file, unless acceptors ask somebody else.
    #[cfg(unix)]
    #[must_use]
    pub fn with_user_file(self, file: Arc<UserFile>) -> Self {
        let asked: Arc<dyn UserDatabase> = file.clone();
        Self {
            users: self.users.or(Some(asked)),
            user_file: Some(file),
            ..self
        }
    }

    /// As whom an initiator may come that calls itself `wanted` and has no password.
    ///
    /// # Errors
    /// Those of [`UserFile::identity`](crate::users::UserFile::identity).
    pub(crate) fn identity(&self, wanted: &AccountName) -> Result<Option<(AccountName, NtHash)>, UserError> {
        #[cfg(unix)]
        if let Some(file) = &self.user_file {
            return file.identity(wanted);
        }
        let _ = wanted;
        Ok(None)
    }

    /// The same at another level.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        Self {
            level: LevelSetting::Known(level),
            ..self
        }
    }

    /// The same with another policy for clients.
    #[must_use]
    pub fn with_clients(self, clients: ClientPolicy) -> Self {
        Self { clients, ..self }
    }

    /// The same with another policy for anonymous clients.
    #[must_use]
    pub fn with_anonymous(self, anonymous: AnonymousPolicy) -> Self {
        Self { anonymous, ..self }
    }

    /// The same with another policy for this process's own challenges.
    #[must_use]
    pub fn with_loopback(self, loopback: LoopbackPolicy) -> Self {
        Self { loopback, ..self }
    }

    /// A word that means nothing leaves the stricter choice.
    fn from_variables(environment: &Environment) -> Self {
        let is = |name: &str, word: &str| environment.variable(name) == Some(word);
        let level = match environment.variable("LM_COMPAT_LEVEL") {
            None => LevelSetting::default(),
            Some(text) => match text.parse().ok().and_then(Level::from_number) {
                Some(level) => LevelSetting::Known(level),
                None => LevelSetting::Unknown(text.to_owned()),
            },
        };
        let ours = Self {
            level,
            clients: if is("NTLM_CLIENTS", "compatible") {
                ClientPolicy::Compatible
            } else {
                ClientPolicy::Strict
            },
            anonymous: if is("NTLM_ANONYMOUS", "allow") {
                AnonymousPolicy::Allow
            } else {
                AnonymousPolicy::Refuse
            },
            loopback: if is("NTLM_LOOPBACK", "allow") {
                LoopbackPolicy::Allow
            } else {
                LoopbackPolicy::Refuse
            },
            ..Self::default()
        };
        ours.with_accounts_of(environment)
    }

    #[cfg(unix)]
    fn with_accounts_of(self, environment: &Environment) -> Self {
        if let Some(path) = environment.variable("NTLM_USER_FILE") {
            let file = UserFile::new(path, &gss_crypto::rustcrypto::PROVIDER);
            return self.with_user_file(Arc::new(file));
        }
        match environment.variable("NTLM_WINBIND") {
            Some(program) => self.with_users(Arc::new(Winbind::new(program))),
            None => self,
        }
    }

    /// Elsewhere nobody can tell who may read a file.
    #[cfg(not(unix))]
    fn with_accounts_of(self, _environment: &Environment) -> Self {
        self
    }
}

impl fmt::Debug for NtlmSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NtlmSettings")
            .field("users", &self.users.is_some())
            .field("level", &self.level)
            .field("clients", &self.clients)
            .field("anonymous", &self.anonymous)
            .field("loopback", &self.loopback)
            .finish()
    }
}

impl Default for LevelSetting {
    fn default() -> Self {
        Self::Known(Level::default())
    }
}

impl MachineNames {
    /// The names of a machine of this host name.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        let (label, domain) = match host.split_once('.') {
            Some((label, domain)) => (label, Some(domain.to_owned())),
            None => (host, None),
        };
        Self {
            computer: net_bios(label),
            domain: None,
            dns_computer: Some(host.to_owned()).filter(|host| !host.is_empty()),
            dns_domain: domain.filter(|domain| !domain.is_empty()),
        }
    }

    fn from_environment(environment: &Environment) -> Self {
        let mut names = Self::of_host(environment.host().unwrap_or("localhost"));
        if let Some(computer) = environment.variable("NETBIOS_COMPUTER_NAME") {
            names.computer = net_bios(computer);
        }
        names.domain = environment.variable("NETBIOS_DOMAIN_NAME").map(net_bios);
        names
    }
}

fn net_bios(name: &str) -> String {
    upper(&name.chars().take(15).collect::<String>())
}

/// FILETIME, [MS-DTYP] §2.3.3.
fn file_time(since_1970: Duration) -> u64 {
    let ticks = since_1970.as_nanos() / 100;
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(UNIX_EPOCH)
}

/// 1970 in tenths of microseconds since 1601.
const UNIX_EPOCH: u64 = 116_444_736_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_named_after_its_host() {
        let names = MachineNames::of_host("a-server-of-many-letters.example.com");
        assert_eq!(names.computer, "A-SERVER-OF-MAN");
        assert_eq!(names.dns_domain.as_deref(), Some("example.com"));
        assert_eq!(
            names.dns_computer.as_deref(),
            Some("a-server-of-many-letters.example.com")
        );
        assert_eq!(MachineNames::of_host("www").dns_domain, None);
    }

    #[test]
    fn time_is_counted_from_1601() {
        assert_eq!(file_time(Duration::ZERO), 116_444_736_000_000_000);
        // 2012-12-19T17:10:36.5364091Z
        let seen = Duration::new(1_355_937_036, 536_409_100);
        assert_eq!(file_time(seen), 0x01cd_de0b_c33f_e77b);
        assert_eq!(file_time(Duration::MAX), u64::MAX);
    }
}
