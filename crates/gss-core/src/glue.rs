//! The mechglue: calls that find the mechanism and pass on to it, RFC 2743 §2.

mod local;
mod store;

use std::sync::Arc;

use crate::exported_name::ExportedName;
use crate::flow::settle;
use crate::serial::{self, Exported};
use crate::{
    Accept, AcceptorContext, Acquire, CoreError, Credential, Error, ErrorKind, EstablishedContext, Flow, Flowing,
    Handshake, Initiate, InitiatorContext, Mechanism, Mechanisms, Name, Octets, Oid, OptionValue, Progress, Result,
    Role, Step, StepError, element_for,
};

impl Mechanisms {
    /// Acquires a credential with an element for each of `mechs` that has one, in the order of `mechs`; `None` asks
    /// every mechanism that may be used by default (`gss_acquire_cred_from`).
    ///
    /// A negotiator among `mechs` stands for the mechanisms that it negotiates by default.
    ///
    /// # Errors
    /// [`BadMech`](ErrorKind::BadMech) if one of `mechs` is not registered. If none has a credential: the error of the
    /// first that says more than that it has none, or else that of the first.
    pub fn acquire(&self, request: Acquire, mechs: Option<&[Oid]>) -> Flowing<Credential> {
        let candidates = self.candidates(mechs)?;
        Acquiring {
            request,
            left: candidates.into_iter(),
            found: Credential::default(),
            failed: None,
        }
        .go_on()
    }

    /// The name in a mechanism's own form; `None` for the default mechanism, or the one that exported it
    /// (`gss_canonicalize_name`).
    ///
    /// # Errors
    /// [`BadMech`](ErrorKind::BadMech), [`BadName`](ErrorKind::BadName), [`BadNameType`](ErrorKind::BadNameType).
    pub fn canonicalize(&self, name: &Name, mech: Option<&Oid>) -> Flowing<Name> {
        let exporter = match mech {
            None if name.is_exported() => Some(ExportedName::parse(name.as_octets())?.mech),
            _ => None,
        };
        let mech = self.choose(mech.or(exporter.as_ref()))?;
        let oid = mech.oid();
        if name.mech_name(&oid).is_some() {
            return Ok(Flow::Done(name.clone()));
        }
        mech.import_name(name)?
            .then(move |canonical| Ok(Flow::Done(Name::of_mech(oid, canonical)?)))
    }

    /// Whether two names are the same (`gss_compare_name`). Names of different mechanisms are not.
    ///
    /// # Errors
    /// [`NameNotMn`](ErrorKind::NameNotMn) unless both have been canonicalised; what
    /// [`MechName::same`](crate::MechName::same) returns.
    pub fn same_name(&self, one: &Name, other: &Name) -> Result<bool> {
        match (one.canonical(), other.canonical()) {
            (Some((one_mech, one)), Some((other_mech, other))) if one_mech == other_mech => one.same(&**other),
            (Some(_), Some(_)) => Ok(false),
            _ => Err(ErrorKind::NameNotMn.into()),
        }
    }

    /// Begins a context as its initiator; `None` for the default mechanism (`gss_init_sec_context`). Its first step
    /// takes no token.
    ///
    /// # Errors
    /// [`BadMech`](ErrorKind::BadMech); [`NoCred`](ErrorKind::NoCred) if there is a credential without an element for
    /// the mechanism; what the mechanism returns.
    pub fn initiate(&self, request: &Initiate, mech: Option<&Oid>) -> Result<Box<dyn InitiatorContext>> {
        let mech = self.choose(mech)?;
        if !mech.attrs().negotiates() {
            element_for(request.cred.as_ref(), &mech.oid())?;
        }
        mech.initiate(request)
    }

    /// Begins a context as its acceptor (`gss_accept_sec_context`). The first token decides which mechanism.
    #[must_use]
    pub fn accept(&self, request: Accept) -> Box<dyn AcceptorContext> {
        Box::new(AwaitInitialToken {
            mechs: self.clone(),
            request,
        })
    }

    /// Begins a context as the acceptor of one mechanism.
    ///
    /// # Errors
    /// As [`initiate`](Self::initiate).
    pub fn accept_as(&self, request: &Accept, mech: &Oid) -> Result<Box<dyn AcceptorContext>> {
        accept_by(self.choose(Some(mech))?, request)
    }

    /// The context as octets, for another process (`gss_export_sec_context`). After `Ok` the context is dead, after
    /// `Err` as before.
    ///
    /// The octets hold keys.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if its mechanism cannot.
    pub fn export_context(context: &mut dyn EstablishedContext) -> Result<Octets> {
        let mech = context.info().mech;
        let octets = context.export()?;
        serial::write(Exported::Context, &[(mech, octets)])
    }

