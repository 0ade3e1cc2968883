//! What a certificate says, in the words of a Key Vault policy.
//!
//! Must not know vaults or policies. Source: "Azure REST: Certificates" (`X509CertificateProperties`,
//! `KeyUsageType`), RFC 5280.

use serde::{Deserialize, Serialize};
use x509_cert::Certificate;
use x509_cert::der::asn1::{Any, ObjectIdentifier, UintRef, Utf8StringRef};
use x509_cert::der::{DateTime, Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};

use super::curves::Curve;
use super::names::to_windows;
use super::private::{EC, RSA};
use super::{Der, PkiError};

/// The user principal name among the other names of a certificate; "Certificate requirements" of Windows.
pub(super) const UPN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

/// The key usages by the service's names, which are RFC 5280's.
pub(super) const KEY_USAGES: [(&str, KeyUsages); 9] = [
    ("digitalSignature", KeyUsages::DigitalSignature),
    ("nonRepudiation", KeyUsages::NonRepudiation),
    ("keyEncipherment", KeyUsages::KeyEncipherment),
    ("dataEncipherment", KeyUsages::DataEncipherment),
    ("keyAgreement", KeyUsages::KeyAgreement),
    ("keyCertSign", KeyUsages::KeyCertSign),
    ("cRLSign", KeyUsages::CRLSign),
    ("encipherOnly", KeyUsages::EncipherOnly),
    ("decipherOnly", KeyUsages::DecipherOnly),
];

/// Subject alternative names, by kind. A kind that is not there was never spoken of.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Sans {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) emails: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dns_names: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upns: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) uris: Option<Vec<String>>,
    #[serde(
        default,
        rename = "ipAddresses",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) ip_addresses: Option<Vec<String>>,
}

/// What kind of key a certificate has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyFacts {
    /// With the bits of its modulus.
    Rsa(u32),
    /// With its curve.
    Ec(&'static Curve),
}

/// What kind of key made a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// PKCS#1 v1.5 or PSS; RFC 8017 appendix A.2.
    Rsa,
    /// ECDSA; RFC 5758 section 3.2.
    Ec,
}

impl Family {
    fn of_signature(algorithm: &ObjectIdentifier) -> Option<Family> {
        let oid = algorithm.to_string();
        [
            ("1.2.840.113549.1.1.", Family::Rsa),
            ("1.2.840.10045.4.", Family::Ec),
        ]
        .into_iter()
        .find(|(arc, _)| oid.starts_with(arc))
        .map(|(_, family)| family)
    }
}

/// What a certificate says.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// In Windows' order.
    pub(crate) subject: String,
    pub(crate) sans: Option<Sans>,
    pub(crate) ekus: Vec<String>,
    pub(crate) key_usage: Vec<String>,
    pub(crate) ca: bool,
    /// Seconds since 1970.
    pub(crate) not_before: u64,
    /// Seconds since 1970.
    pub(crate) not_after: u64,
    /// From the first to the last day, rounded up.
    pub(crate) validity_months: u32,
    pub(crate) key: KeyFacts,
    /// What signed it; none for a kind that the service does not know.
    pub(crate) signed_by: Option<Family>,
    /// `subjectPublicKey`.
    pub(crate) public_bits: Vec<u8>,
}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// Where it is none, or its key is neither RSA nor on one of the four curves.
    pub(crate) fn read(der: &Der) -> Result<Facts, PkiError> {
        let certificate = Certificate::from_der(der.bytes())?;
        let tbs = certificate.tbs_certificate();
        let extension = |e: x509_cert::der::Error| PkiError::Encoding(e.to_string());
        let names = tbs
            .get_extension::<SubjectAltName>()
            .map_err(extension)?
            .map(|(_, names)| sans(&names));
        let usages = tbs.get_extension::<KeyUsage>().map_err(extension)?;
        let extended = tbs.get_extension::<ExtendedKeyUsage>().map_err(extension)?;
        let constraints = tbs.get_extension::<BasicConstraints>().map_err(extension)?;
        let before = tbs.validity().not_before.to_unix_duration();
        let after = tbs.validity().not_after.to_unix_duration();
        let info = tbs.subject_public_key_info();
        let public_bits = info.subject_public_key.raw_bytes().to_vec();
        let key = if info.algorithm.oid == RSA {
            KeyFacts::Rsa(modulus_bits(&public_bits).ok_or(PkiError::NoKey)?)
        } else if info.algorithm.oid == EC {
            let parameters = info.algorithm.parameters.as_ref().map(Any::to_der);
            let curve = parameters.and_then(|der| Curve::of_parameters(&der.ok()?));
            KeyFacts::Ec(curve.ok_or(PkiError::NoKey)?)
        } else {
            return Err(PkiError::NoKey);
        };
        Ok(Facts {
            subject: to_windows(tbs.subject()),
            sans: names,
            ekus: extended
                .map(|(_, e)| e.0.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            key_usage: usages
                .map(|(_, usage)| {
                    KEY_USAGES
                        .iter()
                        .filter(|(_, flag)| usage.0.contains(*flag))
                        .map(|(name, _)| (*name).to_owned())
                        .collect()
                })
                .unwrap_or_default(),
            ca: constraints.is_some_and(|(_, c)| c.ca),
            not_before: before.as_secs(),
            not_after: after.as_secs(),
            validity_months: months(before, after),
            key,
            signed_by: Family::of_signature(&certificate.signature_algorithm().oid),
            public_bits,
        })
    }
}

