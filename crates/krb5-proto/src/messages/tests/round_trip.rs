use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::NameType;
use crate::messages::error::TypedDataEntry;
use crate::messages::preauth::{EtypeInfo2Entry, EtypeInfoEntry};

fn octets() -> impl Strategy<Value = Octets> {
    vec(any::<u8>(), 0..40).prop_map(Octets::from)
}

fn string() -> impl Strategy<Value = KerberosString> {
    vec(any::<u8>(), 0..20).prop_map(KerberosString::from)
}

fn realm() -> impl Strategy<Value = Realm> {
    vec(any::<u8>(), 0..20).prop_map(Realm::from)
}

fn name() -> impl Strategy<Value = PrincipalName> {
    (any::<i32>(), vec(string(), 0..4)).prop_map(|(kind, components)| PrincipalName {
        name_type: NameType(kind),
        components,
    })
}

fn time() -> impl Strategy<Value = KerberosTime> {
    (KerberosTime::MIN.0..=KerberosTime::MAX.0).prop_map(KerberosTime)
}

fn micros() -> impl Strategy<Value = Microseconds> {
    (0u32..1_000_000).prop_map(|micros| Microseconds::new(micros).unwrap())
}

fn key() -> impl Strategy<Value = EncryptionKey> {
    (any::<i32>(), vec(any::<u8>(), 0..40)).prop_map(|(kind, octets)| EncryptionKey::new(kind, octets))
}

fn encrypted() -> impl Strategy<Value = EncryptedData> {
    (any::<i32>(), option::of(any::<u32>()), octets()).prop_map(|(etype, kvno, cipher)| EncryptedData {
        etype,
        kvno: kvno.map(Kvno),
        cipher: cipher.into_bytes().into(),
    })
}

fn checksum() -> impl Strategy<Value = Checksum> {
    (any::<i32>(), octets()).prop_map(|(cksumtype, checksum)| Checksum {
        cksumtype,
        checksum: checksum.into_bytes().into(),
    })
}

fn ticket() -> impl Strategy<Value = Ticket> {
    (realm(), name(), encrypted()).prop_map(|(realm, sname, enc_part)| Ticket { realm, sname, enc_part })
}

fn address() -> impl Strategy<Value = HostAddress> {
    (any::<i32>(), octets()).prop_map(|(addr_type, address)| HostAddress { addr_type, address })
}

fn padata() -> impl Strategy<Value = PaData> {
    (any::<i32>(), octets()).prop_map(|(padata_type, padata_value)| PaData {
        padata_type,
        padata_value,
    })
}

fn authdata() -> impl Strategy<Value = AuthorizationData> {
    let entry = (any::<i32>(), octets()).prop_map(|(ad_type, ad_data)| AuthDataEntry { ad_type, ad_data });
    vec(entry, 0..3).prop_map(AuthorizationData)
}

fn body() -> impl Strategy<Value = KdcReqBody> {
    let names = (option::of(name()), realm(), option::of(name()));
    let times = (option::of(time()), time(), option::of(time()));
    let rest = (
        any::<u32>(),
        any::<u32>(),
        vec(any::<i32>(), 0..5),
        option::of(vec(address(), 0..3)),
    );
    let extra = (option::of(encrypted()), option::of(vec(ticket(), 0..3)));
    (names, times, rest, extra).prop_map(|(names, times, (options, nonce, etype, addresses), extra)| KdcReqBody {
        kdc_options: KdcOptions(options),
        cname: names.0,
        realm: names.1,
        sname: names.2,
        from: times.0,
        till: times.1,
        rtime: times.2,
        nonce: UInt32(nonce),
        etype,
        addresses,
        enc_authorization_data: extra.0,
        additional_tickets: extra.1,
    })
}

fn kdc_rep_part() -> impl Strategy<Value = EncKdcRepPart> {
    let last = (any::<i32>(), time()).prop_map(|(lr_type, lr_value)| LastReq { lr_type, lr_value });
    let head = (key(), vec(last, 0..3), any::<u32>(), option::of(time()), any::<u32>());
    let times = (time(), option::of(time()), time(), option::of(time()));
    let tail = (
        realm(),
        name(),
        option::of(vec(address(), 0..3)),
        option::of(vec(padata(), 0..2)),
    );
    (head, times, tail).prop_map(
        |((key, last_req, nonce, key_expiration, flags), times, tail)| EncKdcRepPart {
            key,
            last_req,
            nonce: UInt32(nonce),
            key_expiration,
            flags: TicketFlags(flags),
            authtime: times.0,
            starttime: times.1,
            endtime: times.2,
            renew_till: times.3,
            srealm: tail.0,
            sname: tail.1,
            caddr: tail.2,
            encrypted_pa_data: tail.3.map(MethodData),
        },
    )
}

