//! Private keys: reads them in any of three encodings, says what kind they are, and writes the
//! one form that Key Vault gets.
//!
//! It must not know where a key was found. Sources: RFC 5958 (PKCS#8), RFC 8017 appendix A.1
//! (PKCS#1), RFC 5915 (SEC 1).

use const_oid::ObjectIdentifier;
use zeroize::Zeroizing;

use super::asn1::{Malformed, Reader, tag, without_leading_zeros};
use super::curve::{Curve, is_point};
use super::error::Obstacle;
use super::key_names::{curve_name, key_name};
use super::{ber, der, explicit_curve};

pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The sizes that Key Vault takes ("About keys").
const RSA_BITS: [u32; 3] = [2048, 3072, 4096];

/// What a policy says about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// With this many bits.
    Rsa(u32),
    /// On this curve.
    Ec(Curve),
}

impl KeyKind {
    /// `kty`.
    #[must_use]
    pub fn kty(self) -> &'static str {
        match self {
            KeyKind::Rsa(_) => "RSA",
            KeyKind::Ec(_) => "EC",
        }
    }

    /// `key_size`, in bits; an EC key has none.
    #[must_use]
    pub fn key_size(self) -> Option<u32> {
        match self {
            KeyKind::Rsa(bits) => Some(bits),
            KeyKind::Ec(_) => None,
        }
    }

    /// `crv`; an RSA key has none.
    #[must_use]
    pub fn crv(self) -> Option<&'static str> {
        match self {
            KeyKind::Rsa(_) => None,
            KeyKind::Ec(curve) => Some(curve.name()),
        }
    }
}

/// A public key in a form that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublicKey {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
}

/// How a private key is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Pkcs8,
    Pkcs1,
    Sec1,
}

/// A private key that Key Vault takes.
pub(super) struct PrivateKey {
    pub(super) kind: KeyKind,
    pub(super) public: PublicKey,
    /// PKCS#8, version 0, without attributes; an EC key with its public point.
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    pub(super) fn read(key: &[u8], encoding: Encoding) -> Result<Self, Obstacle> {
        let key = Zeroizing::new(ber::first(key)?.0);
        match encoding {
            Encoding::Pkcs8 => read_pkcs8(&key),
            Encoding::Pkcs1 => read_rsa(&key),
            Encoding::Sec1 => read_ec(&key, None),
        }
    }
}

fn read_pkcs8(key: &[u8]) -> Result<PrivateKey, Obstacle> {
    let mut info = Reader::new(key).sequence()?;
    info.count()?;
    let mut algorithm = info.sequence()?;
    let private = info.octets()?;
    let oid = algorithm.oid()?;
    if oid == Some(RSA) {
        read_rsa(&Zeroizing::new(ber::first(private)?.0))
    } else if oid == Some(EC) {
        let curve = read_curve(&mut algorithm)?;
        read_ec(&Zeroizing::new(ber::first(private)?.0), Some(curve))
    } else {
        Err(Obstacle::Key(key_name(oid)))
    }
}

fn read_rsa(key: &[u8]) -> Result<PrivateKey, Obstacle> {
    let mut fields = Reader::new(key).sequence()?;
    if fields.count()? != 0 {
        return Err(Obstacle::Key("RSA with more than two primes".to_owned()));
    }
    let mut numbers = Vec::with_capacity(8);
    for _ in 0..8 {
        numbers.push(fields.unsigned()?);
    }
    let [modulus, exponent, ..] = numbers.as_slice() else {
        return Err(Obstacle::Malformed);
    };
    let bits = bits(modulus);
    if !RSA_BITS.contains(&bits) {
        return Err(Obstacle::Key(format!("RSA with {bits} bits")));
    }
    if numbers.iter().any(|n| n.is_empty()) {
        return Err(Obstacle::Key("RSA without its prime factors".to_owned()));
    }
    let written: Vec<Zeroizing<Vec<u8>>> = std::iter::once(&&[][..])
        .chain(&numbers)
        .map(|number| Zeroizing::new(der::unsigned(number)))
        .collect();
    let parts: Vec<&[u8]> = written.iter().map(|part| part.as_slice()).collect();
    let private = Zeroizing::new(der::sequence(&parts));
    let algorithm = der::sequence(&[&der::oid(RSA), &der::element(tag::NULL, &[])]);
    Ok(PrivateKey {
        kind: KeyKind::Rsa(bits),
        public: PublicKey::Rsa {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
        },
        pkcs8: pkcs8(&algorithm, &private),
    })
}

