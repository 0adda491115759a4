//! One mutant for each check of the reply.

use super::*;
use crate::exchange::test_realm::Draft;
use crate::messages::{HostAddress, KdcOptions};

pub(super) type Mutant = fn(&mut Draft);

fn address(last: u8) -> HostAddress {
    HostAddress {
        addr_type: 2,
        address: [192, 0, 2, last][..].into(),
    }
}

pub(super) fn refused_field(options: AsOptions, mutant: Mutant) -> Option<ReplyField> {
    match answered(options, |kdc, request| kdc.as_rep(request, mutant)) {
        Err(Error::KdcReplyModified(field)) => Some(field),
        Err(other) => panic!("{other:?}"),
        Ok(_) => None,
    }
}

/// A reply after `change`, with the checksum of the request.
pub(super) fn protected(realm: &TestRealm, request: &[u8], change: impl FnOnce(&mut Draft)) -> Vec<u8> {
    let checksum = realm.client_key.checksum(KeyUsage::AS_REQ, &[request]).unwrap();
    let checksum = Checksum {
        cksumtype: 16,
        checksum: checksum.into(),
    };
    let padata = PaData {
        padata_type: PA_REQ_ENC_PA_REP,
        padata_value: checksum.to_der().unwrap().into(),
    };
    realm.as_rep(request, |d| {
        d.part.flags.insert(TicketFlags::ENC_PA_REP);
        d.part.encrypted_pa_data = Some(MethodData(vec![padata]));
        change(d);
    })
}

#[test]
fn k1_k2_each_mutant_is_refused_by_its_own_check() {
    let mutants: &[(ReplyField, Mutant)] = &[
        (ReplyField::ClientRealm, |d| d.crealm = "EVIL.ORG".into()),
        (ReplyField::ClientRealm, |d| d.crealm = "EXAMPLE.ORG\0".into()),
        (ReplyField::ClientName, |d| {
            d.cname = principal("admin@EXAMPLE.ORG").name
        }),
        (ReplyField::ClientName, |d| {
            d.cname = principal("alibaba/admin@EXAMPLE.ORG").name
        }),
        (ReplyField::TicketRealm, |d| d.ticket.realm = "EVIL.ORG".into()),
        (ReplyField::TicketName, |d| {
            d.ticket.sname = principal("kadmin/admin@EXAMPLE.ORG").name
        }),
        (ReplyField::TicketRealm, |d| d.part.srealm = "EVIL.ORG".into()),
        (ReplyField::TicketName, |d| {
            d.part.sname = principal("kadmin/admin@EXAMPLE.ORG").name
        }),
        (ReplyField::ServerRealm, |d| {
            d.part.srealm = "EVIL.ORG".into();
            d.ticket.realm = "EVIL.ORG".into();
        }),
        (ReplyField::ServerName, |d| {
            d.part.sname = principal("kadmin/admin@EXAMPLE.ORG").name;
            d.ticket.sname = d.part.sname.clone();
        }),
        (ReplyField::Nonce, |d| d.part.nonce.0 ^= 1),
        (ReplyField::EndTime, |d| d.part.endtime = d.part.endtime.offset(1)),
        (ReplyField::Lifetime, |d| d.part.endtime = d.part.authtime),
        (ReplyField::Lifetime, |d| d.part.endtime = d.part.authtime.offset(-9999)),
        (ReplyField::Flags, |d| d.part.flags.remove(TicketFlags::INITIAL)),
        (ReplyField::Flags, |d| d.part.flags.insert(TicketFlags::INVALID)),
        (ReplyField::SessionKeyType, |d| {
            d.part.key = crate::EncryptionKey::new(17, vec![0; 16])
        }),
        (ReplyField::SessionKeyType, |d| {
            d.part.key = crate::EncryptionKey::new(23, vec![0; 16])
        }),
        (ReplyField::Addresses, |d| d.part.caddr = Some(vec![address(66)])),
        (ReplyField::RequestChecksum, |d| {
            d.part.flags.insert(TicketFlags::ENC_PA_REP)
        }),
    ];
    for (i, (field, mutant)) in mutants.iter().enumerate() {
        assert_eq!(refused_field(as_options(), *mutant), Some(*field), "mutant {i}");
    }
    assert_eq!(refused_field(as_options(), |_| ()), None, "the original is fine");
}

