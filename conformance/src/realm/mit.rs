//! A realm of MIT's KDC, from packages that are unpacked and not installed.

use std::{fs, fs::File, path::Path, process::Stdio};

use anyhow::{Result, bail};

use super::{NO_NAME_SERVICE, Names, PASSWORD, Realm, Site, await_listening, free_port, outfit};
use crate::{
    flavour::{Enctype, Flavour},
    process::{Guard, run, run_ok, within},
    programs::{Programs, mit_libraries},
    tools::Tools,
};

pub(super) fn start(programs: &Programs, directory: &Path) -> Result<Realm> {
    let port = free_port()?;
    let names = Names {
        realm: REALM,
        directory,
    };
    let sites = Enctype::ALL.map(|enctype| names.site(enctype));
    write_configuration(programs, directory, port)?;
    fill_database(programs, directory, &sites)?;

    let log = directory.join("kdc.out");
    let mut command = admin(programs, directory, "sbin/krb5kdc");
    command
        .args(["-n", "-r", REALM])
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?);
    let mut kdc = Guard::new(command.spawn()?);
    await_listening(&mut kdc, port, &log)?;
    outfit(&sites, port, Tools::new(Flavour::Mit, programs))?;
    Ok(Realm {
        kdcs: vec![kdc],
        sites: sites.into(),
    })
}

fn admin(programs: &Programs, directory: &Path, name: &str) -> std::process::Command {
    let mut command = programs.mit(name);
    command
        .env("KRB5_CONFIG", directory.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", directory.join("kdc.conf"));
    command
}

fn write_configuration(programs: &Programs, directory: &Path, port: u16) -> Result<()> {
    let here = directory.display();
    let modules = mit_libraries(&programs.mit_root).join("krb5/plugins/kdb");
    fs::write(
        directory.join("krb5.conf"),
        format!("[libdefaults]\n    default_realm = {REALM}\n{NO_NAME_SERVICE}"),
    )?;
    let enctypes = Enctype::ALL
        .map(|enctype| format!("{}:normal", enctype.name()))
        .join(" ");
    fs::write(
        directory.join("kdc.conf"),
        format!(
            "[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {REALM} = {{
        database_name = {here}/principal
        key_stash_file = {here}/stash
        acl_file = {here}/kadm5.acl
        supported_enctypes = {enctypes}
        max_life = 1d
        max_renewable_life = 7d
        default_principal_flags = +forwardable
    }}
[dbmodules]
    db_module_dir = {}
[logging]
    kdc = FILE:{here}/kdc.log
    default = FILE:{here}/other.log
",
            modules.display()
        ),
    )?;
    Ok(())
}

fn fill_database(programs: &Programs, directory: &Path, sites: &[Site]) -> Result<()> {
    run_ok(
        admin(programs, directory, "sbin/kdb5_util").args(["create", "-s", "-r", REALM, "-P", "master"]),
        "",
        within(60),
    )?;
    let mut script = format!("addprinc -pw \"{PASSWORD}\" +requires_preauth user\n");
    for site in sites {
        let (service, keytab) = (&site.service, site.keytab.display());
        script += &format!("addprinc -randkey -e {}:normal {service}\n", site.enctype.name());
        // Without this the KDC takes it that every service knows the newest session keys.
        script += &format!("setstr {service} session_enctypes {}\n", site.enctype.name());
        script += &format!("ktadd -norandkey -k {keytab} {service}\n");
        script += &format!(
            "ktadd -norandkey -k {} {service}\n",
            directory.join("all.keytab").display()
        );
    }
    script += &format!("ktadd -norandkey -k {} user\n", directory.join("user.keytab").display());
    let outcome = run(
        &mut admin(programs, directory, "sbin/kadmin.local"),
        &script,
        within(60),
    )?;
    // kadmin.local succeeds whatever its commands did; the last of them writes this file.
    if !directory.join("user.keytab").exists() {
        bail!("kadmin.local: {}", outcome.said());
    }
    Ok(())
}

const REALM: &str = "MIT.TEST";
