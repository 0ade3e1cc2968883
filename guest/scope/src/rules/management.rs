//! The requests of the jobs that work with vaults as resources, in Azure Resource Manager.
//!
//! Must not know: tokens, and what is in a vault.

use serde_json::{Value, json};

use super::{
    ARM_PERMISSIONS_API_VERSION, ARM_RESOURCE_GROUPS_API_VERSION, ARM_SUBSCRIPTIONS_API_VERSION,
    ARM_VAULTS_API_VERSION, BodyTemplate, FreeMember, JsonTemplate, MemberType, Method, PageQuery,
    RESOURCE_GRAPH_API_VERSION, RESOURCE_GRAPH_QUERY, RuleTemplate, api_version, get,
    page::SKIP_TOKEN, rule,
};
use crate::kind::JobKind;
use crate::names::{SubscriptionId, TenantId};
use crate::new_vault::NewVault;
use crate::scope::StoreScope;

/// Largest list of subscriptions in a Resource Graph query: 1,000 ids, the service's limit, have
/// 39 KB.
const SUBSCRIPTIONS: usize = 64 * 1024;

const GROUP: &str = "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}";
const VAULT: &str = "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}";

/// Without a vault to be created, nothing may be put.
pub(super) fn create_store(
    store: Option<&StoreScope>,
    new_vault: Option<&NewVault>,
) -> Vec<RuleTemplate> {
    let mut rules = vec![
        group(),
        vault("Looks whether the vault exists, and follows its creation"),
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
        subscription(),
    ];
    if let Some(new_vault) = new_vault {
        rules.push(put_vault(new_vault, known_tenant(store)));
    }
    rules
}

/// The one tenant that a vault may be created with. A managed identity's job does not say it, and
/// a domain is not what a vault takes: then it is the extension that takes the subscription's.
fn known_tenant(store: Option<&StoreScope>) -> Option<&TenantId> {
    store
        .and_then(StoreScope::tenant)
        .filter(|tenant| tenant.is_guid())
}

fn put_vault(new_vault: &NewVault, tenant: Option<&TenantId>) -> RuleTemplate {
    let mut value = new_vault.body();
    let mut free_members = Vec::new();
    match new_vault.region() {
        Some(region) => set(&mut value, "location", region.as_str()),
        // The resource group's own region is known only once it was read.
        None => free_members.push(free("/location", 64, MemberType::Region)),
    }
    match tenant {
        Some(tenant) => {
            if let Some(properties) = value.get_mut("properties") {
                set(properties, "tenantId", tenant.as_str());
            }
        }
        None => free_members.push(free("/properties/tenantId", 38, MemberType::Guid)),
    }
    RuleTemplate {
        query: api_version(ARM_VAULTS_API_VERSION),
        body: BodyTemplate::Json(JsonTemplate {
            value,
            free: free_members,
        }),
        ..rule("put-vault", "Creates the vault", Method::Put, VAULT)
    }
}

fn set(object: &mut Value, member: &str, text: &str) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), text.into());
    }
}

fn group() -> RuleTemplate {
    get(
        "get-resource-group",
        "Looks whether the resource group exists, and in which region",
        GROUP,
        ARM_RESOURCE_GROUPS_API_VERSION,
    )
}

fn vault(purpose: &'static str) -> RuleTemplate {
    get("get-vault", purpose, VAULT, ARM_VAULTS_API_VERSION)
}

fn subscription() -> RuleTemplate {
    get(
        "get-subscription",
        "Reads which tenant the subscription belongs to",
        "https://{arm}/subscriptions/{subscription}",
        ARM_SUBSCRIPTIONS_API_VERSION,
    )
}

fn list_subscriptions() -> RuleTemplate {
    RuleTemplate {
        query: PageQuery::arm(ARM_SUBSCRIPTIONS_API_VERSION).pairs(),
        ..rule(
            "list-subscriptions",
            "Lists the subscriptions this identity can see",
            Method::Get,
            "https://{arm}/subscriptions",
        )
    }
}

/// What is asked about an identity's rights for these kinds of job. Without a resource group
/// there is less to ask.
pub(super) fn check(kinds: &[JobKind], store: Option<&StoreScope>) -> Vec<RuleTemplate> {
    let of = |wanted: &[JobKind]| kinds.iter().any(|kind| wanted.contains(kind));
    let mut rules = Vec::new();
    if of(&[JobKind::Discovery]) {
        rules.push(list_subscriptions());
    }
    if store.is_some_and(|store| store.resource_group().is_some()) {
        if of(&[JobKind::CreateStore]) {
            rules.extend([group(), subscription()]);
        }
        if of(&[JobKind::CreateStore, JobKind::Discovery]) {
            rules.push(permissions(
                "get-group-permissions",
                "Asks what this identity may do in the resource group",
                "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.Authorization/permissions",
            ));
        }
        if of(&[JobKind::Add, JobKind::Remove]) {
            rules.push(vault(
                "Looks whether the vault goes by roles or by access policies",
            ));
            rules.push(permissions(
                "get-vault-permissions",
                "Asks what this identity may do in the vault",
                "https://{arm}/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.KeyVault/vaults/{vault}/providers/Microsoft.Authorization/permissions",
            ));
        }
    }
    rules
}

fn permissions(id: &'static str, purpose: &'static str, url: &'static str) -> RuleTemplate {
    RuleTemplate {
        query: PageQuery::arm(ARM_PERMISSIONS_API_VERSION).pairs(),
        ..rule(id, purpose, Method::Get, url)
    }
}

/// Of these subscriptions only, where some are given.
pub(super) fn discovery(only: Option<&[SubscriptionId]>) -> Vec<RuleTemplate> {
    let list_vaults = |id: &str| RuleTemplate {
        query: PageQuery::arm(ARM_VAULTS_API_VERSION).pairs(),
        url: format!("https://{{arm}}/subscriptions/{id}/providers/Microsoft.KeyVault/vaults")
            .into(),
        ..rule(
            "list-vaults",
            "Lists the vaults of a subscription",
            Method::Get,
            "",
        )
    };
    let mut rules = vec![list_subscriptions()];
    match only {
        None => rules.push(list_vaults("{id}")),
        Some(only) => rules.extend(only.iter().map(|id| list_vaults(id.as_str()))),
    }
    let only = only.unwrap_or_default().iter();
    rules.push(RuleTemplate {
        query: api_version(RESOURCE_GRAPH_API_VERSION),
        body: BodyTemplate::Json(JsonTemplate {
            value: json!({
                "query": RESOURCE_GRAPH_QUERY,
                "options": { "resultFormat": "objectArray" },
            }),
            free: vec![
                FreeMember {
                    among: only.map(|id| id.as_str().to_owned().into()).collect(),
                    ..free("/subscriptions", SUBSCRIPTIONS, MemberType::Guids)
                },
                FreeMember {
                    optional: true,
                    ..free("/options/$skipToken", SKIP_TOKEN, MemberType::Text)
                },
            ],
        }),
        ..rule(
            "query-resource-graph",
            "Lists the vaults of many subscriptions at once",
            Method::Post,
            "https://{arm}/providers/Microsoft.ResourceGraph/resources",
        )
    });
    rules
}

fn free(pointer: &'static str, max_bytes: usize, holds: MemberType) -> FreeMember {
    FreeMember {
        pointer: pointer.into(),
        max_bytes,
        holds,
        among: Vec::new(),
        optional: false,
    }
}