    /// Takes a context that [`export_context`](Self::export_context) wrote (`gss_import_sec_context`).
    ///
    /// # Errors
    /// [`DefectiveToken`](ErrorKind::DefectiveToken) if it is none, or of an unknown version;
    /// [`BadMech`](ErrorKind::BadMech) if its mechanism is not registered.
    pub fn import_context(&self, token: &[u8]) -> Result<Box<dyn EstablishedContext>> {
        match serial::read(Exported::Context, token)?.as_slice() {
            [(mech, octets)] => self.choose(Some(mech))?.import_context(octets),
            _ => Err(Error::core(
                ErrorKind::DefectiveToken,
                CoreError::Serialised {
                    what: Exported::Context,
                },
            )),
        }
    }

    /// A credential as octets, for another process (`gss_export_cred`): those elements that can be exported.
    ///
    /// The octets may hold keys.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if no element can be exported; what else an element returns.
    pub fn export_cred(cred: &Credential) -> Result<Octets> {
        let mut entries = Vec::new();
        for (mech, element) in &cred.elements {
            match element.export() {
                Ok(octets) => entries.push((*mech, octets)),
                Err(error) if error == ErrorKind::Unavailable => {}
                Err(error) => return Err(error),
            }
        }
        if entries.is_empty() {
            return Err(Error::UNAVAILABLE);
        }
        serial::write(Exported::Credential, &entries)
    }

    /// Takes a credential that [`export_cred`](Self::export_cred) wrote (`gss_import_cred`).
    ///
    /// # Errors
    /// As [`import_context`](Self::import_context).
    pub fn import_cred(&self, token: &[u8]) -> Result<Credential> {
        let mut cred = Credential::default();
        for (mech, octets) in serial::read(Exported::Credential, token)? {
            cred.add(mech, self.choose(Some(&mech))?.import_cred(octets)?)?;
        }
        Ok(cred)
    }

    /// The concrete mechanisms that a list of OIDs means, each once.
    fn candidates(&self, mechs: Option<&[Oid]>) -> Result<Vec<Arc<dyn Mechanism>>> {
        let mut chosen: Vec<Arc<dyn Mechanism>> = Vec::new();
        let mut add = |mech: &Arc<dyn Mechanism>| {
            if !chosen.iter().any(|known| known.oid() == mech.oid()) {
                chosen.push(Arc::clone(mech));
            }
        };
        let defaults = || {
            self.iter()
                .filter(|mech| mech.attrs().is_default_candidate() && !mech.attrs().negotiates())
        };
        match mechs {
            None => defaults().for_each(&mut add),
            Some(oids) => {
                for oid in oids {
                    let mech = self.choose(Some(oid))?;
                    if mech.attrs().negotiates() {
                        defaults().for_each(&mut add);
                    } else {
                        add(mech);
                    }
                }
            }
        }
        Ok(chosen)
    }
}

/// Acquires from one mechanism after the other.
struct Acquiring {
    request: Acquire,
    left: std::vec::IntoIter<Arc<dyn Mechanism>>,
    found: Credential,
    failed: Option<StepError>,
}

impl Acquiring {
    fn go_on(mut self) -> Flowing<Credential> {
        let Some(mech) = self.left.next() else {
            return self.finish();
        };
        let oid = mech.oid();
        settle(mech.acquire(self.request.clone()), move |outcome| {
            match outcome {
                Ok(element) => self.found.elements.push((oid, element)),
                Err(error) => self.note(error),
            }
            self.go_on()
        })
    }

    /// Keeps the error that says most: the first, unless a later one says more than "none here".
    fn note(&mut self, error: StepError) {
        let vague = |error: &StepError| {
            matches!(
                error.error.kind(),
                ErrorKind::NoCred | ErrorKind::Unavailable | ErrorKind::BadNameType
            )
        };
        match &self.failed {
            Some(kept) if !vague(kept) || vague(&error) => {}
            _ => self.failed = Some(error),
        }
    }

    fn finish(self) -> Flowing<Credential> {
        if self.found.elements.is_empty() {
            return Err(self.failed.unwrap_or_else(|| ErrorKind::NoCred.into()));
        }
        Ok(Flow::Done(self.found))
    }
}

/// An acceptor that has not seen the token which names the mechanism.
struct AwaitInitialToken {
    mechs: Mechanisms,
    request: Accept,
}

impl Handshake for AwaitInitialToken {
    fn progress(&self) -> Progress {
        Progress::new(None, Role::Acceptor)
    }

    fn set_option(&mut self, _what: Oid, _value: OptionValue<'_>) -> Result<()> {
        Err(Error::UNAVAILABLE)
    }
}

impl AcceptorContext for AwaitInitialToken {
    fn step(self: Box<Self>, token: Option<&[u8]>) -> Flowing<Step<dyn AcceptorContext>> {
        let mech = self.mechs.route(token.unwrap_or_default())?;
        accept_by(mech, &self.request)?.step(token)
    }
}

fn accept_by(mech: &Arc<dyn Mechanism>, request: &Accept) -> Result<Box<dyn AcceptorContext>> {
    if !mech.attrs().negotiates() {
        element_for(request.cred.as_ref(), &mech.oid())?;
    }
    mech.accept(request)
}
