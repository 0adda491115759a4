//! From POSIX' syntax to that of the matcher, in which nothing is left to interpretation.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use super::{EreFault, MAX_DEPTH, MAX_REPEAT};

/// The same expression in the matcher's syntax.
pub(super) fn translate(text: &str) -> Result<String, EreFault> {
    let mut parser = Parser {
        rest: text.chars().peekable(),
        depth: 0,
        out: String::new(),
    };
    parser.alternatives()?;
    match parser.rest.peek() {
        None => Ok(parser.out),
        Some(_) => Err(EreFault::Parenthesis),
    }
}

struct Parser<'a> {
    rest: Peekable<Chars<'a>>,
    depth: u32,
    out: String,
}

/// What has just been written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// `^` or `$`, which cannot be repeated.
    Anchor,
    /// What begins at this octet.
    Atom(usize),
}

impl Parser<'_> {
    /// Alternatives up to the end or a closing parenthesis.
    fn alternatives(&mut self) -> Result<(), EreFault> {
        self.branch()?;
        while self.rest.next_if_eq(&'|').is_some() {
            self.out.push('|');
            self.branch()?;
        }
        Ok(())
    }

    fn branch(&mut self) -> Result<(), EreFault> {
        let mut last = None;
        while let Some(next) = self.rest.next_if(|next| !matches!(next, '|' | ')')) {
            last = match next {
                '*' | '+' | '?' | '{' => match last {
                    Some(Written::Atom(start)) => Some(self.repeat(start, next)?),
                    _ => return Err(EreFault::NothingToRepeat(next)),
                },
                other => Some(self.atom(other)?),
            };
        }
        Ok(())
    }

    fn atom(&mut self, first: char) -> Result<Written, EreFault> {
        let start = self.out.len();
        match first {
            '^' => {
                self.out.push_str(r"\A");
                return Ok(Written::Anchor);
            }
            '$' => {
                self.out.push_str(r"\z");
                return Ok(Written::Anchor);
            }
            '.' => self.out.push_str("(?s:.)"),
            '(' => self.group()?,
            '[' => self.bracket()?,
            '\\' => self.escape()?,
            other => self.literal(other),
        }
        Ok(Written::Atom(start))
    }

    fn group(&mut self) -> Result<(), EreFault> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH {
            return Err(EreFault::Nesting);
        }
        self.out.push_str("(?:");
        self.alternatives()?;
        self.rest.next_if_eq(&')').ok_or(EreFault::Parenthesis)?;
        self.out.push(')');
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// A backslash takes the meaning from a special character. The four classes after it are GNU's, and common.
    fn escape(&mut self) -> Result<(), EreFault> {
        let class = match self.rest.next().ok_or(EreFault::LoneBackslash)? {
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            's' => "[\\t-\\r ]",
            'S' => "[^\\t-\\r ]",
            digit @ '1'..='9' => return Err(EreFault::BackReference(digit)),
            // To GNU the four marks are places in words or texts.
            other if other.is_alphanumeric() || "<>`'".contains(other) => return Err(EreFault::Escape(other)),
            special => {
                self.literal(special);
                return Ok(());
            }
        };
        self.out.push_str(class);
        Ok(())
    }

    /// Puts what begins at `start` into a group and writes how often it is repeated.
    fn repeat(&mut self, start: usize, sign: char) -> Result<Written, EreFault> {
        let (least, most) = match sign {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            _ => self.counts()?,
        };
        self.out.insert_str(start, "(?:");
        match most {
            Some(most) => write!(self.out, "){{{least},{most}}}"),
            None => write!(self.out, "){{{least},}}"),
        }
        .map_err(|_| EreFault::TooLarge)?;
        Ok(Written::Atom(start))
    }

    /// `m}`, `m,}` or `m,n}`, and `,n}` as GNU has it.
    fn counts(&mut self) -> Result<(u32, Option<u32>), EreFault> {
        let least = self.count()?;
        let most = if self.rest.next_if_eq(&',').is_some() {
            self.count()?
        } else {
            Some(least.ok_or(EreFault::Repetition)?)
        };
        self.rest.next_if_eq(&'}').ok_or(EreFault::Repetition)?;
        let fits = |count: Option<u32>| count.is_none_or(|count| count <= MAX_REPEAT);
        let ordered = most.is_none_or(|most| least.unwrap_or(0) <= most);
        if fits(least) && fits(most) && ordered && (least, most) != (None, None) {
            Ok((least.unwrap_or(0), most))
        } else {
            Err(EreFault::Repetition)
        }
    }

    fn count(&mut self) -> Result<Option<u32>, EreFault> {
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        if digits.is_empty() {
            return Ok(None);
        }
        digits.parse().map(Some).map_err(|_| EreFault::Repetition)
    }

    /// What follows `[`. A closing bracket that comes first belongs to the set; backslashes are nothing special.
    fn bracket(&mut self) -> Result<(), EreFault> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let next = self.rest.next().ok_or(EreFault::Bracket)?;
            match next {
                ']' if !first => break,
                '[' if self.rest.next_if_eq(&':').is_some() => self.class()?,
                other => self.range(other)?,
            }
            first = false;
        }
        self.out.push(']');
        Ok(())
    }

    /// One character, or a range that begins with it.
    fn range(&mut self, first: char) -> Result<(), EreFault> {
        let low = self.element(first)?;
        let mut ahead = self.rest.clone();
        let is_range = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
        let mut high = low;
        if is_range {
            self.rest.next();
            let next = self.rest.next().ok_or(EreFault::Bracket)?;
            high = self.element(next)?;
        }
        if low > high {
            return Err(EreFault::Range);
        }
        self.literal(low);
        self.out.push('-');
        self.literal(high);
        Ok(())
    }

    /// A character of a set, perhaps as `[.c.]` or `[=c=]`, which in the C locale mean itself.
    fn element(&mut self, first: char) -> Result<char, EreFault> {
        let Some(mark) = self
            .rest
            .next_if(|next| first == '[' && matches!(next, '.' | '=' | ':'))
        else {
            return Ok(first);
        };
        let named = self.rest.next().ok_or(EreFault::Bracket)?;
        let closed = self.rest.next() == Some(mark) && self.rest.next() == Some(']');
        if closed && mark != ':' {
            Ok(named)
        } else {
            Err(EreFault::Range)
        }
    }

    /// A class of the C locale, after its `[:`.
    fn class(&mut self) -> Result<(), EreFault> {
        let mut name = String::new();
        while let Some(letter) = self.rest.next_if(char::is_ascii_alphabetic) {
            name.push(letter);
        }
        let closed = self.rest.next() == Some(':') && self.rest.next() == Some(']');
        if !closed {
            return Err(EreFault::Bracket);
        }
        match CLASSES.iter().find(|(known, _)| *known == name) {
            Some((_, ranges)) => self.out.push_str(ranges),
            None => return Err(EreFault::Class(name)),
        }
        Ok(())
    }

    fn literal(&mut self, character: char) {
        self.out.push_str(r"\x{");
        self.out.push_str(&format!("{:x}", u32::from(character)));
        self.out.push('}');
    }
}

/// XBD §7.3.1, in the C locale.
const CLASSES: [(&str, &str); 12] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("blank", r"\t\x20"),
    ("cntrl", r"\x00-\x1f\x7f"),
    ("digit", "0-9"),
    ("graph", r"\x21-\x7e"),
    ("lower", "a-z"),
    ("print", r"\x20-\x7e"),
    ("punct", r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e"),
    ("space", r"\t-\r\x20"),
    ("upper", "A-Z"),
    ("xdigit", "0-9A-Fa-f"),
];
