//! What exists without a seed is what a round of jobs needs, one after the other: certificates come and go,
//! vaults are made, everybody who may look finds them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use azure_emulator::Emulator;
use bytes::Bytes;
use client::*;
use common::{
    ARM, OTHER_TENANT, SUBSCRIPTION, TENANT, arm_token, built_in, fetch, json as parsed, send,
    token_for,
};
use http::Request;
use serde_json::{Value, json};

const USER_ASSIGNED: &str = "55555555-5555-4555-8555-555555555555";

/// One cloud as a client knows it: authority, ARM's scope and host, the suffix of vaults.
const CLOUDS: [(&str, &str, &str, &str); 3] = [
    (
        "login.microsoftonline.com",
        "https://management.azure.com/.default",
        "management.azure.com",
        "vault.azure.net",
    ),
    (
        "login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "management.chinacloudapi.cn",
        "vault.azure.cn",
    ),
    (
        "login.microsoftonline.us",
        "https://management.core.usgovcloudapi.net/.default",
        "management.usgovcloudapi.net",
        "vault.usgovcloudapi.net",
    ),
];

/// A token of the machine: its own identity, or one that was assigned to it.
async fn machine_token(emulator: &Emulator, client_id: Option<&str>, resource: &str) -> String {
    let who = client_id.map_or_else(String::new, |id| format!("&client_id={id}"));
    let url = format!(
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource={resource}{who}"
    );
    let request = Request::get(url)
        .header("metadata", "true")
        .body(Bytes::new())
        .unwrap();
    let answer = emulator.handle(request).await.unwrap();
    parsed(&answer)["access_token"].as_str().unwrap().to_owned()
}

/// The subscriptions that a token shows, and the vaults in them.
async fn discovered(emulator: &Emulator, arm: &str, token: &str) -> (usize, Vec<String>) {
    let url = format!("https://{arm}/subscriptions?api-version=2022-12-01");
    let all = parsed(&fetch(emulator, &url, token).await);
    let all = all["value"].as_array().unwrap().clone();
    let mut vaults = Vec::new();
    for subscription in &all {
        let id = subscription["subscriptionId"].as_str().unwrap();
        let mut url = format!(
            "https://{arm}/subscriptions/{id}/providers/Microsoft.KeyVault/vaults?api-version=2025-05-01"
        );
        loop {
            let page = parsed(&fetch(emulator, &url, token).await);
            let names = page["value"].as_array().unwrap().iter();
            vaults.extend(names.map(|v| v["name"].as_str().unwrap().to_owned()));
            match page["nextLink"].as_str() {
                Some(next) => next.clone_into(&mut url),
                None => break,
            }
        }
    }
    (all.len(), vaults)
}

#[tokio::test(start_paused = true)]
async fn certificates_are_added_renewed_and_removed_in_kv_one() {
    let client = Client::of_kv_one().await;
    // None of the names that jobs bring is there, alive or deleted.
    for number in 1..=11 {
        for alias in [format!("web-{number}"), format!("api-{number}")] {
            assert_eq!(client.get(&format!("/certificates/{alias}")).await.0, 404);
            let deleted = format!("/deletedcertificates/{alias}");
            assert_eq!(client.get(&deleted).await.0, 404);
        }
    }
    for (alias, file) in [
        ("web-1", "rsa-2048-chain.pfx.b64"),
        ("web-1-legacy", "rsa-2048-legacy.pfx.b64"),
        ("web-2", "rsa-4096.pfx.b64"),
        ("api-1", "ec-p256-chain.pfx.b64"),
        ("api-2", "ec-p384.pfx.b64"),
    ] {
        client.import(alias, file).await;
    }
    // A renewal is a second version; the tags of the first are the client's business.
    let first = client.ok("GET", "/certificates/web-1", &Value::Null).await["x5t"].clone();
    let renewed = client.import("web-1", "rsa-4096.pfx.b64").await;
    assert_ne!(renewed["x5t"], first);
    let versions = client.get("/certificates/web-1/versions").await.1;
    assert_eq!(versions["value"].as_array().unwrap().len(), 2);
    // Removed, seen as deleted, and added again by way of a recovery.
    client
        .ok("DELETE", "/certificates/web-1", &Value::Null)
        .await;
    assert_eq!(client.get("/deletedcertificates/web-1").await.0, 404);
    pass(3).await;
    assert_eq!(client.get("/deletedcertificates/web-1").await.0, 200);
    let body = json!({"value": bundle("rsa-2048-chain.pfx.b64"), "pwd": PASSWORD});
    let refused = client
        .refused("POST", "/certificates/web-1/import", &body)
        .await;
    assert_eq!(
        (refused.0, refused.2.as_str()),
        (409, "ObjectIsDeletedButRecoverable")
    );
    let recover = "/deletedcertificates/web-1/recover";
    client.ok("POST", recover, &Value::Null).await;
    pass(2).await;
    client.import("web-1", "rsa-2048-chain.pfx.b64").await;
}

