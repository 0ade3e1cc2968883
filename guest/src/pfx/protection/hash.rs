//! The hash functions, and the three ways in which a password becomes a key with them.

use const_oid::ObjectIdentifier;
use hmac::digest::block_api::EagerHash;
use hmac::digest::{Digest, Output};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroizing;

use super::budget::Budget;
use crate::pfx::error::Obstacle;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pfx) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
}

/// What a key is for (RFC 7292 appendix B.3).
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

const HASHES: [Hash; 7] = [
    Hash::Sha1,
    Hash::Sha224,
    Hash::Sha256,
    Hash::Sha384,
    Hash::Sha512,
    Hash::Sha512_224,
    Hash::Sha512_256,
];

const HMACS: [(ObjectIdentifier, Hash); 7] = [
    (oid("1.2.840.113549.2.7"), Hash::Sha1),
    (oid("1.2.840.113549.2.8"), Hash::Sha224),
    (oid("1.2.840.113549.2.9"), Hash::Sha256),
    (oid("1.2.840.113549.2.10"), Hash::Sha384),
    (oid("1.2.840.113549.2.11"), Hash::Sha512),
    (oid("1.2.840.113549.2.12"), Hash::Sha512_224),
    (oid("1.2.840.113549.2.13"), Hash::Sha512_256),
];

const fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(text)
}

/// Calls a function that is generic over the hash with the right one.
macro_rules! with_hash {
    ($hash:expr, $function:ident($($argument:expr),*)) => {
        match $hash {
            Hash::Sha1 => $function::<Sha1>($($argument),*),
            Hash::Sha224 => $function::<Sha224>($($argument),*),
            Hash::Sha256 => $function::<Sha256>($($argument),*),
            Hash::Sha384 => $function::<Sha384>($($argument),*),
            Hash::Sha512 => $function::<Sha512>($($argument),*),
            Hash::Sha512_224 => $function::<Sha512_224>($($argument),*),
            Hash::Sha512_256 => $function::<Sha512_256>($($argument),*),
        }
    };
}

