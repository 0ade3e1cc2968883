//! Recognises a curve that is spelled out by its numbers instead of named, as Key Vault itself
//! exports P-256K.
//!
//! Every number is compared: a curve that differs from a known one in any of them is another
//! one, and may be made to look like it. Source: SEC 1 version 2.0 appendix C.2; the numbers
//! are those of SEC 2 version 2.0.

use const_oid::ObjectIdentifier;

use super::asn1::{Malformed, Reader, without_leading_zeros};
use super::curve::{Curve, is_point};

const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");

/// What makes a curve, in hexadecimal.
struct Numbers {
    curve: Curve,
    /// The prime of its field.
    p: &'static str,
    a: &'static str,
    b: &'static str,
    /// Both coordinates of its generator.
    g: [&'static str; 2],
    /// The order of its generator.
    n: &'static str,
}

const CURVES: [Numbers; 4] = [
    Numbers {
        curve: Curve::P256,
        p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        g: [
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        ],
        n: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    },
    Numbers {
        curve: Curve::P384,
        p: "\
            fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeff\
            ffffff0000000000000000ffffffff",
        a: "\
            fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeff\
            ffffff0000000000000000fffffffc",
        b: "\
            b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac6\
            56398d8a2ed19d2a85c8edd3ec2aef",
        g: [
            "\
                aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a3855\
                02f25dbf55296c3a545e3872760ab7",
            "\
                3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a\
                60b1ce1d7e819d7a431d7c90ea0e5f",
        ],
        n: "\
            ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf58\
            1a0db248b0a77aecec196accc52973",
    },
    Numbers {
        curve: Curve::P521,
        p: "\
            01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
            ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        a: "\
            01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
            fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
        b: "\
            0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109\
            e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        g: [
            "\
                00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3d\
                baa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
            "\
                011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e66\
                2c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
        ],
        n: "\
            01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
            fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
    },
    Numbers {
        curve: Curve::P256K,
        p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
        a: "0000000000000000000000000000000000000000000000000000000000000000",
        b: "0000000000000000000000000000000000000000000000000000000000000007",
        g: [
            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
        ],
        n: "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    },
];

/// The curve with the numbers in `parameters`, the content of a SpecifiedECDomain; `None` for any
/// other. Its seed and hash say how the numbers were found, and may be missing as the cofactor
/// may.
pub(super) fn recognised(mut parameters: Reader<'_>) -> Result<Option<Curve>, Malformed> {
    parameters.count()?;
    let mut field = parameters.sequence()?;
    if field.oid()? != Some(PRIME_FIELD) {
        return Ok(None);
    }
    let p = field.unsigned()?;
    let mut coefficients = parameters.sequence()?;
    // Key Vault leaves zeros out where others have the length of the field.
    let a = without_leading_zeros(coefficients.octets()?);
    let b = without_leading_zeros(coefficients.octets()?);
    let g = parameters.octets()?;
    let n = parameters.unsigned()?;
    if parameters.optional_count()?.is_some_and(|h| h != 1) {
        return Ok(None);
    }
    let found = CURVES.iter().find(|known| {
        let [x, y] = known.g.map(bytes);
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        let same = |number: &[u8], text| number == without_leading_zeros(&bytes(text));
        same(p, known.p)
            && same(a, known.a)
            && same(b, known.b)
            && same(n, known.n)
            && is_point(g, &point)
    });
    Ok(found.map(|known| known.curve))
}

/// The bytes of hexadecimal digits, of which there is an even number.
fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pfx::der;

    /// SpecifiedECDomain's content of a curve, with the number at a place replaced.
    fn spelled_out(known: &Numbers, replaced: Option<usize>) -> Vec<u8> {
        let [x, y] = known.g.map(bytes);
        let mut parts = [
            bytes(known.p),
            bytes(known.a),
            bytes(known.b),
            [&[4], x.as_slice(), y.as_slice()].concat(),
            bytes(known.n),
        ];
        if let Some(last) = replaced.and_then(|place| parts[place].last_mut()) {
            *last ^= 2;
        }
        let [p, a, b, g, n] = parts;
        [
            der::unsigned(&[1]),
            der::sequence(&[&der::oid(PRIME_FIELD), &der::unsigned(&p)]),
            der::sequence(&[&der::octets(&a), &der::octets(&b)]),
            der::octets(&g),
            der::unsigned(&n),
        ]
        .concat()
    }

    fn found(content: &[u8]) -> Option<Curve> {
        recognised(Reader::new(content)).unwrap()
    }

    #[test]
    fn each_curve_is_recognised_and_none_that_differs_in_any_number() {
        for known in &CURVES {
            assert_eq!(found(&spelled_out(known, None)), Some(known.curve));
            for place in 0..5 {
                let other = spelled_out(known, Some(place));
                assert_eq!(found(&other), None, "{:?} {place}", known.curve);
            }
            let with =
                |cofactor: u8| [spelled_out(known, None), der::unsigned(&[cofactor])].concat();
            assert_eq!(found(&with(1)), Some(known.curve));
            assert_eq!(found(&with(4)), None);
        }
    }

    #[test]
    fn the_sizes_of_the_numbers_are_those_of_the_curve() {
        for known in &CURVES {
            for text in [known.p, known.g[0], known.g[1], known.n] {
                assert_eq!(bytes(text).len(), known.curve.size(), "{:?}", known.curve);
            }
        }
    }
}
