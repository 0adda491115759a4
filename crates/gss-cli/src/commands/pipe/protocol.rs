//! The JSON objects that `gss pipe` reads and writes, one a line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Octets, in JSON as standard base64 with padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base64(pub(super) Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|error| {
            let error = error.to_string();
            de::Error::custom(format!("not base64 with padding: {}", error.trim_end_matches('.')))
        })
    }
}

/// `true`, for commands that have no argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Yes;

impl<'de> Deserialize<'de> for Yes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(de::Error::custom("only true is understood here")),
        }
    }
}

/// What a line may hold.
pub(super) trait Heard: de::DeserializeOwned {
    /// That, for a person.
    const EXPECTED: &str;
}

impl Heard for PeerToken {
    const EXPECTED: &str = r#"the peer's token, as {"token":"BASE64"}"#;
}

impl Heard for Command {
    const EXPECTED: &str = r#"a command such as {"get_mic":"BASE64"}; gss pipe --help lists them"#;
}

/// What the peer says before the context is established.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeerToken {
    pub(super) token: Base64,
}

/// What can be asked of an established context.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Command {
    GetMic(Base64),
    VerifyMic(SignedMessage),
    Wrap(PlainMessage),
    Unwrap(Base64),
    WrapIov(IovMessage),
    UnwrapIov(IovToken),
    WrapAead(AeadMessage),
    UnwrapAead(AeadToken),
    Prf(PrfRequest),
    WrapSizeLimit(SizeLimitRequest),
    Export(Yes),
    Delegated(Yes),
    /// Into the cache or collection of this name.
    StoreDelegated(String),
    SessionKey(Yes),
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedMessage {
    pub(super) message: Base64,
    pub(super) token: Base64,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlainMessage {
    pub(super) message: Base64,
    pub(super) conf: bool,
}

/// A message to wrap as HEADER, DATA, PADDING, TRAILER, with SIGN_ONLY buffers where there is something for them:
/// `associated` before the data, `after` behind them, and `between` their two halves, which have a buffer each then.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IovMessage {
    pub(super) message: Base64,
    pub(super) conf: bool,
    #[serde(default)]
    pub(super) associated: Option<Base64>,
    #[serde(default)]
    pub(super) between: Option<Base64>,
    #[serde(default)]
    pub(super) after: Option<Base64>,
    #[serde(default)]
    pub(super) layout: Layout,
}

/// Whether there is a TRAILER buffer, or its content goes into the HEADER, as SSPI has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Layout {
    #[default]
    Trailer,
    Header,
}

/// A token to unwrap: without `layout` as STREAM and DATA, with it cut into the buffers that a message of this `conf`
/// is wrapped in. The SIGN_ONLY buffers are those of [`IovMessage`]; a STREAM has none between.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IovToken {
    pub(super) token: Base64,
    #[serde(default)]
    pub(super) associated: Option<Base64>,
    #[serde(default)]
    pub(super) between: Option<Base64>,
    #[serde(default)]
    pub(super) after: Option<Base64>,
    #[serde(default)]
    pub(super) layout: Option<Layout>,
    #[serde(default)]
    pub(super) conf: bool,
}

/// A message to wrap with associated data.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AeadMessage {
    pub(super) message: Base64,
    pub(super) associated: Base64,
    pub(super) conf: bool,
}

/// A token to unwrap with the same associated data.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AeadToken {
    pub(super) token: Base64,
    pub(super) associated: Base64,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrfRequest {
    pub(super) input: Base64,
    pub(super) length: usize,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SizeLimitRequest {
    pub(super) size: usize,
    pub(super) conf: bool,
}

/// What we say.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Token {
        token: Base64,
    },
    Established {
        established: Established,
    },
    Verified {
        verified: Verified,
    },
    Message {
        message: Base64,
        conf: bool,
        sequence: &'static str,
    },
    Octets {
        octets: Base64,
    },
    Limit {
        limit: usize,
    },
    Exported {
        exported: usize,
    },
    Delegated {
        name: Option<String>,
        lifetime: Option<u64>,
    },
    Stored {
        /// The mechanisms whose part of it was.
        stored: Vec<String>,
    },
    Error {
        error: Failure,
    },
}