fn cred_info() -> impl Strategy<Value = KrbCredInfo> {
    let client = (option::of(realm()), option::of(name()), option::of(any::<u32>()));
    let times = (
        option::of(time()),
        option::of(time()),
        option::of(time()),
        option::of(time()),
    );
    let server = (
        option::of(realm()),
        option::of(name()),
        option::of(vec(address(), 0..2)),
    );
    (key(), client, times, server).prop_map(|(key, client, times, server)| KrbCredInfo {
        key,
        prealm: client.0,
        pname: client.1,
        flags: client.2.map(TicketFlags),
        authtime: times.0,
        starttime: times.1,
        endtime: times.2,
        renew_till: times.3,
        srealm: server.0,
        sname: server.1,
        caddr: server.2,
    })
}

/// Encodes, decodes, encodes: the octets must be the same; no prefix may decode and no flipped bit panic (each of them
/// for the known answers, a sample here).
macro_rules! round_trips {
    ($($test:ident: $type:ident from $strategy:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(24))]
            $(
                #[test]
                fn $test(value in $strategy) {
                    let der = value.to_der().unwrap();
                    let again = $type::from_der(&der).unwrap().to_der().unwrap();
                    prop_assert_eq!(&der[..], &again[..]);
                    for len in (0..der.len()).step_by(11) {
                        prop_assert!($type::from_der(&der[..len]).is_err());
                    }
                    for bit in (0..der.len() * 8).step_by(31) {
                        let mut changed = der.to_vec();
                        changed[bit / 8] ^= 1 << (bit % 8);
                        let _ = $type::from_der(&changed);
                    }
                }
            )*
        }
    };
}

round_trips! {
    encrypted_data_round_trips: EncryptedData from encrypted();
    encryption_key_round_trips: EncryptionKey from key();
    checksum_round_trips: Checksum from checksum();
    principal_name_round_trips: PrincipalName from name();
    authorization_data_round_trips: AuthorizationData from authdata();
    ticket_round_trips: Ticket from ticket();
    request_body_round_trips: KdcReqBody from body();
    as_req_round_trips: AsReq from (option::of(vec(padata(), 0..3)), body())
        .prop_map(|(padata, req_body)| AsReq { padata, req_body });
    tgs_req_round_trips: TgsReq from (option::of(vec(padata(), 0..3)), body())
        .prop_map(|(padata, req_body)| TgsReq { padata, req_body });
    as_rep_round_trips: AsRep from (option::of(vec(padata(), 0..3)), realm(), name(), ticket(), encrypted())
        .prop_map(|(padata, crealm, cname, ticket, enc_part)| AsRep { padata, crealm, cname, ticket, enc_part });
    tgs_rep_round_trips: TgsRep from (option::of(vec(padata(), 0..3)), realm(), name(), ticket(), encrypted())
        .prop_map(|(padata, crealm, cname, ticket, enc_part)| TgsRep { padata, crealm, cname, ticket, enc_part });
    enc_as_rep_part_round_trips: EncAsRepPart from kdc_rep_part().prop_map(EncAsRepPart);
    enc_tgs_rep_part_round_trips: EncTgsRepPart from kdc_rep_part().prop_map(EncTgsRepPart);
    ap_req_round_trips: ApReq from (any::<u32>(), ticket(), encrypted())
        .prop_map(|(options, ticket, authenticator)| ApReq { ap_options: ApOptions(options), ticket, authenticator });
    ap_rep_round_trips: ApRep from encrypted().prop_map(|enc_part| ApRep { enc_part });
    enc_ap_rep_part_round_trips: EncApRepPart from (time(), micros(), option::of(key()), option::of(any::<u32>()))
        .prop_map(|(ctime, cusec, subkey, seq)| EncApRepPart { ctime, cusec, subkey, seq_number: seq.map(UInt32) });
    krb_cred_round_trips: KrbCred from (vec(ticket(), 0..3), encrypted())
        .prop_map(|(tickets, enc_part)| KrbCred { tickets, enc_part });
    krb_priv_round_trips: KrbPriv from encrypted().prop_map(|enc_part| KrbPriv { enc_part });
    change_passwd_data_round_trips: ChangePasswdData from (octets(), option::of(name()), option::of(realm()))
        .prop_map(|(newpasswd, targname, targrealm)| ChangePasswdData {
            newpasswd: newpasswd.into_bytes().into(), targname, targrealm,
        });
    enc_krb_priv_part_round_trips: EncKrbPrivPart from
        (octets(), option::of(time()), option::of(micros()), option::of(any::<u32>()), address(), option::of(address()))
        .prop_map(|(user_data, timestamp, usec, seq, s_address, r_address)| EncKrbPrivPart {
            user_data: user_data.into_bytes().into(), timestamp, usec, seq_number: seq.map(UInt32), s_address, r_address,
        });
    method_data_round_trips: MethodData from vec(padata(), 0..4).prop_map(MethodData);
    pa_enc_ts_enc_round_trips: PaEncTsEnc from (time(), option::of(micros()))
        .prop_map(|(patimestamp, pausec)| PaEncTsEnc { patimestamp, pausec });
    etype_info2_round_trips: EtypeInfo2 from vec((any::<i32>(), option::of(string()), option::of(octets())), 0..4)
        .prop_map(|entries| EtypeInfo2(entries.into_iter()
            .map(|(etype, salt, s2kparams)| EtypeInfo2Entry { etype, salt, s2kparams }).collect()));
    etype_info_round_trips: EtypeInfo from vec((any::<i32>(), option::of(octets())), 0..4)
        .prop_map(|entries| EtypeInfo(entries.into_iter()
            .map(|(etype, salt)| EtypeInfoEntry { etype, salt }).collect()));
    typed_data_round_trips: TypedData from vec((any::<i32>(), option::of(octets())), 0..4)
        .prop_map(|entries| TypedData(entries.into_iter()
            .map(|(data_type, data_value)| TypedDataEntry { data_type, data_value }).collect()));
    kerb_error_data_round_trips: KerbErrorData from (any::<i32>(), option::of(octets()))
        .prop_map(|(data_type, data_value)| KerbErrorData { data_type, data_value });
}

