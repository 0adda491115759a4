//! One line of `krb5.conf`.

use super::parser::ConfigFault;

/// What a line says once the file is within a section.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Nothing: blank, or a comment.
    Blank,
    /// `}` or `}*`.
    Close(Finality),
    /// `tag = {`.
    Open(Tag<'a>),
    /// `tag =` with the brace to come on the next line.
    OpenBelow(Tag<'a>),
    /// `tag = value`.
    Relation(Tag<'a>, String),
    /// `[name]` or `[name]*`.
    Section(Tag<'a>),
}

/// A line that is understood wherever it stands, at its very start.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Directive<'a> {
    /// `include FILE`.
    Include(&'a str),
    /// `includedir DIRECTORY`.
    IncludeDir(&'a str),
    /// `module PATH:RESIDUAL`.
    Module,
}

/// A name and whether values from later files or sections may add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub(super) name: &'a str,
    pub(super) finality: Finality,
}

/// Whether later values count: a `*` ends the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finality {
    Final,
    Open,
}

impl<'a> Directive<'a> {
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let argument = |word: &str| {
            let rest = line.strip_prefix(word)?;
            rest.starts_with(is_space)
                .then(|| rest.trim_start_matches(is_space).trim_end_matches(['\r', '\n']))
        };
        argument("include")
            .map(Self::Include)
            .or_else(|| argument("includedir").map(Self::IncludeDir))
            .or_else(|| argument("module").map(|_| Self::Module))
    }
}

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a str) -> Result<Self, ConfigFault> {
        let line = line.trim_start_matches(is_space).trim_end_matches(['\r', '\n']);
        match line.as_bytes().first() {
            None | Some(b';' | b'#') => Ok(Self::Blank),
            Some(b'[') => section(line),
            Some(b'}') if line.starts_with("}*") => Ok(Self::Close(Finality::Final)),
            Some(b'}') => Ok(Self::Close(Finality::Open)),
            Some(_) => relation(line),
        }
    }
}

fn section(line: &str) -> Result<Line<'_>, ConfigFault> {
    let (name, rest) = line
        .strip_prefix('[')
        .and_then(|line| line.split_once(']'))
        .ok_or(ConfigFault::SectionSyntax)?;
    let (finality, rest) = match rest.strip_prefix('*') {
        Some(rest) => (Finality::Final, rest),
        None => (Finality::Open, rest),
    };
    if !rest.trim_matches(is_space).is_empty() {
        return Err(ConfigFault::SectionSyntax);
    }
    Ok(Line::Section(Tag { name, finality }))
}

fn relation(line: &str) -> Result<Line<'_>, ConfigFault> {
    let (tag, value) = line.split_once('=').ok_or(ConfigFault::RelationSyntax)?;
    let tag = tag.trim_end_matches(is_space);
    if tag.is_empty() || tag.contains(is_space) {
        return Err(ConfigFault::RelationSyntax);
    }
    let tag = match tag.split_once('*') {
        Some((name, _)) => Tag {
            name,
            finality: Finality::Final,
        },
        None => Tag {
            name: tag,
            finality: Finality::Open,
        },
    };
    let value = value.trim_matches(is_space);
    Ok(match value.strip_prefix('"') {
        Some(quoted) => Line::Relation(tag, unquote(quoted)),
        None if value.is_empty() => Line::OpenBelow(tag),
        None if value == "{" => Line::Open(tag),
        None => Line::Relation(tag, value.to_owned()),
    })
}

/// The text up to the closing quote; what follows that is ignored.
fn unquote(quoted: &str) -> String {
    let mut out = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => out.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('b') => '\u{8}',
                Some(other) => other,
                None => '\\',
            }),
            other => out.push(other),
        }
    }
    out
}

/// C's `isspace` in the C locale.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str) -> Tag<'_> {
        Tag {
            name,
            finality: Finality::Open,
        }
    }

    fn closed(name: &str) -> Tag<'_> {
        Tag {
            name,
            finality: Finality::Final,
        }
    }

    #[test]
    fn each_form_of_line_is_told_apart() {
        let relation = |tag, value: &str| Line::Relation(tag, value.to_owned());
        let cases = [
            ("", Line::Blank),
            ("  \t\r", Line::Blank),
            ("# comment", Line::Blank),
            ("   ; comment", Line::Blank),
            ("[libdefaults]", Line::Section(open("libdefaults"))),
            (" [realms]* \r", Line::Section(closed("realms"))),
            ("} anything", Line::Close(Finality::Open)),
            (" }*", Line::Close(Finality::Final)),
            ("a = {", Line::Open(open("a"))),
            ("a* = {  ", Line::Open(closed("a"))),
            ("a =", Line::OpenBelow(open("a"))),
            ("a=b", relation(open("a"), "b")),
            (" a\t=  b c  \r", relation(open("a"), "b c")),
            ("a* = b # no comment", relation(closed("a"), "b # no comment")),
            ("a = b = c", relation(open("a"), "b = c")),
            ("a = {b", relation(open("a"), "{b")),
        ];
        for (text, expected) in cases {
            assert_eq!(Line::parse(text).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn quotes_keep_blanks_and_know_four_escapes() {
        let cases = [
            (r#"a = "  b  " rest"#, "  b  "),
            (r#"a = "\n\t\b\\\"x""#, "\n\t\u{8}\\\"x"),
            (r#"a = """#, ""),
            (r#"a = "unclosed"#, "unclosed"),
            (r#"a = "end\"#, "end\\"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                Line::parse(text).unwrap(),
                Line::Relation(open("a"), expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn malformed_lines_are_refused() {
        for text in ["[a", "[a] b", "word", "two words = c", "= value"] {
            assert!(Line::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn directives_start_in_the_first_column() {
        assert_eq!(Directive::parse("include /a b\r"), Some(Directive::Include("/a b")));
        assert_eq!(Directive::parse("includedir\t/d"), Some(Directive::IncludeDir("/d")));
        assert_eq!(Directive::parse("module /x.so:rest"), Some(Directive::Module));
        for text in [" include /a", "included = x", "include", "modules = y"] {
            assert_eq!(Directive::parse(text), None, "{text}");
        }
    }
}
