//! Regions and resource providers: where a vault can be made.
//!
//! Must not know vaults. Source: "Azure REST: Providers - Get At Tenant Scope" and the lists of regions of
//! each cloud, of which these are some.

use serde_json::{Value, json};

use super::Reply;
use super::call::Call;
use super::error::Refusal;
use super::route::{Place, VAULT_VERSIONS, authorize};
use crate::cloud::Cloud;
use crate::seed::SubscriptionSeed;

/// Display names; without blanks and in lower case they are the regions' names.
pub(super) fn regions(cloud: Cloud) -> &'static [&'static str] {
    match cloud {
        Cloud::Public => &[
            "East US",
            "East US 2",
            "Central US",
            "North Central US",
            "South Central US",
            "West Central US",
            "West US",
            "West US 2",
            "West US 3",
            "Canada Central",
            "Canada East",
            "Brazil South",
            "North Europe",
            "West Europe",
            "UK South",
            "UK West",
            "France Central",
            "Germany West Central",
            "Switzerland North",
            "Norway East",
            "Sweden Central",
            "Poland Central",
            "Italy North",
            "Spain Central",
            "Israel Central",
            "UAE North",
            "South Africa North",
            "Central India",
            "South India",
            "East Asia",
            "Southeast Asia",
            "Japan East",
            "Japan West",
            "Korea Central",
            "Australia East",
            "Australia Southeast",
            "Australia Central",
            "New Zealand North",
            "Mexico Central",
        ],
        Cloud::China => &[
            "China East",
            "China East 2",
            "China East 3",
            "China North",
            "China North 2",
            "China North 3",
        ],
        Cloud::Government => &[
            "USGov Virginia",
            "USGov Arizona",
            "USGov Texas",
            "USDoD Central",
            "USDoD East",
        ],
    }
}

/// The name of a region, from its name or display name in any case.
pub(super) fn region(cloud: Cloud, text: &str) -> Result<String, Refusal> {
    let plain = plain(text);
    let known: Vec<String> = regions(cloud).iter().map(|r| self::plain(r)).collect();
    if known.contains(&plain) {
        return Ok(plain);
    }
    Err(Refusal::new(
        "LocationNotAvailableForResourceType",
        [text, &known.join(",")],
    ))
}

/// A region's name as Azure compares it: lower case, without blanks.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase()
}

pub(super) fn list(call: &Call<'_>, subscription: &SubscriptionSeed) -> Result<Reply, Refusal> {
    let scope = authorize(
        call,
        subscription,
        Place::Subscription,
        "Microsoft.Resources/subscriptions/locations/read",
    )?;
    let value: Vec<Value> = regions(call.cloud)
        .iter()
        .map(|display| {
            let name = plain(display);
            json!({
                "id": format!("{scope}/locations/{name}"),
                "name": name,
                "type": "Region",
                "displayName": display,
                "regionalDisplayName": display,
                "metadata": {"regionType": "Physical"},
            })
        })
        .collect();
    Ok(Reply::Ok(json!({"value": value})))
}

/// A resource provider, of the tenant or as a subscription has it.
pub(super) fn provider(
    call: &Call<'_>,
    subscription: Option<&SubscriptionSeed>,
    namespace: &str,
) -> Result<Reply, Refusal> {
    let locations = regions(call.cloud);
    let resource_type = |name: &str, versions: &[&str]| {
        json!({
            "resourceType": name,
            "locations": locations,
            "apiVersions": versions,
            "capabilities": "SupportsTags, SupportsLocation",
        })
    };
    let newest_first: Vec<&str> = VAULT_VERSIONS.iter().rev().copied().collect();
    let (namespace, types) = match namespace {
        "microsoft.resources" => (
            "Microsoft.Resources",
            vec![
                resource_type("tenants", &["2022-12-01"]),
                resource_type("subscriptions", &["2022-12-01"]),
                resource_type("resourceGroups", &["2022-09-01", "2021-04-01"]),
            ],
        ),
        "microsoft.keyvault" => (
            "Microsoft.KeyVault",
            vec![
                resource_type("vaults", &newest_first),
                resource_type("deletedVaults", &newest_first),
            ],
        ),
        other => {
            return Err(Refusal::new(
                "InvalidResourceType",
                [other, call.api_version()],
            ));
        }
    };
    let prefix = subscription.map_or_else(String::new, |s| format!("/subscriptions/{}", s.id));
    let registered = subscription.is_none_or(|s| s.registered);
    Ok(Reply::Ok(json!({
        "id": format!("{prefix}/providers/{namespace}"),
        "namespace": namespace,
        "resourceTypes": types,
        "registrationState": if registered { "Registered" } else { "NotRegistered" },
        "registrationPolicy": "RegistrationRequired",
    })))
}
