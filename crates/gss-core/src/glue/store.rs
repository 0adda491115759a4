//! Calls on a credential's elements: storing them, RFC 5588, and adding one.

use std::sync::Arc;
use std::vec::IntoIter;

use crate::flow::settle;
use crate::{
    Acquire, CredUsage, Credential, ErrorKind, Flow, Flowing, MechCred, Mechanisms, Oid, StepError, Store, Stored,
    StoredElements, element_for,
};

impl Mechanisms {
    /// A credential with one more element, acquired as `request` says (`gss_add_cred_from`). `cred` remains as it is;
    /// both share their elements, and either may be dropped first.
    ///
    /// # Errors
    /// [`DuplicateElement`](ErrorKind::DuplicateElement) if there is one for `mech`; [`BadMech`](ErrorKind::BadMech);
    /// what the mechanism returns.
    pub fn add_cred(&self, cred: &Credential, request: Acquire, mech: &Oid) -> Flowing<Credential> {
        let mechanism = self.choose(Some(mech))?;
        let (oid, mut extended) = (mechanism.oid(), cred.clone());
        if extended.element(&oid).is_some() {
            return Err(ErrorKind::DuplicateElement.into());
        }
        mechanism.acquire(request)?.then(move |element| {
            extended.add(oid, element)?;
            Ok(Flow::Done(extended))
        })
    }

    /// Stores the element for `mech`, or with `None` those of all mechanisms that can store theirs, and says which
    /// (`gss_store_cred_into`).
    ///
    /// # Errors
    /// [`NoCred`](ErrorKind::NoCred) if there is no such element. Where nothing could be stored, the first error of an
    /// element, such as [`DuplicateElement`](ErrorKind::DuplicateElement),
    /// [`CredentialsExpired`](ErrorKind::CredentialsExpired), [`Unavailable`](ErrorKind::Unavailable).
    pub fn store_cred(cred: &Credential, into: &Store, mech: Option<&Oid>) -> Flowing<StoredElements> {
        let elements = match mech {
            None => cred.elements.clone(),
            Some(mech) => match element_for(Some(cred), mech)? {
                Some(element) => vec![(*mech, Arc::clone(element))],
                None => Vec::new(),
            },
        };
        Storing {
            into: into.clone(),
            left: elements.into_iter(),
            mechs: Vec::new(),
            usage: None,
            failed: None,
        }
        .go_on()
    }
}

/// Stores one element after the other.
struct Storing {
    into: Store,
    left: IntoIter<(Oid, Arc<dyn MechCred>)>,
    mechs: Vec<Oid>,
    usage: Option<CredUsage>,
    failed: Option<StepError>,
}

impl Storing {
    fn go_on(mut self) -> Flowing<StoredElements> {
        let Some((mech, element)) = self.left.next() else {
            return self.finish();
        };
        settle(element.store(&self.into), move |outcome| {
            match outcome {
                Ok(stored) => self.note(mech, stored),
                Err(error) => {
                    self.failed.get_or_insert(error);
                }
            }
            self.go_on()
        })
    }

    fn note(&mut self, mech: Oid, stored: Stored) {
        self.mechs.push(mech);
        self.usage = Some(match self.usage {
            Some(usage) if usage != stored.usage => CredUsage::Both,
            _ => stored.usage,
        });
    }

    fn finish(self) -> Flowing<StoredElements> {
        match self.usage {
            Some(usage) => Ok(Flow::Done(StoredElements {
                mechs: self.mechs,
                usage,
            })),
            None => Err(self.failed.unwrap_or_else(|| ErrorKind::NoCred.into())),
        }
    }
}
