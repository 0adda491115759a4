//! A realm of Heimdal's KDC, among others.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use super::{Knowledge, Member, Place, configuration};
use crate::{
    flavour::Enctype,
    process::{Guard, run, run_ok, within},
    programs::Programs,
    realm::await_listening,
};

pub(super) fn start(programs: &Programs, members: &[Member; 3], place: Place) -> Result<Guard> {
    let member = &members[place as usize];
    let config = member.directory.join("krb5.conf");
    let text = configuration(members, Knowledge::All, place) + &kdc_configuration(member);
    fs::write(&config, text)?;
    fill_database(programs, member, place)?;
    let log = member.directory.join("kdc.out");
    let mut command = programs.heimdal("/usr/lib/heimdal-servers/kdc");
    command
        .env("KRB5_CONFIG", &config)
        .arg(format!("--config-file={}", config.display()))
        .arg("--addresses=127.0.0.1")
        .arg(format!("--ports={}", member.port))
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?);
    let mut kdc = Guard::new(command.spawn()?);
    await_listening(&mut kdc, member.port, &log)?;
    Ok(kdc)
}

fn kdc_configuration(member: &Member) -> String {
    let here = member.directory.display();
    let realm = member.realm;
    let keys = Enctype::ALL
        .map(|enctype| format!("{}:pw-salt", enctype.name()))
        .join(" ");
    format!(
        "[kadmin]
    default_keys = {keys}
[hdb]
    db-dir = {here}
[kdc]
    database = {{
        dbname = {here}/heimdal
        realm = {realm}
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

fn fill_database(programs: &Programs, member: &Member, place: Place) -> Result<()> {
    let config = member.directory.join("krb5.conf");
    run_ok(
        programs
            .heimdal("kstash")
            .env("KRB5_CONFIG", &config)
            .args(["--random-key", "-e", Enctype::Aes256Sha1.name()])
            .arg(format!("--key-file={}", member.directory.join("m-key").display())),
        "",
        within(60),
    )?;
    let kadmin = |arguments: &[&str]| -> Command {
        let mut command = programs.heimdal("kadmin.heimdal");
        command
            .env("KRB5_CONFIG", &config)
            .args(["-l", "-r", member.realm])
            .args(arguments);
        command
    };
    let life = ["--realm-max-ticket-life=1day", "--realm-max-renewable-life=1month"];
    run_ok(kadmin(&["init"]).args(life).arg(member.realm), "", within(60))?;
    for (name, password) in member.principals(place) {
        let mut add = match password {
            Some(password) => kadmin(&["add", "-p", password, "--use-defaults", &name]),
            None => kadmin(&["add", "-r", "--use-defaults", &name]),
        };
        run_ok(&mut add, "", within(60))?;
    }
    run_ok(&mut kadmin(&["modify", "--alias=nickname", "user"]), "", within(60))?;
    let keytab = member.directory.join("service.keytab");
    let service = format!("host/{}", place.host());
    let outcome = run(
        &mut kadmin(&["ext", "-k", &format!("FILE:{}", keytab.display()), &service]),
        "",
        within(60),
    )?;
    if !keytab.exists() {
        bail!("kadmin.heimdal: {}", outcome.said());
    }
    Ok(())
}
