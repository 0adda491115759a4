//! Rows and what they found: differences, those that are accepted, the table and the last line.

use std::{collections::BTreeMap, fmt};

use anyhow::{Context, Result};
use comfy_table::{Cell, Table, presets};
use serde::{Deserialize, Serialize};

use crate::flavour::{Flavour, Role};

/// One thing that was not as it should be.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Difference {
    /// `CHECK@IMPLEMENTATION`: what was checked, and who was found to differ.
    pub(crate) check: String,
    /// How often in this row.
    pub(crate) times: usize,
    /// The first time.
    pub(crate) detail: String,
    /// Why that is accepted, where it is.
    pub(crate) accepted: Option<String>,
}

/// The checks of one row.
#[derive(Debug, Default)]
pub(crate) struct Checks(Vec<Difference>);

impl Checks {
    /// Notes a difference unless `holds`.
    pub(crate) fn expect(&mut self, holds: bool, check: &str, who: Flavour, detail: impl FnOnce() -> String) {
        if !holds {
            self.note(format!("{check}@{who}"), detail);
        }
    }

    /// Notes a difference unless `got` is `wanted`.
    pub(crate) fn equal<T: PartialEq + fmt::Debug>(&mut self, got: &T, wanted: &T, check: &str, who: Flavour) {
        self.expect(got == wanted, check, who, || {
            format!("{} instead of {}", brief(got), brief(wanted))
        });
    }

    /// Notes that the row could not be carried through.
    pub(crate) fn broken(&mut self, error: &anyhow::Error) {
        self.note("broken".to_owned(), || format!("{error:#}"));
    }

    /// Notes that there was nothing to check, since the handshake failed: a row of its own tells of that.
    pub(crate) fn without_context(&mut self) {
        self.note(WITHOUT_CONTEXT.to_owned(), || "the handshake failed".to_owned());
    }

    fn note(&mut self, check: String, detail: impl FnOnce() -> String) {
        if let Some(difference) = self.0.iter_mut().find(|difference| difference.check == check) {
            difference.times += 1;
            return;
        }
        self.0.push(Difference {
            check,
            times: 1,
            detail: detail(),
            accepted: None,
        });
    }
}

/// A row of the report.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// `KDC/ENCTYPE/TERMS/WHO/AREA`.
    pub(crate) name: String,
    pub(crate) peer: Flavour,
    pub(crate) area: String,
    /// The side that the subject takes.
    pub(crate) role: Role,
    pub(crate) differences: Vec<Difference>,
}

impl Row {
    pub(crate) fn new(name: String, peer: Flavour, area: &str, role: Role, checks: Checks) -> Self {
        Self {
            name,
            peer,
            area: area.to_owned(),
            role,
            differences: checks.0,
        }
    }

    fn verdict(&self) -> Verdict {
        if self.differences.is_empty() {
            Verdict::Passed
        } else if self.differences.iter().all(|difference| difference.accepted.is_some()) {
            Verdict::Accepted
        } else {
            Verdict::Failed
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Accepted,
    Failed,
}

/// An accepted difference, a line of `expected.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Which rows, with `*` for anything.
    rows: String,
    /// Which check of them, with `*` for anything.
    check: String,
    reason: String,
    #[serde(skip)]
    used: bool,
}

/// The accepted differences.
#[derive(Debug)]
pub(crate) struct Accepted(Vec<Expected>);

impl Accepted {
    /// The list that belongs to this suite.
    pub(crate) fn load() -> Result<Self> {
        Self::parse(include_str!("../expected.json"))
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text).context("expected.json")?))
    }

    /// Marks what is accepted in `rows`; in a whole run, adds a failed row for every entry that no row needs any more.
    pub(crate) fn apply(&mut self, rows: &mut Vec<Row>, scope: Scope) {
        let mut stale = Vec::new();
        for expected in &mut self.0 {
            let mut last = None;
            for row in rows.iter_mut().filter(|row| matches(&expected.rows, &row.name)) {
                for difference in &mut row.differences {
                    if matches(&expected.check, &difference.check) {
                        difference.accepted = Some(expected.reason.clone());
                        expected.used = true;
                    }
                }
                last = Some((row.peer, row.role));
            }
            if let (Some((peer, role)), false) = (last, expected.used) {
                stale.push(stale_row(expected, peer, role));
            }
        }
        if scope == Scope::Whole {
            rows.extend(stale);
        }
    }
}

/// Whether every row ran, or a selection of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Whole,
    Selection,
}

fn stale_row(expected: &Expected, peer: Flavour, role: Role) -> Row {
    let mut checks = Checks::default();
    checks.note("unused".to_owned(), || {
        format!(
            "no row differs by {} any more: take this entry out of expected.json ({})",
            expected.check, expected.reason
        )
    });
    Row::new(
        format!("expected.json/{}", expected.rows),
        peer,
        "expected.json",
        role,
        checks,
    )
}

/// How many rows passed, accepted differences among them, and how many failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    accepted: usize,
    pub(crate) failed: usize,
}

impl Totals {
    pub(crate) fn of(rows: &[Row]) -> Self {
        let mut totals = Self::default();
        for row in rows {
            totals.add(row.verdict());
        }
        totals
    }

    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Accepted => {
                self.passed += 1;
                self.accepted += 1;
            }
            Verdict::Failed => self.failed += 1,
        }
    }

    fn cell(self) -> String {
        match self {
            Self {
                passed: 0, failed: 0, ..
            } => "–".to_owned(),
            Self { accepted: 0, .. } => format!("{} / {}", self.passed, self.failed),
            _ => format!(
                "{} / {} ({} with accepted differences)",
                self.passed, self.failed, self.accepted
            ),
        }
    }
}

