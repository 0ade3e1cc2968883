//! Whether a signature is one of an RSA key's: RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017
//! sections 8.2 and 8.1).
//!
//! Only what is public goes in. The numbers are `crypto-bigint`'s, which the curves use anyway;
//! the crate `rsa` would bring the search for primes and all of decryption, and takes no PSS
//! whose mask has another hash than the message.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

use super::asn1::{tag, without_leading_zeros};
use super::der;
use super::protection::Hash;

/// The largest modulus, in bytes: 8,192 bits, where authorities have 4,096 at most. The work
/// grows with the square of it.
const LARGEST_MODULUS: usize = 1024;

/// The largest exponent, in bytes: that of Windows' CryptoAPI. In use is 65,537, and the work
/// grows with the number of bits.
const LARGEST_EXPONENT: usize = 4;

/// A public key, both numbers without leading zeros.
pub(super) struct Key<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) exponent: &'a [u8],
}

/// The parameters of a PSS signature besides its hash.
#[derive(Clone, Copy)]
pub(super) struct Pss {
    /// The hash of the mask.
    pub(super) mask: Hash,
    /// Bytes of salt.
    pub(super) salt: usize,
}

impl Key<'_> {
    /// Whether its numbers are of a size that is worked with.
    pub(super) fn is_usable(&self) -> bool {
        (1..=LARGEST_MODULUS).contains(&self.modulus.len())
            && (1..=LARGEST_EXPONENT).contains(&self.exponent.len())
    }

    /// RSASSA-PKCS1-v1_5: whether the signature is over what has this digest.
    pub(super) fn verifies_pkcs1(&self, hash: Hash, digest: &[u8], signature: &[u8]) -> bool {
        let Some(encoded) = self.encoded(signature) else {
            return false;
        };
        // With the parameters NULL, as it must be, or without, as some have it.
        [&der::element(tag::NULL, &[])[..], &[]].iter().any(|null| {
            let algorithm = der::sequence(&[&der::oid(hash.oid()), null]);
            let info = der::sequence(&[&algorithm, &der::octets(digest)]);
            // Eight bytes of padding are the least.
            let padding = encoded.len().checked_sub(info.len().saturating_add(3));
            padding
                .filter(|padding| *padding >= 8)
                .is_some_and(|padding| {
                    encoded == [&[0, 1], vec![0xff; padding].as_slice(), &[0], &info].concat()
                })
        })
    }

    /// RSASSA-PSS (section 9.1.2, whose names these are).
    pub(super) fn verifies_pss(
        &self,
        hash: Hash,
        pss: Pss,
        digest: &[u8],
        signature: &[u8],
    ) -> bool {
        self.pss(hash, pss, digest, signature).unwrap_or(false)
    }

    fn pss(&self, hash: Hash, pss: Pss, digest: &[u8], signature: &[u8]) -> Option<bool> {
        let encoded = self.encoded(signature)?;
        let first = self.modulus.first()?;
        // The encoded message has one bit less than the modulus, and so perhaps a byte less.
        let unused = first.leading_zeros().checked_add(1)? % 8;
        let em = match unused {
            0 => encoded.strip_prefix(&[0])?,
            _ => encoded.as_slice(),
        };
        let split = em.len().checked_sub(hash.size().checked_add(1)?)?;
        let (masked_db, rest) = em.split_at_checked(split)?;
        let h = rest.strip_suffix(&[0xbc])?;
        let mask = pss.mask.mask(h, masked_db.len());
        let mut db: Vec<u8> = masked_db.iter().zip(&mask).map(|(a, b)| a ^ b).collect();
        let top = 0xff_u8.checked_shr(unused)?;
        if masked_db.first()? & !top != 0 {
            return Some(false);
        }
        *db.first_mut()? &= top;
        let (padding, salt) = db.split_at_checked(db.len().checked_sub(pss.salt)?)?;
        let (one, zeros) = padding.split_last()?;
        let h_of_salt = hash.of(&[&[0; 8], digest, salt]);
        Some(*one == 1 && zeros.iter().all(|byte| *byte == 0) && h_of_salt == h)
    }

    /// What was signed, in as many bytes as the modulus has; `None` where the key or the
    /// signature cannot be one.
    fn encoded(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let size = self.modulus.len();
        if !self.is_usable() || signature.len() != size || signature >= self.modulus {
            return None;
        }
        let bits = u32::try_from(size.checked_mul(8)?).ok()?;
        let modulus = BoxedUint::from_be_slice(self.modulus, bits).ok()?;
        let modulus: Odd<BoxedUint> = Odd::new(modulus).into_option()?;
        let exponent = BoxedUint::from_be_slice_vartime(self.exponent);
        let modulus = BoxedMontyParams::new_vartime(modulus);
        let base = BoxedUint::from_be_slice(signature, bits).ok()?;
        let power = BoxedMontyForm::new(base, &modulus)
            .pow_bounded_exp(&exponent, exponent.bit_width_vartime())
            .retrieve()
            .to_be_bytes();
        let power = without_leading_zeros(&power);
        let padding = size.checked_sub(power.len())?;
        Some([&vec![0; padding], power].concat())
    }
}
