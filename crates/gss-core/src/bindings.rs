//! Channel bindings, RFC 2743 §1.1.6 and RFC 2744 §3.11.

/// Data that ties a context to the channel it runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelBindings {
    /// The initiator's address. [`Address::default`] where none is bound, as RFC 5056 advises.
    pub initiator: Address,
    /// The acceptor's address.
    pub acceptor: Address,
    /// What the application binds, such as `tls-server-end-point:` and a certificate's hash, RFC 5929.
    pub application_data: Vec<u8>,
}

/// An address in channel bindings: RFC 2744's type number and octets. The default is type 0 (unspecified) and empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// `GSS_C_AF_…`: 0 unspecified, 2 INET, 24 INET6, 255 none.
    pub address_type: u32,
    /// The address in network order.
    pub octets: Vec<u8>,
}

/// What an acceptor that was given channel bindings asks of the initiator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingsPolicy {
    /// Do not look at what the initiator binds.
    Ignore,
    /// What the initiator binds must agree; an initiator that binds nothing is accepted without
    /// [`CHANNEL_BOUND`](crate::Flags::CHANNEL_BOUND), unless it says that it would have bound.
    #[default]
    WhenSupplied,
    /// The initiator must bind the same.
    Require,
}

impl ChannelBindings {
    /// Bindings of application data alone: what almost every protocol uses.
    pub fn application(data: impl Into<Vec<u8>>) -> Self {
        Self {
            application_data: data.into(),
            ..Self::default()
        }
    }

    /// The octets that mechanisms hash, RFC 4121 §4.1.1.2: each address as type, length, octets, then the length of
    /// the application data and the data. The numbers have four octets, little-endian.
    ///
    /// ```
    /// let bindings = gss_core::ChannelBindings::application(b"ab");
    /// assert_eq!(bindings.to_octets(), b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0ab");
    /// ```
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for address in [&self.initiator, &self.acceptor] {
            octets.extend_from_slice(&address.address_type.to_le_bytes());
            push_counted(&mut octets, &address.octets);
        }
        push_counted(&mut octets, &self.application_data);
        octets
    }
}

fn push_counted(octets: &mut Vec<u8>, counted: &[u8]) {
    // The field has 32 bits; nobody binds 4 GiB, and both sides would write the same.
    let length = u32::try_from(counted.len()).unwrap_or(u32::MAX);
    octets.extend_from_slice(&length.to_le_bytes());
    octets.extend_from_slice(counted);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_before_the_application_data() {
        let bindings = ChannelBindings {
            initiator: Address {
                address_type: 2,
                octets: vec![127, 0, 0, 1],
            },
            acceptor: Address {
                address_type: 255,
                octets: Vec::new(),
            },
            application_data: b"x".to_vec(),
        };
        let expected = b"\x02\0\0\0\x04\0\0\0\x7f\0\0\x01\xff\0\0\0\0\0\0\0\x01\0\0\0x";
        assert_eq!(bindings.to_octets(), expected);
    }

    #[test]
    fn where_one_field_ends_is_bound_too() {
        let address = |octets: &[u8]| Address {
            address_type: 0,
            octets: octets.to_vec(),
        };
        let bindings = |one: &[u8], other: &[u8]| ChannelBindings {
            initiator: address(one),
            acceptor: address(other),
            application_data: Vec::new(),
        };
        assert_ne!(bindings(b"ab", b"").to_octets(), bindings(b"a", b"b").to_octets());
    }
}
