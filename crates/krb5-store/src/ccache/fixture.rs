//! Credentials for tests.

use std::sync::Arc;

use proptest::prelude::*;

use super::contents::{CacheContents, ClockOffset, FormatVersion};
use crate::proto::messages::{AuthDataEntry, HostAddress, TicketFlags};
use crate::proto::{
    Component, Credentials, EncryptionKey, KerberosTime, NameType, Octets, Principal, PrincipalName, Realm,
};

pub(crate) fn principal(text: &str) -> Principal {
    Principal::parse(text, None).unwrap()
}

/// A ticket of `alice@R` that expires at `endtime`.
pub(crate) fn credentials(server: &str, endtime: i64) -> Credentials {
    Credentials {
        client: principal("alice@R"),
        server: principal(server),
        key: Arc::new(EncryptionKey::new(18, vec![7; 32])),
        authtime: KerberosTime(10),
        starttime: None,
        endtime: KerberosTime(endtime),
        renew_till: None,
        is_skey: false,
        flags: TicketFlags::FORWARDABLE,
        addresses: Vec::new(),
        authdata: Vec::new(),
        ticket: format!("ticket for {server} until {endtime}").into_bytes(),
        second_ticket: Vec::new(),
    }
}

prop_compose! {
    pub(crate) fn any_principal()(
        name_type in any::<i32>(),
        realm in prop::collection::vec(any::<u8>(), 0..12),
        components in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..4),
    ) -> Principal {
        let components = components.into_iter().map(Component::new).collect();
        Principal { realm: Realm::new(realm), name: PrincipalName { name_type: NameType(name_type), components } }
    }
}

prop_compose! {
    /// Credentials that a file can hold and that do not look removed.
    pub(crate) fn any_credentials()(
        client in any_principal(),
        server in any_principal(),
        keytype in any::<i16>(),
        key in prop::collection::vec(any::<u8>(), 0..40),
        (authtime, starttime, endtime, renew_till) in (any::<u32>(), any::<u32>(), 1..=u32::MAX, any::<u32>()),
        is_skey in any::<bool>(),
        flags in any::<u32>(),
        addresses in prop::collection::vec((any::<i16>(), prop::collection::vec(any::<u8>(), 0..17)), 0..3),
        authdata in prop::collection::vec((any::<i16>(), prop::collection::vec(any::<u8>(), 0..17)), 0..3),
        (ticket, second_ticket) in (prop::collection::vec(any::<u8>(), 0..60), prop::collection::vec(any::<u8>(), 0..20)),
    ) -> Credentials {
        let time = |seconds: u32| KerberosTime(i64::from(seconds));
        let optional = |seconds: u32| (seconds != 0).then(|| time(seconds));
        Credentials {
            client,
            server,
            key: Arc::new(EncryptionKey::new(i32::from(keytype), key)),
            authtime: time(authtime),
            starttime: optional(starttime),
            endtime: time(endtime),
            renew_till: optional(renew_till),
            is_skey,
            flags: TicketFlags(flags),
            addresses: addresses
                .into_iter()
                .map(|(addr_type, address)| HostAddress { addr_type: i32::from(addr_type), address: Octets::new(address) })
                .collect(),
            authdata: authdata
                .into_iter()
                .map(|(ad_type, ad_data)| AuthDataEntry { ad_type: i32::from(ad_type), ad_data: Octets::new(ad_data) })
                .collect(),
            ticket,
            second_ticket,
        }
    }
}

prop_compose! {
    pub(crate) fn any_contents()(
        version in prop::sample::select(FormatVersion::ALL.to_vec()),
        offset in prop::option::of((any::<i32>(), any::<i32>())),
        principal in any_principal(),
        credentials in prop::collection::vec(any_credentials(), 0..4),
    ) -> CacheContents {
        let offset = offset.map(|(seconds, microseconds)| ClockOffset { seconds, microseconds });
        CacheContents {
            version,
            clock_offset: offset.filter(|_| version == FormatVersion::V4),
            principal,
            credentials,
        }
    }
}
