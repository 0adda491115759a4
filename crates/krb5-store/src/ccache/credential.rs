//! Principals and credentials as octets.

use std::sync::Arc;

use super::contents::FormatVersion;
use crate::error::FormatFault;
use crate::octets::{Reader, Writer};
use crate::proto::messages::{AuthDataEntry, HostAddress, TicketFlags};
use crate::proto::{
    Component, Credentials, EncryptionKey, KerberosTime, NameType, Octets, Principal, PrincipalName, Realm,
};
use crate::times;

/// A principal.
///
/// ```text
/// name type   32 bits, not in version 1
/// count       32 bits; in version 1 it counts the realm too
/// realm       32-bit length, octets
/// components  the same, count times
/// ```
pub(super) fn read_principal(reader: &mut Reader<'_>, version: FormatVersion) -> Result<Principal, FormatFault> {
    let name_type = match version {
        FormatVersion::V1 => NameType::UNKNOWN,
        _ => NameType(reader.i32()?),
    };
    let offset = reader.offset();
    let announced = reader.u32()?;
    let count = match version {
        FormatVersion::V1 => announced
            .checked_sub(1)
            .ok_or(FormatFault::Value { offset, found: 0 })?,
        _ => announced,
    };
    let realm = Realm::from(reader.counted32()?);
    let components = (0..count)
        .map(|_| reader.counted32().map(Component::from))
        .collect::<Result<_, _>>()?;
    Ok(Principal {
        realm,
        name: PrincipalName { name_type, components },
    })
}

pub(super) fn write_principal(
    writer: &mut Writer,
    principal: &Principal,
    version: FormatVersion,
) -> Result<(), FormatFault> {
    let components = &principal.name.components;
    let extra = match version {
        FormatVersion::V1 => 1,
        _ => {
            writer.i32(principal.name.name_type.0);
            0
        }
    };
    writer.count32(components.len().saturating_add(extra), "components in a name")?;
    writer.counted32(&principal.realm)?;
    components.iter().try_for_each(|component| writer.counted32(component))
}

/// A credential.
///
/// ```text
/// client, server       principals
/// enctype              16 bits; in version 3 twice
/// key                  32-bit length, octets
/// authtime, starttime, endtime, renew_till   32 bits each, 0 for none
/// is_skey              8 bits
/// flags                32 bits, the first flag is the highest bit
/// addresses            32-bit count; each: 16-bit type, 32-bit length, octets
/// authorization data   the same
/// ticket, second ticket   32-bit length, octets
/// ```
pub(super) fn read_credential(reader: &mut Reader<'_>, version: FormatVersion) -> Result<Credentials, FormatFault> {
    let client = read_principal(reader, version)?;
    let server = read_principal(reader, version)?;
    let keytype = i32::from(reader.i16()?);
    if version == FormatVersion::V3 {
        reader.i16()?;
    }
    let key = Arc::new(EncryptionKey::new(keytype, reader.counted32()?.to_vec()));
    Ok(Credentials {
        client,
        server,
        key,
        authtime: times::from_file(reader.u32()?),
        starttime: times::optional_from_file(reader.u32()?),
        endtime: times::from_file(reader.u32()?),
        renew_till: times::optional_from_file(reader.u32()?),
        is_skey: reader.u8()? != 0,
        flags: TicketFlags(reader.u32()?),
        addresses: read_typed(reader, |addr_type, address| HostAddress { addr_type, address })?,
        authdata: read_typed(reader, |ad_type, ad_data| AuthDataEntry { ad_type, ad_data })?,
        ticket: reader.counted32()?.to_vec(),
        second_ticket: reader.counted32()?.to_vec(),
    })
}

fn read_typed<T>(reader: &mut Reader<'_>, make: impl Fn(i32, Octets) -> T) -> Result<Vec<T>, FormatFault> {
    let count = reader.u32()?;
    (0..count)
        .map(|_| {
            let number = i32::from(reader.i16()?);
            Ok(make(number, Octets::from(reader.counted32()?)))
        })
        .collect()
}

pub(super) fn write_credential(
    writer: &mut Writer,
    credential: &Credentials,
    version: FormatVersion,
) -> Result<(), FormatFault> {
    let start = writer.len();
    write_principal(writer, &credential.client, version)?;
    write_principal(writer, &credential.server, version)?;
    writer.narrow(credential.key.keytype)?;
    if version == FormatVersion::V3 {
        writer.narrow(credential.key.keytype)?;
    }
    writer.counted32(credential.key.expose())?;
    writer.u32(times::to_file(credential.authtime));
    writer.u32(times::optional_to_file(credential.starttime));
    writer.u32(times::to_file(credential.endtime));
    writer.u32(times::optional_to_file(credential.renew_till));
    writer.u8(u8::from(credential.is_skey));
    writer.u32(credential.flags.bits());
    writer.count32(credential.addresses.len(), "addresses")?;
    for address in &credential.addresses {
        writer.narrow(address.addr_type)?;
        writer.counted32(&address.address)?;
    }
    writer.count32(credential.authdata.len(), "authorization data")?;
    for entry in &credential.authdata {
        writer.narrow(entry.ad_type)?;
        writer.counted32(&entry.ad_data)?;
    }
    writer.counted32(&credential.ticket)?;
    writer.counted32(&credential.second_ticket)?;
    let octets = writer.len().saturating_sub(start);
    if octets > MAX_ENTRY { Err(TOO_LARGE) } else { Ok(()) }
}

/// Whether the entry was removed in place: it keeps its octets, but for an endtime of 0 and an
/// authtime that is not. Configuration entries have 0 in both.
pub(super) fn is_removed(credential: &Credentials) -> bool {
    credential.endtime.0 == 0 && credential.authtime.0 != 0
}

/// The same credential as it stands in a file after its removal, in as many octets.
pub(super) fn removed(credential: &Credentials) -> Credentials {
    let mut removed = credential.clone();
    removed.endtime = KerberosTime(0);
    removed.authtime = KerberosTime(i64::from(u32::MAX));
    if removed.server.realm == super::config_entry::REALM {
        removed.server.realm = Realm::from(REMOVED_REALM);
    }
    removed
}

/// Octets in one credential.
pub(super) const MAX_ENTRY: usize = 1 << 20;
pub(super) const TOO_LARGE: FormatFault = FormatFault::Limit {
    what: "octets in one credential",
    limit: MAX_ENTRY,
};
/// What MIT makes of the realm of configuration entries, so that none matches a removed one.
const REMOVED_REALM: &str = "X-RMED-CONF:";
