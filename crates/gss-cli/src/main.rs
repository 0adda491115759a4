//! The gss command: demo, kinit, klist, pipe, token, kdc.
//!
//! Every command is a module of [`commands`] with its arguments and a `run`. What goes wrong comes back as an
//! [`anyhow::Error`] and is told by [`report`]: exit code 1; wrong usage is clap's exit code 2.

#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::panic
    )
)]

mod commands;
mod report;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    config, demo, kdc, kdestroy, keytab, kinit, klist, kswitch, kvno, localname, mechs, pipe, token,
};

/// Kerberos and the GSS-API from the command line, without a C library.
#[derive(Debug, Parser)]
#[command(name = "gss", version, max_term_width = 100, after_help = START, after_long_help = START_LONG)]
struct Cli {
    /// Write what happens, a line each, to standard error or to this file
    #[arg(long, global = true, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "/dev/stderr")]
    trace: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Kinit(kinit::Args),
    Klist(klist::Args),
    Kdestroy(kdestroy::Args),
    Kswitch(kswitch::Args),
    Kvno(kvno::Args),
    Keytab(keytab::Args),
    Kdc(kdc::Args),
    Config(config::Args),
    Localname(localname::Args),
    Pipe(pipe::Args),
    Token(token::Args),
    Mechs(mechs::Args),
}

impl Command {
    fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Demo(args) => demo::run(args),
            Self::Kinit(args) => kinit::run(args),
            Self::Klist(args) => klist::run(args),
            Self::Kdestroy(args) => kdestroy::run(args),
            Self::Kswitch(args) => kswitch::run(args),
            Self::Kvno(args) => kvno::run(args),
            Self::Keytab(args) => keytab::run(args),
            Self::Kdc(args) => kdc::run(args),
            Self::Config(args) => config::run(args),
            Self::Localname(args) => localname::run(args),
            Self::Pipe(args) => pipe::run(args),
            Self::Token(args) => token::run(args),
            Self::Mechs(args) => mechs::run(args),
        }
    }
}

fn main() -> ExitCode {
    let Cli { trace, command } = Cli::parse();
    trace::start(trace.as_deref())
        .and_then(|()| command.run())
        .unwrap_or_else(|error| report::failure(&error))
}

const START: &str = "New here? `gss demo` shows a whole exchange and needs nothing configured.";

const START_LONG: &str = "\
New here? `gss demo` shows a whole exchange and needs nothing configured.

Environment:
  KRB5_CONFIG          the configuration, instead of /etc/krb5.conf
  KRB5CCNAME           the credential cache, for example FILE:/home/me/ticket, or a
                       collection of them, for example DIR:/home/me/tickets, KCM: or KEYRING:session:me
  KRB5_KTNAME          the keytab of a service, instead of /etc/krb5.keytab
  KRB5_CLIENT_KTNAME   the keytab of a client
  KRB5RCACHENAME       the replay cache of a service
  KRB5_TRACE           the file that every step is written to, or /dev/stderr
`gss config` shows all of them, each setting, and where it comes from.

Exit codes: 0 done, 1 failed, 2 wrong usage.";
