//! What the configuration says of principals as users of this machine.

use super::profile::Value;
use super::settings::Settings;

impl Settings {
    /// The rules that make local names of a realm's principals, its `auth_to_local` values in their order.
    #[must_use]
    pub fn auth_to_local(&self, realm: &str) -> Vec<Value<'_>> {
        self.profile().values(&["realms", realm, "auth_to_local"])
    }

    /// The local name that a realm's `auth_to_local_names` give a principal, by its name without the realm. The last
    /// entry counts, as MIT's and Heimdal's documentation has it.
    #[must_use]
    pub fn auth_to_local_name(&self, realm: &str, principal: &str) -> Option<Value<'_>> {
        let path = ["realms", realm, "auth_to_local_names", principal];
        self.profile().values(&path).pop()
    }

    /// `k5login_directory`: where the files are that say who may log in as a local user, named after the user. Without
    /// it they are `.k5login` in the users' homes.
    #[must_use]
    pub fn k5login_directory(&self) -> Option<&str> {
        self.libdefault("k5login_directory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_names_are_those_of_the_realm() {
        let settings = Settings::parse(
            "[libdefaults]\nk5login_directory = /etc/k5login\n\
             [realms]\nR = {\nauth_to_local = RULE:[1:$1@$0](^a@R$)s/^.*$/b/\nauth_to_local = DEFAULT\n\
             auth_to_local_names = {\nalice/admin = root\n}\n}\n",
        )
        .unwrap();
        let rules: Vec<&str> = settings.auth_to_local("R").iter().map(|rule| rule.text).collect();
        assert_eq!(rules, ["RULE:[1:$1@$0](^a@R$)s/^.*$/b/", "DEFAULT"]);
        let name = |principal| settings.auth_to_local_name("R", principal).map(|value| value.text);
        assert_eq!(name("alice/admin"), Some("root"));
        assert_eq!(name("alice"), None);
        assert!(settings.auth_to_local("S").is_empty());
        assert_eq!(settings.k5login_directory(), Some("/etc/k5login"));
    }
}
