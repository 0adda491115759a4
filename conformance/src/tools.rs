//! The command-line tools of each implementation: tickets, and listings of caches and keytabs.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{
    flavour::Flavour,
    process::{Outcome, run, run_ok, within},
    programs::{Programs, file_name},
    realm::{PASSWORD, Site},
};

/// How `kinit` is to take the name it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// As one that the KDC may replace.
    Canonical,
    /// The same, and one that has an `@` of its own.
    Enterprise,
}

/// The tools of one implementation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tools<'a> {
    flavour: Flavour,
    programs: &'a Programs,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(flavour: Flavour, programs: &'a Programs) -> Self {
        Self {
            flavour: flavour.implementation(),
            programs,
        }
    }

    /// Gets a ticket-granting ticket with the user's password.
    pub(crate) fn kinit_password(self, site: &Site, ccache: &Path) -> Result<()> {
        let outcome = self.try_password(site, ccache, PASSWORD)?;
        if !outcome.status.success() {
            bail!("kinit: {}", outcome.said());
        }
        Ok(())
    }

    /// Tries some password; the outcome tells how that went.
    pub(crate) fn try_password(self, site: &Site, ccache: &Path, password: &str) -> Result<Outcome> {
        let mut command = match self.flavour {
            Flavour::Gss => self.gss(&["kinit"])?,
            Flavour::Heimdal => {
                let mut command = self.programs.heimdal("kinit.heimdal");
                command.arg("--password-file=STDIN");
                command
            }
            _ => self.programs.mit("bin/kinit"),
        };
        run(
            at(&mut command, site, ccache).arg(&site.user),
            &format!("{password}\n"),
            within(30),
        )
    }

    /// Gets a ticket-granting ticket for whom the KDC knows by this name, with the user's password.
    pub(crate) fn kinit_named(self, site: &Site, ccache: &Path, name: &str, names: Names) -> Result<()> {
        let option = |canonical, enterprise| match names {
            Names::Canonical => canonical,
            Names::Enterprise => enterprise,
        };
        let mut command = match self.flavour {
            Flavour::Gss => self.gss(&["kinit", option("-C", "-E")])?,
            Flavour::Heimdal => {
                let mut command = self.programs.heimdal("kinit.heimdal");
                command.args(["--password-file=STDIN", option("--canonicalize", "--enterprise")]);
                command
            }
            _ => {
                let mut command = self.programs.mit("bin/kinit");
                command.arg(option("-C", "-E"));
                command
            }
        };
        let input = format!("{PASSWORD}\n");
        run_ok(at(&mut command, site, ccache).arg(name), &input, within(30))?;
        Ok(())
    }

    /// Gets a ticket-granting ticket with the user's keys of `keytab`.
    pub(crate) fn kinit_keytab(self, site: &Site, ccache: &Path, keytab: &Path) -> Result<()> {
        self.kinit_keytab_as(site, ccache, keytab, &site.user)
    }

    /// Gets a ticket-granting ticket with the keys that `principal` has in `keytab`.
    pub(crate) fn kinit_keytab_as(self, site: &Site, ccache: &Path, keytab: &Path, principal: &str) -> Result<()> {
        let mut command = match self.flavour {
            Flavour::Gss => self.gss(&["kinit"])?,
            Flavour::Heimdal => self.programs.heimdal("kinit.heimdal"),
            _ => self.programs.mit("bin/kinit"),
        };
        command.args(["-k", "-t", &file_name(keytab)]);
        run_ok(at(&mut command, site, ccache).arg(principal), "", within(30))?;
        Ok(())
    }

    /// Gets a ticket for the service into `ccache`.
    pub(crate) fn kvno(self, site: &Site, ccache: &Path) -> Result<()> {
        let mut command = match self.flavour {
            Flavour::Gss => self.gss(&["kvno"])?,
            Flavour::Heimdal => self.programs.heimdal("kgetcred"),
            _ => self.programs.mit("bin/kvno"),
        };
        run_ok(at(&mut command, site, ccache).arg(&site.service), "", within(30))?;
        Ok(())
    }

    /// Gets a ticket for another user, whose ticket-granting ticket `others` holds; what is said of it.
    pub(crate) fn kvno_user_to_user(self, site: &Site, ccache: &Path, others: &Path, user: &str) -> Result<String> {
        let mut command = match self.flavour {
            Flavour::Gss => self.gss(&["kvno"])?,
            Flavour::Heimdal => bail!("Heimdal's kgetcred knows no user to user"),
            _ => self.programs.mit("bin/kvno"),
        };
        command.args(["--u2u", &file_name(others)]);
        run_ok(at(&mut command, site, ccache).arg(user), "", within(30))
    }

    /// Lists the tickets of `ccache`.
    pub(crate) fn klist(self, site: &Site, ccache: &Path) -> Result<String> {
        let mut command = match self.flavour {
            Flavour::Gss => self.gss(&["klist"])?,
            Flavour::Heimdal => {
                let mut command = self.programs.heimdal("klist.heimdal");
                // The program of that name is Heimdal's toolbox, and klist one of its commands.
                command.args(["klist", "-v"]);
                command
            }
            _ => {
                let mut command = self.programs.mit("bin/klist");
                command.arg("-e");
                command
            }
        };
        run_ok(at(&mut command, site, ccache), "", within(30))
    }

    /// Lists the entries of `keytab`.
    pub(crate) fn list_keytab(self, site: &Site, keytab: &Path) -> Result<String> {
        let file = file_name(keytab);
        let mut command = match self.flavour {
            Flavour::Gss => self.gss(&["keytab", "list", &file])?,
            Flavour::Heimdal => {
                let mut command = self.programs.heimdal("ktutil.heimdal");
                command.args(["-k", &file, "list"]);
                command
            }
            _ => {
                let mut command = self.programs.mit("bin/klist");
                command.args(["-k", "-e", &file]);
                command
            }
        };
        run_ok(command.env("KRB5_CONFIG", &site.krb5_conf), "", within(30))
    }

    /// Writes a new keytab with the user's key, derived from the password and of the site's encryption type.
    pub(crate) fn write_keytab(self, site: &Site, keytab: &Path) -> Result<()> {
        let (file, enctype) = (file_name(keytab), site.enctype.name());
        let (mut command, input) = match self.flavour {
            Flavour::Gss => (
                self.gss(&["keytab", "add", &file, &site.user, "--enctype", enctype, "--kvno", "1"])?,
                format!("{PASSWORD}\n"),
            ),
            Flavour::Heimdal => {
                let mut command = self.programs.heimdal("ktutil.heimdal");
                command.args([
                    "-k", &file, "add", "-p", &site.user, "-V", "1", "-e", enctype, "-w", PASSWORD,
                ]);
                (command, String::new())
            }
            _ => {
                let add = format!("addent -password -p {} -k 1 -e {enctype}", site.user);
                let write = format!("wkt {}", keytab.display());
                (self.programs.mit("bin/ktutil"), format!("{add}\n{PASSWORD}\n{write}\n"))
            }
        };
        run_ok(command.env("KRB5_CONFIG", &site.krb5_conf), &input, within(30))?;
        Ok(())
    }

    fn gss(self, arguments: &[&str]) -> Result<Command> {
        let mut command = self.programs.gss()?;
        command.args(arguments);
        Ok(command)
    }
}

/// The command at this site, with this cache.
pub(crate) fn at<'a>(command: &'a mut Command, site: &Site, ccache: &Path) -> &'a mut Command {
    command
        .env("KRB5_CONFIG", &site.krb5_conf)
        .env("KRB5CCNAME", file_name(ccache))
}
