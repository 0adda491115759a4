use gss_core::Flags;
use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_checksum_survives_its_octets(bindings: [u8; 16], bits: u32, cred in prop::collection::vec(any::<u8>(), 0..300)) {
        let flags = Flags::from_bits_retain(bits);
        let delegated = flags.contains(Flags::DELEG).then_some(cred.as_slice());
        let checksum = GssChecksum { bindings, flags, delegated };
        let octets = checksum.to_octets().unwrap();
        prop_assert_eq!(&GssChecksum::parse(&octets).unwrap(), &checksum);
        for length in 0..octets.len() {
            match GssChecksum::parse(&octets[..length]) {
                Ok(cut) => prop_assert_eq!((length, cut.delegated), (24, None), "nothing behind the flags is nothing delegated"),
                Err(error) => prop_assert!(matches!(error, KerberosError::Checksum)),
            }
        }
        let extended = [octets.as_slice(), &[0, 0, 0, 9, 0, 0, 0, 1, 7]].concat();
        prop_assert_eq!(&GssChecksum::parse(&extended).unwrap(), &checksum, "unknown extensions are ignored");
    }
}

#[test]
fn i24_the_layout_is_that_of_rfc4121() {
    let flags = Flags::DELEG | Flags::MUTUAL;
    let checksum = GssChecksum {
        bindings: [0xab; 16],
        flags,
        delegated: Some(&[0x76, 0x00]),
    };
    let expected = [
        &[16, 0, 0, 0][..],
        &[0xab; 16],
        &[3, 0, 0, 0],
        &[1, 0],
        &[2, 0],
        &[0x76, 0],
    ]
    .concat();
    assert_eq!(checksum.to_octets().unwrap(), expected);
}

#[test]
fn i24_a_wrong_length_of_the_bindings_or_option_is_refused() {
    let good = GssChecksum {
        bindings: NO_BINDINGS,
        flags: Flags::DELEG,
        delegated: Some(&[]),
    }
    .to_octets()
    .unwrap();
    for (index, value) in [(0, 15), (0, 17), (3, 1), (24, 0), (24, 2), (26, 1)] {
        let mut bad = good.clone();
        bad[index] = value;
        assert!(GssChecksum::parse(&bad).is_err(), "octet {index} = {value}");
    }
}

#[test]
fn i24_extensions_stand_behind_the_delegation_and_are_big_endian() {
    let flags = Flags::DELEG.bits().to_le_bytes();
    let extension = [&41_u32.to_be_bytes()[..], &2_u32.to_be_bytes(), b"ab"].concat();
    let octets = [
        &[16, 0, 0, 0][..],
        &[0; 16],
        &flags,
        &[1, 0, 3, 0],
        b"\x76\x01\x00",
        &extension,
    ]
    .concat();
    let parsed = GssChecksum::parse(&octets).unwrap();
    assert_eq!(
        parsed.delegated,
        Some(&b"\x76\x01\x00"[..]),
        "what is behind it is not part of it"
    );
}

#[test]
fn i26_the_hash_is_md5_over_little_endian_lengths_without_padding() {
    let provider = &krb5_crypto::primitives::rustcrypto::PROVIDER;
    let mut bindings = ChannelBindings::application("tls-server-end-point:0123");
    let octets = [
        // Initiator: address type, length; acceptor: the same; application data: length, octets.
        &[0; 16][..],
        &[25, 0, 0, 0],
        b"tls-server-end-point:0123",
    ]
    .concat();
    assert_eq!(
        bindings_hash(provider, &bindings)[..],
        provider.md5.hash(&[&octets]).expose()[..]
    );
    bindings.initiator.address_type = 2;
    bindings.initiator.octets = vec![192, 0, 2];
    bindings.acceptor.address_type = 0x0102_0304;
    bindings.acceptor.octets = vec![7];
    bindings.application_data.clear();
    let octets = [
        &[2, 0, 0, 0, 3, 0, 0, 0, 192, 0, 2][..],
        &[4, 3, 2, 1, 1, 0, 0, 0, 7],
        &[0, 0, 0, 0],
    ]
    .concat();
    assert_eq!(
        bindings_hash(provider, &bindings)[..],
        provider.md5.hash(&[&octets]).expose()[..]
    );
}

#[test]
fn a_delegated_credential_that_does_not_fit_is_refused() {
    let cred = vec![0; 65536];
    let checksum = GssChecksum {
        bindings: NO_BINDINGS,
        flags: Flags::DELEG,
        delegated: Some(&cred),
    };
    assert!(matches!(
        checksum.to_octets(),
        Err(KerberosError::DelegationTooLong(65536))
    ));
}

#[test]
fn i26_every_field_of_the_bindings_counts() {
    let provider = &krb5_crypto::primitives::rustcrypto::PROVIDER;
    let hash = |change: &dyn Fn(&mut ChannelBindings)| {
        let mut bindings = ChannelBindings::application("tls-server-end-point:0123");
        change(&mut bindings);
        bindings_hash(provider, &bindings)
    };
    let changes: [&dyn Fn(&mut ChannelBindings); 6] = [
        &|_| {},
        &|bindings| bindings.initiator.address_type = 2,
        &|bindings| bindings.initiator.octets = vec![0],
        &|bindings| bindings.acceptor.address_type = 2,
        &|bindings| bindings.acceptor.octets = vec![0],
        &|bindings| bindings.application_data.push(0),
    ];
    let hashes: std::collections::BTreeSet<_> = changes.iter().map(|change| hash(*change)).collect();
    assert_eq!(hashes.len(), changes.len());
    assert!(!hashes.contains(&NO_BINDINGS));
}
