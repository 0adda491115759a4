//! Which generations of responses are sent and accepted.

use std::fmt;

/// The LAN Manager authentication level, which Windows calls `LmCompatibilityLevel` and [MS-NLMP] §3.1.1.1 and §3.2.1.1 describe
/// by their variables. The default, and the only one without the feature `legacy-crypto`, is the highest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// 0: sends LM and NTLMv1, accepts everything.
    #[cfg(feature = "legacy-crypto")]
    LmAndNtlm,
    /// 1: sends LM and NTLMv1, the latter with session security where the server has it; accepts everything.
    #[cfg(feature = "legacy-crypto")]
    LmAndNtlmWithSessionSecurity,
    /// 2: sends NTLMv1 only, accepts everything.
    #[cfg(feature = "legacy-crypto")]
    NtlmOnly,
    /// 3: sends NTLMv2 only, accepts everything.
    #[cfg(feature = "legacy-crypto")]
    SendNtlmV2,
    /// 4: sends NTLMv2 only, refuses LM.
    #[cfg(feature = "legacy-crypto")]
    RefuseLm,
    /// 5: sends NTLMv2 only, accepts NTLMv2 only.
    #[default]
    NtlmV2Only,
}

/// A generation of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Generation {
    /// LM, [MS-NLMP] §3.3.1: DES under a password in upper case.
    Lm,
    /// LMv2, [MS-NLMP] §3.3.2, alone: NTLMv2 without anything that protects the exchange.
    LmV2,
    /// NTLMv1, [MS-NLMP] §3.3.1: DES under the NT hash, with extended session security or without.
    NtlmV1,
    /// NTLMv2, [MS-NLMP] §3.3.2.
    NtlmV2,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lm => "LM",
            Self::LmV2 => "LMv2",
            Self::NtlmV1 => "NTLMv1",
            Self::NtlmV2 => "NTLMv2",
        })
    }
}

impl Level {
    /// Windows' number, 0 to 5.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            #[cfg(feature = "legacy-crypto")]
            Self::LmAndNtlm => 0,
            #[cfg(feature = "legacy-crypto")]
            Self::LmAndNtlmWithSessionSecurity => 1,
            #[cfg(feature = "legacy-crypto")]
            Self::NtlmOnly => 2,
            #[cfg(feature = "legacy-crypto")]
            Self::SendNtlmV2 => 3,
            #[cfg(feature = "legacy-crypto")]
            Self::RefuseLm => 4,
            Self::NtlmV2Only => 5,
        }
    }

    /// The level of that number, if this build has it.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            #[cfg(feature = "legacy-crypto")]
            0 => Self::LmAndNtlm,
            #[cfg(feature = "legacy-crypto")]
            1 => Self::LmAndNtlmWithSessionSecurity,
            #[cfg(feature = "legacy-crypto")]
            2 => Self::NtlmOnly,
            #[cfg(feature = "legacy-crypto")]
            3 => Self::SendNtlmV2,
            #[cfg(feature = "legacy-crypto")]
            4 => Self::RefuseLm,
            5 => Self::NtlmV2Only,
            _ => return None,
        })
    }

    /// Whether an acceptor takes responses of this generation.
    #[must_use]
    pub fn accepts(self, generation: Generation) -> bool {
        match generation {
            Generation::NtlmV2 => true,
            Generation::NtlmV1 | Generation::LmV2 => self.number() <= 4,
            Generation::Lm => self.number() <= 3,
        }
    }

    /// Whether an initiator answers with NTLMv2 and with nothing else.
    #[must_use]
    pub fn sends_v2(self) -> bool {
        self.number() >= 3
    }
}
