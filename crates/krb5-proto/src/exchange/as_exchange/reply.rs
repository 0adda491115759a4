//! The AS-REP, and what must hold of it.

use std::sync::Arc;

use krb5_crypto::{Enctype, Key, KeyUsage};

use super::canonical::AwaitName;
use super::hints::{Hint, Hints};
use super::{AsOutcome, AwaitAsRep, AwaitTicket, LearnedClock, Preauth};
use crate::error::{PreauthFailure, ReplyField};
use crate::exchange::kdc_reply::{self, Clock, Exchange, Expected, Reply};
use crate::exchange::{Referrals, Step, TimeSync};
use crate::messages::preauth::PA_REQ_ENC_PA_REP;
use crate::messages::{AsRep, Checksum, EncAsRepPart, EncKdcRepPart, TicketFlags};
use crate::{Error, Timestamp};

impl AwaitTicket {
    /// Ends the exchange, unless the KDC has replaced the client's name: that needs to be proved.
    pub(super) fn granted(self, rep: &AsRep, now: Timestamp) -> Result<Step<AwaitAsRep, AsOutcome>, Error> {
        let outcome = match self.finish(rep, now) {
            Ok(outcome) => outcome,
            Err(error) => return self.ask_primary(error, now),
        };
        kdc_reply::trace(&outcome.credentials);
        if outcome.credentials.client == self.options.client {
            return Ok(Step::Done(outcome));
        }
        AwaitName::start(self.provider, &self.options, outcome, now)
    }

    fn finish(&self, rep: &AsRep, now: Timestamp) -> Result<AsOutcome, Error> {
        let etype = kdc_reply::requested(rep.enc_part.etype, &self.etypes)?;
        let key = self.reply_key(etype, rep)?;
        let plaintext = key
            .decrypt(KeyUsage::AS_REP, &rep.enc_part.cipher)
            .map_err(|source| match source {
                krb5_crypto::Error::Integrity => self.wrong_credential(PreauthFailure::Undecipherable),
                source => Error::Crypto {
                    doing: "decrypting the KDC's reply",
                    source,
                },
            })?;
        let EncAsRepPart(part) = EncAsRepPart::from_der(&plaintext)?;
        let reply = Reply {
            crealm: rep.crealm.clone(),
            cname: rep.cname.clone(),
            ticket: rep.ticket.clone(),
            part,
        };
        self.expected().verify(&reply)?;
        self.verify_request_checksum(&key, &reply.part)?;
        let clock_offset = self.verify_clock(&reply.part, now)?;
        Ok(AsOutcome {
            clock_offset,
            key_expiration: reply.part.key_expiration,
            last_req: reply.part.last_req.clone(),
            credentials: reply.into_credentials(self.provider)?,
        })
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            client: &self.options.client,
            server: &self.server,
            body: &self.body,
            exchange: Exchange::As,
            referrals: Referrals::Refuse,
        }
    }

    /// The key that the reply is encrypted in: made by the reply's own hints, else by earlier ones.
    fn reply_key(&self, etype: Enctype, rep: &AsRep) -> Result<Arc<Key>, Error> {
        let padata = rep.padata.as_deref().unwrap_or_default();
        let hint = match Hints::parse(padata)?.find(etype) {
            Some(hint) => hint,
            None => self.hints.find(etype).unwrap_or_else(|| Hint::plain(etype)),
        };
        match &self.preauth {
            Preauth::Timestamp(client_key) if client_key.hint == hint => Ok(Arc::clone(&client_key.key)),
            _ => self.options.client_key(self.provider, &hint),
        }
    }

    /// RFC 6806 §11: where the KDC says that it knows, it returns a checksum of the request, so that
    /// nobody can have weakened it on the way.
    fn verify_request_checksum(&self, key: &Key, part: &EncKdcRepPart) -> Result<(), Error> {
        if !part.flags.contains(TicketFlags::ENC_PA_REP) {
            return Ok(());
        }
        let failed = || Error::KdcReplyModified(ReplyField::RequestChecksum);
        let padata = part.encrypted_pa_data.as_ref().ok_or_else(failed)?;
        let value = padata.find(PA_REQ_ENC_PA_REP).ok_or_else(failed)?;
        let checksum = Checksum::from_der(value)?;
        if checksum.cksumtype != key.enctype().checksum_type().number() {
            return Err(failed());
        }
        key.verify_checksum(KeyUsage::AS_REQ, &[&self.message], &checksum.checksum)
            .map_err(|_| failed())
    }

    /// Compares the ticket's start with our clock. What is learned from it is authenticated.
    fn verify_clock(&self, part: &EncKdcRepPart, now: Timestamp) -> Result<Option<i64>, Error> {
        let start = part.starttime.unwrap_or(part.authtime);
        let skew = self.options.clock_skew.as_secs();
        let kdc = Clock {
            now: part.authtime,
            skew,
        };
        if !kdc.agrees(start) && !self.expected().is_postdated(start) {
            return Err(kdc.differs(start));
        }
        let ours = Clock {
            now: now.time.offset(self.clock.offset()),
            skew,
        };
        match (self.clock, ours.agrees(part.authtime)) {
            (LearnedClock::Given(_), true) => Ok(None),
            (LearnedClock::Given(_), false) if self.options.time_sync == TimeSync::Off => {
                Err(ours.differs(part.authtime))
            }
            _ => Ok(Some(part.authtime.since(now.time))),
        }
    }
}
