//! Subscriptions, groups and lists of vaults in Azure Resource Manager, and who sees what.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::time::Duration;

use azure_emulator::{Emulator, Fault, Seed};
use common::*;
use serde_json::{Value, json as value};

const VERSION: &str = "api-version=2025-05-01";

fn vaults_url(more: &str) -> String {
    format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults?{VERSION}{more}"
    )
}

async fn refusal(emulator: &Emulator, url: &str, token: &str) -> (u16, String) {
    let response = fetch(emulator, url, token).await;
    let code = json(&response)["error"]["code"]
        .as_str()
        .unwrap()
        .to_owned();
    (response.status().as_u16(), code)
}

fn names(body: &Value) -> Vec<&str> {
    let items = body["value"].as_array().unwrap();
    items.iter().map(|i| i["name"].as_str().unwrap()).collect()
}

/// The built-in seed with more in front of its vaults.
fn seed_and(more: &str) -> Seed {
    Seed::parse(&format!("{}\n{more}", Seed::built_in_text())).unwrap()
}

/// The built-in seed whose application has these roles alone.
fn seed_with_roles(roles: &str) -> Seed {
    let text = Seed::built_in_text().replacen(
        "secret = \"sp-secret~1\"\n",
        &format!("secret = \"sp-secret~1\"\nroles = {roles}\n"),
        1,
    );
    let two = vault_table("kv-two", "").replace("rg-one", "rg-gov");
    Seed::parse(&format!("{text}\n{two}")).unwrap()
}

#[tokio::test]
async fn the_samples_subscription_and_groups_are_there_and_the_second_tenant_sees_none() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let url = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let response = fetch(&emulator, &url, &token).await;
    let body = json(&response);
    assert_eq!(body["count"], value!({"type": "Total", "value": 1}));
    let only = &body["value"][0];
    assert_eq!(only["subscriptionId"], SUBSCRIPTION);
    assert_eq!(only["tenantId"], TENANT);
    assert_eq!(only["state"], "Enabled");
    assert!(body.get("nextLink").is_none());
    for header in [
        "x-ms-request-id",
        "x-ms-correlation-request-id",
        "x-ms-routing-request-id",
        "x-ms-ratelimit-remaining-tenant-reads",
    ] {
        assert!(response.headers().contains_key(header), "{header}");
    }
    for (group, location) in [
        ("rg-one", "eastus"),
        ("rg-gov", "usgovvirginia"),
        ("RG-CN", "chinanorth3"),
    ] {
        let url = format!(
            "{ARM}/subscriptions/{SUBSCRIPTION}/resourcegroups/{group}?api-version=2022-09-01"
        );
        let body = json(&fetch(&emulator, &url, &token).await);
        assert_eq!(body["location"], location);
        assert_eq!(body["properties"]["provisioningState"], "Succeeded");
    }
    let other = token_for(
        &emulator,
        "login.microsoftonline.com",
        OTHER_TENANT,
        "https://management.azure.com/.default",
    )
    .await;
    let body = json(&fetch(&emulator, &url, &other).await);
    assert_eq!(body["value"], value!([]));
    let tenants = format!("{ARM}/tenants?api-version=2022-12-01");
    let body = json(&fetch(&emulator, &tenants, &other).await);
    assert_eq!(body["value"][0]["tenantId"], OTHER_TENANT);
}

