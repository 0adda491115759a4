//! The matrix as data: which contexts are established, and what is expected of each.

use crate::flavour::{Enctype, Flavour};

/// What is asked for at establishment, and what must come of it.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) name: &'static str,
    /// What the initiator requests, by the names of the protocol.
    pub(crate) flags: &'static [&'static str],
    pub(crate) initiator_bindings: Option<&'static str>,
    pub(crate) acceptor_bindings: Option<&'static str>,
    pub(crate) permits: Permits,
    pub(crate) mech: Mech,
    pub(crate) outcome: Outcome,
}

/// How Kerberos comes to be the mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mech {
    /// Both sides say so.
    Krb5,
    /// They negotiate, RFC 4178.
    Spnego,
}

impl Mech {
    /// As the command lines take it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Krb5 => "krb5",
            Self::Spnego => "spnego",
        }
    }
}

/// Which encryption types both sides permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permits {
    /// That of the ticket.
    One,
    /// All, so that they negotiate the best of them, RFC 4537.
    All,
}

/// What must come of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A context, without the channel-bound flag.
    Established,
    /// A context whose acceptor reports the channel as bound.
    Bound,
    /// The acceptor refuses with this routine error.
    Refused(&'static str),
    /// A bit of the initiator's token is flipped there: the acceptor refuses.
    TamperedRequest(Place),
    /// A bit of the acceptor's token is flipped there: the initiator refuses.
    TamperedReply(Place),
    /// A bit of the initiator's second token is flipped there: the acceptor refuses what the initiator has accepted.
    TamperedThird(Place),
}

/// Where in a token a bit is flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The OID or the token's id behind it.
    Framing,
    /// Among a request's ticket, or a reply's ciphertext.
    Middle,
    /// The last octet, of an integrity checksum.
    End,
}

const MUTUAL: &[&str] = &["mutual", "replay", "sequence", "conf", "integ"];

const A: Option<&str> = Some("00112233445566778899aabbccddeeff");
const B: Option<&str> = Some("00112233445566778899aabbccddeefe");

/// What most contexts are: mutual, and all that protects messages.
pub(crate) const PLAIN: Terms = Terms {
    name: "mutual",
    flags: MUTUAL,
    initiator_bindings: None,
    acceptor_bindings: None,
    permits: Permits::One,
    mech: Mech::Krb5,
    outcome: Outcome::Established,
};

/// With a negotiation around it.
const NEGOTIATED: Terms = Terms {
    name: "spnego",
    mech: Mech::Spnego,
    ..PLAIN
};

/// Three tokens without framing, RFC 4757 §7.1.
const DCE: Terms = Terms {
    name: "dce",
    flags: &["mutual", "replay", "sequence", "conf", "integ", "dce_style"],
    ..PLAIN
};

