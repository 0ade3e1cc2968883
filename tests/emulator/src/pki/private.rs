//! Private keys: where they come from, what their public half is, and signing with them.
//!
//! Must not know certificates or vaults. A key is either derived from a label, so that nothing of it
//! need be kept, or was brought by a client. Source: RFC 5958 (PKCS#8), RFC 8017, RFC 5915.

use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::{Deserialize, Serialize};
use x509_cert::der::asn1::{AnyRef, BitString, ObjectIdentifier, OctetStringRef, UintRef};
use x509_cert::der::{Decode, Encode, Reader, SliceReader, Tag, pem};
use x509_cert::spki::{
    AlgorithmIdentifierOwned, AlgorithmIdentifierRef, DynSignatureAlgorithmIdentifier,
    SignatureBitStringEncoding, SubjectPublicKeyInfoOwned,
};

use super::curves::Curve;
use super::keys::{p256_secret, p256k_secret, p384_secret, p521_secret, rsa_pair, rsa_pem};
use super::{Der, KeyKind, PkiError};

/// rsaEncryption, RFC 8017 appendix A.1.
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// id-ecPublicKey, RFC 5480 section 2.1.1.
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

/// A private key, or how to make it again.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeySource {
    /// The key that belongs to a label.
    Derived { kind: KeyKind, label: String },
    /// PKCS#8, as a client brought it.
    Brought(Der),
}

impl KeySource {
    /// The key as PKCS#8, its curve as the service writes it.
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, PkiError> {
        let key = self.pkcs8_as_it_is()?;
        let Some(numbers) = curve(&key).and_then(Curve::in_keys) else {
            return Ok(key);
        };
        with_parameters(&key, numbers).ok_or(PkiError::NoKey)
    }

    fn pkcs8_as_it_is(&self) -> Result<Vec<u8>, PkiError> {
        match self {
            KeySource::Brought(der) => Ok(der.bytes().to_vec()),
            KeySource::Derived { kind, label } => match kind {
                KeyKind::EcP256 => Ok(to_pkcs8(&p256_secret(label)?)?),
                KeyKind::EcP384 => Ok(to_pkcs8(&p384_secret(label)?)?),
                KeyKind::EcP521 => Ok(to_pkcs8(&p521_secret(label)?)?),
                KeyKind::EcP256K => Ok(to_pkcs8(&p256k_secret(label)?)?),
                rsa => {
                    let (_, der) =
                        pem::decode_vec(rsa_pem(*rsa).as_bytes()).map_err(|_| PkiError::NoKey)?;
                    Ok(der)
                }
            },
        }
    }

    /// What signs with this key; only keys that were derived are ever asked to.
    pub(crate) fn signer(&self) -> Result<Signer, PkiError> {
        match self {
            KeySource::Brought(_) => Err(PkiError::NoKey),
            KeySource::Derived { kind, label } => Ok(Signer {
                public: kind.public_key(label)?,
                key: match kind {
                    KeyKind::EcP256 => SigningKey::P256(p256_secret(label)?.into()),
                    KeyKind::EcP384 => SigningKey::P384(p384_secret(label)?.into()),
                    KeyKind::EcP521 => SigningKey::P521(p521_secret(label)?.into()),
                    KeyKind::EcP256K => SigningKey::P256K(p256k_secret(label)?.into()),
                    rsa => SigningKey::Rsa(Box::new(rsa_pair(rsa_pem(*rsa))?)),
                },
            }),
        }
    }

    /// The public half, as in a certificate's `subjectPublicKey`.
    pub(crate) fn public_bits(&self) -> Option<Vec<u8>> {
        match self {
            KeySource::Brought(der) => public_bits(der.bytes()),
            KeySource::Derived { kind, label } => {
                let info = kind.public_key(label).ok()?;
                Some(info.subject_public_key.raw_bytes().to_vec())
            }
        }
    }
}

fn to_pkcs8(key: &impl EncodePrivateKey) -> Result<Vec<u8>, PkiError> {
    let document = key.to_pkcs8_der().map_err(|_| PkiError::NoKey)?;
    Ok(document.as_bytes().to_vec())
}

