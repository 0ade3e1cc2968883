//! How much a vault takes, and who may do what in it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use azure_emulator::Seed;
use client::*;
use common::CLIENT;
use serde_json::json;

const HOST: &str = "kv-x.vault.azure.net";

#[tokio::test(start_paused = true)]
async fn limits_count_by_kind_in_either_shape_and_refusals_are_not_counted() {
    for (shape, after_one, after_ten) in [("fixed-window", 0, 30), ("token-bucket", 3, 27)] {
        let people = Seed::built_in_text().split("[[vault]]").next().unwrap();
        let head = format!("[throttling]\nshape = \"{shape}\"\ntransactions = 30\nimports = 2\n");
        let two = common::vault_table("kv-x", "certificates = 1")
            + &common::vault_table("kv-y", "certificates = 1");
        let seed = Seed::parse(&format!("{head}{people}\n{two}")).unwrap();
        let client = Client::of_seed(&seed).await;
        // To the beginning of a window.
        pass(10 - common::NOW % 10).await;
        let burst = async |path: &str| {
            let mut taken = 0;
            for _ in 0..50 {
                taken += u32::from(client.get(path).await.0 == 200);
            }
            taken
        };
        assert_eq!(burst("/certificates/cert-01").await, 30, "{shape}");
        pass(1).await;
        assert_eq!(burst("/certificates").await, after_one, "{shape}");
        pass(9).await;
        assert_eq!(burst("/certificates").await, after_ten, "{shape}");
        let mut imports = Vec::new();
        for _ in 0..3 {
            let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
            imports.push(client.send("POST", "/certificates/a/import", &body).await.0);
        }
        assert_eq!(imports, [200, 200, 429], "{shape}");
        let other = Client::of(client.emulator.clone(), "https://kv-y.vault.azure.net").await;
        assert_eq!(
            other.get("/certificates").await.0,
            200,
            "another vault has its own"
        );
    }
}

#[tokio::test]
async fn a_vault_counts_nothing_unless_the_seed_says_so() {
    let client = Client::of_kv_one().await;
    for _ in 0..4_100 {
        assert_eq!(client.get("/certificates/cert-01").await.0, 200);
    }
}

#[tokio::test]
async fn who_is_allowed_something_may_do_that_alone() {
    let allow = format!(
        "certificates = 2\n[[vault.allow]]\nclient-id = \"{CLIENT}\"\ncertificates = [\"get\", \"import\"]\n[[vault.deny]]\nclient-id = \"{CLIENT}\"\ncertificates = [\"import\"]"
    );
    let client = Client::with(&allow).await;
    assert_eq!(client.get("/certificates/cert-01").await.0, 200);
    assert_eq!(client.get("/certificates").await.0, 403);
    assert_eq!(client.get("/secrets/cert-01").await.0, 403);
    assert_eq!(
        client
            .send("POST", "/certificates/a/import", &json!({}))
            .await
            .0,
        403
    );
    client.emulator.vault(HOST).unwrap().open();
    assert_eq!(client.get("/certificates").await.0, 200);
}
