//! KerberosFlags, RFC 4120 §5.2.8, and the flag words built on it.

use der::asn1::BitStringRef;
use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};

/// A set of 32 flags; bit 0 of the RFC is the most significant bit of the word.
macro_rules! flags {
    (
        $(#[$doc:meta])*
        $type:ident { $($(#[$flag_doc:meta])* $flag:ident = $bit:literal, $text:literal;)* }
    ) => {
        $(#[$doc])*
        ///
        /// Bit 0 of the RFC is the most significant bit. Flags without a name are kept. Encoded in 32
        /// bits; shorter encodings decode as if padded with zeros, the bits after the 32nd are ignored.
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $type(pub u32);

        impl $type {
            $($(#[$flag_doc])* pub const $flag: Self = Self(0x8000_0000 >> $bit);)*

            /// No flag.
            #[must_use]
            pub const fn empty() -> Self {
                Self(0)
            }

            /// The word, bit 0 of the RFC uppermost.
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Whether all of `other` are set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The flags of both.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// These flags without those of `other`.
            #[must_use]
            pub const fn difference(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// The flags common to both.
            #[must_use]
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// Sets the flags of `other`.
            pub fn insert(&mut self, other: Self) {
                self.0 |= other.0;
            }

            /// Clears the flags of `other`.
            pub fn remove(&mut self, other: Self) {
                self.0 &= !other.0;
            }

            /// The RFC's names of the flags that are set and have one.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                [$(($type::$flag, $text)),*]
                    .into_iter()
                    .filter(move |(flag, _)| self.contains(*flag))
                    .map(|(_, name)| name)
            }
        }

        impl std::ops::BitOr for $type {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                self.union(other)
            }
        }

        impl std::ops::BitOrAssign for $type {
            fn bitor_assign(&mut self, other: Self) {
                self.insert(other);
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($type), "({:#010x}"), self.0)?;
                for name in self.names() {
                    write!(f, " {name}")?;
                }
                f.write_str(")")
            }
        }

        impl FixedTag for $type {
            const TAG: Tag = Tag::BitString;
        }

        impl<'a> DecodeValue<'a> for $type {
            type Error = der::Error;

            fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
                BitStringRef::decode_value(reader, header).map(|bits| Self(first_32(bits)))
            }
        }

        impl EncodeValue for $type {
            fn value_len(&self) -> der::Result<Length> {
                Ok(Length::new(5))
            }

            fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
                writer.write_byte(0)?;
                writer.write(&self.0.to_be_bytes())
            }
        }
    };
}

/// The first 32 bits, the missing ones as zeros.
fn first_32(bits: BitStringRef<'_>) -> u32 {
    let mut word = [0; 4];
    for (to, from) in word.iter_mut().zip(bits.raw_bytes()) {
        *to = *from;
    }
    u32::from_be_bytes(word)
}

flags! {
    /// TicketFlags, RFC 4120 §5.3.
    TicketFlags {
        /// The ticket-granting service may issue a TGT with another address from this one.
        FORWARDABLE = 1, "forwardable";
        /// Forwarded, or issued from a forwarded TGT.
        FORWARDED = 2, "forwarded";
        /// Non-TGTs with another address may be issued from this one.
        PROXIABLE = 3, "proxiable";
        /// The ticket is a proxy.
        PROXY = 4, "proxy";
        /// May be postdated.
        MAY_POSTDATE = 5, "may-postdate";
        /// Was postdated.
        POSTDATED = 6, "postdated";
        /// Invalid until validated by the KDC.
        INVALID = 7, "invalid";
        /// May be renewed until its renew-till time.
        RENEWABLE = 8, "renewable";
        /// Issued by the AS exchange, not from a TGT.
        INITIAL = 9, "initial";
        /// The client was authenticated before the ticket was issued.
        PRE_AUTHENT = 10, "pre-authent";
        /// Hardware was used in that.
        HW_AUTHENT = 11, "hw-authent";
        /// The KDC has checked the transited field.
        TRANSITED_POLICY_CHECKED = 12, "transited-policy-checked";
        /// The realm's policy lets clients delegate to this service.
        OK_AS_DELEGATE = 13, "ok-as-delegate";
        /// The KDC knows encrypted pa-data, RFC 6806 §11.
        ENC_PA_REP = 15, "enc-pa-rep";
        /// Anonymous, RFC 8062 §3.
        ANONYMOUS = 16, "anonymous";
    }
}

flags! {
    /// KDCOptions, RFC 4120 §5.4.1.
    KdcOptions {
        /// Ask for a forwardable ticket.
        FORWARDABLE = 1, "forwardable";
        /// Ask for a forwarded ticket (TGS).
        FORWARDED = 2, "forwarded";
        /// Ask for a proxiable ticket.
        PROXIABLE = 3, "proxiable";
        /// Ask for a proxy (TGS).
        PROXY = 4, "proxy";
        /// Ask for a ticket that may be postdated.
        ALLOW_POSTDATE = 5, "allow-postdate";
        /// Ask for a postdated ticket.
        POSTDATED = 6, "postdated";
        /// Ask for a renewable ticket.
        RENEWABLE = 8, "renewable";
        /// S4U2Proxy: the additional ticket is the evidence.
        CNAME_IN_ADDL_TKT = 14, "cname-in-addl-tkt";
        /// Names may be canonicalised, RFC 6806 §3.
        CANONICALIZE = 15, "canonicalize";
        /// Ask for an anonymous ticket, RFC 8062 §3.
        REQUEST_ANONYMOUS = 16, "request-anonymous";
        /// Do not check the transited field.
        DISABLE_TRANSITED_CHECK = 26, "disable-transited-check";
        /// A renewable ticket is acceptable where the lifetime cannot be had otherwise.
        RENEWABLE_OK = 27, "renewable-ok";
        /// Encrypt the ticket in the additional ticket's session key.
        ENC_TKT_IN_SKEY = 28, "enc-tkt-in-skey";
        /// Renew the ticket in the request.
        RENEW = 30, "renew";
        /// Validate the ticket in the request.
        VALIDATE = 31, "validate";
    }
}

flags! {
    /// APOptions, RFC 4120 §5.5.1.
    ApOptions {
        /// The ticket is encrypted in the acceptor's TGT session key.
        USE_SESSION_KEY = 1, "use-session-key";
        /// The acceptor must authenticate itself with an AP-REP.
        MUTUAL_REQUIRED = 2, "mutual-required";
    }
}
