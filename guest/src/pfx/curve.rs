//! The four curves of Key Vault: names, sizes, the public point of a private number, and whether
//! a signature is one of a point's.

use const_oid::ObjectIdentifier;
use ecdsa::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ecdsa::elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, PublicKey, SecretKey,
};
use ecdsa::{EcdsaCurve, Signature, hazmat};

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

/// Both numbers of an ECDSA signature, without leading zeros.
pub(super) struct Numbers<'a> {
    pub(super) r: &'a [u8],
    pub(super) s: &'a [u8],
}

impl Curve {
    /// Whether this is a signature of the point over what has this digest. What is no point of
    /// the curve has made none.
    pub(super) fn verifies(self, point: &[u8], digest: &[u8], signature: &Numbers<'_>) -> bool {
        let verified = match self {
            Curve::P256 => verified::<p256::NistP256>,
            Curve::P384 => verified::<p384::NistP384>,
            Curve::P521 => verified::<p521::NistP521>,
            Curve::P256K => verified::<k256::Secp256k1>,
        };
        verified(point, digest, signature).is_some()
    }
}

fn verified<C>(point: &[u8], digest: &[u8], signature: &Numbers<'_>) -> Option<()>
where
    C: EcdsaCurve + CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let mut point = point.to_vec();
    // The hybrid form has both coordinates too, and says their parity besides.
    if let Some(form @ (6 | 7)) = point.first_mut() {
        *form = 4;
    }
    let key = PublicKey::<C>::from_sec1_bytes(&point).ok()?;
    let [r, s] = [signature.r, signature.s].map(|number| {
        let padding = FieldBytes::<C>::default().len().checked_sub(number.len())?;
        let bytes = [&vec![0; padding], number].concat();
        FieldBytes::<C>::try_from(bytes.as_slice()).ok()
    });
    let mut signature = Signature::<C>::from_scalars(r?, s?).ok()?;
    // Of the two signatures that are the same for ECDSA, Bitcoin's rules for P-256K want the one
    // with the lower number, and certificates have either.
    if C::NORMALIZE_S {
        signature = signature.normalize_s();
    }
    hazmat::verify_prehashed::<C>(&key.to_projective(), digest, &signature).ok()
}

/// Whether `written` is this uncompressed point, in whatever form (SEC 1 section 2.3.3; X9.62
/// section 4.3.6 for the hybrid one).
pub(super) fn is_point(written: &[u8], point: &[u8]) -> bool {
    let Some((&form, coordinates)) = written.split_first() else {
        return false;
    };
    let Some((x, y)) = point
        .get(1..)
        .and_then(|both| both.split_at_checked(both.len() / 2))
    else {
        return false;
    };
    let parity = y.last().is_some_and(|last| last & 1 == form & 1);
    match form {
        2 | 3 => coordinates == x && parity,
        6 | 7 => point.get(1..) == Some(coordinates) && parity,
        _ => written == point,
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
