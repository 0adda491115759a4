//! A realm for one test: a KDC in this process, and files for the programs that it starts.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use gss::kdc::{Kdc, Running};
use gss::{Acquire, Environment, Gss, Name, SystemClock};
use gss_core::{CredStore, Existing, Store};
use krb5_store::config::Settings;
use krb5_store::keytab::FileKeytab;
use tempfile::TempDir;

/// `user@PIPE.TEST` with a ticket in a cache, and `demo/localhost` with its key in a keytab.
pub(crate) struct Realm {
    directory: TempDir,
    _kdc: Running,
}

impl Realm {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let kdc = Kdc::builder("PIPE.TEST")
            .principal("user", "password")
            .principal("other", "password")
            .service("demo/localhost")
            .build()
            .unwrap();
        let running = kdc.serve_loopback().unwrap();
        let config = kdc.client_config(running.address()) + "[libdefaults]\n    forwardable = true\n";
        let realm = Self {
            directory,
            _kdc: running,
        };
        std::fs::write(realm.path("krb5.conf"), &config).unwrap();
        FileKeytab::new(realm.path("keytab"))
            .replace(&kdc.service_keytab())
            .unwrap();
        realm.log_in("user", &config);
        realm
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The command `gss` in this realm and no other.
    pub(crate) fn gss(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gss"));
        command.env("KRB5_CONFIG", self.path("krb5.conf"));
        command.env("KRB5CCNAME", self.path("ccache"));
        command.env("KRB5_KTNAME", self.path("keytab"));
        command.env("KRB5RCACHENAME", format!("file2:{}", self.path("rcache").display()));
        command
    }

    fn log_in(&self, user: &str, config: &str) {
        let settings = Arc::new(Settings::parse(config).unwrap());
        let gss = Gss::within(Environment::new(Arc::new(SystemClock)).with_extension(settings)).unwrap();
        let acquire = Acquire::initiate().named(Name::krb5_principal(user));
        let cred = gss.acquire(acquire.with_password(b"password".to_vec().into())).unwrap();
        let ccache = CredStore::new().with("ccache", self.path("ccache").to_str().unwrap());
        let store = Store {
            store: Some(ccache),
            existing: Existing::Overwrite,
            ..Store::default()
        };
        for (_, element) in &cred.elements {
            gss::drive(element.store(&store), &mut gss.driver()).unwrap();
        }
    }
}
