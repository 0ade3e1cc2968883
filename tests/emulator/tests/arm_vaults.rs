//! Vaults as resources: made, changed, deleted, recovered and purged.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;
#[path = "common/vaults.rs"]
mod vaults;

use std::time::Duration;

use azure_emulator::Seed;
use common::*;
use serde_json::{Value, json as value};
use vaults::*;

#[tokio::test]
async fn a_new_vault_registers_its_name_for_two_polls_and_is_then_there() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let (status, body) = put(&emulator, "kv-new", &wanted()).await;
    assert_eq!(status, 200);
    let properties = &body["properties"];
    assert_eq!(properties["provisioningState"], "RegisteringDns");
    assert_eq!(properties["vaultUri"], "https://kv-new.vault.azure.net");
    assert_eq!(properties["enableSoftDelete"], true);
    assert_eq!(properties["enableRbacAuthorization"], true);
    assert_eq!(body["systemData"]["createdBy"], CLIENT);
    let host = "kv-new.vault.azure.net";
    assert!(!emulator.knows_host(host), "the name does not resolve yet");
    let mut seen = Vec::new();
    for _ in 0..3 {
        let body = json(&fetch(&emulator, &vault_url("KV-new"), &token).await);
        seen.push(body["properties"]["provisioningState"].clone());
        if seen.last().unwrap() == "Succeeded" {
            let uri = &body["properties"]["vaultUri"];
            assert_eq!(uri, "https://kv-new.vault.azure.net/");
        }
    }
    assert_eq!(seen, ["RegisteringDns", "RegisteringDns", "Succeeded"]);
    assert!(emulator.knows_host(host));
}

#[tokio::test(start_paused = true)]
async fn without_polls_a_vault_is_there_after_a_minute() {
    let emulator = built_in();
    put(&emulator, "kv-new", &wanted()).await;
    tokio::time::advance(Duration::from_secs(60)).await;
    assert!(emulator.knows_host("kv-new.vault.azure.net"));
}

#[tokio::test]
async fn provisioning_fails_where_the_seed_says_so() {
    let emulator = emulator(&seed_and(
        "[arm]\nregistering-polls = 0\nfailing-vaults = [\"kv-bad\"]\n",
    ));
    let token = arm_token(&emulator).await;
    put(&emulator, "kv-bad", &wanted()).await;
    let body = json(&fetch(&emulator, &vault_url("kv-bad"), &token).await);
    assert_eq!(body["properties"]["provisioningState"], "Failed");
    assert!(!emulator.knows_host("kv-bad.vault.azure.net"));
}

/// The body of a vault whose access policies decide, with one property taken out.
fn without_rbac(pointer: &str) -> Value {
    let mut body = with(pointer, Value::Null);
    body["properties"]["enableRbacAuthorization"] = value!(false);
    body
}

#[tokio::test]
async fn where_roles_decide_no_access_policies_are_needed() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let mut body = with("/properties/accessPolicies", Value::Null);
    let (status, made) = put(&emulator, "kv-new", &body).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["properties"]["accessPolicies"], value!([]));
    // Unspoken, roles decide from this version on; before it policies do.
    let properties = body["properties"].as_object_mut().unwrap();
    properties.remove("enableRbacAuthorization");
    for (version, expected) in [("2025-05-01", 400), ("2026-02-01", 200)] {
        let url = vault_url("kv-newer").replace("2025-05-01", version);
        let response = send(&emulator, "PUT", &url, &token, &body).await;
        assert_eq!(response.status(), expected, "{version}");
    }
}

