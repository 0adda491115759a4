//! Mechanism attributes, RFC 5587.

use crate::Oid;

bitflags::bitflags! {
    /// A set of mechanism attributes, RFC 5587 §3.2: bit `n - 1` is `1.3.6.1.5.5.13.n`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct AttrSet: u32 {
        /// Neither pseudo nor composite.
        const MECH_CONCRETE = 1;
        /// A pseudo-mechanism.
        const MECH_PSEUDO = 1 << 1;
        /// A composite of other mechanisms.
        const MECH_COMPOSITE = 1 << 2;
        /// Negotiates other mechanisms.
        const MECH_NEGO = 1 << 3;
        /// The OID is that of the GSS-API itself.
        const MECH_GLUE = 1 << 4;
        /// The OID is known to be no mechanism.
        const NOT_MECH = 1 << 5;
        /// Deprecated: never a default.
        const DEPRECATED = 1 << 6;
        /// Never a default.
        const NOT_DFLT_MECH = 1 << 7;
        /// Initial tokens are framed as RFC 2743 §3.1 has it.
        const ITOK_FRAMED = 1 << 8;
        /// Authenticates the initiator.
        const AUTH_INIT = 1 << 9;
        /// Authenticates the acceptor.
        const AUTH_TARG = 1 << 10;
        /// Authenticates the initiator by a password or a key of its own.
        const AUTH_INIT_INIT = 1 << 11;
        /// Authenticates the acceptor by a password or a key of its own.
        const AUTH_TARG_INIT = 1 << 12;
        /// The initiator can be anonymous.
        const AUTH_INIT_ANON = 1 << 13;
        /// The acceptor can be anonymous.
        const AUTH_TARG_ANON = 1 << 14;
        /// Delegates credentials.
        const DELEG_CRED = 1 << 15;
        /// Protects the integrity of messages.
        const INTEG_PROT = 1 << 16;
        /// Protects the confidentiality of messages.
        const CONF_PROT = 1 << 17;
        /// Makes MICs.
        const MIC = 1 << 18;
        /// Wraps messages.
        const WRAP = 1 << 19;
        /// Protects messages before the context is complete.
        const PROT_READY = 1 << 20;
        /// Detects replays.
        const REPLAY_DET = 1 << 21;
        /// Detects messages out of sequence.
        const OOS_DET = 1 << 22;
        /// Binds channels.
        const CBINDINGS = 1 << 23;
        /// Perfect forward security.
        const PFS = 1 << 24;
        /// Compresses wrapped messages.
        const COMPRESS = 1 << 25;
        /// Exports and imports contexts.
        const CTX_TRANS = 1 << 26;
    }
}

impl AttrSet {
    /// The OIDs of the attributes in the set.
    pub fn oids(self) -> impl Iterator<Item = Oid> {
        KNOWN
            .iter()
            .filter(move |known| self.contains(known.attr))
            .map(|known| known.oid)
    }

    /// The set of one attribute, by its OID.
    #[must_use]
    pub fn from_oid(oid: &Oid) -> Option<Self> {
        KNOWN.iter().find(|known| known.oid == *oid).map(|known| known.attr)
    }

    /// The name, short and long description of a single attribute (`gss_display_mech_attr`).
    #[must_use]
    pub fn description(self) -> Option<Description> {
        KNOWN
            .iter()
            .find(|known| known.attr == self)
            .map(|known| known.description)
    }
}

/// What an attribute is called, RFC 5587 §3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// The C symbol.
    pub name: &'static str,
    /// The short name of table 1.
    pub short: &'static str,
    /// What it means, for a person.
    pub long: &'static str,
}

/// A mechanism's attributes: those it has and those it knows, RFC 5587 §3.4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MechAttrs {
    /// Those that it has.
    pub supported: AttrSet,
    /// Those of which it knows whether it has them.
    pub known: AttrSet,
}

impl MechAttrs {
    /// A mechanism that has these, and knows all of RFC 5587.
    #[must_use]
    pub const fn supporting(supported: AttrSet) -> Self {
        Self {
            supported,
            known: AttrSet::all(),
        }
    }

    /// Whether it may be used where nobody asked for it in particular.
    #[must_use]
    pub fn is_default_candidate(&self) -> bool {
        !self.supported.intersects(AttrSet::NOT_DFLT_MECH | AttrSet::DEPRECATED)
    }

    /// Whether it negotiates other mechanisms.
    #[must_use]
    pub fn negotiates(&self) -> bool {
        self.supported.contains(AttrSet::MECH_NEGO)
    }
}

struct Known {
    attr: AttrSet,
    oid: Oid,
    description: Description,
}

