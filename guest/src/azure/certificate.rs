//! A certificate as Key Vault sends it (Azure REST, "CertificateBundle").
//!
//! It must not know what a platform calls its parts. Every field but the id and the content
//! may be absent: older versions come without a policy, imports without much else.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use job_scope::Alias;
use serde::Deserialize;
use serde_json::Value;

use super::vault::{is_name_of, name_in, version_in};
use crate::pfx::key_of;

/// The current version of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The name, spelled as the vault has it.
    pub name: String,
    /// 32 hex digits.
    pub version: Option<String>,
    /// X.509 in DER.
    pub der: Vec<u8>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// Seconds since 1970.
    pub expires: Option<i64>,
    /// The tags, by name; values as they are.
    pub tags: BTreeMap<String, Value>,
    /// What the policy says about the private key.
    pub exportable: Exportable,
    /// The key's kind, for people: `RSA 2048`, `EC P-256`, `RSA-HSM 4096`. Size and curve are
    /// those of the certificate itself, where they can be read: a policy says how the next version
    /// is made, and an older version comes without one.
    pub key: Option<String>,
}

/// Whether the private key may leave the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exportable {
    /// The answer has no policy.
    NoPolicy,
    /// There is a policy, and it does not say.
    NotStated,
    /// The policy says.
    Stated(bool),
}

/// Why an answer is not a certificate that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// By its id it is the vault's answer about this certificate, and that has a defect.
    Defective(Defect),
    /// It may be anybody's, as a proxy's page would be, and says nothing about the
    /// certificate. What it is instead.
    Unreadable(&'static str),
}

/// What is wrong with one certificate. None of the texts repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// `cer` is absent or empty.
    #[error("it has no content")]
    NoContent,
    /// `cer` is something else.
    #[error("its content is not a DER certificate")]
    NotDer,
    /// Its name means another resource, so that it cannot be asked for.
    #[error("its name cannot be asked for")]
    Name,
}

