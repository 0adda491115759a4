//! A KDC of every realm that answers as an input says: it knows all keys, and keeps to no rule.

use krb5_crypto::{Enctype, Key, KeyUsage};
use krb5_proto::messages::kdc::{EncAsRepPart, EncKdcRepPart, EncTgsRepPart, LastReq};
use krb5_proto::messages::preauth::{self, PA_REQ_ENC_PA_REP, PA_TGS_REQ};
use krb5_proto::messages::{
    ApReq, AsRep, AsReq, Authenticator, Checksum, EncryptedData, HostAddress, KdcReqBody, KrbError, MethodData, PaData,
    TgsRep, TgsReq, Ticket, TicketFlags,
};
use krb5_proto::{EncryptionKey, ErrorCode, KerberosTime, Microseconds, Principal, PrincipalName, Realm};

use crate::input::Input;
use crate::realm::{NOW, client, encrypted, key};
use crate::seeded::SEEDED;

/// The KDC, its script, and what it has granted last.
pub(crate) struct Hostile<'a> {
    script: Input<'a>,
    rest: Input<'a>,
    pub(crate) granted: Option<Granted>,
}

/// A request and the reply to it that is no error, with what only the parties see of it.
pub(crate) struct Granted {
    pub(crate) asked: Asked,
    pub(crate) ticket: Ticket,
    pub(crate) part: EncKdcRepPart,
}

/// What a KDC sees in a request.
pub(crate) struct Asked {
    pub(crate) exchange: Exchange,
    pub(crate) body: KdcReqBody,
    /// What the reply is encrypted in.
    pub(crate) key: Key,
    client: Principal,
    request: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    As,
    Tgs,
}

/// A reply that is about to be sent.
struct Draft {
    padata: Option<Vec<PaData>>,
    client: Principal,
    ticket: Ticket,
    part: EncKdcRepPart,
    etype: i32,
}

impl<'a> Hostile<'a> {
    /// One that begins with its script anew when that ends.
    pub(crate) fn new(script: Input<'a>) -> Self {
        Self {
            script,
            rest: script,
            granted: None,
        }
    }

    /// An octet that picks a kind of reply, and what that takes.
    pub(crate) fn reply(&mut self, request: &[u8]) -> Vec<u8> {
        if self.rest.is_empty() {
            self.rest = self.script;
        }
        let kind = self.rest.octet();
        let Some(asked) = Asked::read(request) else {
            return self.error(kind, &client().realm);
        };
        match kind % 8 {
            0 => self.rest.counted().to_vec(),
            1 | 2 => self.error(self.rest.0.first().copied().unwrap_or(kind), &asked.body.realm.clone()),
            3 => {
                let plaintext = self.rest.counted();
                self.send(Draft::of(&asked), asked, Some(plaintext))
            }
            4 | 5 => {
                let to = self.realm();
                let mut draft = Draft::of(&asked);
                let named = Principal::krbtgt(&asked.body.realm, &to);
                draft.ticket.sname.clone_from(&named.name);
                draft.part.sname = named.name;
                self.send(draft, asked, None)
            }
            _ => {
                let mut draft = Draft::of(&asked);
                for _ in 0..self.rest.octet() % 4 {
                    self.edit(&mut draft, &asked);
                }
                self.send(draft, asked, None)
            }
        }
    }

    fn error(&mut self, code: u8, realm: &Realm) -> Vec<u8> {
        self.rest.octet();
        let stime = NOW.offset(self.rest.minutes());
        let crealm = match self.rest.octet() {
            0 => None,
            _ => Some(self.realm()),
        };
        let e_data = Some(self.rest.counted()).filter(|data| !data.is_empty());
        let error = KrbError {
            ctime: None,
            cusec: None,
            stime,
            susec: Microseconds::default(),
            error_code: COMMON.get(usize::from(code)).map_or(i32::from(code), |code| code.0),
            crealm,
            cname: None,
            realm: realm.clone(),
            sname: Principal::krbtgt(realm, realm).name,
            e_text: None,
            e_data: e_data.map(Into::into),
        };
        error.to_der().expect("encodes")
    }

    fn realm(&mut self) -> Realm {
        REALMS[usize::from(self.rest.octet()) % REALMS.len()].into()
    }

    fn name(&mut self) -> PrincipalName {
        let names = [
            "alice",
            "bob",
            "host/www.fuzz.test",
            "host/other",
            "krbtgt/FUZZ.TEST",
            "krbtgt/A.TEST",
        ];
        let name = names[usize::from(self.rest.octet()) % names.len()];
        Principal::parse(name, Some(&"R".into())).expect("a name").name
    }

