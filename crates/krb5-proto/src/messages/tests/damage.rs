use super::*;

#[test]
fn every_truncation_is_refused() {
    for v in vectors() {
        for len in 0..v.hex.len() {
            assert!(codec(&v.type_name)(&v.hex[..len]).is_err(), "{} cut to {len}", v.name);
        }
    }
}

#[test]
fn trailing_octets_are_refused() {
    for v in vectors() {
        for tail in [&[0][..], &[0, 0], &[0x30, 0]] {
            assert!(codec(&v.type_name)(&[&v.hex, tail].concat()).is_err(), "{}", v.name);
        }
    }
}

#[test]
fn a_flipped_bit_never_panics_and_what_decodes_is_stable() {
    for v in vectors() {
        let recode = codec(&v.type_name);
        // Every bit of the short ones; in the long ones, which repeat themselves, every third.
        let step = if v.hex.len() < 120 { 1 } else { 3 };
        for bit in (0..v.hex.len() * 8).step_by(step) {
            let mut der = v.hex.clone();
            der[bit / 8] ^= 1 << (bit % 8);
            if let Ok(once) = recode(&der) {
                assert_eq!(recode(&once).unwrap(), once, "{} bit {bit}", v.name);
            }
        }
    }
}

#[test]
fn every_length_octet_may_lie_without_harm() {
    for v in vectors() {
        let recode = codec(&v.type_name);
        for at in 1..v.hex.len() {
            for lie in [0, 0x7f, 0x80, 0x84, 0xff] {
                let mut der = v.hex.clone();
                der[at] = lie;
                // Whatever it is, it is an answer and not a panic.
                let _ = recode(&der);
            }
        }
    }
}

#[test]
fn indefinite_and_oversized_lengths_are_refused() {
    let key = "3011a003020101a10a04083132333435363738";
    assert!(EncryptionKey::from_der(&hex::decode(key).unwrap()).is_ok());
    for bad in [
        "3080a003020101a10a040831323334353637380000",
        "308111a003020101a10a04083132333435363738",
        "30820011a003020101a10a04083132333435363738",
        "3084ffffffffa003020101a10a04083132333435363738",
        "3085ffffffffffa003020101a10a04083132333435363738",
        "3011a00402020001a10904083132333435363738",
    ] {
        assert!(EncryptionKey::from_der(&hex::decode(bad).unwrap()).is_err(), "{bad}");
    }
}

#[test]
fn more_than_a_mebibyte_is_refused_unread() {
    let huge = vec![0x30; MAX_MESSAGE + 1];
    for (name, recode) in CODECS {
        assert!(
            matches!(recode(&huge), Err(Error::TooLarge { octets, .. }) if octets == huge.len()),
            "{name}"
        );
    }
}

#[test]
fn a1_deep_nesting_is_refused_on_a_small_stack() {
    let patterns: [&[u8]; 4] = [
        &[0x30, 0x80],
        &[0xa0, 0x02],
        &[0x61, 0x82],
        &[0x30, 0x84, 0, 0, 0xff, 0xff],
    ];
    let small_stack = std::thread::Builder::new().stack_size(64 * 1024);
    let refused = small_stack.spawn(move || {
        for pattern in patterns {
            let mut nested = pattern.repeat(100_000);
            nested.truncate(MAX_MESSAGE);
            assert!(CODECS.iter().all(|(_, recode)| recode(&nested).is_err()));
        }
        let truthful = truthfully_nested(10_000);
        assert!(CODECS.iter().all(|(_, recode)| recode(&truthful).is_err()));
    });
    refused.unwrap().join().unwrap();
}

/// SEQUENCEs within each other whose lengths are right.
fn truthfully_nested(depth: usize) -> Vec<u8> {
    let mut reversed = Vec::new();
    for _ in 0..depth {
        let len = u32::try_from(reversed.len()).unwrap();
        if len < 0x80 {
            reversed.push(len as u8);
        } else {
            let octets: Vec<u8> = len.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
            reversed.extend(octets.iter().rev());
            reversed.push(0x80 | octets.len() as u8);
        }
        reversed.push(0x30);
    }
    reversed.reverse();
    reversed
}

#[test]
fn a5_every_field_may_be_missing_without_harm() {
    for v in vectors() {
        let recode = codec(&v.type_name);
        for without in deletions(&v.hex) {
            if let Ok(once) = recode(&without) {
                assert_eq!(once, without, "{}", v.name);
            }
        }
    }
}

