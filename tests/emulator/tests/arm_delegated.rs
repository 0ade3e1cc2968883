//! A subscription of one tenant that is delegated to another: Azure Lighthouse.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;
#[path = "common/vaults.rs"]
mod vaults;

use azure_emulator::{Emulator, Seed};
use common::*;
use serde_json::{Value, json as value};
use vaults::*;

/// The built-in seed, its subscription delegated to the second tenant.
fn delegated() -> Emulator {
    let text = Seed::built_in_text().replacen(
        "[[subscription]]\n",
        &format!("[[subscription]]\nmanaged-by = [\"{OTHER_TENANT}\"]\n"),
        1,
    );
    emulator(&Seed::parse(&text).unwrap())
}

async fn tokens_of(emulator: &Emulator, tenant: &str) -> (String, String) {
    let login = "login.microsoftonline.com";
    let arm = "https://management.azure.com/.default";
    let vault = "https://vault.azure.net/.default";
    (
        token_for(emulator, login, tenant, arm).await,
        token_for(emulator, login, tenant, vault).await,
    )
}

#[tokio::test]
async fn both_tenants_see_whose_a_delegated_subscription_is() {
    let emulator = delegated();
    for tenant in [TENANT, OTHER_TENANT] {
        let (token, _) = tokens_of(&emulator, tenant).await;
        let list = format!("{ARM}/subscriptions?api-version=2022-12-01");
        let list = json(&fetch(&emulator, &list, &token).await);
        let one = format!("{ARM}/subscriptions/{SUBSCRIPTION}?api-version=2022-12-01");
        let one = json(&fetch(&emulator, &one, &token).await);
        assert_eq!(list["value"], value!([one]), "{tenant}");
        assert_eq!(one["tenantId"], TENANT, "its own, whoever asks");
        let managing = value!([{"tenantId": OTHER_TENANT}]);
        assert_eq!(one["managedByTenants"], managing);
    }
    let (token, _) = tokens_of(&built_in(), OTHER_TENANT).await;
    let one = format!("{ARM}/subscriptions/{SUBSCRIPTION}?api-version=2022-12-01");
    let refused = fetch(&built_in(), &one, &token).await;
    assert_eq!(refused.status(), 401, "not delegated");
}

#[tokio::test]
async fn its_vaults_are_found_from_outside_and_belong_to_its_own_tenant() {
    let emulator = delegated();
    let (token, vault_token) = tokens_of(&emulator, OTHER_TENANT).await;
    let list = json(&fetch(&emulator, &of_subscription("vaults"), &token).await);
    assert_eq!(list["value"][0]["name"], "kv-one");
    assert_eq!(list["value"][0]["properties"]["tenantId"], TENANT);
    let made = send(&emulator, "PUT", &vault_url("kv-new"), &token, &wanted()).await;
    assert_eq!(made.status(), 200, "{made:?}");
    assert_eq!(json(&made)["properties"]["tenantId"], TENANT);
    // A delegation reaches the resource, never what lies in it.
    let url = format!("{VAULT}/certificates?api-version=7.6");
    let (status, _, message) = error(&emulator, &url, &vault_token).await;
    assert_eq!(status, 401);
    assert!(
        message.starts_with("AKV10032: Invalid issuer."),
        "{message}"
    );
}

/// Whoever names another tenant than the subscription's is believed, and the vault trusts that tenant
/// from then on (Azure/azure-cli issue 7607, microsoft/dstoolkit-mlops-databricks issue 26).
#[tokio::test]
async fn a_vault_made_for_the_managing_tenant_trusts_that_tenant_alone() {
    let emulator = delegated();
    let (token, _) = tokens_of(&emulator, OTHER_TENANT).await;
    let body = with("/properties/tenantId", value!(OTHER_TENANT));
    let made = send(&emulator, "PUT", &vault_url("kv-new"), &token, &body).await;
    assert_eq!(json(&made)["properties"]["tenantId"], OTHER_TENANT);
    let mut state = Value::Null;
    while state != "Succeeded" {
        let body = json(&fetch(&emulator, &vault_url("kv-new"), &token).await);
        state = body["properties"]["provisioningState"].clone();
    }
    let url = "https://kv-new.vault.azure.net/certificates?api-version=7.6";
    let (_, own) = tokens_of(&emulator, TENANT).await;
    let (status, _, message) = error(&emulator, url, &own).await;
    assert_eq!(status, 401);
    assert!(
        message.starts_with("AKV10032: Invalid issuer."),
        "{message}"
    );
}
