//! Proving that a ticket comes from the real KDC, `krb5_verify_init_creds` of MIT's library.
//!
//! Whoever checks a password by getting a ticket with it believes the one who answers: an impostor who knows the
//! password that it wants to be typed in answers as well. A ticket for a service of this machine, which only the KDC
//! can encrypt in its key, proves it.

use std::collections::VecDeque;
use std::sync::Arc;

use gss_core::{Error, Flow, Flowing, flow::settle};
use krb5_proto::exchange::ap::{self, AcceptPolicy, ApInitiate, InitialSequence};
use krb5_proto::exchange::{Subkey, TgsOptions};
use krb5_proto::messages::{ApOptions, AuthorizationData};
use krb5_proto::{Credentials, Principal, Realm};
use krb5_store::keytab::{Acceptor, KeySource, ServiceName};

use crate::error::{KerberosError, failed};
use crate::{KerberosEnvironment, kdc};

/// What proves it.
#[derive(Debug)]
pub(crate) struct Verification {
    keytab: Arc<dyn KeySource>,
    /// Whose key; `None` for any service `host`.
    server: Option<Principal>,
}

impl Verification {
    /// By the key of this principal; of any service `host` if the text is empty.
    ///
    /// # Errors
    /// [`KerberosError::Name`].
    pub(crate) fn new(
        keytab: Arc<dyn KeySource>,
        principal: &str,
        environment: &KerberosEnvironment,
    ) -> Result<Self, KerberosError> {
        let default = environment.settings.default_realm().map(Realm::from);
        let parse = |text| Principal::parse(text, default.as_ref());
        let server = Some(principal).filter(|text| !text.is_empty()).map(parse);
        let server = server.transpose().map_err(|reason| KerberosError::Name {
            name: principal.to_owned(),
            reason: reason.into(),
        })?;
        Ok(Self { keytab, server })
    }

    /// Whose keys may prove it. Keys that people know as their passwords prove nothing, so that only hosts' count
    /// unless somebody is named.
    fn servers(&self) -> Result<VecDeque<Principal>, KerberosError> {
        let keytab = self.keytab.read()?;
        let mut servers = VecDeque::new();
        for entry in &keytab.entries {
            let wanted = match &self.server {
                Some(server) => entry.principal == *server,
                None => matches!(entry.principal.name.components.as_slice(), [first, _] if *first == "host"),
            };
            if wanted && !servers.contains(&entry.principal) {
                servers.push_back(entry.principal.clone());
            }
        }
        if servers.is_empty() {
            let wanted = self
                .server
                .as_ref()
                .map_or_else(|| "host on any host".to_owned(), ToString::to_string);
            return Err(KerberosError::no_entry(self.keytab.as_ref(), wanted));
        }
        Ok(servers)
    }
}

/// Gets a ticket for a service whose key we have, and reads it with that key.
///
/// # Errors
/// [`KerberosError::Unverified`] with the reason: also if there is no such key, since nothing is proved then.
pub(crate) fn verify(
    environment: &KerberosEnvironment,
    verification: Verification,
    tgt: Credentials,
    clock_offset: i64,
) -> Flowing<()> {
    let servers = verification
        .servers()
        .map_err(|cause| failed(unverified(&tgt, &verification, cause.into())))?;
    Verifying {
        environment: environment.clone(),
        verification,
        tgt,
        clock_offset,
        servers,
    }
    .next(None)
}

struct Verifying {
    environment: KerberosEnvironment,
    verification: Verification,
    tgt: Credentials,
    clock_offset: i64,
    /// Those that have not been tried.
    servers: VecDeque<Principal>,
}

impl Verifying {
    /// Tries the next service; `failure` is that of the last one.
    fn next(mut self, failure: Option<Error>) -> Flowing<()> {
        let Some(server) = self.servers.pop_front() else {
            let cause = failure.unwrap_or_else(|| KerberosError::WrongReply.into());
            return Err(failed(unverified(&self.tgt, &self.verification, cause)));
        };
        let mut options = TgsOptions::new(self.tgt.clone(), server.clone());
        options.clock_offset = self.clock_offset;
        settle(kdc::service_ticket(&self.environment, options), move |outcome| {
            let proved = match outcome {
                Ok(outcome) => self.read(&outcome.credentials, server).map_err(Error::from),
                Err(error) => Err(error.error),
            };
            match proved {
                Ok(()) => Ok(Flow::Done(())),
                Err(error) => self.next(Some(error)),
            }
        })
    }

    fn read(&self, ticket: &Credentials, server: Principal) -> Result<(), KerberosError> {
        let KerberosEnvironment { settings, provider, .. } = &self.environment;
        let now = self.environment.now().offset(self.clock_offset);
        let request = ApInitiate {
            credentials: ticket,
            options: ApOptions::empty(),
            checksum: None,
            subkey: Subkey::None,
            sequence: InitialSequence::Generate,
            authdata: AuthorizationData::default(),
        };
        let (message, _) = ap::initiate(provider, request, now)?;
        let policy = AcceptPolicy {
            clock_skew: settings.clockskew(),
            permitted: settings.permitted_enctypes().to_vec(),
            ..AcceptPolicy::default()
        };
        let keytab = Arc::clone(&self.verification.keytab);
        let keys = Acceptor::new(keytab, Some(ServiceName::Principal(server)), settings, provider);
        // Nobody else has seen this authenticator: there is no replay to be found.
        let accepted = ap::accept(provider, &keys, &message, &policy, now)?;
        if accepted.client == self.tgt.client {
            Ok(())
        } else {
            Err(KerberosError::WrongReply)
        }
    }
}

fn unverified(tgt: &Credentials, verification: &Verification, cause: Error) -> KerberosError {
    KerberosError::Unverified {
        client: Box::new(tgt.client.clone()),
        keytab: verification.keytab.name(),
        cause,
    }
}
