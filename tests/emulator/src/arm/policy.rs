//! Azure Policy: assignments that deny a vault which does not have what they require.
//!
//! Must not know how vaults are made. Source: "Azure Policy definitions deny effect", and the denial's body
//! as the live service writes it (`additionalInfo` of type `PolicyViolation`).

use serde_json::{Value, json};

use super::access::covers;
use super::call::Call;
use super::error::Refusal;
use super::locations::plain;
use crate::answer::derived_uuid;
use crate::seed::{PolicySeed, RequireSeed};
use crate::vault::{Network, VaultSpec};

/// Refuses a vault that a policy above it denies.
pub(super) fn check(call: &Call<'_>, spec: &VaultSpec) -> Result<(), Refusal> {
    let id = spec.resource_id().to_ascii_lowercase();
    for policy in &call.arm.policies {
        let scope = policy.scope.trim_end_matches('/').to_ascii_lowercase();
        if covers(&scope, &id)
            && let Some(evaluated) = violation(&policy.require, spec)
        {
            return Err(denial(policy, spec, &evaluated));
        }
    }
    Ok(())
}

/// The expression that did not hold, as an evaluation detail.
fn violation(require: &RequireSeed, spec: &VaultSpec) -> Option<Value> {
    let differs = |path: &str, wanted: Value, found: Value| {
        (wanted != found).then(|| {
            json!({
                "result": "True",
                "expressionKind": "Field",
                "expression": format!("Microsoft.KeyVault/vaults/{path}"),
                "path": format!("properties.{path}"),
                "expressionValue": found,
                "targetValue": wanted,
                "operator": "NotEquals",
            })
        })
    };
    let public = if matches!(spec.network, Network::PrivateLink | Network::UnapprovedLink) {
        "disabled"
    } else {
        "enabled"
    };
    let wanted_access = require.public_network_access.as_ref();
    let purge = require.purge_protection.and_then(|wanted| {
        differs(
            "enablePurgeProtection",
            json!(wanted),
            json!(spec.purge_protection),
        )
    });
    purge
        .or_else(|| {
            let wanted = require.rbac?;
            differs("enableRbacAuthorization", json!(wanted), json!(spec.rbac))
        })
        .or_else(|| {
            let wanted = wanted_access?.to_ascii_lowercase();
            differs("publicNetworkAccess", json!(wanted), json!(public))
        })
        .or_else(|| {
            let allowed = require.locations.as_ref()?;
            let here = plain(&spec.location);
            (!allowed.iter().any(|l| plain(l) == here)).then(|| {
                json!({
                    "result": "True",
                    "expressionKind": "Field",
                    "expression": "location",
                    "path": "location",
                    "expressionValue": here,
                    "targetValue": allowed,
                    "operator": "NotIn",
                })
            })
        })
        .or_else(|| {
            let missing = require.tags.iter().find(|t| !spec.tags.contains_key(*t))?;
            Some(json!({
                "result": "True",
                "expressionKind": "Field",
                "expression": format!("tags[{missing}]"),
                "path": format!("tags[{missing}]"),
                "targetValue": "false",
                "operator": "Exists",
            }))
        })
}

fn denial(policy: &PolicySeed, spec: &VaultSpec, evaluated: &Value) -> Refusal {
    let scope = policy.scope.trim_end_matches('/');
    let display = policy.display_name.as_deref().unwrap_or(&policy.name);
    let assignment = format!(
        "{scope}/providers/Microsoft.Authorization/policyAssignments/{}",
        policy.name
    );
    let definition_name = derived_uuid(&format!("policy/{}", policy.name));
    let definition =
        format!("/providers/Microsoft.Authorization/policyDefinitions/{definition_name}");
    let identifiers = json!([{
        "policyAssignment": {"name": display, "id": assignment},
        "policyDefinition": {"name": display, "id": definition, "version": "1.0.0"},
    }]);
    Refusal::new(
        "RequestDisallowedByPolicy",
        [&spec.name, &identifiers.to_string()],
    )
    .target(&spec.name)
    .additional(json!({
        "type": "PolicyViolation",
        "info": {
            "evaluationDetails": {"evaluatedExpressions": [evaluated]},
            "policyDefinitionId": definition,
            "policyDefinitionName": definition_name,
            "policyDefinitionDisplayName": display,
            "policyDefinitionVersion": "1.0.0",
            "policyDefinitionEffect": "deny",
            "policyAssignmentId": assignment,
            "policyAssignmentName": policy.name,
            "policyAssignmentDisplayName": display,
            "policyAssignmentScope": scope,
            "policyAssignmentParameters": {},
            "policyExemptionIds": [],
            "policyEnrollmentIds": [],
        },
    }))
}
