//! What a container holds, before anybody decides what of it is wanted.

use zeroize::Zeroizing;

use super::certificate::Certificate;
use super::error::{Container, PfxError};
use super::few_enough;
use super::key::Encoding;

/// Keys and certificates in the order of the file.
#[derive(Default)]
pub(super) struct Found {
    pub(super) keys: Vec<FoundKey>,
    pub(super) certificates: Vec<FoundCertificate>,
}

impl Found {
    /// Reads the certificates, each once however often the file has it.
    ///
    /// # Errors
    /// Where there are too many, or one of them cannot be read: without it, what is left may be
    /// a chain with a hole.
    pub(super) fn read_certificates(
        &self,
        container: Container,
    ) -> Result<Vec<Certificate>, PfxError> {
        let total = self.certificates.len();
        few_enough(total, container)?;
        let mut read: Vec<Certificate> = Vec::with_capacity(total);
        for (number, found) in (1..).zip(&self.certificates) {
            let certificate = Certificate::read(&found.der, found.local_id.clone());
            let certificate = certificate.map_err(|_| PfxError::UnreadableCertificate {
                container,
                number,
                certificates: total,
            })?;
            match read.iter_mut().find(|known| known.der == certificate.der) {
                Some(known) => known.local_id = known.local_id.take().or(certificate.local_id),
                None => read.push(certificate),
            }
        }
        Ok(read)
    }
}

/// A private key, in the clear.
pub(super) struct FoundKey {
    pub(super) der: Zeroizing<Vec<u8>>,
    pub(super) encoding: Encoding,
    /// `localKeyId` of its bag (RFC 7292 section 4.2).
    pub(super) local_id: Option<Vec<u8>>,
}

/// A certificate, or what should be one.
pub(super) struct FoundCertificate {
    /// Empty where not even its bytes could be had.
    pub(super) der: Vec<u8>,
    /// `localKeyId` of its bag.
    pub(super) local_id: Option<Vec<u8>>,
}
