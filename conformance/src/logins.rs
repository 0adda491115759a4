//! Contexts by user and password: NTLM, alone and negotiated, and SCRAM.

mod lab;
mod winbind;

use anyhow::{Result, bail};

use crate::{
    flavour::{Flavour, Role},
    pair::{Direction, Pair},
    party::{Answer, Privacy, Progress},
    report::Checks,
};

pub(crate) use lab::Lab;
use lab::{Given, NTLM_CLIENTS, PASSWORD};
use winbind::Winbind;

/// How a user logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Ntlm,
    /// By SPNEGO, which is given nothing else to choose from.
    NegotiatedNtlm,
    ScramSha1,
    ScramSha256,
}

/// Who logs in with whom, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login {
    pub(crate) method: Method,
    pub(crate) initiator: Flavour,
    pub(crate) acceptor: Flavour,
}

/// The name of a check, and what it does.
pub(crate) type Check = (&'static str, fn(&Lab<'_>, &mut Checks) -> Result<()>);

const CHECKS: &[Check] = &[
    ("establish", establish),
    ("wrong-password", wrong_password),
    ("tampered-handshake", tampered_handshake),
];

/// Of those that have messages.
const MESSAGES: &[Check] = &[
    ("mic", mic),
    ("wrap", wrap),
    ("tampered-mic", tampered_mic),
    ("tampered-wrap", tampered_wrap),
    ("bindings-match", bindings_match),
    ("bindings-differ", bindings_differ),
];

/// Of those that give their key away.
const KEYS: &[Check] = &[("session-key", session_key)];

/// Where the acceptor knows no password, and asks somebody who does.
const WINBIND: &[Check] = &[("winbind", by_winbind), ("winbind-wrong-password", refused_by_winbind)];

/// With initiators that protect their messages by no MIC.
const WITHOUT_MIC: &[Check] = &[("strict", strict)];

/// Every login between `subject` and `peer`.
pub(crate) fn logins(subject: Flavour, peer: Flavour) -> Vec<Login> {
    let methods: &[Method] = match (subject, peer) {
        (Flavour::Gss, Flavour::GssNtlmssp | Flavour::Pyspnego | Flavour::Samba) => {
            &[Method::Ntlm, Method::NegotiatedNtlm]
        }
        (Flavour::Gss, Flavour::Gsasl) => &[Method::ScramSha1, Method::ScramSha256],
        _ => &[],
    };
    let directions = [(subject, peer), (peer, subject)];
    let login = |method: &Method| {
        let method = *method;
        directions.map(|(initiator, acceptor)| Login {
            method,
            initiator,
            acceptor,
        })
    };
    let mut logins: Vec<Login> = methods.iter().flat_map(login).collect();
    // Its helpers for servers ask winbind, as our own acceptor does in its checks.
    logins.retain(|login| login.acceptor != Flavour::Samba);
    logins
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Ntlm => "ntlm",
            Self::NegotiatedNtlm => "spnego-ntlm",
            Self::ScramSha1 => "scram-sha1",
            Self::ScramSha256 => "scram",
        }
    }

    fn oid(self) -> &'static str {
        match self {
            Self::Ntlm | Self::NegotiatedNtlm => "1.3.6.1.4.1.311.2.2.10",
            Self::ScramSha1 => "1.3.6.1.5.5.14",
            Self::ScramSha256 => "1.3.6.1.5.5.18",
        }
    }

    fn is_ntlm(self) -> bool {
        matches!(self, Self::Ntlm | Self::NegotiatedNtlm)
    }

    fn user(self) -> &'static str {
        match self {
            Self::Ntlm | Self::NegotiatedNtlm => r"DOMAIN\user",
            Self::ScramSha1 | Self::ScramSha256 => "user",
        }
    }
}

impl Login {
    /// What it checks.
    pub(crate) fn checks(self) -> impl Iterator<Item = &'static Check> {
        let messages = MESSAGES.iter().filter(move |_| self.has_messages());
        let without_mic = WITHOUT_MIC
            .iter()
            .filter(move |_| self.initiator == Flavour::GssNtlmssp && self.method == Method::Ntlm);
        let keys = KEYS.iter().filter(move |_| self.method.is_ntlm());
        let winbind = WINBIND.iter().filter(move |_| self.initiator == Flavour::Samba);
        CHECKS
            .iter()
            .chain(messages)
            .chain(keys)
            .chain(without_mic)
            .chain(winbind)
    }

    /// GNU SASL's SCRAM and Samba's helpers end with the exchange.
    fn has_messages(self) -> bool {
        self.method.is_ntlm() && self.initiator != Flavour::Samba
    }

    /// `logins/METHOD/INITIATOR-to-ACCEPTOR`, the beginning of its rows' names.
    pub(crate) fn name(&self) -> String {
        format!("logins/{}/{}-to-{}", self.method.name(), self.initiator, self.acceptor)
    }
}

