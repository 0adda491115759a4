//! Realms that trust each other, in a row: A.TEST, where the user is, then B.TEST, then C.TEST.
//!
//! A shares a key with B, and B with C. Each has a KDC of its own implementation, and a service on a host of its domain.
//! C leaves it to its service which realms a client has come through, where its KDC can be told to.

mod heimdal;
mod mit;
mod ours;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    flavour::{Enctype, Flavour},
    process::Guard,
    programs::Programs,
    realm::{NO_NAME_SERVICE, PASSWORD, Site, free_port},
};

/// Whose KDCs the three realms have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kdcs(pub(crate) [Flavour; 3]);

/// The realms; they end with this value.
#[derive(Debug)]
pub(crate) struct Federation {
    _kdcs: Vec<Guard>,
    members: [Member; 3],
    directory: PathBuf,
}

/// One of the realms.
#[derive(Debug)]
struct Member {
    kdc: Flavour,
    realm: &'static str,
    port: u16,
    directory: PathBuf,
}

/// What a program knows of the realms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knowledge {
    /// In which realm each host is, and the way there.
    All,
    /// The KDCs, and that hosts of A's domain are in A.
    Home,
}

/// Which of the realms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    A,
    B,
    C,
}

impl Federation {
    /// Makes the realms in a new directory below `directory`.
    pub(crate) fn start(kdcs: Kdcs, programs: &Programs, directory: &Path) -> Result<Self> {
        let directory = directory.join(format!("realms-{kdcs}"));
        let member = |place: Place| -> Result<Member> {
            let member = Member {
                kdc: kdcs.0[place as usize],
                realm: place.realm(),
                port: free_port()?,
                directory: directory.join(place.realm()),
            };
            fs::create_dir_all(&member.directory)?;
            Ok(member)
        };
        let members = [member(Place::A)?, member(Place::B)?, member(Place::C)?];
        for knowledge in [Knowledge::All, Knowledge::Home] {
            fs::write(
                directory.join(knowledge.file()),
                configuration(&members, knowledge, Place::A),
            )?;
        }
        fs::write(directory.join("password"), format!("{PASSWORD}\n"))?;
        let mut running = Vec::new();
        for place in [Place::A, Place::B, Place::C] {
            let start = match members[place as usize].kdc.implementation() {
                Flavour::Heimdal => heimdal::start,
                Flavour::Gss => ours::start,
                _ => mit::start,
            };
            let kdc = start(programs, &members, place).with_context(|| format!("the KDC of {}", place.realm()))?;
            running.push(kdc);
        }
        Ok(Self {
            _kdcs: running,
            members,
            directory,
        })
    }

    /// The service at `place` as somebody in A sees it who knows so much.
    pub(crate) fn site(&self, place: Place, knowledge: Knowledge) -> Site {
        let member = &self.members[place as usize];
        let host = place.host();
        Site {
            enctype: Enctype::Aes256Sha1,
            realm: member.realm.to_owned(),
            krb5_conf: self.directory.join(knowledge.file()),
            keytab: member.directory.join("service.keytab"),
            user_keytab: member.directory.join("user.keytab"),
            target: format!("host@{host}"),
            service: format!("host/{host}@{}", member.realm),
            user: "user@A.TEST".to_owned(),
            password_file: self.directory.join("password"),
            ccache: self.directory.join("ccache"),
        }
    }
}

impl Knowledge {
    fn file(self) -> &'static str {
        match self {
            Self::All => "all.conf",
            Self::Home => "home.conf",
        }
    }
}

impl Place {
    pub(crate) fn realm(self) -> &'static str {
        match self {
            Self::A => "A.TEST",
            Self::B => "B.TEST",
            Self::C => "C.TEST",
        }
    }

    fn host(self) -> &'static str {
        match self {
            Self::A => "www.a.test",
            Self::B => "www.b.test",
            Self::C => "www.c.test",
        }
    }

    /// The realms that this one shares a key with.
    fn neighbours(self) -> &'static [Self] {
        match self {
            Self::A | Self::C => &[Self::B],
            Self::B => &[Self::A, Self::C],
        }
    }
}

impl fmt::Display for Kdcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([a, b, c]) = self;
        write!(f, "{a}+{b}+{c}")
    }
}

impl Member {
    /// The services and people of this realm: name, and password where it is not a random key.
    fn principals(&self, place: Place) -> Vec<(String, Option<&'static str>)> {
        let mut principals = vec![
            (format!("host/{}", place.host()), None),
            ("user".to_owned(), Some(PASSWORD)),
            // Who has never a key that a service could be tricked into using.
            ("other".to_owned(), Some(PASSWORD)),
        ];
        for neighbour in place.neighbours() {
            let (here, there) = (self.realm, neighbour.realm());
            for (issuer, granted) in [(here, there), (there, here)] {
                principals.push((format!("krbtgt/{granted}@{issuer}"), Some(SHARED)));
            }
        }
        principals
    }
}

/// What a program in `home` is told; the KDCs are told all.
fn configuration(members: &[Member; 3], knowledge: Knowledge, home: Place) -> String {
    let mut text = format!(
        "[libdefaults]\n    default_realm = {}\n{NO_NAME_SERVICE}[realms]\n",
        home.realm()
    );
    for member in members {
        let (realm, port) = (member.realm, member.port);
        text += &format!("    {realm} = {{\n        kdc = 127.0.0.1:{port}\n    }}\n");
    }
    text += "[domain_realm]\n    .a.test = A.TEST\n";
    if knowledge == Knowledge::All {
        text += "    .b.test = B.TEST\n    .c.test = C.TEST\n";
        text += "[capaths]\n    A.TEST = {\n        B.TEST = .\n        C.TEST = B.TEST\n    }\n";
    }
    text
}

/// The password of the keys between realms.
const SHARED: &str = "shared between realms";
