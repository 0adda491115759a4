//! An established context and the commands to it.

use std::sync::Arc;
use std::time::Duration;

use gss::{BlockingDriver, drive};
use gss_core::{
    Clock, CredStore, Credential, Error, ErrorKind, EstablishedContext, Existing, MechCred, Mechanisms, Oid, PrfKey,
    Privacy, Store, oid,
};

use super::messages;
use super::protocol::{
    Answer, Base64, Command, Established, Failure, PlainMessage, PrfRequest, SignedMessage, SizeLimitRequest, Verified,
};

/// What the commands need besides the context.
pub(super) struct Surroundings {
    pub(super) mechanisms: Mechanisms,
    pub(super) driver: BlockingDriver,
    pub(super) clock: Arc<dyn Clock>,
}

pub(super) struct Session {
    context: Box<dyn EstablishedContext>,
    surroundings: Surroundings,
    /// It can be taken from the context once, and asked for here any number of times.
    delegated: Option<Arc<dyn MechCred>>,
}

impl Session {
    pub(super) fn new(context: Box<dyn EstablishedContext>, surroundings: Surroundings) -> Self {
        Self {
            context,
            surroundings,
            delegated: None,
        }
    }

    pub(super) fn established(&self) -> Established {
        let info = self.context.info();
        Established {
            mech: info.mech.to_string(),
            initiator: info.source.as_ref().map(|name| name.to_text()),
            acceptor: info.target.as_ref().map(|name| name.to_text()),
            flags: info.flags.short_names().collect(),
            lifetime: info.remaining(self.surroundings.clock.now()).map(|left| left.as_secs()),
        }
    }

    /// Does what `command` says. The context remains usable after a failure.
    pub(super) fn answer(&mut self, command: Command) -> Result<Answer, Failure> {
        match command {
            Command::GetMic(message) => self.context.mic_of(&message.0).map(token).map_err(failure),
            Command::VerifyMic(signed) => self.verify_mic(&signed).map_err(failure),
            Command::Wrap(plain) => self.wrap(&plain).map_err(failure),
            Command::Unwrap(token) => self.unwrap(&token.0).map_err(failure),
            Command::WrapIov(message) => messages::wrap_iov(&mut *self.context, message).map_err(failure),
            Command::UnwrapIov(token) => messages::unwrap_iov(&mut *self.context, token),
            Command::WrapAead(message) => messages::wrap_aead(&mut *self.context, &message).map_err(failure),
            Command::UnwrapAead(token) => messages::unwrap_aead(&mut *self.context, &token).map_err(failure),
            Command::Prf(request) => self.pseudo_random(&request),
            Command::WrapSizeLimit(request) => self.wrap_size_limit(&request).map_err(failure),
            Command::Export(_) => self.export().map_err(failure),
            Command::Delegated(_) => self.delegated(),
            Command::StoreDelegated(name) => self.store_delegated(&name),
            Command::SessionKey(_) => self.session_key().map_err(failure),
        }
    }

    fn verify_mic(&mut self, signed: &SignedMessage) -> Result<Answer, Error> {
        let verified = self.context.verify_mic(&[&signed.message.0], &signed.token.0)?;
        Ok(Answer::Verified {
            verified: Verified {
                sequence: verified.sequence.name(),
            },
        })
    }

    fn wrap(&mut self, plain: &PlainMessage) -> Result<Answer, Error> {
        self.context
            .wrap(privacy(plain.conf), &[], &plain.message.0)
            .map(|(octets, _)| token(octets))
    }

    fn unwrap(&mut self, token: &[u8]) -> Result<Answer, Error> {
        let (message, unwrapped) = self.context.unwrapped(token)?;
        Ok(messages::opened(message, unwrapped))
    }

    fn pseudo_random(&self, request: &PrfRequest) -> Result<Answer, Failure> {
        if request.length > LONGEST_PRF {
            return Err(Failure::bad_structure(format!(
                "at most {LONGEST_PRF} octets are given out at once"
            )));
        }
        let mut octets = vec![0; request.length];
        self.context
            .pseudo_random(PrfKey::Full, &request.input.0, &mut octets)
            .map_err(failure)?;
        Ok(Answer::Octets { octets: Base64(octets) })
    }

    fn wrap_size_limit(&self, request: &SizeLimitRequest) -> Result<Answer, Error> {
        let limit = self.context.wrap_size_limit(privacy(request.conf), request.size)?;
        Ok(Answer::Limit { limit })
    }

    /// Exports the context and goes on with what is imported from that.
    fn export(&mut self) -> Result<Answer, Error> {
        let exported = Mechanisms::export_context(&mut *self.context)?;
        self.context = self.surroundings.mechanisms.import_context(&exported)?;
        Ok(Answer::Exported {
            exported: exported.len(),
        })
    }

    fn delegated_cred(&mut self) -> Result<Arc<dyn MechCred>, Failure> {
        if self.delegated.is_none() {
            self.delegated = self.context.take_delegated();
        }
        self.delegated.clone().ok_or_else(|| Failure {
            message: "the initiator has delegated no credential".to_owned(),
            ..failure(ErrorKind::NoCred.into())
        })
    }

    /// Stores the delegated credential, in the place of what the client has there.
    fn store_delegated(&mut self, ccache: &str) -> Result<Answer, Failure> {
        let cred = Credential::single(self.context.info().mech, self.delegated_cred()?);
        let into = Store {
            existing: Existing::Overwrite,
            store: Some(CredStore::new().with("ccache", ccache)),
            ..Store::default()
        };
        let stored = drive(
            Mechanisms::store_cred(&cred, &into, None),
            &mut self.surroundings.driver,
        );
        let stored = stored.map_err(|error| failure(error.error))?;
        Ok(Answer::Stored {
            stored: stored.mechs.iter().map(ToString::to_string).collect(),
        })
    }

    fn delegated(&mut self) -> Result<Answer, Failure> {
        let cred = self.delegated_cred()?;
        let info = drive(cred.inspect(), &mut self.surroundings.driver).map_err(|error| failure(error.error))?;
        let now = self.surroundings.clock.now();
        let left = |until: Duration| until.saturating_sub(now).as_secs();
        Ok(Answer::Delegated {
            name: info.name.map(|name| name.to_text()),
            lifetime: info.initiate_until.map(left),
        })
    }

    fn session_key(&self) -> Result<Answer, Error> {
        let values = self.context.inquire(SESSION_KEY)?;
        let key = values.first().ok_or(ErrorKind::Unavailable)?;
        Ok(Answer::Octets {
            octets: Base64(key.to_vec()),
        })
    }
}

/// An error as the protocol tells it.
pub(super) fn failure(error: Error) -> Failure {
    Failure {
        major: error.kind().name(),
        code: super::protocol::full_code(error.major().0),
        minor: error.minor(),
        message: crate::report::one_line(&error),
    }
}

pub(super) fn token(octets: Vec<u8>) -> Answer {
    Answer::Token { token: Base64(octets) }
}

pub(super) fn privacy(conf: bool) -> Privacy {
    if conf {
        Privacy::Confidential
    } else {
        Privacy::Integrity
    }
}

/// `GSS_C_INQ_SSPI_SESSION_KEY`.
const SESSION_KEY: Oid = oid!("1.2.840.113554.1.2.2.5.5");

/// What fits a line in base64.
const LONGEST_PRF: usize = 8 * 1024 * 1024;
