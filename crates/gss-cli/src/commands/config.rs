//! `gss config`: what of the configuration counts, and who says so.

mod meant;

use std::borrow::Cow;
use std::io::{self, Write};
use std::process::ExitCode;

use gss::VariableState;
use krb5_store::config::{Key, Setting, Standing};
use serde::Serialize;

use super::kerberos::{Local, show};
use crate::report::{Hint as _, plain};

/// Show each setting of Kerberos, and where it comes from
///
/// A setting comes from a line of krb5.conf, or is the default. What has no effect is shown with the reason, what nobody
/// knows as unknown. Variables of the environment are shown as they count.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only this key, such as clockskew or kdc, or this section, such as realms
    key: Option<String>,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let local = Local::of_process()?;
    let settings = local.settings().effective(local.path_tokens());
    let mut report = Report {
        settings: settings.iter().map(Row::of).collect(),
        environment: gss::variables().iter().map(VariableRow::of).collect(),
    };
    report.let_variables_count();
    if let Some(key) = &args.key {
        report.keep(key);
        if report.is_empty() {
            return nothing_named(key);
        }
    }
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        report.write(&mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The key is known and stands nowhere, or it is not known at all.
fn nothing_named(key: &str) -> anyhow::Result<ExitCode> {
    match Key::of_libdefaults(key).or_else(|| Key::of_realm(key)) {
        Some(known) => Err(anyhow::anyhow!("{key} is set nowhere; it would say: {}", known.meaning)),
        None => match meant::nearest_key(key) {
            Some(meant) => Err(anyhow::anyhow!("nothing is named {key:?}; is {meant} meant?")),
            None => Err(anyhow::anyhow!("nothing is named {key:?}")),
        },
    }
    .hint("see all settings with: gss config")
}

#[derive(Debug, Serialize)]
struct Report {
    settings: Vec<Row>,
    environment: Vec<VariableRow>,
}

/// A setting.
#[derive(Debug, Serialize)]
struct Row {
    /// The section and the names of braces within.
    section: Vec<String>,
    key: String,
    value: String,
    from: Source,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'static, str>>,
}

/// Who says so.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Default,
    File { path: String, line: u32 },
    Variable(&'static str),
}

/// A variable of the environment.
#[derive(Debug, Serialize)]
struct VariableRow {
    name: &'static str,
    value: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    meaning: &'static str,
}

impl Report {
    /// Where a variable and a key say the same, the variable counts.
    fn let_variables_count(&mut self) {
        for (key, variables) in INSTEAD {
            let mut set = self.environment.iter().filter(|row| variables.contains(&row.name));
            let Some((name, value)) = set.find_map(|row| Some((row.name, row.value.clone()?))) else {
                continue;
            };
            let rows = self.settings.iter_mut().filter(|row| row.key == key);
            if let Some(row) = rows
                .into_iter()
                .find(|row| row.state == EFFECTIVE && row.section == ["libdefaults"])
            {
                row.from = Source::Variable(name);
                row.value = value;
            }
        }
    }

    fn keep(&mut self, wanted: &str) {
        self.settings
            .retain(|row| row.key == wanted || row.section.iter().any(|name| name == wanted));
        self.environment.retain(|row| row.name == wanted);
    }

    fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.environment.is_empty()
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut first = true;
        let mut heading = |out: &mut dyn Write, text: &str| {
            let gap = if std::mem::take(&mut first) { "" } else { "\n" };
            writeln!(out, "{gap}{text}")
        };
        for section in self.settings.chunk_by(|one, other| one.section == other.section) {
            let name = section.first().map(Row::heading).unwrap_or_default();
            heading(out, &name)?;
            let rows = section.iter().map(Row::columns).collect::<Vec<_>>();
            write_rows(out, &rows)?;
        }
        if !self.environment.is_empty() {
            heading(out, "Environment")?;
            let rows = self.environment.iter().map(VariableRow::columns).collect::<Vec<_>>();
            write_rows(out, &rows)?;
        }
        Ok(())
    }
}

fn write_rows(out: &mut impl Write, rows: &[[String; 3]]) -> io::Result<()> {
    let mut table = show::table(&[]);
    for row in rows {
        table.add_row(row);
    }
    show::pad(&mut table);
    show::lines(&table)
        .iter()
        .try_for_each(|line| writeln!(out, "  {line}"))
}

impl Row {
    fn of(setting: &Setting<'_>) -> Self {
        let (key, section) = setting.path.split_last().unwrap_or((&"", &[]));
        let (state, reason) = match setting.standing {
            Standing::Effective => (EFFECTIVE, None),
            Standing::Overridden => ("overridden", Some("an earlier value counts".into())),
            Standing::Without(reason) => ("without effect", Some(reason.into())),
            _ => {
                let path: Vec<String> = setting.path.iter().map(|name| (*name).to_owned()).collect();
                ("unknown", meant::guess(&path).map(Cow::Owned))
            }
        };
        Self {
            section: section.iter().map(|name| (*name).to_owned()).collect(),
            key: (*key).to_owned(),
            value: setting.value.clone(),
            from: match setting.origin {
                None => Source::Default,
                Some(origin) => Source::File {
                    path: origin.file.display().to_string(),
                    line: origin.line,
                },
            },
            state,
            reason,
        }
    }

    fn heading(&self) -> String {
        match self.section.split_first() {
            Some((section, [])) => format!("[{}]", plain(section)),
            Some((section, within)) => format!("[{}] {}", plain(section), plain(&within.join(" "))),
            None => String::new(),
        }
    }

    fn columns(&self) -> [String; 3] {
        let from = match &self.from {
            Source::Default => "default".to_owned(),
            Source::File { path, line } => format!("{}:{line}", plain(path)),
            Source::Variable(name) => format!("${name}"),
        };
        let from = match (self.state, &self.reason) {
            (EFFECTIVE, _) => from,
            (state, Some(reason)) => format!("{from}  ({state}: {reason})"),
            (state, None) => format!("{from}  ({state})"),
        };
        [plain(&self.key), plain(&self.value), from]
    }
}

impl VariableRow {
    fn of(variable: &gss::Variable) -> Self {
        let (state, value, reason) = match &variable.state {
            VariableState::Effective(value) => (EFFECTIVE, Some(value.clone()), None),
            VariableState::NotText => ("ignored", None, Some("it is not UTF-8")),
            VariableState::Privileged => ("ignored", None, Some("the process may do more than who started it")),
            _ => ("not set", None, None),
        };
        Self {
            name: variable.name,
            value,
            state,
            reason,
            meaning: variable.meaning,
        }
    }

    fn columns(&self) -> [String; 3] {
        let value = match (&self.value, self.reason) {
            (Some(value), _) => plain(value),
            (None, Some(reason)) => format!("({}: {reason})", self.state),
            (None, None) => format!("({})", self.state),
        };
        [self.name.to_owned(), value, self.meaning.to_owned()]
    }
}

const EFFECTIVE: &str = "effective";

/// Keys for which variables count instead, the first that is set.
const INSTEAD: [(&str, &[&str]); 4] = [
    ("default_ccache_name", &["KRB5CCNAME"]),
    ("default_client_keytab_name", &["KRB5_CLIENT_KTNAME"]),
    ("default_keytab_name", &["KRB5_KTNAME"]),
    ("default_rcache_name", &["KRB5RCACHENAME", "KRB5RCACHETYPE"]),
];

const EXAMPLES: &str = "\
Examples:
  gss config                   all settings, with file and line
  gss config permitted_enctypes
  gss config realms            what is known of realms
  gss config --json | jq '.settings[] | select(.state == \"unknown\")'";
