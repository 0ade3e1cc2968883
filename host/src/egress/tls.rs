//! Whom a connection trusts: the platform's roots, and for names that an operator lists
//! an added certificate authority as well. The certificate is always verified against
//! the granted name. It must not know where connections lead.

use crate::grant::HostPattern;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::sync::{Arc, OnceLock};

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
    /// The platform's own roots cannot be used.
    #[error("the platform's certificate store cannot be used ({0}); install ca-certificates")]
    Platform(String),
}

/// TLS configurations by name.
pub struct Trust {
    platform: OnceLock<Result<Arc<ClientConfig>, TrustError>>,
    added: Vec<(Vec<HostPattern>, Arc<ClientConfig>)>,
}

impl Trust {
    /// Reads the added authorities. The platform's store is opened when first needed.
    pub fn new(added: &[AddedCa]) -> Result<Self, TrustError> {
        let added = added
            .iter()
            .map(|ca| Ok((ca.hosts.clone(), with_added(&ca.pem)?)))
            .collect::<Result<_, TrustError>>()?;
        Ok(Self {
            platform: OnceLock::new(),
            added,
        })
    }

    /// The configuration for connections to `host`.
    pub fn for_host(&self, host: &url::Host) -> Result<Arc<ClientConfig>, TrustError> {
        for (hosts, config) in &self.added {
            if hosts.iter().any(|pattern| pattern.matches(host)) {
                return Ok(config.clone());
            }
        }
        self.platform
            .get_or_init(|| {
                Verifier::new(provider())
                    .map_err(|error| TrustError::Platform(error.to_string()))
                    .and_then(|verifier| config(Arc::new(verifier)))
            })
            .clone()
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn with_added(pem: &str) -> Result<Arc<ClientConfig>, TrustError> {
    let roots: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| TrustError::Pem(error.to_string()))?;
    if roots.is_empty() {
        return Err(TrustError::Pem("no certificate in it".to_owned()));
    }
    if let Ok(verifier) = Verifier::new_with_extra_roots(roots.clone(), provider()) {
        return config(Arc::new(verifier));
    }
    // A machine without a certificate store of its own: the added authority is all there is.
    let mut store = RootCertStore::empty();
    for root in roots {
        store
            .add(root)
            .map_err(|error| TrustError::Pem(error.to_string()))?;
    }
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
            .build()
            .map_err(|error| TrustError::Pem(error.to_string()))?;
    config(verifier)
}

fn config(verifier: Arc<dyn ServerCertVerifier>) -> Result<Arc<ClientConfig>, TrustError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| TrustError::Platform(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
