//! Whom to trust: `http_anchors` of a realm, or else the certificates of the system.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use krb5_store::config::Settings;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::AnchorError;
use crate::client::Variables;

/// Where the certificates are. They are read by [`Trust::config`].
#[derive(Debug)]
pub(crate) struct Trust {
    anchors: Vec<String>,
    variables: Variables,
}

/// What was read for the realms so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trusted(Arc<Mutex<BTreeMap<String, Arc<ClientConfig>>>>);

impl Trusted {
    pub(crate) fn get(&self, realm: &str) -> Option<Arc<ClientConfig>> {
        self.realms().get(realm).cloned()
    }

    pub(crate) fn keep(&self, realm: &str, config: ClientConfig) -> Arc<ClientConfig> {
        let config = Arc::new(config);
        let mut realms = self.realms();
        if realms.len() >= REALMS {
            realms.clear();
        }
        realms.insert(realm.to_owned(), Arc::clone(&config));
        config
    }

    fn realms(&self) -> MutexGuard<'_, BTreeMap<String, Arc<ClientConfig>>> {
        // Nothing is half done in there where somebody panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trust {
    pub(crate) fn of(settings: &Settings, realm: &str, variables: Variables) -> Self {
        let anchors = settings.http_anchors(realm).into_iter().map(str::to_owned).collect();
        Self { anchors, variables }
    }

    /// TLS 1.2 and 1.3 with proxies that these certificates vouch for.
    pub(crate) fn config(&self) -> Result<ClientConfig, AnchorError> {
        let mut roots = RootCertStore::empty();
        if self.anchors.is_empty() {
            self.add_system(&mut roots)?;
        }
        for anchor in &self.anchors {
            self.add_anchor(&mut roots, anchor)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has cipher suites for TLS 1.2 and 1.3");
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }

    fn add_anchor(&self, roots: &mut RootCertStore, anchor: &str) -> Result<(), AnchorError> {
        match anchor.split_once(':') {
            Some(("ENV", name)) => {
                let value = self.variables.get(name);
                let value = value.ok_or_else(|| AnchorError::Variable(name.to_owned()))?;
                add_path(roots, &value)
            }
            _ => add_path(roots, anchor),
        }
    }

    /// The first bundle that is there, as OpenSSL's builds and their packagers place it.
    fn add_system(&self, roots: &mut RootCertStore) -> Result<(), AnchorError> {
        if let Some(file) = self.variables.get("SSL_CERT_FILE") {
            return add_file(roots, Path::new(&file));
        }
        let bundle = BUNDLES.iter().map(Path::new).find(|path| path.is_file());
        add_file(
            roots,
            bundle.ok_or_else(|| AnchorError::Empty("the system".to_owned()))?,
        )
    }
}

fn add_path(roots: &mut RootCertStore, anchor: &str) -> Result<(), AnchorError> {
    match anchor.split_once(':') {
        Some(("FILE", path)) => add_file(roots, Path::new(path)),
        Some(("DIR", path)) => add_directory(roots, Path::new(path)),
        _ => Err(AnchorError::UnknownKind(anchor.to_owned())),
    }
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), AnchorError> {
    match add_certificates(roots, &read(path)?) {
        0 => Err(AnchorError::Empty(path.display().to_string())),
        _ => Ok(()),
    }
}

/// Every file in a directory; those without a certificate are passed over, and so are hidden ones.
fn add_directory(roots: &mut RootCertStore, path: &Path) -> Result<(), AnchorError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, error))? {
        let entry = entry.map_err(|error| unreadable(path, error))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") && entry.path().is_file() {
            files.push(entry.path());
        }
        if files.len() > FILES {
            return Err(AnchorError::TooLarge(path.display().to_string()));
        }
    }
    files.sort();
    let add = |found: usize, file: &PathBuf| {
        let octets = read(file)?;
        Ok(found.saturating_add(add_certificates(roots, &octets)))
    };
    match files.iter().try_fold(0, add)? {
        0 => Err(AnchorError::Empty(path.display().to_string())),
        _ => Ok(()),
    }
}

