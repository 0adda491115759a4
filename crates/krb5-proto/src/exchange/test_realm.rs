//! A KDC for tests: it knows one client, itself and one service, and says what it is told to say.

use std::sync::Arc;

use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key, KeyUsage, Secret, string_to_key};

use super::{AsOptions, LongTerm};
use crate::error::ErrorCode;
use crate::messages::preauth::{EtypeInfo2Entry, PA_ENC_TIMESTAMP, PA_ETYPE_INFO2};
use crate::messages::{
    ApReq, AsRep, AsReq, Authenticator, EncAsRepPart, EncKdcRepPart, EncTgsRepPart, EncTicketPart, EncryptedData,
    EtypeInfo2, KdcReqBody, KrbError, MethodData, PaData, PaEncTsEnc, TgsRep, TgsReq, Ticket, TicketFlags,
    TransitedEncoding, kdc, preauth,
};
use crate::{Credentials, EncryptionKey, KerberosTime, Microseconds, Principal, Realm, Timestamp};

/// Fast enough without optimisation.
pub(crate) const ETYPE: Enctype = Enctype::Aes256CtsHmacSha196;
pub(crate) const PASSWORD: &[u8] = b"open sesame";
/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp {
    time: KerberosTime(1_767_225_600),
    micros: 250_000,
};

pub(crate) fn principal(text: &str) -> Principal {
    Principal::parse(text, None).unwrap()
}

pub(crate) fn client() -> Principal {
    principal("alibaba@EXAMPLE.ORG")
}

pub(crate) fn service() -> Principal {
    principal("host/cave.example.org@EXAMPLE.ORG")
}

pub(crate) fn tgs() -> Principal {
    let realm = Realm::from("EXAMPLE.ORG");
    Principal::krbtgt(&realm, &realm)
}

pub(crate) fn key(octet: u8) -> Arc<Key> {
    Arc::new(Key::new(&PROVIDER, ETYPE, &[octet; 32]).unwrap())
}

pub(crate) fn password_key(salt: &[u8]) -> Arc<Key> {
    Arc::new(string_to_key(&PROVIDER, ETYPE, PASSWORD, salt, None).unwrap())
}

/// Options of a client that knows the password and asks for [`ETYPE`] only.
pub(crate) fn as_options() -> AsOptions {
    let mut options = AsOptions::new(client(), LongTerm::Password(Secret::from_slice(PASSWORD)));
    options.etypes = vec![ETYPE];
    options
}

pub(crate) fn encrypt(key: &Key, usage: KeyUsage, plaintext: &[u8]) -> EncryptedData {
    let cipher = key.encrypt(usage, plaintext).unwrap().into();
    EncryptedData {
        etype: key.enctype().number(),
        kvno: None,
        cipher,
    }
}

/// What a KDC is about to say.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) padata: Option<Vec<PaData>>,
    pub(crate) crealm: Realm,
    pub(crate) cname: crate::PrincipalName,
    pub(crate) ticket: Ticket,
    pub(crate) part: EncKdcRepPart,
    /// What the part is encrypted in.
    pub(crate) key: Arc<Key>,
    pub(crate) usage: KeyUsage,
    /// The encryption type that the reply claims.
    pub(crate) etype: i32,
}

#[derive(Debug)]
pub(crate) struct TestRealm {
    pub(crate) now: KerberosTime,
    pub(crate) client_key: Arc<Key>,
    pub(crate) tgs_key: Arc<Key>,
    pub(crate) service_key: Arc<Key>,
    pub(crate) session_key: Arc<Key>,
}

impl TestRealm {
    pub(crate) fn new() -> Self {
        let client_key = password_key(&client().default_salt());
        Self {
            now: NOW.time,
            client_key,
            tgs_key: key(1),
            service_key: key(2),
            session_key: key(3),
        }
    }

