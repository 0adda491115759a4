//! Realms of our own KDC, one for each encryption type, as `gss kdc` makes them.

use std::{
    fs::{self, File},
    path::Path,
    process::Stdio,
};

use anyhow::Result;

use super::{NO_NAME_SERVICE, Names, PASSWORD, Realm, Site, await_ready};
use crate::{
    flavour::{Enctype, Flavour},
    process::Guard,
    programs::Programs,
    tools::Tools,
};

pub(super) fn start(programs: &Programs, directory: &Path) -> Result<Realm> {
    let names = Names {
        realm: REALM,
        directory,
    };
    let mut realm = Realm {
        kdcs: Vec::new(),
        sites: Vec::new(),
    };
    for enctype in Enctype::ALL {
        let site = names.site(enctype);
        realm.kdcs.push(start_kdc(programs, directory, &site)?);
        restrict(&site)?;
        fs::write(&site.password_file, format!("{PASSWORD}\n"))?;
        // By another's kinit: these contexts are about the KDC, and not about our kinit.
        Tools::new(Flavour::Mit, programs).kinit_password(&site, &site.ccache)?;
        realm.sites.push(site);
    }
    Ok(realm)
}

/// Starts the KDC.
fn start_kdc(programs: &Programs, directory: &Path, site: &Site) -> Result<Guard> {
    let service = site.service.trim_end_matches(&format!("@{REALM}"));
    let short = site.enctype.short();
    let (out, err) = (
        directory.join(format!("kdc-{short}.out")),
        directory.join(format!("kdc-{short}.err")),
    );
    let mut command = programs.gss()?;
    command
        .args(["kdc", "--realm", REALM, "--listen", "127.0.0.1:0"])
        .args(["--principal", &format!("user:{PASSWORD}"), "--service", service])
        .args(["--enctypes", site.enctype.name()])
        .arg("--keytab")
        .arg(&site.keytab)
        .arg("--krb5-conf")
        .arg(&site.krb5_conf)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?);
    let mut kdc = Guard::new(command.spawn()?);
    await_ready(&mut kdc, &out, &err)?;
    Ok(kdc)
}

/// Adds to the KDC's krb5.conf what this suite's clients need besides: sections accumulate, first values win.
fn restrict(site: &Site) -> Result<()> {
    let written = fs::read_to_string(&site.krb5_conf)?;
    let enctype = site.enctype.name();
    let text = format!(
        "[libdefaults]
    permitted_enctypes = {enctype}
    default_tkt_enctypes = {enctype}
    default_tgs_enctypes = {enctype}
{NO_NAME_SERVICE}[domain_realm]
    .conformance.test = {REALM}
{written}"
    );
    Ok(fs::write(&site.krb5_conf, text)?)
}

const REALM: &str = "OURS.TEST";
