//! What `[realms]` says of a realm's servers besides its KDCs.

use super::boolean::parse_boolean;
use super::kdc::KdcAddress;
use super::settings::Settings;
use crate::error::Error;

impl Settings {
    /// The password servers of a realm, its `kpasswd_server` values in their order. Empty if there are none.
    ///
    /// # Errors
    /// [`Error::ConfigValue`] for a value that is no address.
    pub fn kpasswd_servers(&self, realm: &str) -> Result<Vec<KdcAddress>, Error> {
        self.addresses(realm, "kpasswd_server")
    }

    /// The administration servers of a realm, its `admin_server` values in their order. Where no password server is
    /// named, these serve passwords too, at that service's own port.
    ///
    /// # Errors
    /// [`Error::ConfigValue`] for a value that is no address.
    pub fn admin_servers(&self, realm: &str) -> Result<Vec<KdcAddress>, Error> {
        self.addresses(realm, "admin_server")
    }

    /// Whether passwords are not to be proven to a realm's KDCs by an encrypted timestamp, which whoever is on the way
    /// could ask for, and guess the password from: its `disable_encrypted_timestamp`.
    ///
    /// # Errors
    /// [`Error::ConfigValue`] for a value that is neither true nor false.
    pub fn disable_encrypted_timestamp(&self, realm: &str) -> Result<bool, Error> {
        let key = "disable_encrypted_timestamp";
        match self.profile().value(&["realms", realm, key]) {
            None => Ok(false),
            Some(value) => parse_boolean(value.text).ok_or_else(|| value.bad(key, "true or false")),
        }
    }

    /// The site whose servers are preferred when the DNS is asked for a realm's ([MS-ADTS] §6.3.2.3): its `sitename`.
    #[must_use]
    pub fn sitename(&self, realm: &str) -> Option<&str> {
        let value = self.profile().value(&["realms", realm, "sitename"])?;
        Some(value.text).filter(|site| !site.is_empty())
    }

    /// Whom to trust for a realm's HTTPS proxies, instead of those whom the system trusts: its `http_anchors`, such as
    /// `FILE:/etc/ssl/proxy.pem`, `DIR:/etc/ssl/certs` or `ENV:NAME`.
    #[must_use]
    pub fn http_anchors(&self, realm: &str) -> Vec<&str> {
        let values = self.profile().values(&["realms", realm, "http_anchors"]);
        values.into_iter().map(|value| value.text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(realm: &str) -> Settings {
        Settings::parse(&format!("[realms]\nR = {{\n{realm}\n}}\n")).unwrap()
    }

    #[test]
    fn servers_besides_the_kdcs_are_found_by_their_keys() {
        let settings = settings(
            "kpasswd_server = pw.example:4464\nadmin_server = adm.example\nadmin_server = adm2.example\nsitename = Hill",
        );
        let hosts = |servers: Result<Vec<KdcAddress>, Error>| -> Vec<String> {
            servers.unwrap().into_iter().map(|server| server.host).collect()
        };
        assert_eq!(hosts(settings.kpasswd_servers("R")), ["pw.example"]);
        assert_eq!(hosts(settings.admin_servers("R")), ["adm.example", "adm2.example"]);
        assert_eq!(settings.sitename("R"), Some("Hill"));
        assert!(settings.kpasswd_servers("OTHER").unwrap().is_empty());
        assert_eq!(settings.sitename("OTHER"), None);
    }

    #[test]
    fn anchors_keep_their_kind_and_order() {
        let settings = settings("http_anchors = FILE:/a.pem\nhttp_anchors = DIR:/certs");
        assert_eq!(settings.http_anchors("R"), ["FILE:/a.pem", "DIR:/certs"]);
        assert!(settings.http_anchors("OTHER").is_empty());
    }

    #[test]
    fn the_encrypted_timestamp_is_disabled_realm_by_realm() {
        let settings = settings("disable_encrypted_timestamp = yes");
        assert!(settings.disable_encrypted_timestamp("R").unwrap());
        assert!(!settings.disable_encrypted_timestamp("OTHER").unwrap());
    }

    #[test]
    fn what_is_no_address_is_an_error_with_its_line() {
        let error = settings("kpasswd_server = 464").kpasswd_servers("R").unwrap_err();
        assert!(error.to_string().starts_with("krb5.conf:3: kpasswd_server"), "{error}");
    }
}