macro_rules! known {
    ($($attr:ident $oid:literal $short:literal $long:literal)*) => {
        [$(Known {
            attr: AttrSet::$attr,
            oid: crate::oid!($oid),
            description: Description { name: concat!("GSS_C_MA_", stringify!($attr)), short: $short, long: $long },
        }),*]
    };
}

static KNOWN: [Known; 27] = known! {
    MECH_CONCRETE "1.3.6.1.5.5.13.1" "concrete-mech" "The mechanism is neither a pseudo-mechanism nor a composite."
    MECH_PSEUDO "1.3.6.1.5.5.13.2" "pseudo-mech" "The mechanism is a pseudo-mechanism."
    MECH_COMPOSITE "1.3.6.1.5.5.13.3" "composite-mech" "The mechanism is a composite of other mechanisms."
    MECH_NEGO "1.3.6.1.5.5.13.4" "mech-negotiation-mech" "The mechanism negotiates other mechanisms."
    MECH_GLUE "1.3.6.1.5.5.13.5" "mech-glue" "The OID is that of the GSS-API itself."
    NOT_MECH "1.3.6.1.5.5.13.6" "not-mech" "The OID is known to be that of no mechanism."
    DEPRECATED "1.3.6.1.5.5.13.7" "mech-deprecated" "The mechanism is deprecated and never a default."
    NOT_DFLT_MECH "1.3.6.1.5.5.13.8" "mech-not-default" "The mechanism is never a default."
    ITOK_FRAMED "1.3.6.1.5.5.13.9" "initial-is-framed" "Initial tokens are framed as RFC 2743 section 3.1 has it."
    AUTH_INIT "1.3.6.1.5.5.13.10" "auth-init-princ" "The initiator is authenticated to the acceptor."
    AUTH_TARG "1.3.6.1.5.5.13.11" "auth-targ-princ" "The acceptor is authenticated to the initiator."
    AUTH_INIT_INIT "1.3.6.1.5.5.13.12" "auth-init-princ-initial" "The initiator authenticates by a password or key."
    AUTH_TARG_INIT "1.3.6.1.5.5.13.13" "auth-targ-princ-initial" "The acceptor authenticates by a password or key."
    AUTH_INIT_ANON "1.3.6.1.5.5.13.14" "auth-init-princ-anon" "The initiator can be anonymous."
    AUTH_TARG_ANON "1.3.6.1.5.5.13.15" "auth-targ-princ-anon" "The acceptor can be anonymous."
    DELEG_CRED "1.3.6.1.5.5.13.16" "deleg-cred" "Credentials can be delegated."
    INTEG_PROT "1.3.6.1.5.5.13.17" "integ-prot" "The integrity of messages is protected."
    CONF_PROT "1.3.6.1.5.5.13.18" "conf-prot" "The confidentiality of messages is protected."
    MIC "1.3.6.1.5.5.13.19" "mic" "There are MIC tokens."
    WRAP "1.3.6.1.5.5.13.20" "wrap" "There are wrap tokens."
    PROT_READY "1.3.6.1.5.5.13.21" "prot-ready" "Messages can be protected before the context is complete."
    REPLAY_DET "1.3.6.1.5.5.13.22" "replay-detection" "Replayed messages are detected."
    OOS_DET "1.3.6.1.5.5.13.23" "oos-detection" "Messages out of sequence are detected."
    CBINDINGS "1.3.6.1.5.5.13.24" "channel-bindings" "Channels can be bound."
    PFS "1.3.6.1.5.5.13.25" "pfs" "Messages stay confidential after long-term keys are lost."
    COMPRESS "1.3.6.1.5.5.13.26" "compress" "Wrapped messages are compressed."
    CTX_TRANS "1.3.6.1.5.5.13.27" "context-transfer" "Contexts can be exported and imported."
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_of_rfc5587_has_its_oid_and_description() {
        for (index, known) in KNOWN.iter().enumerate() {
            assert_eq!(known.attr.bits(), 1 << index);
            assert_eq!(known.oid.to_string(), format!("1.3.6.1.5.5.13.{}", index + 1));
            assert_eq!(AttrSet::from_oid(&known.oid), Some(known.attr));
            assert_eq!(
                known.attr.description().map(|found| found.short),
                Some(known.description.short)
            );
        }
        assert_eq!(AttrSet::all().bits().count_ones(), 27);
        assert_eq!(AttrSet::from_oid(&crate::oid!("1.3.6.1.5.5.13.28")), None);
    }

    #[test]
    fn a_set_lists_the_oids_of_its_attributes() {
        let set = AttrSet::MECH_NEGO | AttrSet::ITOK_FRAMED;
        let oids: Vec<_> = set.oids().map(|oid| oid.to_string()).collect();
        assert_eq!(oids, ["1.3.6.1.5.5.13.4", "1.3.6.1.5.5.13.9"]);
        assert_eq!(set.description(), None);
    }
}
