//! How a certificate looks in an answer: bundle, list item, pending operation, deleted bundle.
//!
//! Must not know requests or who is asking. Source: "Azure REST: Certificates" (`CertificateBundle`,
//! `CertificateItem`, `CertificateOperation`, `DeletedCertificateBundle`); which part is there when is
//! what recordings of the SDKs' tests show (wire 2.3 to 2.7).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::certificate::{Certificate, Life, Pending, Status, Version};
use super::error::Refusal;
use super::policy::{Policy, UNKNOWN};
use super::room::Vault;
use super::spec::RETENTION_DAYS;

/// How much of a bundle is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// What a name means: the current version, with policy and pending operation.
    Name,
    /// One version, though it be the current one.
    Version,
}

/// A version's bundle.
pub(super) fn bundle(
    vault: &Vault,
    certificate: &Certificate,
    version: &Version,
    shown: Shown,
) -> Result<Map<String, Value>, Refusal> {
    let name = &certificate.name;
    let id = |collection: &str| {
        json!(format!(
            "https://{}/{collection}/{name}/{}",
            vault.host, version.id
        ))
    };
    let mut bundle = Map::new();
    bundle.insert("id".into(), id("certificates"));
    if let Some(leaf) = &version.leaf {
        bundle.insert("kid".into(), id("keys"));
        bundle.insert("sid".into(), id("secrets"));
        bundle.insert("x5t".into(), json!(leaf.thumbprint));
        bundle.insert("cer".into(), json!(STANDARD.encode(leaf.der.bytes())));
    }
    let mut attributes = attributes(version);
    recovery(vault, &mut attributes);
    bundle.insert("attributes".into(), Value::Object(attributes));
    if let Some(tags) = &version.tags {
        bundle.insert("tags".into(), json!(tags));
    }
    if shown == Shown::Name {
        bundle.insert("policy".into(), policy(vault, name, &certificate.policy)?);
        if version.made_here {
            let pending = format!("https://{}/certificates/{name}/pending", vault.host);
            bundle.insert("pending".into(), json!({ "id": pending }));
        }
    }
    if let Some(preserve) = version.preserve_order {
        bundle.insert("preserveCertOrder".into(), json!(preserve));
    }
    Ok(bundle)
}

/// The bundle of the current version.
pub(super) fn current(
    vault: &Vault,
    certificate: &Certificate,
) -> Result<Map<String, Value>, Refusal> {
    let version = certificate
        .current()
        .ok_or_else(|| Refusal::NotFound(certificate.name.clone()))?;
    bundle(vault, certificate, version, Shown::Name)
}

/// What every answer says of a version's state; a list says no more.
pub(super) fn attributes(version: &Version) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("enabled".into(), json!(version.enabled));
    map.insert("nbf".into(), json!(version.not_before));
    map.insert("exp".into(), json!(version.not_after));
    map.insert("created".into(), json!(version.created));
    map.insert("updated".into(), json!(version.updated));
    map
}

/// "Azure REST: Certificates", `DeletionRecoveryLevel`.
pub(super) fn recovery(vault: &Vault, attributes: &mut Map<String, Value>) {
    let spec = vault.spec();
    let custom = if spec.retention_days == RETENTION_DAYS {
        "Recoverable"
    } else {
        "CustomizedRecoverable"
    };
    let purgeable = if spec.purge_protection {
        ""
    } else {
        "+Purgeable"
    };
    attributes.insert(
        "recoveryLevel".into(),
        json!(format!("{custom}{purgeable}")),
    );
    attributes.insert("recoverableDays".into(), json!(spec.retention_days));
}

/// An item of a list of certificates, or of versions where one is given.
pub(super) fn item(
    vault: &Vault,
    certificate: &Certificate,
    version: Option<&Version>,
) -> Map<String, Value> {
    let mut item = Map::new();
    let mut id = format!("https://{}/certificates/{}", vault.host, certificate.name);
    if let Some(version) = version {
        id = format!("{id}/{}", version.id);
    }
    item.insert("id".into(), json!(id));
    let Some(version) = version.or_else(|| certificate.current().map(AsRef::as_ref)) else {
        return item;
    };
    if let Some(leaf) = &version.leaf {
        item.insert("x5t".into(), json!(leaf.thumbprint));
    }
    item.insert("attributes".into(), Value::Object(attributes(version)));
    if let Some(tags) = &version.tags {
        item.insert("tags".into(), json!(tags));
    }
    item.insert("subject".into(), json!(""));
    item
}

/// What a deletion adds, in front of a bundle or an item.
pub(super) fn deleted(vault: &Vault, certificate: &Certificate, of: Map<String, Value>) -> Value {
    let mut map = Map::new();
    if let Life::Deleted { at, purge, .. } = certificate.life {
        let id = format!(
            "https://{}/deletedcertificates/{}",
            vault.host, certificate.name
        );
        map.insert("recoveryId".into(), json!(id));
        map.insert("deletedDate".into(), json!(at));
        map.insert("scheduledPurgeDate".into(), json!(purge));
    }
    map.extend(of);
    Value::Object(map)
}

/// A policy with its id.
pub(super) fn policy(vault: &Vault, name: &str, policy: &Policy) -> Result<Value, Refusal> {
    let mut shown = policy.clone();
    shown.id = Some(format!("https://{}/certificates/{name}/policy", vault.host));
    serde_json::to_value(shown).map_err(Refusal::broken)
}

/// An operation.
pub(super) fn pending(vault: &Vault, name: &str, pending: &Pending) -> Map<String, Value> {
    let mut map = Map::new();
    let base = format!("https://{}/certificates/{name}", vault.host);
    map.insert("id".into(), json!(format!("{base}/pending")));
    map.insert("issuer".into(), json!({"name": pending.issuer}));
    map.insert("csr".into(), json!(pending.csr.base64()));
    let requested = pending.cancellation_requested;
    map.insert("cancellation_requested".into(), json!(requested));
    match pending.status {
        Status::InProgress { .. } => {
            let details = if pending.issuer == UNKNOWN {
                "Pending certificate created. Please Perform Merge to complete the request."
            } else {
                "Pending certificate created. Certificate request is in progress. This may take some time based on the issuer provider. Please check again later."
            };
            map.insert("status".into(), json!("inProgress"));
            map.insert("status_details".into(), json!(details));
        }
        Status::Completed => {
            map.insert("status".into(), json!("completed"));
            map.insert("target".into(), json!(base));
        }
        Status::Cancelled => {
            map.insert("status".into(), json!("cancelled"));
        }
    }
    map.insert("request_id".into(), json!(pending.request_id));
    map
}
