//! From a cache to the ticket of a service that is not in it.

use super::CacheContents;
use crate::config::Settings;
use crate::proto::exchange::{ServiceOptions, ServiceOutcome, ServiceRealm};
use crate::proto::messages::Ticket;
use crate::proto::{Credentials, KerberosTime, Principal, PrincipalName, Realm};

impl CacheContents {
    /// How to get a ticket for `service` with the ticket-granting tickets of this cache: from its `start_realm`, or else
    /// from its principal's realm.
    #[must_use]
    pub fn service_search(&self, settings: &Settings, service: PrincipalName, realm: ServiceRealm) -> ServiceOptions {
        ServiceOptions {
            client: self.principal.clone(),
            service,
            realm,
            tickets: self
                .tickets()
                .filter(|ticket| ticket.server.is_krbtgt())
                .cloned()
                .collect(),
            start: self.start_realm(),
            paths: settings.capaths(),
            etypes: settings.default_tgs_enctypes().to_vec(),
            clock_offset: self.clock_offset.map_or(0, |offset| i64::from(offset.seconds)),
            clock_skew: settings.clockskew(),
            time_sync: settings.time_sync(),
            user_to_user: None,
        }
    }

    /// The realm whose ticket-granting ticket is the one to begin with: the principal's, unless the entry `start_realm`
    /// names another.
    #[must_use]
    pub fn start_realm(&self) -> Realm {
        match self.config(START_REALM, None) {
            Some(realm) => Realm::from(realm),
            None => self.principal.realm.clone(),
        }
    }

    /// Notes that the initial ticket is of another realm than the client, if it is: one that the KDCs have sent it to.
    pub fn set_start_realm(&mut self, initial: &Credentials) {
        if let Some(realm) = initial.server.name.granting_realm()
            && realm != initial.client.realm
        {
            self.set_config(START_REALM, None, &realm);
        }
    }

    /// The ticket for `service` that is valid at `now`: by the name under which [`gained`] keeps it, or in a realm that it
    /// may be in. Its server is the one that the ticket is for, whatever it was kept as.
    #[must_use]
    pub fn find_service(
        &self,
        service: &PrincipalName,
        realm: &ServiceRealm,
        now: KerberosTime,
    ) -> Option<Credentials> {
        let guesses: &[Realm] = match realm {
            ServiceRealm::Known(_) => &[],
            ServiceRealm::Unknown { guesses } => guesses,
        };
        let own = (!matches!(realm, ServiceRealm::Known(_))).then_some(&self.principal.realm);
        let guessed = own.into_iter().chain(guesses);
        let guessed = guessed.map(|realm| Principal::new(realm.clone(), service.clone()));
        let found = std::iter::once(asked(service, realm))
            .chain(guessed)
            .find_map(|server| self.find(&server, now));
        tracing::debug!(
            principal = %self.principal,
            %service,
            ticket = found.map(|ticket| tracing::field::display(&ticket.server)),
            "looked for a ticket in the cache"
        );
        found.cloned().map(as_issued)
    }
}

/// What a search is worth keeping: the ticket-granting tickets on the way, and the ticket by its name and by the one that
/// it was asked for with, which has no realm if that was not known. MIT's libraries do the same.
#[must_use]
pub fn gained(outcome: &ServiceOutcome, service: &PrincipalName, realm: &ServiceRealm) -> Vec<Credentials> {
    let mut tickets = outcome.granting.clone();
    let ticket = &outcome.credentials;
    let asked = asked(service, realm);
    if asked != ticket.server {
        tickets.push(Credentials {
            server: asked,
            ..ticket.clone()
        });
    }
    tickets.push(ticket.clone());
    tickets
}

fn as_issued(ticket: Credentials) -> Credentials {
    match Ticket::from_der(&ticket.ticket) {
        Ok(issued) => Credentials {
            server: Principal::new(issued.realm, issued.sname),
            ..ticket
        },
        Err(_) => ticket,
    }
}