/// The answer, as far as anybody here reads it.
#[derive(Deserialize)]
pub(super) struct Bundle {
    pub(super) id: Option<String>,
    pub(super) x5t: Option<String>,
    pub(super) cer: Option<String>,
    pub(super) attributes: Option<Attributes>,
    pub(super) tags: Option<BTreeMap<String, Value>>,
    pub(super) policy: Option<Policy>,
    pub(super) pending: Option<Value>,
    #[serde(rename = "preserveCertOrder")]
    pub(super) keeps_order: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Attributes {
    pub(super) enabled: Option<bool>,
    exp: Option<i64>,
}

/// The last three are values, so that an odd one spoils no certificate for those who do not
/// ask for it.
#[derive(Deserialize)]
pub(super) struct Policy {
    pub(super) key_props: Option<KeyProperties>,
    pub(super) secret_props: Option<Value>,
    pub(super) issuer: Option<Value>,
    pub(super) lifetime_actions: Option<Value>,
}

impl Policy {
    pub(super) fn exportable(policy: Option<&Policy>) -> Exportable {
        let Some(policy) = policy else {
            return Exportable::NoPolicy;
        };
        policy
            .key_props
            .as_ref()
            .and_then(|key| key.exportable)
            .map_or(Exportable::NotStated, Exportable::Stated)
    }
}

/// The last one is a value, as some of the policy's are.
#[derive(Deserialize)]
pub(super) struct KeyProperties {
    exportable: Option<bool>,
    pub(super) kty: Option<String>,
    key_size: Option<u32>,
    crv: Option<String>,
    pub(super) reuse_key: Option<Value>,
}

impl KeyProperties {
    fn kind(&self) -> Option<String> {
        let kty = self.kty.as_deref()?;
        Some(match (&self.crv, self.key_size) {
            (Some(curve), _) => format!("{kty} {curve}"),
            (None, Some(bits)) => format!("{kty} {bits}"),
            (None, None) => kty.to_owned(),
        })
    }
}

/// What a policy calls a key that a security module keeps; a certificate does not say that.
const OF_A_MODULE: &str = "-HSM";

/// The key of a certificate in DER, else what its policy says of it.
fn key(der: &[u8], policy: Option<&KeyProperties>) -> Option<String> {
    let Some(kind) = key_of(der) else {
        return policy.and_then(KeyProperties::kind);
    };
    let kty = policy.and_then(|policy| policy.kty.as_deref());
    let module = match kty.and_then(|kty| kty.strip_suffix(OF_A_MODULE)) {
        Some(family) if family == kind.kty() => OF_A_MODULE,
        _ => "",
    };
    let what = match (kind.crv(), kind.key_size()) {
        (Some(curve), _) => curve.to_owned(),
        (None, Some(bits)) => bits.to_string(),
        (None, None) => return None,
    };
    Some(format!("{}{module} {what}", kind.kty()))
}

impl Certificate {
    /// Reads the answer to a GET of `requested`.
    ///
    /// # Errors
    /// What keeps it from being a certificate of that name.
    pub fn read(body: &[u8], requested: &Alias) -> Result<Certificate, Unusable> {
        let bundle: Bundle = serde_json::from_slice(body)
            .map_err(|_| Unusable::Unreadable("it is not the JSON of a certificate"))?;
        let id = bundle.id.unwrap_or_default();
        let name = name_in(&id).ok_or(Unusable::Unreadable(
            "it does not say which certificate it is",
        ))?;
        if !is_name_of(&name, requested) {
            return Err(Unusable::Unreadable("it is about another certificate"));
        }
        let der = content(bundle.cer.as_deref()).map_err(Unusable::Defective)?;
        let policy = bundle.policy.as_ref();
        let key = key(&der, policy.and_then(|policy| policy.key_props.as_ref()));
        Ok(Certificate {
            name,
            version: version_in(&id),
            der,
            enabled: bundle.attributes.as_ref().and_then(|some| some.enabled),
            expires: bundle.attributes.as_ref().and_then(|some| some.exp),
            tags: bundle.tags.unwrap_or_default(),
            exportable: Policy::exportable(policy),
            key,
        })
    }
}

fn content(cer: Option<&str>) -> Result<Vec<u8>, Defect> {
    let text = cer.filter(|text| !text.is_empty());
    let der = STANDARD.decode(text.ok_or(Defect::NoContent)?);
    der.ok()
        .filter(|der| is_der_sequence(der))
        .ok_or(Defect::NotDer)
}

/// Whether these bytes are one ASN.1 SEQUENCE, as long as they say (X.690 section 8.1,
/// the definite form): enough to tell a certificate from text or a part of one. What is
/// inside is the platform's to read.
fn is_der_sequence(bytes: &[u8]) -> bool {
    let Some(([0x30, first], rest)) = bytes.split_first_chunk() else {
        return false;
    };
    let octets = usize::from(first & 0x7F);
    if first & 0x80 == 0 {
        return rest.len() == octets;
    }
    // One certificate is far below 2^24 bytes, and 0x80 alone is BER's indefinite form.
    if !(1..=3).contains(&octets) {
        return false;
    }
    let Some((length, content)) = rest.split_at_checked(octets) else {
        return false;
    };
    let length = length
        .iter()
        .fold(0_usize, |sum, octet| (sum << 8) | usize::from(*octet));
    content.len() == length
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEQUENCE { INTEGER 5 }
    const DER: &str = "MAMCAQU=";

    const ID: &str = "https://kv-one.vault.azure.net/certificates/Web-1";

    fn read(body: &str) -> Result<Certificate, Unusable> {
        Certificate::read(body.as_bytes(), &Alias::parse("web-1").unwrap())
    }

    #[test]
    fn a_whole_answer_is_read() {
        let certificate = read(
            r#"{"id":"https://kv-one.vault.azure.net/certificates/Web-1/b3f8e3f983b646649483e253819b0c25",
                "x5t":"zjjccD1mh-SSOrjA4tk-1X6oM28","cer":"MAMCAQU=",
                "attributes":{"enabled":true,"nbf":1635800671,"exp":1951333471,"recoverableDays":7},
                "tags":{"b":"2","a":"1"},
                "policy":{"key_props":{"exportable":true,"kty":"RSA","key_size":2048,"reuse_key":false}}}"#,
        )
        .unwrap();
        assert_eq!(certificate.name, "Web-1");
        assert_eq!(
            certificate.version.as_deref(),
            Some("b3f8e3f983b646649483e253819b0c25")
        );
        assert_eq!(certificate.der, [0x30, 3, 2, 1, 5]);
        assert_eq!(certificate.enabled, Some(true));
        assert_eq!(certificate.expires, Some(1_951_333_471));
        assert_eq!(certificate.tags.len(), 2);
        assert_eq!(certificate.exportable, Exportable::Stated(true));
        assert_eq!(certificate.key.as_deref(), Some("RSA 2048"));
    }

