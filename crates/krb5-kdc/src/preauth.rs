//! Preauthentication by encrypted timestamp, RFC 4120 §5.2.7.2.

use krb5_crypto::KeyUsage;
use krb5_proto::messages::preauth::{self, EtypeInfo2Entry, PA_ENC_TIMESTAMP, PA_ETYPE_INFO2};
use krb5_proto::messages::{EncryptedData, EtypeInfo2, KdcReqBody, MethodData, PaData, PaEncTsEnc};
use krb5_proto::{ErrorCode, KerberosString, KerberosTime, Octets};

use crate::database::{Attribute, Entry, FromPassword};
use crate::kdc::Policy;
use crate::refusal::Refusal;

/// The client has shown that it knows its key. Only [`check`] makes one, after it has seen that (CVE-2015-2694).
#[derive(Debug)]
pub(crate) struct Verified(());

/// Checks the proof in `padata`. Without any: `None` if the client needs none.
///
/// # Errors
/// KDC_ERR_PREAUTH_REQUIRED and KDC_ERR_PREAUTH_FAILED, both with the ways that are open, and KRB_AP_ERR_SKEW.
pub(crate) fn check(
    client: &Entry,
    padata: &[PaData],
    body: &KdcReqBody,
    now: KerberosTime,
    policy: &Policy,
) -> Result<Option<Verified>, Refusal> {
    match preauth::find(padata, PA_ENC_TIMESTAMP) {
        Some(proof) => {
            let theirs = timestamp(client, proof).ok_or_else(|| refuse(Failed::Proof, client, &body.etype))?;
            if policy.agrees(theirs, now) {
                Ok(Some(Verified(())))
            } else {
                Err(ErrorCode::KRB_AP_ERR_SKEW.into())
            }
        }
        None if client.is(Attribute::WithoutPreauth) => Ok(None),
        None => Err(refuse(Failed::Absent, client, &body.etype)),
    }
}

/// ETYPE-INFO2 for the client's keys of the types `requested`, in that order.
///
/// # Errors
/// KRB_ERR_GENERIC if it cannot be encoded.
pub(crate) fn etype_info2(client: &Entry, requested: &[i32]) -> Result<PaData, Refusal> {
    let mut types: Vec<i32> = Vec::new();
    for etype in requested {
        if client.current_keys_of(*etype).next().is_some() && !types.contains(etype) {
            types.push(*etype);
        }
    }
    let entries: Vec<_> = types.into_iter().map(|etype| info_entry(client, etype)).collect();
    Ok(PaData {
        padata_type: PA_ETYPE_INFO2,
        padata_value: EtypeInfo2(entries).to_der()?.into(),
    })
}

/// What is wrong with the proof.
enum Failed {
    Absent,
    Proof,
}

/// The time that the client encrypted, if it did so with one of its keys.
fn timestamp(client: &Entry, proof: &[u8]) -> Option<KerberosTime> {
    let data = EncryptedData::from_der(proof).ok()?;
    let plaintext = client
        .current_keys_of(data.etype)
        .find_map(|found| found.key.decrypt(KeyUsage::AS_REQ_PA_ENC_TIMESTAMP, &data.cipher).ok())?;
    PaEncTsEnc::from_der(&plaintext).ok().map(|proof| proof.patimestamp)
}

fn refuse(failed: Failed, client: &Entry, requested: &[i32]) -> Refusal {
    let (code, text) = match failed {
        Failed::Absent => (ErrorCode::KDC_ERR_PREAUTH_REQUIRED, "an encrypted timestamp is needed"),
        Failed::Proof => (
            ErrorCode::KDC_ERR_PREAUTH_FAILED,
            "the timestamp is not encrypted in the client's key",
        ),
    };
    match etype_info2(client, requested) {
        Ok(info) => {
            let timestamp = PaData {
                padata_type: PA_ENC_TIMESTAMP,
                padata_value: Octets::default(),
            };
            Refusal::new(code, text).with_methods(MethodData(vec![timestamp, info]))
        }
        Err(refusal) => refusal,
    }
}

fn info_entry(client: &Entry, etype: i32) -> EtypeInfo2Entry {
    let (salt, s2kparams) = match &client.from_password {
        FromPassword::Yes { salt, params } => (
            Some(KerberosString::from(salt.clone())),
            params.map(|params| Octets::from(params.to_vec())),
        ),
        FromPassword::No => (None, None),
    };
    EtypeInfo2Entry { etype, salt, s2kparams }
}
