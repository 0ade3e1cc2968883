//! Thumbprints of certificates that are in a vault: SHA-1 of the DER, as Key Vault shows it, and
//! SHA-256, where a job says that. They name a certificate; they protect nothing.
//!
//! It must not know whose certificate it is, nor how a job spells a thumbprint.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use job_scope::Thumbprint as Said;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// SHA-1 of a certificate's DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint([u8; 20]);

impl Thumbprint {
    /// Of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        Thumbprint(Sha1::digest(der).into())
    }

    /// Reads Key Vault's `x5t`: base64url (RFC 7517 section 4.8), without padding there.
    pub fn from_base64url(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        Some(Thumbprint(bytes.try_into().ok()?))
    }
}

/// The thumbprint as a job may say it.
impl From<Thumbprint> for Said {
    fn from(thumbprint: Thumbprint) -> Said {
        Said::Sha1(thumbprint.0)
    }
}

/// SHA-256 of a certificate's DER. The vault never shows it.
pub fn sha256(der: &[u8]) -> Said {
    Said::Sha256(Sha256::digest(der).into())
}

/// 40 hex digits in upper case, as platforms show it.
impl fmt::Display for Thumbprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Said::from(*self).fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_mean_the_same() {
        let hex = "CE38DC703D66FA1F923AB0FAE2D93ED57EA8DBC3";
        let ours = Thumbprint::from_base64url("zjjccD1m-h-SOrD64tk-1X6o28M");
        assert_eq!(ours.map(Said::from), Said::parse(hex).unwrap());
        assert_eq!(ours.map(|ours| ours.to_string()).as_deref(), Some(hex));
    }

    #[test]
    fn they_are_the_digests_of_the_certificate() {
        // FIPS 180 example "abc".
        assert_eq!(
            Thumbprint::of(b"abc").to_string(),
            "A9993E364706816ABA3E25717850C26C9CD0D89D"
        );
        assert_eq!(
            sha256(b"abc").to_string(),
            "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
        );
    }

    #[test]
    fn what_is_no_x5t_is_none() {
        for text in ["", "zjjc", "zjjccD1m+h+SOrD64tk+1X6o28M", "%"] {
            assert_eq!(Thumbprint::from_base64url(text), None, "{text}");
        }
    }
}