#[tokio::test]
async fn every_401_has_its_own_code_and_a_challenge() {
    let emulator = built_in();
    let good = arm_token(&emulator).await;
    let url = vaults_url("");
    let vault_token = token(&emulator).await;
    let other = token_for(
        &emulator,
        "login.microsoftonline.com",
        OTHER_TENANT,
        "https://management.azure.com/.default",
    )
    .await;
    let china = token_for(
        &emulator,
        "login.chinacloudapi.cn",
        TENANT,
        "https://management.chinacloudapi.cn/.default",
    )
    .await;
    emulator.inject(Fault::new(azure_emulator::Effect::ExpiredToken).times(1));
    let expired = arm_token(&emulator).await;
    let (signed, _) = good.rsplit_once('.').unwrap();
    for (token, code) in [
        (
            format!("{signed}.AAAA").as_str(),
            "InvalidAuthenticationToken",
        ),
        (&vault_token, "InvalidAuthenticationTokenAudience"),
        (&china, "InvalidAuthenticationTokenAudience"),
        (&other, "InvalidAuthenticationTokenTenant"),
        (&expired, "ExpiredAuthenticationToken"),
    ] {
        let response = fetch(&emulator, &url, token).await;
        assert_eq!(response.status(), 401, "{code}");
        assert_eq!(json(&response)["error"]["code"], code);
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        let authority = format!("Bearer authorization_uri=\"https://login.windows.net/{TENANT}\"");
        assert!(challenge.starts_with(&authority), "{challenge}");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let bare = http::Request::get(&url).body(bytes::Bytes::new()).unwrap();
    let response = emulator.handle(bare).await.unwrap();
    assert_eq!(json(&response)["error"]["code"], "AuthenticationFailed");
}

#[tokio::test]
async fn both_audiences_of_each_cloud_are_accepted_there() {
    let emulator = built_in();
    for (login, scope, arm) in [
        (
            "login.microsoftonline.com",
            "https://management.core.windows.net//.default",
            "management.azure.com",
        ),
        (
            "login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
            "management.chinacloudapi.cn",
        ),
        (
            "login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net/.default",
            "management.usgovcloudapi.net",
        ),
    ] {
        let token = token_for(&emulator, login, TENANT, scope).await;
        let url = vaults_url("").replace("management.azure.com", arm);
        let body = json(&fetch(&emulator, &url, &token).await);
        assert_eq!(names(&body), ["kv-one"], "{arm}");
        let uri = body["value"][0]["properties"]["vaultUri"].as_str().unwrap();
        assert!(uri.starts_with("https://kv-one.vault.") && uri.ends_with('/'));
    }
}

#[tokio::test]
async fn api_versions_are_needed_and_checked() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let at = |query: &str| {
        format!("{ARM}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults{query}")
    };
    for (url, code) in [
        (at(""), "MissingApiVersionParameter"),
        (at("?api-version=2024-01-02"), "NoRegisteredProviderFound"),
        (
            format!("{ARM}/subscriptions?api-version=latest"),
            "InvalidApiVersionParameter",
        ),
    ] {
        assert_eq!(
            refusal(&emulator, &url, &token).await,
            (400, code.to_owned()),
            "{url}"
        );
    }
    for version in ["2015-06-01", "2025-05-01", "2026-05-15"] {
        let url = at(&format!("?api-version={version}"));
        assert_eq!(fetch(&emulator, &url, &token).await.status(), 200);
    }
}

#[tokio::test]
async fn what_is_not_there_says_what_is_missing() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let in_group = |group: &str, name: &str| {
        format!(
            "{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}?{VERSION}"
        )
    };
    for (url, status, code) in [
        (in_group("rg-none", "kv-one"), 404, "ResourceGroupNotFound"),
        (in_group("rg-one", "kv-none"), 404, "ResourceNotFound"),
        (in_group("rg-gov", "kv-one"), 404, "ResourceNotFound"),
        (
            format!("{ARM}/subscriptions/{TENANT}/resourceGroups/rg?{VERSION}"),
            404,
            "SubscriptionNotFound",
        ),
        (
            format!("{ARM}/subscriptions/nonsense/resourceGroups/rg?{VERSION}"),
            400,
            "InvalidSubscriptionId",
        ),
        (
            format!("{ARM}/subscriptions/{SUBSCRIPTION}/elsewhere?{VERSION}"),
            404,
            "InvalidResourceType",
        ),
        (vaults_url("&$skiptoken=garbage"), 400, "BadRequest"),
        (vaults_url("&$top=0"), 400, "BadRequest"),
    ] {
        assert_eq!(
            refusal(&emulator, &url, &token).await,
            (status, code.to_owned()),
            "{url}"
        );
    }
}