#[tokio::test]
async fn the_firewalls_rules_are_kept_as_given_and_absent_otherwise() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let url = vault_url("kv-new");
    let get = || fetch(&emulator, &url, &token);
    put(&emulator, "kv-new", &wanted()).await;
    assert!(
        json(&get().await)["properties"]
            .get("networkAcls")
            .is_none()
    );
    for acls in [
        value!({
            "bypass": "AzureServices",
            "defaultAction": "Deny",
            "ipRules": [{"value": "192.0.2.0/24"}, {"value": "198.51.100.7"}],
            "virtualNetworkRules": [{"id": "/subscriptions/s/subnets/one", "ignoreMissingVnetServiceEndpoint": true}],
        }),
        value!({"defaultAction": "Deny", "ipRules": []}),
        value!({"bypass": "None", "defaultAction": "Allow"}),
    ] {
        let body = with("/properties/networkAcls", acls.clone());
        let (_, put) = put(&emulator, "kv-new", &body).await;
        assert_eq!(put["properties"]["networkAcls"], acls);
        // A change of something else leaves them; a list shows the same.
        let patch = value!({"tags": {"a": "b"}});
        let patched = send(&emulator, "PATCH", &vault_url("kv-new"), &token, &patch).await;
        assert_eq!(json(&patched)["properties"]["networkAcls"], acls);
        assert_eq!(json(&get().await)["properties"]["networkAcls"], acls);
    }
    for bad in [
        value!({"defaultAction": "Ask"}),
        value!({"bypass": "Everybody"}),
    ] {
        let body = with("/properties/networkAcls", bad);
        assert_eq!(put(&emulator, "kv-new", &body).await.0, 400);
    }
    put(&emulator, "kv-new", &wanted()).await;
    assert!(
        json(&get().await)["properties"]
            .get("networkAcls")
            .is_none()
    );
}

#[tokio::test]
async fn what_keeps_a_client_out_is_the_stricter_of_the_two() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let data = common::token(&emulator).await;
    let deny = value!({"defaultAction": "Deny"});
    put(&emulator, "kv-new", &with("/properties/networkAcls", deny)).await;
    while !emulator.knows_host("kv-new.vault.azure.net") {
        fetch(&emulator, &vault_url("kv-new"), &token).await;
    }
    let url = "https://kv-new.vault.azure.net/certificates?api-version=7.6";
    for (properties, inner) in [
        (value!({}), "ForbiddenByFirewall"),
        (
            value!({"publicNetworkAccess": "disabled"}),
            "ForbiddenByConnection",
        ),
        (
            value!({"networkAcls": {"defaultAction": "Allow"}}),
            "ForbiddenByConnection",
        ),
        (
            value!({"networkAcls": {"defaultAction": "Deny"}}),
            "ForbiddenByConnection",
        ),
        (
            value!({"publicNetworkAccess": "enabled"}),
            "ForbiddenByFirewall",
        ),
    ] {
        let patch = value!({"properties": properties});
        send(&emulator, "PATCH", &vault_url("kv-new"), &token, &patch).await;
        let refused = json(&fetch(&emulator, url, &data).await);
        assert_eq!(refused["error"]["innererror"]["code"], inner, "{patch}");
    }
}

