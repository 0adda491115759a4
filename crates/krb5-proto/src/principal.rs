//! Principal names, RFC 4120 §6.

use std::fmt;
use std::hash::{Hash, Hasher};

use der::Sequence;

use crate::messages::strings::{Component, Realm, show};

/// The kind of a principal name, RFC 4120 §6.2. A hint only: comparison ignores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NameType(pub i32);

impl NameType {
    /// Not known.
    pub const UNKNOWN: Self = Self(0);
    /// A user or a service by name.
    pub const PRINCIPAL: Self = Self(1);
    /// A service and an instance: `krbtgt/REALM`.
    pub const SRV_INST: Self = Self(2);
    /// A service on a host.
    pub const SRV_HST: Self = Self(3);
    /// A unique identifier.
    pub const UID: Self = Self(5);
    /// A name in the manner of a mail address, RFC 6806 §5.
    pub const ENTERPRISE: Self = Self(10);
    /// A name of fixed meaning, RFC 6111.
    pub const WELLKNOWN: Self = Self(11);
}

/// ```text
/// PrincipalName ::= SEQUENCE {
///     name-type   [0] Int32,
///     name-string [1] SEQUENCE OF KerberosString
/// }
/// ```
///
/// Equality and hashing are on the counted octets of the components and ignore the type.
#[derive(Clone, Debug, Default, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct PrincipalName {
    /// The kind of name.
    #[asn1(context_specific = "0")]
    pub name_type: NameType,
    /// The components.
    #[asn1(context_specific = "1")]
    pub components: Vec<Component>,
}

plain!(PrincipalName, "PrincipalName");

/// A principal: a name in a realm.
///
/// `Display` gives the usual form `primary/instance@REALM`, with `/`, `@`, `\` and control
/// characters escaped, so that [`Principal::parse`] gives the same octets again. Octets that are not
/// UTF-8 appear as `\xHH`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The realm.
    pub realm: Realm,
    /// The name in it.
    pub name: PrincipalName,
}

/// Why a text is not a principal name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParsePrincipalError {
    /// There is no `@REALM`, and no default realm.
    #[error("the principal name has no realm, and there is no default realm")]
    NoRealm,
    /// A second unescaped `@`, or `/` in the realm.
    #[error("the principal name has an unescaped {0:?} in its realm")]
    Separator(char),
    /// A backslash is the last character.
    #[error("the principal name ends in a lone backslash")]
    LoneBackslash,
    /// Nothing at all.
    #[error("the principal name is empty")]
    Empty,
}

impl PrincipalName {
    /// A name of the given type and components.
    pub fn new<C: Into<Component>>(name_type: NameType, components: impl IntoIterator<Item = C>) -> Self {
        Self {
            name_type,
            components: components.into_iter().map(Into::into).collect(),
        }
    }

    /// Whether this is a ticket-granting service, `krbtgt/…`.
    #[must_use]
    pub fn is_krbtgt(&self) -> bool {
        self.granting_realm().is_some()
    }

    /// The realm that a ticket-granting service grants tickets in: `R` of `krbtgt/R`.
    #[must_use]
    pub fn granting_realm(&self) -> Option<Realm> {
        match self.components.as_slice() {
            [first, realm] if *first == "krbtgt" => Some(Realm::new(realm.as_bytes())),
            _ => None,
        }
    }

    /// The name in its usual form without a realm, escaped as octets.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (i, component) in self.components.iter().enumerate() {
            if i > 0 {
                out.push(b'/');
            }
            escape(component, &mut out);
        }
        out
    }
}

impl Principal {
    /// From its parts.
    pub fn new(realm: impl Into<Realm>, name: PrincipalName) -> Self {
        Self {
            realm: realm.into(),
            name,
        }
    }

    /// `krbtgt/FOR_REALM@REALM`: the ticket-granting service of `realm` for `for_realm`.
    #[must_use]
    pub fn krbtgt(realm: &Realm, for_realm: &Realm) -> Self {
        let components = [Component::from("krbtgt"), Component::from(for_realm.as_bytes())];
        Self {
            realm: realm.clone(),
            name: PrincipalName::new(NameType::SRV_INST, components),
        }
    }

    /// A service on a host: `service/host@REALM`.
    #[must_use]
    pub fn service(service: &str, host: &str, realm: Realm) -> Self {
        Self {
            realm,
            name: PrincipalName::new(NameType::SRV_HST, [service, host]),
        }
    }

    /// An enterprise name, RFC 6806 §5: `name` is one component, `@` and all.
    #[must_use]
    pub fn enterprise(name: &str, realm: Realm) -> Self {
        Self {
            realm,
            name: PrincipalName::new(NameType::ENTERPRISE, [name]),
        }
    }

    /// Whether this is a ticket-granting service, `krbtgt/…`.
    #[must_use]
    pub fn is_krbtgt(&self) -> bool {
        self.name.is_krbtgt()
    }

