//! Whom a connection trusts: the system's roots, and for names that an operator lists
//! an added certificate authority as well. The certificate is always verified against
//! the granted name. It must not know where connections lead.

use crate::grant::HostPattern;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Where systems keep the authorities they trust: Debian and Alpine, Fedora, SUSE, the BSDs and
/// macOS. The usual crates look at `SSL_CERT_FILE` first, but whom a host trusts is no matter of
/// the environment.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
];

/// A certificate authority that is trusted for some names only.
#[derive(Debug, Clone)]
pub struct AddedCa {
    /// The names it is trusted for.
    pub hosts: Vec<HostPattern>,
    /// Its certificates, PEM.
    pub pem: String,
}

/// Why trust could not be set up.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TrustError {
    /// An added authority is no PEM certificate.
    #[error("ca.pem: {0}; give one or more CERTIFICATE blocks")]
    Pem(String),
    /// The system's own roots cannot be used.
    #[error("no certificate authorities of the system ({0}); install ca-certificates")]
    System(String),
}

/// TLS configurations by name.
pub struct Trust {
    added: Vec<(Vec<HostPattern>, Vec<CertificateDer<'static>>)>,
    /// By the added authorities that they hold, which share their sessions.
    configs: Mutex<BTreeMap<Vec<usize>, Arc<ClientConfig>>>,
}

impl Trust {
    /// Reads the added authorities. The system's are read when first needed.
    pub fn new(added: &[AddedCa]) -> Result<Self, TrustError> {
        let added = added
            .iter()
            .map(|ca| Ok((ca.hosts.clone(), certificates(&ca.pem)?)))
            .collect::<Result<_, TrustError>>()?;
        Ok(Self {
            added,
            configs: Mutex::default(),
        })
    }

    /// The configuration for connections to `host`.
    pub fn for_host(&self, host: &url::Host) -> Result<Arc<ClientConfig>, TrustError> {
        let listed = |hosts: &Vec<HostPattern>| hosts.iter().any(|pattern| pattern.matches(host));
        let entries = self.added.iter().enumerate();
        let fitting: Vec<usize> = entries
            .filter(|(_, (hosts, _))| listed(hosts))
            .map(|(index, _)| index)
            .collect();
        let mut configs = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = configs.get(&fitting) {
            return Ok(known.clone());
        }
        let mut roots = match system_roots() {
            Ok(roots) => roots,
            // On a machine without any, the added authority is all there is.
            Err(_) if !fitting.is_empty() => RootCertStore::empty(),
            Err(error) => return Err(error),
        };
        let added = fitting.iter().filter_map(|index| self.added.get(*index));
        for certificate in added.flat_map(|(_, certificates)| certificates) {
            add(&mut roots, certificate)?;
        }
        let config = config(roots)?;
        configs.insert(fitting, config.clone());
        Ok(config)
    }
}

fn system_roots() -> Result<RootCertStore, TrustError> {
    let mut problem = "none of the usual files is there".to_owned();
    for path in BUNDLES.iter().map(Path::new).filter(|path| path.exists()) {
        let certificates = CertificateDer::pem_file_iter(path)
            .map(|found| found.filter_map(Result::ok).collect::<Vec<_>>());
        match certificates {
            Ok(certificates) => {
                let mut roots = RootCertStore::empty();
                // Some are of kinds that nobody can verify any more.
                let (taken, _) = roots.add_parsable_certificates(certificates);
                if taken > 0 {
                    return Ok(roots);
                }
                problem = format!("{} holds none", path.display());
            }
            Err(error) => problem = format!("{}: {error}", path.display()),
        }
    }
    Err(TrustError::System(problem))
}

/// The certificates of a PEM text, each fit to be an authority.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let found: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| TrustError::Pem(error.to_string()))?;
    if found.is_empty() {
        return Err(TrustError::Pem("no certificate in it".to_owned()));
    }
    let mut roots = RootCertStore::empty();
    for certificate in &found {
        add(&mut roots, certificate)?;
    }
    Ok(found)
}

fn add(roots: &mut RootCertStore, certificate: &CertificateDer<'static>) -> Result<(), TrustError> {
    roots
        .add(certificate.clone())
        .map_err(|error| TrustError::Pem(error.to_string()))
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, TrustError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let system = |error: String| TrustError::System(error);
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| system(error.to_string()))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| system(error.to_string()))?
        .with_webpki_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