#[tokio::test]
async fn every_bad_body_is_refused_with_its_code() {
    let emulator = built_in();
    for (name, body, status, code, text) in [
        (
            "kv-new",
            without_rbac("/properties/accessPolicies"),
            400,
            "BadRequest",
            "The parameter accessPolicies is not specified.",
        ),
        (
            "kv-new",
            with("/properties/tenantId", Value::Null),
            400,
            "BadRequest",
            "tenantId",
        ),
        (
            "kv-new",
            with("/properties/sku/name", value!("gold")),
            400,
            "SkuNotSupported",
            "gold",
        ),
        (
            "kv-new",
            with("/location", value!("atlantis")),
            400,
            "LocationNotAvailableForResourceType",
            "atlantis",
        ),
        (
            "kv-new",
            with("/location", value!("chinaeast2")),
            400,
            "LocationNotAvailableForResourceType",
            "chinaeast2",
        ),
        (
            "kv-new",
            with("/location", Value::Null),
            400,
            "LocationRequired",
            "",
        ),
        ("1kv", wanted(), 400, "VaultNameNotValid", "'1kv'"),
        ("kv--new", wanted(), 400, "VaultNameNotValid", "hyphens"),
        (
            "kv-new",
            with("/properties/softDeleteRetentionInDays", value!(6)),
            400,
            "BadRequest",
            "7 and 90",
        ),
        (
            "kv-new",
            with("/properties/enableSoftDelete", value!(false)),
            400,
            "BadRequest",
            "enableSoftDelete",
        ),
        (
            "kv-new",
            with("/properties/enablePurgeProtection", value!(false)),
            400,
            "BadRequest",
            "irreversible",
        ),
        (
            "kv-new",
            value!([]),
            400,
            "InvalidRequestContent",
            "deserialized",
        ),
    ] {
        let (found, answer) = put(&emulator, name, &body).await;
        assert_eq!((found, &answer["error"]["code"]), (status, &value!(code)));
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.contains(text), "{said}");
    }
    let token = arm_token(&emulator).await;
    let url = vault_url("kv-new").replace("rg-one", "rg-none");
    let response = send(&emulator, "PUT", &url, &token, &wanted()).await;
    assert_eq!(response.status(), 404);
    assert_eq!(json(&response)["error"]["code"], "ResourceGroupNotFound");
}

#[tokio::test]
async fn what_the_samples_create_can_be_created_in_each_cloud() {
    let emulator = built_in();
    for (login, scope, arm, group, name, location) in [
        (
            "login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
            "management.chinacloudapi.cn",
            "rg-cn",
            "kv-cn",
            "chinaeast2",
        ),
        (
            "login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net/.default",
            "management.usgovcloudapi.net",
            "rg-gov",
            "kv-gov",
            "usgovvirginia",
        ),
        (
            "login.microsoftonline.com",
            "https://management.azure.com/.default",
            "management.azure.com",
            "rg-one",
            "kv-premium",
            "West US 2",
        ),
    ] {
        let token = token_for(&emulator, login, TENANT, scope).await;
        let url = vault_url(name)
            .replace("management.azure.com", arm)
            .replace("rg-one", group);
        let mut body = with("/location", value!(location));
        body["properties"]["sku"]["name"] = value!("Premium");
        let response = send(&emulator, "PUT", &url, &token, &body).await;
        assert_eq!(response.status(), 200, "{response:?}");
        let body = json(&response);
        assert_eq!(body["location"], location.replace(' ', "").to_lowercase());
        assert_eq!(body["properties"]["sku"]["name"], "premium");
    }
}

#[tokio::test]
async fn who_decides_access_defaults_by_api_version() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let silent = with("/properties/enableRbacAuthorization", Value::Null);
    for (name, version, rbac) in [
        ("kv-old", "2025-05-01", false),
        ("kv-new", "2026-02-01", true),
        ("kv-newer", "2026-05-15", true),
    ] {
        let url = vault_url(name).replace("2025-05-01", version);
        let body = json(&send(&emulator, "PUT", &url, &token, &silent).await);
        let found = &body["properties"]["enableRbacAuthorization"];
        assert_eq!(found, rbac, "{version}");
    }
}

#[tokio::test]
async fn names_can_be_checked_beforehand() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    for (name, reason) in [
        ("kv-one", value!("AlreadyExists")),
        ("KV-ONE", value!("AlreadyExists")),
        ("k", value!("AccountNameInvalid")),
        ("kv-free", Value::Null),
    ] {
        let question = value!({"name": name, "type": "Microsoft.KeyVault/vaults"});
        let url = of_subscription("checkNameAvailability");
        let answer = json(&send(&emulator, "POST", &url, &token, &question).await);
        assert_eq!(answer["nameAvailable"], reason.is_null(), "{name}");
        assert_eq!(answer["reason"], reason, "{name}");
    }
}

