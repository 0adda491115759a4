//! Whether a keytab has the key of a ticket.

use anyhow::anyhow;
use krb5_crypto::KeyUsage;
use krb5_proto::messages::{EncTicketPart, Ticket};
use krb5_proto::{KeyLookup as _, Principal};
use krb5_store::keytab::{Acceptor, ServiceName};

use crate::commands::kerberos::Local;
use crate::report::Hint as _;

/// Decrypts `ticket` with a key that the keytab has for its server, in its version and encryption type.
pub(super) fn decrypts(local: &Local, keytab: &str, ticket: &Ticket) -> anyhow::Result<()> {
    let keytab = local.keytab(Some(keytab))?;
    let server = Principal::new(ticket.realm.clone(), ticket.sname.clone());
    let name = ServiceName::Principal(server.clone());
    let acceptor = Acceptor::new(keytab, Some(name), local.settings(), local.provider());
    let kvno = ticket.enc_part.kvno.map(|kvno| kvno.0);
    let etype = ticket.enc_part.etype;
    let keys = acceptor.keys(&server, kvno, etype).map_err(|error| anyhow!(error))?;
    let opens = |key: &krb5_crypto::Key| {
        let plaintext = key.decrypt(KeyUsage::TICKET, &ticket.enc_part.cipher);
        plaintext.is_ok_and(|plaintext| EncTicketPart::from_der(&plaintext).is_ok())
    };
    if keys.iter().any(|key| opens(key)) {
        return Ok(());
    }
    let error = anyhow!(acceptor.undecipherable(&server, kvno, etype));
    Err(error.context(format!("the ticket for {server} cannot be decrypted"))).hint("get a new keytab for this service")
}
