//! TLS: an authority made at start, and a certificate for each host when it is first asked for.
//!
//! Must not know HTTP. A name that nobody answers for gets no certificate: the handshake ends with the
//! alert that says so, as near to a name that does not resolve as a server can come.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use crate::Emulator;

#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("{0}")]
    Certificate(#[from] rcgen::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
}

/// Issues a certificate for every host that the emulator knows.
pub(super) struct TlsAuthority {
    emulator: Emulator,
    issuer: Issuer<'static, KeyPair>,
    ca_pem: String,
    issued: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl fmt::Debug for TlsAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsAuthority")
    }
}

impl TlsAuthority {
    pub(super) fn new(emulator: Emulator) -> Result<TlsAuthority, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "azure-emulator TLS authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        dates(&mut params);
        let ca_pem = params.self_signed(&key)?.pem();
        Ok(TlsAuthority {
            emulator,
            issuer: Issuer::new(params, key),
            ca_pem,
            issued: Mutex::default(),
        })
    }

    pub(super) fn ca_pem(&self) -> String {
        self.ca_pem.clone()
    }

    fn certificate(&self, host: &str) -> Result<Arc<CertifiedKey>, TlsError> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = issued.get(host) {
            return Ok(Arc::clone(known));
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![host.to_owned()])?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "azure-emulator");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        dates(&mut params);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let signing = ring::sign::any_supported_type(&private)?;
        let certified = Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing));
        issued.insert(host.to_owned(), Arc::clone(&certified));
        Ok(certified)
    }
}

/// Long enough never to expire under a user, short of the year 2050, where the encoding changes.
fn dates(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
}

impl ResolvesServerCert for TlsAuthority {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name()?.to_ascii_lowercase();
        if !self.emulator.knows_host(&host) {
            return None;
        }
        self.certificate(&host).ok()
    }
}

pub(super) fn acceptor(authority: TlsAuthority) -> Result<TlsAcceptor, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(authority));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
