//! What is around the services: hosts, the log, latency and faults.

mod common;

use std::time::Duration;

use azure_emulator::{Disconnected, Effect, Fault, RequestRecord, Seed};
use base64::Engine as _;
use bytes::Bytes;
use common::*;
use http::Request;

#[tokio::test]
async fn a_host_that_does_not_exist_is_no_answer_at_all() {
    let emulator = built_in();
    for url in [
        "https://kv-none.vault.azure.net/certificates",
        "https://example.com/",
        // Vaults do not listen on port 80.
        "http://kv-one.vault.azure.net/certificates",
    ] {
        let outcome = emulator.handle(get(url, "t")).await;
        assert!(matches!(outcome, Err(Disconnected::NoSuchHost(_))), "{url}");
    }
    assert!(emulator.requests().iter().all(|r| r.status.is_none()));
}

#[tokio::test]
async fn the_host_comes_from_the_authority_or_else_the_header_without_port_in_any_case() {
    let emulator = built_in();
    let by_header = Request::get("/certificates").header("host", "KV-one.Vault.azure.net:443");
    let response = emulator
        .handle(by_header.body(Bytes::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    let by_uri = Request::get("https://KV-ONE.vault.azure.net:443/certificates");
    let response = emulator
        .handle(by_uri.body(Bytes::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
    assert!(
        emulator
            .requests()
            .iter()
            .all(|r| r.host == "kv-one.vault.azure.net")
    );
}

#[tokio::test(start_paused = true)]
async fn the_log_says_who_asked_what_and_when_and_never_a_value() {
    let emulator = built_in();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("requests.jsonl");
    emulator.log_to(&file).unwrap();
    let token = token(&emulator).await;
    tokio::time::advance(Duration::from_millis(1_500)).await;
    let url = format!("{VAULT}/certificates?api-version=7.6&maxresults=5");
    fetch(&emulator, &url, &token).await;
    fetch(&emulator, &url, "eyJ.forged.token").await;
    let record = |ms,
                  method: &str,
                  host: &str,
                  path: &str,
                  query: &[&str],
                  status,
                  identity: Option<&str>| {
        RequestRecord {
            ms,
            method: method.into(),
            host: host.into(),
            path: path.into(),
            query: query.iter().map(|q| (*q).to_owned()).collect(),
            body: if method == "POST" {
                ["client_id", "client_secret", "grant_type", "scope"]
                    .map(str::to_owned)
                    .to_vec()
            } else {
                Vec::new()
            },
            status: Some(status),
            identity: identity.map(str::to_owned),
        }
    };
    let vault = "kv-one.vault.azure.net";
    let keys = ["api-version", "maxresults"];
    let records = emulator.requests();
    let expected = [
        record(
            0,
            "POST",
            "login.microsoftonline.com",
            &format!("/{TENANT}/oauth2/v2.0/token"),
            &[],
            200,
            None,
        ),
        record(
            1_500,
            "GET",
            vault,
            "/certificates",
            &keys,
            200,
            Some(CLIENT),
        ),
        record(1_500, "GET", vault, "/certificates", &keys, 401, None),
    ];
    assert_eq!(records, expected);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[1],
        format!(
            r#"{{"ms":1500,"method":"GET","host":"{vault}","path":"/certificates","query":["api-version","maxresults"],"body":[],"status":200,"identity":"{CLIENT}"}}"#
        )
    );
    assert_eq!(lines.len(), 3);
    for secret in [SECRET, token.as_str(), "7.6"] {
        assert!(!text.contains(secret));
    }
}

#[tokio::test(start_paused = true)]
async fn latency_is_taken_from_the_paused_clock() {
    let emulator = built_in();
    emulator.set_latency(Duration::from_secs(30));
    let began = tokio::time::Instant::now();
    token(&emulator).await;
    assert_eq!(began.elapsed(), Duration::from_secs(30));
}

#[tokio::test]
async fn faults_strike_in_order_and_then_the_service_is_itself_again() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let url = format!("{VAULT}/certificates/cert-07?api-version=7.6");
    let rule = |fault: Fault| fault.host("vault.azure.net").path("/certificates/cert-07");
    emulator.inject(rule(Fault::status(429)).times(2));
    emulator.inject(rule(Fault::status(503).retry_after("7")).times(1));
    emulator.inject(rule(Fault::new(Effect::Reset)).times(1));
    emulator.inject(rule(Fault::new(Effect::InvalidJson)).times(1));
    emulator.inject(rule(Fault::new(Effect::OtherJson)).times(1));
    emulator.inject(rule(Fault::new(Effect::Html { status: 502 })).times(1));
    for _ in 0..2 {
        let response = fetch(&emulator, &url, &token).await;
        assert_eq!(response.status(), 429);
        assert_eq!(json(&response)["error"]["code"], "Throttled");
        assert!(!response.headers().contains_key("retry-after"));
    }
    let response = fetch(&emulator, &url, &token).await;
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["retry-after"]
        ),
        (503, &"7".parse().unwrap())
    );
    assert_eq!(
        emulator.handle(get(&url, &token)).await.unwrap_err(),
        Disconnected::Reset
    );
    let response = fetch(&emulator, &url, &token).await;
    assert_eq!(response.status(), 200);
    assert!(serde_json::from_slice::<serde_json::Value>(response.body()).is_err());
    let response = fetch(&emulator, &url, &token).await;
    assert_eq!(response.status(), 200);
    assert_eq!(json(&response), serde_json::json!({"status": "ok"}));
    let response = fetch(&emulator, &url, &token).await;
    assert_eq!(response.status(), 502);
    assert_eq!(response.headers()["content-type"], "text/html");
    assert_eq!(fetch(&emulator, &url, &token).await.status(), 200);
    let identities: Vec<_> = emulator
        .requests()
        .into_iter()
        .skip(1)
        .map(|r| r.identity)
        .collect();
    assert!(identities.iter().all(|i| i.as_deref() == Some(CLIENT)));
}

