//! What is sent to import a certificate (Azure REST, "Certificates - Import Certificate").
//!
//! It must not know where the certificate comes from, nor why its policy is as it is.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::pfx::KeyKind;

/// PKCS#12, said with every policy: a policy without it is refused, and without any policy
/// that of an earlier version of the name decides, which may have been PEM.
const CONTENT_TYPE: &str = "application/x-pkcs12";

/// An import. No `Debug`: it holds a private key.
pub struct Import<'a> {
    /// A PKCS#12 without password, the leaf first.
    pub pkcs12: &'a [u8],
    /// What kind of key is in it.
    pub kind: KeyKind,
    /// Whether the key may leave the vault.
    pub exportable: bool,
    /// Whether to say that nobody but the platform renews it. Said over every certificate
    /// that is there, whose policy may say otherwise; a new name has this issuer by default.
    pub issuer_unknown: bool,
    /// Lifetime actions as the service has sent them; none leaves them to its default.
    pub lifetime_actions: &'a [Value],
    /// Tags by name.
    pub tags: &'a BTreeMap<String, String>,
}

impl Import<'_> {
    /// The body. Size and curve must be the key's own: where they are left out, the service
    /// takes its defaults for them and refuses every other key.
    pub fn body(&self) -> Value {
        let mut key = json!({ "exportable": self.exportable, "kty": self.kind.kty() });
        if let Some(bits) = self.kind.key_size() {
            set(&mut key, "key_size", json!(bits));
        }
        if let Some(curve) = self.kind.crv() {
            set(&mut key, "crv", json!(curve));
        }
        let mut policy = json!({
            "key_props": key,
            "secret_props": { "contentType": CONTENT_TYPE },
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
        let mut body = json!({ "value": STANDARD.encode(self.pkcs12), "policy": policy });
        if !self.tags.is_empty() {
            set(&mut body, "tags", json!(self.tags));
        }
        body
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pfx::Curve;

    fn import(kind: KeyKind, tags: &BTreeMap<String, String>) -> Value {
        Import {
            pkcs12: &[0xFB, 0xEF, 0xFF],
            kind,
            exportable: true,
            issuer_unknown: false,
            lifetime_actions: &[],
            tags,
        }
        .body()
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
            pkcs12: &[],
            kind: KeyKind::Rsa(2048),
            exportable: false,
            issuer_unknown: true,
            lifetime_actions: &actions,
            tags: &tags,
        }
        .body();
        assert_eq!(body["policy"]["issuer"], json!({ "name": "Unknown" }));
        assert_eq!(body["policy"]["lifetime_actions"], json!(actions));
        assert_eq!(body["policy"]["key_props"]["exportable"], json!(false));
        assert_eq!(body["tags"], json!({ "env": "prod" }));
    }
}
