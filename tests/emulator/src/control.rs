//! Requests to the emulator itself: faults, the clock and the log while a program is under test.
//!
//! Must not know any service. Reached over plain HTTP with the host `emulator.invalid` alone, so that no
//! request meant for Azure ever lands here.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::answer;
use crate::seed::exchange_audience;
use crate::{Emulator, Fault};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Advance {
    advance_seconds: u64,
}

/// Who a federated assertion is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Assert {
    issuer: String,
    subject: String,
    #[serde(default = "exchange_audience")]
    audience: String,
    #[serde(default = "ten_minutes")]
    lifetime_seconds: u64,
}

fn ten_minutes() -> u64 {
    600
}

/// Answers a request to the emulator.
pub(crate) fn answer(emulator: &Emulator, request: &Request<Bytes>) -> Response<Bytes> {
    let outcome = match (request.method(), request.uri().path()) {
        (&Method::POST, "/faults") => faults(request.body()).map(|faults| {
            faults.into_iter().for_each(|fault| emulator.inject(fault));
            nothing()
        }),
        (&Method::DELETE, "/faults") => {
            emulator.clear_faults();
            Ok(nothing())
        }
        (&Method::POST, "/clock") => parse::<Advance>(request.body()).map(|advance| {
            let by = Duration::from_secs(advance.advance_seconds);
            emulator.clock().advance(by);
            time(emulator)
        }),
        (&Method::POST, "/assertions") => parse::<Assert>(request.body()).and_then(|asked| {
            let lifetime = Duration::from_secs(asked.lifetime_seconds);
            emulator
                .assertion(&asked.issuer, &asked.subject, &asked.audience, lifetime)
                .map(|text| answer::json(StatusCode::OK, &json!({"assertion": text})))
                .map_err(|e| e.to_string())
        }),
        (&Method::GET, "/clock") => Ok(time(emulator)),
        (&Method::GET, "/requests") => Ok(answer::json(
            StatusCode::OK,
            &json!({"value": emulator.requests()}),
        )),
        (&Method::DELETE, "/requests") => {
            emulator.forget_requests();
            Ok(nothing())
        }
        (method, path) => {
            return answer::error(
                StatusCode::NOT_FOUND,
                "NotFound",
                &format!(
                    "There is no {method} {path}; there are POST and DELETE /faults, GET and POST /clock, POST /assertions, GET and DELETE /requests."
                ),
            );
        }
    };
    outcome.unwrap_or_else(|said| answer::error(StatusCode::BAD_REQUEST, "BadRequest", &said))
}

fn faults(body: &[u8]) -> Result<Vec<Fault>, String> {
    // Not an untagged enum, whose error would not name the key that is wrong.
    let faults: Vec<Fault> = if body.trim_ascii_start().starts_with(b"[") {
        parse(body)?
    } else {
        vec![parse(body)?]
    };
    match faults.iter().find_map(Fault::problem) {
        Some(problem) => Err(format!("The fault cannot be: {problem}")),
        None => Ok(faults),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|e| format!("The body is not the JSON expected: {e}"))
}

fn time(emulator: &Emulator) -> Response<Bytes> {
    let now = emulator.clock().unix_seconds();
    answer::json(StatusCode::OK, &json!({"unix-seconds": now}))
}

fn nothing() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