    /// Changes one thing, as one octet or a few say.
    fn edit(&mut self, draft: &mut Draft, asked: &Asked) {
        let Draft {
            padata,
            client,
            ticket,
            part,
            etype,
        } = draft;
        let rest = &mut self.rest;
        match rest.octet() % 18 {
            0 => part.nonce.0 ^= u32::from(rest.octet()),
            1 => {
                let number = i32::from(rest.octet().cast_signed());
                let length = Enctype::from_number(number).map_or(7, Enctype::key_len);
                part.key = EncryptionKey::new(number, vec![3; length]);
            }
            2 => part.endtime = part.endtime.offset(rest.minutes()),
            3 => part.starttime = Some(NOW.offset(rest.minutes())),
            4 => part.renew_till = Some(NOW.offset(rest.minutes())),
            5 => part.flags = TicketFlags(rest.u32()),
            6 => part.srealm = self.realm(),
            7 => part.sname = self.name(),
            8 => ticket.realm = self.realm(),
            9 => ticket.sname = self.name(),
            10 => client.realm = self.realm(),
            11 => client.name = self.name(),
            12 => {
                part.caddr = Some(vec![HostAddress::from(std::net::IpAddr::from([
                    127,
                    0,
                    0,
                    rest.octet(),
                ]))])
            }
            13 => part.encrypted_pa_data = Some(MethodData(vec![asked.checksum(rest.octet())])),
            14 => *etype = i32::from(rest.octet().cast_signed()),
            15 => *padata = MethodData::from_der(rest.counted()).ok().map(|data| data.0),
            16 => part.authtime = part.authtime.offset(rest.minutes()),
            _ => {
                let realm = self.realm();
                ticket.realm.clone_from(&realm);
                part.srealm = realm;
            }
        }
    }

    /// Encrypts the reply; in the place of its encrypted part, `plaintext` if there is one.
    fn send(&mut self, draft: Draft, asked: Asked, plaintext: Option<&[u8]>) -> Vec<u8> {
        let plaintext = plaintext.map_or_else(|| asked.exchange.encode(draft.part), <[u8]>::to_vec);
        let mut enc_part = encrypted(&asked.key, asked.exchange.usage(), &plaintext);
        enc_part.etype = draft.etype;
        let ticket = draft.ticket.clone();
        let reply = asked.exchange.reply(draft.padata, draft.client, draft.ticket, enc_part);
        self.granted = asked
            .exchange
            .decode(&plaintext)
            .map(|part| Granted { asked, ticket, part });
        reply
    }
}

impl Asked {
    fn read(request: &[u8]) -> Option<Self> {
        if let Ok(AsReq { req_body, .. }) = AsReq::from_der(request) {
            let name = req_body.cname.clone()?;
            return Some(Self {
                exchange: Exchange::As,
                key: long_term_key(),
                client: Principal::new(req_body.realm.clone(), name),
                body: req_body,
                request: request.to_vec(),
            });
        }
        let TgsReq { padata, req_body } = TgsReq::from_der(request).expect("clients send requests");
        let ap_req = padata.as_deref().and_then(|padata| preauth::find(padata, PA_TGS_REQ));
        let ap_req = ApReq::from_der(ap_req.expect("with a ticket")).expect("that decodes");
        let session_key = session_key(Enctype::from_number(ap_req.authenticator.etype)?);
        let plain = session_key.decrypt(KeyUsage::TGS_REQ_AUTHENTICATOR, &ap_req.authenticator.cipher);
        let authenticator = Authenticator::from_der(&plain.ok()?).expect("an authenticator");
        let checksum = authenticator.cksum.expect("with a checksum");
        session_key
            .verify_checksum(
                KeyUsage::TGS_REQ_CHECKSUM,
                &[&req_body.to_der().expect("encodes")],
                &checksum.checksum,
            )
            .expect("of the request");
        let subkey = authenticator.subkey.expect("with a key of its own").to_key(&SEEDED);
        Some(Self {
            exchange: Exchange::Tgs,
            body: req_body,
            key: subkey.expect("that can be used"),
            client: Principal::new(authenticator.crealm, authenticator.cname),
            request: request.to_vec(),
        })
    }

    /// PA-REQ-ENC-PA-REP, RFC 6806 §11, changed by `xor`.
    fn checksum(&self, xor: u8) -> PaData {
        let octets = self
            .key
            .checksum(KeyUsage::AS_REQ, &[&self.request])
            .expect("a checksum");
        let mut checksum = octets.clone();
        checksum[0] ^= xor;
        let checksum = Checksum {
            cksumtype: self.key.enctype().checksum_type().number(),
            checksum: checksum.into(),
        };
        PaData {
            padata_type: PA_REQ_ENC_PA_REP,
            padata_value: checksum.to_der().expect("encodes").into(),
        }
    }

