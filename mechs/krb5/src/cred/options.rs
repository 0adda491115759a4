//! What a credential asks for beyond tickets and keys (`gss_set_cred_option`).

use std::sync::Arc;

use gss_core::{Flags, Oid, OptionValue, oid};
use krb5_crypto::Enctype;

use crate::error::KerberosError;

/// The enctypes that contexts may use: each number in 4 octets, big-endian, best first
/// (`gss_krb5_set_allowable_enctypes`). Types that the configuration does not permit remain forbidden.
pub const SET_ALLOWABLE_ENCTYPES: Oid = oid!("1.2.840.113554.1.2.2.5.4");

/// Contexts tell the acceptor of confidentiality and integrity only where they were asked for, as SASL's security
/// layers need it (`GSS_KRB5_CRED_NO_CI_FLAGS_X`). No value.
pub const CRED_NO_CI_FLAGS: Oid = oid!("1.2.752.43.13.29");

/// The options of a credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CredOptions {
    /// The enctypes that it may use, best first; `None` for all that are permitted.
    pub(crate) enctypes: Option<Arc<[Enctype]>>,
    pub(crate) protection: Protection,
}

/// Whether contexts tell of protection that nobody has asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Protection {
    /// It is always there, so they do.
    #[default]
    Always,
    /// Only where it was asked for.
    Asked,
}

impl CredOptions {
    /// These options with another one.
    ///
    /// # Errors
    /// [`KerberosError::UnknownOption`], [`KerberosError::OptionValue`].
    pub(crate) fn with(mut self, what: Oid, value: OptionValue<'_>) -> Result<Self, KerberosError> {
        match (what, value) {
            (SET_ALLOWABLE_ENCTYPES, OptionValue::Octets(numbers)) => self.enctypes = Some(enctypes(numbers)?),
            (CRED_NO_CI_FLAGS, OptionValue::None) => self.protection = Protection::Asked,
            (SET_ALLOWABLE_ENCTYPES | CRED_NO_CI_FLAGS, _) => return Err(KerberosError::OptionValue(Box::new(what))),
            _ => return Err(KerberosError::UnknownOption(Box::new(what))),
        }
        Ok(self)
    }

    /// Those of `permitted` that may be used, in the credential's order if it has one.
    pub(crate) fn allowed(&self, permitted: &[Enctype]) -> Vec<Enctype> {
        match &self.enctypes {
            None => permitted.to_vec(),
            Some(ours) => ours.iter().copied().filter(|etype| permitted.contains(etype)).collect(),
        }
    }

    /// Whether a key of this type may be used, as far as the credential has a say.
    pub(crate) fn allows(&self, etype: i32) -> bool {
        let is_that = |ours: &Enctype| ours.number() == etype;
        self.enctypes.as_ref().is_none_or(|ours| ours.iter().any(is_that))
    }

    /// The flags of protection that a context tells of.
    pub(crate) fn protection(&self, asked: Flags) -> Flags {
        let both = Flags::CONF | Flags::INTEG;
        match self.protection {
            Protection::Always => both,
            Protection::Asked => asked.intersection(both),
        }
    }
}

/// Types that are not known are left out, as MIT's library does; none at all would mean no context ever.
fn enctypes(numbers: &[u8]) -> Result<Arc<[Enctype]>, KerberosError> {
    let malformed = || KerberosError::OptionValue(Box::new(SET_ALLOWABLE_ENCTYPES));
    let (numbers, rest) = numbers.as_chunks::<4>();
    let known: Vec<Enctype> = numbers
        .iter()
        .filter_map(|number| Enctype::from_number(i32::from_be_bytes(*number)))
        .collect();
    if rest.is_empty() && !known.is_empty() {
        Ok(known.into())
    } else {
        Err(malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_enctypes(numbers: &[i32]) -> Result<CredOptions, KerberosError> {
        let octets: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        CredOptions::default().with(SET_ALLOWABLE_ENCTYPES, OptionValue::Octets(&octets))
    }

    #[test]
    fn allowed_enctypes_are_those_of_both_in_the_credentials_order() {
        let permitted = [Enctype::Aes256CtsHmacSha196, Enctype::Aes128CtsHmacSha196];
        assert_eq!(CredOptions::default().allowed(&permitted), permitted);
        let ours = with_enctypes(&[17, 20, 4711, 18]).unwrap();
        let expected = [Enctype::Aes128CtsHmacSha196, Enctype::Aes256CtsHmacSha196];
        assert_eq!(ours.allowed(&permitted), expected);
        assert!(ours.allows(20) && !ours.allows(19) && CredOptions::default().allows(19));
    }

    #[test]
    fn values_that_mean_nothing_are_refused() {
        assert!(matches!(with_enctypes(&[]), Err(KerberosError::OptionValue(_))));
        assert!(matches!(with_enctypes(&[4711]), Err(KerberosError::OptionValue(_))));
        let odd = CredOptions::default().with(SET_ALLOWABLE_ENCTYPES, OptionValue::Octets(&[0, 0, 0, 18, 0]));
        assert!(matches!(odd, Err(KerberosError::OptionValue(_))));
        let none = CredOptions::default().with(SET_ALLOWABLE_ENCTYPES, OptionValue::None);
        assert!(matches!(none, Err(KerberosError::OptionValue(_))));
        let unknown = CredOptions::default().with(oid!("1.2.3"), OptionValue::None);
        assert!(matches!(unknown, Err(KerberosError::UnknownOption(_))));
    }

    #[test]
    fn protection_is_told_of_always_or_as_asked() {
        let asked = Flags::INTEG | Flags::MUTUAL;
        assert_eq!(CredOptions::default().protection(asked), Flags::CONF | Flags::INTEG);
        let silent = CredOptions::default()
            .with(CRED_NO_CI_FLAGS, OptionValue::None)
            .unwrap();
        assert_eq!(silent.protection(asked), Flags::INTEG);
        assert_eq!(silent.protection(Flags::MUTUAL), Flags::empty());
    }
}
