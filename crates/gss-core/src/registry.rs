//! The registry of mechanisms: an ordered value, built explicitly or from what is linked into the program.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::{AttrSet, CoreError, Environment, Error, ErrorKind, Mechanism, Oid, OidList, Result, framing};

/// The mechanisms of a program, in the order of preference. Cheap to clone.
#[derive(Clone)]
pub struct Mechanisms {
    ordered: Arc<[Arc<dyn Mechanism>]>,
}

impl Mechanisms {
    /// Builds a registry step by step: the order is that of preference.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The mechanisms that are linked into the program: first the concrete ones, then the negotiators, each in the
    /// order of (priority, OID) of their [`Registration`].
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if there is none: [`CoreError::EmptyRegistry`] says what to do.
    /// [`DuplicateElement`](ErrorKind::DuplicateElement) if two have one OID. What their constructors return.
    pub fn linked(environment: &Environment) -> Result<Self> {
        Self::from_registrations(inventory::iter::<Registration>(), environment)
    }

    fn from_registrations<'a>(
        registrations: impl IntoIterator<Item = &'a Registration>,
        environment: &Environment,
    ) -> Result<Self> {
        let mut sorted: Vec<&Registration> = registrations.into_iter().collect();
        sorted.sort_by_key(|entry| (entry.priority, entry.oid));
        let mut builder = Self::builder();
        for entry in &sorted {
            if let Constructor::Concrete(new) = entry.constructor {
                builder = builder.with_shared(new(environment)?);
            }
        }
        for entry in &sorted {
            if let Constructor::Negotiator(new) = entry.constructor {
                let negotiator = new(builder.snapshot())?;
                builder = builder.with_shared(negotiator);
            }
        }
        builder.build()
    }

    /// All mechanisms, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Mechanism>> {
        self.ordered.iter()
    }

    /// The mechanism of that OID or alias.
    #[must_use]
    pub fn mechanism(&self, oid: &Oid) -> Option<&Arc<dyn Mechanism>> {
        self.ordered.iter().find(|mech| answers_to(mech, oid))
    }

    /// The mechanism of that OID or alias, or the default one.
    ///
    /// # Errors
    /// [`BadMech`](ErrorKind::BadMech) if it is not registered: says which are.
    pub fn choose(&self, oid: Option<&Oid>) -> Result<&Arc<dyn Mechanism>> {
        let Some(oid) = oid else {
            return Ok(self.default_mechanism());
        };
        self.mechanism(oid).ok_or_else(|| {
            let reason = CoreError::UnknownMechanism {
                mech: *oid,
                present: OidList(self.oids().collect()),
            };
            Error::core(ErrorKind::BadMech, reason)
        })
    }

    /// The mechanism for callers that ask for none (`GSS_C_NO_OID`): the first that is concrete and may be a default,
    /// RFC 5587; else the first that may be one; else the first.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "a registry has a first mechanism: build() refuses an empty one"
    )]
    pub fn default_mechanism(&self) -> &Arc<dyn Mechanism> {
        let allowed = || self.iter().filter(|mech| mech.attrs().is_default_candidate());
        let concrete = allowed().find(|mech| !mech.attrs().negotiates());
        concrete
            .or_else(|| allowed().next())
            .or_else(|| self.ordered.first())
            .expect("build() refuses an empty registry")
    }

    /// The OIDs of all mechanisms, in order (`gss_indicate_mechs`).
    pub fn oids(&self) -> impl Iterator<Item = Oid> + '_ {
        self.iter().map(|mech| mech.oid())
    }

    /// The mechanisms that have all of `desired`, none of `except`, and know all of `critical`
    /// (`gss_indicate_mechs_by_attrs`, RFC 5587 §3.4.2).
    pub fn oids_by_attrs(
        &self,
        desired: AttrSet,
        except: AttrSet,
        critical: AttrSet,
    ) -> impl Iterator<Item = Oid> + '_ {
        let fits = move |mech: &&Arc<dyn Mechanism>| {
            let attrs = mech.attrs();
            attrs.supported.contains(desired) && !attrs.supported.intersects(except) && attrs.known.contains(critical)
        };
        self.iter().filter(fits).map(|mech| mech.oid())
    }

    /// The mechanisms that can import names of this type (`gss_inquire_mechs_for_name`).
    pub fn oids_by_name_type(&self, name_type: Oid) -> impl Iterator<Item = Oid> + '_ {
        self.iter()
            .filter(move |mech| mech.name_types().contains(&name_type))
            .map(|mech| mech.oid())
    }

    /// The mechanism that an acceptor is to give an initiator's first token to.
    ///
    /// A token that starts with 0x60 is framed and names its mechanism, RFC 2743 §3.1. Any other goes to the first
    /// mechanism that claims it.
    ///
    /// # Errors
    /// [`DefectiveToken`](ErrorKind::DefectiveToken) if the framing is malformed or nobody claims the token,
    /// [`BadMech`](ErrorKind::BadMech) if the mechanism is not registered.
    pub fn route(&self, token: &[u8]) -> Result<&Arc<dyn Mechanism>> {
        if framing::is_framed(token) {
            let (oid, _) = framing::parse(token)?;
            return self.choose(Some(&oid));
        }
        let claimed = self.iter().find(|mech| mech.claims_unframed(token));
        claimed.ok_or_else(|| Error::core(ErrorKind::DefectiveToken, CoreError::Unrecognised))
    }
}

