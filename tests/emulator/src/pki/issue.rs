//! Certificates from blueprints, by one issuing authority whose key comes from the seed.
//!
//! Must not know vaults or how a certificate is shown. Signatures are deterministic (RFC 6979), so the
//! same blueprint is the same certificate, byte for byte, in every run.

use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;

use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePublicKey;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::asn1::{GeneralizedTime, Ia5String, OctetString};
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use super::keys::p256_secret;
use super::{Der, KeyKind};
use crate::answer::digest;

/// TLS server and client authentication, RFC 5280 section 4.2.1.12.
pub(crate) const EXTENDED_KEY_USAGE: [&str; 2] = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

/// Why a certificate could not be made; seen only where a constant of this crate is wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum PkiError {
    #[error("a key could not be made or read")]
    NoKey,
    #[error("a certificate could not be encoded: {0}")]
    Encoding(String),
}

impl From<x509_cert::der::Error> for PkiError {
    fn from(error: x509_cert::der::Error) -> PkiError {
        PkiError::Encoding(error.to_string())
    }
}

impl From<x509_cert::spki::Error> for PkiError {
    fn from(error: x509_cert::spki::Error) -> PkiError {
        PkiError::Encoding(error.to_string())
    }
}

impl From<x509_cert::builder::Error> for PkiError {
    fn from(error: x509_cert::builder::Error) -> PkiError {
        PkiError::Encoding(error.to_string())
    }
}

/// What a certificate shall say.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint<'a> {
    /// Where its key and serial number come from.
    pub(crate) label: &'a str,
    pub(crate) key: KeyKind,
    /// One name, in the subject and as a DNS name.
    pub(crate) dns_name: &'a str,
    /// Seconds since 1970.
    pub(crate) not_before: u64,
    /// Seconds since 1970.
    pub(crate) not_after: u64,
}

/// The issuing authority of a seed.
pub(crate) struct Authority {
    key: SigningKey,
    key_info: SubjectPublicKeyInfoOwned,
    name: Name,
    seed: String,
    /// Its own certificate, made when it is first wanted.
    own: OnceLock<Result<Der, PkiError>>,
}

impl Authority {
    /// The authority that belongs to a seed's key.
    pub(crate) fn new(seed: &str) -> Result<Authority, PkiError> {
        let secret = p256_secret(&format!("{seed}/issuing-ca"))?;
        let info = secret.public_key().to_public_key_der()?;
        Ok(Authority {
            key: SigningKey::from(&secret),
            key_info: SubjectPublicKeyInfoOwned::from_der(info.as_bytes())?,
            name: Name::from_str("CN=Emulated Issuing CA,O=Contoso Test,C=US")?,
            seed: seed.to_owned(),
            own: OnceLock::new(),
        })
    }

    pub(super) fn own(&self) -> &OnceLock<Result<Der, PkiError>> {
        &self.own
    }

    pub(super) fn key(&self) -> &SigningKey {
        &self.key
    }

