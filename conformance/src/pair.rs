//! Two parties and the handshake between them.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::{
    flavour::Role,
    party::{Established, Progress, Side},
    pipe::Refusal,
    process::within,
    programs::{Programs, Start},
    realm::Site,
    scenario::{Outcome, Permits, Place, Scenario, Terms},
};

/// Both sides of a context.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) initiator: Side,
    pub(crate) acceptor: Side,
    _directory: TempDir,
}

/// How a handshake went, for each side.
#[derive(Debug)]
pub(crate) struct Handshake {
    /// Nothing where the acceptor refused and had no token for the initiator.
    pub(crate) initiator: Option<Verdict>,
    /// Nothing where the initiator refused to begin.
    pub(crate) acceptor: Option<Verdict>,
}

/// How a handshake went for one side.
pub(crate) type Verdict = Result<Established, Refusal>;

/// The two sides with one of them acting.
pub(crate) struct Direction<'a> {
    pub(crate) from: &'a mut Side,
    pub(crate) to: &'a mut Side,
}

impl Pair {
    /// Starts both programs, in a directory of their own below `directory` and with their own copies of the cache.
    pub(crate) fn start(programs: &Programs, site: &Site, scenario: &Scenario, directory: &Path) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("pair-").tempdir_in(directory)?;
        let ccache = directory.path().join("ccache");
        fs::copy(&site.ccache, &ccache)?;
        let flags = scenario.terms.flag_list();
        let krb5_conf = match scenario.terms.permits {
            Permits::One => site.krb5_conf.clone(),
            Permits::All => {
                let path = directory.path().join("krb5.conf");
                fs::write(&path, site.permitting_all()?)?;
                path
            }
        };
        let initiator = Start {
            flavour: scenario.initiator,
            role: Role::Initiator,
            site,
            krb5_conf: &krb5_conf,
            ccache: &ccache,
            directory: directory.path(),
            flags: Some(&flags),
            mech: scenario.terms.mech,
            bindings: scenario.terms.initiator_bindings,
        };
        let empty = directory.path().join("acceptor.ccache");
        let acceptor = Start {
            flavour: scenario.acceptor,
            role: Role::Acceptor,
            ccache: &empty,
            flags: None,
            bindings: scenario.terms.acceptor_bindings,
            ..initiator
        };
        Ok(Self {
            initiator: Side {
                flavour: scenario.initiator,
                pipe: programs.start(&initiator)?,
            },
            acceptor: Side {
                flavour: scenario.acceptor,
                pipe: programs.start(&acceptor)?,
            },
            _directory: directory,
        })
    }

    /// Of two sides that are started already, in a directory that they may use.
    pub(crate) fn of(initiator: Side, acceptor: Side, directory: TempDir) -> Self {
        Self {
            initiator,
            acceptor,
            _directory: directory,
        }
    }

    /// Gives the row that begins now its full time, in seconds.
    pub(crate) fn begin_row(&mut self, seconds: u64) {
        let deadline = within(seconds);
        self.initiator.pipe.deadline = deadline;
        self.acceptor.pipe.deadline = deadline;
    }

    /// The direction in which `role` sends.
    pub(crate) fn direction(&mut self, role: Role) -> Direction<'_> {
        match role {
            Role::Initiator => Direction {
                from: &mut self.initiator,
                to: &mut self.acceptor,
            },
            Role::Acceptor => Direction {
                from: &mut self.acceptor,
                to: &mut self.initiator,
            },
        }
    }

    /// Passes the tokens between both sides, the initiator's, then the acceptor's if there is one, and in DCE style the
    /// initiator's second; flips a bit of one where `outcome` says so.
    pub(crate) fn handshake(&mut self, terms: &Terms) -> Result<Handshake> {
        let request = match self.initiator.progress().context("the initiator's first token")? {
            Progress::Token(token) => token,
            Progress::Refused(refusal) => return Ok(Handshake::of_initiator(Err(refusal))),
            Progress::Established(_) => bail!("the initiator is done without a token"),
        };
        let request = match terms.outcome {
            Outcome::TamperedRequest(place) => flip(request, place),
            _ => request,
        };
        self.acceptor.feed(&request)?;
        if terms.asks("dce_style") {
            return self.three_legs(terms);
        }
        let (reply, verdict) = conclude(&mut self.acceptor).context("the acceptor's answer")?;
        let mut handshake = Handshake {
            initiator: None,
            acceptor: Some(verdict),
        };
        if let (Some(token), true) = (&reply, terms.answered()) {
            let token = match terms.outcome {
                Outcome::TamperedReply(place) => flip(token.clone(), place),
                _ => token.clone(),
            };
            self.initiator.feed(&token)?;
        }
        if reply.is_some() || !terms.answered() {
            let (more, verdict) = conclude(&mut self.initiator).context("the initiator's verdict")?;
            // A negotiation is ended with a token, too.
            if more.is_some() && verdict.is_ok() {
                bail!("the initiator wrote a second token");
            }
            handshake.initiator = Some(verdict);
        }
        Ok(handshake)
    }

    /// What follows the first token in DCE style: an acceptor that goes on waits for the third before its verdict.
    fn three_legs(&mut self, terms: &Terms) -> Result<Handshake> {
        let reply = match self.acceptor.progress().context("the acceptor's answer")? {
            Progress::Token(token) => token,
            Progress::Refused(refusal) => {
                return Ok(Handshake {
                    initiator: None,
                    acceptor: Some(Err(refusal)),
                });
            }
            Progress::Established(_) => bail!("the acceptor is done after the first of three tokens"),
        };
        let goes_on = reply.first() == Some(&AP_REP);
        let reply = match terms.outcome {
            Outcome::TamperedReply(place) => flip(reply, place),
            _ => reply,
        };
        self.initiator.feed(&reply)?;
        let (third, verdict) = conclude(&mut self.initiator).context("the initiator's verdict")?;
        let mut handshake = Handshake::of_initiator(verdict);
        if let Some(token) = &third {
            let token = match terms.outcome {
                Outcome::TamperedThird(place) => flip(token.clone(), place),
                _ => token.clone(),
            };
            self.acceptor.feed(&token)?;
        }
        if third.is_some() || !goes_on {
            let (more, verdict) = conclude(&mut self.acceptor).context("the acceptor's verdict")?;
            handshake.acceptor = Some(verdict);
            if more.is_some() {
                bail!("the acceptor wrote a second token");
            }
        }
        Ok(handshake)
    }

    /// Ends the input of both sides; their exit statuses.
    pub(crate) fn close(&mut self) -> Result<[Option<i32>; 2]> {
        Ok([self.initiator.pipe.close()?, self.acceptor.pipe.close()?])
    }
}

