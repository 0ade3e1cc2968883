//! Resource Graph and its habits.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::time::Duration;

use azure_emulator::{Emulator, Seed};
use bytes::Bytes;
use common::*;
use http::Response;
use serde_json::{Value, json as value};

const QUERY: &str = "resources | where type =~ 'microsoft.keyvault/vaults' | project id, name";
const OTHER: &str = "22222222-2222-4222-8222-222222222223";

async fn query(emulator: &Emulator, body: &Value) -> Response<Bytes> {
    let token = arm_token(emulator).await;
    let url = format!("{ARM}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01");
    send(emulator, "POST", &url, &token, body).await
}

fn seed() -> Seed {
    let more: String = (2..=5)
        .map(|n| vault_table(&format!("kv-{n}"), ""))
        .collect();
    let closed = format!(
        "[[subscription]]\nid = \"{OTHER}\"\ntenant = \"{TENANT}\"\ndeny = [\"{CLIENT}\"]\ngroup = [{{ name = \"rg-one\" }}]\n"
    );
    let hidden = vault_table("kv-hidden", "").replace(SUBSCRIPTION, OTHER);
    Seed::parse(&format!(
        "{}\n{more}{closed}{hidden}",
        Seed::built_in_text()
    ))
    .unwrap()
}

#[tokio::test]
async fn one_query_lists_many_vaults_in_pages() {
    let emulator = emulator(&seed());
    let mut body = value!({"subscriptions": [SUBSCRIPTION], "query": QUERY, "options": {"$top": 2, "resultFormat": "objectArray"}});
    let mut names = Vec::new();
    loop {
        let response = query(&emulator, &body).await;
        assert!(response.headers().contains_key("x-ms-user-quota-remaining"));
        let page = json(&response);
        assert_eq!(page["totalRecords"], 5);
        let rows = page["data"].as_array().unwrap();
        assert_eq!(page["count"], rows.len());
        for row in rows {
            assert_eq!(row.as_object().unwrap().len(), 2, "projected: {row}");
            names.push(row["name"].as_str().unwrap().to_owned());
        }
        let Some(token) = page.get("$skipToken") else {
            break;
        };
        body["options"]["$skipToken"] = token.clone();
    }
    assert_eq!(names, ["kv-2", "kv-3", "kv-4", "kv-5", "kv-one"]);
}

#[tokio::test]
async fn a_subscription_that_may_not_be_read_is_left_out_without_a_word() {
    let emulator = emulator(&seed());
    let both = value!({"subscriptions": [OTHER, SUBSCRIPTION], "query": QUERY});
    let response = query(&emulator, &both).await;
    assert_eq!(response.status(), 200);
    assert!(!json(&response).to_string().contains("kv-hidden"));
    let all = json(&query(&emulator, &value!({"query": QUERY})).await);
    assert_eq!(all["count"], 5);
    let containers = value!({"query": "resourcecontainers | where type == 'microsoft.resources/subscriptions' | project subscriptionId"});
    let known = json(&query(&emulator, &containers).await);
    assert_eq!(known["data"], value!([{"subscriptionId": SUBSCRIPTION}]));
}

#[tokio::test]
async fn no_readable_subscription_and_nonsense_are_bad_requests_by_their_details() {
    let emulator = emulator(&seed());
    for (body, code) in [
        (
            value!({"subscriptions": [OTHER], "query": QUERY}),
            "NoValidSubscriptionsInQueryRequest",
        ),
        (
            value!({"subscriptions": ["x"], "query": QUERY}),
            "SubscriptionsContainInvalidGuids",
        ),
        (
            value!({"query": "resources | summarize count()"}),
            "InvalidQuery",
        ),
    ] {
        let response = query(&emulator, &body).await;
        assert_eq!(response.status(), 400);
        let error = json(&response)["error"].clone();
        assert_eq!(error["code"], "BadRequest");
        assert_eq!(error["details"][0]["code"], code);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_vault_is_not_known_for_half_a_minute() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let url = format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-new?api-version=2025-05-01"
    );
    let wanted = value!({"location": "eastus", "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}});
    let made = send(&emulator, "PUT", &url, &token, &wanted).await;
    assert_eq!(made.status(), 200);
    let count = async || json(&query(&emulator, &value!({"query": QUERY})).await)["count"].clone();
    assert_eq!(count().await, 1);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(count().await, 2);
}

#[tokio::test(start_paused = true)]
async fn the_sixteenth_query_in_five_seconds_is_throttled() {
    let emulator = built_in();
    for _ in 0..15 {
        assert_eq!(
            query(&emulator, &value!({"query": QUERY})).await.status(),
            200
        );
    }
    let response = query(&emulator, &value!({"query": QUERY})).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "5");
    assert_eq!(response.headers()["x-ms-user-quota-remaining"], "0");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(
        query(&emulator, &value!({"query": QUERY})).await.status(),
        200
    );
}
