//! What the tokens of each mechanism are, and what each side has checked when it is established.

/// A mechanism's tokens in their order, and what comes of them.
#[derive(Debug)]
pub(super) struct Script {
    /// The initiator's are those with even numbers.
    pub(super) tokens: &'static [&'static str],
    pub(super) acceptor_has_checked: &'static str,
    /// Nothing, where only users are authenticated.
    pub(super) initiator_has_checked: Option<&'static str>,
}

impl Script {
    /// What the token of this number is.
    pub(super) fn token(&self, number: usize) -> &'static str {
        self.tokens.get(number).copied().unwrap_or("one more token")
    }
}

pub(super) const KERBEROS: Script = Script {
    tokens: &[
        "a ticket for the service, and an authenticator with the time and a new key",
        "the proof that it could read the authenticator",
    ],
    acceptor_has_checked: TICKET,
    initiator_has_checked: Some(AUTHENTICATOR),
};

pub(super) const NEGOTIATED_KERBEROS: Script = Script {
    tokens: &[
        "what she can do, and Kerberos' first token: a ticket for the service, and an authenticator",
        "the choice, and the proof that it could read the authenticator",
    ],
    ..KERBEROS
};

pub(super) const NTLM: Script = Script {
    tokens: &[
        "what she can do",
        "a challenge, and what the service is called",
        "an answer that only her password makes, to this challenge and for this service, and a MIC over all three messages",
    ],
    acceptor_has_checked: "the answer is to its challenge and was made with the hash of her password; the MIC holds",
    initiator_has_checked: None,
};

pub(super) const SCRAM: Script = Script {
    tokens: &[
        "her name, and a nonce",
        "a nonce more, the salt of her password and how often it is hashed",
        "the proof that she knows the password",
        "the proof that it has the verifier of the password",
    ],
    acceptor_has_checked: "the proof was made with her password, over all that was said before",
    initiator_has_checked: Some("the service has the verifier of her password, and means the same exchange"),
};

const TICKET: &str = "the ticket is for it, valid now, and opens with its own key; the authenticator opens with the ticket's \
                      key, is recent and was not seen before";
const AUTHENTICATOR: &str =
    "the service has read the authenticator, so it has the key that only it shares with the KDC";
