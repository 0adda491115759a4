/// What a key is used for: each number has derived keys of its own, RFC 3961 §2 and RFC 4120 §7.5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyUsage(pub u32);

impl KeyUsage {
    /// AS-REQ PA-ENC-TIMESTAMP, with the client's key.
    pub const AS_REQ_PA_ENC_TIMESTAMP: Self = Self(1);
    /// The encrypted part of a ticket, with the service's key.
    pub const TICKET: Self = Self(2);
    /// The encrypted part of an AS-REP, with the client's key.
    pub const AS_REP: Self = Self(3);
    /// Authorization data of a TGS-REQ, with the session key.
    pub const TGS_REQ_AUTHDATA_SESSION: Self = Self(4);
    /// Authorization data of a TGS-REQ, with the authenticator's subkey.
    pub const TGS_REQ_AUTHDATA_SUBKEY: Self = Self(5);
    /// Checksum of a TGS-REQ body in its authenticator, with the session key.
    pub const TGS_REQ_CHECKSUM: Self = Self(6);
    /// Authenticator of a TGS-REQ, with the session key.
    pub const TGS_REQ_AUTHENTICATOR: Self = Self(7);
    /// The encrypted part of a TGS-REP, with the session key.
    pub const TGS_REP_SESSION: Self = Self(8);
    /// The encrypted part of a TGS-REP, with the authenticator's subkey.
    pub const TGS_REP_SUBKEY: Self = Self(9);
    /// Checksum in the authenticator of an AP-REQ, with the session key.
    pub const AP_REQ_CHECKSUM: Self = Self(10);
    /// Authenticator of an AP-REQ, with the session key.
    pub const AP_REQ_AUTHENTICATOR: Self = Self(11);
    /// The encrypted part of an AP-REP, with the session key.
    pub const AP_REP: Self = Self(12);
    /// The encrypted part of a KRB-PRIV.
    pub const KRB_PRIV: Self = Self(13);
    /// The encrypted part of a KRB-CRED.
    pub const KRB_CRED: Self = Self(14);
    /// Checksum of a KRB-SAFE.
    pub const KRB_SAFE: Self = Self(15);
    /// AD-KDC-ISSUED checksum, RFC 4120 §5.2.6.2.
    pub const AD_KDC_ISSUED_CHECKSUM: Self = Self(19);
    /// Wrap tokens of the acceptor, RFC 4121 §2.
    pub const ACCEPTOR_SEAL: Self = Self(22);
    /// MIC tokens of the acceptor, RFC 4121 §2.
    pub const ACCEPTOR_SIGN: Self = Self(23);
    /// Wrap tokens of the initiator, RFC 4121 §2.
    pub const INITIATOR_SEAL: Self = Self(24);
    /// MIC tokens of the initiator, RFC 4121 §2.
    pub const INITIATOR_SIGN: Self = Self(25);
    /// PA-S4U-X509-USER checksum in a TGS-REQ, [MS-SFU] §2.2.2.
    pub const PA_S4U_X509_USER_REQUEST: Self = Self(26);
    /// PA-S4U-X509-USER checksum in a TGS-REP, [MS-SFU] §2.2.2.
    pub const PA_S4U_X509_USER_REPLY: Self = Self(27);
    /// FAST: checksum of the request, RFC 6113 §5.4.2.
    pub const FAST_REQ_CHECKSUM: Self = Self(50);
    /// FAST: encrypted request, RFC 6113 §5.4.2.
    pub const FAST_ENC: Self = Self(51);
    /// FAST: encrypted reply, RFC 6113 §5.4.3.
    pub const FAST_REP: Self = Self(52);
    /// FAST: checksum of the ticket in the finished message, RFC 6113 §5.4.3.
    pub const FAST_FINISHED: Self = Self(53);
    /// Encrypted challenge of the client, RFC 6113 §5.4.6.
    pub const ENC_CHALLENGE_CLIENT: Self = Self(54);
    /// Encrypted challenge of the KDC, RFC 6113 §5.4.6.
    pub const ENC_CHALLENGE_KDC: Self = Self(55);
    /// AS-REQ checksum in PA-REQ-ENC-PA-REP, RFC 6806 §11.
    pub const AS_REQ: Self = Self(56);
}