    /// A reply to `body`, as it should be, for `client`.
    pub(crate) fn draft(&self, body: &KdcReqBody, client: &Principal) -> Draft {
        let server = Principal {
            realm: body.realm.clone(),
            name: body.sname.clone().unwrap(),
        };
        let key = if server.is_krbtgt() {
            &self.tgs_key
        } else {
            &self.service_key
        };
        let renew_till = body.rtime;
        let mut flags = TicketFlags::PRE_AUTHENT;
        for flag in [
            TicketFlags::FORWARDABLE,
            TicketFlags::FORWARDED,
            TicketFlags::PROXIABLE,
            TicketFlags::RENEWABLE,
        ] {
            flags.insert(TicketFlags(flag.bits() & body.kdc_options.bits()));
        }
        let times = Times {
            authtime: self.now,
            starttime: Some(self.now),
            endtime: body.till,
            renew_till,
        };
        let enc = self.ticket_part(client, flags, times);
        let enc_part = encrypt(key, KeyUsage::TICKET, &enc.to_der().unwrap());
        Draft {
            padata: None,
            crealm: client.realm.clone(),
            cname: client.name.clone(),
            ticket: Ticket {
                realm: server.realm.clone(),
                sname: server.name.clone(),
                enc_part,
            },
            part: EncKdcRepPart {
                key: EncryptionKey::from(self.session_key.as_ref()),
                last_req: vec![kdc::LastReq {
                    lr_type: 0,
                    lr_value: self.now,
                }],
                nonce: body.nonce,
                key_expiration: None,
                flags,
                authtime: self.now,
                starttime: Some(self.now),
                endtime: body.till,
                renew_till,
                srealm: server.realm,
                sname: server.name,
                caddr: body.addresses.clone(),
                encrypted_pa_data: None,
            },
            key: Arc::clone(&self.client_key),
            usage: KeyUsage::AS_REP,
            etype: ETYPE.number(),
        }
    }

    /// A ticket-granting ticket of `client`.
    pub(crate) fn granting_ticket(&self, client: &Principal) -> Ticket {
        let times = Times {
            authtime: self.now,
            starttime: None,
            endtime: self.now.offset(36_000),
            renew_till: None,
        };
        let part = self.ticket_part(client, TicketFlags::INITIAL, times);
        let tgs = tgs();
        Ticket {
            realm: tgs.realm,
            sname: tgs.name,
            enc_part: encrypt(&self.tgs_key, KeyUsage::TICKET, &part.to_der().unwrap()),
        }
    }

    pub(crate) fn ticket_part(&self, client: &Principal, flags: TicketFlags, times: Times) -> EncTicketPart {
        EncTicketPart {
            flags,
            key: EncryptionKey::from(self.session_key.as_ref()),
            crealm: client.realm.clone(),
            cname: client.name.clone(),
            transited: TransitedEncoding::default(),
            authtime: times.authtime,
            starttime: times.starttime,
            endtime: times.endtime,
            renew_till: times.renew_till,
            caddr: None,
            authorization_data: None,
        }
    }

    /// The answer to an AS-REQ, after `change`.
    pub(crate) fn as_rep(&self, request: &[u8], change: impl FnOnce(&mut Draft)) -> Vec<u8> {
        let body = AsReq::from_der(request).unwrap().req_body;
        let asker = Principal {
            realm: body.realm.clone(),
            name: body.cname.clone().unwrap(),
        };
        let mut draft = self.draft(&body, &asker);
        draft.part.flags.insert(TicketFlags::INITIAL);
        change(&mut draft);
        let Draft {
            padata,
            crealm,
            cname,
            ticket,
            part,
            key,
            usage,
            etype,
        } = draft;
        let mut enc_part = encrypt(&key, usage, &EncAsRepPart(part).to_der().unwrap());
        enc_part.etype = etype;
        AsRep {
            padata,
            crealm,
            cname,
            ticket,
            enc_part,
        }
        .to_der()
        .unwrap()
    }

    /// The answer to a TGS-REQ, after `change`, in the authenticator's subkey if it has one.
    pub(crate) fn tgs_rep(&self, request: &[u8], change: impl FnOnce(&mut Draft)) -> Vec<u8> {
        let (authenticator, ticket) = self.open_tgs_req(request);
        let client = Principal {
            realm: ticket.crealm,
            name: ticket.cname,
        };
        let mut draft = self.draft(&TgsReq::from_der(request).unwrap().req_body, &client);
        (draft.key, draft.usage) = match authenticator.subkey {
            Some(subkey) => (Arc::new(subkey.to_key(&PROVIDER).unwrap()), KeyUsage::TGS_REP_SUBKEY),
            None => (Arc::clone(&self.session_key), KeyUsage::TGS_REP_SESSION),
        };
        change(&mut draft);
        let Draft {
            padata,
            crealm,
            cname,
            ticket,
            part,
            key,
            usage,
            etype,
        } = draft;
        let mut enc_part = encrypt(&key, usage, &EncTgsRepPart(part).to_der().unwrap());
        enc_part.etype = etype;
        TgsRep {
            padata,
            crealm,
            cname,
            ticket,
            enc_part,
        }
        .to_der()
        .unwrap()
    }

