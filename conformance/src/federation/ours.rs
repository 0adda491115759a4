//! A realm of our own KDC, among others.

use std::{fs::File, process::Stdio};

use anyhow::Result;

use super::{Member, Place, SHARED};
use crate::{
    flavour::Enctype,
    process::Guard,
    programs::Programs,
    realm::{PASSWORD, await_ready},
};

pub(super) fn start(programs: &Programs, members: &[Member; 3], place: Place) -> Result<Guard> {
    let Member {
        realm, port, directory, ..
    } = &members[place as usize];
    let (out, err) = (directory.join("kdc.out"), directory.join("kdc.err"));
    let mut command = programs.gss()?;
    command
        .args(["kdc", "--realm", realm])
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .args(["--service", &format!("host/{}", place.host())])
        .args(["--alias", "user=nickname"])
        .args(["--enctypes", &SHARED_ENCTYPES.map(Enctype::name).join(",")])
        .arg("--keytab")
        .arg(directory.join("service.keytab"));
    for person in ["user", "other"] {
        command.args(["--principal", &format!("{person}:{PASSWORD}")]);
    }
    for neighbour in place.neighbours() {
        command.args(["--trust", &format!("{}:{SHARED}", neighbour.realm())]);
    }
    for domain in [Place::A, Place::B, Place::C]
        .into_iter()
        .filter(|other| *other != place)
    {
        let name = domain.realm().to_lowercase();
        for domain_realm in [format!(".{name}"), name] {
            command.args(["--domain-realm", &format!("{domain_realm}={}", domain.realm())]);
        }
    }
    if place == Place::C {
        command.arg("--unchecked-paths");
    } else {
        command.args(["--capath", "A.TEST:C.TEST:B.TEST"]);
    }
    command
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?);
    let mut kdc = Guard::new(command.spawn()?);
    await_ready(&mut kdc, &out, &err)?;
    Ok(kdc)
}

/// What all KDCs make the same keys of, from the same password: Heimdal 7.8 makes others for AES with SHA-2.
const SHARED_ENCTYPES: [Enctype; 2] = [Enctype::Aes256Sha1, Enctype::Aes128Sha1];