impl Handshake {
    fn of_initiator(verdict: Verdict) -> Self {
        Self {
            initiator: Some(verdict),
            acceptor: None,
        }
    }

    /// What both sides say, where both have a context.
    pub(crate) fn established(&self) -> Option<(&Established, &Established)> {
        match (&self.initiator, &self.acceptor) {
            (Some(Ok(initiator)), Some(Ok(acceptor))) => Some((initiator, acceptor)),
            _ => None,
        }
    }
}

/// Reads up to a party's verdict, and the token that it writes before.
fn conclude(side: &mut Side) -> Result<(Option<Vec<u8>>, Verdict)> {
    let mut token = None;
    loop {
        match side.progress().with_context(|| side.flavour.to_string())? {
            Progress::Token(_) if token.is_some() => bail!("{} wrote two tokens in a row", side.flavour),
            Progress::Token(octets) => token = Some(octets),
            Progress::Established(established) => return Ok((token, Ok(established))),
            Progress::Refused(refusal) => return Ok((token, Err(refusal))),
        }
    }
}

/// The first octet of an AP-REP without framing.
const AP_REP: u8 = 0x6F;

/// Flips a bit of an octet.
fn flip(mut token: Vec<u8>, place: Place) -> Vec<u8> {
    let at = match place {
        // 60, a length of one to three octets, 06 09, then the OID of RFC 1964 §1.
        Place::Framing => 10,
        Place::Middle => token.len() / 2,
        Place::End => token.len().saturating_sub(1),
    };
    if let Some(octet) = token.get_mut(at) {
        *octet ^= 1;
    }
    token
}