    /// What a KDC sees in a TGS-REQ; it must be right.
    pub(crate) fn open_tgs_req(&self, request: &[u8]) -> (Authenticator, EncTicketPart) {
        let padata = TgsReq::from_der(request).unwrap().padata.unwrap();
        let ap_req = ApReq::from_der(preauth::find(&padata, preauth::PA_TGS_REQ).unwrap()).unwrap();
        let ticket = self
            .tgs_key
            .decrypt(KeyUsage::TICKET, &ap_req.ticket.enc_part.cipher)
            .unwrap();
        let ticket = EncTicketPart::from_der(&ticket).unwrap();
        let session_key = ticket.key.to_key(&PROVIDER).unwrap();
        let plain = session_key
            .decrypt(KeyUsage::TGS_REQ_AUTHENTICATOR, &ap_req.authenticator.cipher)
            .unwrap();
        let authenticator = Authenticator::from_der(&plain).unwrap();
        let body = kdc::raw_req_body(request).unwrap();
        let checksum = &authenticator.cksum.as_ref().unwrap().checksum;
        session_key
            .verify_checksum(KeyUsage::TGS_REQ_CHECKSUM, &[body], checksum)
            .unwrap();
        (authenticator, ticket)
    }

    /// The time in a request's encrypted timestamp, if there is one under `key`.
    pub(crate) fn timestamp(&self, request: &[u8], key: &Key) -> Option<KerberosTime> {
        let padata = AsReq::from_der(request).unwrap().padata.unwrap_or_default();
        let data = EncryptedData::from_der(preauth::find(&padata, PA_ENC_TIMESTAMP)?).unwrap();
        let plain = key.decrypt(KeyUsage::AS_REQ_PA_ENC_TIMESTAMP, &data.cipher).ok()?;
        Some(PaEncTsEnc::from_der(&plain).unwrap().patimestamp)
    }

    pub(crate) fn error(&self, code: ErrorCode) -> Vec<u8> {
        self.error_with(code, None)
    }

    /// PREAUTH_REQUIRED with these pa-data and the encrypted timestamp.
    pub(crate) fn preauth_required(&self, mut padata: Vec<PaData>) -> Vec<u8> {
        padata.push(PaData {
            padata_type: PA_ENC_TIMESTAMP,
            padata_value: Vec::new().into(),
        });
        self.error_with(
            ErrorCode::KDC_ERR_PREAUTH_REQUIRED,
            Some(MethodData(padata).to_der().unwrap()),
        )
    }

    pub(crate) fn error_with(&self, code: ErrorCode, data: Option<Vec<u8>>) -> Vec<u8> {
        KrbError {
            ctime: None,
            cusec: None,
            stime: self.now,
            susec: Microseconds::default(),
            error_code: code.0,
            crealm: Some(client().realm),
            cname: Some(client().name),
            realm: tgs().realm,
            sname: tgs().name,
            e_text: None,
            e_data: data.map(Into::into),
        }
        .to_der()
        .unwrap()
    }

    /// Credentials for `server`, as an exchange would have yielded them.
    pub(crate) fn credentials(&self, server: &Principal, flags: TicketFlags) -> Credentials {
        let endtime = self.now.offset(36_000);
        let times = Times {
            authtime: self.now,
            starttime: None,
            endtime,
            renew_till: None,
        };
        let part = self.ticket_part(&client(), flags, times);
        self.credentials_from(server, &part)
    }

    pub(crate) fn credentials_from(&self, server: &Principal, part: &EncTicketPart) -> Credentials {
        let key = if server.is_krbtgt() {
            &self.tgs_key
        } else {
            &self.service_key
        };
        let enc_part = encrypt(key, KeyUsage::TICKET, &part.to_der().unwrap());
        let ticket = Ticket {
            realm: server.realm.clone(),
            sname: server.name.clone(),
            enc_part,
        };
        Credentials {
            client: Principal {
                realm: part.crealm.clone(),
                name: part.cname.clone(),
            },
            server: server.clone(),
            key: Arc::new(EncryptionKey::new(part.key.keytype, part.key.expose().to_vec())),
            authtime: part.authtime,
            starttime: part.starttime,
            endtime: part.endtime,
            renew_till: part.renew_till,
            is_skey: false,
            flags: part.flags,
            addresses: Vec::new(),
            authdata: Vec::new(),
            ticket: ticket.to_der().unwrap(),
            second_ticket: Vec::new(),
        }
    }
}

/// A ticket's times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) authtime: KerberosTime,
    pub(crate) starttime: Option<KerberosTime>,
    pub(crate) endtime: KerberosTime,
    pub(crate) renew_till: Option<KerberosTime>,
}

/// ETYPE-INFO2 with one entry.
pub(crate) fn etype_info2(etype: i32, salt: Option<&str>, params: Option<&[u8]>) -> PaData {
    let entry = EtypeInfo2Entry {
        etype,
        salt: salt.map(Into::into),
        s2kparams: params.map(Into::into),
    };
    PaData {
        padata_type: PA_ETYPE_INFO2,
        padata_value: EtypeInfo2(vec![entry]).to_der().unwrap().into(),
    }
}
