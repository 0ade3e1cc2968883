//! The two families of keys that a vault takes, and whose key has signed a certificate: a vault
//! takes no certificate of an RSA key that an EC key signed, nor the reverse.
//!
//! It must not know what a vault says about that.

use const_oid::ObjectIdentifier;

use super::asn1::{Malformed, Reader, tag};
use super::key::KeyKind;

/// A family of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// RSA.
    Rsa,
    /// Elliptic curves.
    Ec,
}

impl Family {
    /// The family of a key.
    #[must_use]
    pub fn of_key(kind: KeyKind) -> Family {
        match kind {
            KeyKind::Rsa(_) => Family::Rsa,
            KeyKind::Ec(_) => Family::Ec,
        }
    }

    /// The family of the key that has signed a certificate (DER), by the algorithm of its
    /// signature (RFC 8017 appendix C, RFC 5758 section 3.2); `None` for any other.
    #[must_use]
    pub fn of_signature(certificate: &[u8]) -> Option<Family> {
        let algorithm = signature_algorithm(certificate).ok()??;
        if within(
            algorithm,
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1"),
        ) {
            Some(Family::Rsa)
        } else if within(algorithm, ObjectIdentifier::new_unwrap("1.2.840.10045.4")) {
            Some(Family::Ec)
        } else {
            None
        }
    }

    /// Whether a key is of another family than the key that signed its certificate; not, where
    /// that is not known.
    #[must_use]
    pub fn are_mixed(key: KeyKind, signed_by: Option<Family>) -> bool {
        signed_by.is_some_and(|signed_by| signed_by != Family::of_key(key))
    }

    /// `RSA` or `EC`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Family::Rsa => "RSA",
            Family::Ec => "EC",
        }
    }
}

/// RFC 5280 section 4.1: what is signed, the algorithm, the signature.
fn signature_algorithm(certificate: &[u8]) -> Result<Option<ObjectIdentifier>, Malformed> {
    let mut whole = Reader::new(certificate).sequence()?;
    whole.take(tag::SEQUENCE)?;
    whole.sequence()?.oid()
}

fn within(oid: ObjectIdentifier, arc: ObjectIdentifier) -> bool {
    oid.as_bytes().starts_with(arc.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Vec<u8> {
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    #[test]
    fn the_family_of_key_and_signature_are_read() {
        let mixed = "../tests/fixtures/field/rsa-key-signed-by-ec.pfx";
        for (path, password, key, signature) in [
            (
                "src/pfx/testdata/rsa-2048.p12",
                "test",
                Family::Rsa,
                Family::Rsa,
            ),
            (
                "src/pfx/testdata/ec-p256.p12",
                "test",
                Family::Ec,
                Family::Ec,
            ),
            (mixed, "secret", Family::Rsa, Family::Ec),
        ] {
            let bundle =
                super::super::read(&file(path), Some(password), super::super::Time::at(0)).unwrap();
            assert_eq!(Family::of_key(bundle.kind()), key, "{path}");
            assert_eq!(
                Family::of_signature(bundle.leaf()),
                Some(signature),
                "{path}"
            );
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_family() {
        for bytes in [
            &[][..],
            b"another",
            &[0x30, 0],
            &[0x30, 4, 0x30, 0, 0x30, 0],
        ] {
            assert_eq!(Family::of_signature(bytes), None, "{bytes:?}");
        }
    }
}
