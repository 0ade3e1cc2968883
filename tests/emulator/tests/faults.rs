//! What goes wrong on purpose, as a client meets it on the port and in process, and how to ask for it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

mod common;

use std::time::Duration;

use azure_emulator::{Delivery, Effect, Emulator, Fault, Server};
use bytes::Bytes;
use common::*;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const METADATA: &str = "169.254.169.254";

async fn start(emulator: &Emulator) -> Server {
    Server::start(emulator.clone(), "127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
}

async fn ask(server: &Server, method: &str, host: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn whole(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that ends badly has brought what it brought.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// The length that an answer announces, and the length of the body that came.
fn lengths(answer: &str) -> (usize, usize) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let announced = head
        .lines()
        .find_map(|l| l.strip_prefix("content-length: "))
        .unwrap();
    (announced.parse().unwrap(), body.len())
}

async fn control(emulator: &Emulator, method: &str, path: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://emulator.invalid{path}"))
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap();
    emulator.handle(request).await.unwrap()
}

#[tokio::test]
async fn a_truncated_body_ends_the_connection_before_the_announced_length() {
    let emulator = built_in();
    let server = start(&emulator).await;
    emulator.inject(Fault::new(Effect::TruncatedBody { bytes: Some(5) }).times(1));
    let answer = whole(ask(&server, "GET", METADATA, "/", "").await).await;
    let (announced, came) = lengths(&answer);
    assert!(announced > came && came == 5, "{answer}");
    let (announced, came) = lengths(&whole(ask(&server, "GET", METADATA, "/", "").await).await);
    assert_eq!(announced, came);
}

#[tokio::test]
async fn a_stalled_body_leaves_the_connection_open_and_silent() {
    let emulator = built_in();
    let server = start(&emulator).await;
    emulator.inject(Fault::new(Effect::StalledBody { bytes: Some(5) }));
    let mut stream = ask(&server, "GET", METADATA, "/", "").await;
    let mut answer = Vec::new();
    while !answer.windows(4).any(|w| w == b"\r\n\r\n") || answer.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
    let mut more = [0; 1];
    let silence = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut more)).await;
    assert!(silence.is_err(), "nothing may come, not even an end");
}

#[tokio::test]
async fn silence_leaves_the_connection_open_without_a_byte_and_the_server_can_still_end() {
    let emulator = built_in();
    let server = start(&emulator).await;
    emulator.inject(Fault::new(Effect::Silence));
    let mut stream = ask(&server, "GET", METADATA, "/", "").await;
    let mut byte = [0; 1];
    let silence = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut byte)).await;
    assert!(silence.is_err(), "nothing may come, not even an end");
    assert_eq!(emulator.requests()[0].status, None);
    server.shutdown().await;
    assert_eq!(whole(stream).await, "");
}

#[tokio::test]
async fn slow_headers_trickle_in_one_byte_after_the_other() {
    let emulator = built_in();
    let server = start(&emulator).await;
    emulator.inject(Fault::new(Effect::SlowHeaders { ms: 200 }));
    let mut stream = ask(&server, "GET", METADATA, "/", "").await;
    let (mut pieces, mut answer) = (0, Vec::new());
    while !answer.windows(4).any(|w| w == b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        pieces += 1;
    }
    assert!(pieces > 10, "{pieces}");
    let rest = whole(stream).await;
    let answer = String::from_utf8(answer).unwrap() + &rest;
    let (announced, came) = lengths(&answer);
    assert_eq!(announced, came);
}

