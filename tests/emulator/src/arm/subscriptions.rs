//! Subscriptions, tenants and resource groups, as far as the caller sees them.
//!
//! Must not know vaults. Source: "Azure REST: Subscriptions - List", "Tenants - List", "Resource Groups -
//! Get" (wire 3.2).

use serde_json::{Map, Value, json};

use super::Reply;
use super::access::Deed;
use super::call::Call;
use super::error::Refusal;
use super::page::{End, Marker};
use super::route::{Place, authorize};
use crate::seed::{GroupSeed, SubscriptionSeed, SubscriptionState};

/// The subscriptions that the caller sees, in every state.
pub(super) fn visible<'a>(call: &Call<'a>) -> impl Iterator<Item = &'a SubscriptionSeed> {
    let (arm, cloud, caller) = (call.arm, call.cloud, call.caller);
    arm.subscriptions
        .iter()
        .filter(move |s| s.clouds.contains(&cloud) && arm.roles.sees(caller, s))
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let marker = Marker::read(call.query.get("$skiptoken"))?;
    let size = call.query.top()?.unwrap_or(usize::MAX);
    let size = size.min(call.arm.settings.subscription_page).max(1);
    let mut all: Vec<(String, Value)> = visible(call).map(|s| (s.id.clone(), render(s))).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let total = all.len();
    let (page, next) = marker.cut(all, size, &[], End::Foreseen);
    let mut body = Map::new();
    body.insert("value".into(), Value::Array(page));
    body.insert("count".into(), json!({"type": "Total", "value": total}));
    if let Some(next) = next {
        let version = call.api_version();
        let token = next.token();
        // Azure Resource Manager's own lists escape the dollar sign.
        let link = format!("/subscriptions?api-version={version}&%24skiptoken={token}");
        body.insert("nextLink".into(), call.link(&link).into());
    }
    Ok(Reply::Ok(Value::Object(body)))
}

pub(super) fn one(call: &Call<'_>, subscription: &SubscriptionSeed) -> Result<Reply, Refusal> {
    if !call.arm.roles.sees(call.caller, subscription) {
        let scope = format!("/subscriptions/{}", subscription.id);
        let action = "Microsoft.Resources/subscriptions/read";
        return Err(super::access::forbidden(call.caller, action, &scope));
    }
    Ok(Reply::Ok(render(subscription)))
}

/// `tenantId` is the subscription's own tenant whoever asks, and `managedByTenants` are those that it is
/// delegated to ("Cross-tenant management experiences" of Azure Lighthouse; "Azure REST: Subscriptions -
/// List", `ManagedByTenant`).
fn render(subscription: &SubscriptionSeed) -> Value {
    let id = &subscription.id;
    let state = match subscription.state {
        SubscriptionState::Enabled => "Enabled",
        SubscriptionState::Warned => "Warned",
        SubscriptionState::PastDue => "PastDue",
        SubscriptionState::Disabled => "Disabled",
        SubscriptionState::Deleted => "Deleted",
    };
    let tenants = subscription.managed_by.iter();
    let managed_by: Vec<Value> = tenants.map(|id| json!({"tenantId": id})).collect();
    json!({
        "id": format!("/subscriptions/{id}"),
        "authorizationSource": "RoleBased",
        "managedByTenants": managed_by,
        "subscriptionId": id,
        "tenantId": subscription.tenant,
        "displayName": subscription.name.as_deref().unwrap_or("Emulated subscription"),
        "state": state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

/// The caller's own tenant: a token of an application has no other.
pub(super) fn tenants(call: &Call<'_>) -> Result<Reply, Refusal> {
    let own = |id: &str| id.eq_ignore_ascii_case(&call.caller.tid);
    let value: Vec<Value> = call
        .arm
        .tenants
        .iter()
        .filter(|t| own(&t.id))
        .map(|t| {
            let domain = t.domain.as_deref().unwrap_or("emulated.onmicrosoft.com");
            json!({
                "id": format!("/tenants/{}", t.id),
                "tenantId": t.id,
                "countryCode": "US",
                "displayName": t.name.as_deref().unwrap_or("Emulated tenant"),
                "domains": [domain],
                "defaultDomain": domain,
                "tenantType": "AAD",
                "tenantCategory": "Home",
            })
        })
        .collect();
    Ok(Reply::Ok(json!({"value": value})))
}

pub(super) fn groups(call: &Call<'_>, subscription: &SubscriptionSeed) -> Result<Reply, Refusal> {
    let value: Vec<Value> = subscription
        .groups
        .iter()
        .filter(|group| {
            let scope = group_id(subscription, &group.name);
            let roles = &call.arm.roles;
            roles.allow(call.caller, subscription, Deed::Read, &scope)
        })
        .map(|group| render_group(subscription, group))
        .collect();
    Ok(Reply::Ok(json!({"value": value})))
}

pub(super) fn group(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    name: &str,
) -> Result<Reply, Refusal> {
    authorize(
        call,
        subscription,
        Place::Group(name),
        "Microsoft.Resources/subscriptions/resourceGroups/read",
    )?;
    let group = find(subscription, name)?;
    Ok(Reply::Ok(render_group(subscription, group)))
}

/// The group of a name, in any case.
pub(super) fn find<'a>(
    subscription: &'a SubscriptionSeed,
    name: &str,
) -> Result<&'a GroupSeed, Refusal> {
    subscription
        .groups
        .iter()
        .find(|g| g.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| Refusal::new("ResourceGroupNotFound", [name]))
}

pub(super) fn group_id(subscription: &SubscriptionSeed, group: &str) -> String {
    format!("/subscriptions/{}/resourceGroups/{group}", subscription.id)
}

fn render_group(subscription: &SubscriptionSeed, group: &GroupSeed) -> Value {
    json!({
        "id": group_id(subscription, &group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    })
}
