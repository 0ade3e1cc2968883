//! What the caller may do at a scope, told by the service itself.
//!
//! Must not decide anything. Source: "Azure REST: Authorization - Permissions - List For Resource",
//! "Azure built-in roles".

use serde_json::{Value, json};

use super::Reply;
use super::access;
use super::call::Call;
use super::error::Refusal;
use crate::seed::{RoleKind, SubscriptionSeed};

/// `GET {scope}/providers/Microsoft.Authorization/permissions`.
pub(super) fn list(
    call: &Call<'_>,
    subscription: &SubscriptionSeed,
    path: &str,
) -> Result<Reply, Refusal> {
    let lower = path.to_ascii_lowercase();
    let scope = lower
        .rfind("/providers/microsoft.authorization/permissions")
        .and_then(|at| lower.get(..at))
        .unwrap_or_default();
    if !call.arm.roles.sees(call.caller, subscription) {
        let action = "Microsoft.Authorization/permissions/read";
        return Err(access::forbidden(call.caller, action, scope));
    }
    let mut value: Vec<Value> = call
        .arm
        .roles
        .at(call.caller, scope)
        .into_iter()
        .map(of_role)
        .collect();
    let vault = scope
        .rsplit_once("/microsoft.keyvault/vaults/")
        .and_then(|(_, name)| call.vaults.get(call.cloud, name));
    if let Some(vault) = vault {
        let spec = vault.spec();
        if spec.open {
            value.push(permission(&[], &["Microsoft.KeyVault/vaults/*"]));
        } else if spec.rbac {
            let own = spec.roles.iter().filter(|r| r.object_id == call.caller.oid);
            value.extend(
                own.map(|r| permission(&["Microsoft.KeyVault/vaults/read"], data(&r.definition))),
            );
        }
    }
    Ok(Reply::Ok(json!({"value": value})))
}

fn permission(actions: &[&str], data_actions: &[&str]) -> Value {
    json!({
        "actions": actions,
        "notActions": [],
        "dataActions": data_actions,
        "notDataActions": [],
    })
}

fn of_role(role: RoleKind) -> Value {
    let actions: &[&str] = match role {
        RoleKind::Owner => &["*"],
        RoleKind::Contributor => {
            return json!({
                "actions": ["*"],
                "notActions": [
                    "Microsoft.Authorization/*/Delete",
                    "Microsoft.Authorization/*/Write",
                    "Microsoft.Authorization/elevateAccess/Action",
                ],
                "dataActions": [],
                "notDataActions": [],
            });
        }
        RoleKind::Reader => &["*/read"],
        RoleKind::KeyVaultContributor => &[
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ],
        RoleKind::KeyVaultAdministrator
        | RoleKind::KeyVaultCertificatesOfficer
        | RoleKind::KeyVaultCertificateUser
        | RoleKind::KeyVaultReader => &[
            "Microsoft.Authorization/*/read",
            "Microsoft.KeyVault/checkNameAvailability/read",
            "Microsoft.KeyVault/deletedVaults/read",
            "Microsoft.KeyVault/locations/*/read",
            "Microsoft.KeyVault/vaults/*/read",
        ],
    };
    permission(actions, role.data().map_or(&[], data))
}

/// The data actions of a role definition.
fn data(definition: &str) -> &'static [&'static str] {
    match definition {
        "00482a5a-887f-4fb3-b363-3b7fe8e74483" => &["Microsoft.KeyVault/vaults/*"],
        "a4417e6f-fecd-4de8-b567-7b0420556985" => &[
            "Microsoft.KeyVault/vaults/certificatecas/*",
            "Microsoft.KeyVault/vaults/certificates/*",
            "Microsoft.KeyVault/vaults/certificatecontacts/write",
        ],
        "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba" => &[
            "Microsoft.KeyVault/vaults/certificates/read",
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
            "Microsoft.KeyVault/vaults/keys/read",
        ],
        "21090545-7ca7-4776-b22c-e363652d74d2" => &[
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7" => &["Microsoft.KeyVault/vaults/secrets/*"],
        _ => &[],
    }
}
