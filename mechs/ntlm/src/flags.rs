//! What the two sides negotiate.

bitflags::bitflags! {
    /// NEGOTIATE, [MS-NLMP] §2.2.2.5. Reserved bits are kept as they came.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct NegotiateFlags: u32 {
        /// A: text is UTF-16LE.
        const UNICODE = 1;
        /// B: text is in the OEM code page. [`UNICODE`](Self::UNICODE) wins.
        const OEM = 1 << 1;
        /// C: the CHALLENGE is to name its target.
        const REQUEST_TARGET = 1 << 2;
        /// D: messages are signed.
        const SIGN = 1 << 4;
        /// E: messages are sealed.
        const SEAL = 1 << 5;
        /// F: messages are datagrams.
        const DATAGRAM = 1 << 6;
        /// G: session keys are made of the LM hash.
        const LM_KEY = 1 << 7;
        /// H: NTLM, rather than LM alone.
        const NTLM = 1 << 9;
        /// J: the client is anonymous.
        const ANONYMOUS = 1 << 11;
        /// K: the NEGOTIATE names the client's domain.
        const OEM_DOMAIN_SUPPLIED = 1 << 12;
        /// L: the NEGOTIATE names the client's machine.
        const OEM_WORKSTATION_SUPPLIED = 1 << 13;
        /// M: signatures are there even without [`SIGN`](Self::SIGN) or [`SEAL`](Self::SEAL).
        const ALWAYS_SIGN = 1 << 15;
        /// N: the target is a domain.
        const TARGET_TYPE_DOMAIN = 1 << 16;
        /// O: the target is a server.
        const TARGET_TYPE_SERVER = 1 << 17;
        /// P: extended session security, also known as NTLM2.
        const EXTENDED_SESSION_SECURITY = 1 << 19;
        /// Q: the client wants an identify-level token.
        const IDENTIFY = 1 << 20;
        /// R: session keys are made of the LM hash, without the NT hash.
        const REQUEST_NON_NT_SESSION_KEY = 1 << 22;
        /// S: the CHALLENGE has target information.
        const TARGET_INFO = 1 << 23;
        /// T: the message tells its sender's version.
        const VERSION = 1 << 25;
        /// U: keys of 128 bits.
        const KEY_128 = 1 << 29;
        /// V: the client sends a session key.
        const KEY_EXCH = 1 << 30;
        /// W: keys of 56 bits.
        const KEY_56 = 1 << 31;

        const _ = !0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_ms_nlmp_4_2_4_have_their_names() {
        let flags = NegotiateFlags::from_bits_retain(0xe28a_8233);
        let named = NegotiateFlags::KEY_56
            | NegotiateFlags::KEY_EXCH
            | NegotiateFlags::KEY_128
            | NegotiateFlags::VERSION
            | NegotiateFlags::TARGET_INFO
            | NegotiateFlags::EXTENDED_SESSION_SECURITY
            | NegotiateFlags::TARGET_TYPE_SERVER
            | NegotiateFlags::ALWAYS_SIGN
            | NegotiateFlags::NTLM
            | NegotiateFlags::SEAL
            | NegotiateFlags::SIGN
            | NegotiateFlags::OEM
            | NegotiateFlags::UNICODE;
        assert_eq!(flags, named);
    }
}
