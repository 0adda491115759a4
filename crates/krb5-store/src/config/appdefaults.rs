//! `[appdefaults]`: settings of programs.

use super::profile::Value;
use super::settings::Settings;

impl Settings {
    /// What `[appdefaults]` says of an option of a program: for the program in this realm, else for the program, else
    /// in this realm for all programs, else for all.
    ///
    /// ```
    /// let settings = krb5_store::config::Settings::parse("
    /// [appdefaults]
    ///     login = {
    ///         EXAMPLE.ORG = {
    ///             krb4_convert = no
    ///         }
    ///         krb4_convert = yes
    ///     }
    /// ")?;
    /// let found = |realm| settings.appdefault("login", realm, "krb4_convert").map(|value| value.text);
    /// assert_eq!((found("EXAMPLE.ORG"), found("OTHER")), (Some("no"), Some("yes")));
    /// # Ok::<(), krb5_store::Error>(())
    /// ```
    #[must_use]
    pub fn appdefault(&self, program: &str, realm: &str, option: &str) -> Option<Value<'_>> {
        let paths: [&[&str]; 4] = [
            &["appdefaults", program, realm, option],
            &["appdefaults", program, option],
            &["appdefaults", realm, option],
            &["appdefaults", option],
        ];
        paths.iter().find_map(|path| self.profile().value(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_of_four_places_counts() {
        let text = |lines: &[&str]| format!("[appdefaults]\n{}\n", lines.join("\n"));
        let all = [
            "p = {\n R = {\n o = 1\n }\n}",
            "p = {\n o = 2\n}",
            "R = {\n o = 3\n}",
            "o = 4",
        ];
        for (place, expected) in ["1", "2", "3", "4"].into_iter().enumerate() {
            let settings = Settings::parse(&text(&all[place..])).unwrap();
            let found = settings.appdefault("p", "R", "o").map(|value| value.text);
            assert_eq!(found, Some(expected));
        }
        assert!(Settings::default().appdefault("p", "R", "o").is_none());
    }
}
