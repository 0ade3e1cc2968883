//! The certificates above one that is known, out of what a vault hands out with it.
//!
//! A key beside them is not looked at. It must not know who asks, nor why.

use super::chain::Chains;
use super::error::{Container, PfxError};
use super::protection::Password;
use super::{archive, pem, within_limit};

/// What the certificates stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// PKCS#12 without a password.
    Pkcs12,
    /// PEM.
    Pem,
}

/// The issuers of `leaf` (DER) as far as `contents` has them: every certificate that signatures
/// lead to, in the order of [`Bundle::chain`](super::Bundle::chain). A leaf that is not among
/// them has none.
///
/// # Errors
///
/// Where the contents, or one of the certificates, cannot be read.
pub fn issuers(contents: &[u8], form: Form, leaf: &[u8]) -> Result<Vec<Vec<u8>>, PfxError> {
    within_limit(contents)?;
    let password = Password::new(None);
    let (found, container) = match form {
        Form::Pkcs12 => (archive::open(contents, &password)?, Container::Pfx),
        Form::Pem => (pem::open(contents, &password)?, Container::Pem),
    };
    let certificates = found.read_certificates(container)?;
    let Some(own) = certificates.iter().position(|found| found.der == leaf) else {
        return Ok(Vec::new());
    };
    let chain = Chains::new(&certificates).upward(own);
    let issuers = chain.iter().skip(1);
    Ok(issuers
        .filter_map(|at| certificates.get(*at).map(|issuer| issuer.der.clone()))
        .collect())
}
