//! Answers that would hand an extension a credential, or something odd in its place: the services
//! echo what they were sent, compress, repeat members, answer with pages. What the job says of
//! them, and that nothing of it got to the extension: its memory is searched.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use end_to_end::{Deed, Glass, Headless, Through, Who};
use extension_host::egress::CredentialUse;
use extension_host::runner::{Report, Status};
use http::{HeaderValue, Request, Response, header};
use serde_json::json;
use std::sync::{Arc, Mutex, OnceLock};

const SECRET: &str = "sp-secret~1";

/// The memory of every extension here is searched, by one test at a time.
static GLASS: OnceLock<tokio::sync::Mutex<Glass>> = OnceLock::new();

/// What a service answers in place of what it should.
type Change = fn(&str, Response<Bytes>) -> Response<Bytes>;

/// Whether a request asks for a token.
fn asks_for_token(request: &Request<Bytes>) -> bool {
    request.uri().path().ends_with("/token")
}

/// Does a deed while the answers to some requests are changed; the change gets the credential
/// that was sent.
async fn disturbed(
    deed: Deed,
    who: Who,
    which: fn(&Request<Bytes>) -> bool,
    change: Change,
) -> (Headless, Report) {
    let glass = GLASS.get_or_init(tokio::sync::Mutex::default).lock().await;
    let mut headless = deed.arranged().await;
    let job = deed.job_as(who);
    glass.over(&mut headless, &job);
    let behind = headless.host.transport.clone();
    headless.host.transport = Through::new(behind, move |request, response| {
        if which(request) {
            change(&sent(request), response)
        } else {
            response
        }
    });
    let report = headless.run(&job).await;
    let seen = glass.seen();
    assert!(seen.looks > 10 && seen.ends == 1, "{seen:?}");
    assert_eq!(seen.credentials(), [""; 0], "{}", report.message);
    (headless, report)
}

/// The credential of a request, as it was really sent.
fn sent(request: &Request<Bytes>) -> String {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        return value.to_str().unwrap()["Bearer ".len()..].to_owned();
    }
    let mut form = form_urlencoded::parse(request.body());
    let proof = form.find(|(name, _)| name == "client_secret" || name == "client_assertion");
    proof
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn with(status: u16, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status.try_into().unwrap();
    response
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\u{byte:04x}")).collect()
}

/// The causes that the audit has for withheld answers.
fn withheld(headless: &Headless) -> Vec<String> {
    let records = headless.audit().into_iter();
    records
        .filter_map(|record| record.error)
        .filter(|error| error.starts_with("withheld: "))
        .collect()
}

