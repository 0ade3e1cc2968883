//! The thumbprint of a certificate: SHA-1 of its DER, in the two spellings that are in
//! use. It names a certificate; it protects nothing.
//!
//! It must not know whose certificate it is.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha1::{Digest as _, Sha1};

/// SHA-1 of a certificate's DER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint([u8; 20]);

impl Thumbprint {
    /// Of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        Thumbprint(Sha1::digest(der).into())
    }

    /// Reads 40 hex digits of any case, as platforms write it; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 40 {
            return None;
        }
        let mut bytes = [0; 20];
        let mut digits = text.chars().map(|digit| digit.to_digit(16));
        for byte in &mut bytes {
            let (high, low) = (digits.next()??, digits.next()??);
            *byte = u8::try_from(high << 4 | low).ok()?;
        }
        Some(Thumbprint(bytes))
    }

    /// Reads Key Vault's `x5t`: base64url (RFC 7517 section 4.8), without padding there.
    pub fn from_base64url(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        Some(Thumbprint(bytes.try_into().ok()?))
    }
}

/// 40 hex digits in upper case, as platforms show it.
impl fmt::Display for Thumbprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_mean_the_same() {
        let hex = "CE38DC703D66FA1F923AB0FAE2D93ED57EA8DBC3";
        let ours = Thumbprint::from_hex(hex);
        assert!(ours.is_some());
        assert_eq!(Thumbprint::from_hex(&hex.to_lowercase()), ours);
        assert_eq!(
            Thumbprint::from_base64url("zjjccD1m-h-SOrD64tk-1X6o28M"),
            ours
        );
        assert_eq!(ours.map(|ours| ours.to_string()).as_deref(), Some(hex));
    }

    #[test]
    fn it_is_the_sha1_of_the_certificate() {
        // FIPS 180 example "abc".
        assert_eq!(
            Thumbprint::of(b"abc").to_string(),
            "A9993E364706816ABA3E25717850C26C9CD0D89D"
        );
    }

    #[test]
    fn what_is_no_thumbprint_is_none() {
        let long = "0".repeat(41);
        let odd = format!("{}zz", "0".repeat(38));
        let wide = format!("{}ä", "0".repeat(38));
        let signed = format!("{}+1", "0".repeat(38));
        for text in ["", "CE38", &long, &odd, &wide, &signed] {
            assert_eq!(Thumbprint::from_hex(text), None, "{text}");
        }
        for text in ["", "zjjc", "zjjccD1m+h+SOrD64tk+1X6o28M", "%"] {
            assert_eq!(Thumbprint::from_base64url(text), None, "{text}");
        }
    }
}
