//! The four curves of Key Vault: names, sizes, and the public point of a private number.

use const_oid::ObjectIdentifier;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, SecretKey};

/// A curve that Key Vault knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, secp256r1, prime256v1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
    /// NIST P-521, secp521r1.
    P521,
    /// secp256k1.
    P256K,
}

impl Curve {
    /// The name in a policy's `crv` (Azure REST, "JsonWebKeyCurveName").
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
            Curve::P521 => "P-521",
            Curve::P256K => "P-256K",
        }
    }

    pub(super) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        [Curve::P256, Curve::P384, Curve::P521, Curve::P256K]
            .into_iter()
            .find(|curve| curve.oid() == oid)
    }

    pub(super) fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Curve::P256 => "1.2.840.10045.3.1.7",
            Curve::P384 => "1.3.132.0.34",
            Curve::P521 => "1.3.132.0.35",
            Curve::P256K => "1.3.132.0.10",
        })
    }

    /// Bytes of one coordinate, and of a private number.
    pub(super) fn size(self) -> usize {
        match self {
            Curve::P256 | Curve::P256K => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// The uncompressed point that belongs to a private number of [`size`](Self::size) bytes;
    /// `None` where the number is zero or too large.
    pub(super) fn public_point(self, number: &[u8]) -> Option<Vec<u8>> {
        match self {
            Curve::P256 => point::<p256::NistP256>(number),
            Curve::P384 => point::<p384::NistP384>(number),
            Curve::P521 => point::<p521::NistP521>(number),
            Curve::P256K => point::<k256::Secp256k1>(number),
        }
    }
}

fn point<C>(number: &[u8]) -> Option<Vec<u8>>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let key = SecretKey::<C>::from_slice(number).ok()?;
    let point = key.public_key().as_affine().to_sec1_point(false);
    Some(point.as_bytes().to_vec())
}