/// The job failed, nobody was told the credential, and the audit says what was withheld.
fn failed_without_saying(headless: &Headless, report: &Report, credential: &str, why: &str) {
    assert!(
        matches!(report.status, Status::Failure(_)),
        "{}",
        report.message
    );
    let said = headless.said(report);
    assert!(!said.contains(credential), "{said}");
    let withheld = withheld(headless);
    assert!(!withheld.is_empty(), "{said}");
    assert!(
        withheld.iter().all(|error| error.contains(why)),
        "{withheld:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_service_that_echoes_the_proof_is_not_repeated() {
    let echoes: [Change; 6] = [
        |proof, _| {
            with(
                401,
                json!({"error": "odd", "error_description": proof}).to_string(),
            )
        },
        |proof, _| {
            let text = format!("sent: client_secret={}", percent(proof));
            with(
                400,
                json!({"error": "odd", "error_description": text}).to_string(),
            )
        },
        |proof, _| {
            with(
                400,
                format!("{{\"error\":\"odd\",\"x\":\"{}\"}}", escaped(proof)),
            )
        },
        |proof, _| with(400, json!({"error": STANDARD.encode(proof)}).to_string()),
        |proof, _| with(403, format!("<html>{proof}</html>")),
        // As a token, which would go to the vault.
        |proof, _| {
            with(
                200,
                json!({"access_token": proof, "expires_in": 3599}).to_string(),
            )
        },
    ];
    for (number, echo) in echoes.into_iter().enumerate() {
        for who in [Who::Secret, Who::Assertion] {
            let proof = match who {
                Who::Secret => SECRET.to_owned(),
                _ => {
                    let file = Deed::InventoryByAssertion.job().token_file;
                    std::fs::read_to_string(file.unwrap()).unwrap()
                }
            };
            let (headless, report) = disturbed(Deed::Inventory, who, asks_for_token, echo).await;
            let why = if number == 4 { "JSON" } else { "credential" };
            failed_without_saying(&headless, &report, proof.trim(), why);
            assert_eq!(headless.arrived("/certificates"), 0, "{number}");
            // The status is still told.
            if number == 0 {
                assert!(report.message.contains("401"), "{}", report.message);
            }
            let told = report.message.contains("held a credential");
            assert_eq!(told, why == "credential", "{number}: {}", report.message);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_answer_that_repeats_its_token_elsewhere_is_withheld() {
    let change: Change = |_, response| {
        let mut answer: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
        answer["trace_id"] = answer["access_token"].clone();
        response.map(|_| answer.to_string().into())
    };
    for who in [Who::Secret, Who::Assertion, Who::Machine] {
        let (headless, report) = disturbed(Deed::Inventory, who, asks_for_token, change).await;
        failed_without_saying(&headless, &report, "eyJ", "held a credential");
    }
}

#[tokio::test(start_paused = true)]
async fn a_compressed_token_answer_is_withheld_and_so_is_any_other() {
    // What is in it does not matter: nobody asked for a coding.
    let change: Change = |_, mut response| {
        let gzip = HeaderValue::from_static("gzip");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, gzip);
        response
    };
    for who in [Who::Secret, Who::Machine] {
        let (headless, report) = disturbed(Deed::Inventory, who, asks_for_token, change).await;
        failed_without_saying(&headless, &report, "eyJ", "encoded");
        assert_eq!(headless.arrived("/certificates"), 0);
        let (headless, report) = disturbed(
            Deed::Inventory,
            who,
            |request| !asks_for_token(request),
            change,
        )
        .await;
        failed_without_saying(&headless, &report, "eyJ", "encoded");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_answer_that_can_be_read_in_two_ways_is_withheld() {
    let change: Change = |_, response| {
        let text = String::from_utf8(response.body().to_vec()).unwrap();
        let twice = text.replacen('{', "{\"access_token\":\"eyJ.first.one\",", 1);
        response.map(|_| twice.into())
    };
    for who in [Who::Secret, Who::Machine] {
        let (headless, report) = disturbed(Deed::Inventory, who, asks_for_token, change).await;
        failed_without_saying(&headless, &report, "eyJ", "each member once");
        assert_eq!(headless.arrived("/certificates"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_in_place_of_a_token_leaves_its_status_and_a_fixed_text() {
    for (change, status) in [
        (
            (|_, _| with(200, "<html>sign in</html>")) as Change,
            "not the JSON of a token",
        ),
        (|_, _| with(403, "<html>blocked by policy 7</html>"), "403"),
        (|_, _| with(502, "<html>bad gateway</html>"), "502"),
    ] {
        for who in [Who::Secret, Who::Machine] {
            let (headless, report) = disturbed(Deed::Inventory, who, asks_for_token, change).await;
            failed_without_saying(&headless, &report, "<html>", "not one JSON object");
            assert!(report.message.contains(status), "{}", report.message);
            assert!(!report.message.contains("policy 7"), "{}", report.message);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cookies_and_other_headers_of_a_token_answer_go_no_further() {
    // An extension that tells what it gets: the answer's token is a placeholder, and the rest of
    // what it should not see is not there.
    let change: Change = |proof, mut response| {
        for name in [
            "set-cookie",
            "x-echo",
            "www-authenticate",
            "x-ms-request-id",
        ] {
            let value = HeaderValue::from_str(&format!("a={proof}")).unwrap();
            response.headers_mut().insert(name, value);
        }
        response
    };
    let (headless, report) = disturbed(Deed::Inventory, Who::Secret, asks_for_token, change).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert_eq!(withheld(&headless), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_echoes_the_token_is_not_repeated() {
    let of_vault = |request: &Request<Bytes>| !asks_for_token(request);
    let echoes: [Change; 6] = [
        |token, _| {
            let message = format!("This is odd: {token}");
            let error = json!({"error": {"code": "Odd", "message": message}});
            with(403, error.to_string())
        },
        |token, _| {
            with(
                403,
                format!("{{\"error\":{{\"code\":\"{}\"}}}}", escaped(token)),
            )
        },
        |token, _| {
            with(
                403,
                STANDARD.encode(format!("authorization: Bearer {token}")),
            )
        },
        |token, _| with(403, percent(token)),
        |token, response| {
            let (mut parts, body) = response.into_parts();
            let value = HeaderValue::from_str(token).unwrap();
            parts.headers.insert("x-echo", value);
            Response::from_parts(parts, body)
        },
        // Behind more than is held back.
        |token, _| {
            with(
                200,
                format!("{{\"value\":[],\"x\":\"{}{token}\"}}", "y".repeat(100_000)),
            )
        },
    ];
    for (number, echo) in echoes.into_iter().enumerate() {
        for who in [Who::Secret, Who::Machine] {
            let (headless, report) = disturbed(Deed::Inventory, who, of_vault, echo).await;
            failed_without_saying(&headless, &report, "eyJ", "credential");
            assert!(
                report.message.contains("held a credential"),
                "{}",
                report.message
            );
            if number < 4 {
                assert!(report.message.contains("403"), "{}", report.message);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_echo_after_a_deed_is_no_denial_of_it() {
    let of_import = |request: &Request<Bytes>| request.uri().path().ends_with("/import");
    let change: Change = |token, response| {
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        response.map(|_| {
            body.replacen('{', &format!("{{\"x\":\"{token}\","), 1)
                .into()
        })
    };
    let (headless, mut report) = disturbed(Deed::AddNew, Who::Secret, of_import, change).await;
    assert!(!headless.said(&report).contains("eyJ"));
    assert_ne!(report.status, Status::Success, "{}", report.message);
    Deed::AddNew.check(&headless, &mut report, "an echo").await;
}

#[tokio::test(start_paused = true)]
async fn the_audit_says_where_credentials_went() {
    let uses = Arc::new(Mutex::new(Vec::new()));
    for who in [Who::Secret, Who::Machine] {
        let headless = Deed::Inventory.arranged().await;
        let report = headless.run(&Deed::Inventory.job_as(who)).await;
        assert_eq!(report.status, Status::Success, "{}", report.message);
        for record in headless.audit() {
            let wanted = match record.rule.as_deref() {
                Some("identity-endpoint") => None,
                _ => Some(CredentialUse::Attached),
            };
            assert_eq!(record.credential, wanted, "{record:?}");
            uses.lock().unwrap().push(record.credential);
        }
    }
    assert!(uses.lock().unwrap().len() > 20);
}
