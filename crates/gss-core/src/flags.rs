//! Context flags, RFC 2744 §5.19 and later extensions.

bitflags::bitflags! {
    /// What an initiator asks of a context, and what both sides are granted.
    ///
    /// As names, for people and scripts: [`Flags::short_name`] and [`Flags::from_short_name`].
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u32 {
        /// Delegate the initiator's credential to the acceptor.
        const DELEG = 1;
        /// The acceptor authenticates itself too.
        const MUTUAL = 2;
        /// Detect replayed messages.
        const REPLAY = 4;
        /// Detect messages out of sequence.
        const SEQUENCE = 8;
        /// Confidentiality (`wrap` can encrypt).
        const CONF = 0x10;
        /// Integrity (`get_mic` and `wrap`).
        const INTEG = 0x20;
        /// The initiator's identity is not revealed.
        const ANON = 0x40;
        /// Per-message services before the context is complete. Never granted early here.
        const PROT_READY = 0x80;
        /// The context can be exported.
        const TRANS = 0x100;
        /// Both sides had the same channel bindings.
        const CHANNEL_BOUND = 0x800;
        /// Three legs and no framing, as DCE RPC wants it, RFC 4757 §7.
        const DCE_STYLE = 0x1000;
        /// The acceptor may identify the initiator, not impersonate it.
        const IDENTIFY = 0x2000;
        /// Extended errors, RFC 4757 §7.1.
        const EXTENDED_ERROR = 0x4000;
        /// Delegate if the realm's policy trusts the acceptor (ok-as-delegate), RFC 5896.
        const DELEG_POLICY = 0x8000;
        /// Messages may get lost or come in another order, and the acceptor speaks first.
        const DATAGRAM = 0x1_0000;
    }
}

impl Flags {
    /// What a caller that has no special wish should ask for: mutual authentication, replay and sequence detection,
    /// confidentiality and integrity.
    pub const USUAL: Self = Self::MUTUAL
        .union(Self::REPLAY)
        .union(Self::SEQUENCE)
        .union(Self::CONF)
        .union(Self::INTEG);

    /// The short name of a single flag: `deleg`, `mutual`, … `None` unless exactly one known flag is set.
    #[must_use]
    pub fn short_name(self) -> Option<&'static str> {
        NAMES.iter().find(|(flag, _)| *flag == self).map(|(_, name)| *name)
    }

    /// The flag of that short name.
    #[must_use]
    pub fn from_short_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(flag, _)| *flag)
    }

    /// The short names of the flags that are set, in the order of their bits.
    pub fn short_names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| *name)
    }
}

const NAMES: [(Flags, &str); 15] = [
    (Flags::DELEG, "deleg"),
    (Flags::MUTUAL, "mutual"),
    (Flags::REPLAY, "replay"),
    (Flags::SEQUENCE, "sequence"),
    (Flags::CONF, "conf"),
    (Flags::INTEG, "integ"),
    (Flags::ANON, "anonymous"),
    (Flags::PROT_READY, "prot_ready"),
    (Flags::TRANS, "trans"),
    (Flags::CHANNEL_BOUND, "channel_bound"),
    (Flags::DCE_STYLE, "dce_style"),
    (Flags::IDENTIFY, "identify"),
    (Flags::EXTENDED_ERROR, "extended_error"),
    (Flags::DELEG_POLICY, "deleg_policy"),
    (Flags::DATAGRAM, "datagram"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_has_one_name_that_leads_back_to_it() {
        for (_, flag) in Flags::all().iter_names() {
            assert_eq!(Flags::from_short_name(flag.short_name().unwrap()), Some(flag));
        }
        assert_eq!(
            Flags::USUAL.short_names().collect::<Vec<_>>(),
            ["mutual", "replay", "sequence", "conf", "integ"]
        );
        assert_eq!(Flags::USUAL.short_name(), None);
        assert_eq!(Flags::from_short_name("MUTUAL"), None);
    }

    #[test]
    fn the_flags_have_the_numbers_of_the_c_headers() {
        assert_eq!(Flags::all().bits(), 0x1_f9ff);
    }
}
