//! The text that explains a token: indented lines, and where a token stops making sense.

use std::fmt::{self, Display, Write as _};

/// Indented lines. Whatever a token says is written without control or invisible characters.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    depth: usize,
}

impl Page {
    pub(super) fn line(&mut self, text: impl Display) {
        let text = text.to_string();
        let indent = self.depth.saturating_mul(2);
        let shown: String = text.chars().flat_map(visible).collect();
        self.text.push_str(&format!("{:indent$}{shown}\n", ""));
    }

    pub(super) fn field(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{name}: {value}"));
    }

    /// Nothing where there is no value.
    pub(super) fn optional(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    /// `title`, and below it, indented, what `content` writes.
    pub(super) fn section(
        &mut self,
        title: impl Display,
        content: impl FnOnce(&mut Self) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        self.line(title);
        self.indented(content)
    }

    /// What `content` writes, one step to the right.
    pub(super) fn indented<T>(&mut self, content: impl FnOnce(&mut Self) -> T) -> T {
        self.depth = self.depth.saturating_add(1);
        let result = content(self);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn visible(c: char) -> Vec<char> {
    match c {
        '\\' | '\'' | '"' => vec![c],
        other => other.escape_debug().collect(),
    }
}

/// Where a token stops making sense, and why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("at octet {offset}: {what}")]
pub(super) struct Problem {
    /// Counted from the first octet of the whole token.
    pub(super) offset: usize,
    pub(super) what: String,
}

impl Problem {
    pub(super) fn at(offset: usize, what: impl Display) -> Self {
        Self {
            offset,
            what: what.to_string(),
        }
    }
}

/// Octets as text: their number, and the first of them in hexadecimal.
pub(super) struct Preview<'a>(pub(super) &'a [u8]);

impl Display for Preview<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Count(self.0.len()))?;
        if !self.0.is_empty() {
            f.write_str(": ")?;
        }
        for octet in self.0.iter().take(PREVIEW) {
            write!(f, "{octet:02x}")?;
        }
        if self.0.len() > PREVIEW {
            f.write_char('…')
        } else {
            Ok(())
        }
    }
}

/// `1 octet`, `2 octets`.
pub(super) struct Count(pub(super) usize);

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octet{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

const PREVIEW: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_indent_what_they_hold() {
        let mut page = Page::default();
        page.section("outer", |page| {
            page.field("name", "value");
            page.optional("absent", None::<u8>);
            page.section("inner", |page| {
                page.line("deep");
                Ok(())
            })
        })
        .unwrap();
        page.line("flat");
        assert_eq!(page.into_text(), "outer\n  name: value\n  inner\n    deep\nflat\n");
    }

    #[test]
    fn a_token_cannot_steer_the_terminal() {
        let mut page = Page::default();
        page.line("a\u{1b}[2J\u{202e}b\\c\n");
        assert_eq!(page.into_text(), "a\\u{1b}[2J\\u{202e}b\\c\\n\n");
    }

    #[test]
    fn long_octets_are_cut_short() {
        assert_eq!(Preview(&[]).to_string(), "0 octets");
        assert_eq!(Preview(&[1]).to_string(), "1 octet: 01");
        assert_eq!(
            Preview(&[0xab; 33]).to_string(),
            format!("33 octets: {}…", "ab".repeat(32))
        );
    }
}