#[tokio::test]
async fn a_put_over_a_vault_replaces_its_settings_and_a_patch_keeps_them() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let policy = value!([{"tenantId": TENANT, "objectId": CLIENT, "permissions": {"certificates": ["get"]}}]);
    let mut first = with("/properties/accessPolicies", policy.clone());
    first["tags"] = value!({"team": "one"});
    put(&emulator, "kv-new", &first).await;
    let patch = value!({"properties": {"enablePurgeProtection": true}});
    let url = vault_url("kv-new");
    let body = json(&send(&emulator, "PATCH", &url, &token, &patch).await);
    assert_eq!(body["tags"]["team"], "one");
    assert_eq!(body["properties"]["accessPolicies"], policy);
    assert_eq!(body["properties"]["enablePurgeProtection"], true);
    let (status, body) = put(&emulator, "kv-new", &wanted()).await;
    assert_eq!(status, 200);
    assert_eq!(body["properties"]["accessPolicies"], value!([]), "wiped");
    assert_eq!(body["tags"], value!({}));
    assert_eq!(
        body["properties"]["enablePurgeProtection"], true,
        "kept for good"
    );
    let (status, body) = put(&emulator, "kv-new", &with("/location", value!("westus2"))).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (409, &value!("InvalidResourceLocation"))
    );
    let policies = url.replace("kv-new?", "kv-new/accessPolicies/add?");
    let add = value!({"properties": {"accessPolicies": policy}});
    let body = json(&send(&emulator, "PUT", &policies, &token, &add).await);
    assert_eq!(body["properties"]["accessPolicies"], policy);
}

#[tokio::test]
async fn a_policy_denies_and_says_which_one_it_was_and_why() {
    let emulator = emulator(&seed_and(&format!(
        "[[policy]]\nname = \"private-vaults\"\ndisplay-name = \"Vaults must be private\"\nscope = \"/subscriptions/{SUBSCRIPTION}\"\nrequire = {{ public-network-access = \"disabled\", tags = [\"owner\"] }}\n"
    )));
    let (status, body) = put(&emulator, "kv-new", &wanted()).await;
    let error = &body["error"];
    assert_eq!(
        (status, &error["code"]),
        (403, &value!("RequestDisallowedByPolicy"))
    );
    let text = error["message"].as_str().unwrap();
    assert!(text.starts_with("Resource 'kv-new' was disallowed by policy. Policy identifiers: '["));
    assert!(text.contains("Vaults must be private"), "{text}");
    assert_eq!(error["target"], "kv-new");
    let info = &error["additionalInfo"][0];
    assert_eq!(info["type"], "PolicyViolation");
    assert_eq!(info["info"]["policyAssignmentName"], "private-vaults");
    assert_eq!(info["info"]["policyDefinitionEffect"], "deny");
    let mut private = with("/properties/publicNetworkAccess", value!("disabled"));
    let (status, body) = put(&emulator, "kv-new", &private).await;
    assert_eq!(status, 403, "the tag is missing still: {body}");
    private["tags"] = value!({"owner": "us"});
    let (status, body) = put(&emulator, "kv-new", &private).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["properties"]["publicNetworkAccess"], "Disabled");
}

#[tokio::test]
async fn a_subscription_that_is_disabled_or_not_registered_takes_no_vault() {
    for (setting, code) in [
        ("state = \"Disabled\"", "ReadOnlyDisabledSubscription"),
        ("registered = false", "MissingSubscriptionRegistration"),
    ] {
        let text = Seed::built_in_text().replacen(
            "[[subscription]]\n",
            &format!("[[subscription]]\n{setting}\n"),
            1,
        );
        let emulator = emulator(&Seed::parse(&text).unwrap());
        let (status, body) = put(&emulator, "kv-new", &wanted()).await;
        assert_eq!((status, &body["error"]["code"]), (409, &value!(code)));
    }
}