// Those with more fields than a tuple of strategies has.
round_trips! {
    authenticator_round_trips: Authenticator from
        ((realm(), name(), option::of(checksum())), (micros(), time()),
         (option::of(key()), option::of(any::<u32>()), option::of(authdata())))
        .prop_map(|((crealm, cname, cksum), (cusec, ctime), (subkey, seq, authorization_data))| Authenticator {
            crealm, cname, cksum, cusec, ctime, subkey, seq_number: seq.map(UInt32), authorization_data,
        });
    enc_ticket_part_round_trips: EncTicketPart from
        ((any::<u32>(), key(), realm(), name(), any::<i32>(), octets()),
         (time(), option::of(time()), time(), option::of(time())),
         (option::of(vec(address(), 0..3)), option::of(authdata())))
        .prop_map(|((flags, key, crealm, cname, tr_type, contents), times, (caddr, authorization_data))| EncTicketPart {
            flags: TicketFlags(flags), key, crealm, cname, transited: TransitedEncoding { tr_type, contents },
            authtime: times.0, starttime: times.1, endtime: times.2, renew_till: times.3, caddr, authorization_data,
        });
    enc_krb_cred_part_round_trips: EncKrbCredPart from
        (vec(cred_info(), 0..3), option::of(any::<u32>()), option::of(time()), option::of(micros()),
         option::of(address()), option::of(address()))
        .prop_map(|(ticket_info, nonce, timestamp, usec, s_address, r_address)| EncKrbCredPart {
            ticket_info, nonce: nonce.map(UInt32), timestamp, usec, s_address, r_address,
        });
    krb_error_round_trips: KrbError from
        ((option::of(time()), option::of(micros()), time(), micros(), any::<i32>()),
         (option::of(realm()), option::of(name()), realm(), name()), (option::of(string()), option::of(octets())))
        .prop_map(|((ctime, cusec, stime, susec, error_code), names, (e_text, e_data))| KrbError {
            ctime, cusec, stime, susec, error_code, crealm: names.0, cname: names.1, realm: names.2, sname: names.3,
            e_text, e_data,
        });
}

proptest! {
    #[test]
    fn random_octets_never_panic(octets in vec(any::<u8>(), 0..200)) {
        for (_, recode) in CODECS {
            let _ = recode(&octets);
        }
    }
}
