//! What each effect does: the answer it gives instead, the JSON it rewrites, the delivery it spoils.
//!
//! Must not know when a fault strikes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::Value;

use super::queue::{Asked, Instead, Words};
use super::{Delivery, Effect, echo};
use crate::answer;

/// What a rewrite may need beside the answer.
pub(super) struct Rewriting<'a> {
    pub(super) asked: &'a Asked<'a>,
    /// A number that no link had before.
    pub(super) link: &'a mut u64,
    /// An expired token in place of a good one.
    pub(super) aged: &'a dyn Fn(&str) -> Option<String>,
}

/// The query key of endless links; services ignore keys that they do not know.
const ENDLESS: &str = "emulator-page";

impl Effect {
    pub(super) fn replaces(&self) -> bool {
        matches!(
            self,
            Effect::Status { .. }
                | Effect::Error { .. }
                | Effect::Reset
                | Effect::Silence
                | Effect::InvalidJson
                | Effect::OtherJson
                | Effect::Html { .. }
                | Effect::Redirect { .. }
                | Effect::EchoError { .. }
        )
    }

    pub(super) fn rewrites(&self) -> bool {
        matches!(
            self,
            Effect::ExpiredToken
                | Effect::NextLinkHost { .. }
                | Effect::RepeatNextLink
                | Effect::EndlessNextLink
                | Effect::CorruptCertificate { .. }
                | Effect::EchoInside { .. }
        )
    }

    /// Whether a client gets an answer at all; only of an effect that replaces it.
    pub(super) fn answers(&self) -> bool {
        !matches!(self, Effect::Reset | Effect::Silence)
    }

    /// Whether it is over before the request is looked at.
    pub(super) fn precedes(&self) -> bool {
        matches!(self, Effect::Latency { .. } | Effect::ClockSkip { .. })
    }

    pub(super) fn instead(&self, words: &impl Words) -> Option<Instead> {
        match self {
            Effect::Status {
                status,
                retry_after,
                body,
            } => {
                let mut response = words.plain(code(*status));
                if let Some(body) = body {
                    *response.body_mut() = Bytes::from(body.clone());
                }
                Some(Instead::Answer(delayed(response, retry_after.as_deref())))
            }
            Effect::Error { code, retry_after } => {
                let response = words.named(code).unwrap_or_else(|| {
                    answer::error(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "NotEmulated",
                        "A fault names an error code that this service does not play.",
                    )
                });
                Some(Instead::Answer(delayed(response, retry_after.as_deref())))
            }
            Effect::Reset => Some(Instead::Drop),
            Effect::Silence => Some(Instead::Silence),
            Effect::InvalidJson => Some(Instead::Answer(page(
                StatusCode::OK,
                "application/json; charset=utf-8",
                Bytes::from_static(b"{\"value\":[{\"id\":\"https://"),
            ))),
            Effect::OtherJson => Some(Instead::Answer(page(
                StatusCode::OK,
                "application/json; charset=utf-8",
                Bytes::from_static(b"{\"status\":\"ok\"}"),
            ))),
            Effect::Html { status } => Some(Instead::Answer(page(
                code(*status),
                "text/html",
                Bytes::from_static(
                    b"<html><head><title>Gateway</title></head><body><h1>The page cannot be displayed</h1></body></html>",
                ),
            ))),
            Effect::Redirect { status, location } => {
                let mut response = page(code(status.unwrap_or(307)), "text/html", Bytes::new());
                answer::set(&mut response, "location", location);
                Some(Instead::Answer(response))
            }
            Effect::EchoError { status, said } => {
                let response = words.plain(code(*status));
                Some(Instead::Answer(echo::error(response, said)))
            }
            _ => None,
        }
    }

    /// Changes the answer; false where there was nothing to change.
    pub(super) fn rewrite(&self, rewriting: &mut Rewriting<'_>, json: &mut Value) -> bool {
        let asked = rewriting.asked;
        match self {
            Effect::ExpiredToken => {
                let Some(Value::String(token)) = json.get_mut("access_token") else {
                    return false;
                };
                let Some(aged) = (rewriting.aged)(token) else {
                    return false;
                };
                *token = aged;
                true
            }
            Effect::NextLinkHost { host } => {
                let Some(Value::String(link)) = json.get_mut("nextLink") else {
                    return false;
                };
                let path = link
                    .strip_prefix("https://")
                    .and_then(|rest| rest.find('/').and_then(|at| rest.get(at..)))
                    .unwrap_or("/")
                    .to_owned();
                *link = format!("https://{host}:443{path}");
                true
            }
            Effect::RepeatNextLink => link_to(json, asked.host, asked.path_and_query),
            Effect::EndlessNextLink => {
                let (path, query) = asked
                    .path_and_query
                    .split_once('?')
                    .unwrap_or((asked.path_and_query, ""));
                let kept: Vec<&str> = query
                    .split('&')
                    .filter(|pair| !pair.is_empty() && !pair.starts_with(ENDLESS))
                    .collect();
                let number = *rewriting.link;
                *rewriting.link += 1;
                let own = format!("{ENDLESS}={number}");
                let query = [kept.as_slice(), &[own.as_str()]].concat().join("&");
                link_to(json, asked.host, &format!("{path}?{query}"))
            }
            Effect::CorruptCertificate { name } => {
                let here = asked
                    .path
                    .strip_prefix("/certificates/")
                    .and_then(|rest| rest.split('/').next())
                    .is_some_and(|asked_name| asked_name.eq_ignore_ascii_case(name));
                let Some(cer) = json.get_mut("cer").filter(|_| here) else {
                    return false;
                };
                *cer = Value::String(STANDARD.encode(b"\x30\x82this is no certificate"));
                true
            }
            Effect::EchoInside { at, said } => echo::inside(json, *at, said),
            _ => false,
        }
    }

