//! What a context is to be, from the command line.

use gss::drive;
use gss_core::{Accept, Acquire, ChannelBindings, CredStore, Credential, Error, Flags, Initiate, Name, Oid};

use super::handshake::HalfOpen;
use super::session::Surroundings;

/// Options of both roles.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// The mechanism
    #[arg(long, value_enum, default_value_t = Mech::Krb5)]
    mech: Mech,
    /// What SPNEGO may choose from, best first, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_enum)]
    negotiate: Vec<Mech>,
    /// Channel bindings: application data in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = hexadecimal)]
    bindings: Option<Octets>,
    /// Where the credential comes from: ccache, client_keytab, password, verify, keytab or rcache with its value, for
    /// SCRAM's acceptor user_file; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = store_entry)]
    store: Vec<(String, String)>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Initiator {
    #[command(flatten)]
    common: Common,
    /// Whom to talk to, for example HTTP@www.example.org
    #[arg(long, value_name = "SERVICE@HOST")]
    target: String,
    /// What to ask for: mutual, replay, sequence, conf, integ, deleg, deleg_policy, dce_style, identify, anonymous,
    /// separated by commas, or none
    #[arg(long, value_name = "LIST", default_value = "mutual,replay,sequence,conf,integ", value_parser = flags)]
    flags: Flags,
    /// Whose credential to use: a principal; for NTLM and SCRAM a user
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Acceptor {
    #[command(flatten)]
    common: Common,
    /// Which keytab entry to use: a principal; any without this option. For NTLM and SCRAM a service
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Mech {
    Krb5,
    Spnego,
    Ntlm,
    /// SCRAM-SHA-256
    Scram,
    /// SCRAM-SHA-1
    ScramSha1,
}

/// A newtype, since clap takes a plain vector for a repeated option.
#[derive(Clone, Debug)]
struct Octets(Vec<u8>);

impl Mech {
    fn oid(self) -> Oid {
        match self {
            Self::Krb5 => gss::krb5::KRB5,
            Self::Spnego => gss::spnego::SPNEGO,
            Self::Ntlm => gss::ntlm::NTLM,
            Self::Scram => gss::scram::SCRAM_SHA_256,
            Self::ScramSha1 => gss::scram::SCRAM_SHA_1,
        }
    }
}

impl Common {
    /// A principal, if only Kerberos is going to hear of it; else as `elsewhere` has it.
    fn name(&self, text: &str, elsewhere: fn(&str) -> Name) -> Name {
        let kerberos = |mech: &Mech| matches!(mech, Mech::Krb5 | Mech::Spnego);
        if kerberos(&self.mech) && self.negotiate.iter().all(kerberos) {
            Name::krb5_principal(text)
        } else {
            elsewhere(text)
        }
    }

    fn bindings(&self) -> Option<ChannelBindings> {
        self.bindings
            .as_ref()
            .map(|octets| ChannelBindings::application(octets.0.clone()))
    }

    /// The credential, where the command line says which or in which order mechanisms are negotiated.
    fn credential(&self, request: Acquire, surroundings: &mut Surroundings) -> Result<Option<Credential>, Error> {
        if request.name.is_none() && self.negotiate.is_empty() && self.store.is_empty() {
            return Ok(None);
        }
        let store = self.store.iter().fold(CredStore::new(), |store, (key, value)| {
            store.with(key.as_str(), value.as_bytes())
        });
        let request = if self.store.is_empty() {
            request
        } else {
            request.from_store(store)
        };
        let negotiable: Vec<Oid> = self.negotiate.iter().map(|mech| mech.oid()).collect();
        let mechs = if negotiable.is_empty() {
            vec![self.mech.oid()]
        } else {
            negotiable.clone()
        };
        let acquired = surroundings.mechanisms.acquire(request, Some(&mechs));
        let mut cred = drive(acquired, &mut surroundings.driver).map_err(|error| error.error)?;
        if !negotiable.is_empty() {
            cred.negotiable = Some(negotiable.into());
        }
        Ok(Some(cred))
    }
}

impl Initiator {
    pub(super) fn begin(self, surroundings: &mut Surroundings) -> Result<HalfOpen, Error> {
        let mech = self.common.mech.oid();
        let user = |text: &str| self.common.name(text, |user| Name::user(user));
        let name = self.principal.as_deref().map(user);
        let cred = self.common.credential(
            Acquire {
                name,
                ..Acquire::initiate()
            },
            surroundings,
        )?;
        let mut request = Initiate::new(Name::hostbased_service(self.target.as_str())).with_flags(self.flags);
        request.cred = cred;
        if let Some(bindings) = self.common.bindings() {
            request = request.with_bindings(bindings);
        }
        surroundings
            .mechanisms
            .initiate(&request, Some(&mech))
            .map(HalfOpen::Initiator)
    }
}

impl Acceptor {
    pub(super) fn begin(self, surroundings: &mut Surroundings) -> Result<HalfOpen, Error> {
        let mech = self.common.mech.oid();
        let service = |text: &str| self.common.name(text, |service| Name::hostbased_service(service));
        let name = self.principal.as_deref().map(service);
        let cred = self.common.credential(
            Acquire {
                name,
                ..Acquire::accept()
            },
            surroundings,
        )?;
        let mut request = Accept { cred, ..Accept::new() };
        if let Some(bindings) = self.common.bindings() {
            request = request.with_bindings(bindings);
        }
        surroundings
            .mechanisms
            .accept_as(&request, &mech)
            .map(HalfOpen::Acceptor)
    }
}

fn store_entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, such as ccache=FILE:/tmp/krb5cc_1000".to_owned()),
    }
}

