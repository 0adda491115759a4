//! `.k5login`: who may log in as the user whose home it is in.

use crate::proto::Principal;

/// The principals in a `.k5login`, one a line, each with its realm:
///
/// ```text
/// alice@EXAMPLE.ORG
/// alice/admin@EXAMPLE.ORG
/// ```
///
/// Blanks around a line are nothing. A line that is no principal, or one without a realm, is for nobody; so is one longer
/// than 4096 octets. There are no comments and no patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct K5Login {
    principals: Vec<Principal>,
}

impl K5Login {
    /// Reads the lines.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Self {
        let lines = octets.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        let fitting = lines.filter(|line| line.len() <= MAX_LINE);
        Self {
            principals: fitting
                .filter_map(|line| Principal::parse_octets(line, None).ok())
                .collect(),
        }
    }

    /// Whether the principal is in it: all its components and its realm, octet by octet.
    #[must_use]
    pub fn lists(&self, principal: &Principal) -> bool {
        self.principals.contains(principal)
    }

    /// Those that are in it.
    #[must_use]
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }
}

/// Octets of a line.
const MAX_LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_principals_with_their_realm_and_all_else_is_for_nobody() {
        let file =
            b"alice@R\n  bob/admin@R\t\r\n\nalice\n# carol@R\n*@R\n@\ndave@R@S\neve\\@X@R\nfrank@R\0\n\xff@R\nlast@R";
        let listed: Vec<String> = K5Login::parse(file)
            .principals()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            listed,
            [
                "alice@R",
                "bob/admin@R",
                "# carol@R",
                "*@R",
                "@",
                "eve\\@X@R",
                "frank@R\\0",
                "\\xff@R",
                "last@R"
            ]
        );
    }

    #[test]
    fn c18_a_principal_is_listed_with_its_realm_and_case_or_not_at_all() {
        let file = K5Login::parse(b"alice@R\n");
        let lists = |principal: &str| file.lists(&Principal::parse(principal, None).unwrap());
        assert!(lists("alice@R"));
        for other in [
            "alice@S",
            "alice@r",
            "Alice@R",
            "alice/x@R",
            "alice\\0@R",
            "alice@R\\0",
            "alic@R",
        ] {
            assert!(!lists(other), "{other}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_for_nobody_and_the_next_counts() {
        let long = format!("{}@R\nalice@R\n", "a".repeat(MAX_LINE));
        assert_eq!(K5Login::parse(long.as_bytes()).principals().len(), 1);
    }
}