/// How many certificates could be added.
fn add_certificates(roots: &mut RootCertStore, pem: &[u8]) -> usize {
    let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
    roots.add_parsable_certificates(certificates).0
}

fn read(path: &Path) -> Result<Vec<u8>, AnchorError> {
    let error = |error| unreadable(path, error);
    // What is no file, such as a pipe, could be waited for without end.
    if !fs::metadata(path).map_err(error)?.is_file() {
        return Err(error(io::ErrorKind::InvalidInput.into()));
    }
    let mut octets = Vec::new();
    let mut file = File::open(path).map_err(error)?.take(OCTETS.saturating_add(1));
    let length = file.read_to_end(&mut octets).map_err(error)?;
    match u64::try_from(length) {
        Ok(length) if length <= OCTETS => Ok(octets),
        _ => Err(AnchorError::TooLarge(path.display().to_string())),
    }
}

fn unreadable(path: &Path, source: io::Error) -> AnchorError {
    AnchorError::Io {
        path: path.display().to_string(),
        source,
    }
}

/// Debian and Arch; Fedora; openSUSE; Alpine, the BSDs and macOS.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
const FILES: usize = 4096;
/// Realms whose certificates are kept.
const REALMS: usize = 64;
const OCTETS: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is gone afterwards, with a certificate in it.
    fn folder() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let signed = rcgen::generate_simple_self_signed(["proxy.example".to_owned()]).unwrap();
        fs::write(folder.path().join("proxy.pem"), signed.cert.pem()).unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        (folder, path)
    }

    fn trust(anchors: &[String], variables: &[(&'static str, String)]) -> Result<(), AnchorError> {
        let variables = variables.to_vec();
        let find = move |name: &str| {
            variables
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| value.clone())
        };
        let trust = Trust {
            anchors: anchors.to_vec(),
            variables: Variables::from_fn(find),
        };
        trust.config().map(drop)
    }

    #[test]
    fn i73_anchors_are_files_directories_and_variables_that_name_these() {
        let (_folder, path) = folder();
        let (file, directory) = (format!("FILE:{path}/proxy.pem"), format!("DIR:{path}"));
        assert!(trust(&[file.clone(), directory.clone()], &[]).is_ok());
        assert!(trust(&["ENV:ANCHOR".to_owned()], &[("ANCHOR", file.clone())]).is_ok());
        let nested = trust(&["ENV:A".to_owned()], &[("A", "ENV:B".to_owned()), ("B", file)]);
        assert!(matches!(nested, Err(AnchorError::UnknownKind(_))), "{nested:?}");
    }

    #[test]
    fn i73_without_anchors_the_variable_of_openssl_counts_where_variables_do() {
        let (_folder, path) = folder();
        assert!(trust(&[], &[("SSL_CERT_FILE", format!("{path}/proxy.pem"))]).is_ok());
        let missing = trust(&[], &[("SSL_CERT_FILE", format!("{path}/missing.pem"))]);
        assert!(matches!(missing, Err(AnchorError::Io { .. })), "{missing:?}");
    }

    #[test]
    fn an_anchor_that_cannot_be_used_is_an_error_that_names_it() {
        let (folder, path) = folder();
        fs::write(folder.path().join("other.txt"), "no certificate").unwrap();
        fs::create_dir(folder.path().join("empty")).unwrap();
        for anchor in [
            format!("FILE:{path}/missing.pem"),
            format!("FILE:{path}/other.txt"),
            format!("FILE:{path}"),
            format!("DIR:{path}/empty"),
            format!("DIR:{path}/missing"),
            "ENV:MISSING".to_owned(),
            format!("{path}/proxy.pem"),
            String::new(),
        ] {
            let error = trust(std::slice::from_ref(&anchor), &[])
                .expect_err(&anchor)
                .to_string();
            let named = anchor.split_once(':').map_or(anchor.as_str(), |(_, rest)| rest);
            assert!(error.contains(named), "{error}");
        }
    }
}
