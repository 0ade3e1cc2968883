//! The kind of key that a certificate is for.
//!
//! It must not know whose certificate it is.

use super::asn1::{Malformed, Reader, tag};
use super::key::{KeyKind, PublicKey, bits};

/// The kind of key in a certificate (X.509 in DER, RFC 5280 section 4.1), whatever its size, a
/// curve by its name or spelled out; `None` where it is of no kind that Key Vault has.
#[must_use]
pub fn key_of(certificate: &[u8]) -> Option<KeyKind> {
    match read(certificate).ok()?? {
        PublicKey::Rsa { modulus, .. } => Some(KeyKind::Rsa(bits(&modulus))),
        PublicKey::Ec { curve, .. } => Some(KeyKind::Ec(curve)),
    }
}

fn read(certificate: &[u8]) -> Result<Option<PublicKey>, Malformed> {
    let mut tbs = Reader::new(certificate).sequence()?.sequence()?;
    tbs.optional(tag::context(0))?;
    tbs.take(tag::INTEGER)?;
    let (_algorithm, _issuer) = (tbs.sequence()?, tbs.sequence()?);
    let (_validity, _subject) = (tbs.sequence()?, tbs.sequence()?);
    PublicKey::read(tbs.sequence()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn der(pem: &str) -> Vec<u8> {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).unwrap()
    }

    #[test]
    fn a_key_is_read_from_its_certificate() {
        for (pem, wanted) in [
            (
                include_str!("testdata/rsa-2048.crt"),
                ("RSA", Some(2048), None),
            ),
            (
                include_str!("testdata/rsa-1024.crt"),
                ("RSA", Some(1024), None),
            ),
            (
                include_str!("testdata/ec-p256.crt"),
                ("EC", None, Some("P-256")),
            ),
            (
                include_str!("testdata/ec-p256k.crt"),
                ("EC", None, Some("P-256K")),
            ),
        ] {
            let kind = key_of(&der(pem)).unwrap();
            assert_eq!((kind.kty(), kind.key_size(), kind.crv()), wanted);
        }
    }

    /// Key Vault names no curve in a certificate of P-256K.
    #[test]
    fn a_curve_that_is_spelled_out_has_its_name() {
        for (pem, wanted) in [
            (include_str!("testdata/key-vault-p256k.crt"), "P-256K"),
            (include_str!("testdata/explicit-p256.crt"), "P-256"),
            (include_str!("testdata/explicit-p384.crt"), "P-384"),
            (include_str!("testdata/explicit-p521.crt"), "P-521"),
        ] {
            let kind = key_of(&der(pem)).map(KeyKind::crv);
            assert_eq!(kind, Some(Some(wanted)), "{wanted}");
        }
    }

    #[test]
    fn what_is_no_certificate_or_of_no_known_kind_has_none() {
        for bytes in [&[][..], &[0x30, 0], &[0x30, 3, 2, 1, 5], b"-----"] {
            assert_eq!(key_of(bytes), None, "{bytes:?}");
        }
        for pem in [
            include_str!("testdata/ed25519.crt"),
            include_str!("testdata/brainpool.crt"),
        ] {
            assert_eq!(key_of(&der(pem)), None);
        }
    }
}
