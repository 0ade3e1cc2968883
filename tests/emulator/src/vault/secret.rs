//! `GET /secrets/{name}[/{version}]`: the secret that belongs to a certificate, key and chain in it.
//!
//! Must not know who is asking. Other secrets than `alone` has are not played. Source: "Azure REST: Secrets - Get
//! Secret", "About Azure Key Vault certificates" (a key that is not exportable is not in the value).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Call;
use super::certificate::Version;
use super::error::Refusal;
use super::policy::PEM;
use super::show;
use crate::pki::{Der, write_pem, write_pkcs12};

pub(super) fn get(call: &Call<'_>, name: &str, version: Option<&str>) -> Result<Value, Refusal> {
    if let Some(secret) = call.vault.alone.secret(call.vault, name, version) {
        return Ok(secret);
    }
    let asked = version.map_or_else(|| name.to_owned(), |v| format!("{name}/{v}"));
    let missing = || Refusal::NoSecret(asked.clone());
    let certificate = call
        .find(name)?
        .filter(|c| c.is_live())
        .ok_or_else(missing)?;
    let found = match version {
        None => certificate.current(),
        Some(id) => certificate.version(id),
    };
    let found = found.filter(|v| v.leaf.is_some()).ok_or_else(missing)?;
    if !found.enabled {
        return Err(Refusal::SecretDisabled);
    }
    let mut attributes = show::attributes(found);
    show::recovery(call.vault, &mut attributes);
    let id = |collection: &str| {
        format!(
            "https://{}/{collection}/{}/{}",
            call.vault.host, certificate.name, found.id
        )
    };
    let mut secret = json!({
        "value": value(found)?,
        "contentType": found.content_type,
        "id": id("secrets"),
        "kid": id("keys"),
        "managed": true,
        "attributes": attributes,
    });
    if let (Some(tags), Some(map)) = (&found.tags, secret.as_object_mut()) {
        map.insert("tags".into(), json!(tags));
    }
    Ok(secret)
}

fn value(version: &Version) -> Result<String, Refusal> {
    let mut certificates: Vec<&Der> = version.chain.iter().collect();
    if let Some(leaf) = &version.leaf {
        certificates.insert(version.leaf_place.min(certificates.len()), &leaf.der);
    }
    let key = version
        .exportable
        .then(|| version.key.pkcs8())
        .transpose()
        .map_err(Refusal::broken)?;
    if version.content_type == PEM {
        return write_pem(key.as_deref(), &certificates).map_err(Refusal::broken);
    }
    let file = write_pkcs12(key.as_deref(), &certificates).map_err(Refusal::broken)?;
    Ok(STANDARD.encode(file))
}
