//! A realm of Heimdal's KDC.

use std::{fs, fs::File, path::Path, process::Stdio};

use anyhow::{Result, bail};

use super::{NO_NAME_SERVICE, Names, PASSWORD, Realm, Site, await_listening, free_port, outfit};
use crate::{
    flavour::{Enctype, Flavour},
    process::{Guard, run, run_ok, within},
    programs::Programs,
    tools::Tools,
};

pub(super) fn start(programs: &Programs, directory: &Path) -> Result<Realm> {
    let port = free_port()?;
    let names = Names {
        realm: REALM,
        directory,
    };
    let sites: Vec<Site> = enctypes().map(|enctype| names.site(enctype)).collect();
    let config = directory.join("krb5.conf");
    fs::write(&config, configuration(directory, port))?;
    fill_database(programs, directory, &sites)?;

    let log = directory.join("kdc.out");
    let mut command = programs.heimdal("/usr/lib/heimdal-servers/kdc");
    command
        .env("KRB5_CONFIG", &config)
        .arg(format!("--config-file={}", config.display()))
        .arg("--addresses=127.0.0.1")
        .arg(format!("--ports={port}"))
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?);
    let mut kdc = Guard::new(command.spawn()?);
    await_listening(&mut kdc, port, &log)?;
    outfit(&sites, port, Tools::new(Flavour::Heimdal, programs))?;
    Ok(Realm { kdcs: vec![kdc], sites })
}

fn enctypes() -> impl Iterator<Item = Enctype> {
    Enctype::known_to(Flavour::Heimdal).into_iter()
}

fn configuration(directory: &Path, port: u16) -> String {
    let here = directory.display();
    let all: Vec<&str> = enctypes().map(Enctype::name).collect();
    let all = all.join(" ");
    let keys: Vec<String> = enctypes()
        .map(|enctype| format!("{}:pw-salt", enctype.name()))
        .collect();
    let keys = keys.join(" ");
    // kadmin.heimdal edits the system's database unless [kdc] has a database block.
    format!(
        "[libdefaults]
    default_realm = {REALM}
    permitted_enctypes = {all}
{NO_NAME_SERVICE}[realms]
    {REALM} = {{
        kdc = 127.0.0.1:{port}
    }}
[kadmin]
    default_keys = {keys}
[hdb]
    db-dir = {here}
[kdc]
    database = {{
        dbname = {here}/heimdal
        realm = {REALM}
        mkey_file = {here}/m-key
        acl_file = {here}/kadmind.acl
        log_file = {here}/kdc-iprop.log
    }}
[logging]
    kdc = 0-5/FILE:{here}/kdc.log
    default = 0-5/FILE:{here}/other.log
"
    )
}

fn fill_database(programs: &Programs, directory: &Path, sites: &[Site]) -> Result<()> {
    let config = directory.join("krb5.conf");
    run_ok(
        programs
            .heimdal("kstash")
            .env("KRB5_CONFIG", &config)
            .args(["--random-key", "-e", Enctype::Aes256Sha1.name()])
            .arg(format!("--key-file={}", directory.join("m-key").display())),
        "",
        within(60),
    )?;
    let kadmin = |arguments: &[&str]| {
        let mut command = programs.heimdal("kadmin.heimdal");
        command
            .env("KRB5_CONFIG", &config)
            .args(["-l", "-r", REALM])
            .args(arguments);
        command
    };
    let life = ["--realm-max-ticket-life=1day", "--realm-max-renewable-life=1month"];
    run_ok(kadmin(&["init"]).args(life).arg(REALM), "", within(60))?;
    // By its own arguments, since kadmin.heimdal's command lines know no quotes.
    let user = format!("user@{REALM}");
    run_ok(
        &mut kadmin(&["add", "-p", PASSWORD, "--use-defaults", &user]),
        "",
        within(60),
    )?;
    let mut script = String::new();
    for site in sites {
        let others = enctypes().filter(|enctype| *enctype != site.enctype);
        let others: Vec<&str> = others.map(Enctype::name).collect();
        let (service, keytab) = (&site.service, site.keytab.display());
        script += &format!("add -r --use-defaults {service}\n");
        script += &format!("del_enctype {service} {}\n", others.join(" "));
        script += &format!("ext -k FILE:{keytab} {service}\n");
        script += &format!("ext -k FILE:{} {service}\n", directory.join("all.keytab").display());
    }
    script += &format!("ext -k FILE:{} user@{REALM}\n", directory.join("user.keytab").display());
    let outcome = run(&mut kadmin(&[]), &script, within(60))?;
    if !directory.join("user.keytab").exists() {
        bail!("kadmin.heimdal: {}", outcome.said());
    }
    Ok(())
}

const REALM: &str = "HEIMDAL.TEST";