    /// Lets the answer arrive badly; false where this effect is about something else.
    pub(super) fn spoil(&self, response: &mut Response<Bytes>) -> bool {
        match self {
            Effect::OversizedBody { bytes } => {
                let mut body = response.body().to_vec();
                if body.len() < *bytes {
                    // White space after a JSON text is part of it: too large, and nothing else.
                    body.resize(*bytes, b' ');
                    *response.body_mut() = Bytes::from(body);
                }
            }
            Effect::TruncatedBody { bytes } => cut(response, *bytes, Delivery::Truncated),
            Effect::StalledBody { bytes } => cut(response, *bytes, Delivery::Stalled),
            Effect::SlowHeaders { ms } => {
                let delivery = Delivery::SlowHeaders(Duration::from_millis(*ms));
                response.extensions_mut().insert(delivery);
            }
            _ => return false,
        }
        true
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn page(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn delayed(mut response: Response<Bytes>, retry_after: Option<&str>) -> Response<Bytes> {
    if let Some(value) = retry_after {
        answer::set(&mut response, "retry-after", value);
    }
    response
}

/// Gives a page of a list this next link, with or without a port as its own one has it.
fn link_to(json: &mut Value, host: &str, path_and_query: &str) -> bool {
    let Some(page) = json
        .as_object_mut()
        .filter(|page| page.contains_key("value"))
    else {
        return false;
    };
    // Key Vault writes the port and a null at the end, Azure Resource Manager neither.
    let port = match page.get("nextLink") {
        Some(Value::String(link)) if !link.contains(":443/") => "",
        Some(_) => ":443",
        None => "",
    };
    let link = format!("https://{host}{port}{path_and_query}");
    page.insert("nextLink".to_owned(), Value::String(link));
    true
}

/// Leaves so much of a body as arrives, and announces the whole.
fn cut(response: &mut Response<Bytes>, bytes: Option<usize>, then: Delivery) {
    let whole = response.body().len();
    let kept = bytes.unwrap_or(whole / 2).min(whole);
    answer::set(response, "content-length", &whole.to_string());
    response.body_mut().truncate(kept);
    response.extensions_mut().insert(then);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rewrite(effect: &Effect, path: &'static str, body: &mut Value) -> bool {
        let asked = Asked {
            method: "GET",
            host: "kv-one.vault.azure.net",
            path,
            path_and_query: path,
        };
        let mut rewriting = Rewriting {
            asked: &asked,
            link: &mut 7,
            aged: &|token| Some(format!("old-{token}")),
        };
        effect.rewrite(&mut rewriting, body)
    }

    #[test]
    fn next_links_are_led_astray_only_where_there_is_one() {
        let effect = Effect::NextLinkHost {
            host: "evil.example".into(),
        };
        let mut page =
            json!({"nextLink": "https://kv-one.vault.azure.net:443/certificates?a=1&$skiptoken=x"});
        assert!(rewrite(&effect, "/certificates", &mut page));
        assert_eq!(
            page["nextLink"],
            "https://evil.example:443/certificates?a=1&$skiptoken=x"
        );
        let mut last = json!({"nextLink": null});
        assert!(!rewrite(&effect, "/certificates", &mut last));
    }

    #[test]
    fn an_endless_link_is_always_a_new_one_and_only_lists_get_one() {
        let effect = Effect::EndlessNextLink;
        let mut page = json!({"value": [], "nextLink": null});
        assert!(rewrite(
            &effect,
            "/certificates?a=1&emulator-page=3",
            &mut page
        ));
        assert_eq!(
            page["nextLink"],
            "https://kv-one.vault.azure.net:443/certificates?a=1&emulator-page=7"
        );
        let mut page = json!({"value": []});
        assert!(rewrite(&effect, "/subscriptions", &mut page));
        assert_eq!(
            page["nextLink"],
            "https://kv-one.vault.azure.net/subscriptions?emulator-page=7"
        );
        assert!(!rewrite(
            &effect,
            "/certificates/a",
            &mut json!({"id": "a"})
        ));
    }

    #[test]
    fn only_the_named_certificate_is_corrupted() {
        let effect = Effect::CorruptCertificate { name: "a".into() };
        let mut body = json!({"cer": "AAAA"});
        assert!(!rewrite(&effect, "/certificates/b", &mut body));
        assert_eq!(body["cer"], "AAAA");
        assert!(rewrite(&effect, "/certificates/a/", &mut body));
        assert_ne!(body["cer"], "AAAA");
    }

    #[test]
    fn a_spoiled_body_announces_its_whole_length() {
        for (bytes, arrives) in [(None, 4), (Some(1), 1), (Some(99), 8)] {
            let mut response = Response::new(Bytes::from_static(b"12345678"));
            assert!(Effect::TruncatedBody { bytes }.spoil(&mut response));
            assert_eq!(response.body().len(), arrives);
            assert_eq!(response.headers()["content-length"], "8");
            assert_eq!(
                response.extensions().get::<Delivery>(),
                Some(&Delivery::Truncated)
            );
        }
    }

    #[test]
    fn an_oversized_body_is_still_the_same_json() {
        let mut response = Response::new(Bytes::from_static(b"{\"a\":1}"));
        assert!(Effect::OversizedBody { bytes: 4_096 }.spoil(&mut response));
        assert_eq!(response.body().len(), 4_096);
        let value: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(value, json!({"a": 1}));
    }
}
