//! A realm of MIT's KDC, among others.

use std::{
    fs::{self, File},
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use super::{Knowledge, Member, Place, configuration};
use crate::{
    process::{Guard, run, run_ok, within},
    programs::{Programs, mit_libraries},
    realm::await_listening,
};

pub(super) fn start(programs: &Programs, members: &[Member; 3], place: Place) -> Result<Guard> {
    let member = &members[place as usize];
    // Who knows no path finds none that he could vouch for.
    let knowledge = if place == Place::C {
        Knowledge::Home
    } else {
        Knowledge::All
    };
    fs::write(
        member.directory.join("krb5.conf"),
        configuration(members, knowledge, place),
    )?;
    fs::write(member.directory.join("kdc.conf"), kdc_configuration(programs, member))?;
    fill_database(programs, member, place)?;
    let log = member.directory.join("kdc.out");
    let mut command = admin(programs, member, "sbin/krb5kdc");
    command
        .args(["-n", "-r", member.realm])
        .stdin(Stdio::null())
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?);
    let mut kdc = Guard::new(command.spawn()?);
    await_listening(&mut kdc, member.port, &log)?;
    Ok(kdc)
}

fn admin(programs: &Programs, member: &Member, name: &str) -> Command {
    let mut command = programs.mit(name);
    command
        .env("KRB5_CONFIG", member.directory.join("krb5.conf"))
        .env("KRB5_KDC_PROFILE", member.directory.join("kdc.conf"));
    command
}

fn kdc_configuration(programs: &Programs, member: &Member) -> String {
    let Member {
        realm, port, directory, ..
    } = member;
    let here = directory.display();
    let modules = mit_libraries(&programs.mit_root).join("krb5/plugins/kdb");
    format!(
        "[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {realm} = {{
        database_name = {here}/principal
        key_stash_file = {here}/stash
        acl_file = {here}/kadm5.acl
        max_life = 1d
        max_renewable_life = 7d
        default_principal_flags = +forwardable
        reject_bad_transit = false
    }}
[dbmodules]
    db_module_dir = {}
[logging]
    kdc = FILE:{here}/kdc.log
    default = FILE:{here}/other.log
",
        modules.display()
    )
}

fn fill_database(programs: &Programs, member: &Member, place: Place) -> Result<()> {
    run_ok(
        admin(programs, member, "sbin/kdb5_util").args(["create", "-s", "-r", member.realm, "-P", "master"]),
        "",
        within(60),
    )?;
    let mut script = String::new();
    for (name, password) in member.principals(place) {
        script += &match password {
            Some(password) => format!("addprinc -pw \"{password}\" {name}\n"),
            None => format!("addprinc -randkey {name}\n"),
        };
    }
    let keytab = member.directory.join("service.keytab");
    script += &format!("ktadd -norandkey -k {} host/{}\n", keytab.display(), place.host());
    let outcome = run(&mut admin(programs, member, "sbin/kadmin.local"), &script, within(60))?;
    if !keytab.exists() {
        bail!("kadmin.local: {}", outcome.said());
    }
    Ok(())
}
