//! What is sent to import a certificate (Azure REST, "Certificates - Import Certificate").
//!
//! It must not know where the certificate comes from, nor why its policy is as it is.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::error::CallError;
use super::key_kind::Protection;
use crate::pfx::{Family, Form, KeyKind};

/// An import. No `Debug`: it holds a private key.
pub struct Import<'a> {
    /// The key without password, the leaf and what is above it.
    pub contents: &'a [u8],
    /// What they are. Said with every policy: a policy without it is refused, and without any
    /// policy that of an earlier version of the name decides.
    pub form: Form,
    /// What kind of key is in it.
    pub kind: KeyKind,
    /// The family of the key that signed its certificate, where that is known.
    pub signed_by: Option<Family>,
    /// Where the vault is to keep the key.
    pub protection: Protection,
    /// Whether the key may leave the vault. Out of an HSM it never does.
    pub exportable: bool,
    /// Whether a renewal in the vault is to take the same key again, where that is to be said.
    pub reuse_key: Option<bool>,
    /// Whether the certificates are to stay in their order, where that is to be said.
    pub keeps_order: Option<bool>,
    /// Whether to say that nobody but the platform renews it. Said over every certificate
    /// that is there, whose policy may say otherwise; a new name has this issuer by default.
    pub issuer_unknown: bool,
    /// Lifetime actions as the service has sent them; none leaves them to its default.
    pub lifetime_actions: &'a [Value],
    /// Tags by name.
    pub tags: &'a BTreeMap<String, String>,
}

/// How the service names a form (Azure REST, "SecretProperties").
pub fn content_type(form: Form) -> &'static str {
    match form {
        Form::Pkcs12 => "application/x-pkcs12",
        Form::Pem => "application/x-pem-file",
    }
}

/// The form that the service names so.
pub(super) fn form_of(named: &str) -> Option<Form> {
    [Form::Pkcs12, Form::Pem]
        .into_iter()
        .find(|form| named.trim().eq_ignore_ascii_case(content_type(*form)))
}

impl Import<'_> {
    /// The body. Size and curve must be the key's own: where they are left out, the service
    /// takes its defaults for them and refuses every other key. What a policy says of the
    /// certificate itself (`x509_props`), the service writes anew from the certificate.
    pub fn body(&self) -> Value {
        let exportable = self.exportable && self.protection == Protection::Software;
        let kty = self.protection.kty(self.kind).to_string();
        let mut key = json!({ "exportable": exportable, "kty": kty });
        if let Some(bits) = self.kind.key_size() {
            set(&mut key, "key_size", json!(bits));
        }
        if let Some(curve) = self.kind.crv() {
            set(&mut key, "crv", json!(curve));
        }
        if let Some(reuse) = self.reuse_key {
            set(&mut key, "reuse_key", json!(reuse));
        }
        let mut policy = json!({
            "key_props": key,
            "secret_props": { "contentType": content_type(self.form) },
        });
        if self.issuer_unknown {
            set(&mut policy, "issuer", json!({ "name": "Unknown" }));
        }
        if !self.lifetime_actions.is_empty() {
            set(
                &mut policy,
                "lifetime_actions",
                json!(self.lifetime_actions),
            );
        }
        let value = match self.form {
            Form::Pkcs12 => STANDARD.encode(self.contents),
            Form::Pem => String::from_utf8_lossy(self.contents).into_owned(),
        };
        let mut body = json!({ "value": value, "policy": policy });
        if !self.tags.is_empty() {
            set(&mut body, "tags", json!(self.tags));
        }
        if let Some(keeps) = self.keeps_order {
            set(&mut body, "preserveCertOrder", json!(keeps));
        }
        body
    }

    /// A refusal, with its cause where this import shows it: the service names a key's size and
    /// means the key that signed the certificate.
    pub(super) fn explain(&self, error: CallError) -> CallError {
        let is_about_size = error
            .refusal()
            .is_some_and(|refusal| refusal.is("KeySizeNotSupported"));
        match self
            .signed_by
            .filter(|_| is_about_size && Family::are_mixed(self.kind, self.signed_by))
        {
            Some(signed_by) => {
                let (key, signed_by) = (Family::of_key(self.kind).as_str(), signed_by.as_str());
                error.because(format!(
                    "its key is {key}, and the authority that issued it signed it with an \
                     {signed_by} key: Key Vault takes a certificate only if both are RSA or both are \
                     EC; have it issued for an {signed_by} key, or by an authority that signs with \
                     an {key} key"
                ))
            }
            None => error,
        }
    }
}