#[test]
fn every_field_reads_well() {
    let error = Error::KdcReplyModified(ReplyField::Nonce);
    assert_eq!(
        error.to_string(),
        "the KDC's reply does not match the request: another nonce"
    );
    assert_eq!(error.com_err(), crate::ComErr::KDCREP_MODIFIED);
}

#[test]
fn k2_renewable_lifetimes_are_within_what_was_asked_for() {
    let renewable = || {
        let mut options = as_options();
        options.renew_life = Some(std::time::Duration::from_secs(70_000));
        options
    };
    let longer: Mutant = |d| d.part.renew_till = d.part.renew_till.map(|till| till.offset(1));
    assert_eq!(refused_field(renewable(), longer), Some(ReplyField::RenewTill));
    assert_eq!(refused_field(renewable(), |_| ()), None);
    assert_eq!(refused_field(renewable(), |d| d.part.renew_till = None), None);

    let mut renewable_ok = as_options();
    renewable_ok.kdc_options = KdcOptions::RENEWABLE_OK;
    let beyond_till: Mutant = |d| d.part.renew_till = Some(d.part.endtime.offset(1));
    assert_eq!(refused_field(renewable_ok, beyond_till), Some(ReplyField::RenewTill));
}

#[test]
fn addresses_are_among_those_asked_for() {
    let bound = || {
        let mut options = as_options();
        options.addresses = vec![address(1), address(2)];
        options
    };
    assert_eq!(refused_field(bound(), |_| ()), None);
    assert_eq!(refused_field(bound(), |d| d.part.caddr = None), None);
    assert_eq!(
        refused_field(bound(), |d| d.part.caddr = Some(vec![address(3)])),
        Some(ReplyField::Addresses)
    );
}

#[test]
fn the_encrypted_part_may_carry_the_tgs_tag() {
    // As MIT's KDC writes it.
    let (request, state) = start(as_options());
    let realm = TestRealm::new();
    let reply = realm.as_rep(&request.message, |_| ());
    let mut rep = AsRep::from_der(&reply).unwrap();
    let mut part = realm
        .client_key
        .decrypt(KeyUsage::AS_REP, &rep.enc_part.cipher)
        .unwrap();
    assert_eq!(part[0], 0x79);
    part[0] = 0x7a;
    rep.enc_part.cipher = realm.client_key.encrypt(KeyUsage::AS_REP, &part).unwrap().into();
    done(state.reply(&rep.to_der().unwrap(), NOW));
}

#[test]
fn the_checksum_of_the_request_is_verified() {
    let answer = |spoil: u8| {
        let (request, state) = start(as_options());
        let realm = TestRealm::new();
        let mut checksum = realm
            .client_key
            .checksum(KeyUsage::AS_REQ, &[&request.message])
            .unwrap();
        checksum[0] ^= spoil;
        let checksum = Checksum {
            cksumtype: 16,
            checksum: checksum.into(),
        }
        .to_der()
        .unwrap();
        let padata = PaData {
            padata_type: PA_REQ_ENC_PA_REP,
            padata_value: checksum.into(),
        };
        let reply = realm.as_rep(&request.message, |d| {
            d.part.flags.insert(TicketFlags::ENC_PA_REP);
            d.part.encrypted_pa_data = Some(MethodData(vec![padata]));
        });
        state.reply(&reply, NOW).map(|step| done(Ok(step)))
    };
    answer(0).unwrap();
    assert!(matches!(
        answer(1).map(|_| ()),
        Err(Error::KdcReplyModified(ReplyField::RequestChecksum))
    ));
}