#[tokio::test]
async fn links_can_lead_elsewhere_or_back_to_the_same_page() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let url = format!("{VAULT}/certificates?api-version=7.6");
    emulator.inject(
        Fault::new(Effect::NextLinkHost {
            host: "attacker.example".into(),
        })
        .times(1),
    );
    let link = json(&fetch(&emulator, &url, &token).await)["nextLink"].clone();
    assert!(
        link.as_str()
            .unwrap()
            .starts_with("https://attacker.example:443/certificates?"),
        "{link}"
    );
    emulator.inject(Fault::new(Effect::RepeatNextLink));
    let again = "https://kv-one.vault.azure.net:443/certificates?api-version=7.6";
    for _ in 0..3 {
        assert_eq!(
            json(&fetch(&emulator, &url, &token).await)["nextLink"],
            again
        );
    }
    emulator.clear_faults();
    let link = json(&fetch(&emulator, &url, &token).await)["nextLink"].clone();
    assert!(link.as_str().unwrap().contains("$skiptoken="));
}

#[tokio::test]
async fn a_seed_file_can_hold_faults() {
    let text = format!(
        "{}\n[[fault]]\nwhen = {{ path = \"/certificates/cert-05\" }}\ntimes = 1\nthen = {{ effect = \"status\", status = 500, retry-after = \"1\", body = \"oops\" }}\n[[fault]]\nthen = {{ effect = \"corrupt-certificate\", name = \"cert-06\" }}\n",
        Seed::built_in_text()
    );
    let emulator = emulator(&Seed::parse(&text).unwrap());
    let token = token(&emulator).await;
    let response = fetch(
        &emulator,
        &format!("{VAULT}/certificates/cert-05?api-version=7.6"),
        &token,
    )
    .await;
    assert_eq!(
        (response.status().as_u16(), response.body().as_ref()),
        (500, b"oops".as_slice())
    );
    let body = json(
        &fetch(
            &emulator,
            &format!("{VAULT}/certificates/cert-06?api-version=7.6"),
            &token,
        )
        .await,
    );
    let der = base64::engine::general_purpose::STANDARD
        .decode(body["cer"].as_str().unwrap())
        .unwrap();
    use x509_cert::der::Decode as _;
    assert!(x509_cert::Certificate::from_der(&der).is_err());
}

#[test]
fn every_effect_can_be_written_in_a_seed() {
    for then in [
        "{ effect = \"status\", status = 503 }",
        "{ effect = \"reset\" }",
        "{ effect = \"silence\" }",
        "{ effect = \"invalid-json\" }",
        "{ effect = \"other-json\" }",
        "{ effect = \"html\", status = 200 }",
        "{ effect = \"next-link-host\", host = \"attacker.example\" }",
        "{ effect = \"repeat-next-link\" }",
        "{ effect = \"corrupt-certificate\", name = \"cert-01\" }",
        "{ effect = \"error\", code = \"90033\", retry-after = \"1\" }",
        "{ effect = \"redirect\", location = \"https://attacker.example/\" }",
        "{ effect = \"latency\", ms = 5 }",
        "{ effect = \"clock-skip\", seconds = 60 }",
        "{ effect = \"expired-token\" }",
        "{ effect = \"endless-next-link\" }",
        "{ effect = \"oversized-body\", bytes = 1000000 }",
        "{ effect = \"truncated-body\" }",
        "{ effect = \"stalled-body\", bytes = 10 }",
        "{ effect = \"slow-headers\", ms = 2000 }",
    ] {
        let text = format!("{}\n[[fault]]\nthen = {then}\n", Seed::built_in_text());
        Seed::parse(&text).unwrap_or_else(|e| panic!("{then}: {e}"));
    }
}

#[test]
fn only_what_comes_instead_of_an_answer_can_take_effect_all_the_same() {
    for (then, applied, good) in [
        ("reset", "\"never\"", true),
        ("silence", "\"at-once\"", true),
        ("reset", "{ after-ms = 5000 }", true),
        ("truncated-body", "\"at-once\"", false),
    ] {
        let text = format!(
            "{}\n[[fault]]\nskip = 3\napplied = {applied}\nthen = {{ effect = \"{then}\" }}\n",
            Seed::built_in_text()
        );
        let parsed = Seed::parse(&text);
        assert_eq!(parsed.is_ok(), good, "{then} {applied}: {:?}", parsed.err());
    }
}

#[test]
fn the_seed_in_the_readme_is_a_seed() {
    let readme = include_str!("../README.md");
    let section = readme.split("## The seed").nth(1).unwrap();
    let toml = section.split("```toml").nth(1).unwrap();
    Seed::parse(toml.split("```").next().unwrap()).unwrap();
}
