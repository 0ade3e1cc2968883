//! `POST /certificates/{name}/backup` and `/certificates/restore`: a certificate with all its versions as
//! one text that a vault of the same subscription takes back.
//!
//! Must not know who is asking. What the service puts into a backup is its own secret; here it is what a
//! state file would hold. Source: "Azure REST: Certificates - Backup Certificate", "Restore Certificate",
//! "Azure Key Vault backup" (where a backup can be restored).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Call;
use super::certificate::{Certificate, Life};
use super::change::body;
use super::error::{Parallel, Refusal};
use super::show;
use super::store::Slot;

/// What a backup holds.
#[derive(Serialize, Deserialize)]
struct Backup {
    subscription: String,
    certificate: Certificate,
}

#[derive(Deserialize)]
struct Restore {
    value: String,
}

pub(super) fn backup(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let found = call.find(name)?.filter(|c| c.is_live());
    let certificate = found.ok_or_else(|| Refusal::NotFound(name.to_owned()))?;
    let backup = Backup {
        subscription: call.vault.spec().subscription.to_ascii_lowercase(),
        certificate: Certificate {
            pending: None,
            ..Certificate::clone(&certificate)
        },
    };
    let text = serde_json::to_vec(&backup).map_err(Refusal::broken)?;
    Ok(json!({"value": URL_SAFE_NO_PAD.encode(text)}))
}

/// What comes of a backed-up certificate: recordings show none of the operation that made it, and a policy
/// without alternative names.
fn restored(mut certificate: Certificate) -> Certificate {
    for version in &mut certificate.versions {
        Arc::make_mut(version).made_here = false;
    }
    if let Some(x509) = &mut certificate.policy.x509_props {
        x509.sans = None;
    }
    certificate.life = Life::Live;
    certificate
}

pub(super) fn restore(call: &Call<'_>) -> Result<Value, Refusal> {
    let asked: Restore = body(call)?;
    let bad = || Refusal::BadParameter("The backup of the certificate is not valid.".to_owned());
    let text = URL_SAFE_NO_PAD.decode(asked.value).map_err(|_| bad())?;
    let backup: Backup = serde_json::from_slice(&text).map_err(|_| bad())?;
    let here = &call.vault.spec().subscription;
    if !backup.subscription.eq_ignore_ascii_case(here) {
        return Err(bad());
    }
    let name = backup.certificate.name.clone();
    call.replace(&name, |found| {
        if call.room_for(&name, found)?.is_some() {
            return Err(Refusal::Parallel(Parallel::Restoring, name.clone()));
        }
        let certificate = restored(backup.certificate);
        let answer = show::current(call.vault, &certificate)?;
        Ok((Slot::Kept(Arc::new(certificate)), Value::Object(answer)))
    })
}
