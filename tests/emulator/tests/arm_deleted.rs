//! Deleted vaults: listed, recovered, purged, and in the way of their names.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;
#[path = "common/vaults.rs"]
mod vaults;

use std::time::Duration;

use azure_emulator::Emulator;
use common::*;
use serde_json::{Value, json as value};
use vaults::*;

async fn delete(emulator: &Emulator, token: &str) -> u16 {
    let url = vault_url("kv-one");
    let response = send(emulator, "DELETE", &url, token, &Value::Null).await;
    response.status().as_u16()
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
    assert_eq!(delete(&emulator, &token).await, 200);
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

#[tokio::test(start_paused = true)]
async fn a_deleted_vault_is_listed_and_purged_by_an_operation_that_takes_a_moment() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    for status in [200, 204] {
        assert_eq!(delete(&emulator, &token).await, status);
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