    /// Parses the usual form, `a/b@REALM`.
    ///
    /// A backslash takes the special meaning from the next character; `\n`, `\t`, `\b` and `\0` are
    /// newline, tab, backspace and NUL. `\xHH` is the octet HH where `Display` writes it so: for
    /// other controls and octets that are not UTF-8.
    ///
    /// ```
    /// use krb5_proto::{Principal, Realm};
    ///
    /// let default_realm = Realm::from("EXAMPLE.ORG");
    /// let principal = Principal::parse("HTTP/www.example.org", Some(&default_realm))?;
    /// assert_eq!(principal.to_string(), "HTTP/www.example.org@EXAMPLE.ORG");
    /// # Ok::<(), krb5_proto::ParsePrincipalError>(())
    /// ```
    ///
    /// # Errors
    /// See [`ParsePrincipalError`].
    pub fn parse(text: &str, default_realm: Option<&Realm>) -> Result<Self, ParsePrincipalError> {
        Self::parse_octets(text.as_bytes(), default_realm)
    }

    /// Parses the usual form as octets, UTF-8 or not: what [`to_octets`](Self::to_octets) gives, or else as
    /// [`parse`](Self::parse).
    ///
    /// # Errors
    /// See [`ParsePrincipalError`].
    pub fn parse_octets(text: &[u8], default_realm: Option<&Realm>) -> Result<Self, ParsePrincipalError> {
        if text.is_empty() {
            return Err(ParsePrincipalError::Empty);
        }
        let Split { components, realm } = split(text)?;
        let realm = match (realm, default_realm) {
            (Some(realm), _) => realm,
            (None, Some(default)) => default.clone(),
            (None, None) => return Err(ParsePrincipalError::NoRealm),
        };
        let name_type = infer_type(&components);
        Ok(Self {
            realm,
            name: PrincipalName { name_type, components },
        })
    }

    /// The usual form as octets: what MIT and Heimdal print and what names exported from them hold.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut out = self.name.to_octets();
        out.push(b'@');
        escape(&self.realm, &mut out);
        out
    }

    /// The salt that RFC 4120 §4 gives a password where the KDC names none: the realm, then the
    /// components, without separators.
    #[must_use]
    pub fn default_salt(&self) -> Vec<u8> {
        let mut salt = self.realm.as_bytes().to_vec();
        for component in &self.name.components {
            salt.extend_from_slice(component);
        }
        salt
    }
}

impl PartialEq for PrincipalName {
    fn eq(&self, other: &Self) -> bool {
        self.components == other.components
    }
}

impl Eq for PrincipalName {}

impl Hash for PrincipalName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.components.hash(state);
    }
}

impl fmt::Display for PrincipalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.to_octets(), f)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(&self.to_octets(), f)
    }
}

impl der::FixedTag for NameType {
    const TAG: der::Tag = der::Tag::Integer;
}

impl<'a> der::DecodeValue<'a> for NameType {
    type Error = der::Error;

    fn decode_value<R: der::Reader<'a>>(reader: &mut R, header: der::Header) -> der::Result<Self> {
        i32::decode_value(reader, header).map(Self)
    }
}

impl der::EncodeValue for NameType {
    fn value_len(&self) -> der::Result<der::Length> {
        self.0.value_len()
    }

    fn encode_value(&self, writer: &mut impl der::Writer) -> der::Result<()> {
        self.0.encode_value(writer)
    }
}

fn infer_type(components: &[Component]) -> NameType {
    match components {
        [first, _] if *first == "krbtgt" => NameType::SRV_INST,
        [first, _] if *first == "WELLKNOWN" => NameType::WELLKNOWN,
        _ => NameType::PRINCIPAL,
    }
}

/// Appends `part` with its special octets escaped.
fn escape(part: &[u8], out: &mut Vec<u8>) {
    for octet in part {
        let escaped = match octet {
            b'/' | b'@' | b'\\' => *octet,
            b'\n' => b'n',
            b'\t' => b't',
            0x08 => b'b',
            0 => b'0',
            other => {
                out.push(*other);
                continue;
            }
        };
        out.extend([b'\\', escaped]);
    }
}

/// The parts of a text, unescaped.
struct Split {
    components: Vec<Component>,
    realm: Option<Realm>,
}

fn split(text: &[u8]) -> Result<Split, ParsePrincipalError> {
    let mut components = Vec::new();
    let mut part = Vec::new();
    let mut in_realm = false;
    let mut rest = text;
    while let Some((octet, tail)) = rest.split_first() {
        rest = tail;
        match octet {
            b'\\' => {
                let (value, tail) = unescape(rest).ok_or(ParsePrincipalError::LoneBackslash)?;
                part.push(value);
                rest = tail;
            }
            b'@' | b'/' if in_realm => {
                return Err(ParsePrincipalError::Separator(char::from(*octet)));
            }
            b'@' => {
                in_realm = true;
                components.push(Component::new(std::mem::take(&mut part)));
            }
            b'/' => components.push(Component::new(std::mem::take(&mut part))),
            other => part.push(*other),
        }
    }
    if in_realm {
        return Ok(Split {
            components,
            realm: Some(Realm::new(part)),
        });
    }
    components.push(Component::new(part));
    Ok(Split {
        components,
        realm: None,
    })
}

/// The octet that follows a backslash, and what is left.
fn unescape(rest: &[u8]) -> Option<(u8, &[u8])> {
    if let [b'x', high, low, tail @ ..] = rest
        && let Some(octet) = hex_octet(*high, *low)
        && !(0x20..0x7f).contains(&octet)
    {
        return Some((octet, tail));
    }
    let (octet, tail) = rest.split_first()?;
    let value = match octet {
        b'n' => b'\n',
        b't' => b'\t',
        b'b' => 0x08,
        b'0' => 0,
        other => *other,
    };
    Some((value, tail))
}

fn hex_octet(high: u8, low: u8) -> Option<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests;
