//! The certificates above one that is known, out of what a vault hands out with it.
//!
//! A key beside them is not looked at. It must not know who asks, nor why.

use super::certificate::Certificate;
use super::error::{Container, PfxError};
use super::protection::Password;
use super::{archive, chain, few_enough, pem, within_limit};

/// What the certificates stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// PKCS#12 without a password.
    Pkcs12,
    /// PEM.
    Pem,
}

/// The issuers of `leaf` (DER) as far as `contents` has them, nearest first. A leaf that
/// cannot be read, or is not among them, has none.
///
/// # Errors
///
/// Where the contents cannot be read.
pub fn issuers(contents: &[u8], form: Form, leaf: &[u8]) -> Result<Vec<Vec<u8>>, PfxError> {
    within_limit(contents)?;
    let password = Password::new(None);
    let (found, container) = match form {
        Form::Pkcs12 => (archive::open(contents, &password)?, Container::Pfx),
        Form::Pem => (pem::open(contents, &password)?, Container::Pem),
    };
    few_enough(found.certificates.len(), container)?;
    let certificates: Vec<Certificate> = found
        .certificates
        .into_iter()
        .filter_map(|found| Certificate::read(&found.der, None).ok())
        .collect();
    let own = certificates.iter().position(|found| found.der == leaf);
    Ok(own.map_or_else(Vec::new, |own| {
        chain::upward(&certificates, own)
            .into_iter()
            .skip(1)
            .map(|issuer| issuer.der.clone())
            .collect()
    }))
}