fn hexadecimal(text: &str) -> Result<Octets, String> {
    hex::decode(text).map(Octets).map_err(|error| error.to_string())
}

fn flags(list: &str) -> Result<Flags, String> {
    if list == "none" {
        return Ok(Flags::empty());
    }
    list.split(',')
        .try_fold(Flags::empty(), |flags, name| match Flags::from_short_name(name) {
            Some(flag) if ASKABLE.contains(flag) => Ok(flags | flag),
            _ => Err(format!(
                "no flag that can be asked for is called {name:?}; those are {}, or none",
                askable()
            )),
        })
}

fn askable() -> String {
    ASKABLE.short_names().collect::<Vec<_>>().join(", ")
}

/// The flags that an initiator can ask for; the others are granted or not.
const ASKABLE: Flags = Flags::USUAL
    .union(Flags::DELEG)
    .union(Flags::DELEG_POLICY)
    .union(Flags::DCE_STYLE)
    .union(Flags::IDENTIFY)
    .union(Flags::ANON);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_a_list_of_names_or_none() {
        assert_eq!(flags("mutual,replay,sequence,conf,integ"), Ok(Flags::USUAL));
        assert_eq!(flags("none"), Ok(Flags::empty()));
        let all = "mutual,replay,sequence,conf,integ,deleg,deleg_policy,dce_style,identify,anonymous";
        assert_eq!(flags(all), Ok(ASKABLE));
    }

    #[test]
    fn store_entries_are_a_key_and_a_value_that_may_be_empty() {
        let entry = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(store_entry("ccache=FILE:/tmp/a=b"), entry("ccache", "FILE:/tmp/a=b"));
        assert_eq!(store_entry("verify="), entry("verify", ""));
        for text in ["ccache", "=x", ""] {
            assert!(store_entry(text).unwrap_err().contains("KEY=VALUE"), "{text}");
        }
    }

    #[test]
    fn flags_that_cannot_be_asked_for_are_refused_with_those_that_can() {
        for list in ["", "channel_bound", "prot_ready", "mutual,", "MUTUAL", "none,mutual"] {
            assert!(flags(list).unwrap_err().contains("deleg_policy"), "{list}");
        }
    }
}
