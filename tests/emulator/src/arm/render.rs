//! A vault as Azure Resource Manager shows it, live or deleted.
//!
//! Must not know requests. Source: "Azure REST: Key Vault - Vaults - Get", "- Get Deleted" (wire 3.4).

use serde_json::{Map, Value, json};

use super::births::{Birth, Provisioning};
use crate::answer::timestamp;
use crate::vault::{DeletedVault, Network, NetworkAcls, Sku, VaultSpec};

/// As an api-version shows it: those before 2021 know no `systemData`, and of what can be set only what
/// was set (recordings of 2019-09-01).
pub(super) fn vault_as_of(
    api_version: &str,
    spec: &VaultSpec,
    state: Provisioning,
    birth: Option<&Birth>,
) -> Value {
    let mut shown = vault(spec, state, birth);
    if api_version >= "2021" {
        return shown;
    }
    if let Some(vault) = shown.as_object_mut() {
        vault.remove("systemData");
    }
    if let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("publicNetworkAccess");
        for (name, unset) in [
            ("enableRbacAuthorization", !spec.said.rbac && !spec.rbac),
            (
                "softDeleteRetentionInDays",
                !spec.said.retention && spec.retention_days == 90,
            ),
        ] {
            if unset {
                properties.remove(name);
            }
        }
    }
    shown
}

fn vault(spec: &VaultSpec, state: Provisioning, birth: Option<&Birth>) -> Value {
    let (created, by) = birth.map_or((spec.created, "azure-emulator"), |b| (b.at, b.by.as_str()));
    let created = iso(created);
    json!({
        "id": spec.resource_id(),
        "name": spec.name,
        "type": "Microsoft.KeyVault/vaults",
        "location": spec.location,
        "tags": spec.tags,
        "systemData": {
            "createdBy": by,
            "createdByType": "Application",
            "createdAt": created,
            "lastModifiedBy": by,
            "lastModifiedByType": "Application",
            "lastModifiedAt": created,
        },
        "properties": properties(spec, state),
    })
}

pub(super) fn properties(spec: &VaultSpec, state: Provisioning) -> Value {
    let mut properties = Map::new();
    let mut add = |key: &str, value: Value| properties.insert(key.to_owned(), value);
    add("sku", json!({"family": "A", "name": sku(spec)}));
    add("tenantId", json!(spec.tenant));
    if let Some(acls) = &spec.network_acls {
        add("networkAcls", json!(acls));
    } else if spec.network == Network::Firewall {
        add("networkAcls", json!(NetworkAcls::closed()));
    }
    add("accessPolicies", json!(spec.access_policies));
    let purposes = &spec.enabled_for;
    let deployment = purposes.deployment.unwrap_or_default();
    add("enabledForDeployment", json!(deployment));
    if let Some(enabled) = purposes.disk_encryption {
        add("enabledForDiskEncryption", json!(enabled));
    }
    if let Some(enabled) = purposes.template_deployment {
        add("enabledForTemplateDeployment", json!(enabled));
    }
    add("enableSoftDelete", json!(true));
    add("softDeleteRetentionInDays", json!(spec.retention_days));
    add("enableRbacAuthorization", json!(spec.rbac));
    // There is no false: a vault without the protection does not have the property.
    if spec.purge_protection {
        add("enablePurgeProtection", json!(true));
    }
    // The slash comes when the name is registered.
    let slash = if state == Provisioning::Succeeded {
        "/"
    } else {
        ""
    };
    add("vaultUri", json!(format!("https://{}{slash}", spec.host())));
    add("provisioningState", json!(state.as_str()));
    let public = if matches!(spec.network, Network::PrivateLink | Network::UnapprovedLink) {
        "Disabled"
    } else {
        "Enabled"
    };
    add("publicNetworkAccess", json!(public));
    Value::Object(properties)
}

fn sku(spec: &VaultSpec) -> &'static str {
    match spec.sku {
        Sku::Standard => "standard",
        Sku::Premium => "premium",
    }
}

pub(super) fn deleted(deleted: &DeletedVault) -> Value {
    let spec = deleted.vault.spec();
    let mut properties = json!({
        "vaultId": spec.resource_id(),
        "location": spec.location,
        "tags": spec.tags,
        "deletionDate": iso(deleted.deleted),
        "scheduledPurgeDate": iso(deleted.scheduled_purge),
    });
    if let (true, Some(properties)) = (spec.purge_protection, properties.as_object_mut()) {
        properties.insert("purgeProtectionEnabled".into(), json!(true));
    }
    json!({
        "id": format!(
            "/subscriptions/{}/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{}",
            spec.subscription, spec.location, spec.name
        ),
        "name": spec.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    })
}

/// A time as JSON has it: `2026-08-20T10:15:30Z`.
pub(super) fn iso(unix_seconds: u64) -> String {
    timestamp(unix_seconds).replace(' ', "T")
}
