//! From the configuration to the request for an initial ticket.

use super::settings::Settings;
use super::ticket_defaults::Usable;
use crate::ccache::{CacheContents, FormatVersion};
use crate::error::Error;
use crate::proto::Principal;
use crate::proto::exchange::{AsOptions, EncryptedTimestamp, LongTerm, TimeSync};

impl Settings {
    /// What an initial ticket of `client` is asked for with, where nobody says otherwise.
    ///
    /// # Errors
    /// [`Error::ConfigValue`]; [`Error::Addresses`] where the ticket shall be bound to this machine's addresses and they
    /// are not to be had.
    pub fn initial_options(&self, client: Principal, credential: LongTerm) -> Result<AsOptions, Error> {
        // No configuration can name a realm that is not UTF-8.
        let realm = client.realm.as_str().unwrap_or_default();
        let defaults = self.ticket_defaults(realm);
        let disabled = self.disable_encrypted_timestamp(realm)?;
        Ok(AsOptions {
            kdc_options: defaults.kdc_options,
            etypes: self.default_tkt_enctypes().to_vec(),
            lifetime: defaults.lifetime,
            renew_life: defaults.renew_life,
            addresses: match defaults.usable {
                Usable::Anywhere => Vec::new(),
                Usable::FromThisMachine => self.machine_addresses().map_err(Error::Addresses)?,
            },
            clock_skew: self.clockskew(),
            time_sync: self.time_sync(),
            encrypted_timestamp: if disabled {
                EncryptedTimestamp::Disabled
            } else {
                EncryptedTimestamp::Allowed
            },
            ..AsOptions::new(client, credential)
        })
    }

    /// Whether exchanges follow the KDC's clock: `kdc_timesync`.
    #[must_use]
    pub fn time_sync(&self) -> TimeSync {
        if self.kdc_timesync() {
            TimeSync::FromKdc
        } else {
            TimeSync::Off
        }
    }

    /// An empty cache of `principal`, in the format that `ccache_type` names where it is kept in a file.
    #[must_use]
    pub fn new_cache(&self, principal: Principal) -> CacheContents {
        let version = FormatVersion::of_number(self.ccache_version());
        CacheContents {
            version: version.unwrap_or_default(),
            ..CacheContents::new(principal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::messages::KdcOptions;

    fn options(text: &str) -> AsOptions {
        let client = Principal::parse("alice@R", None).unwrap();
        let settings = Settings::parse(text).unwrap();
        settings.initial_options(client, LongTerm::Keys(Vec::new())).unwrap()
    }

    #[test]
    fn an_initial_ticket_is_asked_for_as_the_clients_realm_says() {
        let plain = options("");
        assert_eq!(plain.lifetime.as_secs(), 86_400);
        assert_eq!(plain.encrypted_timestamp, EncryptedTimestamp::Allowed);
        assert!(plain.addresses.is_empty() && plain.time_sync == TimeSync::FromKdc);
        let own = options(
            "[libdefaults]\n default_tkt_enctypes = aes128-cts\n clockskew = 7\n kdc_timesync = no\n noaddresses = no\n\
             extra_addresses = 192.0.2.7\n R = {\n ticket_lifetime = 1h\n forwardable = yes\n }\n\
             [realms]\n R = {\n disable_encrypted_timestamp = yes\n }\n",
        );
        assert_eq!((own.lifetime.as_secs(), own.etypes.len()), (3600, 1));
        assert!(own.kdc_options.contains(KdcOptions::FORWARDABLE));
        assert_eq!((own.clock_skew.as_secs(), own.time_sync), (7, TimeSync::Off));
        assert_eq!(own.encrypted_timestamp, EncryptedTimestamp::Disabled);
        assert!(
            own.addresses
                .iter()
                .any(|address| address.address.as_bytes() == [192, 0, 2, 7])
        );
    }

    #[test]
    fn new_caches_have_the_configured_format() {
        let principal = || Principal::parse("alice@R", None).unwrap();
        for (text, version) in [
            ("", FormatVersion::V4),
            ("[libdefaults]\nccache_type = 3\n", FormatVersion::V3),
        ] {
            let settings = Settings::parse(text).unwrap();
            assert_eq!(settings.new_cache(principal()).version, version);
        }
    }
}
