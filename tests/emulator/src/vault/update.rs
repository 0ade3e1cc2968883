//! Changes of what is there: attributes, tags and policy; deletion, recovery, purge.
//!
//! Must not know who is asking. Source: "Azure REST: Certificates - Update Certificate", "Update
//! Certificate Policy", "Delete Certificate", "Recover Deleted Certificate", "Purge Deleted
//! Certificate"; the windows are what recordings of the SDKs' tests show (wire 2.7; 6, number 5).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::Call;
use super::certificate::{Certificate, Life, Version};
use super::change::{GivenAttributes, Tags, body, check_tags};
use super::error::Refusal;
use super::policy::Policy;
use super::show::{self, Shown};
use super::store::Slot;

const DAY: u64 = 86_400;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Update {
    attributes: Option<GivenAttributes>,
    tags: Option<Tags>,
    policy: Option<Policy>,
}

/// `PATCH /certificates/{name}[/{version}]`.
pub(super) fn update(call: &Call<'_>, name: &str, version: Option<&str>) -> Result<Value, Refusal> {
    let asked: Update = body(call)?;
    check_tags(asked.tags.as_ref())?;
    if let Some(policy) = &asked.policy {
        policy.check(call.vault.spec().sku)?;
    }
    call.change(name, |certificate| {
        let missing =
            || Refusal::NotFound(version.map_or(name.to_owned(), |v| format!("{name}/{v}")));
        let found = match version {
            None => certificate.current().cloned(),
            Some(id) => certificate.version(id).cloned(),
        };
        let mut changed = Version::clone(&*found.ok_or_else(missing)?);
        if let Some(enabled) = asked.attributes.and_then(|a| a.enabled) {
            changed.enabled = enabled;
        }
        if asked.tags.is_some() {
            changed.tags = asked.tags;
        }
        changed.updated = call.seconds();
        if let Some(policy) = &asked.policy {
            certificate.policy.patch(policy, call.seconds());
        }
        let shown = version.map_or(Shown::Name, |_| Shown::Version);
        certificate.replace(changed.clone());
        show::bundle(call.vault, certificate, &changed, shown).map(Value::Object)
    })
}

/// `PATCH /certificates/{name}/policy`.
pub(super) fn policy(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let patch: Policy = body(call)?;
    patch.check(call.vault.spec().sku)?;
    call.change(name, |certificate| {
        certificate.policy.patch(&patch, call.seconds());
        show::policy(call.vault, &certificate.name, &certificate.policy)
    })
}

/// `DELETE /certificates/{name}`: every version, for as long as the vault keeps what was deleted.
pub(super) fn delete(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    call.change(name, |certificate| {
        let now = call.seconds();
        let days = u64::from(call.vault.spec().retention_days);
        certificate.life = Life::Deleted {
            at: now,
            visible: call.later(call.vault.common.timing.delete_seconds),
            purge: now.saturating_add(days.saturating_mul(DAY)),
        };
        let bundle = show::current(call.vault, certificate)?;
        Ok(show::deleted(call.vault, certificate, bundle))
    })
}

/// `GET /deletedcertificates/{name}`.
pub(super) fn get_deleted(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let shows = |c: &Arc<Certificate>| matches!(c.life, Life::Deleted { visible, .. } if visible <= call.now);
    let certificate = call
        .find(name)?
        .filter(shows)
        .ok_or_else(|| Refusal::DeletedNotFound(name.to_owned()))?;
    let bundle = show::current(call.vault, &certificate)?;
    Ok(show::deleted(call.vault, &certificate, bundle))
}

/// `POST /deletedcertificates/{name}/recover`.
pub(super) fn recover(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    revive(call, name, |certificate| {
        certificate.life = Life::Recovering {
            until: call.later(call.vault.common.timing.recover_seconds),
        };
        show::current(call.vault, certificate).map(Value::Object)
    })
}

/// `DELETE /deletedcertificates/{name}`.
pub(super) fn purge(call: &Call<'_>, name: &str) -> Result<(), Refusal> {
    let protected = call.vault.spec().purge_protection;
    revive(call, name, |certificate| {
        if protected {
            return Err(Refusal::PurgeProtected);
        }
        certificate.life = Life::Purging {
            until: call.later(call.vault.common.timing.purge_seconds),
        };
        Ok(())
    })
}

/// Changes a certificate that is deleted and shows as such; one that is still being deleted is in the
/// way, of a purge sent too early as of a recovery.
fn revive<T>(
    call: &Call<'_>,
    name: &str,
    act: impl FnOnce(&mut Certificate) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    call.replace(name, |found| {
        let missing = || Refusal::DeletedNotFound(name.to_owned());
        let mut certificate = Certificate::clone(found.ok_or_else(missing)?);
        match certificate.life {
            Life::Deleted { visible, .. } if visible <= call.now => {}
            Life::Deleted { .. } | Life::Purging { .. } => return Err(Refusal::BeingDeleted),
            Life::Recovering { .. } => return Err(Refusal::BeingRecovered),
            Life::Live => return Err(missing()),
        }
        let answer = act(&mut certificate)?;
        Ok((Slot::Kept(Arc::new(certificate)), answer))
    })
}
