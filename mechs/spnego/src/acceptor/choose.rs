//! Choosing a mechanism of the initiator's list.

use std::sync::Arc;

use gss_core::{Accept, AcceptorContext, Error, Mechanism, Oid, OidList};

use crate::error::SpnegoError;
use crate::mech_list_mic::Choice;
use crate::message::NegTokenInit;
use crate::offer::{Failures, Offer, is_for_another};

/// The mechanism that has been chosen.
pub(super) struct Chosen {
    /// The OID that the initiator named it by.
    pub(super) oid: Oid,
    pub(super) context: Box<dyn AcceptorContext>,
    pub(super) choice: Choice,
    /// Its first token, if it has come.
    pub(super) token: Option<Vec<u8>>,
}

/// Takes the first mechanism of the initiator's list that can be accepted.
///
/// # Errors
/// [`SpnegoError::NothingInCommon`], or why the mechanisms that both know cannot be accepted.
pub(super) fn choose(offer: &Offer, request: &Accept, init: &NegTokenInit) -> Result<Chosen, Error> {
    let mut failures = Failures::default();
    for (place, oid) in init.mech_types.oids().iter().enumerate() {
        let Some(mech) = offer.mechanism(oid) else { continue };
        let context = match mech.accept(request) {
            Ok(context) => context,
            Err(error) => {
                failures.note(error);
                continue;
            }
        };
        let is_first = place == 0;
        let preferred = is_first && is_our_best(offer, request, mech);
        // The first token is that of the first mechanism; some put another one's there.
        let token = init
            .mech_token
            .as_ref()
            .filter(|token| is_first && !is_for_another(token, mech, offer));
        return Ok(Chosen {
            oid: *oid,
            context,
            choice: if preferred {
                Choice::Preferred
            } else {
                Choice::Protected
            },
            token: token.cloned(),
        });
    }
    Err(failures.into_error().unwrap_or_else(|| {
        SpnegoError::NothingInCommon {
            offered: OidList(init.mech_types.oids().to_vec()),
        }
        .into()
    }))
}

/// Whether no other mechanism would have been preferred had the initiator offered it, RFC 4178 §5: somebody may have
/// taken it from the list.
fn is_our_best(offer: &Offer, request: &Accept, chosen: &Arc<dyn Mechanism>) -> bool {
    let before = offer.mechs().iter().take_while(|mech| mech.oid() != chosen.oid());
    !before.into_iter().any(|better| better.accept(request).is_ok())
}
