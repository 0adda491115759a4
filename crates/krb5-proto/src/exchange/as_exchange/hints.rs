//! How a KDC says that the client's key is made: ETYPE-INFO2, ETYPE-INFO, PW-SALT.
//!
//! Nothing here is authenticated. A hint never selects an encryption type that was not asked for.

use krb5_crypto::Enctype;

use crate::Error;
use crate::error::EtypeNumbers;
use crate::messages::preauth::{self, PA_ETYPE_INFO, PA_ETYPE_INFO2, PA_PW_SALT};
use crate::messages::{EtypeInfo, EtypeInfo2, PaData};

/// One way of making the client's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) etype: Enctype,
    /// `None` is the default salt; empty is empty.
    pub(super) salt: Option<Vec<u8>>,
    /// String-to-key parameters.
    pub(super) params: Option<Vec<u8>>,
}

/// What the KDC says about the client's keys.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// By encryption type, the KDC's preferred one first; types that are not ours are left out.
    entries: Vec<Hint>,
    /// All types that the KDC names.
    offered: Vec<i32>,
    /// The salt for any type, where the KDC names no types.
    salt: Option<Vec<u8>>,
}

impl Hint {
    /// Default salt, default parameters.
    pub(super) fn plain(etype: Enctype) -> Self {
        Self {
            etype,
            salt: None,
            params: None,
        }
    }
}

impl Hints {
    /// Reads the newest form that is there.
    pub(super) fn parse(padata: &[PaData]) -> Result<Self, Error> {
        if let Some(info) = preauth::find(padata, PA_ETYPE_INFO2) {
            return EtypeInfo2::from_der(info).map(|info| Self::from_info2(&info));
        }
        if let Some(info) = preauth::find(padata, PA_ETYPE_INFO) {
            return EtypeInfo::from_der(info).map(|info| Self::from_info(&info));
        }
        let salt = preauth::find(padata, PA_PW_SALT).map(<[u8]>::to_vec);
        Ok(Self {
            salt,
            ..Self::default()
        })
    }

    /// The way that the KDC prefers, of those for an encryption type in `requested`.
    pub(super) fn choose(&self, requested: &[Enctype]) -> Result<Hint, Error> {
        let refused = || Error::EtypeNotRequested {
            offered: self.offered(),
            requested: EtypeNumbers::of(requested),
        };
        if let Some(hint) = self.entries.iter().find(|hint| requested.contains(&hint.etype)) {
            return Ok(hint.clone());
        }
        let first = requested
            .first()
            .filter(|_| self.offered.is_empty())
            .ok_or_else(refused)?;
        Ok(Hint {
            salt: self.salt.clone(),
            ..Hint::plain(*first)
        })
    }

    /// What the KDC says about keys of type `etype`, if anything.
    pub(super) fn find(&self, etype: Enctype) -> Option<Hint> {
        let named = self.entries.iter().find(|hint| hint.etype == etype).cloned();
        named.or_else(|| {
            self.salt.clone().map(|salt| Hint {
                salt: Some(salt),
                ..Hint::plain(etype)
            })
        })
    }

    fn offered(&self) -> EtypeNumbers {
        EtypeNumbers(self.offered.clone())
    }

    fn from_info2(info: &EtypeInfo2) -> Self {
        let hint = |entry: &preauth::EtypeInfo2Entry| {
            Some(Hint {
                etype: Enctype::from_number(entry.etype)?,
                salt: entry.salt.as_ref().map(|salt| salt.to_vec()),
                params: entry.s2kparams.as_ref().map(|params| params.to_vec()),
            })
        };
        let offered = info.iter().map(|entry| entry.etype).collect();
        Self {
            entries: info.iter().filter_map(hint).collect(),
            offered,
            salt: None,
        }
    }

    fn from_info(info: &EtypeInfo) -> Self {
        let hint = |entry: &preauth::EtypeInfoEntry| {
            let etype = Enctype::from_number(entry.etype)?;
            Some(Hint {
                etype,
                salt: entry.salt.as_ref().map(|salt| salt.to_vec()),
                params: None,
            })
        };
        let offered = info.iter().map(|entry| entry.etype).collect();
        Self {
            entries: info.iter().filter_map(hint).collect(),
            offered,
            salt: None,
        }
    }
}