#[test]
fn k2_a_reply_from_another_time_sets_the_clock_or_is_refused() {
    let kdc_at = |seconds: i64, options: AsOptions| {
        let mut realm = TestRealm::new();
        realm.now = NOW.time.offset(seconds);
        let (request, state) = start(options);
        state
            .reply(&realm.as_rep(&request.message, |_| ()), NOW)
            .map(|step| done(Ok(step)).clock_offset)
    };
    let off = || {
        let mut options = as_options();
        options.time_sync = TimeSync::Off;
        options
    };
    for seconds in [-300, -299, 0, 299, 300] {
        assert_eq!(kdc_at(seconds, as_options()).unwrap(), None, "{seconds}");
        assert_eq!(kdc_at(seconds, off()).unwrap(), None, "{seconds}");
    }
    for seconds in [-4000, -301, 301, 4000] {
        assert_eq!(kdc_at(seconds, as_options()).unwrap(), Some(seconds));
        match kdc_at(seconds, off()) {
            Err(Error::KdcReplySkew {
                seconds: found,
                allowed: 300,
            }) => assert_eq!(found, seconds),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn k2_a_ticket_that_starts_at_another_time_than_its_authentication_is_refused() {
    let start_at = |seconds: i64| {
        answered(as_options(), |kdc, request| {
            kdc.as_rep(request, |d| d.part.starttime = Some(d.part.authtime.offset(seconds)))
        })
        .map(|_| ())
    };
    start_at(300).unwrap();
    start_at(-300).unwrap();
    assert!(matches!(start_at(301), Err(Error::KdcReplySkew { seconds: 301, .. })));
    assert!(matches!(start_at(-301), Err(Error::KdcReplySkew { seconds: -301, .. })));
}

#[test]
fn k12_times_far_away_do_not_overflow() {
    let seventy_years = 70 * 365 * 86_400;
    for offset in [seventy_years, -seventy_years, i64::MAX, i64::MIN] {
        let mut options = as_options();
        options.clock_offset = offset;
        options.lifetime = std::time::Duration::MAX;
        start(options);
    }
}

#[test]
fn expiry_of_the_password_and_last_use_are_told() {
    let outcome = answered(as_options(), |kdc, request| {
        kdc.as_rep(request, |d| {
            d.part.key_expiration = Some(NOW.time.offset(86_400));
            d.part.last_req = vec![LastReq {
                lr_type: 6,
                lr_value: NOW.time.offset(86_400),
            }];
        })
    })
    .unwrap();
    assert_eq!(outcome.key_expiration, Some(NOW.time.offset(86_400)));
    assert_eq!(outcome.last_req[0].lr_type, 6);
}

#[test]
fn a_session_key_of_the_wrong_length_is_refused() {
    let error = answered(as_options(), |kdc, request| {
        kdc.as_rep(request, |d| d.part.key = crate::EncryptionKey::new(18, vec![0; 31]))
    });
    assert!(matches!(error.map(|_| ()), Err(Error::Crypto { .. })));
}

#[test]
fn no_flipped_bit_of_a_reply_changes_who_is_who() {
    let realm = TestRealm::new();
    let mut flip = 0;
    loop {
        let (request, state) = start(as_options());
        let mut reply = realm.as_rep(&request.message, |_| ());
        if flip >= reply.len() * 8 {
            break;
        }
        reply[flip / 8] ^= 1 << (flip % 8);
        if let Ok(Step::Done(outcome)) = state.reply(&reply, NOW) {
            assert_eq!(
                (outcome.credentials.client, outcome.credentials.server),
                (client(), tgs()),
                "bit {flip}"
            );
        }
        flip += 13;
    }
}

#[test]
fn k2_a_postdated_ticket_is_invalid_and_starts_when_it_was_asked_to() {
    let postdated = || {
        let mut options = as_options();
        options.postdate = Some(std::time::Duration::from_secs(7200));
        options
    };
    let (request, _) = start(postdated());
    let body = AsReq::from_der(&request.message).unwrap().req_body;
    assert!(
        body.kdc_options
            .contains(KdcOptions::POSTDATED | KdcOptions::ALLOW_POSTDATE)
    );
    assert_eq!(
        (body.from, body.till),
        (Some(NOW.time.offset(7200)), NOW.time.offset(7200 + 36_000))
    );
    let mutant = |start: i64, flags| {
        answered(postdated(), |kdc, request| {
            kdc.as_rep(request, |d| {
                d.part.starttime = Some(NOW.time.offset(start));
                d.part.flags.insert(flags);
            })
        })
    };
    let outcome = mutant(7200, TicketFlags::INVALID | TicketFlags::POSTDATED).unwrap();
    assert!(outcome.credentials.flags.contains(TicketFlags::INVALID));
    mutant(0, TicketFlags::empty()).unwrap();
    let another_time = mutant(7201, TicketFlags::INVALID).map(|_| ());
    assert!(matches!(another_time, Err(Error::KdcReplySkew { .. })));
}
