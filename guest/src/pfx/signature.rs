//! Whether one key has signed one certificate.
//!
//! That a certificate may be relied on is for others to say: nothing here looks at dates, uses
//! or constraints. Sources: RFC 4055 (RSA), RFC 5758 and RFC 3279 (ECDSA).

use const_oid::ObjectIdentifier;

use super::asn1::{Malformed, Reader, tag};
use super::curve::Numbers;
use super::key::{EC, PublicKey, RSA, read_curve};
use super::protection::Hash;
use super::rsa::{self, Pss};

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

const RSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");

/// How a certificate is signed.
#[derive(Clone, Copy)]
enum Algorithm {
    Pkcs1(Hash),
    Pss(Hash, Pss),
    Ecdsa(Hash),
}

const ALGORITHMS: [(ObjectIdentifier, Algorithm); 11] = [
    (oid("1.2.840.113549.1.1.5"), Algorithm::Pkcs1(Hash::Sha1)),
    // The same by another name, as Microsoft's makecert wrote it.
    (oid("1.3.14.3.2.29"), Algorithm::Pkcs1(Hash::Sha1)),
    (oid("1.2.840.113549.1.1.11"), Algorithm::Pkcs1(Hash::Sha256)),
    (oid("1.2.840.113549.1.1.12"), Algorithm::Pkcs1(Hash::Sha384)),
    (oid("1.2.840.113549.1.1.13"), Algorithm::Pkcs1(Hash::Sha512)),
    (oid("1.2.840.113549.1.1.14"), Algorithm::Pkcs1(Hash::Sha224)),
    (oid("1.2.840.10045.4.1"), Algorithm::Ecdsa(Hash::Sha1)),
    (oid("1.2.840.10045.4.3.1"), Algorithm::Ecdsa(Hash::Sha224)),
    (oid("1.2.840.10045.4.3.2"), Algorithm::Ecdsa(Hash::Sha256)),
    (oid("1.2.840.10045.4.3.3"), Algorithm::Ecdsa(Hash::Sha384)),
    (oid("1.2.840.10045.4.3.4"), Algorithm::Ecdsa(Hash::Sha512)),
];

/// The signature of a certificate.
pub(super) struct Signature {
    /// `None` for one that is not verified here.
    algorithm: Option<Algorithm>,
    value: Vec<u8>,
}

/// What a signature says about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The key has made it.
    Signed,
    /// The key has not made it.
    NotSigned,
    /// The algorithm, or the kind of key, is not known here.
    Unknown,
}

impl Signature {
    /// From what follows the signed part of a certificate. A value that is no signature is one
    /// that no key has made.
    pub(super) fn read(after: &mut Reader<'_>) -> Result<Self, Malformed> {
        let algorithm = after.sequence()?;
        let value = after.element()?.whole;
        Ok(Signature {
            algorithm: Algorithm::read(algorithm).unwrap_or(None),
            value: Reader::new(value).bits().unwrap_or_default().to_vec(),
        })
    }

    /// Whether the key in `spki`, the content of a SubjectPublicKeyInfo, has signed `signed`.
    pub(super) fn by(&self, spki: &[u8], signed: &[u8]) -> Verdict {
        let Some(algorithm) = self.algorithm else {
            return Verdict::Unknown;
        };
        let key = match SigningKey::read(spki) {
            Ok(SigningKey::Known(key)) => key,
            Ok(SigningKey::OfAnotherKind) => return Verdict::NotSigned,
            Ok(SigningKey::Unreadable) | Err(Malformed) => return Verdict::Unknown,
        };
        let verified = match (algorithm, &key.public) {
            (Algorithm::Pkcs1(_) | Algorithm::Pss(..), PublicKey::Rsa { modulus, exponent }) => {
                let rsa = rsa::Key { modulus, exponent };
                if !rsa.is_usable() {
                    return Verdict::Unknown;
                }
                match algorithm {
                    Algorithm::Pss(hash, pss) => {
                        rsa.verifies_pss(hash, pss, &hash.of(&[signed]), &self.value)
                    }
                    Algorithm::Pkcs1(hash) if !key.only_pss => {
                        rsa.verifies_pkcs1(hash, &hash.of(&[signed]), &self.value)
                    }
                    _ => false,
                }
            }
            (Algorithm::Ecdsa(hash), PublicKey::Ec { curve, point }) => {
                let digest = hash.of(&[signed]);
                ecdsa_numbers(&self.value)
                    .is_ok_and(|numbers| curve.verifies(point, &digest, &numbers))
            }
            // A key of one family does not make signatures of the other.
            _ => false,
        };
        if verified {
            Verdict::Signed
        } else {
            Verdict::NotSigned
        }
    }
}

