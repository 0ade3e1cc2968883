//! Which operation a method and a path mean, after the api-version and the subscription were checked.
//!
//! Must not know what operations do. Segments are compared without case, as Azure Resource Manager does.

use http::Method;

use super::access::{Deed, forbidden};
use super::call::Call;
use super::error::Refusal;
use super::quota::Kind;
use super::{
    Reply, change, create, deleted, graph, locations, names, permissions, subscriptions, vaults,
};
use crate::seed::{SubscriptionSeed, SubscriptionState};

/// "Azure REST: Key Vault", the management api-versions; the newest last (wire 3.1).
pub(super) const VAULT_VERSIONS: [&str; 14] = [
    "2015-06-01",
    "2016-10-01",
    "2018-02-14",
    "2019-09-01",
    "2021-10-01",
    "2022-07-01",
    "2022-11-01",
    "2023-02-01",
    "2023-07-01",
    "2024-11-01",
    "2025-05-01",
    "2026-02-01",
    "2026-04-01",
    "2026-05-15",
];

/// What a request counts as, and for which subscription or tenant.
pub(super) fn counts_as(method: &Method, path: &str, tenant: &str) -> (Kind, String) {
    let lower = path.to_ascii_lowercase();
    let mut parts = lower.split('/').skip(1);
    let scope = match (parts.next(), parts.next()) {
        (Some("subscriptions"), Some(id)) if !id.is_empty() => format!("/subscriptions/{id}"),
        _ => tenant.to_owned(),
    };
    let kind = match *method {
        _ if lower.starts_with("/providers/microsoft.resourcegraph/") => Kind::Graph,
        Method::GET | Method::HEAD => Kind::Read,
        Method::DELETE => Kind::Delete,
        _ => Kind::Write,
    };
    (kind, scope)
}

/// Runs the operation that a request means.
pub(super) fn dispatch(call: &Call<'_>, path: &str) -> Result<Reply, Refusal> {
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let lower: Vec<String> = segments.iter().map(|s| s.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    api_version(call, path, &lower)?;
    match lower.as_slice() {
        ["subscriptions"] => only(call, &Method::GET, || subscriptions::list(call)),
        ["tenants"] => only(call, &Method::GET, || subscriptions::tenants(call)),
        ["providers", namespace] => only(call, &Method::GET, || {
            locations::provider(call, None, namespace)
        }),
        ["providers", "microsoft.resourcegraph", "resources"] => {
            only(call, &Method::POST, || graph::query(call))
        }
        ["subscriptions", id, ..] => {
            let subscription = subscription(call, id)?;
            let rest = segments.get(2..).unwrap_or_default();
            in_subscription(call, subscription, rest, path)
        }
        _ => Err(nowhere(call, path)),
    }
}

fn in_subscription(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    rest: &[&str],
    path: &str,
) -> Result<Reply, Refusal> {
    let lower: Vec<String> = rest.iter().map(|s| s.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    // What follows a group is the same with the group's name cut out.
    let (group, lower, rest) = match (lower.as_slice(), rest) {
        (["resourcegroups", _, more @ ..], [_, name, names @ ..]) if !more.is_empty() => {
            (Some(*name), more, names)
        }
        (whole, names) => (None, whole, names),
    };
    let get = |run: &dyn Fn() -> Result<Reply, Refusal>| only(call, &Method::GET, run);
    match (group, lower) {
        (None, []) => get(&|| subscriptions::one(call, subscription)),
        (None, ["locations"]) => get(&|| locations::list(call, subscription)),
        (None, ["resourcegroups"]) => get(&|| subscriptions::groups(call, subscription)),
        (None, ["resourcegroups", name]) => get(&|| subscriptions::group(call, subscription, name)),
        (None, ["resources"]) => get(&|| vaults::resources(call, subscription)),
        (None, ["providers", namespace]) => {
            get(&|| locations::provider(call, Some(subscription), namespace))
        }
        (None, ["providers", "microsoft.keyvault", "checknameavailability"]) => {
            only(call, &Method::POST, || names::check(call))
        }
        (None, ["providers", "microsoft.keyvault", "deletedvaults"]) => {
            get(&|| deleted::list(call, subscription))
        }
        (
            None,
            [
                "providers",
                "microsoft.keyvault",
                "locations",
                at,
                "deletedvaults",
                name,
            ],
        ) => get(&|| deleted::one(call, subscription, at, name)),
        (
            None,
            [
                "providers",
                "microsoft.keyvault",
                "locations",
                at,
                "deletedvaults",
                name,
                "purge",
            ],
        ) => only(call, &Method::POST, || {
            deleted::purge(call, subscription, at, name)
        }),
        (
            None,
            [
                "providers",
                "microsoft.keyvault",
                "locations",
                at,
                "operationresults",
                id,
            ],
        ) => get(&|| deleted::operation(call, subscription, at, id)),
        (group, ["providers", "microsoft.keyvault", "vaults"]) => {
            get(&|| vaults::list(call, subscription, group))
        }
        (Some(group), ["providers", "microsoft.keyvault", "vaults", _]) => {
            let name = rest.get(3).copied().unwrap_or_default();
            match *call.method {
                Method::GET => vaults::one(call, subscription, group, name),
                Method::PUT => create::put(call, writable(call, subscription)?, group, name),
                Method::PATCH => change::patch(call, writable(call, subscription)?, group, name),
                Method::DELETE => deleted::delete(call, writable(call, subscription)?, group, name),
                _ => Err(call.unsupported()),
            }
        }
        (
            Some(group),
            [
                "providers",
                "microsoft.keyvault",
                "vaults",
                _,
                "accesspolicies",
                kind,
            ],
        ) => {
            let name = rest.get(3).copied().unwrap_or_default();
            only(call, &Method::PUT, || {
                change::access_policies(call, writable(call, subscription)?, group, name, kind)
            })
        }
        (_, [.., "providers", "microsoft.authorization", "permissions"]) => {
            get(&|| permissions::list(call, subscription, path))
        }
        _ => Err(nowhere(call, path)),
    }
}

fn only(
    call: &Call<'_>,
    method: &Method,
    run: impl FnOnce() -> Result<Reply, Refusal>,
) -> Result<Reply, Refusal> {
    if call.method == method {
        run()
    } else {
        Err(call.unsupported())
    }
}

fn nowhere(call: &Call<'_>, path: &str) -> Refusal {
    Refusal::new("InvalidResourceType", [path, call.api_version()])
}

/// The subscription, where it exists and the token is of a tenant that it serves.
fn subscription<'a>(call: &Call<'a>, id: &str) -> Result<&'a SubscriptionSeed, Refusal> {
    let is_uuid = id.len() == 36 && id.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if !is_uuid {
        return Err(Refusal::new("InvalidSubscriptionId", [id]));
    }
    let subscription = call
        .arm
        .subscription(call.cloud, id)
        .filter(|s| s.state != SubscriptionState::Deleted)
        .ok_or_else(|| Refusal::new("SubscriptionNotFound", [id]))?;
    if !subscription.serves(&call.caller.tid) {
        let tenant = &subscription.tenant;
        return Err(Refusal::new(
            "InvalidAuthenticationTokenTenant",
            [
                &call.caller.iss,
                &call.cloud.issuer(tenant),
                &format!("https://{}/{tenant}", call.cloud.authority()),
            ],
        ));
    }
    Ok(subscription)
}

