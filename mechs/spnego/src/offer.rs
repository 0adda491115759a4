//! Which mechanisms may be negotiated, and in which order.

use std::sync::Arc;

use gss_core::{Accept, Credential, Error, Initiate, Mechanism, Oid, OidList, Snapshot, framing};

use crate::error::SpnegoError;

/// What a side may negotiate, best first.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    mechs: Vec<Arc<dyn Mechanism>>,
}

impl Offer {
    /// What an initiator may offer.
    ///
    /// # Errors
    /// [`SpnegoError::NothingToOffer`].
    pub(crate) fn of_initiator(below: &Snapshot, request: &Initiate) -> Result<Self, SpnegoError> {
        Self::new(below, request.negotiable.as_deref(), request.cred.as_ref())
    }

    /// What an acceptor may take.
    ///
    /// # Errors
    /// [`SpnegoError::NothingToOffer`].
    pub(crate) fn of_acceptor(below: &Snapshot, request: &Accept) -> Result<Self, SpnegoError> {
        Self::new(below, request.negotiable.as_deref(), request.cred.as_ref())
    }

    /// In the order of the caller's choice for this context, of the credential's choice, of the credential's elements,
    /// of the registry: the first that there is. What comes later only restricts. Mechanisms that are no defaults are
    /// among them only where somebody names them.
    fn new(below: &Snapshot, negotiable: Option<&[Oid]>, cred: Option<&Credential>) -> Result<Self, SpnegoError> {
        let elements: Option<Vec<Oid>> = cred.map(|cred| cred.mechs().collect());
        let restrictions = [
            negotiable,
            cred.and_then(|cred| cred.negotiable.as_deref()),
            elements.as_deref(),
        ];
        let mut restrictions = restrictions.into_iter().flatten();
        let mechs: Vec<Arc<dyn Mechanism>> = match restrictions.next() {
            None => below.defaults().cloned().collect(),
            Some(ordered) => {
                let rest: Vec<&[Oid]> = restrictions.collect();
                let named = ordered.iter().filter_map(|oid| below.mechanism(oid));
                let allowed = named.filter(|mech| rest.iter().all(|oids| names(oids, mech)));
                let mut mechs: Vec<Arc<dyn Mechanism>> = Vec::new();
                for mech in allowed {
                    if !mechs.iter().any(|known| known.oid() == mech.oid()) {
                        mechs.push(Arc::clone(mech));
                    }
                }
                mechs
            }
        };
        if mechs.is_empty() {
            let named = negotiable
                .map(<[Oid]>::to_vec)
                .or_else(|| elements.clone())
                .unwrap_or_default();
            return Err(SpnegoError::NothingToOffer {
                allowed: OidList(named),
                present: OidList(below.defaults().map(|mech| mech.oid()).collect()),
            });
        }
        Ok(Self::of(mechs))
    }

    /// An offer of these.
    pub(crate) fn of(mechs: Vec<Arc<dyn Mechanism>>) -> Self {
        Self { mechs }
    }

    /// The mechanisms, best first.
    pub(crate) fn mechs(&self) -> &[Arc<dyn Mechanism>] {
        &self.mechs
    }

    /// Their OIDs.
    pub(crate) fn oids(&self) -> Vec<Oid> {
        self.mechs.iter().map(|mech| mech.oid()).collect()
    }

    /// The mechanism of that OID or alias: Samba and Windows name Kerberos by either of two.
    pub(crate) fn mechanism(&self, oid: &Oid) -> Option<&Arc<dyn Mechanism>> {
        self.mechs.iter().find(|mech| answers_to(mech, oid))
    }

    /// The mechanism that a token is for, by its framing or its look.
    pub(crate) fn of_token(&self, token: &[u8]) -> Option<&Arc<dyn Mechanism>> {
        if framing::is_framed(token) {
            let (oid, _) = framing::parse(token).ok()?;
            return self.mechanism(&oid);
        }
        self.mechs.iter().find(|mech| mech.claims_unframed(token))
    }

    /// The mechanisms, best first, to build another offer of.
    pub(crate) fn into_mechs(self) -> Vec<Arc<dyn Mechanism>> {
        self.mechs
    }
}

/// Whether `token` claims to be for another mechanism than `mech`. A token that claims nothing is for whoever is asked.
pub(crate) fn is_for_another(token: &[u8], mech: &Arc<dyn Mechanism>, offer: &Offer) -> bool {
    if framing::is_framed(token) {
        return framing::parse(token).is_ok_and(|(oid, _)| !answers_to(mech, &oid));
    }
    !mech.claims_unframed(token) && offer.of_token(token).is_some()
}

fn names(oids: &[Oid], mech: &Arc<dyn Mechanism>) -> bool {
    oids.iter().any(|oid| answers_to(mech, oid))
}

pub(crate) fn answers_to(mech: &Arc<dyn Mechanism>, oid: &Oid) -> bool {
    mech.oid() == *oid || mech.aliases().contains(oid)
}

/// The error that says most: the first, unless it only says that there is nothing and a later one says more.
#[derive(Debug, Default)]
pub(crate) struct Failures(Option<Error>);

impl Failures {
    pub(crate) fn note(&mut self, error: Error) {
        use gss_core::ErrorKind::{NoCred, Unavailable};
        let vague = |error: &Error| matches!(error.kind(), NoCred | Unavailable);
        match &self.0 {
            Some(kept) if !vague(kept) || vague(&error) => {}
            _ => self.0 = Some(error),
        }
    }

    pub(crate) fn into_error(self) -> Option<Error> {
        self.0
    }
}
