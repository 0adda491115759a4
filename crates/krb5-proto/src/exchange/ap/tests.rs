mod acceptor;
mod mutual;
mod times;

use krb5_crypto::primitives::rustcrypto::PROVIDER;

use super::*;
use crate::error::KeyLookupError;
use crate::exchange::Subkey;
use crate::exchange::test_realm::{NOW, TestRealm, Times, client, key, service};
use crate::messages::{ApOptions, AuthorizationData, EncTicketPart, TicketFlags};
use crate::{Credentials, Principal};

/// One key for every ticket.
struct OneKey(Arc<Key>);

impl KeyLookup for OneKey {
    fn keys(&self, _: &Principal, _: Option<u32>, _: i32) -> Result<Vec<Arc<Key>>, Box<KeyLookupError>> {
        Ok(vec![Arc::clone(&self.0)])
    }
}

fn credentials() -> Credentials {
    TestRealm::new().credentials(&service(), TicketFlags::empty())
}

fn request(credentials: &Credentials) -> ApInitiate<'_> {
    ApInitiate {
        credentials,
        options: ApOptions::MUTUAL_REQUIRED,
        checksum: None,
        subkey: Subkey::Generate,
        sequence: InitialSequence::Generate,
        authdata: AuthorizationData::default(),
    }
}

fn initiated(credentials: &Credentials) -> (Vec<u8>, ApInitiated) {
    initiate(&PROVIDER, request(credentials), NOW).unwrap()
}

fn accepted(ap_req: &[u8]) -> Result<Accepted, Error> {
    accepted_by(&AcceptPolicy::default(), ap_req)
}

fn accepted_by(policy: &AcceptPolicy, ap_req: &[u8]) -> Result<Accepted, Error> {
    accept(&PROVIDER, &OneKey(key(2)), ap_req, policy, NOW)
}

/// A ticket for the service that is as `change` makes it.
fn ticket(change: impl FnOnce(&mut EncTicketPart)) -> Credentials {
    let realm = TestRealm::new();
    let endtime = NOW.time.offset(36_000);
    let times = Times {
        authtime: NOW.time,
        starttime: None,
        endtime,
        renew_till: None,
    };
    let mut part = realm.ticket_part(&client(), TicketFlags::empty(), times);
    change(&mut part);
    // The client does not know what the KDC put into it.
    let mut credentials = realm.credentials_from(&service(), &part);
    credentials.client = client();
    credentials.endtime = NOW.time.offset(i32::MAX.into());
    credentials
}
