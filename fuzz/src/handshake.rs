//! First tokens of a Kerberos context, validly encrypted: the fuzzer chooses what is inside.

use gss_core::{Accept, ChannelBindings, ErrorKind, EstablishedContext, Flags, Step, StepError, framing};
use gss_mech_krb5::KRB5;
use krb5_crypto::primitives::rustcrypto::PROVIDER;
use krb5_crypto::{Enctype, Key, KeyUsage};
use krb5_proto::EncryptionKey;
use krb5_proto::messages::{ApOptions, Authenticator, Checksum, EncTicketPart, KrbCred, Microseconds, TicketFlags};

use crate::realm::{NOW, SKEW, acceptor, answer, ap_req as request, client, encrypted, key, ticket, ticket_part};

/// What an acceptor makes of a message that is framed, or not.
fn present(message: &[u8], framed: bool, accept: Accept) -> Result<Step<dyn gss_core::AcceptorContext>, StepError> {
    let token = if framed {
        framing::wrap(&KRB5, &[b"\x01\x00", message].concat())
    } else {
        message.to_vec()
    };
    acceptor(accept).step(Some(&token))?.drive(&mut answer)
}

/// The first octet picks options, then come the length of a ticket's plaintext (2 octets, little-endian), that
/// plaintext, and an authenticator's. Both are encrypted here, the authenticator in the key that the ticket holds if it
/// holds one.
///
/// They are accepted only if both decode and name one client, the ticket is valid, the clocks agree; and the context
/// is with the client of the ticket.
pub fn ap_req(input: &[u8]) {
    let [choice, low, high, rest @ ..] = input else { return };
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (ticket_plain, authenticator_plain) = rest.split_at(length);
    let part = EncTicketPart::from_der(ticket_plain).ok();
    let session_key = part.as_ref().and_then(|part| part.key.to_key(&PROVIDER).ok());
    let session_key = session_key.unwrap_or_else(|| key(Enctype::Aes256CtsHmacSha196, 7));
    let options = if choice & 1 == 0 {
        ApOptions::empty()
    } else {
        ApOptions::MUTUAL_REQUIRED
    };
    let message = request(options, ticket(ticket_plain), &session_key, authenticator_plain);
    let Ok(step) = present(&message, choice & 2 == 0, Accept::new()) else {
        return;
    };
    let part = part.expect("a ticket that was accepted can be read");
    let authenticator = Authenticator::from_der(authenticator_plain).expect("and so can its authenticator");
    assert!(
        authenticator.crealm == part.crealm && authenticator.cname == part.cname,
        "they name two clients"
    );
    assert!(authenticator.ctime.since(NOW).abs() <= SKEW, "from another time");
    assert!(part.endtime.offset(SKEW) >= NOW, "expired");
    assert!(
        part.starttime.unwrap_or(part.authtime) <= NOW.offset(SKEW),
        "not yet valid"
    );
    assert!(!part.flags.contains(TicketFlags::INVALID), "invalid");
    if let Step::Established { context, .. } = step {
        let client = krb5_proto::Principal {
            realm: part.crealm,
            name: part.cname,
        };
        let source = context.info().source.as_ref().map(|name| name.to_text());
        assert_eq!(source, Some(client.to_string()), "with somebody else");
    }
}