fn establish(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let (_pair, [initiated, accepted]) = lab.established(&Given::default())?;
    let login = lab.login;
    let (oid, user) = (login.method.oid().to_owned(), Some(login.method.user().to_owned()));
    for (who, side) in [(login.initiator, &initiated), (login.acceptor, &accepted)] {
        checks.equal(&side.mech, &oid, "mech", who);
        checks.equal(&side.initiator, &user, "initiator", who);
        if who == Flavour::Gss {
            for flag in ["replay", "sequence", "conf", "integ"] {
                let present = side.flags.iter().any(|granted| granted == flag);
                checks.expect(present, "flags", who, || format!("no {flag} in {:?}", side.flags));
            }
        }
    }
    Ok(())
}

/// Both sides share the key that winbind gives our acceptor; the name is the one that the client wrote.
fn by_winbind(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    with_winbind(lab, PASSWORD, |given| {
        let (mut pair, [_, accepted]) = lab.established(given)?;
        let user = Some(lab.login.method.user().to_owned());
        checks.equal(&accepted.initiator, &user, "initiator", lab.login.acceptor);
        same_key(&mut pair, checks)
    })
}

fn refused_by_winbind(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    with_winbind(lab, "chalk", |given| {
        let mut talk = lab.talk(given, |_, token| token)?;
        let major = match talk.verdicts {
            [_, Some(Err(refusal))] => refusal.major,
            // It has told the initiator before, which was quicker.
            _ => match talk.pair.acceptor.progress()? {
                Progress::Refused(refusal) => refusal.major,
                other => bail!("the acceptor goes on: {other:?}"),
            },
        };
        checks.equal(&&*major, &"UNAUTHORIZED", "refuses-password", lab.login.acceptor);
        Ok(())
    })
}

fn with_winbind(lab: &Lab<'_>, password: &'static str, run: impl FnOnce(&Given<'_>) -> Result<()>) -> Result<()> {
    let directory = tempfile::Builder::new().prefix("winbind-").tempdir_in(lab.directory)?;
    let winbind = Winbind::start(directory.path(), "user", PASSWORD)?;
    run(&Given {
        password,
        winbind: Some(&winbind.helper),
        ..Given::default()
    })
}

fn wrong_password(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let given = Given {
        password: "chalk",
        ..Given::default()
    };
    nobody_is_established(lab, &given, |_, token| token, "refuses-password", checks)
}

/// Somebody in between flips a bit of each token's last octets in turn: in a proof, a MIC, a signature. Not all of a
/// first token is protected.
fn tampered_handshake(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let tokens = lab.login.tokens();
    for number in tokens {
        let flip = |leg: usize, mut token: Vec<u8>| {
            if let (true, Some(octet)) = (leg == *number, token.last_mut()) {
                *octet ^= 1;
            }
            token
        };
        nobody_is_established(lab, &Given::default(), flip, "refuses-tampered-token", checks)?;
    }
    Ok(())
}

impl Login {
    /// The numbers of the tokens whose last octet counts.
    fn tokens(self) -> &'static [usize] {
        match self.method {
            // The proof and the signature, whose last characters are the end of base64.
            Method::ScramSha1 | Method::ScramSha256 => &[2, 3],
            // The encrypted session key.
            Method::Ntlm => &[2],
            // A MIC over the list.
            Method::NegotiatedNtlm => &[2, 3],
        }
    }
}

/// Initiators may believe for a while that all is well: whom they talk to knows better.
fn nobody_is_established(
    lab: &Lab<'_>,
    given: &Given<'_>,
    change: impl FnMut(usize, Vec<u8>) -> Vec<u8>,
    check: &str,
    checks: &mut Checks,
) -> Result<()> {
    let talk = lab.talk(given, change)?;
    let both = matches!(talk.verdicts, [Some(Ok(_)), Some(Ok(_))]);
    checks.expect(!both, check, lab.login.acceptor, || "both are established".to_owned());
    let refused = talk.verdicts.iter().any(|verdict| matches!(verdict, Some(Err(_))));
    checks.expect(refused, check, lab.login.acceptor, || "nobody says no".to_owned());
    Ok(())
}

fn strict(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let given = Given {
        clients: NTLM_CLIENTS.0,
        ..Given::default()
    };
    nobody_is_established(lab, &given, |_, token| token, "strict", checks)
}

fn bindings_match(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let given = Given {
        bindings: [Some("6368616e6e656c"), Some("6368616e6e656c")],
        ..Given::default()
    };
    let (_pair, [_, accepted]) = lab.established(&given)?;
    if lab.login.acceptor == Flavour::Gss {
        let bound = accepted.flags.iter().any(|flag| flag == "channel_bound");
        checks.expect(bound, "flag-channel-bound", Flavour::Gss, || {
            format!("not in {:?}", accepted.flags)
        });
    }
    Ok(())
}

