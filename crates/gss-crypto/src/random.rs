use std::fmt::Debug;

/// A source of unpredictable octets.
pub trait Random: Debug + Send + Sync {
    /// Fills `out` entirely, or fails.
    ///
    /// # Errors
    /// [`RandomUnavailable`]; what `out` holds then is unspecified and must not be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomUnavailable>;
}

/// The operating system's generator, asked at each use: no state of our own that a `fork` could duplicate.
///
/// On `wasm32-unknown-unknown`, which has no operating system, the final program chooses one of `getrandom`'s back ends
/// (its feature `wasm_js`, or `--cfg getrandom_backend="custom"`).
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        getrandom::fill(out).map_err(|error| RandomUnavailable {
            os_error: error.raw_os_error(),
        })
    }
}

/// The operating system gave no random octets; nothing secret can be made here and now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("no randomness available from the operating system{}", os_error.map(|n| format!(" (error {n})")).unwrap_or_default())]
pub struct RandomUnavailable {
    /// The operating system's error number, where there is one.
    pub os_error: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        let (mut a, mut b) = ([0; 32], [0; 32]);
        OsRandom.fill(&mut a).unwrap();
        OsRandom.fill(&mut b).unwrap();
        assert_ne!(a, b);
        assert_ne!(a, [0; 32]);
    }

    #[test]
    fn error_text_names_the_os_error() {
        assert!(
            RandomUnavailable { os_error: Some(38) }
                .to_string()
                .ends_with("(error 38)")
        );
    }
}