/// The first octet picks options, the rest is the authenticator's checksum of type 0x8003, RFC 4121 §4.1.1; or what is
/// encrypted in the KRB-CRED within such a checksum.
///
/// A context has no flag that the checksum does not claim, is bound if the hash is that of our bindings, and has a
/// delegated credential if and only if it says so. Tokens are framed if and only if it is not in DCE style.
pub fn gss_checksum(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else {
        return;
    };
    let has = |bit: u8| choice & bit != 0;
    let session_key = key(Enctype::Aes128CtsHmacSha256128, 3);
    let subkey = key(Enctype::Aes128CtsHmacSha256128, 4);
    let checksum = if has(CREDENTIAL) {
        let under = if has(IN_SUBKEY) { &subkey } else { &session_key };
        with_credential(rest, under, has(RAW))
    } else {
        rest.to_vec()
    };
    let authenticator = authenticator(&checksum, &subkey);
    let part = ticket_part(&session_key).to_der().expect("encodes");
    let options = if has(MUTUAL) {
        ApOptions::MUTUAL_REQUIRED
    } else {
        ApOptions::empty()
    };
    let message = request(options, ticket(&part), &session_key, &authenticator);
    let accept = if has(BOUND) {
        Accept::new().with_bindings(ChannelBindings::application("channel"))
    } else {
        Accept::new()
    };
    match present(&message, !has(RAW), accept) {
        Ok(Step::Established { token, mut context }) => {
            let claimed = claimed_flags(&checksum);
            assert!(
                !has(RAW) && !claimed.contains(Flags::DCE_STYLE),
                "raw without DCE style"
            );
            assert_eq!(
                token.is_some(),
                claimed.contains(Flags::MUTUAL),
                "an AP-REP only if asked for"
            );
            check_flags(&mut *context, claimed, has(BOUND));
        }
        Ok(Step::Continue { .. }) => {
            let claimed = claimed_flags(&checksum);
            assert!(has(RAW) && claimed.contains(Flags::DCE_STYLE), "DCE style with framing");
        }
        Err(StepError { error, .. }) if checksum.len() < 24 => assert_eq!(error.kind(), ErrorKind::DefectiveToken),
        Err(_) => {}
    }
}

/// A checksum that delegates, and the KRB-CRED in it, with one ticket.
fn with_credential(plaintext: &[u8], under: &Key, dce_style: bool) -> Vec<u8> {
    let cred = KrbCred {
        tickets: vec![ticket(b"")],
        enc_part: encrypted(under, KeyUsage::KRB_CRED, plaintext),
    };
    let cred = cred.to_der().expect("encodes");
    let mut flags = Flags::DELEG;
    flags.set(Flags::DCE_STYLE, dce_style);
    let length = u16::try_from(cred.len()).unwrap_or(u16::MAX);
    [
        &16_u32.to_le_bytes()[..],
        &[0; 16],
        &flags.bits().to_le_bytes(),
        &[1, 0],
        &length.to_le_bytes(),
        &cred,
    ]
    .concat()
}

fn authenticator(checksum: &[u8], subkey: &Key) -> Vec<u8> {
    let client = client();
    let authenticator = Authenticator {
        crealm: client.realm,
        cname: client.name,
        cksum: Some(Checksum {
            cksumtype: 0x8003,
            checksum: checksum.to_vec().into(),
        }),
        cusec: Microseconds::default(),
        ctime: NOW,
        subkey: Some(EncryptionKey::from(subkey)),
        seq_number: Some(9.into()),
        authorization_data: None,
    };
    authenticator.to_der().expect("encodes").to_vec()
}

/// The flags of a checksum that was accepted.
fn claimed_flags(checksum: &[u8]) -> Flags {
    assert_eq!(
        checksum.get(..4),
        Some(&[16, 0, 0, 0][..]),
        "another length of the bindings"
    );
    let flags = checksum[20..]
        .first_chunk()
        .expect("a checksum that was accepted has flags");
    Flags::from_bits_retain(u32::from_le_bytes(*flags))
}

fn check_flags(context: &mut dyn EstablishedContext, claimed: Flags, bound: bool) {
    let granted = context.info().flags;
    let ours = Flags::TRANS | Flags::CHANNEL_BOUND;
    assert!(
        claimed.contains(granted - ours),
        "{granted:?} granted, {claimed:?} claimed"
    );
    assert!(bound || !granted.contains(Flags::CHANNEL_BOUND), "bound to nothing");
    let delegated = context.take_delegated().is_some();
    assert_eq!(
        granted.contains(Flags::DELEG),
        delegated,
        "the flag and the credential differ"
    );
}

const MUTUAL: u8 = 1;
const RAW: u8 = 2;
const BOUND: u8 = 4;
const CREDENTIAL: u8 = 8;
const IN_SUBKEY: u8 = 16;