fn bindings_differ(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let given = Given {
        bindings: [Some("6368616e6e656c"), Some("6f74686572")],
        ..Given::default()
    };
    nobody_is_established(lab, &given, |_, token| token, "refuses-bindings", checks)
}

fn mic(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let mut pair = lab.established(&Given::default())?.0;
    for role in [Role::Initiator, Role::Acceptor] {
        let Direction { from, to } = pair.direction(role);
        for message in messages() {
            let token = must(from.flavour, from.mic(&message))?;
            let sequence = must(to.flavour, to.verify(&message, &token))?;
            checks.equal(&sequence.as_str(), &"ok", "sequence", to.flavour);
        }
    }
    Ok(())
}

fn wrap(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let mut pair = lab.established(&Given::default())?.0;
    for role in [Role::Initiator, Role::Acceptor] {
        let Direction { from, to } = pair.direction(role);
        for message in messages() {
            // Where sealing was negotiated, NTLM seals whatever it is asked for.
            for asked in [Privacy::Sealed, Privacy::Open] {
                let token = must(from.flavour, from.wrap(&message, asked))?;
                let readable = message.len() > 15 && token.windows(message.len()).any(|window| window == message);
                checks.expect(!readable, "confidentiality", from.flavour, || {
                    format!("{} octets can be read, {asked:?}", message.len())
                });
                let unwrapped = must(to.flavour, to.unwrap(&token))?;
                checks.equal(&unwrapped.message, &message, "message", to.flavour);
                checks.equal(&unwrapped.privacy, &Privacy::Sealed, "conf-state", to.flavour);
            }
        }
    }
    Ok(())
}

fn session_key(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    same_key(&mut lab.established(&Given::default())?.0, checks)
}

fn same_key(pair: &mut Pair, checks: &mut Checks) -> Result<()> {
    let Pair {
        initiator, acceptor, ..
    } = pair;
    let ours = must(initiator.flavour, initiator.session_key())?;
    let theirs = must(acceptor.flavour, acceptor.session_key())?;
    // Not `equal`: keys stay out of reports.
    checks.expect(ours == theirs, "session-key", initiator.flavour, || {
        format!("{} and {} octets, not the same", ours.len(), theirs.len())
    });
    checks.equal(&ours.len(), &16, "session-key-length", initiator.flavour);
    Ok(())
}

/// Every octet of a signature: where we verify, what was refused has changed nothing. What a forgery does to the
/// keystream of others is their affair, so that with them the first one is the last.
fn tampered_mic(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let mut pair = lab.established(&Given::default())?.0;
    for role in [Role::Initiator, Role::Acceptor] {
        let Direction { from, to } = pair.direction(role);
        let token = must(from.flavour, from.mic(MESSAGE))?;
        let places = if to.flavour == Flavour::Gss { token.len() } else { 1 };
        for at in 0..places {
            let answer = to.verify(MESSAGE, &flipped(&token, at))?;
            checks.expect(answer.is_err(), "refuses-flipped-mic", to.flavour, || {
                format!("octet {at}")
            });
        }
        if to.flavour == Flavour::Gss {
            let answer = to.verify(MESSAGE, &token)?;
            checks.expect(answer.is_ok(), "genuine-after-forgery", to.flavour, || {
                format!("{answer:?}")
            });
        }
    }
    Ok(())
}

fn tampered_wrap(lab: &Lab<'_>, checks: &mut Checks) -> Result<()> {
    let mut pair = lab.established(&Given::default())?.0;
    for role in [Role::Initiator, Role::Acceptor] {
        let Direction { from, to } = pair.direction(role);
        let token = must(from.flavour, from.wrap(MESSAGE, Privacy::Sealed))?;
        let places = if to.flavour == Flavour::Gss { token.len() } else { 1 };
        for at in 0..places {
            let answer = to.unwrap(&flipped(&token, at))?;
            checks.expect(answer.is_err(), "refuses-flipped-wrap", to.flavour, || {
                format!("octet {at}")
            });
        }
        if to.flavour == Flavour::Gss {
            let unwrapped = must(to.flavour, to.unwrap(&token))?;
            checks.equal(
                &unwrapped.message.as_slice(),
                &MESSAGE,
                "genuine-after-forgery",
                to.flavour,
            );
        }
    }
    Ok(())
}

fn flipped(token: &[u8], at: usize) -> Vec<u8> {
    let mut token = token.to_vec();
    token[at] ^= 1;
    token
}

/// Messages of these sizes; gss-ntlmssp takes no empty ones.
fn messages() -> impl Iterator<Item = Vec<u8>> {
    let message = |size: usize| (0..=250).cycle().take(size).collect();
    [1, 15, 16, 1000, 65536, 70000].into_iter().map(message)
}

fn must<T>(who: Flavour, answer: Answer<T>) -> Result<T> {
    match answer? {
        Ok(result) => Ok(result),
        Err(refusal) => bail!("{who}: {}: {}", refusal.major, refusal.message),
    }
}

const MESSAGE: &[u8] = b"attack at dawn";
