//! `GET /certificates/{name}` and `/{name}/{version}`: the certificate bundle.
//!
//! Must not know who is asking. Source: "Azure REST: Certificates - Get Certificate".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::state::{Issued, Stored, Vault, Version};
use crate::pki::{EXTENDED_KEY_USAGE, KeyKind, PkiError, subject};

/// The bundle of a version, or of the current one, which alone comes with its policy.
pub(super) fn bundle(vault: &Vault, name: &str, version: Option<&str>) -> Result<Value, Refusal> {
    let asked = version.map_or_else(|| name.to_owned(), |v| format!("{name}/{v}"));
    let missing = || Refusal::NotFound(asked.clone());
    let broken = |e: PkiError| Refusal::Broken(e.to_string());
    if let Some(version) = version
        && (version.len() != 32 || !version.chars().all(|c| c.is_ascii_hexdigit()))
    {
        return Err(Refusal::InvalidVersion(version.to_owned()));
    }
    let stored = vault.find(name).ok_or_else(missing)?;
    let current = stored.current().ok_or_else(missing)?;
    let newest = vault.issued(stored, current).map_err(broken)?;
    let Some(version) = version.filter(|v| !v.eq_ignore_ascii_case(&newest.version)) else {
        return Ok(render(vault, stored, newest, Some(current)));
    };
    for older in stored.versions() {
        let issued = vault.issued(stored, older).map_err(broken)?;
        if issued.version.eq_ignore_ascii_case(version) {
            return Ok(render(vault, stored, issued, None));
        }
    }
    Err(missing())
}

fn render(vault: &Vault, stored: &Stored, issued: &Issued, policy_of: Option<&Version>) -> Value {
    let id = |collection: &str| {
        Value::String(format!(
            "https://{}/{collection}/{}/{}",
            vault.host, stored.name, issued.version
        ))
    };
    let mut bundle = Map::new();
    bundle.insert("id".into(), id("certificates"));
    bundle.insert("kid".into(), id("keys"));
    bundle.insert("sid".into(), id("secrets"));
    bundle.insert("x5t".into(), Value::String(issued.thumbprint.clone()));
    bundle.insert("cer".into(), Value::String(STANDARD.encode(&issued.der)));
    bundle.insert(
        "attributes".into(),
        json!({
            "enabled": stored.enabled,
            "nbf": issued.not_before,
            "exp": issued.not_after,
            "created": issued.created,
            "updated": issued.created,
            "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": 90,
        }),
    );
    if !stored.tags.is_empty() {
        bundle.insert("tags".into(), json!(stored.tags));
    }
    if let Some(version) = policy_of {
        bundle.insert("policy".into(), policy(vault, stored, issued, version));
    }
    Value::Object(bundle)
}

/// The policy as the service writes it from an imported certificate.
fn policy(vault: &Vault, stored: &Stored, issued: &Issued, version: &Version) -> Value {
    let exportable = stored.exportable;
    let (key, usage) = match version.key {
        KeyKind::EcP256 | KeyKind::EcP384 => {
            let curve = if version.key == KeyKind::EcP256 {
                "P-256"
            } else {
                "P-384"
            };
            (
                json!({"exportable": exportable, "kty": "EC", "crv": curve, "reuse_key": false}),
                json!(["digitalSignature"]),
            )
        }
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
            let size = match version.key {
                KeyKind::Rsa3072 => 3072,
                KeyKind::Rsa4096 => 4096,
                _ => 2048,
            };
            (
                json!({"exportable": exportable, "kty": "RSA", "key_size": size, "reuse_key": false}),
                json!(["digitalSignature", "keyEncipherment"]),
            )
        }
    };
    // A twelfth of a year is what a month means to a policy.
    let months = issued.not_after.saturating_sub(issued.not_before) / (365 * 86_400 / 12);
    json!({
        "id": format!("https://{}/certificates/{}/policy", vault.host, stored.name),
        "key_props": key,
        "secret_props": {"contentType": "application/x-pkcs12"},
        "x509_props": {
            "subject": subject(&issued.dns_name),
            "sans": {"emails": [], "dns_names": [issued.dns_name], "upns": [], "uris": [], "ipAddresses": []},
            "ekus": EXTENDED_KEY_USAGE,
            "key_usage": usage,
            "validity_months": months,
            "basic_constraints": {"ca": false},
        },
        "lifetime_actions": [
            {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}},
        ],
        "issuer": {"name": "Unknown"},
        "attributes": {"enabled": true, "created": issued.created, "updated": issued.created},
    })
}
