//! What MIT's kinit can ask for, and this one cannot.

use anyhow::anyhow;

use crate::report::Hint as _;

/// Options that are known, so that whoever gives them learns why they do nothing here.
#[derive(Debug, clap::Args)]
pub(super) struct Absent {
    /// Not implemented: an anonymous ticket, which needs PKINIT
    #[arg(short = 'n', long, hide_short_help = true)]
    anonymous: bool,
    /// Not implemented: armour for the exchange (FAST, RFC 6113)
    #[arg(
        short = 'T',
        long = "armor-cache",
        visible_alias = "fast-armor-cache",
        value_name = "CCACHE",
        hide_short_help = true
    )]
    armor: Option<String>,
    /// Not implemented: a cache that tells how the last exchange went, which is of use for FAST alone
    #[arg(short = 'I', long = "input-cache", value_name = "CCACHE", hide_short_help = true)]
    input: Option<String>,
    /// Not implemented: an attribute of preauthentication, such as X509_user_identity of PKINIT
    #[arg(short = 'X', long = "attribute", value_name = "NAME=VALUE", hide_short_help = true)]
    attributes: Vec<String>,
    /// Not implemented: to say whether the ticket shall have a PAC
    #[arg(long = "request-pac", hide_short_help = true)]
    pac: bool,
    /// Not implemented: to say whether the ticket shall have a PAC
    #[arg(long = "no-request-pac", hide_short_help = true)]
    no_pac: bool,
}

impl Absent {
    /// Fails where anything was asked for that is not there.
    ///
    /// A ticket without it might look like the one that was meant.
    pub(super) fn refuse(&self) -> anyhow::Result<()> {
        let asked = [
            (self.anonymous, "anonymous tickets (-n)", NEEDS_PKINIT),
            (self.armor.is_some(), "armoured exchanges (-T)", NEEDS_FAST),
            (self.input.is_some(), "an input cache (-I)", NEEDS_FAST),
            (
                !self.attributes.is_empty(),
                "attributes of preauthentication (-X)",
                NEEDS_PKINIT,
            ),
            (self.pac || self.no_pac, "the choice of a PAC", "the KDC decides it"),
        ];
        match asked.into_iter().find(|(asked, ..)| *asked) {
            None => Ok(()),
            Some((_, what, why)) => Err(anyhow!("{what}: not implemented; {why}")).hint("leave the option out"),
        }
    }
}

const NEEDS_PKINIT: &str = "this needs PKINIT (RFC 4556, RFC 8062)";
const NEEDS_FAST: &str = "this needs FAST (RFC 6113)";
