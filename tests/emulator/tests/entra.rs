//! The token endpoint, as a client sees it.

mod common;

use azure_emulator::Seed;
use common::*;
use serde_json::json as value;

const HOST: &str = "login.microsoftonline.com";
const SCOPE: &str = "https://vault.azure.net/.default";

#[tokio::test]
async fn the_right_secret_gives_a_token_with_integer_lifetimes() {
    let emulator = built_in();
    let request = token_request(HOST, TENANT, &credentials(SECRET, SCOPE));
    let response = emulator.handle(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("no-store")
    );
    let body = json(&response);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], value!(3599));
    assert_eq!(body["ext_expires_in"], value!(3599));
    assert_eq!(body["access_token"].as_str().unwrap().split('.').count(), 3);
}

#[tokio::test]
async fn every_refusal_has_its_code_and_status() {
    let emulator = built_in();
    let with = |key: &'static str, value: &'static str| -> Vec<(&'static str, &'static str)> {
        credentials(SECRET, SCOPE)
            .into_iter()
            .filter(|(k, _)| *k != key)
            .chain((!value.is_empty()).then_some((key, value)))
            .collect()
    };
    let nobody = "44444444-4444-4444-8444-444444444444";
    for (tenant, pairs, status, error, code) in [
        (
            TENANT,
            with("client_secret", "wrong"),
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            TENANT,
            with("client_secret", ""),
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            TENANT,
            with("client_assertion", "eyJ"),
            401,
            "invalid_client",
            700_213,
        ),
        (
            TENANT,
            with("client_id", nobody),
            400,
            "unauthorized_client",
            700_016,
        ),
        (nobody, with("x", ""), 400, "invalid_request", 90_002),
        (
            "contoso.example",
            with("x", ""),
            400,
            "invalid_request",
            90_002,
        ),
        ("con_toso", with("x", ""), 400, "invalid_request", 900_023),
        (
            TENANT,
            with("scope", "https://vault.azure.net"),
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            TENANT,
            with("scope", "a/.default b/.default"),
            400,
            "invalid_scope",
            70_011,
        ),
        (
            TENANT,
            with("scope", "https://elsewhere.example/.default"),
            400,
            "invalid_resource",
            500_011,
        ),
        (
            TENANT,
            with("scope", "https://vault.azure.cn/.default"),
            400,
            "invalid_resource",
            500_011,
        ),
        (
            TENANT,
            with("grant_type", "password"),
            400,
            "unsupported_grant_type",
            70_003,
        ),
        (
            TENANT,
            with("grant_type", ""),
            400,
            "invalid_request",
            900_144,
        ),
        (TENANT, with("scope", ""), 400, "invalid_request", 900_144),
    ] {
        let response = emulator
            .handle(token_request(HOST, tenant, &pairs))
            .await
            .unwrap();
        let body = json(&response);
        assert_eq!(response.status(), status, "{pairs:?} {body}");
        assert_eq!(body["error"], error, "{pairs:?}");
        assert_eq!(body["error_codes"], value!([code]), "{pairs:?}");
        let text = body["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{code}: ")), "{text}");
        assert!(text.ends_with("Timestamp: 2026-08-20 10:15:30Z"), "{text}");
        assert!(text.contains(body["trace_id"].as_str().unwrap()));
        assert!(text.contains(body["correlation_id"].as_str().unwrap()));
        assert!(
            !text.contains(SECRET) && !text.contains("'wrong'"),
            "{text}"
        );
        assert_eq!(body["timestamp"], "2026-08-20 10:15:30Z");
        assert_eq!(
            body["error_uri"],
            format!("https://login.microsoftonline.com/error?code={code}")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_expires_when_the_clock_reaches_its_date() {
    let text = Seed::built_in_text().replace(
        "secret = \"sp-secret~1\"",
        "secret = \"sp-secret~1\"\nsecret-expires = 2026-08-20T11:00:00Z",
    );
    let emulator = emulator(&Seed::parse(&text).unwrap());
    token(&emulator).await;
    tokio::time::advance(std::time::Duration::from_secs(3_600)).await;
    let request = token_request(HOST, TENANT, &credentials(SECRET, SCOPE));
    let response = emulator.handle(request).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(json(&response)["error_codes"], value!([7_000_222]));
}

#[tokio::test]
async fn a_get_is_told_that_only_post_works() {
    let emulator = built_in();
    let url = format!("https://{HOST}/{TENANT}/oauth2/v2.0/token");
    let response = fetch(&emulator, &url, "none").await;
    assert_eq!(response.status(), 400);
    assert_eq!(json(&response)["error_codes"], value!([900_561]));
}

#[tokio::test]
async fn each_cloud_has_its_own_authority_and_resource() {
    let emulator = built_in();
    for (host, scope, vault) in [
        (
            "login.chinacloudapi.cn",
            "https://vault.azure.cn/.default",
            "kv-one.vault.azure.cn",
        ),
        (
            "login.microsoftonline.us",
            "https://vault.usgovcloudapi.net/.default",
            "kv-one.vault.usgovcloudapi.net",
        ),
    ] {
        let token = token_for(&emulator, host, TENANT, scope).await;
        let list = |vault| format!("https://{vault}/certificates?api-version=7.6");
        assert_eq!(
            fetch(&emulator, &list(vault), &token).await.status(),
            200,
            "{vault}"
        );
        let (status, _, message) = error(&emulator, &list("kv-one.vault.azure.net"), &token).await;
        assert_eq!(status, 401);
        assert!(
            message.starts_with("AKV10022: Invalid audience."),
            "{message}"
        );
    }
}
