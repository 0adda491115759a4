//! `gss pipe`: a context over standard input and output.

mod handshake;
mod lines;
mod messages;
mod options;
mod protocol;
mod session;

use std::io;
use std::process::ExitCode;

use clap::Subcommand;
use gss_core::{Error, Mechanisms};

use self::handshake::{HalfOpen, Wire, establish};
use self::protocol::{Answer, Command};
use self::session::{Session, Surroundings, failure};

/// Run a context over standard input and output, as JSON lines
///
/// For scripts and for tests between implementations: one JSON object a line, octets in base64. First the two parties
/// exchange {"token":"…"} until {"established":{…}}; then each command line gets one line as its answer.
#[derive(Debug, clap::Args)]
#[command(after_long_help = PROTOCOL)]
pub(crate) struct Args {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Begin the context: the first token is written at once
    Initiator(options::Initiator),
    /// Wait for the initiator's first token
    Acceptor(options::Acceptor),
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut wire = Wire {
        input: &mut input,
        output: &mut output,
    };
    let (half_open, mut surroundings) = match begin(args.role) {
        Ok(begun) => begun,
        Err(error) => {
            wire.say(&Answer::Error { error: failure(error) })?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let Some(context) = establish(half_open, &mut wire, &mut surroundings.driver)? else {
        return Ok(ExitCode::FAILURE);
    };
    serve(Session::new(context, surroundings), &mut wire)
}

fn begin(role: Role) -> Result<(HalfOpen, Surroundings), Error> {
    let environment = gss::environment();
    let mut surroundings = Surroundings {
        mechanisms: Mechanisms::linked(&environment)?,
        driver: gss::BlockingDriver::new(&environment),
        clock: environment.clock().clone(),
    };
    let half_open = match role {
        Role::Initiator(options) => options.begin(&mut surroundings)?,
        Role::Acceptor(options) => options.begin(&mut surroundings)?,
    };
    Ok((half_open, surroundings))
}

/// Answers commands until the input ends.
fn serve(mut session: Session, wire: &mut Wire<'_>) -> anyhow::Result<ExitCode> {
    wire.say(&Answer::Established {
        established: session.established(),
    })?;
    while let Some(command) = wire.hear::<Command>()? {
        let answer = command.and_then(|command| session.answer(command));
        wire.say(&answer.unwrap_or_else(|error| Answer::Error { error }))?;
    }
    Ok(ExitCode::SUCCESS)
}

const PROTOCOL: &str = r#"The environment is the usual one: KRB5_CONFIG, KRB5CCNAME, KRB5_KTNAME, KRB5_CLIENT_KTNAME; for NTLM
and SCRAM the acceptor's users are in the file that NTLM_USER_FILE or SCRAM_USER_FILE names, and the
initiator takes its password from --store password=… and its name from --principal.

Commands once the context is established (B64: base64 with padding):
  {"get_mic":B64}                                  {"token":B64}
  {"verify_mic":{"message":B64,"token":B64}}       {"verified":{"sequence":S}}
  {"wrap":{"message":B64,"conf":BOOL}}             {"token":B64}
  {"unwrap":B64}                                   {"message":B64,"conf":BOOL,"sequence":S}
  {"wrap_iov":{"message":B64,"conf":BOOL,          {"token":B64}
      "associated":B64,"between":B64,
      "after":B64,"layout":L}}
  {"unwrap_iov":{"token":B64,"associated":B64,     {"message":B64,"conf":BOOL,"sequence":S}
      "between":B64,"after":B64,
      "layout":L,"conf":BOOL}}
  {"wrap_aead":{"message":B64,"associated":B64,    {"token":B64}
      "conf":BOOL}}
  {"unwrap_aead":{"token":B64,"associated":B64}}   {"message":B64,"conf":BOOL,"sequence":S}
  {"prf":{"input":B64,"length":N}}                 {"octets":B64}
  {"wrap_size_limit":{"size":N,"conf":BOOL}}       {"limit":N}
  {"session_key":true}                             {"octets":B64}
  {"export":true}  (and import again)              {"exported":N}
  {"delegated":true}                               {"name":NAME,"lifetime":N}
  {"store_delegated":CCACHE}                       {"stored":[MECHANISM]}
S is ok, duplicate, old, unsequenced or gap. L is trailer (the default) or header.
associated, between and after are signed before the message, between its halves and behind it; they
can be left out, and so can layout: to unwrap without it is to unwrap a stream, which has no between.
With it the token is cut into buffers as for a message of this conf.

Failures are {"error":{"major":"BAD_MIC","code":"0x00060000","minor":N,"message":TEXT}}, after the
token that is still owed to the peer, if any. A failed command leaves the context usable.

Exit codes: 0 at the end of input once established, 1 where that was not reached."#;
