//! What a client answers to a challenge, [MS-NLMP] §3.3.

use gss_crypto::Secret;

use crate::level::Generation;
use crate::{Authentication, NtHash};

/// The session base key, if the response of `claim` was made with `hash`.
pub(crate) fn verify(claim: &Authentication, generation: Generation, hash: &NtHash) -> Option<Secret> {
    match generation {
        Generation::NtlmV2 => verify_v2(claim, hash),
        Generation::NtlmV1 | Generation::LmV2 | Generation::Lm => None,
    }
}

/// NTLMv2, [MS-NLMP] §3.3.2.
///
/// ```text
/// 0..15   NTProofStr   HMAC-MD5 under NTOWFv2 over the server's challenge and what follows
/// 16..    temp         NTLMv2_CLIENT_CHALLENGE, §2.2.2.7
/// ```
fn verify_v2(claim: &Authentication, hash: &NtHash) -> Option<Secret> {
    let (proof, temp) = claim.nt_response.split_first_chunk::<16>()?;
    let key = hash.ntowf_v2(&claim.account, claim.provider);
    let key = claim.provider.hmac_md5.key(key.expose());
    key.sign(&[&claim.server_challenge, temp]).verify(proof).ok()?;
    Some(Secret::from_slice(key.sign(&[proof]).expose()))
}
