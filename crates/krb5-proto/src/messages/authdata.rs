//! AuthorizationData, RFC 4120 §5.2.6.

#[cfg(test)]
mod tests;

use der::Sequence;

use super::strings::Octets;
use crate::Error;

/// One element of AuthorizationData.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
#[asn1(tag_mode = "EXPLICIT")]
pub struct AuthDataEntry {
    /// The element's type.
    #[asn1(context_specific = "0")]
    pub ad_type: i32,
    /// Its content, as the type defines it.
    #[asn1(context_specific = "1")]
    pub ad_data: Octets,
}

sequence_of! {
    /// ```text
    /// AuthorizationData ::= SEQUENCE OF SEQUENCE {
    ///     ad-type [0] Int32,
    ///     ad-data [1] OCTET STRING
    /// }
    /// ```
    AuthorizationData, AuthDataEntry, "AuthorizationData"
}

sequence_of! {
    /// ```text
    /// EtypeList ::= SEQUENCE OF Int32    -- RFC 4537 §3
    /// ```
    EtypeList, i32, "EtypeList"
}

impl AuthorizationData {
    /// All elements of type `ad_type`, also those within AD-IF-RELEVANT.
    ///
    /// # Errors
    /// [`Error::Malformed`] if an AD-IF-RELEVANT is, or if they nest deeper than anyone needs.
    pub fn find(&self, ad_type: i32) -> Result<Vec<Octets>, Error> {
        let mut found = Vec::new();
        let mut level = vec![self.clone()];
        for _ in 0..MAX_NESTING {
            let mut below = Vec::new();
            for entry in level.iter().flat_map(|data| &data.0) {
                if entry.ad_type == ad_type {
                    found.push(entry.ad_data.clone());
                }
                if entry.ad_type == AD_IF_RELEVANT {
                    below.push(Self::from_der(&entry.ad_data)?);
                }
            }
            level = below;
        }
        if level.is_empty() {
            return Ok(found);
        }
        Err(Error::Malformed {
            what: "AD-IF-RELEVANT",
            source: der::ErrorKind::Overlength.into(),
        })
    }

    /// The word of the initiator's KERB-AP-OPTIONS, [MS-KILE]: `None` unless there is exactly
    /// one, of four octets.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn kerb_ap_options(&self) -> Result<Option<u32>, Error> {
        let found = self.find(AD_AP_OPTIONS)?;
        let [only] = found.as_slice() else {
            return Ok(None);
        };
        Ok(<[u8; 4]>::try_from(only.as_bytes()).ok().map(u32::from_le_bytes))
    }

    /// Whether the initiator says that it knows channel bindings: an acceptor that has some must not take its silence
    /// about them for ignorance. Data that cannot be read say nothing.
    #[must_use]
    pub fn requires_channel_bindings(&self) -> bool {
        let options = self.kerb_ap_options().ok().flatten();
        options.is_some_and(|options| options & KERB_AP_OPTIONS_CBT != 0)
    }

    /// KERB-AP-OPTIONS as initiators send it: within AD-IF-RELEVANT.
    ///
    /// # Errors
    /// [`Error::Unencodable`].
    pub fn with_kerb_ap_options(options: u32) -> Result<Self, Error> {
        Self::if_relevant(vec![AuthDataEntry {
            ad_type: AD_AP_OPTIONS,
            ad_data: options.to_le_bytes()[..].into(),
        }])
    }

    /// The encryption types of the initiator's AD-ETYPE-NEGOTIATION, the favourite first: RFC 4537 §3. Empty if there
    /// is none that can be read, since the initiator can do without an answer.
    #[must_use]
    pub fn etype_negotiation(&self) -> Vec<i32> {
        let found = self.find(AD_ETYPE_NEGOTIATION).unwrap_or_default();
        let list = found.first().map(|data| EtypeList::from_der(data.as_bytes()));
        list.and_then(Result::ok).unwrap_or_default().0
    }

    /// AD-ETYPE-NEGOTIATION with the encryption types that the initiator would prefer to that of its key, the favourite
    /// first, within AD-IF-RELEVANT; nothing where there are none.
    ///
    /// # Errors
    /// [`Error::Unencodable`].
    pub fn with_etype_negotiation(etypes: Vec<i32>) -> Result<Self, Error> {
        if etypes.is_empty() {
            return Ok(Self::default());
        }
        Self::if_relevant(vec![AuthDataEntry {
            ad_type: AD_ETYPE_NEGOTIATION,
            ad_data: EtypeList(etypes).to_der()?.into(),
        }])
    }

    /// The same without elements of type `ad_type`, also those directly within AD-IF-RELEVANT; one that is empty then
    /// is left out.
    ///
    /// # Errors
    /// [`Error::Malformed`] if an AD-IF-RELEVANT is.
    pub fn without(self, ad_type: i32) -> Result<Self, Error> {
        let mut kept = Self::default();
        for entry in self.0 {
            if entry.ad_type == AD_IF_RELEVANT {
                let mut inside = Self::from_der(&entry.ad_data)?;
                inside.0.retain(|inner| inner.ad_type != ad_type);
                if !inside.is_empty() {
                    kept.0.extend(Self::if_relevant(inside.0)?.0);
                }
            } else if entry.ad_type != ad_type {
                kept.0.push(entry);
            }
        }
        Ok(kept)
    }

    fn if_relevant(entries: Vec<AuthDataEntry>) -> Result<Self, Error> {
        let ad_data = Self(entries).to_der()?.into();
        Ok(Self(vec![AuthDataEntry {
            ad_type: AD_IF_RELEVANT,
            ad_data,
        }]))
    }
}

/// AD-IF-RELEVANT, RFC 4120 §5.2.6.1.
pub const AD_IF_RELEVANT: i32 = 1;
/// AD-WIN2K-PAC, [MS-PAC] §2.
pub const AD_WIN2K_PAC: i32 = 128;
/// AD-ETYPE-NEGOTIATION, RFC 4537 §3.
pub const AD_ETYPE_NEGOTIATION: i32 = 129;
/// KERB-AP-OPTIONS, [MS-KILE].
pub const AD_AP_OPTIONS: i32 = 143;
/// In KERB-AP-OPTIONS: the initiator knows channel bindings and binds where it can.
pub const KERB_AP_OPTIONS_CBT: u32 = 0x4000;

/// How deep AD-IF-RELEVANT may nest.
const MAX_NESTING: usize = 8;