/// Whether a refused import may have been refused for the kind of its key: a vault that keeps no
/// keys in an HSM says so with a code that stands for much else as well. What certainly is
/// something else (a missing right, the network, the name) is none.
pub fn may_be_about_kind(error: &CallError) -> bool {
    error.refusal().is_some_and(|refusal| match refusal.status {
        400 => refusal.code.is_some(),
        403 => {
            refusal.code.is_some()
                && refusal.deny.is_none()
                && !refusal.lacks_role()
                && !refusal.lacks_access_policy()
                && !refusal.is_by_firewall()
                && !refusal.is_by_connection()
        }
        _ => false,
    })
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::action::{Action, Call};
    use crate::azure::refusal::Refusal;
    use crate::pfx::Curve;

    /// A new certificate with this key.
    fn new(kind: KeyKind, tags: &BTreeMap<String, String>) -> Import<'_> {
        Import {
            contents: &[0xFB, 0xEF, 0xFF],
            form: Form::Pkcs12,
            kind,
            signed_by: None,
            protection: Protection::Software,
            exportable: true,
            reuse_key: None,
            keeps_order: None,
            issuer_unknown: false,
            lifetime_actions: &[],
            tags,
        }
    }

    fn import(kind: KeyKind, tags: &BTreeMap<String, String>) -> Value {
        new(kind, tags).body()
    }

    fn refused(status: u16, code: Option<&str>, inner: Option<&str>) -> CallError {
        CallError::Service {
            refusal: Box::new(Refusal {
                status,
                code: code.map(str::to_owned),
                inner: inner.map(str::to_owned),
                ..Refusal::default()
            }),
            call: Call {
                action: Action::ImportCertificate("web-1".to_owned()),
                server: "kv-one.vault.azure.net".to_owned(),
            },
            hint: None,
        }
    }

    #[test]
    fn a_new_certificate_is_sent_with_the_least_policy_that_works() {
        assert_eq!(
            import(KeyKind::Rsa(4096), &BTreeMap::new()),
            json!({
                "value": "++//",
                "policy": {
                    "key_props": { "exportable": true, "kty": "RSA", "key_size": 4096 },
                    "secret_props": { "contentType": "application/x-pkcs12" },
                },
            })
        );
    }

    #[test]
    fn w16_r37_the_policy_says_size_or_curve_of_the_key() {
        for (kind, wanted) in [
            (
                KeyKind::Rsa(2048),
                json!({ "kty": "RSA", "key_size": 2048 }),
            ),
            (
                KeyKind::Rsa(3072),
                json!({ "kty": "RSA", "key_size": 3072 }),
            ),
            (
                KeyKind::Ec(Curve::P256),
                json!({ "kty": "EC", "crv": "P-256" }),
            ),
            (
                KeyKind::Ec(Curve::P384),
                json!({ "kty": "EC", "crv": "P-384" }),
            ),
            (
                KeyKind::Ec(Curve::P521),
                json!({ "kty": "EC", "crv": "P-521" }),
            ),
            (
                KeyKind::Ec(Curve::P256K),
                json!({ "kty": "EC", "crv": "P-256K" }),
            ),
        ] {
            let mut wanted = wanted;
            set(&mut wanted, "exportable", json!(true));
            let body = import(kind, &BTreeMap::new());
            assert_eq!(body["policy"]["key_props"], wanted);
        }
    }

    #[test]
    fn what_stays_of_an_earlier_policy_is_sent_as_it_came() {
        let actions = [json!({ "trigger": { "days_before_expiry": 9 }, "action": {} })];
        let tags = [("env".to_owned(), "prod".to_owned())].into();
        let body = Import {
            exportable: false,
            reuse_key: Some(true),
            keeps_order: Some(false),
            issuer_unknown: true,
            lifetime_actions: &actions,
            ..new(KeyKind::Rsa(2048), &tags)
        }
        .body();
        assert_eq!(body["policy"]["issuer"], json!({ "name": "Unknown" }));
        assert_eq!(body["policy"]["lifetime_actions"], json!(actions));
        assert_eq!(body["policy"]["key_props"]["exportable"], json!(false));
        assert_eq!(body["policy"]["key_props"]["reuse_key"], json!(true));
        assert_eq!(body["preserveCertOrder"], json!(false));
        assert_eq!(body["tags"], json!({ "env": "prod" }));
    }

    #[test]
    fn pem_is_sent_as_text_under_its_own_media_type() {
        let tags = BTreeMap::new();
        let body = Import {
            contents: b"-----BEGIN X-----\n",
            form: Form::Pem,
            ..new(KeyKind::Rsa(2048), &tags)
        }
        .body();
        assert_eq!(body["value"], "-----BEGIN X-----\n");
        let secret = &body["policy"]["secret_props"];
        assert_eq!(secret["contentType"], "application/x-pem-file");
        for (named, form) in [
            ("application/x-pkcs12", Some(Form::Pkcs12)),
            (" Application/X-PEM-File", Some(Form::Pem)),
            ("text/plain", None),
        ] {
            assert_eq!(form_of(named), form, "{named}");
        }
    }

    #[test]
    fn a_key_for_an_hsm_is_asked_for_by_its_kind_and_never_exportable() {
        for (kind, kty) in [
            (KeyKind::Rsa(3072), "RSA-HSM"),
            (KeyKind::Ec(Curve::P384), "EC-HSM"),
        ] {
            let tags = BTreeMap::new();
            let body = Import {
                protection: Protection::Hsm,
                ..new(kind, &tags)
            }
            .body();
            let key = &body["policy"]["key_props"];
            assert_eq!(key["kty"], kty);
            assert_eq!(key["exportable"], false, "{kty}");
        }
    }

    #[test]
    fn of_two_families_a_refused_size_means_the_signature() {
        let tags = BTreeMap::new();
        let size = || refused(400, Some("BadParameter"), Some("KeySizeNotSupported"));
        for (kind, signed_by, words) in [
            (
                KeyKind::Rsa(2048),
                Family::Ec,
                [
                    "its key is RSA",
                    "signed it with an EC key",
                    "for an EC key",
                ],
            ),
            (
                KeyKind::Ec(Curve::P256),
                Family::Rsa,
                [
                    "its key is EC",
                    "signed it with an RSA key",
                    "for an RSA key",
                ],
            ),
        ] {
            let import = Import {
                signed_by: Some(signed_by),
                ..new(kind, &tags)
            };
            let text = import.explain(size()).to_string();
            for word in words {
                assert!(text.contains(word), "{text}");
            }
            let other = refused(400, Some("BadParameter"), None);
            assert_eq!(import.explain(other.clone()), other);
        }
        for signed_by in [None, Some(Family::Rsa)] {
            let import = Import {
                signed_by,
                ..new(KeyKind::Rsa(2048), &tags)
            };
            assert_eq!(import.explain(size()), size(), "{signed_by:?}");
        }
    }

    #[test]
    fn what_a_vault_says_of_rights_network_and_names_is_not_about_the_kind() {
        for (status, code, inner, about) in [
            (400, Some("BadParameter"), None, true),
            (400, Some("NotSupported"), Some("Sku"), true),
            (400, None, None, false),
            (401, Some("Unauthorized"), None, false),
            (403, Some("Forbidden"), None, true),
            (403, Some("Forbidden"), Some("ForbiddenByRbac"), false),
            (403, Some("Forbidden"), Some("AccessDenied"), false),
            (403, Some("Forbidden"), Some("ForbiddenByPolicy"), false),
            (403, Some("Forbidden"), Some("ForbiddenByFirewall"), false),
            (403, Some("Forbidden"), Some("ForbiddenByConnection"), false),
            (403, None, None, false),
            (404, Some("CertificateNotFound"), None, false),
            (409, Some("Conflict"), None, false),
            (429, Some("Throttled"), None, false),
            (500, Some("InternalServerError"), None, false),
        ] {
            let error = refused(status, code, inner);
            assert_eq!(may_be_about_kind(&error), about, "{error}");
        }
    }
}