#[tokio::test(start_paused = true)]
async fn in_process_a_bad_delivery_is_an_extension_and_slow_headers_a_wait() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let url = format!("{VAULT}/certificates?api-version=7.6");
    emulator.inject(Fault::new(Effect::StalledBody { bytes: None }).times(1));
    emulator.inject(Fault::new(Effect::SlowHeaders { ms: 9_000 }).times(1));
    let began = tokio::time::Instant::now();
    let slow = fetch(&emulator, &url, &token).await;
    assert_eq!(began.elapsed(), Duration::from_secs(9));
    assert!(slow.extensions().get::<Delivery>().is_some());
    emulator.inject(Fault::new(Effect::TruncatedBody { bytes: None }).times(1));
    let cut = fetch(&emulator, &url, &token).await;
    assert_eq!(
        cut.extensions().get::<Delivery>(),
        Some(&Delivery::Truncated)
    );
    let announced: usize = cut.headers()["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(announced / 2, cut.body().len());
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_refused_by_the_vault_and_the_next_one_works() {
    let emulator = built_in();
    emulator.inject(
        Fault::new(Effect::ExpiredToken)
            .host("login.microsoftonline.com")
            .times(1),
    );
    let (old, good) = (token(&emulator).await, token(&emulator).await);
    let url = format!("{VAULT}/certificates?api-version=7.6");
    assert_eq!(fetch(&emulator, &url, &old).await.status(), 401);
    assert_eq!(fetch(&emulator, &url, &good).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_clock_skip_lets_a_token_expire_between_two_pages() {
    let emulator = built_in();
    let token = token(&emulator).await;
    let url = format!("{VAULT}/certificates?api-version=7.6");
    let skip = Effect::ClockSkip { seconds: 7_200 };
    emulator.inject(Fault::new(skip).path("/certificates").times(1));
    assert_eq!(fetch(&emulator, &url, &token).await.status(), 401);
}

#[tokio::test]
async fn endless_links_lead_on_and_on_and_redirects_elsewhere() {
    let emulator = built_in();
    let token = token(&emulator).await;
    emulator.inject(Fault::new(Effect::EndlessNextLink));
    let mut url = format!("{VAULT}/certificates?api-version=7.6");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let page = json(&fetch(&emulator, &url, &token).await);
        assert_eq!(page["value"].as_array().unwrap().len(), 25);
        url = page["nextLink"].as_str().unwrap().to_owned();
        assert!(seen.insert(url.clone()), "{url} came twice");
    }
    emulator.clear_faults();
    let location = "https://attacker.example/certificates".to_owned();
    emulator.inject(Fault::new(Effect::Redirect {
        status: None,
        location: location.clone(),
    }));
    let answer = fetch(&emulator, &url, &token).await;
    assert_eq!(answer.status(), 307);
    assert_eq!(answer.headers()["location"], location);
}

#[tokio::test(start_paused = true)]
async fn faults_the_clock_and_the_log_are_at_hand_while_the_emulator_runs() {
    let emulator = built_in();
    let fault = r#"{"when": {"path": "/certificates"}, "times": 1, "then": {"effect": "status", "status": 503}}"#;
    for body in [fault.to_owned(), format!("[{fault}]")] {
        let answer = control(&emulator, "POST", "/faults", &body).await;
        assert_eq!(answer.status(), 204, "{answer:?}");
        let url = format!("{VAULT}/certificates?api-version=7.6");
        assert_eq!(fetch(&emulator, &url, "t").await.status(), 503);
        assert_eq!(fetch(&emulator, &url, "t").await.status(), 401);
    }
    control(&emulator, "POST", "/faults", fault).await;
    control(&emulator, "DELETE", "/faults", "").await;
    assert_eq!(
        fetch(&emulator, &format!("{VAULT}/certificates"), "t")
            .await
            .status(),
        401
    );
    let moved = control(&emulator, "POST", "/clock", r#"{"advance-seconds": 86400}"#).await;
    assert_eq!(json(&moved)["unix-seconds"], NOW + 86_400);
    let log = json(&control(&emulator, "GET", "/requests", "").await);
    let log = log["value"].as_array().unwrap().clone();
    assert_eq!(
        log.len(),
        5,
        "requests to the emulator itself are not in it"
    );
    assert_eq!(log[0]["status"], 503);
    control(&emulator, "DELETE", "/requests", "").await;
    assert!(emulator.requests().is_empty());
}

#[tokio::test]
async fn what_the_emulator_cannot_read_is_named() {
    let emulator = built_in();
    for (method, path, body, status, expected) in [
        (
            "POST",
            "/faults",
            r#"{"then": {"effect": "explode"}}"#,
            400,
            "explode",
        ),
        (
            "POST",
            "/faults",
            r#"{"than": {"effect": "reset"}}"#,
            400,
            "than",
        ),
        (
            "POST",
            "/faults",
            r#"{"applied": "at-once", "then": {"effect": "expired-token"}}"#,
            400,
            "applied",
        ),
        ("POST", "/clock", r#"{"advance": 1}"#, 400, "advance"),
        ("GET", "/nowhere", "", 404, "/nowhere"),
    ] {
        let answer = control(&emulator, method, path, body).await;
        assert_eq!(answer.status(), status, "{path} {body}");
        let said = json(&answer)["error"]["message"].to_string();
        assert!(said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn the_emulator_itself_is_reached_over_plain_http_alone() {
    let emulator = built_in();
    let server = start(&emulator).await;
    let answer = whole(ask(&server, "GET", "emulator.invalid", "/clock", "").await).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!emulator.knows_host("emulator.invalid"));
    let over_tls = Request::get("https://emulator.invalid/clock");
    let outcome = emulator.handle(over_tls.body(Bytes::new()).unwrap()).await;
    assert!(outcome.is_err());
}