/// The table: a line for each peer and area, a column for each side that the subject takes.
pub(crate) fn table(subject: Flavour, rows: &[Row]) -> String {
    let mut lines: BTreeMap<(Flavour, &str), [Totals; 2]> = BTreeMap::new();
    for row in rows {
        let [initiator, acceptor] = lines.entry((row.peer, &row.area)).or_default();
        match row.role {
            Role::Initiator => initiator.add(row.verdict()),
            Role::Acceptor => acceptor.add(row.verdict()),
        }
    }
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header([
        "peer".to_owned(),
        "area".to_owned(),
        format!("{subject} initiates: passed / failed"),
        format!("{subject} accepts: passed / failed"),
    ]);
    for ((peer, area), [initiator, acceptor]) in lines {
        table.add_row([
            Cell::new(peer),
            Cell::new(area),
            Cell::new(initiator.cell()),
            Cell::new(acceptor.cell()),
        ]);
    }
    table.to_string()
}

/// What failed, a paragraph for each row.
pub(crate) fn failures(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut without_context = 0;
    for row in rows.iter().filter(|row| row.verdict() == Verdict::Failed) {
        if row
            .differences
            .iter()
            .all(|difference| difference.check == WITHOUT_CONTEXT)
        {
            without_context += 1;
            continue;
        }
        text += &format!("FAILED {}\n", row.name);
        let unexplained = row
            .differences
            .iter()
            .filter(|difference| difference.accepted.is_none());
        for Difference {
            check, times, detail, ..
        } in unexplained
        {
            let times = if *times > 1 {
                format!(" ({times} times)")
            } else {
                String::new()
            };
            text += &format!("    {check}{times}: {detail}\n");
        }
    }
    if without_context > 0 {
        text += &format!("FAILED {without_context} rows more, for want of a context\n");
    }
    text
}

/// Whether `text` is `pattern`, where `*` stands for any octets.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len())
        .filter(|&at| rest.is_char_boundary(at))
        .any(|at| matches(tail, &rest[at..]))
}

/// Long octet strings are cut.
fn brief(value: &impl fmt::Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.len()),
        None => text,
    }
}

/// The check of a row that had nothing to work on.
const WITHOUT_CONTEXT: &str = "without-context";

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, differs: bool) -> Row {
        let mut checks = Checks::default();
        checks.expect(!differs, "flags", Flavour::Heimdal, || "missing".to_owned());
        Row::new(name.to_owned(), Flavour::Heimdal, "establish", Role::Initiator, checks)
    }

    fn accepted(rows: &str, check: &str) -> Accepted {
        let list = serde_json::json!([{ "rows": rows, "check": check, "reason": "known" }]);
        Accepted::parse(&list.to_string()).unwrap()
    }

    #[test]
    fn an_asterisk_stands_for_anything_and_nothing() {
        assert!(matches("a/*/c", "a/b/c") && matches("*", "") && matches("a*", "a") && matches("*c", "a/b/c"));
        assert!(!matches("a/*/c", "a/b/d") && !matches("a", "ab") && !matches("b*", "ab"));
    }

    #[test]
    fn an_accepted_difference_counts_as_passed() {
        let mut rows = vec![row("heimdal/x", true)];
        accepted("heimdal/*", "flags@heimdal").apply(&mut rows, Scope::Whole);
        assert_eq!((Totals::of(&rows).passed, Totals::of(&rows).failed), (1, 0));
    }

    #[test]
    fn another_difference_of_the_same_row_still_fails() {
        let mut rows = vec![row("heimdal/x", true)];
        accepted("heimdal/*", "names@heimdal").apply(&mut rows, Scope::Whole);
        // The row itself, and the entry that nothing needed.
        assert_eq!((Totals::of(&rows).passed, Totals::of(&rows).failed), (0, 2));
    }

    #[test]
    fn an_entry_that_no_row_needs_is_a_failure() {
        let mut rows = vec![row("heimdal/x", false)];
        accepted("heimdal/*", "*").apply(&mut rows, Scope::Whole);
        assert_eq!((Totals::of(&rows).passed, Totals::of(&rows).failed), (1, 1));
        assert!(failures(&rows).contains("take this entry out"));
    }

    #[test]
    fn an_entry_for_rows_that_did_not_run_is_left_alone() {
        let mut rows = vec![row("heimdal/x", false)];
        accepted("mit/*", "*").apply(&mut rows, Scope::Whole);
        assert_eq!((Totals::of(&rows).passed, Totals::of(&rows).failed), (1, 0));
    }

    #[test]
    fn a_selection_of_rows_makes_no_entry_stale() {
        let mut rows = vec![row("heimdal/x", false)];
        accepted("heimdal/*", "*").apply(&mut rows, Scope::Selection);
        assert_eq!((Totals::of(&rows).passed, Totals::of(&rows).failed), (1, 0));
    }

    #[test]
    fn the_list_of_accepted_differences_can_be_read() {
        for expected in Accepted::load().unwrap().0 {
            assert!(expected.reason.len() > 20, "{expected:?}");
        }
    }
}