/// Every set of terms; the rule of RFC 4121 §4.1.1.2 on bindings is one set a case.
pub(crate) const TERMS: &[Terms] = &[
    PLAIN,
    Terms {
        name: "one-way",
        flags: &["replay", "sequence", "conf", "integ"],
        ..PLAIN
    },
    Terms {
        name: "delegation",
        flags: &["mutual", "replay", "sequence", "conf", "integ", "deleg"],
        ..PLAIN
    },
    Terms {
        name: "one-way-delegation",
        flags: &["replay", "sequence", "conf", "integ", "deleg"],
        ..PLAIN
    },
    Terms {
        name: "bindings-match",
        initiator_bindings: A,
        acceptor_bindings: A,
        outcome: Outcome::Bound,
        ..PLAIN
    },
    Terms {
        name: "bindings-mismatch",
        initiator_bindings: A,
        acceptor_bindings: B,
        outcome: Outcome::Refused("BAD_BINDINGS"),
        ..PLAIN
    },
    Terms {
        name: "bindings-initiator-only",
        initiator_bindings: A,
        ..PLAIN
    },
    Terms {
        name: "bindings-acceptor-only",
        acceptor_bindings: A,
        ..PLAIN
    },
    Terms {
        name: "replay-only",
        flags: &["mutual", "replay", "conf", "integ"],
        ..PLAIN
    },
    Terms {
        name: "sequence-only",
        flags: &["mutual", "sequence", "conf", "integ"],
        ..PLAIN
    },
    Terms {
        name: "no-detection",
        flags: &["mutual", "conf", "integ"],
        ..PLAIN
    },
    Terms {
        name: "request-of-another-mechanism",
        outcome: Outcome::TamperedRequest(Place::Framing),
        ..PLAIN
    },
    Terms {
        name: "tampered-ticket",
        outcome: Outcome::TamperedRequest(Place::Middle),
        ..PLAIN
    },
    Terms {
        name: "tampered-authenticator",
        outcome: Outcome::TamperedRequest(Place::End),
        ..PLAIN
    },
    Terms {
        name: "reply-of-another-mechanism",
        outcome: Outcome::TamperedReply(Place::Framing),
        ..PLAIN
    },
    Terms {
        name: "tampered-reply",
        outcome: Outcome::TamperedReply(Place::Middle),
        ..PLAIN
    },
    Terms {
        name: "tampered-reply-checksum",
        outcome: Outcome::TamperedReply(Place::End),
        ..PLAIN
    },
    Terms {
        name: "etype-negotiation",
        permits: Permits::All,
        ..PLAIN
    },
    // Nobody answers, and so the ticket's type stays: it is not the best one already.
    Terms {
        name: "one-way-etype-negotiation",
        flags: &["replay", "sequence", "conf", "integ"],
        permits: Permits::All,
        ..PLAIN
    },
    DCE,
    Terms {
        name: "dce-etype-negotiation",
        permits: Permits::All,
        ..DCE
    },
    Terms {
        name: "dce-implies-mutual",
        flags: &["replay", "sequence", "conf", "integ", "dce_style"],
        ..DCE
    },
    Terms {
        name: "dce-delegation",
        flags: &["mutual", "replay", "sequence", "conf", "integ", "deleg", "dce_style"],
        ..DCE
    },
    Terms {
        name: "dce-tampered-ticket",
        outcome: Outcome::TamperedRequest(Place::Middle),
        ..DCE
    },
    Terms {
        name: "dce-tampered-reply",
        outcome: Outcome::TamperedReply(Place::Middle),
        ..DCE
    },
    Terms {
        name: "dce-tampered-third",
        outcome: Outcome::TamperedThird(Place::Middle),
        ..DCE
    },
    Terms {
        name: "dce-tampered-third-checksum",
        outcome: Outcome::TamperedThird(Place::End),
        ..DCE
    },
    NEGOTIATED,
    Terms {
        name: "spnego-one-way",
        flags: &["replay", "sequence", "conf", "integ"],
        ..NEGOTIATED
    },
    Terms {
        name: "spnego-delegation",
        flags: &["mutual", "replay", "sequence", "conf", "integ", "deleg"],
        ..NEGOTIATED
    },
    Terms {
        name: "spnego-bindings-match",
        initiator_bindings: A,
        acceptor_bindings: A,
        outcome: Outcome::Bound,
        ..NEGOTIATED
    },
    Terms {
        name: "spnego-bindings-mismatch",
        initiator_bindings: A,
        acceptor_bindings: B,
        outcome: Outcome::Refused("BAD_BINDINGS"),
        ..NEGOTIATED
    },
    Terms {
        name: "spnego-tampered-authenticator",
        outcome: Outcome::TamperedRequest(Place::End),
        ..NEGOTIATED
    },
    Terms {
        name: "spnego-tampered-reply",
        outcome: Outcome::TamperedReply(Place::End),
        ..NEGOTIATED
    },
];

impl Terms {
    pub(crate) fn asks(&self, flag: &str) -> bool {
        self.flags.contains(&flag)
    }

    /// Whether the flag is asked for, or comes with one that is.
    pub(crate) fn implies(&self, flag: &str) -> bool {
        self.asks(flag) || (flag == "mutual" && self.asks("dce_style"))
    }

    /// Whether the acceptor answers the initiator's token.
    pub(crate) fn answered(&self) -> bool {
        self.implies("mutual") || self.mech == Mech::Spnego
    }

    /// The flags as the command line takes them.
    pub(crate) fn flag_list(&self) -> String {
        self.flags.join(",")
    }
}

/// One context to establish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// Whose KDC issues the tickets.
    pub(crate) kdc: Flavour,
    pub(crate) enctype: Enctype,
    pub(crate) terms: &'static Terms,
    pub(crate) initiator: Flavour,
    pub(crate) acceptor: Flavour,
}

impl Scenario {
    /// `KDC/ENCTYPE/TERMS/INITIATOR-to-ACCEPTOR`, the beginning of its rows' names.
    pub(crate) fn name(&self) -> String {
        format!(
            "{}/{}/{}/{}-to-{}",
            self.kdc,
            self.enctype.short(),
            self.terms.name,
            self.initiator,
            self.acceptor
        )
    }
}

/// Every context between `subject` and `peer`: with the peer's KDC all terms, with our KDC the main ones.
pub(crate) fn matrix(subject: Flavour, peer: Flavour) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    let with_ours = subject == Flavour::Gss;
    for enctype in Enctype::known_to(peer) {
        for terms in TERMS {
            for (initiator, acceptor) in [(subject, peer), (peer, subject)] {
                // Tried on our own side; how a peer judges it is not ours to test.
                if initiator != Flavour::Gss && terms.outcome == Outcome::TamperedReply(Place::Framing) {
                    continue;
                }
                let scenario = Scenario {
                    kdc: peer,
                    enctype,
                    terms,
                    initiator,
                    acceptor,
                };
                scenarios.push(scenario);
                if with_ours && matches!(terms.name, "mutual" | "delegation") {
                    scenarios.push(Scenario {
                        kdc: Flavour::Gss,
                        ..scenario
                    });
                }
            }
        }
    }
    scenarios
}
