//! The requests of the jobs that work with vaults as resources, in Azure Resource Manager.
//!
//! Must not know: tokens, and what is in a vault.

use serde_json::json;

use super::{
    ARM_RESOURCE_GROUPS_API_VERSION, ARM_SUBSCRIPTIONS_API_VERSION, ARM_VAULTS_API_VERSION,
    BodyTemplate, FreeMember, JsonTemplate, Method, PairTemplate, RESOURCE_GRAPH_API_VERSION,
    RESOURCE_GRAPH_QUERY, RuleTemplate, SKIP_TOKEN, api_version, get, rule,
};
use crate::identity::Identity;

/// Largest list of subscriptions in a Resource Graph query: 1,000 ids, the service's limit, have
/// 39 KB.
const SUBSCRIPTIONS: usize = 64 * 1024;

pub(super) fn create_store(identity: &Identity) -> Vec<RuleTemplate> {
    const VAULT: &str = "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}";

    let mut free = vec![
        // The resource group's own region is known only once it was read.
        free("/location", 64),
        optional("/tags", 16 * 1024),
        optional("/properties/enablePurgeProtection", 8),
        optional("/properties/publicNetworkAccess", 32),
        optional("/properties/softDeleteRetentionInDays", 8),
    ];
    let mut properties = json!({
        "sku": { "family": "A", "name": "{sku}" },
        "accessPolicies": [],
        "enableRbacAuthorization": true,
    });
    match properties.as_object_mut() {
        Some(members) if identity.needs_tenant() => {
            members.insert("tenantId".to_owned(), "{tenant}".into());
        }
        // A managed identity's tenant is not in the job.
        _ => free.push(self::free("/properties/tenantId", 38)),
    }

    vec![
        get(
            "get-resource-group",
            "Looks whether the resource group exists, and in which region",
            "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}",
            ARM_RESOURCE_GROUPS_API_VERSION,
        ),
        get(
            "get-vault",
            "Looks whether the vault exists, and follows its creation",
            VAULT,
            ARM_VAULTS_API_VERSION,
        ),
        RuleTemplate {
            query: api_version(ARM_VAULTS_API_VERSION),
            body: BodyTemplate::Json(JsonTemplate {
                value: json!({ "properties": properties }),
                free,
            }),
            ..rule("put-vault", "Creates the vault", Method::Put, VAULT)
        },
        RuleTemplate {
            query: api_version(ARM_VAULTS_API_VERSION),
            body: BodyTemplate::Json(JsonTemplate {
                value: json!({ "name": "{vault}", "type": "Microsoft.KeyVault/vaults" }),
                free: Vec::new(),
            }),
            ..rule(
                "check-vault-name",
                "Asks whether the vault's name is free",
                Method::Post,
                "https://{arm}/subscriptions/{subscription}/providers/Microsoft.KeyVault/checkNameAvailability",
            )
        },
    ]
}

pub(super) fn discovery() -> Vec<RuleTemplate> {
    let pages = |version| {
        vec![
            PairTemplate::fixed("api-version", version),
            PairTemplate::opaque("$skiptoken", SKIP_TOKEN).optional(),
        ]
    };
    vec![
        RuleTemplate {
            query: pages(ARM_SUBSCRIPTIONS_API_VERSION),
            ..rule(
                "list-subscriptions",
                "Lists the subscriptions this identity can see",
                Method::Get,
                "https://{arm}/subscriptions",
            )
        },
        RuleTemplate {
            query: pages(ARM_VAULTS_API_VERSION),
            ..rule(
                "list-vaults",
                "Lists the vaults of a subscription",
                Method::Get,
                "https://{arm}/subscriptions/{id}/providers/Microsoft.KeyVault/vaults",
            )
        },
        RuleTemplate {
            query: api_version(RESOURCE_GRAPH_API_VERSION),
            body: BodyTemplate::Json(JsonTemplate {
                value: json!({
                    "query": RESOURCE_GRAPH_QUERY,
                    "options": { "resultFormat": "objectArray" },
                }),
                free: vec![
                    free("/subscriptions", SUBSCRIPTIONS),
                    optional("/options/$skipToken", SKIP_TOKEN),
                ],
            }),
            ..rule(
                "query-resource-graph",
                "Lists the vaults of many subscriptions at once",
                Method::Post,
                "https://{arm}/providers/Microsoft.ResourceGraph/resources",
            )
        },
    ]
}

fn free(pointer: &'static str, max_bytes: usize) -> FreeMember {
    FreeMember {
        pointer: pointer.into(),
        max_bytes,
        optional: false,
    }
}

fn optional(pointer: &'static str, max_bytes: usize) -> FreeMember {
    FreeMember {
        optional: true,
        ..free(pointer, max_bytes)
    }
}