fn sans(names: &SubjectAltName) -> Sans {
    let (mut emails, mut dns, mut upns) = (Vec::new(), Vec::new(), Vec::new());
    let (mut uris, mut addresses) = (Vec::new(), Vec::new());
    for name in &names.0 {
        match name {
            GeneralName::Rfc822Name(text) => emails.push(text.to_string()),
            GeneralName::DnsName(text) => dns.push(text.to_string()),
            GeneralName::UniformResourceIdentifier(text) => uris.push(text.to_string()),
            GeneralName::IpAddress(octets) => addresses.extend(address(octets.as_bytes())),
            GeneralName::OtherName(other) if other.type_id == UPN => {
                upns.extend(upn(&other.value));
            }
            _ => {}
        }
    }
    Sans {
        emails: Some(emails),
        dns_names: Some(dns),
        upns: Some(upns),
        uris: Some(uris),
        ip_addresses: Some(addresses),
    }
}

fn upn(value: &Any) -> Option<String> {
    let text = value.decode_as::<Utf8StringRef<'_>>().ok()?;
    Some(text.to_string())
}

fn address(octets: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(octets).ok()?;
    Some(std::net::Ipv6Addr::from(sixteen).to_string())
}

/// The length of the modulus in an `RSAPublicKey`, leading zero bits not counted.
fn modulus_bits(public: &[u8]) -> Option<u32> {
    let mut reader = SliceReader::new(public).ok()?;
    let bytes = reader
        .sequence(|r: &mut SliceReader<'_>| {
            let modulus = UintRef::decode(r)?.as_bytes().to_vec();
            while !r.is_finished() {
                UintRef::decode(r)?;
            }
            Ok::<_, x509_cert::der::Error>(modulus)
        })
        .ok()?;
    let first = bytes.first()?;
    let whole = u32::try_from(bytes.len()).ok()?.checked_mul(8)?;
    whole.checked_sub(first.leading_zeros())
}

/// Calendar months, a begun one counted whole: what recordings of the service agree with.
fn months(before: std::time::Duration, after: std::time::Duration) -> u32 {
    let (Ok(from), Ok(to)) = (
        DateTime::from_unix_duration(before),
        DateTime::from_unix_duration(after),
    ) else {
        return 0;
    };
    let count = |t: &DateTime| u32::from(t.year()) * 12 + u32::from(t.month());
    let rest = |t: &DateTime| (t.day(), t.hour(), t.minutes(), t.seconds());
    let begun = u32::from(rest(&to) > rest(&from));
    count(&to).saturating_sub(count(&from)) + begun
}

/// The DER of a public key's bits, to compare keys by; the same for equal keys alone.
pub(crate) fn same_key(facts: &Facts, public_bits: &[u8]) -> bool {
    facts.public_bits.as_slice() == public_bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn months_are_those_of_the_calendar_and_a_begun_one_counts() {
        for (from, to, expected) in [
            // Two certificates of recorded answers, with what the service said.
            (1_430_344_421, 2_208_988_799, 297),
            (1_635_800_671, 1_951_333_471, 120),
            (0, 0, 0),
            (0, 1, 1),
        ] {
            let found = months(Duration::from_secs(from), Duration::from_secs(to));
            assert_eq!(found, expected, "{from} to {to}");
        }
    }
}
