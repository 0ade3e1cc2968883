//! What a container holds, before anybody decides what of it is wanted.

use zeroize::Zeroizing;

use super::key::Encoding;

/// Keys and certificates in the order of the file.
#[derive(Default)]
pub(super) struct Found {
    pub(super) keys: Vec<FoundKey>,
    pub(super) certificates: Vec<FoundCertificate>,
}

/// A private key, in the clear.
pub(super) struct FoundKey {
    pub(super) der: Zeroizing<Vec<u8>>,
    pub(super) encoding: Encoding,
    /// `localKeyId` of its bag (RFC 7292 section 4.2).
    pub(super) local_id: Option<Vec<u8>>,
}

/// A certificate.
pub(super) struct FoundCertificate {
    pub(super) der: Vec<u8>,
    /// `localKeyId` of its bag.
    pub(super) local_id: Option<Vec<u8>>,
}
