//! KRB-CRED: handing credentials to a peer, RFC 4120 §3.6.

use std::sync::Arc;

use krb5_crypto::{Key, KeyUsage};

use super::ap::unique;
use crate::error::EtypeNumbers;
use crate::messages::{EncKrbCredPart, EncryptedData, KrbCred, KrbCredInfo, Ticket};
use crate::{Credentials, EncryptionKey, Error, Principal, Timestamp};

/// Makes a KRB-CRED of `credentials` under `key`, the session key of the context that carries it.
///
/// # Errors
/// [`Error::CredTickets`] unless there are 1 to 16, [`Error::Malformed`] if one holds no ticket,
/// [`Error::Crypto`].
pub fn build(credentials: &[Credentials], key: &Key, now: Timestamp) -> Result<Vec<u8>, Error> {
    if !(1..=MAX_TICKETS).contains(&credentials.len()) {
        return Err(Error::CredTickets(credentials.len()));
    }
    let now = unique(now);
    let part = EncKrbCredPart {
        ticket_info: credentials.iter().map(info).collect(),
        nonce: None,
        timestamp: Some(now.time),
        usec: Some(now.microseconds()),
        s_address: None,
        r_address: None,
    };
    let cipher = key
        .encrypt(KeyUsage::KRB_CRED, &part.to_der()?)
        .map_err(|source| Error::Crypto {
            doing: "encrypting the KRB-CRED",
            source,
        })?;
    KrbCred {
        tickets: credentials
            .iter()
            .map(|cred| Ticket::from_der(&cred.ticket))
            .collect::<Result<_, _>>()?,
        enc_part: EncryptedData {
            etype: key.enctype().number(),
            kvno: None,
            cipher: cipher.into(),
        },
    }
    .to_der()
}

/// Reads a KRB-CRED with the first of `keys` that decrypts it: the session key, then, for old peers,
/// the subkey. An unencrypted one is not taken.
///
/// # Errors
/// [`Error::Integrity`], [`Error::EtypeNotPermitted`] for other encryption types than the keys',
/// [`Error::CredTickets`] unless there are 1 to 16 tickets, [`Error::CredCounts`] unless each has its
/// description, [`Error::CredIncomplete`], [`Error::Malformed`].
pub fn read(krb_cred: &[u8], keys: &[&Key]) -> Result<Vec<Credentials>, Error> {
    read_as(krb_cred, |data| open(data, keys))
}

/// Reads a KRB-CRED that stands inside a decrypted authenticator, where it may also be unencrypted.
///
/// Heimdal's initiators (7.8 and before) send it as encryption type 0 for the sake of old acceptors, and MIT's
/// acceptors take it. It is no less protected: the authenticator around it is encrypted and authenticated in the
/// ticket's session key.
///
/// # Errors
/// As [`read`].
pub fn read_within_authenticator(krb_cred: &[u8], keys: &[&Key]) -> Result<Vec<Credentials>, Error> {
    read_as(krb_cred, |data| match data.etype {
        NULL_ETYPE => EncKrbCredPart::from_der(&data.cipher),
        _ => open(data, keys),
    })
}

fn read_as(
    krb_cred: &[u8],
    open: impl FnOnce(&EncryptedData) -> Result<EncKrbCredPart, Error>,
) -> Result<Vec<Credentials>, Error> {
    let cred = KrbCred::from_der(krb_cred)?;
    if !(1..=MAX_TICKETS).contains(&cred.tickets.len()) {
        return Err(Error::CredTickets(cred.tickets.len()));
    }
    let part = open(&cred.enc_part)?;
    if part.ticket_info.len() != cred.tickets.len() {
        return Err(Error::CredCounts {
            tickets: cred.tickets.len(),
            infos: part.ticket_info.len(),
        });
    }
    let pairs = cred.tickets.iter().zip(part.ticket_info);
    pairs.map(|(ticket, info)| credentials_of(ticket, info)).collect()
}

fn open(data: &EncryptedData, keys: &[&Key]) -> Result<EncKrbCredPart, Error> {
    let mut fitting = keys
        .iter()
        .filter(|key| key.enctype().number() == data.etype)
        .peekable();
    if fitting.peek().is_none() {
        return Err(Error::EtypeNotPermitted(EtypeNumbers(vec![data.etype])));
    }
    let plaintext = fitting
        .find_map(|key| key.decrypt(KeyUsage::KRB_CRED, &data.cipher).ok())
        .ok_or(Error::Integrity { what: "the KRB-CRED" })?;
    EncKrbCredPart::from_der(&plaintext)
}

fn info(credentials: &Credentials) -> KrbCredInfo {
    KrbCredInfo {
        key: EncryptionKey::new(credentials.key.keytype, credentials.key.expose().to_vec()),
        prealm: Some(credentials.client.realm.clone()),
        pname: Some(credentials.client.name.clone()),
        flags: Some(credentials.flags),
        authtime: Some(credentials.authtime),
        starttime: credentials.starttime,
        endtime: Some(credentials.endtime),
        renew_till: credentials.renew_till,
        srealm: Some(credentials.server.realm.clone()),
        sname: Some(credentials.server.name.clone()),
        caddr: Some(credentials.addresses.clone()).filter(|addresses| !addresses.is_empty()),
    }
}

/// The names are optional in a KRB-CRED: the server's are then the ticket's own; without the client's
/// a credential is of no use.
fn credentials_of(ticket: &Ticket, info: KrbCredInfo) -> Result<Credentials, Error> {
    let client = Principal {
        realm: info.prealm.ok_or(Error::CredIncomplete("client's realm"))?,
        name: info.pname.ok_or(Error::CredIncomplete("client's name"))?,
    };
    let server = Principal {
        realm: info.srealm.unwrap_or_else(|| ticket.realm.clone()),
        name: info.sname.unwrap_or_else(|| ticket.sname.clone()),
    };
    let endtime = info.endtime.ok_or(Error::CredIncomplete("end time"))?;
    Ok(Credentials {
        client,
        server,
        key: Arc::new(info.key),
        authtime: info.authtime.or(info.starttime).unwrap_or_default(),
        starttime: info.starttime,
        endtime,
        renew_till: info.renew_till,
        is_skey: false,
        flags: info.flags.unwrap_or_default(),
        addresses: info.caddr.unwrap_or_default(),
        authdata: Vec::new(),
        ticket: ticket.to_der()?,
        second_ticket: Vec::new(),
    })
}

/// Tickets in one KRB-CRED, at most.
const MAX_TICKETS: usize = 16;
/// The encryption type that means: not encrypted.
const NULL_ETYPE: i32 = 0;

#[cfg(test)]
mod tests;
