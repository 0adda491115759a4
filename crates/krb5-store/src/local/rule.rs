//! One rule of `auth_to_local`: what follows `RULE:`.

use crate::proto::Principal;

use super::ere::{Ere, EreFault};

/// A rule that makes a local name of a principal, as MIT documents it in `krb5.conf`:
///
/// ```text
/// [n:selection](expression)s/pattern/replacement/g …
///
/// [2:$1;$2]      for principals of n components: the selection string, in which $0 is the realm and $1, $2 … the
///                components; without it, it is the principal without its realm
/// (.*;admin)     the rule is only for selection strings of which this matches all
/// s/;.*//        puts the replacement into the place of the first match, with g of each
/// ```
///
/// Expressions are POSIX' extended ones in the C locale, without references back and without what POSIX leaves
/// undefined; the match is the leftmost, of these the longest. The expression in parentheses cannot contain `)`, nor a
/// pattern or replacement `/`; replacements are taken as they are. With `g`, `^` matches again after each replacement
/// (as MIT's does), and a match of nothing is replaced once at each place.
#[derive(Debug)]
pub struct Rule {
    selection: Selection,
    expression: Option<Ere>,
    substitutions: Vec<Substitution>,
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selection {
    /// The principal without its realm, of any number of components.
    Whole,
    /// A text made of its parts.
    Parts { components: usize, parts: Vec<Part> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(String),
    Realm,
    /// From 0.
    Component(usize),
}

#[derive(Debug)]
struct Substitution {
    pattern: Ere,
    replacement: String,
    extent: Extent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    First,
    All,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleFault {
    /// One of its expressions.
    #[error("the expression {text:?}: {fault}")]
    Expression {
        /// The expression.
        text: String,
        /// What is wrong with it.
        #[source]
        fault: EreFault,
    },
    /// The expression in parentheses has no end.
    #[error("the expression in parentheses has no end")]
    ExpressionEnd,
    /// A `$` in the selection without the number of the realm (0) or of a component.
    #[error("{found:?} in the selection is none of $0 to ${components}")]
    Part {
        /// The `$` and what follows it.
        found: String,
        /// How many components the rule is for.
        components: usize,
    },
    /// The selection is not of the form `[n:text]`.
    #[error("the selection is not of the form [n:text]")]
    Selection,
    /// What follows is no substitution.
    #[error("{0:?} is no substitution s/expression/replacement/; the expression in parentheses cannot contain \")\"")]
    Substitution(String),
    /// The rule is longer than rules may be.
    #[error("it is longer than {MAX_RULE} octets or has more than {MAX_SUBSTITUTIONS} substitutions")]
    TooLong,
    /// The type before the colon is none that is known here.
    #[error("its type is none of RULE:, DEFAULT and NONE; databases (DB:) and plugins are not supported")]
    Type,
}

impl Rule {
    /// Parses what follows `RULE:`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, RuleFault> {
        let (selection, rest) = selection(text)?;
        Self::of(selection, rest)
    }

    /// From a selection and what follows it.
    pub(super) fn of(selection: Selection, rest: &str) -> Result<Self, RuleFault> {
        let (expression, rest) = match rest.strip_prefix('(') {
            Some(inner) => {
                let (expression, rest) = inner.split_once(')').ok_or(RuleFault::ExpressionEnd)?;
                (Some(compiled(expression)?), rest)
            }
            None => (None, rest),
        };
        Ok(Self {
            selection,
            expression,
            substitutions: substitutions(rest)?,
        })
    }

    /// What the rule makes of `principal`; `None` if it is not for it, or if the result is too long to be a name.
    #[must_use]
    pub fn apply(&self, principal: &Principal) -> Option<String> {
        let mut text = self.selection.select(principal)?;
        if self
            .expression
            .as_ref()
            .is_some_and(|expression| !expression.covers(&text))
        {
            return None;
        }
        for substitution in &self.substitutions {
            text = substitution.apply(&text)?;
        }
        Some(text)
    }
}

impl Selection {
    /// Whether the principal has as many components as this wants.
    pub(super) fn is_for(&self, principal: &Principal) -> bool {
        match self {
            Self::Whole => true,
            Self::Parts { components, .. } => *components == principal.name.components.len(),
        }
    }

    fn select(&self, principal: &Principal) -> Option<String> {
        let components = &principal.name.components;
        let text = match self {
            Self::Whole => String::from_utf8(principal.name.to_octets()).ok()?,
            Self::Parts { .. } if !self.is_for(principal) => return None,
            Self::Parts { parts, .. } => {
                let texts = parts.iter().map(|part| match part {
                    Part::Literal(text) => Some(text.as_str()),
                    Part::Realm => principal.realm.as_str(),
                    Part::Component(index) => components.get(*index)?.as_str(),
                });
                texts.collect::<Option<String>>()?
            }
        };
        Some(text).filter(|text| text.len() <= MAX_TEXT)
    }
}

impl Substitution {
    /// `None` if the result is too long.
    fn apply(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(range) = self.pattern.find(rest) {
            out.push_str(rest.get(..range.start)?);
            out.push_str(&self.replacement);
            let after = rest.get(range.end..)?;
            rest = after;
            if self.extent == Extent::First {
                break;
            }
            if range.is_empty() {
                // Without a step further the same would be found for ever.
                let Some(next) = rest.chars().next() else { break };
                out.push(next);
                rest = rest.get(next.len_utf8()..)?;
            }
            if out.len() > MAX_TEXT || after.is_empty() {
                break;
            }
        }
        out.push_str(rest);
        Some(out).filter(|out| out.len() <= MAX_TEXT)
    }
}

/// The selection at the start of a rule, and what follows it.
pub(super) fn selection(text: &str) -> Result<(Selection, &str), RuleFault> {
    if text.len() > MAX_RULE {
        return Err(RuleFault::TooLong);
    }
    let Some(inner) = text.strip_prefix('[') else {
        return Ok((Selection::Whole, text));
    };
    let (count, mut rest) = inner.split_once(':').ok_or(RuleFault::Selection)?;
    let components = number(count).ok_or(RuleFault::Selection)?;
    let mut parts = Vec::new();
    loop {
        let end = rest.find(['$', ']']).ok_or(RuleFault::Selection)?;
        let (literal, marked) = rest.split_at_checked(end).ok_or(RuleFault::Selection)?;
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        if let Some(after) = marked.strip_prefix(']') {
            return Ok((Selection::Parts { components, parts }, after));
        }
        let (part, after) = part(marked, components)?;
        parts.push(part);
        rest = after;
    }
}

/// A `$` with its number, and what follows it.
fn part(marked: &str, components: usize) -> Result<(Part, &str), RuleFault> {
    let digits = marked.trim_start_matches('$');
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, after) = digits.split_at_checked(length).ok_or(RuleFault::Selection)?;
    let bad = || RuleFault::Part {
        found: format!("${digits}"),
        components,
    };
    match number(digits).filter(|number| *number <= components).ok_or_else(bad)? {
        0 => Ok((Part::Realm, after)),
        from_one => Ok((Part::Component(from_one.saturating_sub(1)), after)),
    }
}

fn number(digits: &str) -> Option<usize> {
    let plain = digits.chars().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn substitutions(text: &str) -> Result<Vec<Substitution>, RuleFault> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if found.len() >= MAX_SUBSTITUTIONS {
            return Err(RuleFault::TooLong);
        }
        let bad = || RuleFault::Substitution(rest.to_owned());
        let inner = rest.strip_prefix("s/").ok_or_else(bad)?;
        let (pattern, after) = inner.split_once('/').ok_or_else(bad)?;
        let (replacement, after) = after.split_once('/').ok_or_else(bad)?;
        let (extent, after) = match after.strip_prefix('g') {
            Some(after) => (Extent::All, after),
            None => (Extent::First, after),
        };
        found.push(Substitution {
            pattern: compiled(pattern)?,
            replacement: replacement.to_owned(),
            extent,
        });
        rest = after.trim_start();
    }
    Ok(found)
}

