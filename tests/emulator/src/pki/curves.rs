//! The curves of EC keys, by name or spelled out.
//!
//! Must not know keys or certificates. A curve may stand as an object identifier or as all its numbers
//! (RFC 3279 section 2.3.5, `ECParameters`), and Key Vault itself spells P-256K out in what it issues and
//! exports. The numbers are files of `curves/`, each made by
//! `openssl ecparam -name … -param_enc explicit -outform DER`.

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader};

/// A curve that the service knows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    /// The service's name.
    pub(crate) name: &'static str,
    /// What the service calls the size of a key on it.
    pub(crate) bits: u32,
    pub(super) oid: ObjectIdentifier,
    /// `ECParameters`.
    pub(super) explicit: &'static [u8],
}

static CURVES: [Curve; 4] = [
    Curve {
        name: "P-256",
        bits: 256,
        oid: ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        explicit: include_bytes!("curves/p-256.der"),
    },
    Curve {
        name: "P-384",
        bits: 384,
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        explicit: include_bytes!("curves/p-384.der"),
    },
    Curve {
        name: "P-521",
        bits: 521,
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        explicit: include_bytes!("curves/p-521.der"),
    },
    Curve {
        name: "P-256K",
        bits: 256,
        oid: ObjectIdentifier::new_unwrap("1.3.132.0.10"),
        explicit: include_bytes!("curves/p-256k.der"),
    },
];

/// P-256K as a certificate of the service spells it, without the leading zeros of the coefficients that its
/// keys have (a recording of azure-sdk-for-net, DownloadECDsaCertificateSignLocalVerifyRemote).
const IN_CERTIFICATES: &[u8] = include_bytes!("curves/p-256k-in-certificates.der");

impl Curve {
    /// The curve of the service's name.
    pub(crate) fn named(name: &str) -> Option<&'static Curve> {
        CURVES.iter().find(|c| c.name == name)
    }

    /// The curve that the parameters of a key's algorithm mean, either way; DER.
    pub(super) fn of_parameters(der: &[u8]) -> Option<&'static Curve> {
        if let Ok(oid) = ObjectIdentifier::from_der(der) {
            return CURVES.iter().find(|c| c.oid == oid);
        }
        let found = Domain::read(der)?;
        CURVES
            .iter()
            .find(|c| Domain::read(c.explicit).as_ref() == Some(&found))
    }

    /// The numbers that the service writes into a key instead of the name, where it does.
    pub(super) fn in_keys(&self) -> Option<&'static [u8]> {
        (self.name == "P-256K").then_some(self.explicit)
    }

    /// And into a certificate.
    pub(super) fn in_certificates(&self) -> Option<&'static [u8]> {
        (self.name == "P-256K").then_some(IN_CERTIFICATES)
    }
}

/// What makes a curve the one it is, without leading zeros; the seed and the cofactor may be left out.
#[derive(PartialEq, Eq)]
struct Domain {
    prime: Vec<u8>,
    a: Vec<u8>,
    b: Vec<u8>,
    /// The generator's first coordinate, which stands in both of its encodings.
    generator: Vec<u8>,
    order: Vec<u8>,
}

impl Domain {
    fn read(der: &[u8]) -> Option<Domain> {
        let mut reader = SliceReader::new(der).ok()?;
        let (prime, a, b, base, order) = reader
            .sequence(|r: &mut SliceReader<'_>| {
                u8::decode(r)?;
                let prime = r.sequence(|r: &mut SliceReader<'_>| {
                    let _field: ObjectIdentifier = Decode::decode(r)?;
                    Ok::<_, x509_cert::der::Error>(UintRef::decode(r)?.as_bytes().to_vec())
                })?;
                let (a, b) = r.sequence(|r: &mut SliceReader<'_>| {
                    let a = <&OctetStringRef>::decode(r)?.as_bytes().to_vec();
                    let b = <&OctetStringRef>::decode(r)?.as_bytes().to_vec();
                    skip(r)?;
                    Ok::<_, x509_cert::der::Error>((a, b))
                })?;
                let base = <&OctetStringRef>::decode(r)?.as_bytes().to_vec();
                let order = UintRef::decode(r)?.as_bytes().to_vec();
                skip(r)?;
                Ok::<_, x509_cert::der::Error>((prime, a, b, base, order))
            })
            .ok()?;
        Some(Domain {
            generator: trimmed(base.get(1..=prime.len())?),
            prime: trimmed(&prime),
            a: trimmed(&a),
            b: trimmed(&b),
            order: trimmed(&order),
        })
    }
}

fn skip(reader: &mut SliceReader<'_>) -> Result<(), x509_cert::der::Error> {
    while !reader.is_finished() {
        AnyRef::decode(reader)?;
    }
    Ok(())
}

fn trimmed(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|b| *b == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_cert::der::Encode;

    #[test]
    fn a_curve_is_known_by_its_name_and_by_its_numbers() {
        for curve in &CURVES {
            let name = curve.oid.to_der().unwrap();
            assert_eq!(Curve::of_parameters(&name), Some(curve));
            assert_eq!(Curve::of_parameters(curve.explicit), Some(curve));
            if let Some(shorter) = curve.in_certificates() {
                assert_eq!(Curve::of_parameters(shorter), Some(curve));
            }
        }
    }

    #[test]
    fn another_number_is_another_curve() {
        for curve in &CURVES {
            // One bit of the field's prime, which follows the identifier of prime fields.
            let mut other = curve.explicit.to_vec();
            let field = curve
                .explicit
                .windows(7)
                .position(|w| w == b"\x2a\x86\x48\xce\x3d\x01\x01");
            other[field.unwrap() + 7 + 8] ^= 1;
            assert_eq!(Curve::of_parameters(&other), None, "{}", curve.name);
        }
        assert_eq!(Curve::of_parameters(b"\x05\x00"), None);
    }
}
