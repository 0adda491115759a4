//! SCRAM's messages (RFC 5802 §7): text, in the GSS-API framed, in SASL behind a GS2 header.

use gss::scram::gs2::Gs2Header;
use gss::scram::message::{ClientFinal, ClientFirst, ServerFinal, ServerFirst};

use super::cursor::Cursor;
use super::page::{Count, Page, Preview, Problem};

/// Whether it is a message as it comes without framing.
pub(super) fn is_message(octets: &[u8]) -> bool {
    Message::read(octets).is_some()
}

/// What a message says. Proofs and signatures are not shown, since whoever has one can guess passwords.
pub(super) fn message(page: &mut Page, token: Cursor<'_>) -> Result<(), Problem> {
    let octets = token.octets();
    let Some(message) = Message::read(octets) else {
        page.field("Octets", Preview(octets));
        return Err(token.problem("it is none of the four messages of RFC 5802 §7"));
    };
    page.section(
        format!("{} (RFC 5802 §7), {}", message.title(), Count(octets.len())),
        |page| {
            message.explain(page);
            Ok(())
        },
    )
}

enum Message {
    /// With the header, in SASL.
    ClientFirst(Option<Gs2Header>, ClientFirst),
    ServerFirst(ServerFirst),
    ClientFinal(ClientFinal),
    ServerFinal(ServerFinal),
}

impl Message {
    fn read(octets: &[u8]) -> Option<Self> {
        let first = |octets: &[u8]| ClientFirst::parse(octets).ok();
        if let Some(message) = first(octets) {
            return Some(Self::ClientFirst(None, message));
        }
        if let Ok((header, rest)) = Gs2Header::parse(str::from_utf8(octets).ok()?) {
            return first(rest.as_bytes()).map(|message| Self::ClientFirst(Some(header), message));
        }
        let server_first = ServerFirst::parse(octets).ok().map(Self::ServerFirst);
        let client_final = || ClientFinal::parse(octets).ok().map(Self::ClientFinal);
        let server_final = || ServerFinal::parse(octets).ok().map(Self::ServerFinal);
        server_first.or_else(client_final).or_else(server_final)
    }

    fn title(&self) -> &'static str {
        match self {
            Self::ClientFirst(..) => "SCRAM client-first-message",
            Self::ServerFirst(_) => "SCRAM server-first-message",
            Self::ClientFinal(_) => "SCRAM client-final-message",
            Self::ServerFinal(_) => "SCRAM server-final-message",
        }
    }

    fn explain(&self, page: &mut Page) {
        match self {
            Self::ClientFirst(header, message) => {
                page.optional("GS2 header of SASL", header.as_ref());
                page.field("user", &message.user);
                page.field("nonce", &message.nonce);
            }
            Self::ServerFirst(message) => {
                page.field("nonce, of both", &message.nonce);
                page.field("salt", Preview(&message.salt));
                page.field("iterations", message.iterations);
            }
            Self::ClientFinal(message) => {
                let bindings = str::from_utf8(&message.bindings).ok().filter(|text| !text.is_empty());
                match bindings {
                    Some(text) => page.field("channel bindings", format_args!("{text:?}")),
                    None => page.field("channel bindings", Preview(&message.bindings)),
                }
                page.field("nonce, of both", &message.nonce);
                page.field("proof", Count(message.proof.len()));
            }
            Self::ServerFinal(ServerFinal::Signature(signature)) => page.field("signature", Count(signature.len())),
            Self::ServerFinal(ServerFinal::Error(reason)) => page.field("refused, because of", reason),
        }
    }
}