    /// Whether `padata` shows that the KDC has seen this request.
    pub(crate) fn is_shown_by(&self, padata: Option<&MethodData>) -> bool {
        let right = self.checksum(0).padata_value;
        padata.and_then(|padata| padata.find(PA_REQ_ENC_PA_REP)) == Some(right.as_bytes())
    }
}

impl Draft {
    /// The reply as it should be.
    fn of(asked: &Asked) -> Self {
        let body = &asked.body;
        let sname = body.sname.clone().unwrap_or_default();
        let session_key = session_key(Enctype::Aes128CtsHmacSha196);
        let flags = TicketFlags::INITIAL | TicketFlags::PRE_AUTHENT | TicketFlags::ENC_PA_REP;
        Self {
            padata: None,
            client: asked.client.clone(),
            ticket: Ticket {
                realm: body.realm.clone(),
                sname: sname.clone(),
                enc_part: EncryptedData {
                    etype: 17,
                    kvno: None,
                    cipher: b"whatever".to_vec().into(),
                },
            },
            part: EncKdcRepPart {
                key: EncryptionKey::from(&session_key),
                last_req: vec![LastReq {
                    lr_type: 0,
                    lr_value: KerberosTime(0),
                }],
                nonce: body.nonce,
                key_expiration: None,
                flags,
                authtime: NOW,
                starttime: body.from,
                endtime: body.till,
                renew_till: body.rtime,
                srealm: body.realm.clone(),
                sname,
                caddr: body.addresses.clone(),
                encrypted_pa_data: Some(MethodData(vec![asked.checksum(0)])),
            },
            etype: asked.key.enctype().number(),
        }
    }
}

impl Exchange {
    fn usage(self) -> KeyUsage {
        match self {
            Self::As => KeyUsage::AS_REP,
            Self::Tgs => KeyUsage::TGS_REP_SUBKEY,
        }
    }

    fn encode(self, part: EncKdcRepPart) -> Vec<u8> {
        let octets = match self {
            Self::As => EncAsRepPart(part).to_der(),
            Self::Tgs => EncTgsRepPart(part).to_der(),
        };
        octets.expect("encodes").to_vec()
    }

    fn decode(self, octets: &[u8]) -> Option<EncKdcRepPart> {
        match self {
            Self::As => EncAsRepPart::from_der(octets).ok().map(|part| part.0),
            Self::Tgs => EncTgsRepPart::from_der(octets).ok().map(|part| part.0),
        }
    }

    fn reply(self, padata: Option<Vec<PaData>>, client: Principal, ticket: Ticket, enc_part: EncryptedData) -> Vec<u8> {
        let (crealm, cname) = (client.realm, client.name);
        let octets = match self {
            Self::As => AsRep {
                padata,
                crealm,
                cname,
                ticket,
                enc_part,
            }
            .to_der(),
            Self::Tgs => TgsRep {
                padata,
                crealm,
                cname,
                ticket,
                enc_part,
            }
            .to_der(),
        };
        octets.expect("encodes")
    }
}

/// The client's.
pub(crate) fn long_term_key() -> Key {
    key(Enctype::Aes128CtsHmacSha196, 2)
}

/// Of every ticket that the KDC grants, for each encryption type.
pub(crate) fn session_key(etype: Enctype) -> Key {
    key(etype, 3)
}

/// The realms that it refers to.
pub(crate) const REALMS: [&str; 16] = [
    "FUZZ.TEST",
    "A.TEST",
    "B.TEST",
    "C.A.TEST",
    "D",
    "E",
    "F",
    "G",
    "H",
    "I",
    "J",
    "K",
    "L",
    "M",
    "N",
    "",
];
/// Codes that mean something to clients, by small numbers.
const COMMON: [ErrorCode; 8] = [
    ErrorCode::KDC_ERR_PREAUTH_REQUIRED,
    ErrorCode::KDC_ERR_PREAUTH_FAILED,
    ErrorCode::KRB_ERR_RESPONSE_TOO_BIG,
    ErrorCode::KRB_AP_ERR_SKEW,
    ErrorCode::KDC_ERR_WRONG_REALM,
    ErrorCode::KDC_ERR_C_PRINCIPAL_UNKNOWN,
    ErrorCode::KDC_ERR_S_PRINCIPAL_UNKNOWN,
    ErrorCode::KRB_AP_ERR_BADMATCH,
];