/// The context, as both parties now see it.
#[derive(Debug, Serialize)]
pub(super) struct Established {
    /// The mechanism's OID, dotted.
    pub(super) mech: String,
    pub(super) initiator: Option<String>,
    pub(super) acceptor: Option<String>,
    pub(super) flags: Vec<&'static str>,
    /// Seconds left; `null` without an end.
    pub(super) lifetime: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Verified {
    pub(super) sequence: &'static str,
}

/// A failure in RFC 2744's terms.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    /// The routine error's name without `GSS_S_`.
    pub(super) major: &'static str,
    /// The full major status, as `0x` and eight digits.
    pub(super) code: String,
    pub(super) minor: u32,
    pub(super) message: String,
}

impl Failure {
    /// A line that is not what was expected: RFC 2744's calling error for a malformed argument.
    pub(super) fn bad_structure(message: String) -> Self {
        Self {
            major: "CALL_BAD_STRUCTURE",
            code: full_code(CALL_BAD_STRUCTURE),
            minor: 0,
            message,
        }
    }

    /// A line that is no JSON, or not that of a `T`.
    pub(super) fn not_understood<T: Heard>(error: &serde_json::Error) -> Self {
        // The parser counts lines within this one.
        let error = error.to_string().replace(" at line 1 column ", " at column ");
        Self::bad_structure(format!("the line is not understood: {error}; expected {}", T::EXPECTED))
    }
}

/// A major status as the protocol writes it.
pub(super) fn full_code(major: u32) -> String {
    format!("{major:#010x}")
}

/// The longest line that is read, the line end not counted.
pub(super) const LINE_LIMIT: usize = 16 * 1024 * 1024;