/// The subscription, where anything in it may be changed at all.
fn writable<'a>(
    call: &Call<'_>,
    subscription: &'a SubscriptionSeed,
) -> Result<&'a SubscriptionSeed, Refusal> {
    match subscription.state {
        SubscriptionState::Enabled | SubscriptionState::PastDue => Ok(subscription),
        _ if call.method == Method::DELETE => Ok(subscription),
        _ => Err(Refusal::new(
            "ReadOnlyDisabledSubscription",
            [&subscription.id],
        )),
    }
}

/// Where an operation acts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    Subscription,
    Group(&'a str),
    Vault { group: &'a str, name: &'a str },
}

/// The scope of a place, for a caller who may do this there; an action that reads ends so.
pub(super) fn authorize(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    place: Place<'_>,
    action: &str,
) -> Result<String, Refusal> {
    let scope = match place {
        Place::Subscription => format!("/subscriptions/{}", subscription.id),
        Place::Group(group) => subscriptions::group_id(subscription, group),
        Place::Vault { group, name } => vaults::vault_id(subscription, group, name),
    };
    let deed = if action.ends_with("/read") {
        Deed::Read
    } else {
        Deed::Write
    };
    if call
        .arm
        .roles
        .allow(call.caller, subscription, deed, &scope)
    {
        return Ok(scope);
    }
    Err(forbidden(call.caller, action, &scope))
}

fn api_version(call: &Call<'_>, path: &str, lower: &[&str]) -> Result<(), Refusal> {
    let version = call
        .query
        .get("api-version")
        .filter(|v| !v.is_empty())
        .ok_or_else(|| Refusal::new("MissingApiVersionParameter", []))?;
    let is_dated = {
        let date = version.strip_suffix("-preview").unwrap_or(version);
        let digits = |range: std::ops::Range<usize>| {
            date.get(range)
                .is_some_and(|d| d.chars().all(|c| c.is_ascii_digit()))
        };
        date.len() == 10 && digits(0..4) && digits(5..7) && digits(8..10)
    };
    let of_vaults = lower
        .iter()
        .rposition(|s| *s == "providers")
        .is_some_and(|at| lower.get(at + 1) == Some(&"microsoft.keyvault") && lower.len() > at + 2);
    if of_vaults && !VAULT_VERSIONS.contains(&version) {
        let kind = path.rsplit('/').next().unwrap_or_default();
        let known = VAULT_VERSIONS.join(", ");
        return Err(Refusal::new(
            "NoRegisteredProviderFound",
            [version, kind, &known],
        ));
    }
    // Of the other services' versions there are too many to know; a date after the beginning will do.
    if !is_dated || version < "2014-04-01" {
        return Err(Refusal::new(
            "InvalidApiVersionParameter",
            [version, "2022-12-01,2022-09-01,2021-04-01,2020-01-01"],
        ));
    }
    Ok(())
}
