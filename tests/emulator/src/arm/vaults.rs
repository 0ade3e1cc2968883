//! Getting and listing vaults.
//!
//! Must not know how vaults come and go. Source: "Azure REST: Key Vault - Vaults - List By Subscription",
//! "- List By Resource Group", "- List", "- Get" (wire 3.3).

use std::sync::Arc;

use serde_json::{Value, json};

use super::Reply;
use super::access::Deed;
use super::births::Provisioning;
use super::call::Call;
use super::error::Refusal;
use super::page::{End, Marker};
use super::route::{Place, authorize};
use super::subscriptions::{find, group_id};
use super::{access, render};
use crate::seed::SubscriptionSeed;
use crate::vault::{Vault, VaultSpec};

/// The live vault of a name, if it is in this group.
pub(super) fn in_group(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
) -> Option<Arc<Vault>> {
    let here = |spec: &VaultSpec| {
        spec.subscription.eq_ignore_ascii_case(&subscription.id)
            && spec.group.eq_ignore_ascii_case(group)
    };
    call.vaults
        .get(call.cloud, name)
        .filter(|v| here(&v.spec()))
}

/// The same for a caller who may do this to it.
pub(super) fn authorized(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
    action: &str,
) -> Result<Option<Arc<Vault>>, Refusal> {
    authorize(call, subscription, Place::Vault { group, name }, action)?;
    find(subscription, group)?;
    Ok(in_group(call, subscription, group, name))
}

pub(super) fn vault_id(subscription: &SubscriptionSeed, group: &str, name: &str) -> String {
    format!(
        "{}/providers/Microsoft.KeyVault/vaults/{name}",
        group_id(subscription, group)
    )
}

pub(super) fn missing(group: &str, name: &str) -> Refusal {
    Refusal::new("ResourceNotFound", [name, group])
}

/// A vault's body as it is now.
pub(super) fn shown(call: &Call<'_>, vault: &Vault) -> Value {
    rendered(call, vault, call.arm.births.state(&vault.host, call.now))
}

fn rendered(call: &Call<'_>, vault: &Vault, state: Provisioning) -> Value {
    let birth = call.arm.births.of(&vault.host);
    render::vault_as_of(call.api_version(), &vault.spec(), state, birth.as_ref())
}

pub(super) fn one(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: &str,
    name: &str,
) -> Result<Reply, Refusal> {
    let read = "Microsoft.KeyVault/vaults/read";
    let vault =
        authorized(call, subscription, group, name, read)?.ok_or_else(|| missing(group, name))?;
    let state = call.arm.births.poll(&vault.host, call.now);
    Ok(Reply::Ok(rendered(call, &vault, state)))
}

/// The vaults of a subscription or of one of its groups; those that the caller may not read are left
/// out, and leave their pages shorter.
pub(super) fn list(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: Option<&str>,
) -> Result<Reply, Refusal> {
    let action = "Microsoft.KeyVault/vaults/read";
    let scope = match group {
        Some(group) => {
            let scope = authorize(call, subscription, Place::Group(group), action)?;
            find(subscription, group)?;
            scope
        }
        None => whole_subscription(call, subscription, action)?,
    };
    let path = format!("{scope}/providers/Microsoft.KeyVault/vaults");
    page(call, subscription, group, &path, |vault| shown(call, vault))
}

/// `GET /subscriptions/{s}/resources`, the list that says least of a vault.
pub(super) fn resources(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
) -> Result<Reply, Refusal> {
    let filter = call.query.get("$filter").unwrap_or_default();
    let filter = filter.to_ascii_lowercase();
    let all = filter.is_empty() || filter.contains("'microsoft.keyvault/vaults'");
    let scope = whole_subscription(
        call,
        subscription,
        "Microsoft.Resources/subscriptions/resources/read",
    )?;
    if !all {
        return Ok(Reply::Ok(json!({"value": []})));
    }
    page(
        call,
        subscription,
        None,
        &format!("{scope}/resources"),
        |vault| {
            let spec = vault.spec();
            json!({
                "id": spec.resource_id(),
                "name": spec.name,
                "type": "Microsoft.KeyVault/vaults",
                "location": spec.location,
                "tags": spec.tags,
            })
        },
    )
}

/// The scope of a subscription's list, for a caller who may see anything in it.
fn whole_subscription(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    action: &str,
) -> Result<String, Refusal> {
    let scope = format!("/subscriptions/{}", subscription.id);
    let denied = |client: &String| client.eq_ignore_ascii_case(&call.caller.appid);
    let sees = call.arm.roles.sees(call.caller, subscription);
    if !sees || subscription.deny.iter().any(denied) {
        return Err(access::forbidden(call.caller, action, &scope));
    }
    Ok(scope)
}

/// How many vaults are on a page of a subscription's lists at most.
pub(super) fn page_size(call: &Call<'_>, subscription: &SubscriptionSeed) -> usize {
    let own = subscription.vault_page;
    own.unwrap_or(call.arm.settings.vault_page).max(1)
}

fn page(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    group: Option<&str>,
    path: &str,
    show: impl Fn(&Vault) -> Value,
) -> Result<Reply, Refusal> {
    let marker = Marker::read(call.query.get("$skiptoken"))?;
    let top = call.query.top()?;
    let settings = &call.arm.settings;
    let size = page_size(call, subscription);
    let size = top.map_or(size, |top| top.min(size).max(1));
    let here = |vault: &Arc<Vault>| {
        let spec = vault.spec();
        spec.subscription.eq_ignore_ascii_case(&subscription.id)
            && group.is_none_or(|g| spec.group.eq_ignore_ascii_case(g))
    };
    let all = call.vaults.all(call.cloud).into_iter().filter(here);
    let keyed = all.map(|vault| (vault.host.clone(), vault)).collect();
    let (vaults, next) = marker.cut(keyed, size, &settings.empty_page_after, End::Unforeseen);
    let may_read = |vault: &&Arc<Vault>| {
        let scope = vault.spec().resource_id();
        let roles = &call.arm.roles;
        roles.allow(call.caller, subscription, Deed::Read, &scope)
    };
    let value: Vec<Value> = vaults.iter().filter(may_read).map(|v| show(v)).collect();
    let Some(next) = next else {
        return Ok(Reply::Ok(json!({"value": value})));
    };
    let top = top.map_or_else(String::new, |top| format!("$top={top}&"));
    let filter = call.query.get("$filter").map_or_else(String::new, |f| {
        let pair = form_urlencoded::Serializer::new(String::new())
            .append_pair("$filter", f)
            .finish();
        format!("{pair}&")
    });
    let link = format!(
        "{path}?{top}{filter}api-version={}&$skiptoken={}",
        call.api_version(),
        next.service_token()
    );
    Ok(Reply::Ok(
        json!({"value": value, "nextLink": call.link(&link)}),
    ))
}