/// The names on each page of a list of vaults.
async fn pages(emulator: &Emulator, first: String) -> Vec<String> {
    let token = arm_token(emulator).await;
    let (mut url, mut pages) = (first, Vec::new());
    loop {
        let body = json(&fetch(emulator, &url, &token).await);
        pages.push(names(&body).join(" "));
        let Some(next) = body.get("nextLink") else {
            return pages;
        };
        next.as_str().unwrap().clone_into(&mut url);
        assert!(url.contains("&$skiptoken=ServiceBased,"), "{url}");
    }
}

#[tokio::test]
async fn a_list_of_vaults_has_an_empty_page_in_the_middle_and_ends_without_a_link() {
    let more: String = (2..=5)
        .map(|n| vault_table(&format!("kv-{n}"), ""))
        .collect();
    let several = emulator(&seed_and(&more));
    let first = vaults_url("&$top=2");
    let token = arm_token(&several).await;
    let body = json(&fetch(&several, &first, &token).await);
    let next = body["nextLink"].as_str().unwrap();
    assert!(next.starts_with(&vaults_url("").replace(VERSION, "$top=2")));
    let odd = ["kv-2 kv-3", "", "kv-4 kv-5", "kv-one"];
    assert_eq!(pages(&several, first).await, odd);
    // Of a full page the service does not know that nothing follows.
    let all = "kv-2 kv-3 kv-4 kv-5 kv-one";
    assert_eq!(pages(&several, vaults_url("&$top=5")).await, [all, ""]);
    assert_eq!(pages(&several, vaults_url("")).await, [all]);
    let small = Seed::built_in_text().replacen("group = [\n", "vault-page = 1\ngroup = [\n", 1);
    let small = emulator(&Seed::parse(&small).unwrap());
    assert_eq!(pages(&small, vaults_url("")).await, ["kv-one", ""]);
}

#[tokio::test]
async fn a_role_on_one_group_shows_that_groups_vaults_alone() {
    let scope = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-gov");
    let roles = format!("[{{ scope = \"{scope}\", role = \"reader\" }}]");
    let emulator = emulator(&seed_with_roles(&roles));
    let token = arm_token(&emulator).await;
    let list = json(&fetch(&emulator, &vaults_url(""), &token).await);
    assert_eq!(names(&list), ["kv-two"]);
    let subscriptions = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let body = json(&fetch(&emulator, &subscriptions, &token).await);
    assert_eq!(body["count"]["value"], 1, "a group is enough to see it");
    let forbidden = (403, "AuthorizationFailed".to_owned());
    let group =
        format!("{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-one?api-version=2022-09-01");
    assert_eq!(refusal(&emulator, &group, &token).await, forbidden);
    let put = format!("{ARM}{scope}/providers/Microsoft.KeyVault/vaults/kv-new?{VERSION}");
    let answer = send(&emulator, "PUT", &put, &token, &value!({})).await;
    assert_eq!(answer.status(), 403, "a reader does not write");
}

#[tokio::test]
async fn an_application_without_any_role_sees_nothing_and_may_do_nothing() {
    let emulator = emulator(&seed_with_roles("[]"));
    let token = arm_token(&emulator).await;
    let subscriptions = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let body = json(&fetch(&emulator, &subscriptions, &token).await);
    assert_eq!(body["value"], value!([]));
    assert_eq!(
        refusal(&emulator, &vaults_url(""), &token).await,
        (403, "AuthorizationFailed".to_owned())
    );
}

#[tokio::test]
async fn one_denied_subscription_among_others_is_listed_and_closed() {
    let denied = "22222222-2222-4222-8222-222222222223";
    let emulator = emulator(&seed_and(&format!(
        "[[subscription]]\nid = \"{denied}\"\ntenant = \"{TENANT}\"\nstate = \"Warned\"\ndeny = [\"{CLIENT}\"]\n"
    )));
    let token = arm_token(&emulator).await;
    let subscriptions = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let body = json(&fetch(&emulator, &subscriptions, &token).await);
    let states: Vec<&Value> = body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["state"])
        .collect();
    assert_eq!(states, ["Enabled", "Warned"]);
    let url = vaults_url("").replace(SUBSCRIPTION, denied);
    assert_eq!(
        refusal(&emulator, &url, &token).await,
        (403, "AuthorizationFailed".to_owned())
    );
    assert_eq!(
        fetch(&emulator, &vaults_url(""), &token).await.status(),
        200
    );
}

