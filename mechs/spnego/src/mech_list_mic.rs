//! Whether both sides exchange MICs over the list of mechanisms, and who is next: RFC 4178 §5.
//!
//! All of it is decided here, by two functions of plain values, so that every case can be tried.

mod unproven;

use gss_core::{EstablishedContext, Flags, MechListMic, Role};

pub(crate) use unproven::{Evidence, Proof, Unproven};

/// How the mechanism was chosen, as one side knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It is what this side prefers, and the first of the initiator's list.
    Preferred,
    /// It is another one, or the acceptor has sent request-mic.
    Protected,
}

/// Whether MICs are exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// The mechanism cannot make any.
    Impossible,
    /// Only if the peer begins: legacy Windows does not know of them (RFC 4178, appendix C).
    Optional,
    /// The negotiation fails without.
    Required,
}

/// Whether this side's MIC has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    /// Not yet.
    Due,
    /// It has.
    Sent,
}

/// No proof is needed. Only [`next`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiver(());

/// Where the exchange of the mechanism's tokens has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// This side has the last token and is to send it now.
    Ours,
    /// The peer has sent the last token.
    Theirs,
    /// The peer has sent the last token, and it was the first of all: the acceptor could not ask for anything yet.
    TheirsAtOnce,
}

/// What comes next on a side whose mechanism is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The negotiation is over.
    Done(Reply, Evidence),
    /// Another message of the peer is due.
    Wait(Reply),
    /// The peer's MIC is missing.
    Refuse,
}

/// Whether this side's MIC is in its next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is.
    WithMic,
    /// It is not, or there is no message.
    WithoutMic,
}

/// Whether MICs are exchanged in `context`.
pub(crate) fn exchange(choice: Choice, context: &dyn EstablishedContext) -> Exchange {
    let integrity = context.info().flags.contains(Flags::INTEG);
    match (integrity, choice, context.mech_list_mic()) {
        (false, ..) => Exchange::Impossible,
        (true, Choice::Preferred, MechListMic::AsNegotiated) => Exchange::Optional,
        (true, ..) => Exchange::Required,
    }
}

/// What `role` does when its mechanism's context is established, with or without a proof by the peer's MIC.
pub(crate) fn next(role: Role, exchange: Exchange, end: End, ours: Ours, theirs: Option<Proof>) -> Next {
    // The answer to a MIC is a MIC.
    let answer = match (theirs, ours) {
        (Some(_), Ours::Due) => Reply::WithMic,
        _ => Reply::WithoutMic,
    };
    match (role, end, exchange, theirs) {
        // c): with or without a MIC, the acceptor's confirmation is due.
        (Role::Initiator, End::Ours, Exchange::Required, None) if ours == Ours::Due => Next::Wait(Reply::WithMic),
        (Role::Initiator, End::Ours, ..) => Next::Wait(answer),
        // b) I, c) I
        (_, _, _, Some(proof)) => Next::Done(answer, Evidence::Proof(proof)),
        // b) III, c) III
        (_, _, Exchange::Impossible | Exchange::Optional, None) => {
            Next::Done(Reply::WithoutMic, Evidence::Waiver(Waiver(())))
        }
        // b), c) IV
        (Role::Acceptor, End::Ours | End::TheirsAtOnce, Exchange::Required, None) if ours == Ours::Due => {
            Next::Wait(Reply::WithMic)
        }
        // b) IV, c) V
        (_, _, Exchange::Required, None) => Next::Refuse,
    }
}

#[cfg(test)]
mod tests;
