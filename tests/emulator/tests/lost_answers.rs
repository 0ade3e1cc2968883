//! Answers that never arrive, and whether what was asked for was done: before, after and much later.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

#[path = "common/client.rs"]
mod client;
mod common;

use std::time::Duration;

use azure_emulator::{Applied, Disconnected, Effect, Fault};
use bytes::Bytes;
use client::*;
use common::{NOW, SECRET, TENANT, VAULT, built_in, credentials, get, token, token_request};
use http::{Request, Response};
use serde_json::{Value, json};

/// What a client learns of an import that a fault strikes; none where nothing comes in an hour.
type Learnt = Option<Result<Response<Bytes>, Disconnected>>;

async fn import(client: &Client, name: &str) -> Learnt {
    let body = json!({"value": bundle("ec-p384.pfx.b64"), "pwd": PASSWORD});
    let url = format!("{}/certificates/{name}/import?api-version=7.6", client.base);
    let request = Request::post(url)
        .header("authorization", format!("Bearer {}", client.token))
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let answer = client.emulator.handle(request);
    tokio::time::timeout(Duration::from_secs(1_800), answer)
        .await
        .ok()
}

/// What a client is told, as one word.
fn told(learnt: &Learnt) -> String {
    match learnt {
        None => "nothing".to_owned(),
        Some(Ok(response)) => response.status().as_u16().to_string(),
        Some(Err(why)) => format!("{why:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_lost_before_the_service_acts_or_after_it() {
    let error = || Effect::Status {
        status: 500,
        retry_after: None,
        body: None,
    };
    for (effect, said) in [
        (Effect::Reset, "Reset"),
        (Effect::Silence, "nothing"),
        (error(), "500"),
        (Effect::Html { status: 502 }, "502"),
    ] {
        for (applied, versions) in [(Applied::Never, 0), (Applied::AtOnce, 1)] {
            let client = Client::with("").await;
            client
                .emulator
                .inject(Fault::new(effect.clone()).applied(applied).times(1));
            assert_eq!(told(&import(&client, "web-1").await), said, "{applied:?}");
            let list = client.get("/certificates/web-1/versions").await.1;
            let found = list["value"].as_array().unwrap().len();
            assert_eq!(found, versions, "{effect:?} {applied:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_can_take_effect_long_after_its_connection_was_reset() {
    let client = Client::with("").await;
    let late = Fault::new(Effect::Reset)
        .applied(Applied::AfterMs(20_000))
        .times(1);
    client.emulator.inject(late);
    assert_eq!(told(&import(&client, "web-1").await), "Reset");
    pass(19).await;
    assert_eq!(client.get("/certificates/web-1").await.0, 404);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let found = client.ok("GET", "/certificates/web-1", &Value::Null).await;
    let created = found["attributes"]["created"].as_u64().unwrap();
    assert_eq!(created, NOW + 20, "it is as old as its effect");
}

#[tokio::test(start_paused = true)]
async fn a_late_effect_gives_way_to_what_was_done_in_between() {
    let client = Client::with("certificates = 1").await;
    let late = Fault::new(Effect::Silence)
        .method("DELETE")
        .applied(Applied::AfterMs(60_000))
        .times(1);
    client.emulator.inject(late);
    let path = "/certificates/cert-01";
    let asked = client.send("DELETE", path, &Value::Null);
    let waited = tokio::time::timeout(Duration::from_secs(5), asked).await;
    assert!(waited.is_err());
    assert_eq!(client.get(path).await.0, 200);
    client.ok("DELETE", path, &Value::Null).await;
    tokio::time::sleep(Duration::from_secs(90)).await;
    let deleted = client.get("/deletedcertificates/cert-01").await.1;
    assert_eq!(deleted["deletedDate"], NOW + 5);
}

#[tokio::test(start_paused = true)]
async fn each_request_of_a_job_can_be_struck_alone() {
    // Token, list, two more pages, get: the job of a client that lists and looks.
    for k in 0..5 {
        let emulator = built_in();
        emulator.inject(Fault::new(Effect::Reset).skip(k).times(1));
        let pairs = credentials(SECRET, "https://vault.azure.net/.default");
        let request = token_request("login.microsoftonline.com", TENANT, &pairs);
        let mut outcomes = vec![emulator.handle(request.clone()).await];
        let token = match &outcomes[0] {
            Ok(response) => common::json(response)["access_token"]
                .as_str()
                .unwrap()
                .to_owned(),
            Err(_) => token(&emulator).await,
        };
        for path in [
            "/certificates",
            "/certificates",
            "/certificates",
            "/certificates/cert-01",
        ] {
            let url = format!("{VAULT}{path}?api-version=7.6");
            outcomes.push(emulator.handle(get(&url, &token)).await);
        }
        let lost: Vec<u32> = (0..)
            .zip(&outcomes)
            .filter(|(_, outcome)| outcome.is_err())
            .map(|(n, _)| n)
            .collect();
        assert_eq!(lost, [k]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_counted_as_it_arrives_however_long_it_takes() {
    let client = Client::with("certificates = 2").await;
    let slow = Fault::new(Effect::Latency { ms: 9_000 }).times(1);
    client.emulator.inject(slow);
    client.emulator.inject(Fault::status(503).times(1));
    let (first, second) = tokio::join!(
        client.get("/certificates/cert-01"),
        client.get("/certificates/cert-02")
    );
    assert_eq!((first.0, second.0), (503, 200));
}

#[tokio::test]
async fn a_request_to_a_host_that_is_not_there_is_nobodys_turn() {
    let client = Client::with("certificates = 1").await;
    client.emulator.inject(Fault::status(503).times(1));
    let url = "https://kv-none.vault.azure.net/certificates?api-version=7.6";
    assert!(client.emulator.handle(get(url, "t")).await.is_err());
    assert_eq!(client.get("/certificates/cert-01").await.0, 503);
}