/// The curve of a PKCS#8 key; none for a key of another kind.
fn curve(pkcs8: &[u8]) -> Option<&'static Curve> {
    let info = PrivateKeyInfoRef::from_der(pkcs8).ok()?;
    let parameters = info
        .algorithm
        .parameters
        .filter(|_| info.algorithm.oid == EC)?;
    Curve::of_parameters(&parameters.to_der().ok()?)
}

/// A PKCS#8 key whose algorithm has other parameters; the key itself stays, byte for byte.
fn with_parameters(pkcs8: &[u8], parameters: &[u8]) -> Option<Vec<u8>> {
    let mut info = PrivateKeyInfoRef::from_der(pkcs8).ok()?;
    info.algorithm.parameters = Some(AnyRef::from_der(parameters).ok()?);
    info.to_der().ok()
}

/// A PKCS#8 key with its curve by name, and without anything beside the secret number, as the libraries
/// take it; none where the curve has its name already.
fn by_name(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let name = curve(pkcs8)?.oid.to_der().ok()?;
    let info = PrivateKeyInfoRef::from_der(pkcs8).ok()?;
    if info.algorithm.parameters_oid().is_ok() {
        return None;
    }
    let mut reader = SliceReader::new(info.private_key.as_bytes()).ok()?;
    // `ECPrivateKey`, RFC 5915 section 3.
    let secret = reader
        .sequence(|r: &mut SliceReader<'_>| {
            u8::decode(r)?;
            let secret = <&OctetStringRef>::decode(r)?.as_bytes().to_vec();
            while !r.is_finished() {
                AnyRef::decode(r)?;
            }
            Ok::<_, x509_cert::der::Error>(secret)
        })
        .ok()?;
    let mut inner = 1_u8.to_der().ok()?;
    inner.extend(OctetStringRef::new(&secret).ok()?.to_der().ok()?);
    let inner = AnyRef::new(Tag::Sequence, &inner).ok()?.to_der().ok()?;
    let algorithm = AlgorithmIdentifierRef {
        oid: EC,
        parameters: Some(AnyRef::from_der(&name).ok()?),
    };
    let key = OctetStringRef::new(&inner).ok()?;
    PrivateKeyInfoRef::new(algorithm, key).to_der().ok()
}

/// The public half of a PKCS#8 key; none for a key that is damaged or of a kind nobody knows here.
pub(crate) fn public_bits(pkcs8: &[u8]) -> Option<Vec<u8>> {
    let info = PrivateKeyInfoRef::from_der(pkcs8).ok()?;
    let inner = info.private_key.as_bytes();
    if info.algorithm.oid == RSA {
        return rsa_public(inner);
    }
    let renamed = by_name(pkcs8);
    let pkcs8 = renamed.as_deref().unwrap_or(pkcs8);
    let found =
        |der: x509_cert::spki::Result<x509_cert::der::Document>| spki_bits(der.ok()?.as_bytes());
    if let Ok(key) = p256::SecretKey::from_pkcs8_der(pkcs8) {
        return found(key.public_key().to_public_key_der());
    }
    if let Ok(key) = p384::SecretKey::from_pkcs8_der(pkcs8) {
        return found(key.public_key().to_public_key_der());
    }
    if let Ok(key) = p521::SecretKey::from_pkcs8_der(pkcs8) {
        return found(key.public_key().to_public_key_der());
    }
    let key = k256::SecretKey::from_pkcs8_der(pkcs8).ok()?;
    found(key.public_key().to_public_key_der())
}

fn spki_bits(der: &[u8]) -> Option<Vec<u8>> {
    let info = SubjectPublicKeyInfoOwned::from_der(der).ok()?;
    Some(info.subject_public_key.raw_bytes().to_vec())
}

/// `RSAPublicKey` from `RSAPrivateKey`: modulus and public exponent follow the version.
fn rsa_public(private: &[u8]) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(private).ok()?;
    reader
        .sequence(|r: &mut SliceReader<'_>| {
            u8::decode(r)?;
            let numbers = vec![UintRef::decode(r)?, UintRef::decode(r)?];
            let public = numbers.to_der()?;
            while !r.is_finished() {
                UintRef::decode(r)?;
            }
            Ok::<_, x509_cert::der::Error>(public)
        })
        .ok()
}