#[tokio::test]
async fn every_cloud_has_kv_one_for_the_application_and_for_the_machine() {
    for (login, scope, arm, suffix) in CLOUDS {
        let emulator = built_in();
        let vault = format!("https://kv-one.{suffix}/certificates?api-version=7.6");
        let resource = format!("https://{suffix}");
        let own = token_for(&emulator, login, TENANT, &format!("{resource}/.default")).await;
        let own_arm = token_for(&emulator, login, TENANT, scope).await;
        let mut tokens = vec![(own, own_arm)];
        for client_id in [None, Some(USER_ASSIGNED)] {
            tokens.push((
                machine_token(&emulator, client_id, &resource).await,
                machine_token(&emulator, client_id, scope.trim_end_matches("/.default")).await,
            ));
        }
        for (vault_token, token) in &tokens {
            let page = parsed(&fetch(&emulator, &vault, vault_token).await);
            assert_eq!(page["value"].as_array().unwrap().len(), 25, "{suffix}");
            let found = discovered(&emulator, arm, token).await;
            assert_eq!(found, (1, vec!["kv-one".to_owned()]), "{arm}");
            let permissions = format!(
                "https://{arm}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-one/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
            );
            let found = parsed(&fetch(&emulator, &permissions, token).await);
            assert!(
                found["value"]
                    .to_string()
                    .contains("Microsoft.KeyVault/vaults/*"),
                "{found}"
            );
        }
        // The application is known in a second tenant, which shows it nothing.
        let other = token_for(&emulator, login, OTHER_TENANT, scope).await;
        assert_eq!(discovered(&emulator, arm, &other).await, (0, Vec::new()));
    }
}

#[tokio::test]
async fn vaults_are_made_where_groups_are_and_found_afterwards() {
    let emulator = built_in();
    for (cloud, group, name, location, sku) in [
        (0, "rg-one", "kv-new", "eastus", "standard"),
        (0, "rg-one", "kv-premium", "westus2", "premium"),
        (0, "rg-one", "kv-arm", "eastus", "standard"),
        (1, "rg-cn", "kv-cn", "chinaeast2", "standard"),
        (2, "rg-gov", "kv-gov", "usgovvirginia", "standard"),
    ] {
        let (login, scope, arm, suffix) = CLOUDS[cloud];
        let token = token_for(&emulator, login, TENANT, scope).await;
        let group = format!("https://{arm}/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}");
        let found = fetch(
            &emulator,
            &format!("{group}?api-version=2022-09-01"),
            &token,
        )
        .await;
        assert_eq!(found.status(), 200, "{group}");
        let url =
            format!("{group}/providers/Microsoft.KeyVault/vaults/{name}?api-version=2025-05-01");
        assert_eq!(fetch(&emulator, &url, &token).await.status(), 404, "{name}");
        let body = json!({"location": location, "tags": {}, "properties": {
            "tenantId": TENANT, "sku": {"family": "A", "name": sku},
            "accessPolicies": [], "enableRbacAuthorization": true,
        }});
        let mut made = send(&emulator, "PUT", &url, &token, &body).await;
        assert_eq!(made.status(), 200, "{made:?}");
        for _ in 0..3 {
            made = fetch(&emulator, &url, &token).await;
        }
        let state = parsed(&made)["properties"]["provisioningState"].clone();
        assert_eq!(state, "Succeeded", "{name}");
        assert!(emulator.knows_host(&format!("{name}.{suffix}")));
    }
    let token = arm_token(&emulator).await;
    let (_, vaults) = discovered(&emulator, "management.azure.com", &token).await;
    assert_eq!(vaults, ["kv-arm", "kv-new", "kv-one", "kv-premium"]);
    let none = format!("{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-none");
    let answer = fetch(&emulator, &format!("{none}?api-version=2022-09-01"), &token).await;
    assert_eq!(parsed(&answer)["error"]["code"], "ResourceGroupNotFound");
}

/// Who made a vault owns it in Azure Resource Manager, and may look at nothing in it until a role says so.
#[tokio::test]
async fn a_new_vault_tells_its_maker_what_is_missing() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let id = format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-new"
    );
    let body = json!({"location": "eastus", "properties": {
        "tenantId": TENANT, "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [], "enableRbacAuthorization": true,
    }});
    let url = format!("{id}?api-version=2025-05-01");
    send(&emulator, "PUT", &url, &token, &body).await;
    let permissions =
        format!("{id}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01");
    let found = parsed(&fetch(&emulator, &permissions, &token).await);
    assert_eq!(found["value"][0]["actions"], json!(["*"]));
    assert_eq!(found["value"][0]["dataActions"], json!([]));
    for _ in 0..3 {
        fetch(&emulator, &url, &token).await;
    }
    let client = Client::of(emulator, "https://kv-new.vault.azure.net").await;
    let refused = client.refused("GET", "/certificates", &Value::Null).await;
    assert_eq!(refused.2, "ForbiddenByRbac");
    let vault = client.emulator.vault("kv-new.vault.azure.net").unwrap();
    vault.open();
    assert_eq!(client.get("/certificates").await.0, 200);
}