#[test]
fn a5_optional_fields_may_be_missing_and_others_may_not() {
    let may_miss: &[(&str, &[usize])] = &[
        ("authenticator", &[3, 6, 7, 8]),
        ("enc_tkt_part", &[6, 8, 9, 10]),
        ("enc_kdc_rep_part", &[3, 6, 8, 11]),
        ("as_rep", &[2]),
        ("as_req", &[2]),
        ("kdc_req_body", &[1, 3, 4, 6, 9, 10, 11]),
        ("enc_cred_part", &[1, 2, 3, 4, 5]),
        ("error", &[2, 3, 7, 8, 11, 12]),
        ("ap_rep_enc_part", &[2, 3]),
        ("ap_req", &[]),
        ("ticket", &[]),
        ("cred", &[]),
    ];
    for (name, optional) in may_miss {
        let der = vector(name);
        let recode = codec(&vectors().iter().find(|v| v.name == *name).unwrap().type_name);
        for (field, without) in top_level_deletions(&der).into_iter().enumerate() {
            assert_eq!(
                recode(&without).is_ok(),
                optional.contains(&field),
                "{name} without field {field}"
            );
        }
    }
}

#[test]
fn a5_empty_strings_decode() {
    let der = EncTicketPart::from_der(&vector("enc_tkt_part")).map(|mut part| {
        part.crealm = Realm::default();
        part.cname.components = vec![KerberosString::default(), KerberosString::default()];
        part.to_der().unwrap()
    });
    let part = EncTicketPart::from_der(&der.unwrap()).unwrap();
    assert!(part.crealm.is_empty() && part.cname.components.iter().all(|component| component.is_empty()));
}

#[test]
fn a_mebibyte_of_tiny_elements_decodes_in_one_pass() {
    // Half a million empty components in one principal name.
    let count = (MAX_MESSAGE - 64) / 2;
    let name = PrincipalName::new(crate::NameType::PRINCIPAL, std::iter::repeat_n("", count));
    let again = PrincipalName::from_der(&name.to_der().unwrap()).unwrap();
    assert_eq!(again.components.len(), count);
}

/// A TLV's header length and whole length; definite lengths only.
fn extent(der: &[u8]) -> (usize, usize) {
    match der[1] {
        short @ 0..=0x7f => (2, 2 + usize::from(short)),
        long => {
            let count = usize::from(long & 0x7f);
            let len = der[2..2 + count]
                .iter()
                .fold(0, |len, octet| len << 8 | usize::from(*octet));
            (2 + count, 2 + count + len)
        }
    }
}

fn children(der: &[u8]) -> Vec<&[u8]> {
    let (header, _) = extent(der);
    let mut rest = &der[header..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (_, whole) = extent(rest);
        found.push(&rest[..whole]);
        rest = &rest[whole..];
    }
    found
}

fn with_content(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match content.len() {
        len @ 0..=0x7f => der.push(len as u8),
        len @ 0x80..=0xff => der.extend([0x81, len as u8]),
        len => der.extend([0x82, (len >> 8) as u8, len as u8]),
    }
    der.extend(content);
    der
}

/// The encoding without one of its elements, for each constructed element at any depth.
fn deletions(der: &[u8]) -> Vec<Vec<u8>> {
    if der[0] & 0x20 == 0 {
        return Vec::new();
    }
    let parts = children(der);
    let mut found = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let rebuilt = |replacement: &[u8]| {
            let mut pieces: Vec<&[u8]> = parts.clone();
            pieces[i] = replacement;
            with_content(der[0], &pieces.concat())
        };
        found.push(rebuilt(&[]));
        found.extend(deletions(part).iter().map(|changed| rebuilt(changed)));
    }
    found
}

/// The encoding without one field of its outermost SEQUENCE; constants count as fields.
fn top_level_deletions(der: &[u8]) -> Vec<Vec<u8>> {
    let sequence = if der[0] == 0x30 { der } else { children(der)[0] };
    let fields = children(sequence);
    (0..fields.len())
        .map(|skip| {
            let kept: Vec<&[u8]> = fields
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != skip)
                .map(|(_, f)| *f)
                .collect();
            let sequence_without = with_content(0x30, &kept.concat());
            if der[0] == 0x30 {
                sequence_without
            } else {
                with_content(der[0], &sequence_without)
            }
        })
        .collect()
}