fn compiled(text: &str) -> Result<Ere, RuleFault> {
    Ere::new(text).map_err(|fault| RuleFault::Expression {
        text: text.to_owned(),
        fault,
    })
}

/// Octets of a rule.
const MAX_RULE: usize = 4096;
/// Octets of a selection string and of what becomes of it.
const MAX_TEXT: usize = 1024;
/// Substitutions in one rule.
const MAX_SUBSTITUTIONS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(rule: &str, principal: &str) -> Option<String> {
        let rule = Rule::parse(rule).unwrap_or_else(|fault| panic!("{rule:?}: {fault}"));
        rule.apply(&Principal::parse(principal, None).unwrap())
    }

    #[test]
    fn rules_select_match_and_replace_as_mit_documents() {
        let cases = [
            ("", "user@R", Some("user")),
            ("", "a/b/c@R", Some("a/b/c")),
            ("[2:$0.$2.$1]", "aaron/burr@R", Some("R.burr.aaron")),
            ("[2:$1]", "user@R", None),
            ("[0:x]", "user@R", None),
            ("[1:]", "user@R", Some("")),
            ("(.*tail)", "withtail@X", Some("withtail")),
            ("(.*tail)", "tails@X", None),
            ("(tail)", "withtail@X", None),
            ("s/birds/bees/", "thebirdsbirds@X", Some("thebeesbirds")),
            ("s/birds/bees/g  s/bees/birds/", "birdsbirds@X", Some("birdsbees")),
            ("[1:$1-$0](fred.*)s/-/ /g", "fred-too@X", Some("fred too X")),
            ("[3:$1](z.*z)", "zazz/b/c@X", Some("zazz")),
            ("[2:$1;$2](^.*;admin$)s/;admin$//", "alice/admin@R", Some("alice")),
            ("[2:$1;$2](^.*;admin$)s/;admin$//", "alice/root@R", None),
            ("[1:$1@$0](^.*@B\\.TEST$)s/@.*//", "bob@B.TEST", Some("bob")),
            ("[1:$1@$0](^.*@B\\.TEST$)s/@.*//", "bob@BXTEST", None),
            ("[10:$10$1]", "a/b/c/d/e/f/g/h/i/j@R", Some("ja")),
            ("s/x*/-/g", "axb@R", Some("-a--b-")),
            ("s/^a//g", "aaab@R", Some("b")),
            ("s/b/&/", "ab@R", Some("a&")),
            ("s/é/e/", "é@R", Some("e")),
        ];
        for (rule, principal, expected) in cases {
            let expected = expected.map(str::to_owned);
            assert_eq!(applied(rule, principal), expected, "{rule:?} of {principal}");
        }
    }

    #[test]
    fn what_is_no_rule_says_why() {
        let fault = |rule: &str| Rule::parse(rule).map(|_| ()).unwrap_err();
        for rule in [
            "[",
            "[1",
            "[1:",
            "[1:$1",
            "[x:$1]",
            "[:$1]",
            "[-1:]",
            "[+1:$1]",
            "[99999999999999999999:]",
        ] {
            assert_eq!(fault(rule), RuleFault::Selection, "{rule:?}");
        }
        for (rule, found) in [
            ("[1:$2]", "$2"),
            ("[1:$x]", "$"),
            ("[1:$-1]", "$"),
            ("[1:$99999999999999999999]", "$99999999999999999999"),
        ] {
            let found = found.to_owned();
            assert_eq!(fault(rule), RuleFault::Part { found, components: 1 }, "{rule:?}");
        }
        assert_eq!(fault("(abc"), RuleFault::ExpressionEnd);
        for rule in ["x", "s/a", "s/a/b", "s/a/b/x", "s/a/b/gg", "s,a,b,", "(a)(b)"] {
            assert!(matches!(fault(rule), RuleFault::Substitution(_)), "{rule:?}");
        }
        let text = "a|(b".to_owned();
        let fault_of_group = EreFault::Parenthesis;
        assert_eq!(
            fault("(a|(b)c)"),
            RuleFault::Expression {
                text,
                fault: fault_of_group
            }
        );
        assert!(matches!(fault("(*)"), RuleFault::Expression { .. }));
        assert!(matches!(fault("s/[/x/"), RuleFault::Expression { .. }));
        assert_eq!(fault(&"s/a/b/".repeat(65)), RuleFault::TooLong);
        assert_eq!(fault(&"x".repeat(5000)), RuleFault::TooLong);
    }

    #[test]
    fn a_result_that_grows_beyond_all_names_is_none() {
        let rule = "s/a/aaaaaaaaaaaaaaaaaaaa/g".repeat(20);
        assert_eq!(applied(&rule, "a@R"), None);
        assert_eq!(applied("", &format!("{}@R", "a".repeat(2000))), None);
    }
}
