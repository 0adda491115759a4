//! `KRB5_TRACE` and `--trace`: what happens, a line each, in a file.
//!
//! ```text
//! [4711] 1700000000.123456: got a ticket: client=alice@EXAMPLE.TEST, server=krbtgt/EXAMPLE.TEST@EXAMPLE.TEST, …
//! ```
//!
//! The lines are those of MIT's: the process, the time in seconds, what happened. In brackets behind the time stands the
//! context that it belongs to, if there is one. The libraries put nothing secret into their events; what peers chose of
//! the text is shown without what would steer a terminal, or begin a line.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::report;

/// Starts to write what happens to where `--trace` says, else to where the environment does.
///
/// Whoever starts a program with more privileges than their own does not say where it writes: the environment is without
/// the variable then.
///
/// # Errors
/// Where `--trace` says cannot be written to. What the environment says is not worth failing for: it is told, as a
/// warning.
pub(crate) fn start(option: Option<&str>) -> anyhow::Result<()> {
    let environment = gss::environment();
    match (option, environment.variable(VARIABLE)) {
        (Some(place), _) => write_to(place).context("cannot trace"),
        (None, Some(place)) if !place.is_empty() => {
            if let Err(error) = write_to(place) {
                let error = report::one_line(error.as_ref());
                eprintln!("gss: cannot trace as {VARIABLE} says: {error}");
            }
            Ok(())
        }
        (None, _) => Ok(()),
    }
}

fn write_to(place: &str) -> anyhow::Result<()> {
    let out = Out::open(place).with_context(|| place.to_owned())?;
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .event_format(Lines)
        .fmt_fields(Fields)
        .with_writer(Mutex::new(out))
        .finish();
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

/// Where lines go.
enum Out {
    Stderr,
    Stdout,
    File(File),
}

impl Out {
    /// The standard streams by their usual names, whatever they are; else a file, which is appended to.
    fn open(place: &str) -> io::Result<Self> {
        match place {
            "/dev/stderr" => Ok(Self::Stderr),
            "/dev/stdout" => Ok(Self::Stdout),
            path => {
                let mut options = OpenOptions::new();
                options.append(true).create(true).mode(FOR_THE_OWNER);
                options.open(Path::new(path)).map(Self::File)
            }
        }
    }
}

impl Write for Out {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr => io::stderr().write(octets),
            Self::Stdout => io::stdout().write(octets),
            Self::File(file) => file.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stderr => io::stderr().flush(),
            Self::Stdout => io::stdout().flush(),
            Self::File(file) => file.flush(),
        }
    }
}

/// An event as a line.
struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // What other libraries say of themselves has nobody here looked through for secrets.
        if !OURS.iter().any(|ours| event.metadata().target().starts_with(ours)) {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let process = std::process::id();
        write!(writer, "[{process}] {}.{:06}: ", now.as_secs(), now.subsec_micros())?;
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let fields = fields.map(|fields| fields.fields.as_str()).unwrap_or_default();
            write!(writer, "[{}{fields}] ", span.name())?;
        }
        let mut line = Line::default();
        event.record(&mut line);
        writeln!(writer, "{}{}", line.message, line.fields)
    }
}

/// The fields of a span, each behind a blank.
struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: tracing_subscriber::field::RecordFields>(
        &self,
        mut writer: Writer<'w>,
        fields: R,
    ) -> fmt::Result {
        let mut line = Line::default();
        fields.record(&mut line);
        writer.write_str(&line.fields.replacen(": ", " ", 1))
    }
}

/// What an event says, and its fields: `: name=value, name=value`.
#[derive(Debug, Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }
}

impl Line {
    fn put(&mut self, field: &Field, value: &str) {
        let value = report::plain(value);
        if field.name() == "message" {
            self.message = value;
            return;
        }
        let before = if self.fields.is_empty() { ": " } else { ", " };
        // A string takes what it is given.
        let _ = write!(self.fields, "{before}{}={value}", field.name());
    }
}

const VARIABLE: &str = "KRB5_TRACE";
const OURS: [&str; 2] = ["gss", "krb5_"];
/// Names and addresses are nobody else's business.
const FOR_THE_OWNER: u32 = 0o600;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(run: impl FnOnce()) -> Vec<String> {
        let shared = Shared::default();
        let out = shared.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .event_format(Lines)
            .fmt_fields(Fields)
            .with_writer(Mutex::new(out))
            .finish();
        tracing::subscriber::with_default(subscriber, run);
        let octets = shared.0.lock().unwrap().clone();
        String::from_utf8(octets).unwrap().lines().map(str::to_owned).collect()
    }

    /// What stands behind process and time, which must be there.
    fn rest(line: &str) -> &str {
        let (process, rest) = line.split_once("] ").unwrap();
        assert_eq!(process, format!("[{}", std::process::id()));
        let (time, rest) = rest.split_once(": ").unwrap();
        let (seconds, micros) = time.split_once('.').unwrap();
        assert!(seconds.parse::<u64>().is_ok() && micros.len() == 6, "{time}");
        rest
    }

    #[test]
    fn a_line_has_the_process_the_time_what_happened_and_the_fields() {
        let lines = lines(|| {
            tracing::info!(client = %"a@R", octets = 3, "got it");
            let span = tracing::debug_span!("accept", peer = "p");
            let _within = span.enter();
            tracing::debug!("alone");
        });
        assert_eq!(rest(&lines[0]), "got it: client=a@R, octets=3");
        let alone = rest(&lines[1]);
        assert_eq!(alone, "[accept peer=p] alone");
    }

    #[test]
    fn other_libraries_are_not_heard() {
        assert!(lines(|| tracing::info!(target: "rustls::client", "a secret")).is_empty());
    }

    #[test]
    fn what_others_chose_of_a_line_begins_no_other_one() {
        let lines = lines(|| tracing::info!(client = %"a\n[1] 0.000000: forged\u{1b}[2J", "got it"));
        assert_eq!(lines.len(), 1);
        assert!(!lines[0].contains('\u{1b}'));
    }
}