/// `curve` is the one that PKCS#8 names; without it the key names its own.
fn read_ec(key: &[u8], curve: Option<Curve>) -> Result<PrivateKey, Obstacle> {
    let mut fields = Reader::new(key).sequence()?;
    fields.count()?;
    let number = without_leading_zeros(fields.octets()?);
    let named = fields.optional(tag::context(0))?;
    let curve = match (curve, named) {
        (Some(curve), _) => curve,
        (None, Some(named)) => read_curve(&mut Reader::new(named.content))?,
        (None, None) => return Err(Obstacle::Malformed),
    };
    let padding = curve
        .size()
        .checked_sub(number.len())
        .ok_or(Obstacle::Malformed)?;
    let number = Zeroizing::new([&vec![0; padding], number].concat());
    let point = curve.public_point(&number).ok_or(Obstacle::Malformed)?;
    let stated = fields.optional(tag::context(1))?;
    if let Some(stated) = stated {
        let stated = Reader::new(stated.content).bits()?;
        if !is_point(stated, &point) {
            return Err(Obstacle::Malformed);
        }
    }
    let public = der::element(tag::BIT_STRING, &[&[0], point.as_slice()].concat());
    let private = Zeroizing::new(der::sequence(&[
        &der::unsigned(&[1]),
        &Zeroizing::new(der::octets(&number)),
        &der::element(tag::context(1), &public),
    ]));
    let algorithm = der::sequence(&[&der::oid(EC), &der::oid(curve.oid())]);
    Ok(PrivateKey {
        kind: KeyKind::Ec(curve),
        public: PublicKey::Ec { curve, point },
        pkcs8: pkcs8(&algorithm, &private),
    })
}

fn pkcs8(algorithm: &[u8], private: &[u8]) -> Zeroizing<Vec<u8>> {
    let private = Zeroizing::new(der::octets(private));
    Zeroizing::new(der::sequence(&[&der::unsigned(&[]), algorithm, &private]))
}

/// ECParameters (RFC 5480 section 2.1.1), the curve named or spelled out.
pub(super) fn read_curve(parameters: &mut Reader<'_>) -> Result<Curve, Obstacle> {
    if let Some(spelled_out) = parameters.optional(tag::SEQUENCE)? {
        let curve = explicit_curve::recognised(Reader::new(spelled_out.content))?;
        let other = "EC on a curve that is spelled out, and is none of those";
        return curve.ok_or_else(|| Obstacle::Key(other.to_owned()));
    }
    let oid = parameters.oid()?;
    oid.and_then(Curve::from_oid)
        .ok_or_else(|| Obstacle::Key(curve_name(oid)))
}

impl PublicKey {
    /// From a SubjectPublicKeyInfo; `None` for kinds of keys that are not read.
    pub(super) fn read(mut spki: Reader<'_>) -> Result<Option<Self>, Malformed> {
        let mut algorithm = spki.sequence()?;
        let oid = algorithm.oid()?;
        let key = spki.bits()?;
        if oid == Some(RSA) {
            return Ok(Self::read_rsa(key).ok());
        }
        if oid != Some(EC) {
            return Ok(None);
        }
        Ok(read_curve(&mut algorithm).ok().map(|curve| PublicKey::Ec {
            curve,
            point: key.to_vec(),
        }))
    }

    /// From an RSAPublicKey.
    pub(super) fn read_rsa(key: &[u8]) -> Result<Self, Malformed> {
        let mut numbers = Reader::new(key).sequence()?;
        Ok(PublicKey::Rsa {
            modulus: numbers.unsigned()?.to_vec(),
            exponent: numbers.unsigned()?.to_vec(),
        })
    }

    /// Whether `other`, as found in a certificate, is this key.
    pub(super) fn is(&self, other: &PublicKey) -> bool {
        match (self, other) {
            (PublicKey::Ec { curve, point }, PublicKey::Ec { curve: c, point: p }) => {
                curve == c && is_point(p, point)
            }
            _ => self == other,
        }
    }
}

/// Of a number without leading zeros.
pub(super) fn bits(number: &[u8]) -> u32 {
    let unused = number.first().map_or(0, |first| first.leading_zeros());
    u32::try_from(number.len())
        .unwrap_or(u32::MAX)
        .saturating_mul(8)
        .saturating_sub(unused)
}
