//! Paths of Azure Resource Manager whose segments are percent-encoded.

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
use serde_json::json as value;
use vaults::*;

/// A group with what a group's name may have and a path may not; "Naming rules", resource groups.
const GROUP: &str = "Größe(1).a_b";
const ENCODED: &str = "Gr%C3%B6%C3%9fe%281%29%2Ea_b";

fn emulated() -> Emulator {
    let text = Seed::built_in_text().replacen(
        "group = [\n",
        &format!("vault-page = 1\ngroup = [\n  {{ name = \"{GROUP}\", location = \"eastus\" }},\n"),
        1,
    );
    let vaults: String = ["kv-a", "kv-b"]
        .map(|name| vault_table(name, "").replace("rg-one", GROUP))
        .concat();
    emulator(&Seed::parse(&format!("{text}\n{vaults}")).unwrap())
}

#[tokio::test]
async fn an_encoded_segment_means_what_it_says() {
    let emulator = emulated();
    let token = arm_token(&emulator).await;
    let group = format!("{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups");
    let got = json(&fetch(&emulator, &format!("{group}/{ENCODED}?{VERSION}"), &token).await);
    assert_eq!(got["name"], GROUP, "{got}");
    let encode = |url: String| url.replace("rg-one", ENCODED);
    let vault = encode(vault_url("kv%2Da"));
    let got = json(&fetch(&emulator, &vault, &token).await);
    assert_eq!(got["name"], "kv-a", "{got}");
    let made = send(
        &emulator,
        "PUT",
        &encode(vault_url("kv-new")),
        &token,
        &wanted(),
    )
    .await;
    assert_eq!(made.status(), 200, "{made:?}");
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.KeyVault/vaults/kv-new"
    );
    assert_eq!(json(&made)["id"], id);
    // Words of the path as well as names, and where the subscription counts and challenges.
    let url = vault_url("kv-one")
        .replace("resourceGroups", "resource%47roups")
        .replace("2222-4", "%32222-4");
    let response = fetch(&emulator, &url, &token).await;
    assert_eq!(json(&response)["name"], "kv-one");
    let left = "x-ms-ratelimit-remaining-subscription-reads";
    assert!(response.headers().contains_key(left), "{response:?}");
    let permissions = format!(
        "{group}/{ENCODED}/providers/Microsoft.KeyVault/vaults/kv-a/providers/Microsoft.Authorization%2Fpermissions?{VERSION}"
    );
    let status = fetch(&emulator, &permissions, &token).await.status();
    assert_eq!(status, 404, "an encoded slash parts nothing");
    let permissions = permissions.replace("%2Fpermissions", "/%70ermissions");
    assert_eq!(fetch(&emulator, &permissions, &token).await.status(), 200);
}

#[tokio::test]
async fn links_to_the_next_page_can_be_followed_as_they_are() {
    let emulator = emulated();
    let token = arm_token(&emulator).await;
    let mut next = Some(format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/{ENCODED}/providers/Microsoft.KeyVault/vaults?{VERSION}"
    ));
    let mut names = Vec::new();
    while let Some(url) = next {
        assert!(url.is_ascii(), "{url}");
        let page = json(&fetch(&emulator, &url, &token).await);
        let items = page["value"].as_array().unwrap();
        names.extend(items.iter().map(|i| i["name"].clone()));
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    assert_eq!(names, [value!("kv-a"), value!("kv-b")]);
}
