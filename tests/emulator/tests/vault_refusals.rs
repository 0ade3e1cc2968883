//! What a vault says to who may not, to what cannot be, and with every answer.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::*;
use http::Request;
use serde_json::json as value;

#[tokio::test]
async fn a_request_without_a_token_is_challenged_exactly_as_the_service_does() {
    let emulator = built_in();
    let request = Request::get(format!("{VAULT}/certificates"))
        .body(Bytes::new())
        .unwrap();
    let response = emulator.handle(request).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()["www-authenticate"],
        format!(
            "Bearer authorization=\"https://login.microsoftonline.com/{TENANT}\", resource=\"https://vault.azure.net\""
        )
    );
    assert_eq!(
        json(&response),
        value!({"error": {"code": "Unauthorized", "message": "AKV10000: Request is missing a Bearer or PoP token."}})
    );
}

#[tokio::test(start_paused = true)]
async fn tokens_for_others_from_others_and_out_of_date_are_refused() {
    let emulator = built_in();
    let list = format!("{VAULT}/certificates?api-version=7.6");
    let host = "login.microsoftonline.com";
    let arm = token_for(
        &emulator,
        host,
        TENANT,
        "https://management.azure.com/.default",
    )
    .await;
    let foreign = token_for(
        &emulator,
        host,
        OTHER_TENANT,
        "https://vault.azure.net/.default",
    )
    .await;
    let good = token(&emulator).await;
    let forged = format!("{}AAAAAAAAAA", &good[..good.len() - 10]);
    for (token, expected) in [
        (
            arm.as_str(),
            "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com.",
        ),
        (
            foreign.as_str(),
            "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/11111111-1111-4111-8111-111111111111/, found https://sts.windows.net/99999999-9999-4999-8999-999999999999/.",
        ),
        (forged.as_str(), "AKV10046"),
        ("garbage", "AKV10000"),
    ] {
        let (status, code, message) = error(&emulator, &list, token).await;
        assert_eq!((status, code.as_str()), (401, "Unauthorized"));
        assert!(message.starts_with(expected), "{message}");
    }
    assert_eq!(fetch(&emulator, &list, &good).await.status(), 200);
    tokio::time::advance(Duration::from_secs(3_599 + 301)).await;
    let (status, _, message) = error(&emulator, &list, &good).await;
    assert_eq!(status, 401);
    assert!(message.contains("TokenExpired"), "{message}");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_a_bad_parameter() {
    let emulator = built_in();
    let token = token(&emulator).await;
    for (path, expected) in [
        ("certificates", "api-version must be specified"),
        ("certificates?api-version=6.0", "(6.0) is not recognized"),
        ("certificates?api-version=7.6&maxresults=26", "maxresults"),
        ("certificates?api-version=7.6&maxresults=0", "maxresults"),
        (
            "certificates?api-version=7.6&$skiptoken=nonsense",
            "$skiptoken",
        ),
        (
            "certificates/www.domain.tld?api-version=7.6",
            "The request URI contains an invalid name: www.domain.tld",
        ),
        ("certificates/web-1/abc?api-version=7.6", "invalid version"),
    ] {
        let (status, code, message) = error(&emulator, &format!("{VAULT}/{path}"), &token).await;
        assert_eq!((status, code.as_str()), (400, "BadParameter"), "{path}");
        assert!(message.contains(expected), "{path}: {message}");
    }
    for version in ["2016-10-01", "7.0", "7.6", "2025-07-01", "2026-04-01"] {
        let url = format!("{VAULT}/certificates?api-version={version}");
        assert_eq!(
            fetch(&emulator, &url, &token).await.status(),
            200,
            "{version}"
        );
    }
}

#[tokio::test]
async fn an_absent_certificate_is_not_found_in_the_services_words() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let url = format!("{VAULT}/certificates/649134851?api-version=7.6");
    let (status, code, message) = error(&emulator, &url, &token).await;
    assert_eq!((status, code.as_str()), (404, "CertificateNotFound"));
    assert_eq!(
        message,
        "A certificate with (name/id) 649134851 was not found in this key vault. If you recently deleted this certificate you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
    );
}

#[tokio::test]
async fn an_application_can_be_kept_from_list_or_get() {
    let deny = |action: &str| {
        format!(
            "certificates = 3\n[[vault.deny]]\nclient-id = \"{CLIENT}\"\ncertificates = [\"{action}\"]"
        )
    };
    let tables = vault_table("kv-nolist", &deny("list")) + &vault_table("kv-noget", &deny("get"));
    let emulator = emulator(&seed_with(&tables));
    let token = token(&emulator).await;
    for (vault, list, get) in [("kv-nolist", 403, 200), ("kv-noget", 200, 403)] {
        let base = format!("https://{vault}.vault.azure.net/certificates");
        let listed = fetch(&emulator, &format!("{base}?api-version=7.6"), &token).await;
        let got = fetch(
            &emulator,
            &format!("{base}/cert-01?api-version=7.6"),
            &token,
        )
        .await;
        assert_eq!(
            (listed.status().as_u16(), got.status().as_u16()),
            (list, get),
            "{vault}"
        );
        let refused = json(if list == 403 { &listed } else { &got });
        assert_eq!(refused["error"]["code"], "Forbidden");
        assert_eq!(refused["error"]["innererror"]["code"], "ForbiddenByRbac");
        let message = refused["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("Caller is not authorized to perform action on resource.\r\n"));
        assert!(message.contains(&format!("appid={CLIENT};")), "{message}");
    }
}

#[tokio::test]
async fn answers_carry_the_services_headers_and_echo_the_request_id_when_asked() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let mut request = get(&format!("{VAULT}/certificates?api-version=7.6"), &token);
    let id = "6d2f4a52-0000-4000-8000-000000000001";
    request
        .headers_mut()
        .insert("x-ms-client-request-id", id.parse().unwrap());
    let silent = emulator.handle(request.clone()).await.unwrap();
    assert!(!silent.headers().contains_key("x-ms-client-request-id"));
    request
        .headers_mut()
        .insert("x-ms-return-client-request-id", "true".parse().unwrap());
    let response = emulator.handle(request).await.unwrap();
    assert_eq!(response.headers()["x-ms-client-request-id"], id);
    assert_eq!(response.headers()["x-ms-keyvault-region"], "eastus");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(
        response.headers()["content-type"],
        "application/json; charset=utf-8"
    );
    assert_ne!(
        response.headers()["x-ms-request-id"],
        silent.headers()["x-ms-request-id"]
    );
    assert_eq!(response.headers()["date"], "Thu, 20 Aug 2026 10:15:30 GMT");
}
