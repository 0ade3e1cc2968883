//! Key pairs from labels: EC keys from a hash, RSA keys from a handful of fixed test keys.
//!
//! Must not know certificates. Making an RSA key takes up to seconds, so the same few serve every name;
//! they are public, in `test-keys/`, and worthless outside tests.

use std::sync::LazyLock;

use p256::pkcs8::EncodePublicKey;
use ring::signature::{KeyPair, RsaKeyPair};
use serde::{Deserialize, Serialize};
use x509_cert::der::asn1::{Any, BitString, Null, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, pem};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::PkiError;
use super::curves::Curve;
use crate::answer::digest;

/// The kind of a certificate's key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// RSA with 2048 bits.
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// RSA with 3072 bits.
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    /// RSA with 4096 bits.
    #[serde(rename = "rsa-4096")]
    Rsa4096,
    /// The NIST curve P-256.
    #[serde(rename = "ec-p256")]
    EcP256,
    /// The NIST curve P-384.
    #[serde(rename = "ec-p384")]
    EcP384,
    /// The NIST curve P-521.
    #[serde(rename = "ec-p521")]
    EcP521,
    /// The curve secp256k1, which Key Vault calls P-256K.
    #[serde(rename = "ec-p256k")]
    EcP256K,
}

/// The test key that serves every RSA key of a size, as PKCS#8 PEM.
pub(super) fn rsa_pem(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Rsa3072 => include_str!("../../test-keys/rsa-3072.test-key.pem"),
        KeyKind::Rsa4096 => include_str!("../../test-keys/rsa-4096.test-key.pem"),
        _ => include_str!("../../test-keys/rsa-2048.test-key.pem"),
    }
}

type RsaPublic = Result<SubjectPublicKeyInfoOwned, PkiError>;

static RSA_2048: LazyLock<RsaPublic> = LazyLock::new(|| rsa_public(rsa_pem(KeyKind::Rsa2048)));
static RSA_3072: LazyLock<RsaPublic> = LazyLock::new(|| rsa_public(rsa_pem(KeyKind::Rsa3072)));
static RSA_4096: LazyLock<RsaPublic> = LazyLock::new(|| rsa_public(rsa_pem(KeyKind::Rsa4096)));

impl KeyKind {
    /// The public key that belongs to this label.
    pub(super) fn public_key(self, label: &str) -> Result<SubjectPublicKeyInfoOwned, PkiError> {
        match self {
            KeyKind::Rsa2048 => RSA_2048.clone(),
            KeyKind::Rsa3072 => RSA_3072.clone(),
            KeyKind::Rsa4096 => RSA_4096.clone(),
            KeyKind::EcP256 => spki(&p256_secret(label)?.public_key()),
            KeyKind::EcP384 => spki(&p384_secret(label)?.public_key()),
            KeyKind::EcP521 => spki(&p521_secret(label)?.public_key()),
            KeyKind::EcP256K => spelled_out(spki(&p256k_secret(label)?.public_key())?),
        }
    }

    /// Whether it is on a curve.
    pub(crate) fn is_ec(self) -> bool {
        !matches!(self, KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096)
    }
}

fn spki(key: &impl EncodePublicKey) -> Result<SubjectPublicKeyInfoOwned, PkiError> {
    let der = key.to_public_key_der()?;
    Ok(SubjectPublicKeyInfoOwned::from_der(der.as_bytes())?)
}

/// A public key with its curve as the service writes it.
fn spelled_out(mut key: SubjectPublicKeyInfoOwned) -> Result<SubjectPublicKeyInfoOwned, PkiError> {
    let parameters = key
        .algorithm
        .parameters
        .as_ref()
        .map(Any::to_der)
        .transpose()?;
    let curve = parameters.and_then(|der| Curve::of_parameters(&der));
    if let Some(numbers) = curve.and_then(Curve::in_certificates) {
        key.algorithm.parameters = Some(Any::from_der(numbers)?);
    }
    Ok(key)
}

/// How often to hash again when a hash is no valid key; a second time is needed once in 2^32.
const ATTEMPTS: u32 = 8;

pub(super) fn p256_secret(label: &str) -> Result<p256::SecretKey, PkiError> {
    (0..ATTEMPTS)
        .find_map(|n| p256::SecretKey::from_slice(&digest(&format!("{label}/p256/{n}"))).ok())
        .ok_or(PkiError::NoKey)
}

pub(super) fn p384_secret(label: &str) -> Result<p384::SecretKey, PkiError> {
    (0..ATTEMPTS)
        .find_map(|n| {
            let mut wide = digest(&format!("{label}/p384/{n}/a")).to_vec();
            wide.extend_from_slice(&digest(&format!("{label}/p384/{n}/b")));
            p384::SecretKey::from_slice(wide.get(..48)?).ok()
        })
        .ok_or(PkiError::NoKey)
}

pub(super) fn p521_secret(label: &str) -> Result<p521::SecretKey, PkiError> {
    (0..ATTEMPTS)
        .find_map(|n| {
            let mut wide = Vec::new();
            for part in ["a", "b", "c"] {
                wide.extend_from_slice(&digest(&format!("{label}/p521/{n}/{part}")));
            }
            // 521 bits: all of 65 bytes and one of the first.
            *wide.first_mut()? &= 1;
            p521::SecretKey::from_slice(wide.get(..66)?).ok()
        })
        .ok_or(PkiError::NoKey)
}

pub(super) fn p256k_secret(label: &str) -> Result<k256::SecretKey, PkiError> {
    (0..ATTEMPTS)
        .find_map(|n| k256::SecretKey::from_slice(&digest(&format!("{label}/p256k/{n}"))).ok())
        .ok_or(PkiError::NoKey)
}

/// An RSA key pair from PKCS#8 PEM.
pub(crate) fn rsa_pair(text: &str) -> Result<RsaKeyPair, PkiError> {
    let (_, der) = pem::decode_vec(text.as_bytes()).map_err(|_| PkiError::NoKey)?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| PkiError::NoKey)
}

fn rsa_public(text: &str) -> RsaPublic {
    let pair = rsa_pair(text)?;
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            // rsaEncryption, RFC 8017 appendix A.1.
            oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
            parameters: Some(Any::encode_from(&Null)?),
        },
        subject_public_key: BitString::from_bytes(pair.public_key().as_ref())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_always_has_the_same_key_and_another_label_another() {
        for kind in [
            KeyKind::EcP256,
            KeyKind::EcP384,
            KeyKind::EcP521,
            KeyKind::EcP256K,
        ] {
            let key = kind.public_key("a").unwrap();
            assert_eq!(key, kind.public_key("a").unwrap());
            assert_ne!(key, kind.public_key("b").unwrap());
        }
    }

    #[test]
    fn the_rsa_test_keys_have_the_size_of_their_name() {
        for (kind, at_least) in [
            (KeyKind::Rsa2048, 256),
            (KeyKind::Rsa3072, 384),
            (KeyKind::Rsa4096, 512),
        ] {
            let key = kind.public_key("any").unwrap();
            let length = key.subject_public_key.raw_bytes().len();
            assert!(
                (at_least..at_least + 32).contains(&length),
                "{kind:?}: {length}"
            );
        }
    }
}