/// ECDSA-Sig-Value (RFC 3279 section 2.2.3).
fn ecdsa_numbers(value: &[u8]) -> Result<Numbers<'_>, Malformed> {
    let mut numbers = Reader::new(value).sequence()?;
    Ok(Numbers {
        r: numbers.unsigned()?,
        s: numbers.unsigned()?,
    })
}

/// The key of an authority.
enum SigningKey {
    Known(KnownKey),
    /// RSA or EC, but not as it is read here.
    Unreadable,
    /// Whatever it signs, it is none of the signatures that are verified here.
    OfAnotherKind,
}

struct KnownKey {
    public: PublicKey,
    /// It is bound to that padding (RFC 4055 section 1.2).
    only_pss: bool,
}

impl SigningKey {
    fn read(spki: &[u8]) -> Result<Self, Malformed> {
        let mut spki = Reader::new(spki);
        let mut algorithm = spki.sequence()?;
        let oid = algorithm.oid()?;
        let key = spki.bits()?;
        let only_pss = oid == Some(RSA_PSS);
        let public = if oid == Some(RSA) || only_pss {
            PublicKey::read_rsa(key)?
        } else if oid == Some(EC) {
            let Ok(curve) = read_curve(&mut algorithm) else {
                return Ok(SigningKey::Unreadable);
            };
            let point = key.to_vec();
            PublicKey::Ec { curve, point }
        } else {
            return Ok(SigningKey::OfAnotherKind);
        };
        Ok(SigningKey::Known(KnownKey { public, only_pss }))
    }
}

impl Algorithm {
    fn read(mut algorithm: Reader<'_>) -> Result<Option<Self>, Malformed> {
        let oid = algorithm.oid()?;
        if oid == Some(RSA_PSS) {
            return Self::read_pss(algorithm.sequence()?);
        }
        let known = ALGORITHMS.iter().find(|(known, _)| Some(*known) == oid);
        Ok(known.map(|(_, algorithm)| *algorithm))
    }

    /// RSASSA-PSS-params (RFC 4055 section 3.1): each has a default, with SHA-1.
    fn read_pss(mut parameters: Reader<'_>) -> Result<Option<Self>, Malformed> {
        let mut hash = Some(Hash::Sha1);
        let mut mask = Some(Hash::Sha1);
        let mut salt = 20;
        if let Some(given) = parameters.optional(tag::context(0))? {
            hash = hash_in(Reader::new(given.content).sequence()?)?;
        }
        if let Some(given) = parameters.optional(tag::context(1))? {
            let mut given = Reader::new(given.content).sequence()?;
            mask = match given.oid()? == Some(MGF1) {
                true => hash_in(given.sequence()?)?,
                false => None,
            };
        }
        if let Some(given) = parameters.optional(tag::context(2))? {
            salt = Reader::new(given.content).count()?;
        }
        let salt = usize::try_from(salt).ok();
        Ok(match (hash, mask, salt) {
            (Some(hash), Some(mask), Some(salt)) => Some(Algorithm::Pss(hash, Pss { mask, salt })),
            _ => None,
        })
    }
}

fn hash_in(mut algorithm: Reader<'_>) -> Result<Option<Hash>, Malformed> {
    Ok(algorithm.oid()?.and_then(Hash::from_oid))
}
