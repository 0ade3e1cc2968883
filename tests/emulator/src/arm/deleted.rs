//! Deleting vaults, and what comes after: the list of the deleted, and their end.
//!
//! Must not know how vaults are made. Source: "Azure REST: Key Vault - Vaults - Delete", "- List Deleted",
//! "- Purge Deleted" (wire 3.5).

use serde_json::{Value, json};

use super::Reply;
use super::call::Call;
use super::error::Refusal;
use super::locations::plain;
use super::page::{End, Marker};
use super::render;
use super::route::{Place, authorize};
use super::vaults::{authorized, page_size};
use crate::answer::{derived_uuid, timestamp};
use crate::seed::SubscriptionSeed;
use crate::vault::{DeletedVault, NotPurged};

/// How long an operation is under way, in seconds.
const PURGING: u64 = 2;

pub(super) fn delete(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
) -> Result<Reply, Refusal> {
    let delete = "Microsoft.KeyVault/vaults/delete";
    if authorized(call, subscription, group, name, delete)?.is_none() {
        return Ok(Reply::NoContent);
    }
    call.vaults.soft_delete(call.cloud, name, call.now);
    Ok(Reply::Done)
}

pub(super) fn list(call: &Call<'_>, subscription: &SubscriptionSeed) -> Result<Reply, Refusal> {
    let scope = authorize(
        call,
        subscription,
        Place::Subscription,
        "Microsoft.KeyVault/deletedVaults/read",
    )?;
    let all: Vec<(String, Value)> = call
        .vaults
        .all_deleted(call.cloud, call.now)
        .into_iter()
        .filter(|d| is_of(d, subscription))
        .map(|d| (d.vault.host.clone(), render::deleted(&d)))
        .collect();
    let marker = Marker::read(call.query.get("$skiptoken"))?;
    let (value, next) = marker.cut(all, page_size(call, subscription), &[], End::Unforeseen);
    let mut body = json!({"value": value});
    if let (Some(next), Some(body)) = (next, body.as_object_mut()) {
        let link = format!(
            "{scope}/providers/Microsoft.KeyVault/deletedVaults?api-version={}&$skiptoken={}",
            call.api_version(),
            next.service_token()
        );
        body.insert("nextLink".into(), call.link(&link).into());
    }
    Ok(Reply::Ok(body))
}

pub(super) fn one(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    location: &str,
    name: &str,
) -> Result<Reply, Refusal> {
    authorize(
        call,
        subscription,
        Place::Subscription,
        "Microsoft.KeyVault/locations/deletedVaults/read",
    )?;
    let deleted = at(call, subscription, location, name)?;
    Ok(Reply::Ok(render::deleted(&deleted)))
}

pub(super) fn purge(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    location: &str,
    name: &str,
) -> Result<Reply, Refusal> {
    let scope = authorize(
        call,
        subscription,
        Place::Subscription,
        "Microsoft.KeyVault/locations/deletedVaults/purge/action",
    )?;
    let deleted = at(call, subscription, location, name)?;
    call.vaults
        .purge(call.cloud, name, call.now)
        .map_err(|why| match why {
            NotPurged::Missing => Refusal::new("DeletedVaultNotFound", [name]),
            NotPurged::Protected => {
                Refusal::new("MethodNotAllowed", [&deleted.vault.spec().resource_id()])
            }
        })?;
    // The operation's id holds when it began, so that nothing need be remembered of it.
    let id = derived_uuid(&format!("{}/purge/{}", deleted.vault.host, call.now));
    let link = format!(
        "{scope}/providers/Microsoft.KeyVault/locations/{}/operationResults/{id}~{}?api-version={}",
        plain(location),
        call.now,
        call.api_version()
    );
    Ok(Reply::Accepted {
        location: call.link(&link),
        body: None,
    })
}

/// `GET .../operationResults/{id}`.
pub(super) fn operation(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    location: &str,
    id: &str,
) -> Result<Reply, Refusal> {
    let began: u64 = id
        .rsplit_once('~')
        .and_then(|(_, began)| began.parse().ok())
        .ok_or_else(|| Refusal::new("OperationNotFound", [id]))?;
    if call.now >= began.saturating_add(PURGING) {
        return Ok(Reply::Ok(json!({
            "createdDateTime": timestamp(began),
            "lastActionDateTime": timestamp(began.saturating_add(PURGING)),
            "status": "Succeeded",
        })));
    }
    let link = format!(
        "/subscriptions/{}/providers/Microsoft.KeyVault/locations/{location}/operationResults/{id}?api-version={}",
        subscription.id,
        call.api_version()
    );
    Ok(Reply::Accepted {
        location: call.link(&link),
        body: Some(json!({"createdDateTime": timestamp(began), "status": "NotStarted"})),
    })
}

fn at(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    location: &str,
    name: &str,
) -> Result<DeletedVault, Refusal> {
    call.vaults
        .deleted(call.cloud, name, call.now)
        .filter(|d| is_of(d, subscription))
        .filter(|d| plain(&d.vault.spec().location) == plain(location))
        .ok_or_else(|| Refusal::new("DeletedVaultNotFound", [name]))
}

fn is_of(deleted: &DeletedVault, subscription: &SubscriptionSeed) -> bool {
    let spec = deleted.vault.spec();
    spec.subscription.eq_ignore_ascii_case(&subscription.id)
}