/// Signs for a certificate or a request. Signatures are deterministic: PKCS#1 v1.5 and RFC 6979.
pub(crate) struct Signer {
    public: SubjectPublicKeyInfoOwned,
    key: SigningKey,
}

enum SigningKey {
    Rsa(Box<RsaKeyPair>),
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    P256K(k256::ecdsa::SigningKey),
}

impl Signer {
    pub(super) fn public(&self) -> &SubjectPublicKeyInfoOwned {
        &self.public
    }
}

/// A public key as the certificate builder wants it.
#[derive(Clone)]
pub(crate) struct PublicKey(SubjectPublicKeyInfoOwned);

impl EncodePublicKey for PublicKey {
    fn to_public_key_der(&self) -> x509_cert::spki::Result<x509_cert::der::Document> {
        Ok(x509_cert::der::Document::encode_msg(&self.0)?)
    }
}

/// A signature as it stands in a certificate.
pub(crate) struct Signature(Vec<u8>);

impl SignatureBitStringEncoding for Signature {
    fn to_bitstring(&self) -> x509_cert::der::Result<BitString> {
        BitString::from_bytes(&self.0)
    }
}

impl p256::ecdsa::signature::Keypair for Signer {
    type VerifyingKey = PublicKey;

    fn verifying_key(&self) -> PublicKey {
        PublicKey(self.public.clone())
    }
}

impl DynSignatureAlgorithmIdentifier for Signer {
    fn signature_algorithm_identifier(&self) -> x509_cert::spki::Result<AlgorithmIdentifierOwned> {
        let (oid, parameters) = match self.key {
            SigningKey::Rsa(_) => (SHA256_WITH_RSA, Some(x509_cert::der::asn1::Null.into())),
            SigningKey::P256(_) => (ECDSA_WITH_SHA256, None),
            SigningKey::P384(_) => (ECDSA_WITH_SHA384, None),
            SigningKey::P521(_) => (ECDSA_WITH_SHA512, None),
            SigningKey::P256K(_) => (ECDSA_WITH_SHA256, None),
        };
        Ok(AlgorithmIdentifierOwned { oid, parameters })
    }
}

impl p256::ecdsa::signature::Signer<Signature> for Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Signature, p256::ecdsa::signature::Error> {
        let failed = |_| p256::ecdsa::signature::Error::new();
        match &self.key {
            SigningKey::Rsa(pair) => {
                let mut bytes = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut bytes)
                    .map_err(failed)?;
                Ok(Signature(bytes))
            }
            SigningKey::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.try_sign(message)?;
                Ok(Signature(signature.as_bytes().to_vec()))
            }
            SigningKey::P384(key) => {
                let signature: p384::ecdsa::DerSignature = key.try_sign(message)?;
                Ok(Signature(signature.as_bytes().to_vec()))
            }
            SigningKey::P521(key) => {
                let signature: p521::ecdsa::DerSignature = key.try_sign(message)?;
                Ok(Signature(signature.as_bytes().to_vec()))
            }
            SigningKey::P256K(key) => {
                let signature: k256::ecdsa::DerSignature = key.try_sign(message)?;
                Ok(Signature(signature.as_bytes().to_vec()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_half_of_a_key_is_found_in_its_pkcs8() {
        for kind in [
            KeyKind::Rsa2048,
            KeyKind::Rsa4096,
            KeyKind::EcP256,
            KeyKind::EcP384,
            KeyKind::EcP521,
            KeyKind::EcP256K,
        ] {
            let source = KeySource::Derived {
                kind,
                label: "a".into(),
            };
            let pkcs8 = source.pkcs8().unwrap();
            assert_eq!(public_bits(&pkcs8), source.public_bits(), "{kind:?}");
            assert!(source.public_bits().is_some());
        }
        assert_eq!(public_bits(b"no key"), None);
    }
}
