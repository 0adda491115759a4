//! What MIT's kvno can ask for, and this one cannot.

use anyhow::anyhow;

use crate::report::Hint as _;

/// Options that are known, so that whoever gives them learns why they do nothing here.
#[derive(Debug, clap::Args)]
pub(super) struct Absent {
    /// Not implemented: a ticket to this service for another user (S4U2Self, [MS-SFU])
    #[arg(short = 'U', long = "for-user", value_name = "USER", hide_short_help = true)]
    user: Option<String>,
    /// Not implemented: as -U, the user by an enterprise name
    #[arg(
        short = 'I',
        long = "for-enterprise-user",
        value_name = "USER",
        hide_short_help = true
    )]
    enterprise: Option<String>,
    /// Not implemented: as -U, the user by a certificate
    #[arg(short = 'F', long = "for-certificate", value_name = "FILE", hide_short_help = true)]
    certificate: Option<String>,
    /// Not implemented: a ticket to another service for that user (S4U2Proxy, constrained delegation)
    #[arg(short = 'P', long = "proxy", hide_short_help = true)]
    proxy: bool,
}

impl Absent {
    /// Fails where anything was asked for that is not there.
    ///
    /// A ticket without it would be somebody else's.
    pub(super) fn refuse(&self) -> anyhow::Result<()> {
        let self_service = self.user.is_some() || self.enterprise.is_some() || self.certificate.is_some();
        let what = match (self.proxy, self_service) {
            (true, _) => "constrained delegation (-P, S4U2Proxy)",
            (_, true) => "tickets for other users (-U, -I, -F: S4U2Self)",
            _ => return Ok(()),
        };
        Err(anyhow!(
            "{what}: not implemented; this needs the extensions of [MS-SFU]"
        ))
        .hint("leave the option out")
    }
}
