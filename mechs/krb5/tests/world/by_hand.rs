//! An initiator that says what it is told to say, and an acceptor that tells all it learns.

use std::sync::Arc;

use gss_core::{Accept, Error, Flags, framing};
use gss_mech_krb5::KRB5;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key};
use krb5_proto::exchange::Subkey;
use krb5_proto::exchange::ap::{self, AcceptPolicy, Accepted, ApInitiate, ApInitiated, InitialSequence};
use krb5_proto::messages::{ApOptions, AuthorizationData, Checksum};
use krb5_proto::{Credentials, Principal};
use krb5_store::ccache;
use krb5_store::config::Settings;
use krb5_store::keytab::{Acceptor, MemoryKeytab};

use super::{Answered, World, time};

const GSS_CHECKSUM: i32 = 0x8003;

/// It, and where it lives.
pub struct ByHand {
    pub world: World,
    pub ticket: Credentials,
}

/// What goes into its authenticator.
#[derive(Clone, Default)]
pub struct Content {
    pub checksum: Option<Checksum>,
    pub options: ApOptions,
    pub authdata: AuthorizationData,
    /// Whether it makes no key of its own.
    pub keyless: bool,
    pub sequence: InitialSequence,
}

impl ByHand {
    pub fn new() -> Self {
        Self::in_world(World::new(Enctype::Aes256CtsHmacSha196))
    }

    pub fn in_world(world: World) -> Self {
        let store = gss_core::Store {
            store: Some(gss_core::CredStore::new().with("ccache", world.initiator.environment().ccache.clone())),
            existing: gss_core::Existing::Overwrite,
            ..gss_core::Store::default()
        };
        world.first_token(&world.request(Flags::USUAL));
        super::done(world.alice.element(&KRB5).unwrap().store(&store));
        let cache = ccache::resolve(&world.initiator.environment().ccache).unwrap();
        let service = Principal::parse("HTTP/www.example.test@EXAMPLE.TEST", None).unwrap();
        let ticket = cache.find(&service, time(&world.clock).time).unwrap().unwrap();
        Self { world, ticket }
    }

    /// An AP-REQ without framing.
    pub fn ap_req(&self, content: Content) -> (Vec<u8>, ApInitiated) {
        let request = ApInitiate {
            credentials: &self.ticket,
            options: content.options,
            checksum: content.checksum,
            subkey: if content.keyless {
                Subkey::None
            } else {
                Subkey::Generate
            },
            sequence: content.sequence,
            authdata: content.authdata,
        };
        ap::initiate(&PROVIDER, request, time(&self.world.clock)).unwrap()
    }

    pub fn token(&self, content: Content) -> Vec<u8> {
        let (message, _) = self.ap_req(content);
        framing::wrap(&KRB5, &[b"\x01\x00", &message[..]].concat())
    }

    pub fn present(&self, content: Content, accept: &Accept) -> Result<Answered, Error> {
        self.world
            .answer(&self.token(content), accept)
            .map_err(|error| error.error)
    }

    /// A checksum of type 0x8003 with these flags, no bindings, and `rest` behind.
    pub fn gss(&self, flags: Flags, rest: &[u8]) -> Content {
        self.bound(flags, [0; 16], rest)
    }

    pub fn bound(&self, flags: Flags, hash: [u8; 16], rest: &[u8]) -> Content {
        let octets = [&16_u32.to_le_bytes()[..], &hash, &flags.bits().to_le_bytes(), rest].concat();
        Content {
            checksum: Some(raw(octets)),
            ..Content::default()
        }
    }

    pub fn session_key(&self) -> Key {
        self.ticket.key.to_key(&PROVIDER).unwrap()
    }
}

/// A checksum of type 0x8003 with these octets.
pub fn raw(octets: Vec<u8>) -> Checksum {
    Checksum {
        cksumtype: GSS_CHECKSUM,
        checksum: octets.into(),
    }
}

/// What an acceptor learns of a framed AP-REQ.
pub fn accepted(world: &World, token: &[u8]) -> Accepted {
    let ap_req = framing::parse(token).unwrap().1.get(2..).unwrap();
    let keytab = MemoryKeytab::new("by hand", world.kdc.service_keytab());
    let keys = Acceptor::new(Arc::new(keytab), None, &Settings::default(), &PROVIDER);
    ap::accept(&PROVIDER, &keys, ap_req, &AcceptPolicy::default(), time(&world.clock)).unwrap()
}