/// RFC 2744 §3.9.1: 3 in the field for calling errors.
const CALL_BAD_STRUCTURE: u32 = 3 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(text: &str) -> Base64 {
        Base64(text.as_bytes().to_vec())
    }

    fn command(json: &str) -> Command {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn commands_are_read_as_the_protocol_spells_them() {
        assert_eq!(command(r#"{"get_mic":"aGk="}"#), Command::GetMic(octets("hi")));
        assert_eq!(
            command(r#"{"wrap":{"message":"aGk=","conf":true}}"#),
            Command::Wrap(PlainMessage {
                message: octets("hi"),
                conf: true
            })
        );
        assert_eq!(
            command(r#"{"verify_mic":{"message":"","token":"aGk="}}"#),
            Command::VerifyMic(SignedMessage {
                message: octets(""),
                token: octets("hi")
            })
        );
        assert_eq!(command(r#"{"unwrap":"aGk="}"#), Command::Unwrap(octets("hi")));
        assert_eq!(
            command(r#"{"prf":{"input":"aGk=","length":32}}"#),
            Command::Prf(PrfRequest {
                input: octets("hi"),
                length: 32
            })
        );
        assert_eq!(
            command(r#"{"wrap_size_limit":{"size":1000,"conf":false}}"#),
            Command::WrapSizeLimit(SizeLimitRequest {
                size: 1000,
                conf: false
            })
        );
        assert_eq!(command(r#"{"export":true}"#), Command::Export(Yes));
        assert_eq!(command(r#"{"delegated":true}"#), Command::Delegated(Yes));
        assert_eq!(
            command(r#"{"store_delegated":"FILE:/c"}"#),
            Command::StoreDelegated("FILE:/c".to_owned())
        );
        assert_eq!(command(r#"{"session_key":true}"#), Command::SessionKey(Yes));
        assert_eq!(
            command(r#"{"wrap_iov":{"message":"aGk=","conf":true,"associated":"aGk=","layout":"header"}}"#),
            Command::WrapIov(IovMessage {
                message: octets("hi"),
                conf: true,
                associated: Some(octets("hi")),
                between: None,
                after: None,
                layout: Layout::Header
            })
        );
        assert_eq!(
            command(r#"{"unwrap_iov":{"token":"aGk="}}"#),
            Command::UnwrapIov(IovToken {
                token: octets("hi"),
                associated: None,
                between: None,
                after: None,
                layout: None,
                conf: false
            })
        );
        assert_eq!(
            command(r#"{"wrap_iov":{"message":"aGk=","conf":false,"between":"","after":"aGk="}}"#),
            Command::WrapIov(IovMessage {
                message: octets("hi"),
                conf: false,
                associated: None,
                between: Some(octets("")),
                after: Some(octets("hi")),
                layout: Layout::Trailer
            })
        );
        assert_eq!(
            command(r#"{"unwrap_iov":{"token":"aGk=","between":"aGk=","after":"","layout":"trailer","conf":true}}"#),
            Command::UnwrapIov(IovToken {
                token: octets("hi"),
                associated: None,
                between: Some(octets("hi")),
                after: Some(octets("")),
                layout: Some(Layout::Trailer),
                conf: true
            })
        );
        assert_eq!(
            command(r#"{"wrap_aead":{"message":"aGk=","associated":"","conf":true}}"#),
            Command::WrapAead(AeadMessage {
                message: octets("hi"),
                associated: octets(""),
                conf: true
            })
        );
        assert_eq!(
            command(r#"{"unwrap_aead":{"token":"aGk=","associated":"aGk="}}"#),
            Command::UnwrapAead(AeadToken {
                token: octets("hi"),
                associated: octets("hi")
            })
        );
    }

    #[test]
    fn what_is_not_a_command_is_refused() {
        for line in [
            "",
            "{}",
            "[]",
            r#"{"export":false}"#,
            r#"{"get_mic":"aGk"}"#,
            r#"{"get_mic":"a-_="}"#,
            r#"{"get_mic":"aGk=","wrap":"aGk="}"#,
            r#"{"wrap":{"message":"aGk="}}"#,
            r#"{"wrap":{"message":"aGk=","conf":true,"qop":0}}"#,
            r#"{"prf":{"input":"","length":-1}}"#,
            r#"{"delete":true}"#,
            r#"{"get_mic":"aGk="} {}"#,
        ] {
            assert!(serde_json::from_str::<Command>(line).is_err(), "{line}");
        }
    }

    #[test]
    fn answers_are_written_as_the_protocol_spells_them() {
        let written = |answer: &Answer| serde_json::to_string(answer).unwrap();
        assert_eq!(written(&Answer::Token { token: octets("hi") }), r#"{"token":"aGk="}"#);
        let verified = Verified { sequence: "gap" };
        assert_eq!(
            written(&Answer::Verified { verified }),
            r#"{"verified":{"sequence":"gap"}}"#
        );
        assert_eq!(
            written(&Answer::Message {
                message: octets("hi"),
                conf: true,
                sequence: "ok"
            }),
            r#"{"message":"aGk=","conf":true,"sequence":"ok"}"#
        );
        let established = Established {
            mech: "1.2.3".to_owned(),
            initiator: Some("a@R".to_owned()),
            acceptor: None,
            flags: vec!["mutual", "channel_bound"],
            lifetime: Some(7),
        };
        assert_eq!(
            written(&Answer::Established { established }),
            r#"{"established":{"mech":"1.2.3","initiator":"a@R","acceptor":null,"flags":["mutual","channel_bound"],"lifetime":7}}"#
        );
        let error = Failure::bad_structure("what".to_owned());
        assert_eq!(
            written(&Answer::Error { error }),
            r#"{"error":{"major":"CALL_BAD_STRUCTURE","code":"0x03000000","minor":0,"message":"what"}}"#
        );
    }
}
