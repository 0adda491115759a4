//! Users of a domain that this machine is a member of, asked through Samba's winbind.

mod answer;
mod helper;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::answer::Answer;
use self::helper::Helper;
use super::{Authenticated, Authentication, UserDatabase, UserError};
pub use answer::AnswerFault;
pub use helper::HelperError;

/// Asks winbind by Samba's `ntlm_auth --helper-protocol=ntlm-server-1`, which passes responses on to a domain controller and
/// returns the user session key. It needs a running winbindd and the right to use its privileged pipe (on Debian, that
/// of the group `winbindd_priv`).
///
/// Each authentication has a helper of its own; up to four wait for the next one. A helper that ends, says something odd
/// or does not answer in time is not asked again. The account is the one that the client named: winbind does not say how
/// the domain writes it.
#[derive(Debug)]
pub struct Winbind {
    program: PathBuf,
    arguments: Vec<OsString>,
    within: Duration,
    idle: Mutex<Vec<Helper>>,
}

impl Winbind {
    /// Asks by this program, `/usr/bin/ntlm_auth` as a rule.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: vec![PROTOCOL.into()],
            within: Duration::from_secs(30),
            idle: Mutex::default(),
        }
    }

    /// The same with these arguments after the one that chooses the protocol.
    #[must_use]
    pub fn with_arguments(mut self, arguments: impl IntoIterator<Item = OsString>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// The same with another time in which an answer must have come; half a minute otherwise.
    #[must_use]
    pub fn with_deadline(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// Reads what could be answers of a helper, and throws them away, for fuzzing: how many there are.
    ///
    /// # Errors
    /// What is wrong with the first that is no answer.
    pub fn check(octets: &[u8]) -> Result<usize, AnswerFault> {
        let (mut count, mut rest) = (0_usize, octets);
        while let Some((_, end)) = Answer::parse(rest)? {
            count = count.saturating_add(1);
            rest = rest.get(end..).unwrap_or_default();
        }
        Ok(count)
    }

    fn ask(&self, request: &[u8]) -> Result<Answer, HelperError> {
        loop {
            // The lock is not held while a helper is asked.
            let waiting = self.idle().pop();
            let (mut helper, is_new) = match waiting {
                Some(helper) => (helper, false),
                None => (Helper::start(&self.program, &self.arguments)?, true),
            };
            match helper.ask(request, self.within) {
                Ok(Answer::Error(text)) => return Err(HelperError::Refused(text)),
                Ok(answer) => {
                    let mut idle = self.idle();
                    if idle.len() < MAX_IDLE {
                        idle.push(helper);
                    }
                    return Ok(answer);
                }
                // It ended while it waited, as when winbind was restarted: another one may know.
                Err(HelperError::Ended) if !is_new => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Helper>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UserDatabase for Winbind {
    fn authenticate(&self, claim: &Authentication) -> Result<Authenticated, UserError> {
        let generation = claim.generation();
        if !claim.level.accepts(generation) {
            return Err(UserError::Generation(generation));
        }
        let account = &claim.account;
        if account.is_anonymous() || account.user.len().max(account.domain.len()) > MAX_NAME {
            return Err(UserError::Refused);
        }
        match self.ask(request(claim).as_bytes()) {
            Ok(Answer::Authenticated(session_base_key)) => Ok(Authenticated {
                account: account.clone(),
                session_base_key,
            }),
            Ok(Answer::Refused(reason)) => Err(refusal(reason)),
            Ok(Answer::Error(text)) => Err(HelperError::Refused(text).into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl From<HelperError> for UserError {
    fn from(error: HelperError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// Names are in base64, so that none can add a line.
fn request(claim: &Authentication) -> String {
    let mut lines = String::new();
    let mut add = |key: &str, value: &str| {
        lines.extend([key, ": ", value, "\n"]);
    };
    add("Username:", &STANDARD.encode(&claim.account.user));
    add("NT-Domain:", &STANDARD.encode(&claim.account.domain));
    add("LANMAN-Challenge", &hexadecimal(&challenge(claim)));
    add("NT-Response", &hexadecimal(&claim.nt_response));
    // Of NTLMv2 only the NT response counts, and winbind takes no other length.
    if let (24, 24) = (claim.nt_response.len(), claim.lm_response.len()) {
        add("LANMAN-Response", &hexadecimal(&claim.lm_response));
    }
    add("Request-User-Session-Key", "Yes");
    lines.push_str(".\n");
    lines
}

/// What a domain controller must know as the challenge. NTLMv1 with extended session security answers to a digest of
/// both sides' challenges, [MS-NLMP] §3.3.1.
fn challenge(claim: &Authentication) -> [u8; 8] {
    #[cfg(feature = "legacy-crypto")]
    if claim.generation() == crate::Generation::NtlmV1
        && claim.flags.contains(crate::NegotiateFlags::EXTENDED_SESSION_SECURITY)
        && let Some(client) = claim.lm_response.first_chunk::<8>()
        && let digest = claim.provider.md5.hash(&[&claim.server_challenge, client])
        && let Some(challenge) = digest.expose().first_chunk()
    {
        return *challenge;
    }
    claim.server_challenge
}

/// A refusal is told by its text only; what is neither a wrong user or password nor trouble with the domain is
/// about the account.
fn refusal(reason: String) -> UserError {
    if REFUSED.contains(&reason.as_str()) {
        return UserError::Refused;
    }
    if UNREACHABLE.iter().any(|part| reason.contains(part)) {
        return HelperError::Unreachable(reason).into();
    }
    UserError::Account(reason)
}

fn hexadecimal(octets: &[u8]) -> String {
    let mut digits = String::with_capacity(octets.len().saturating_mul(2));
    for octet in octets {
        let written = write!(digits, "{octet:02X}");
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    digits
}

const PROTOCOL: &str = "--helper-protocol=ntlm-server-1";

/// How many wait for the next authentication.
const MAX_IDLE: usize = 4;

/// Octets of a user or a domain.
const MAX_NAME: usize = 1024;

/// How Samba says `NO_SUCH_USER`, `WRONG_PASSWORD` and `LOGON_FAILURE`, in 4.17 and before 4.2.
const REFUSED: [&str; 6] = [
    "The specified account does not exist.",
    "When trying to update a password, this return status indicates that the value provided as the current password is \
     not correct.",
    "The attempted logon is invalid. This is either due to a bad username or authentication information.",
    "No such user",
    "Wrong Password",
    "Logon failure",
];

/// What is in texts about winbind and domain controllers.
const UNREACHABLE: [&str; 3] = ["logon servers", "winbind", "domain controller"];