impl Hash {
    /// The hash with this object identifier.
    pub(in crate::pfx) fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        HASHES.into_iter().find(|hash| hash.oid() == oid)
    }

    /// The hash whose HMAC has this object identifier.
    pub(super) fn from_hmac_oid(oid: ObjectIdentifier) -> Option<Self> {
        let known = HMACS.iter().find(|(known, _)| *known == oid);
        known.map(|(_, hash)| *hash)
    }

    /// Its object identifier.
    pub(in crate::pfx) fn oid(self) -> ObjectIdentifier {
        oid(match self {
            Hash::Sha1 => "1.3.14.3.2.26",
            Hash::Sha256 => "2.16.840.1.101.3.4.2.1",
            Hash::Sha384 => "2.16.840.1.101.3.4.2.2",
            Hash::Sha512 => "2.16.840.1.101.3.4.2.3",
            Hash::Sha224 => "2.16.840.1.101.3.4.2.4",
            Hash::Sha512_224 => "2.16.840.1.101.3.4.2.5",
            Hash::Sha512_256 => "2.16.840.1.101.3.4.2.6",
        })
    }

    /// The digest of all parts, one after the other.
    pub(in crate::pfx) fn of(self, parts: &[&[u8]]) -> Vec<u8> {
        with_hash!(self, digest(parts))
    }

    /// MGF1: so many bytes that depend on a seed (RFC 8017 appendix B.2.1).
    pub(in crate::pfx) fn mask(self, seed: &[u8], length: usize) -> Vec<u8> {
        let mut mask: Vec<u8> = (0_u32..)
            .take(self.blocks_for(length))
            .flat_map(|counter| self.of(&[seed, &counter.to_be_bytes()]))
            .collect();
        mask.truncate(length);
        mask
    }

    /// Bytes that come out.
    pub(in crate::pfx) fn size(self) -> usize {
        match self {
            Hash::Sha1 => 20,
            Hash::Sha224 | Hash::Sha512_224 => 28,
            Hash::Sha256 | Hash::Sha512_256 => 32,
            Hash::Sha384 => 48,
            Hash::Sha512 => 64,
        }
    }

    fn block(self) -> usize {
        match self {
            Hash::Sha1 | Hash::Sha224 | Hash::Sha256 => 64,
            Hash::Sha384 | Hash::Sha512 | Hash::Sha512_224 | Hash::Sha512_256 => 128,
        }
    }

    fn blocks_for(self, length: usize) -> usize {
        length.div_ceil(self.size())
    }

    /// RFC 7292's derivation (appendix B.2).
    pub(super) fn derive_pkcs12(
        self,
        purpose: Purpose,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        length: usize,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Obstacle> {
        let input = password.len().saturating_add(salt.len());
        budget.spend(iterations, 1, self.blocks_for(length), input)?;
        let block = self.block();
        Ok(with_hash!(
            self,
            pkcs12(block, purpose, password, salt, iterations, length)
        ))
    }

    /// PBKDF2 with the HMAC of this hash (RFC 8018 section 5.2).
    pub(super) fn derive_pbkdf2(
        self,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
        length: usize,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Obstacle> {
        if iterations == 0 {
            return Err(Obstacle::Malformed);
        }
        let input = password.len().saturating_add(salt.len());
        budget.spend(iterations, 2, self.blocks_for(length), input)?;
        let mut key = Zeroizing::new(vec![0; length]);
        with_hash!(self, pbkdf2(password, salt, iterations, &mut key));
        Ok(key)
    }

    /// Whether `tag` is the HMAC of `data`, in time that does not depend on where they differ.
    pub(super) fn hmac_fits(self, key: &[u8], data: &[u8], tag: &[u8]) -> bool {
        with_hash!(self, hmac_fits(key, data, tag))
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let parts = parts.iter();
    let digest = parts.fold(D::new(), |digest, part| digest.chain_update(part));
    digest.finalize().to_vec()
}

fn pbkdf2<D: EagerHash>(password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
    pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations, key);
}

fn hmac_fits<D: EagerHash>(key: &[u8], data: &[u8], tag: &[u8]) -> bool {
    // HMAC takes keys of any length, so this is never the error.
    Hmac::<D>::new_from_slice(key)
        .is_ok_and(|hmac| hmac.chain_update(data).verify_slice(tag).is_ok())
}

/// The letters are those of RFC 7292 appendix B.2.
fn pkcs12<D: Digest>(
    v: usize,
    purpose: Purpose,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let d = vec![purpose as u8; v];
    let mut i = Zeroizing::new(filled(salt, v));
    i.extend_from_slice(&Zeroizing::new(filled(password, v)));
    let mut key = Zeroizing::new(Vec::with_capacity(length.saturating_add(64)));
    loop {
        let mut a: Output<D> = D::new().chain_update(&d).chain_update(&*i).finalize();
        for _ in 1..iterations {
            a = D::digest(&a);
        }
        key.extend_from_slice(&a);
        if key.len() >= length {
            key.truncate(length);
            return key;
        }
        let b: Zeroizing<Vec<u8>> = Zeroizing::new(a.iter().copied().cycle().take(v).collect());
        for block in i.chunks_mut(v) {
            add_and_one(block, &b);
        }
    }
}

/// Copies of `bytes` until whole blocks of `v` are full.
fn filled(bytes: &[u8], v: usize) -> Vec<u8> {
    let length = bytes.len().div_ceil(v).saturating_mul(v);
    bytes.iter().copied().cycle().take(length).collect()
}

/// `block + b + 1`, as numbers, modulo what fits into the block.
fn add_and_one(block: &mut [u8], b: &[u8]) {
    let mut carry = 1_u16;
    for (digit, &add) in block.iter_mut().zip(b).rev() {
        let sum = u16::from(*digit)
            .wrapping_add(add.into())
            .wrapping_add(carry);
        let [high, low] = sum.to_be_bytes();
        *digit = low;
        carry = high.into();
    }
}
