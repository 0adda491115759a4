//! What is granted: the ticket, and what the client is told of it.

use krb5_crypto::{Key, KeyUsage};
use krb5_proto::messages::kdc::HostAddresses;
use krb5_proto::messages::{
    AuthorizationData, EncKdcRepPart, EncTicketPart, EncryptedData, EncryptionKey, KdcOptions, LastReq, MethodData,
    Ticket, TicketFlags, TransitedEncoding, UInt32,
};
use krb5_proto::{KerberosTime, Principal};

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
    pub(crate) authtime: KerberosTime,
    pub(crate) lifetime: Lifetime,
    pub(crate) addresses: Option<HostAddresses>,
    pub(crate) authorization_data: Option<AuthorizationData>,
}

impl Grant {
    /// The ticket under the server's key.
    ///
    /// # Errors
    /// KRB_ERR_GENERIC without randomness.
    pub(crate) fn ticket(&self, server_key: &LongTermKey) -> Result<Ticket, Refusal> {
        let part = EncTicketPart {
            flags: self.flags,
            key: EncryptionKey::from(&self.session_key),
            crealm: self.client.realm.clone(),
            cname: self.client.name.clone(),
            transited: TransitedEncoding {
                tr_type: DOMAIN_X500_COMPRESS,
                ..TransitedEncoding::default()
            },
            authtime: self.authtime,
            starttime: Some(self.lifetime.start),
            endtime: self.lifetime.end,
            renew_till: self.lifetime.renew_till,
            caddr: self.addresses.clone(),
            authorization_data: self.authorization_data.clone(),
        };
        let cipher = server_key.key.encrypt(KeyUsage::TICKET, &part.to_der()?)?;
        Ok(Ticket {
            realm: self.server.realm.clone(),
            sname: self.server.name.clone(),
            enc_part: EncryptedData {
                etype: server_key.key.enctype().number(),
                kvno: Some(server_key.kvno.into()),
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
    flags
}

/// The flags that depend on the times and on the server alone.
pub(crate) fn inherent_flags(lifetime: &Lifetime, server: &Entry) -> TicketFlags {
    // Nothing but this realm is ever on the path.
    let mut flags = TicketFlags::TRANSITED_POLICY_CHECKED;
    if lifetime.renew_till.is_some() {
        flags.insert(TicketFlags::RENEWABLE);
    }
    if server.is(Attribute::OkAsDelegate) {
        flags.insert(TicketFlags::OK_AS_DELEGATE);
    }
    flags
}

/// The transited encoding of RFC 4120 §3.3.3.2; empty contents are no realm.
const DOMAIN_X500_COMPRESS: i32 = 1;