    pub(super) fn key_info(&self) -> &SubjectPublicKeyInfoOwned {
        &self.key_info
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    /// The label that a blueprint's key comes from.
    pub(crate) fn key_label(&self, label: &str) -> String {
        format!("{}/{label}", self.seed)
    }

    /// The DER of the certificate that a blueprint describes.
    pub(crate) fn issue(&self, blueprint: &Blueprint<'_>) -> Result<Vec<u8>, PkiError> {
        let label = self.key_label(blueprint.label);
        let key_info = blueprint.key.public_key(&label)?;
        let subject = Name::from_str(&subject(blueprint.dns_name))?;
        let mut builder = CertificateBuilder::new(
            Names {
                subject,
                issuer: self.name.clone(),
            },
            serial(&label)?,
            validity(blueprint.not_before, blueprint.not_after)?,
            key_info.clone(),
        )?;
        let usage: FlagSet<KeyUsages> = if blueprint.key.is_ec() {
            KeyUsages::DigitalSignature.into()
        } else {
            KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment
        };
        builder.add_extension(&BasicConstraints {
            ca: false,
            path_len_constraint: None,
        })?;
        builder.add_extension(&KeyUsage(usage))?;
        builder.add_extension(&ExtendedKeyUsage(
            EXTENDED_KEY_USAGE
                .into_iter()
                .map(ObjectIdentifier::new_unwrap)
                .collect(),
        ))?;
        builder.add_extension(&SubjectAltName(vec![GeneralName::DnsName(Ia5String::new(
            blueprint.dns_name,
        )?)]))?;
        builder.add_extension(&subject_key_id(&key_info)?)?;
        builder.add_extension(&AuthorityKeyIdentifier {
            key_identifier: Some(subject_key_id(&self.key_info)?.0),
            ..AuthorityKeyIdentifier::default()
        })?;
        Ok(builder.build::<_, DerSignature>(&self.key)?.to_der()?)
    }
}

/// The subject of a certificate for a DNS name, as Key Vault writes it into a policy.
pub(crate) fn subject(dns_name: &str) -> String {
    // A common name has at most 64 characters (RFC 5280, upper bounds).
    let common: String = dns_name.chars().take(64).collect();
    format!("CN={common}")
}

/// RFC 5280 section 4.2.1.2, method 1, is SHA-1 of the key; method of RFC 7093, SHA-256 cut to 20
/// bytes, serves as well and needs no second hash.
pub(super) fn subject_key_id(
    key: &SubjectPublicKeyInfoOwned,
) -> Result<SubjectKeyIdentifier, PkiError> {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(key.subject_public_key.raw_bytes());
    let cut: Vec<u8> = hash.iter().copied().take(20).collect();
    Ok(SubjectKeyIdentifier(OctetString::new(cut)?))
}

pub(super) fn serial(label: &str) -> Result<SerialNumber, PkiError> {
    let mut bytes: Vec<u8> = digest(&format!("{label}/serial"))
        .into_iter()
        .take(16)
        .collect();
    if let Some(first) = bytes.first_mut() {
        // Positive and never shorter than 16 bytes, so that every serial looks alike.
        *first = (*first & 0x3f) | 0x40;
    }
    Ok(SerialNumber::new(&bytes)?)
}

pub(super) fn validity(not_before: u64, not_after: u64) -> Result<Validity, PkiError> {
    let time = |seconds| -> Result<Time, PkiError> {
        Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(
            Duration::from_secs(seconds),
        )?))
    };
    Ok(Validity::new(time(not_before)?, time(not_after)?))
}

pub(super) struct Names {
    pub(super) subject: Name,
    pub(super) issuer: Name,
}

impl BuilderProfile for Names {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::ecdsa::signature::Verifier;
    use x509_cert::Certificate;

    fn blueprint(key: KeyKind) -> Blueprint<'static> {
        Blueprint {
            label: "kv-one.vault.azure.net/cert-01/1",
            key,
            dns_name: "cert-01.contoso.example",
            not_before: 1_700_000_000,
            not_after: 2_600_000_000,
        }
    }

    #[test]
    fn the_same_blueprint_is_the_same_certificate_after_a_restart() {
        for kind in [KeyKind::Rsa2048, KeyKind::EcP256, KeyKind::EcP384] {
            let first = Authority::new("s")
                .unwrap()
                .issue(&blueprint(kind))
                .unwrap();
            let second = Authority::new("s")
                .unwrap()
                .issue(&blueprint(kind))
                .unwrap();
            assert_eq!(first, second, "{kind:?}");
        }
        let other = Authority::new("t")
            .unwrap()
            .issue(&blueprint(KeyKind::EcP256))
            .unwrap();
        assert_ne!(
            other,
            Authority::new("s")
                .unwrap()
                .issue(&blueprint(KeyKind::EcP256))
                .unwrap()
        );
    }

    #[test]
    fn certificates_carry_the_authoritys_good_signature() {
        let authority = Authority::new("s").unwrap();
        for kind in [KeyKind::Rsa3072, KeyKind::Rsa4096, KeyKind::EcP521] {
            let der = authority.issue(&blueprint(kind)).unwrap();
            let certificate = Certificate::from_der(&der).unwrap();
            let signed = certificate.tbs_certificate().to_der().unwrap();
            let signature = DerSignature::from_bytes(certificate.signature().raw_bytes()).unwrap();
            authority
                .key
                .verifying_key()
                .verify(&signed, &signature)
                .unwrap();
            assert_eq!(
                certificate.tbs_certificate().subject().to_string(),
                "CN=cert-01.contoso.example"
            );
            assert_eq!(certificate.tbs_certificate().extensions().unwrap().len(), 6);
        }
    }

    #[test]
    fn dates_past_2050_are_written_as_rfc_5280_wants_them() {
        let der = Authority::new("s")
            .unwrap()
            .issue(&blueprint(KeyKind::Rsa2048))
            .unwrap();
        let certificate = Certificate::from_der(&der).unwrap();
        let validity = certificate.tbs_certificate().validity();
        assert!(matches!(validity.not_before, Time::UtcTime(_)));
        assert!(matches!(validity.not_after, Time::GeneralTime(_)));
    }
}
