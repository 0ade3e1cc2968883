//! Changing some settings of a vault: PATCH, and its access policies alone.
//!
//! Must not know how a vault is made. Source: "Azure REST: Key Vault - Vaults - Update", "- Update Access
//! Policy" (wire 3.5).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::call::Call;
use super::create::{Wanted, settled};
use super::error::Refusal;
use super::vaults::{authorized, missing, shown, vault_id};
use super::{Reply, policy};
use crate::seed::SubscriptionSeed;
use crate::vault::{AccessPolicy, Vault};

pub(super) fn patch(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
) -> Result<Reply, Refusal> {
    let vault = writable(call, subscription, group, name)?;
    let wanted: Wanted = call.json()?;
    let before = vault.spec();
    let after = settled(&before, (*before).clone(), &wanted)?;
    policy::check(call, &after)?;
    vault.update(|spec| *spec = after);
    Ok(Reply::Ok(shown(call, &vault)))
}

#[derive(Debug, Deserialize)]
struct Policies {
    properties: PolicyList,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PolicyList {
    access_policies: Vec<AccessPolicy>,
}

/// `PUT .../accessPolicies/{add|replace|remove}`.
pub(super) fn access_policies(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
    kind: &str,
) -> Result<Reply, Refusal> {
    if !["add", "replace", "remove"].contains(&kind) {
        return Err(Refusal::new("OperationNotFound", [kind]));
    }
    let vault = writable(call, subscription, group, name)?;
    let given: Policies = call.json()?;
    let given = given.properties.access_policies;
    let same = |a: &AccessPolicy, b: &AccessPolicy| {
        a.object_id.eq_ignore_ascii_case(&b.object_id) && a.application_id == b.application_id
    };
    vault.update(|spec| {
        let policies = &mut spec.access_policies;
        if kind == "add" {
            for mut entry in given {
                // Somebody who has permissions already gets more, as the recording shows.
                if let Some(at) = policies.iter().position(|p| same(p, &entry)) {
                    let before = policies.remove(at);
                    entry.permissions = before.permissions.and(&entry.permissions);
                }
                policies.push(entry);
            }
            return;
        }
        policies.retain(|p| !given.iter().any(|g| same(p, g)));
        if kind == "replace" {
            policies.extend(given);
        }
    });
    let id = vault_id(subscription, group, name);
    Ok(Reply::Ok(json!({
        "id": format!("{id}/accessPolicies/"),
        "type": "Microsoft.KeyVault/vaults/accessPolicies",
        "properties": {"accessPolicies": vault.spec().access_policies},
    })))
}

fn writable(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
) -> Result<Arc<Vault>, Refusal> {
    let write = "Microsoft.KeyVault/vaults/write";
    authorized(call, subscription, group, name, write)?.ok_or_else(|| missing(group, name))
}
