//! Vaults as resources: made, changed, deleted, recovered and purged.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::time::Duration;

use azure_emulator::{Emulator, Seed};
use common::*;
use serde_json::{Value, json as value};

const VERSION: &str = "api-version=2025-05-01";

fn vault_url(name: &str) -> String {
    format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/{name}?{VERSION}"
    )
}

fn of_subscription(path: &str) -> String {
    format!("{ARM}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/{path}?{VERSION}")
}

fn wanted() -> Value {
    value!({
        "location": "eastus",
        "tags": {},
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": true,
        },
    })
}

/// The body with one property changed, or taken out by a null.
fn with(pointer: &str, new: Value) -> Value {
    let mut body = wanted();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if new.is_null() {
        parent.remove(key);
    } else {
        parent.insert(key.to_owned(), new);
    }
    body
}

async fn put(emulator: &Emulator, name: &str, body: &Value) -> (u16, Value) {
    let token = arm_token(emulator).await;
    let response = send(emulator, "PUT", &vault_url(name), &token, body).await;
    (response.status().as_u16(), json(&response))
}

fn seed_and(more: &str) -> Seed {
    Seed::parse(&format!("{}\n{more}", Seed::built_in_text())).unwrap()
}

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

#[tokio::test]
async fn every_bad_body_is_refused_with_its_code() {
    let emulator = built_in();
    for (name, body, status, code, text) in [
        (
            "kv-new",
            with("/properties/accessPolicies", Value::Null),
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
async fn a_name_in_use_and_a_name_kept_by_a_deleted_vault_are_two_conflicts() {
    let other = "22222222-2222-4222-8222-222222222223";
    let emulator = emulator(&seed_and(&format!(
        "[[subscription]]\nid = \"{other}\"\ntenant = \"{TENANT}\"\ngroup = [{{ name = \"rg-one\", location = \"eastus\" }}]\n"
    )));
    let token = arm_token(&emulator).await;
    let elsewhere = vault_url("kv-one").replace(SUBSCRIPTION, other);
    let code = async |url: &str, body: &Value| {
        let response = send(&emulator, "PUT", url, &token, body).await;
        let code = json(&response)["error"]["code"].to_string();
        (response.status().as_u16(), code)
    };
    let exists = (409, "\"VaultAlreadyExists\"".to_owned());
    assert_eq!(code(&elsewhere, &wanted()).await, exists);
    let deleted = send(
        &emulator,
        "DELETE",
        &vault_url("kv-one"),
        &token,
        &Value::Null,
    )
    .await;
    assert_eq!(deleted.status(), 200);
    let conflict = (409, "\"ConflictError\"".to_owned());
    assert_eq!(code(&vault_url("kv-one"), &wanted()).await, conflict);
    assert_eq!(code(&elsewhere, &wanted()).await, exists);
    let question = value!({"name": "kv-one", "type": "Microsoft.KeyVault/vaults"});
    let url = of_subscription("checkNameAvailability");
    let answer = json(&send(&emulator, "POST", &url, &token, &question).await);
    assert_eq!(answer["reason"], "AlreadyExists");
    let recover = with("/properties/createMode", value!("recover"));
    let (status, body) = put(&emulator, "kv-one", &recover).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["name"], "kv-one");
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

#[tokio::test(start_paused = true)]
async fn a_deleted_vault_is_listed_and_purged_by_an_operation_that_takes_a_moment() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    for status in [200, 204] {
        let response = send(
            &emulator,
            "DELETE",
            &vault_url("kv-one"),
            &token,
            &Value::Null,
        )
        .await;
        assert_eq!(response.status(), status);
    }
    let list = json(&fetch(&emulator, &of_subscription("deletedVaults"), &token).await);
    assert_eq!(list["value"][0]["name"], "kv-one");
    let one = of_subscription("locations/eastus/deletedVaults/kv-one");
    let body = json(&fetch(&emulator, &one, &token).await);
    assert_eq!(body["properties"]["deletionDate"], "2026-08-20T10:15:30Z");
    assert_eq!(
        body["properties"]["scheduledPurgeDate"],
        "2026-11-18T10:15:30Z"
    );
    let purge = of_subscription("locations/eastus/deletedVaults/kv-one/purge");
    let response = send(&emulator, "POST", &purge, &token, &Value::Null).await;
    assert_eq!(response.status(), 202);
    let operation = response.headers()["location"].to_str().unwrap().to_owned();
    let waiting = fetch(&emulator, &operation, &token).await;
    assert_eq!(waiting.status(), 202);
    assert_eq!(json(&waiting)["status"], "NotStarted");
    let again = waiting.headers()["location"].to_str().unwrap().to_owned();
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(fetch(&emulator, &again, &token).await.status(), 200);
    assert_eq!(fetch(&emulator, &one, &token).await.status(), 404);
    let (status, _) = put(&emulator, "kv-one", &wanted()).await;
    assert_eq!(status, 200, "the name is free");
}

#[tokio::test]
async fn purge_protection_keeps_a_deleted_vault() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let body = with("/properties/enablePurgeProtection", value!(true));
    put(&emulator, "kv-kept", &body).await;
    send(
        &emulator,
        "DELETE",
        &vault_url("kv-kept"),
        &token,
        &Value::Null,
    )
    .await;
    let purge = of_subscription("locations/eastus/deletedVaults/kv-kept/purge");
    let response = send(&emulator, "POST", &purge, &token, &Value::Null).await;
    assert_eq!(response.status(), 405);
    assert_eq!(json(&response)["error"]["code"], "MethodNotAllowed");
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