#[tokio::test]
async fn subscriptions_come_in_pages_of_the_seeds_size() {
    let more: String = (0..4)
        .map(|n| {
            format!("[[subscription]]\nid = \"22222222-2222-4222-8222-22222222223{n}\"\ntenant = \"{TENANT}\"\n")
        })
        .collect();
    let emulator = emulator(&seed_and(&format!("{more}[arm]\nsubscription-page = 2\n")));
    let token = arm_token(&emulator).await;
    let mut url = format!("{ARM}/subscriptions?api-version=2022-12-01");
    let mut sizes = Vec::new();
    loop {
        let body = json(&fetch(&emulator, &url, &token).await);
        sizes.push(body["value"].as_array().unwrap().len());
        let Some(next) = body.get("nextLink") else {
            break;
        };
        url = next.as_str().unwrap().to_owned();
        assert!(url.contains("%24skiptoken="), "{url}");
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn too_many_reads_are_throttled_until_the_time_that_retry_after_names() {
    let emulator = emulator(&seed_and("[arm]\nreads = { size = 2, per-second = 1 }\n"));
    let token = arm_token(&emulator).await;
    let mut left = Vec::new();
    for _ in 0..2 {
        let response = fetch(&emulator, &vaults_url(""), &token).await;
        assert_eq!(response.status(), 200);
        let header = &response.headers()["x-ms-ratelimit-remaining-subscription-reads"];
        left.push(header.to_str().unwrap().to_owned());
    }
    assert_eq!(left, ["1", "0"]);
    let response = fetch(&emulator, &vaults_url(""), &token).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(
        json(&response)["error"]["code"],
        "SubscriptionRequestsThrottled"
    );
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(
        fetch(&emulator, &vaults_url(""), &token).await.status(),
        200
    );
}

#[tokio::test]
async fn the_thin_list_of_resources_and_the_providers_regions_are_there() {
    let emulator = built_in();
    let token = arm_token(&emulator).await;
    let url = format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/resources?$filter=resourceType%20eq%20'Microsoft.KeyVault/vaults'&api-version=2015-11-01"
    );
    let body = json(&fetch(&emulator, &url, &token).await);
    assert_eq!(names(&body), ["kv-one"]);
    assert!(body["value"][0].get("properties").is_none());
    let url = format!("{ARM}/providers/Microsoft.Resources?api-version=2022-09-01");
    let body = json(&fetch(&emulator, &url, &token).await);
    let groups = body["resourceTypes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["resourceType"] == "resourceGroups")
        .unwrap();
    assert_eq!(groups["locations"][0], "East US");
}

#[tokio::test]
async fn permissions_tell_what_the_caller_may_do() {
    let scope = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-one"
    );
    let url = format!(
        "{ARM}{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    );
    let emulator_of = |roles: Option<&str>| {
        emulator(&roles.map_or_else(
            || Seed::built_in().unwrap(),
            |role| {
                seed_with_roles(&format!(
                    "[{{ scope = \"/subscriptions/{SUBSCRIPTION}\", role = \"{role}\" }}]"
                ))
            },
        ))
    };
    for (role, action, data) in [
        (None, "*", "Microsoft.KeyVault/vaults/*"),
        (Some("reader"), "*/read", "Microsoft.KeyVault/vaults/*"),
        (
            Some("key-vault-certificates-officer"),
            "Microsoft.KeyVault/vaults/*/read",
            "Microsoft.KeyVault/vaults/certificates/*",
        ),
    ] {
        let emulator = emulator_of(role);
        let token = arm_token(&emulator).await;
        let text = json(&fetch(&emulator, &url, &token).await)["value"].to_string();
        for expected in [action, data] {
            assert!(text.contains(&format!("\"{expected}\"")), "{role:?} {text}");
        }
    }
}