impl fmt::Debug for Mechanisms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Builds [`Mechanisms`].
#[derive(Debug, Default)]
pub struct Builder {
    ordered: Vec<Arc<dyn Mechanism>>,
}

impl Builder {
    /// Adds a mechanism behind the others.
    #[must_use]
    pub fn with(self, mech: impl Mechanism + 'static) -> Self {
        self.with_shared(Arc::new(mech))
    }

    /// Adds a mechanism that others share behind the others.
    #[must_use]
    pub fn with_shared(mut self, mech: Arc<dyn Mechanism>) -> Self {
        self.ordered.push(mech);
        self
    }

    /// Adds a negotiator of all that stand before it.
    #[must_use]
    pub fn negotiated_by<M: Mechanism + 'static>(self, negotiator: impl FnOnce(Snapshot) -> M) -> Self {
        let snapshot = self.snapshot();
        self.with(negotiator(snapshot))
    }

    /// The registry.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if it is empty, [`DuplicateElement`](ErrorKind::DuplicateElement) if an
    /// OID or alias is there twice.
    pub fn build(self) -> Result<Mechanisms> {
        if self.ordered.is_empty() {
            return Err(Error::core(ErrorKind::Unavailable, CoreError::EmptyRegistry));
        }
        let mut seen = BTreeSet::new();
        for mech in &self.ordered {
            for oid in [mech.oid()].iter().chain(mech.aliases()) {
                if !seen.insert(*oid) {
                    return Err(Error::core(
                        ErrorKind::DuplicateElement,
                        CoreError::DuplicateMechanism(*oid),
                    ));
                }
            }
        }
        Ok(Mechanisms {
            ordered: self.ordered.into(),
        })
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            below: self.ordered.as_slice().into(),
        }
    }
}

/// The mechanisms that a negotiator can choose from: those that stood before it when it was built.
#[derive(Clone, Debug)]
pub struct Snapshot {
    below: Arc<[Arc<dyn Mechanism>]>,
}

impl Snapshot {
    /// Those to be negotiated when nobody says otherwise: without negotiators and without what RFC 5587 calls
    /// deprecated or not default.
    pub fn defaults(&self) -> impl Iterator<Item = &Arc<dyn Mechanism>> {
        self.below
            .iter()
            .filter(|mech| mech.attrs().is_default_candidate() && !mech.attrs().negotiates())
    }

    /// The mechanism of that OID or alias, default or not: for what a caller asks for by name.
    #[must_use]
    pub fn mechanism(&self, oid: &Oid) -> Option<&Arc<dyn Mechanism>> {
        self.below
            .iter()
            .find(|mech| answers_to(mech, oid) && !mech.attrs().negotiates())
    }
}

/// What a mechanism's crate submits to be found by [`Mechanisms::linked`]:
///
/// ```
/// # use std::sync::Arc;
/// # use gss_core::{Environment, Mechanism, Registration, Result, oid};
/// fn construct(environment: &Environment) -> Result<Arc<dyn Mechanism>> {
///     # let _ = environment;
///     # Err(gss_core::Error::UNAVAILABLE)
/// }
/// gss_core::inventory::submit! {
///     Registration::concrete(oid!("1.2.3.4"), 10, construct)
/// }
/// ```
///
/// The linker drops a crate that nobody names, and its entry with it: `use that_crate as _;`.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    oid: Oid,
    priority: u32,
    constructor: Constructor,
}

#[derive(Clone, Copy, Debug)]
enum Constructor {
    Concrete(fn(&Environment) -> Result<Arc<dyn Mechanism>>),
    Negotiator(fn(Snapshot) -> Result<Arc<dyn Mechanism>>),
}

impl Registration {
    /// A mechanism; lower priorities come first.
    #[must_use]
    pub const fn concrete(oid: Oid, priority: u32, new: fn(&Environment) -> Result<Arc<dyn Mechanism>>) -> Self {
        Self {
            oid,
            priority,
            constructor: Constructor::Concrete(new),
        }
    }

    /// A negotiator of the concrete mechanisms; lower priorities come first.
    #[must_use]
    pub const fn negotiator(oid: Oid, priority: u32, new: fn(Snapshot) -> Result<Arc<dyn Mechanism>>) -> Self {
        Self {
            oid,
            priority,
            constructor: Constructor::Negotiator(new),
        }
    }
}

inventory::collect!(Registration);

fn answers_to(mech: &Arc<dyn Mechanism>, oid: &Oid) -> bool {
    mech.oid() == *oid || mech.aliases().contains(oid)
}
