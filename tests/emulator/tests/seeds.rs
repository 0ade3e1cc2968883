//! The seeds for benches hold what their names say.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use azure_emulator::{Emulator, Seed};
use common::*;

fn load(name: &str) -> Emulator {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    emulator(&Seed::load(&folder.join(name)).unwrap())
}

/// How many items a list has on all its pages together.
async fn total(emulator: &Emulator, first: &str, token: &str) -> usize {
    let (mut url, mut total) = (first.to_owned(), 0);
    loop {
        let body = json(&fetch(emulator, &url, token).await);
        total += body["value"].as_array().unwrap().len();
        match body["nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => return total,
        }
    }
}

#[tokio::test]
async fn one_vault_has_a_thousand_or_ten_thousand_certificates() {
    for (name, last, beyond) in [
        ("thousand.toml", "cert-1000", "cert-1001"),
        ("ten-thousand.toml", "cert-10000", "cert-10001"),
    ] {
        let emulator = load(name);
        let token = token(&emulator).await;
        // Not the whole list: it would issue every certificate, for seconds in an unoptimised build.
        for (certificate, status) in [(last, 200), (beyond, 404)] {
            let url = format!("{VAULT}/certificates/{certificate}?api-version=7.6");
            let answer = fetch(&emulator, &url, &token).await;
            assert_eq!(answer.status(), status, "{name} {certificate}");
        }
    }
}

#[tokio::test]
async fn the_fleet_has_two_hundred_vaults_in_one_subscription() {
    let emulator = load("fleet.toml");
    assert_eq!(emulator.vault_count(), 200);
    let token = arm_token(&emulator).await;
    let first = format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults?api-version=2025-05-01"
    );
    assert_eq!(total(&emulator, &first, &token).await, 200);
}

#[tokio::test]
async fn five_tenants_have_five_hundred_subscriptions_with_a_vault_each() {
    let emulator = load("tenants.toml");
    assert_eq!(emulator.vault_count(), 500);
    let mut all = 0;
    for tenant in 1..=5 {
        let token = token_for(
            &emulator,
            "login.microsoftonline.com",
            &format!("tenant-{tenant}.example"),
            "https://management.azure.com/.default",
        )
        .await;
        let first = format!("{ARM}/subscriptions?api-version=2022-12-01");
        all += total(&emulator, &first, &token).await;
    }
    assert_eq!(all, 500);
}
