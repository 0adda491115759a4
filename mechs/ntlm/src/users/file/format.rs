//! The lines of a user file.

use gss_crypto::CryptoProvider;

use super::fault::LineFault;
use crate::users::roster::{Key, Roster, Unusable};
use crate::{AccountName, NtHash, Password};

/// Reads a file in either form, line by line:
///
/// ```text
/// # comment
/// DOMAIN:USER:PASSWORD
/// USER:UID:LM-HASH:NT-HASH:[FLAGS]:LCT-TIME:
/// DOMAIN\USER:UID:LM-HASH:NT-HASH:[FLAGS]:LCT-TIME:
/// ```
///
/// The first is Heimdal's, where the domain may be empty; the others are those of Samba's smbpasswd, the last with a
/// domain as gss-ntlmssp has it. The number of colons tells them apart, and nothing else: whatever its length, what stands
/// in the place of a password is a password. Of the hashes, the NT hash counts; of the flags, those that keep users
/// out. Lines end with a line feed, perhaps after a carriage return; empty ones are passed over.
///
/// # Errors
/// The first line that is none of these, by its number from 1.
pub(super) fn parse(octets: &[u8], provider: &CryptoProvider) -> Result<Roster, (usize, LineFault)> {
    let mut roster = Roster::default();
    // The line of each account.
    let mut places: Vec<usize> = Vec::new();
    for (number, line) in (1_usize..).zip(octets.split(|octet| *octet == b'\n')) {
        let parsed = text_of(line).and_then(|line| account(line, provider));
        let Some((account, key)) = parsed.map_err(|fault| (number, fault))? else {
            continue;
        };
        if let Err(index) = roster.add(account, key) {
            let first = places.get(index).copied().unwrap_or_default();
            return Err((number, LineFault::Twice { first }));
        }
        places.push(number);
        if places.len() > MAX_ACCOUNTS {
            return Err((number, LineFault::Many { limit: MAX_ACCOUNTS }));
        }
    }
    Ok(roster)
}

fn text_of(line: &[u8]) -> Result<&str, LineFault> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > MAX_LINE {
        return Err(LineFault::Long { limit: MAX_LINE });
    }
    let text = std::str::from_utf8(line).map_err(|_| LineFault::NotText)?;
    match text.chars().find(|letter| letter.is_control() && *letter != '\t') {
        Some(control) => Err(LineFault::Control(control)),
        None => Ok(text),
    }
}

/// The account of a line; none for comments and empty lines.
fn account(line: &str, provider: &CryptoProvider) -> Result<Option<(AccountName, Key)>, LineFault> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut fields = line.split(':');
    let mut next = || fields.next().unwrap_or_default();
    let parsed = match line.matches(':').count() {
        2 => of_password(next(), next(), next(), provider)?,
        4.. => of_hash(next(), next(), next(), next(), next())?,
        colons => return Err(LineFault::Colons(colons)),
    };
    Ok(Some(parsed))
}

/// Heimdal's form.
fn of_password(
    domain: &str,
    user: &str,
    password: &str,
    provider: &CryptoProvider,
) -> Result<(AccountName, Key), LineFault> {
    if user.contains('\\') || domain.contains('\\') {
        return Err(LineFault::Domains);
    }
    let hash = Password::new(password).nt_hash(provider);
    Ok((named(user, domain)?, Key::of(hash)))
}

/// Samba's form, as far as it counts.
fn of_hash(name: &str, uid: &str, lm: &str, nt: &str, flags: &str) -> Result<(AccountName, Key), LineFault> {
    if uid.is_empty() || !uid.bytes().all(|digit| digit.is_ascii_digit()) || lm.len() != HASH_DIGITS {
        // Most likely a password with colons in it.
        return Err(LineFault::NeitherForm);
    }
    let (domain, user) = name.split_once('\\').unwrap_or(("", name));
    if user.contains('\\') {
        return Err(LineFault::Domains);
    }
    let account = named(user, domain)?;
    let key = match NtHash::from_hex(nt) {
        Some(hash) => Key::of(hash),
        None if nt.len() == HASH_DIGITS && nt.starts_with(NO_HASH) => Key::Unusable(Unusable::NoHash, None),
        None => return Err(LineFault::Hash),
    };
    Ok((account, key.unless(kept_out(flags))))
}

/// What the flags say against an account: `[U          ]` is an ordinary one. Old files have no flags.
fn kept_out(flags: &str) -> Option<Unusable> {
    let flags = flags.strip_prefix('[')?.split(']').next()?;
    flags.chars().find_map(|flag| match flag {
        'D' => Some(Unusable::Disabled),
        'N' => Some(Unusable::EmptyPassword),
        'W' | 'S' | 'I' => Some(Unusable::NotAUser),
        _ => None,
    })
}

fn named(user: &str, domain: &str) -> Result<AccountName, LineFault> {
    if user.is_empty() {
        return Err(LineFault::NoUser);
    }
    Ok(AccountName::new(user, domain))
}

/// In octets, without the end of the line.
const MAX_LINE: usize = 4096;

const MAX_ACCOUNTS: usize = 65_536;

/// Of a hash, in hexadecimal.
const HASH_DIGITS: usize = 32;

/// How Samba begins a hash that is not there: `NO PASSWORDXXX…` and `XXX…`.
const NO_HASH: [char; 2] = ['N', 'X'];
