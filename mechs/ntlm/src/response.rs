//! What a client answers to a challenge, [MS-NLMP] §3.3, and how that is verified.

use gss_crypto::{CryptoProvider, Secret};

use crate::level::Generation;
use crate::message::{ClientChallenge, MessageError};
use crate::{AccountName, Authentication, NtHash};

/// Both responses, and the key that both sides get out of them.
pub(crate) struct Answer {
    /// NtChallengeResponse.
    pub(crate) nt_response: Vec<u8>,
    /// LmChallengeResponse.
    pub(crate) lm_response: Vec<u8>,
    /// SessionBaseKey.
    pub(crate) session_base_key: Secret,
}

/// NTLMv2, §3.3.2. Where the server has told the time, the LMv2 response is 24 zeros, §3.1.5.1.2.
///
/// # Errors
/// [`MessageError::TooLong`].
pub(crate) fn answer_v2(
    hash: &NtHash,
    account: &AccountName,
    server_challenge: &[u8; 8],
    client: &ClientChallenge,
    provider: &CryptoProvider,
) -> Result<Answer, MessageError> {
    let temp = client.to_octets()?;
    let key = hash.ntowf_v2(account, provider);
    let key = provider.hmac_md5.key(key.expose());
    let proof = key.sign(&[server_challenge, &temp]);
    let lm_response = match client.target_info.timestamp() {
        Some(_) => vec![0; 24],
        None => {
            let lm_proof = key.sign(&[server_challenge, &client.challenge]);
            [lm_proof.expose(), &client.challenge].concat()
        }
    };
    Ok(Answer {
        session_base_key: Secret::from_slice(key.sign(&[proof.expose()]).expose()),
        nt_response: [proof.expose(), &temp].concat(),
        lm_response,
    })
}

/// The session base key, if the response of `claim` was made with `hash`.
pub(crate) fn verify(claim: &Authentication, generation: Generation, hash: &NtHash) -> Option<Secret> {
    match generation {
        Generation::NtlmV2 => verify_v2(claim, hash),
        Generation::NtlmV1 | Generation::LmV2 | Generation::Lm => None,
    }
}

/// NTLMv2, §3.3.2.
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

#[cfg(test)]
mod tests {
    use gss_crypto::rustcrypto::PROVIDER;
    use hex_literal::hex;

    use super::*;
    use crate::message::{AvId, TargetInfo};
    use crate::{Level, NegotiateFlags, Password, UserError};

    const SERVER_CHALLENGE: [u8; 8] = hex!("0123456789abcdef");

    /// [MS-NLMP] §4.2.1 and §4.2.4.
    fn account() -> AccountName {
        AccountName::new("User", "Domain")
    }

    fn client(target_info: TargetInfo) -> ClientChallenge {
        ClientChallenge {
            timestamp: 0,
            challenge: [0xaa; 8],
            target_info,
        }
    }

    fn names() -> TargetInfo {
        TargetInfo::default()
            .with_text(AvId::NB_DOMAIN_NAME, "Domain")
            .with_text(AvId::NB_COMPUTER_NAME, "Server")
    }

    fn answer(target_info: TargetInfo) -> Answer {
        let hash = Password::new("Password").nt_hash(&PROVIDER);
        answer_v2(&hash, &account(), &SERVER_CHALLENGE, &client(target_info), &PROVIDER).unwrap()
    }

    fn claim(answer: &Answer) -> Authentication {
        Authentication {
            account: account(),
            workstation: String::new(),
            server_challenge: SERVER_CHALLENGE,
            nt_response: answer.nt_response.clone(),
            lm_response: answer.lm_response.clone(),
            flags: NegotiateFlags::empty(),
            level: Level::default(),
            provider: &PROVIDER,
        }
    }

    #[test]
    fn responses_match_ms_nlmp_4_2_4() {
        let answer = answer(names());
        assert_eq!(answer.nt_response[..16], hex!("68cd0ab851e51c96aabc927bebef6a1c"));
        assert_eq!(
            answer.lm_response,
            hex!("86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa")
        );
        assert_eq!(
            answer.session_base_key.expose(),
            hex!("8de40ccadbc14a82f15cb0ad0de95ca3")
        );
    }

    #[test]
    fn i77_where_the_server_tells_the_time_there_is_no_lmv2_response() {
        let answer = answer(names().with(AvId::TIMESTAMP, [1; 8]));
        assert_eq!(answer.lm_response, [0; 24]);
    }

    #[test]
    fn n11_only_the_password_answers_and_nobody_else_is_told_apart() {
        let claim = claim(&answer(names()));
        let hash = |password: &str| Password::new(password).nt_hash(&PROVIDER);
        let verified = claim.verify(Some(&hash("Password"))).unwrap();
        assert_eq!(verified.expose(), hex!("8de40ccadbc14a82f15cb0ad0de95ca3"));
        for wrong in [Some(hash("password")), Some(hash("")), None] {
            assert!(matches!(claim.verify(wrong.as_ref()), Err(UserError::Refused)));
        }
    }

    #[test]
    fn every_flipped_bit_of_a_response_and_of_a_name_is_found() {
        let hash = Password::new("Password").nt_hash(&PROVIDER);
        let good = claim(&answer(names()));
        for bit in 0..good.nt_response.len() * 8 {
            let mut bad = good.clone();
            bad.nt_response[bit / 8] ^= 1 << (bit % 8);
            assert!(bad.verify(Some(&hash)).is_err(), "{bit}");
        }
        for (account, holds) in [
            (AccountName::new("uSER", "Domain"), true),
            (AccountName::new("User", "DOMAIN"), false),
            // Where the user ends, NTOWFv2 does not tell: it is the database that knows UserD from User.
            (AccountName::new("USERD", "omain"), true),
            (AccountName::new("User", ""), false),
        ] {
            let claim = Authentication {
                account,
                ..good.clone()
            };
            assert_eq!(claim.verify(Some(&hash)).is_ok(), holds, "{}", claim.account);
        }
    }

    #[test]
    fn n10_other_generations_are_refused() {
        let hash = Password::new("Password").nt_hash(&PROVIDER);
        let good = claim(&answer(names()));
        for (nt_response, lm_response) in [(24, 24), (24, 0), (0, 24), (16, 24), (0, 0)] {
            let old = Authentication {
                nt_response: vec![1; nt_response],
                lm_response: vec![1; lm_response],
                ..good.clone()
            };
            assert!(
                matches!(old.verify(Some(&hash)), Err(UserError::Generation(_))),
                "{nt_response}"
            );
        }
    }
}
