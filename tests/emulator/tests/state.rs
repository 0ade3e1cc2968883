//! What was changed survives a restart.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;
#[path = "common/vaults.rs"]
mod vaults;

use std::path::Path;

use azure_emulator::{CertificatePermission, Seed, StateError};
use client::*;
use common::{VAULT, built_in, json as parsed};
use serde_json::{Value, json};

const NONE: Value = Value::Null;

async fn started(state: &Path) -> Client {
    let emulator = built_in();
    emulator.keep_state(state).unwrap();
    Client::of(emulator, VAULT).await
}

#[tokio::test(start_paused = true)]
async fn everything_that_was_changed_is_there_after_a_restart_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state.json");
    let client = started(&state).await;
    let imported = client.import("web-1", "rsa-2048-chain.pfx.b64").await;
    client.import("cert-05", "ec-p384.pfx.b64").await;
    client.ok("DELETE", "/certificates/cert-07", &NONE).await;
    client.ok("DELETE", "/certificates/cert-08", &NONE).await;
    let tags = json!({"tags": {"a": "b"}});
    client.ok("PATCH", "/certificates/cert-09", &tags).await;
    let contacts = json!({"contacts": [{"email": "a@contoso.example"}]});
    client.ok("PUT", "/certificates/contacts", &contacts).await;
    let create = json!({"policy": {"x509_props": {"subject": "CN=a"}, "issuer": {"name": "Self"}}});
    client
        .send("POST", "/certificates/made/create", &create)
        .await;
    pass(5).await;
    client
        .send("DELETE", "/deletedcertificates/cert-08", &NONE)
        .await;
    pass(5).await;
    let vault = client.emulator.vault("kv-one.vault.azure.net").unwrap();
    vault.deny("someone", &[CertificatePermission::Get], &[]);
    let paths = [
        "web-1",
        "cert-05",
        "cert-09",
        "made",
        "cert-01",
        "web-1/policy",
        "cert-05/versions",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(client.get(&format!("/certificates/{path}")).await);
    }
    let secret = client.ok("GET", "/secrets/made", &NONE).await;
    let gone = client
        .ok("GET", "/deletedcertificates/cert-07", &NONE)
        .await;
    drop(client);

    let client = started(&state).await;
    pass(10).await;
    for (path, before) in paths.into_iter().zip(before) {
        let after = client.get(&format!("/certificates/{path}")).await;
        assert_eq!(after, before, "{path}");
    }
    assert_eq!(
        client
            .ok("GET", "/deletedcertificates/cert-07", &NONE)
            .await,
        gone
    );
    assert_eq!(client.get("/deletedcertificates/cert-08").await.0, 404);
    assert_eq!(client.get("/certificates/cert-08").await.0, 404);
    assert_eq!(
        client.ok("GET", "/certificates/contacts", &NONE).await["contacts"],
        contacts["contacts"]
    );
    let again = client.ok("GET", "/secrets/made", &NONE).await;
    assert_eq!(again["id"], secret["id"]);
    assert_eq!(
        imported["cer"],
        client.ok("GET", "/certificates/web-1", &NONE).await["cer"]
    );
    // A purge frees the name for good, also of what a seed made up.
    drop(client);
    let text = std::fs::read_to_string(&state).unwrap();
    assert!(text.contains("web-1") && text.contains("someone"));
    assert!(
        !text.contains("cert-10"),
        "what was only looked at is not kept"
    );
}

#[tokio::test]
async fn vaults_that_were_made_deleted_or_purged_stay_so() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state.json");
    let emulator = built_in();
    emulator.keep_state(&state).unwrap();
    let token = common::arm_token(&emulator).await;
    let group = format!(
        "{}/subscriptions/{}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults",
        common::ARM,
        common::SUBSCRIPTION
    );
    let version = "api-version=2023-07-01";
    let body = json!({"location": "eastus", "properties": {"tenantId": common::TENANT, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}});
    let url = format!("{group}/kv-made?{version}");
    let made = common::send(&emulator, "PUT", &url, &token, &body).await;
    assert_eq!(made.status(), 200, "{made:?}");
    let gone = common::send(
        &emulator,
        "DELETE",
        &format!("{group}/kv-one?{version}"),
        &token,
        &NONE,
    )
    .await;
    assert_eq!(gone.status(), 200, "{gone:?}");
    drop(emulator);

    let emulator = built_in();
    emulator.keep_state(&state).unwrap();
    let token = common::arm_token(&emulator).await;
    let found = common::send(&emulator, "GET", &url, &token, &NONE).await;
    assert_eq!(parsed(&found)["name"], "kv-made", "{found:?}");
    assert!(!emulator.knows_host("kv-one.vault.azure.net"));
    assert!(emulator.knows_host("kv-one.vault.azure.cn"));
}

#[tokio::test]
async fn a_vault_that_is_on_its_way_into_being_is_so_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state.json");
    let failing = format!(
        "{}\n[arm]\nfailing-vaults = [\"kv-bad\"]\n",
        Seed::built_in_text()
    );
    let failing = Seed::parse(&failing).unwrap();
    let emulator = common::emulator(&failing);
    emulator.keep_state(&state).unwrap();
    for name in ["kv-new", "kv-bad"] {
        vaults::put(&emulator, name, &vaults::wanted()).await;
    }
    drop(emulator);
    let mut seen = Vec::new();
    for name in ["kv-new", "kv-new", "kv-new", "kv-bad", "kv-bad", "kv-bad"] {
        let emulator = built_in();
        emulator.keep_state(&state).unwrap();
        let token = common::arm_token(&emulator).await;
        let found = parsed(&common::fetch(&emulator, &vaults::vault_url(name), &token).await);
        assert_eq!(found["systemData"]["createdBy"], common::CLIENT);
        seen.push(found["properties"]["provisioningState"].clone());
    }
    let still = "RegisteringDns";
    assert_eq!(seen, [still, still, "Succeeded", still, still, "Failed"]);
}

#[tokio::test]
async fn a_file_that_is_no_state_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state.json");
    for text in ["", "{}", "not JSON", "{\"version\": 2, \"vaults\": []}"] {
        std::fs::write(&state, text).unwrap();
        let refused = built_in().keep_state(&state);
        assert!(
            matches!(refused, Err(StateError::Shape { .. })),
            "{text}: {refused:?}"
        );
        assert_eq!(std::fs::read_to_string(&state).unwrap(), text);
    }
    let nowhere = Path::new("/does/not/exist/state.json");
    assert!(matches!(
        built_in().keep_state(nowhere),
        Err(StateError::File { .. })
    ));
    std::fs::remove_file(&state).unwrap();
    let emulator = built_in();
    emulator.keep_state(&state).unwrap();
    assert!(matches!(emulator.keep_state(&state), Err(StateError::Open)));
}

#[tokio::test]
async fn a_change_is_written_soon_without_an_end_and_all_of_them_at_a_flush() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state.json");
    let client = started(&state).await;
    client.import("soon", "ec-p384.pfx.b64").await;
    let began = std::time::Instant::now();
    while !std::fs::read_to_string(&state).unwrap().contains("soon") {
        assert!(
            began.elapsed() < std::time::Duration::from_secs(20),
            "never written"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    client.import("flushed", "ec-p384.pfx.b64").await;
    client.emulator.flush_state().unwrap();
    assert!(std::fs::read_to_string(&state).unwrap().contains("flushed"));
}
