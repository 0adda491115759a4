//! Extended regular expressions, POSIX.1-2017 XBD §9.4, as far as rules of `krb5.conf` have use for them.
//!
//! The expression is parsed here and translated for a matcher whose time is linear in the text (a Pike machine). The
//! match is POSIX's: the leftmost, and of these the longest. What POSIX leaves undefined is refused instead of guessed.

use std::ops::Range;

use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::{Anchored, Input, MatchKind};

mod parser;
#[cfg(test)]
mod tests;

/// An expression that can be looked for.
#[derive(Debug)]
pub(crate) struct Ere {
    /// Finds where the leftmost match begins.
    leftmost: PikeVM,
    /// Finds where the longest match ends that begins at a given place.
    longest: PikeVM,
}

/// Why a text is no expression that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EreFault {
    /// A reference back to what a group has matched.
    #[error("the reference back \\{0} is not supported: no regular expression, and not matched in linear time")]
    BackReference(char),
    /// A `[` or a class in it without its end.
    #[error("a bracket expression has no end")]
    Bracket,
    /// A name between `[:` and `:]` that is no class.
    #[error("[:{0}:] is no class of characters")]
    Class(String),
    /// A backslash before a character that has no meaning then.
    #[error("\\{0} means nothing")]
    Escape(char),
    /// A backslash at the end.
    #[error("there is nothing after the last backslash")]
    LoneBackslash,
    /// More groups within groups than are followed.
    #[error("more than {MAX_DEPTH} groups stand in each other")]
    Nesting,
    /// `*`, `+`, `?` or `{` with nothing before it that could be repeated.
    #[error("there is nothing to repeat before {0:?}")]
    NothingToRepeat(char),
    /// A parenthesis without its counterpart.
    #[error("a parenthesis has no counterpart")]
    Parenthesis,
    /// A range that ends before it begins, or whose ends are no characters.
    #[error("a range in a bracket expression has no meaning")]
    Range,
    /// What is between `{` and `}` is no count of repetitions, or it is more than 255.
    #[error("what stands in braces is no count of repetitions of at most {MAX_REPEAT}")]
    Repetition,
    /// It needs more memory than is given to it.
    #[error("it is too large")]
    TooLarge,
}

impl Ere {
    /// # Errors
    /// Why the text is no expression.
    pub(crate) fn new(text: &str) -> Result<Self, EreFault> {
        let translated = parser::translate(text)?;
        let config = thompson::Config::new()
            .nfa_size_limit(Some(MAX_NFA))
            .which_captures(WhichCaptures::Implicit);
        // What is left to go wrong in a translated expression is its size.
        let nfa = NFA::compiler()
            .configure(config)
            .build(&translated)
            .map_err(|_| EreFault::TooLarge)?;
        let machine = |kind| {
            let config = PikeVM::config().match_kind(kind);
            let built = PikeVM::builder().configure(config).build_from_nfa(nfa.clone());
            built.map_err(|_| EreFault::TooLarge)
        };
        Ok(Self {
            leftmost: machine(MatchKind::LeftmostFirst)?,
            longest: machine(MatchKind::All)?,
        })
    }

    /// The leftmost match in `text`, of these the longest.
    pub(crate) fn find(&self, text: &str) -> Option<Range<usize>> {
        let mut cache = self.leftmost.create_cache();
        let start = self.leftmost.find(&mut cache, text)?.start();
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let mut cache = self.longest.create_cache();
        Some(self.longest.find(&mut cache, input)?.range())
    }

    /// Whether the expression matches all of `text`.
    pub(crate) fn covers(&self, text: &str) -> bool {
        self.find(text) == Some(0..text.len())
    }
}

/// Octets of an automaton.
const MAX_NFA: usize = 256 << 10;
/// Groups within groups.
const MAX_DEPTH: u32 = 32;
/// RE_DUP_MAX.
const MAX_REPEAT: u32 = 255;