    #[test]
    fn everything_but_the_id_and_the_content_may_be_absent() {
        for body in [
            format!(r#"{{"id":"{ID}","cer":"{DER}"}}"#),
            format!(r#"{{"id":"{ID}","cer":"{DER}","tags":null,"policy":null,"attributes":null}}"#),
        ] {
            let certificate = read(&body).unwrap();
            assert_eq!(certificate.name, "Web-1");
            assert_eq!(certificate.version, None);
            assert_eq!(certificate.exportable, Exportable::NoPolicy);
            assert_eq!(certificate.key, None);
        }
    }

    #[test]
    fn a_policy_that_does_not_say_is_told_from_no_policy() {
        for (policy, wanted) in [
            ("{}", Exportable::NotStated),
            (r#"{"key_props":null}"#, Exportable::NotStated),
            (r#"{"key_props":{"kty":"EC"}}"#, Exportable::NotStated),
            (
                r#"{"key_props":{"exportable":false}}"#,
                Exportable::Stated(false),
            ),
        ] {
            let body = format!(r#"{{"id":"{ID}","cer":"{DER}","policy":{policy}}}"#);
            assert_eq!(read(&body).unwrap().exportable, wanted, "{policy}");
        }
    }

    #[test]
    fn a_curve_is_shown_rather_than_a_size() {
        let body = format!(
            r#"{{"id":"{ID}","cer":"{DER}",
                "policy":{{"key_props":{{"kty":"EC-HSM","crv":"P-256","key_size":256}}}}}}"#
        );
        assert_eq!(read(&body).unwrap().key.as_deref(), Some("EC-HSM P-256"));
    }

    /// The policy says how the next version is made, and only it says who keeps the key.
    #[test]
    fn size_and_curve_are_those_of_the_certificate() {
        let rsa = include_str!("../pfx/testdata/rsa-2048.crt");
        let ec = include_str!("../pfx/testdata/ec-p256.crt");
        for (pem, policy, wanted) in [
            (rsa, "null", "RSA 2048"),
            (ec, "null", "EC P-256"),
            (
                rsa,
                r#"{"key_props":{"kty":"RSA","key_size":4096}}"#,
                "RSA 2048",
            ),
            (
                rsa,
                r#"{"key_props":{"kty":"RSA-HSM","key_size":2048}}"#,
                "RSA-HSM 2048",
            ),
            (
                rsa,
                r#"{"key_props":{"kty":"EC-HSM","crv":"P-256"}}"#,
                "RSA 2048",
            ),
            (
                ec,
                r#"{"key_props":{"kty":"EC-HSM","key_size":256}}"#,
                "EC-HSM P-256",
            ),
        ] {
            let cer: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            let body = format!(r#"{{"id":"{ID}","cer":"{cer}","policy":{policy}}}"#);
            assert_eq!(
                read(&body).unwrap().key.as_deref(),
                Some(wanted),
                "{policy}"
            );
        }
    }

    #[test]
    fn what_is_under_its_id_and_is_no_certificate_is_a_defect_of_this_one() {
        for (rest, wanted) in [
            ("", Defect::NoContent),
            (r#","cer":null"#, Defect::NoContent),
            (r#","cer":"""#, Defect::NoContent),
            (r#","cer":"%%%""#, Defect::NotDer),
            (r#","cer":"aGVsbG8=""#, Defect::NotDer),
        ] {
            let body = format!(r#"{{"id":"{ID}"{rest}}}"#);
            assert_eq!(read(&body), Err(Unusable::Defective(wanted)), "{body}");
        }
    }

    #[test]
    fn an_answer_without_its_id_says_nothing_about_the_certificate() {
        let other = format!(r#"{{"cer":"{DER}","id":"https://v/certificates/web-2/1"}}"#);
        let nameless = format!(r#"{{"cer":"{DER}","id":"web-1"}}"#);
        for (body, word) in [
            ("<html>", "not the JSON"),
            ("[]", "not the JSON"),
            (r#"{"cer":7}"#, "not the JSON"),
            ("{}", "which certificate"),
            (r#"{"status":"ok"}"#, "which certificate"),
            (r#"{"cer":"MAMCAQU="}"#, "which certificate"),
            (nameless.as_str(), "which certificate"),
            (other.as_str(), "another certificate"),
        ] {
            match read(body) {
                Err(Unusable::Unreadable(problem)) => assert!(problem.contains(word), "{problem}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn only_a_whole_sequence_of_the_length_it_says_is_der() {
        let long = [&[0x30, 0x82, 1, 0][..], &[0; 256]].concat();
        let cut = [&[0x30, 0x82, 1, 1][..], &[0; 256]].concat();
        for (bytes, wanted) in [
            (&[0x30, 0][..], true),
            (&[0x30, 1, 0], true),
            (&[0x30, 0x81, 1, 0], true),
            (&long, true),
            (&cut, false),
            (&[], false),
            (&[0x30], false),
            (&[0x30, 1], false),
            (&[0x30, 1, 0, 0], false),
            (&[0x31, 0], false),
            (&[0x30, 0x80, 0, 0], false),
            (&[0x30, 0x82, 1], false),
            (&[0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0], false),
        ] {
            assert_eq!(is_der_sequence(bytes), wanted, "{bytes:02x?}");
        }
    }
}
