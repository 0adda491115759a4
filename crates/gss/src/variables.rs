//! The variables of the environment, as they are and as they count.

use std::env::VarError;

use crate::privilege::{self, Privilege};

/// A variable of the environment that this crate or a mechanism looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it says, in a few words.
    pub meaning: &'static str,
    /// What becomes of it in this process.
    pub state: VariableState,
}

/// What becomes of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VariableState {
    /// It is not set.
    Unset,
    /// It counts.
    Effective(String),
    /// It is set, and not UTF-8.
    NotText,
    /// It is set, and the process has privileges that its starter lacks.
    Privileged,
}

/// The variables that [`environment`](crate::environment()) takes over, each with what becomes of it here.
#[must_use]
pub fn variables() -> Vec<Variable> {
    let privilege = privilege::of_process();
    let variable = |(name, meaning): &(&'static str, &'static str)| Variable {
        name,
        meaning,
        state: state(privilege, std::env::var(name)),
    };
    VARIABLES.iter().map(variable).collect()
}

fn state(privilege: Privilege, value: Result<String, VarError>) -> VariableState {
    match (value, privilege) {
        (Err(VarError::NotPresent), _) => VariableState::Unset,
        (_, Privilege::Elevated) => VariableState::Privileged,
        (Err(VarError::NotUnicode(_)), _) => VariableState::NotText,
        (Ok(value), Privilege::Ordinary) => VariableState::Effective(value),
    }
}

/// Every variable that a mechanism, a store, a driver or the command looks for, and what it says.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("KRB5CCNAME", "the credential cache"),
    ("KRB5RCACHEDIR", "the directory of the user's replay cache"),
    ("KRB5RCACHENAME", "the replay cache"),
    ("KRB5RCACHETYPE", "the type of the replay cache"),
    ("KRB5_CLIENT_KTNAME", "the keytab that initiators get tickets with"),
    (
        "KRB5_CONFIG",
        "the configuration: files and directories, separated by colons",
    ),
    ("KRB5_KTNAME", "the keytab of acceptors"),
    ("KRB5_TRACE", "the file that the steps of the command are written to"),
    (
        "LM_COMPAT_LEVEL",
        "which generations of NTLM responses are sent and accepted",
    ),
    ("NETBIOS_COMPUTER_NAME", "what this machine is called in NTLM"),
    ("NETBIOS_DOMAIN_NAME", "what this machine's domain is called in NTLM"),
    ("NTLM_ANONYMOUS", "whether NTLM's acceptors take anonymous clients"),
    ("NTLM_CLIENTS", "what NTLM's acceptors ask of clients"),
    ("NTLM_LOOPBACK", "whether NTLM answers its own process"),
    ("NTLM_USER_FILE", "the accounts of NTLM, of both sides"),
    (
        "NTLM_WINBIND",
        "the program by which NTLM's acceptors ask winbind: Samba's ntlm_auth",
    ),
    ("SCRAM_USER_FILE", "the users of SCRAM's acceptors"),
    ("TMPDIR", "the directory for temporary files"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f9_what_is_set_counts_unless_it_is_no_text_or_the_process_is_privileged() {
        let set = || Ok("x".to_owned());
        let bad = || Err(VarError::NotUnicode("x".into()));
        let cases = [
            (Privilege::Ordinary, set(), VariableState::Effective("x".to_owned())),
            (Privilege::Ordinary, bad(), VariableState::NotText),
            (Privilege::Ordinary, Err(VarError::NotPresent), VariableState::Unset),
            (Privilege::Elevated, set(), VariableState::Privileged),
            (Privilege::Elevated, bad(), VariableState::Privileged),
            (Privilege::Elevated, Err(VarError::NotPresent), VariableState::Unset),
        ];
        for (privilege, value, expected) in cases {
            assert_eq!(state(privilege, value), expected);
        }
    }

    #[test]
    fn variables_are_named_once_and_in_order() {
        assert!(VARIABLES.is_sorted_by(|(one, _), (other, _)| one < other));
        assert_eq!(variables().len(), VARIABLES.len());
    }
}
