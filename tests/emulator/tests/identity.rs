//! The managed-identity endpoint, as a machine's programs see it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::time::Duration;

use azure_emulator::{Emulator, Fault, Seed};
use bytes::Bytes;
use common::*;
use http::{Request, Response};
use serde_json::Value;

const SYSTEM: &str = "77777777-7777-4777-8777-777777777777";
const USER: &str = "55555555-5555-4555-8555-555555555555";
const PLAIN: &str = "api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";

fn request(query: &str) -> http::request::Builder {
    Request::get(format!(
        "http://169.254.169.254/metadata/identity/oauth2/token?{query}"
    ))
}

async fn ask(emulator: &Emulator, query: &str) -> Response<Bytes> {
    let request = request(query).header("Metadata", "true");
    emulator
        .handle(request.body(Bytes::new()).unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_machine_gets_tokens_of_its_own_and_of_an_assigned_identity_that_vaults_accept() {
    let emulator = built_in();
    let by_resource = "&msi_res_id=/subscriptions/22222222-2222-4222-8222-222222222222/resourcegroups/RG-ONE/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-one";
    for (more, client) in [
        ("", SYSTEM),
        ("&client_id=55555555-5555-4555-8555-555555555555", USER),
        ("&client_id=77777777-7777-4777-8777-777777777777", SYSTEM),
        (by_resource, USER),
    ] {
        let response = ask(&emulator, &format!("{PLAIN}{more}")).await;
        assert_eq!(response.status(), 200, "{more} {response:?}");
        let body = json(&response);
        let texts: Vec<&Value> = body.as_object().unwrap().values().collect();
        assert!(texts.iter().all(|v| v.is_string()), "{body}");
        assert_eq!(body["expires_in"], "3599");
        assert_eq!(body["expires_on"], (NOW + 3_599).to_string());
        assert_eq!(body["resource"], "https://vault.azure.net");
        let token = body["access_token"].as_str().unwrap();
        let url = format!("{VAULT}/certificates?api-version=7.6");
        assert_eq!(fetch(&emulator, &url, token).await.status(), 200);
        let last = emulator.requests().pop().unwrap();
        assert_eq!(last.identity.as_deref(), Some(client));
    }
}

#[tokio::test]
async fn the_resource_decides_the_cloud() {
    let emulator = built_in();
    let query = "api-version=2019-08-01&resource=https://vault.azure.cn";
    let token = json(&ask(&emulator, query).await)["access_token"].clone();
    let url = "https://kv-one.vault.azure.cn/certificates?api-version=7.6";
    let answer = fetch(&emulator, url, token.as_str().unwrap()).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn every_refusal_has_its_status_and_error() {
    let emulator = built_in();
    let with = |more: &str| format!("{PLAIN}{more}");
    for (query, status, error, text) in [
        (
            with("&client_id=44444444-4444-4444-8444-444444444444"),
            400,
            "invalid_request",
            "Identity not found",
        ),
        (
            with(&format!("&client_id={USER}&object_id={USER}")),
            400,
            "invalid_request",
            "Only one of",
        ),
        (
            "api-version=2018-02-01".to_owned(),
            400,
            "invalid_request",
            "'resource'",
        ),
        (
            "resource=https://vault.azure.net".to_owned(),
            400,
            "invalid_request",
            "'api-version'",
        ),
        (
            "api-version=2018-02-01&resource=https://elsewhere.example".to_owned(),
            400,
            "invalid_resource",
            "AADSTS500011",
        ),
    ] {
        let response = ask(&emulator, &query).await;
        let body = json(&response);
        assert_eq!(response.status(), status, "{query}");
        assert_eq!(body["error"], error, "{query}");
        assert!(
            body["error_description"].as_str().unwrap().contains(text),
            "{body}"
        );
    }
    let unknown = ask(&emulator, "api-version=1999-01-01&resource=x").await;
    assert_eq!(unknown.status(), 400);
    assert!(json(&unknown)["newest-versions"].is_array());
}

#[tokio::test]
async fn a_request_without_the_header_or_from_a_proxy_gets_no_token() {
    let emulator = built_in();
    let send = async |builder: http::request::Builder| {
        let response = emulator.handle(builder.body(Bytes::new()).unwrap()).await;
        let response = response.unwrap();
        (
            response.status().as_u16(),
            json(&response)["error"].to_string(),
        )
    };
    assert_eq!(
        send(request(PLAIN)).await,
        (400, "\"bad_request_102\"".to_owned())
    );
    assert_eq!(
        send(request(PLAIN).header("Metadata", "false")).await,
        (400, "\"bad_request_102\"".to_owned())
    );
    let forwarded = request(PLAIN)
        .header("Metadata", "true")
        .header("X-Forwarded-For", "10.0.0.1");
    assert_eq!(send(forwarded).await, (400, "\"bad_request\"".to_owned()));
    let elsewhere =
        Request::get("http://169.254.169.254/metadata/identity/oauth2").header("Metadata", "true");
    assert_eq!(
        send(elsewhere).await,
        (401, "\"unknown_source\"".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn phases_end_when_the_clock_says_so() {
    let text = format!(
        "{}\n[[metadata.phase]]\nstatus = 410\nuntil-seconds = 70\n[[metadata.phase]]\nstatus = 404\nuntil-seconds = 5\n",
        Seed::built_in_text()
    );
    let emulator = emulator(&Seed::parse(&text).unwrap());
    for (seconds, status) in [(4, 404), (1, 410), (64, 410), (1, 200)] {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        assert_eq!(ask(&emulator, PLAIN).await.status(), status);
    }
}

#[tokio::test]
async fn faults_speak_the_services_words() {
    let emulator = built_in();
    emulator.inject(
        Fault::status(429)
            .retry_after("3")
            .host("169.254.169.254")
            .times(1),
    );
    emulator.inject(Fault::error("unreachable").times(1));
    let answer = ask(&emulator, PLAIN).await;
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "3");
    let answer = ask(&emulator, PLAIN).await;
    assert_eq!(answer.status(), 403);
    assert!(json(&answer).to_string().contains("unreachable"));
}

#[tokio::test]
async fn a_machine_without_its_own_identity_has_the_only_one_or_must_be_asked_by_name() {
    let machine = |identities: &str| {
        let tenant = format!("[[tenant]]\nid = \"{TENANT}\"\n");
        emulator(&Seed::parse(&format!("{tenant}{identities}")).unwrap())
    };
    let one = format!("[[managed-identity]]\nclient-id = \"{USER}\"\ntenant = \"{TENANT}\"\n");
    let two = format!("{one}{}", one.replace("5555-", "5556-"));
    assert_eq!(ask(&machine(&one), PLAIN).await.status(), 200);
    for (seed, text) in [(two, "Multiple"), (String::new(), "Identity not found")] {
        let response = ask(&machine(&seed), PLAIN).await;
        assert_eq!(response.status(), 400);
        assert!(json(&response).to_string().contains(text));
    }
}