fn asked(service: &PrincipalName, realm: &ServiceRealm) -> Principal {
    let realm = match realm {
        ServiceRealm::Known(realm) => realm.clone(),
        ServiceRealm::Unknown { .. } => Realm::default(),
    };
    Principal::new(realm, service.clone())
}

/// The configuration entry of a cache, as MIT names it.
const START_REALM: &str = "start_realm";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::proto::messages::TicketFlags;
    use crate::proto::{EncryptionKey, NameType};

    fn ticket(server: Principal) -> Credentials {
        Credentials {
            client: Principal::parse("alice@A.TEST", None).unwrap(),
            server,
            key: Arc::new(EncryptionKey::new(18, vec![0; 32])),
            authtime: KerberosTime(0),
            starttime: None,
            endtime: KerberosTime(1000),
            renew_till: None,
            is_skey: false,
            flags: TicketFlags::empty(),
            addresses: Vec::new(),
            authdata: Vec::new(),
            ticket: Vec::new(),
            second_ticket: Vec::new(),
        }
    }

    fn krbtgt(at: &str, to: &str) -> Credentials {
        ticket(Principal::krbtgt(&at.into(), &to.into()))
    }

    fn service() -> PrincipalName {
        PrincipalName::new(NameType::SRV_HST, ["host", "www"])
    }

    fn cache(tickets: Vec<Credentials>) -> CacheContents {
        let mut contents = CacheContents::new(krbtgt("A.TEST", "A.TEST").client);
        contents.credentials = tickets;
        contents
    }

    #[test]
    fn a_search_has_the_ticket_granting_tickets_and_begins_where_the_cache_says() {
        let host = ticket(Principal::new("A.TEST", service()));
        let mut contents = cache(vec![krbtgt("A.TEST", "A.TEST"), host, krbtgt("A.TEST", "B.TEST")]);
        let settings = Settings::parse("[capaths]\nA.TEST = {\n C.TEST = B.TEST\n}\n").unwrap();
        let search = |contents: &CacheContents| {
            contents.service_search(&settings, service(), ServiceRealm::Known("C.TEST".into()))
        };
        assert_eq!(search(&contents).tickets.len(), 2);
        assert_eq!(search(&contents).start, "A.TEST");
        assert_eq!(
            search(&contents).paths.between(&"A.TEST".into(), &"C.TEST".into()),
            [Realm::from("B.TEST")]
        );
        contents.set_start_realm(&krbtgt("A.TEST", "A.TEST"));
        assert_eq!(contents.config(START_REALM, None), None);
        contents.set_start_realm(&krbtgt("B.TEST", "B.TEST"));
        assert_eq!(search(&contents).start, "B.TEST");
    }

    #[test]
    fn a_ticket_is_found_again_by_the_name_it_was_asked_for_with() {
        let unknown = ServiceRealm::Unknown { guesses: Vec::new() };
        let known = ServiceRealm::Known("a.test".into());
        let outcome = ServiceOutcome {
            credentials: ticket(Principal::new("A.TEST", service())),
            granting: vec![krbtgt("A.TEST", "B.TEST")],
            clock_offset: None,
        };
        for (realm, kept) in [(&unknown, 3), (&known, 3), (&ServiceRealm::Known("A.TEST".into()), 2)] {
            let contents = cache(gained(&outcome, &service(), realm));
            assert_eq!(contents.credentials.len(), kept);
            assert!(contents.find_service(&service(), realm, KerberosTime(0)).is_some());
            assert!(contents.find_service(&service(), realm, KerberosTime(1000)).is_none());
        }
    }

    #[test]
    fn without_a_realm_the_likely_ones_are_looked_at() {
        let of = |realm: &str| cache(vec![ticket(Principal::new(realm, service()))]);
        let unknown = ServiceRealm::Unknown {
            guesses: vec!["B.TEST".into()],
        };
        let found = |realm: &str, wanted| of(realm).find_service(&service(), wanted, KerberosTime(0)).is_some();
        assert!(found("A.TEST", &unknown) && found("B.TEST", &unknown) && !found("C.TEST", &unknown));
        assert!(!found("A.TEST", &ServiceRealm::Known("B.TEST".into())));
    }
}
