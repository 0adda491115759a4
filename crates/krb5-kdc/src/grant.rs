//! What is granted: the ticket, and what the client is told of it.

use std::sync::Arc;

use krb5_crypto::{Key, KeyUsage};
use krb5_proto::messages::kdc::HostAddresses;
use krb5_proto::messages::{
    AuthorizationData, EncKdcRepPart, EncTicketPart, EncryptedData, EncryptionKey, KdcOptions, LastReq, MethodData,
    Ticket, TicketFlags, UInt32,
};
use krb5_proto::realms::transited;
use krb5_proto::{KerberosTime, Principal, Realm};

use crate::database::{Attribute, Entry, LongTermKey};
use crate::lifetime::Lifetime;
use crate::refusal::Refusal;

/// A ticket that is about to be issued.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) flags: TicketFlags,
    pub(crate) session_key: Key,
    pub(crate) client: Principal,
    /// As the client named it.
    pub(crate) server: Principal,
    /// The realms between the client's and this one.
    pub(crate) transited: Vec<Realm>,
    pub(crate) authtime: KerberosTime,
    pub(crate) lifetime: Lifetime,
    pub(crate) addresses: Option<HostAddresses>,
    pub(crate) authorization_data: Option<AuthorizationData>,
}

/// What a ticket is encrypted in.
#[derive(Debug)]
pub(crate) struct Sealing {
    key: Arc<Key>,
    /// A session key has none.
    kvno: Option<u32>,
}

impl From<&LongTermKey> for Sealing {
    fn from(found: &LongTermKey) -> Self {
        Self {
            key: Arc::clone(&found.key),
            kvno: Some(found.kvno),
        }
    }
}

impl From<Key> for Sealing {
    /// User to user.
    fn from(session_key: Key) -> Self {
        Self {
            key: Arc::new(session_key),
            kvno: None,
        }
    }
}

impl Grant {
    /// The ticket under `sealing`.
    ///
    /// # Errors
    /// KRB_ERR_GENERIC without randomness.
    pub(crate) fn ticket(&self, sealing: &Sealing) -> Result<Ticket, Refusal> {
        let part = EncTicketPart {
            flags: self.flags,
            key: EncryptionKey::from(&self.session_key),
            crealm: self.client.realm.clone(),
            cname: self.client.name.clone(),
            transited: transited::encode(&self.transited),
            authtime: self.authtime,
            starttime: Some(self.lifetime.start),
            endtime: self.lifetime.end,
            renew_till: self.lifetime.renew_till,
            caddr: self.addresses.clone(),
            authorization_data: self.authorization_data.clone(),
        };
        let cipher = sealing.key.encrypt(KeyUsage::TICKET, &part.to_der()?)?;
        Ok(Ticket {
            realm: self.server.realm.clone(),
            sname: self.server.name.clone(),
            enc_part: EncryptedData {
                etype: sealing.key.enctype().number(),
                kvno: sealing.kvno.map(Into::into),
                cipher: cipher.into(),
            },
        })
    }

    /// What the client learns in the encrypted part of the reply.
    pub(crate) fn reply_part(&self, nonce: UInt32) -> EncKdcRepPart {
        EncKdcRepPart {
            key: EncryptionKey::from(&self.session_key),
            last_req: vec![LastReq {
                lr_type: 0,
                lr_value: KerberosTime(0),
            }],
            nonce,
            key_expiration: None,
            flags: self.flags,
            authtime: self.authtime,
            starttime: Some(self.lifetime.start),
            endtime: self.lifetime.end,
            renew_till: self.lifetime.renew_till,
            srealm: self.server.realm.clone(),
            sname: self.server.name.clone(),
            caddr: self.addresses.clone(),
            encrypted_pa_data: None::<MethodData>,
        }
    }
}

/// The flags that a request asks for and that `parties` allow. RENEWABLE goes with the times, not with this.
pub(crate) fn requested_flags(options: KdcOptions, parties: &[&Entry]) -> TicketFlags {
    let allowed = |unless| !parties.iter().any(|entry| entry.is(unless));
    let mut flags = TicketFlags::empty();
    if options.contains(KdcOptions::FORWARDABLE) && allowed(Attribute::NotForwardable) {
        flags.insert(TicketFlags::FORWARDABLE);
    }
    if options.contains(KdcOptions::PROXIABLE) && allowed(Attribute::NotProxiable) {
        flags.insert(TicketFlags::PROXIABLE);
    }
    if options.contains(KdcOptions::ALLOW_POSTDATE) && allowed(Attribute::NotPostdatable) {
        flags.insert(TicketFlags::MAY_POSTDATE);
    }
    flags
}

/// The flags that depend on the times and on the server alone.
pub(crate) fn inherent_flags(lifetime: &Lifetime, server: &Entry) -> TicketFlags {
    let mut flags = TicketFlags::empty();
    if lifetime.is_postdated {
        flags.insert(TicketFlags::POSTDATED | TicketFlags::INVALID);
    }
    if lifetime.renew_till.is_some() {
        flags.insert(TicketFlags::RENEWABLE);
    }
    if server.is(Attribute::OkAsDelegate) {
        flags.insert(TicketFlags::OK_AS_DELEGATE);
    }
    flags
}
