//! Acquiring credentials.
//!
//! The keys of a credential store are those of gss-ntlmssp:
//!
//! | key | for | value |
//! |---|---|---|
//! | `ntlmssp_password`, `password` | initiating | the password |
//! | `ntlmssp_nthash` | initiating | the NT hash: 32 hexadecimal digits |
//! | `ntlmssp_domain` | initiating | the domain of a user whose name has none |
//! | `ntlmssp_keyfile` | both | a file of accounts in the form of `NTLM_USER_FILE`, instead of that one |
//! | `ntlmssp_users` | accepting | whom to ask: a value of type [`Users`] |
//!
//! Other keys are ignored. A password or hash needs a name that says whose it is; without either the file tells both.
//! What is not named is the environment's.

use std::sync::Arc;

use gss_core::{Acquire, CredSource, CredStore, MechCred, Result};

use crate::cred::{Accepting, Identity, NtlmCred};
use crate::error::{NameFault, NtlmError};
use crate::name::NtlmName;
use crate::{AccountName, NtHash, NtlmEnvironment, Password, UserDatabase};

/// Whom an acceptor asks, as the value of `ntlmssp_users` in a credential store.
#[derive(Clone, Debug)]
pub struct Users(pub Arc<dyn UserDatabase>);

/// Acquires what `request` asks for.
pub(crate) fn acquire(environment: &NtlmEnvironment, request: &Acquire) -> Result<Arc<dyn MechCred>> {
    let name = request.name.as_ref().map(NtlmName::import).transpose()?;
    let (wants_initiate, wants_accept) = match &name {
        // A name says what its bearer is for, where the caller wants both.
        Some(NtlmName::Service { .. }) if !request.usage.initiates() || request.usage.accepts() => (false, true),
        Some(NtlmName::User(_) | NtlmName::Anonymous) if request.usage.initiates() => (true, false),
        _ => (request.usage.initiates(), request.usage.accepts()),
    };
    let (environment, users) = match &request.source {
        CredSource::Store(store) => (with_accounts_of(environment, store)?, users_of(store)?),
        _ => (environment.clone(), None),
    };
    let initiating = wants_initiate.then(|| initiating(&environment, name.as_ref(), &request.source));
    let accepting = wants_accept.then(|| accepting(&environment, name, users));
    // Where both are wanted, one is enough.
    let cred = match (initiating, accepting) {
        (Some(Err(error)), None | Some(Err(_))) | (None, Some(Err(error))) => return Err(error),
        (initiating, accepting) => NtlmCred {
            initiating: initiating.and_then(Result::ok),
            accepting: accepting.and_then(Result::ok),
        },
    };
    Ok(Arc::new(cred))
}

/// The same with the accounts of the file that `store` names.
fn with_accounts_of(environment: &NtlmEnvironment, store: &CredStore) -> Result<NtlmEnvironment> {
    #[cfg(unix)]
    if let Some(path) = store.text("ntlmssp_keyfile")? {
        let file = Arc::new(crate::users::UserFile::new(path, environment.provider));
        let mut settings = environment.settings.clone();
        settings.users = None;
        return Ok(NtlmEnvironment {
            settings: settings.with_user_file(file),
            ..environment.clone()
        });
    }
    let _ = store;
    Ok(environment.clone())
}

fn users_of(store: &CredStore) -> Result<Option<Arc<dyn UserDatabase>>> {
    match store.value("ntlmssp_users")? {
        Some(value) => Ok(Some(value.object::<Users>().ok_or(NtlmError::NoUsers)?.0.clone())),
        None => Ok(None),
    }
}

fn initiating(environment: &NtlmEnvironment, name: Option<&NtlmName>, source: &CredSource) -> Result<Identity> {
    let (hash, domain) = match source {
        CredSource::Password(password) => (Some(hash_of(environment, password)?), None),
        CredSource::Store(store) => (hash_in(environment, store)?, store.text("ntlmssp_domain")?),
        _ => (None, None),
    };
    let mut account = match (name, &hash) {
        (Some(NtlmName::Anonymous), _) => return Ok(Identity::Anonymous),
        (Some(NtlmName::User(account)), _) => account.clone(),
        (Some(NtlmName::Service { .. }), _) => return Err(not_a_user(name)),
        (None, None) => AccountName::default(),
        (None, Some(_)) => return Err(NtlmError::Credential("have a password, and no name that says whose").into()),
    };
    if account.domain.is_empty() && !account.user.contains('@') {
        domain.unwrap_or_default().clone_into(&mut account.domain);
    }
    if let Some(hash) = hash {
        return Ok(Identity::User(account, Arc::new(hash)));
    }
    match environment.settings.identity(&account).map_err(NtlmError::from)? {
        Some((account, hash)) => Ok(Identity::User(account, Arc::new(hash))),
        None if account.user.is_empty() => Err(NtlmError::NoPassword("nobody in particular".to_owned()).into()),
        None => Err(NtlmError::NoPassword(account.to_string()).into()),
    }
}

/// The default acceptor: for those that bring no credential.
///
/// # Errors
/// [`NtlmError::NoUsers`].
pub(crate) fn default_acceptor(environment: &NtlmEnvironment) -> Result<Accepting> {
    accepting(environment, None, None)
}

fn accepting(
    environment: &NtlmEnvironment,
    service: Option<NtlmName>,
    users: Option<Arc<dyn UserDatabase>>,
) -> Result<Accepting> {
    let users = users.or_else(|| environment.settings.users.clone());
    Ok(Accepting {
        users: users.ok_or(NtlmError::NoUsers)?,
        service,
    })
}

fn hash_in(environment: &NtlmEnvironment, store: &CredStore) -> Result<Option<NtHash>> {
    if let Some(digits) = store.text("ntlmssp_nthash")? {
        let hash = NtHash::from_hex(digits);
        return match hash {
            Some(hash) => Ok(Some(hash)),
            None => Err(NtlmError::Credential("have an ntlmssp_nthash that is not 32 hexadecimal digits").into()),
        };
    }
    let password = match store.octets("ntlmssp_password")? {
        Some(password) => Some(password),
        None => store.octets("password")?,
    };
    password.map(|password| hash_of(environment, password)).transpose()
}

fn hash_of(environment: &NtlmEnvironment, password: &[u8]) -> Result<NtHash> {
    let text = std::str::from_utf8(password)
        .map_err(|_| NtlmError::Credential("have a password that is not text in UTF-8"))?;
    Ok(Password::new(text).nt_hash(environment.provider))
}

fn not_a_user(name: Option<&NtlmName>) -> gss_core::Error {
    NtlmError::Name {
        name: name.and_then(NtlmName::spn).unwrap_or_default(),
        fault: NameFault::Type,
    }
    .into()
}
