//! What goes wrong on purpose: rules that replace or rewrite an answer.
//!
//! Must not know how a service makes its answers; it sees requests before them and JSON after them.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use crate::answer;

/// One thing that goes wrong, for which requests, and how often. The same shape is `[[fault]]` in a
/// seed file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Fault {
    /// The requests it is for; every one when empty.
    #[serde(default)]
    pub when: When,
    /// How many requests it strikes; absent means all of them.
    pub times: Option<u32>,
    /// What happens to them.
    pub then: Effect,
}

/// Which requests a fault is for. Every part given must match.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct When {
    /// The method, upper case.
    pub method: Option<String>,
    /// The end of the host name, lower case.
    pub host: Option<String>,
    /// The beginning of the path.
    pub path: Option<String>,
}

/// What a fault does.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(
    tag = "effect",
    deny_unknown_fields,
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Effect {
    /// Answers with this status instead, in the service's own error shape or with the body given.
    Status {
        /// The HTTP status.
        status: u16,
        /// A `Retry-After` header, in any spelling.
        retry_after: Option<String>,
        /// A body instead of the service's error.
        body: Option<String>,
    },
    /// Drops the connection without an answer.
    Reset,
    /// Answers 200 with JSON that ends too early.
    InvalidJson,
    /// Answers with an HTML page, as a proxy on the way would.
    Html {
        /// The HTTP status.
        status: u16,
    },
    /// Lets a list's next link lead to another host.
    NextLinkHost {
        /// The host it leads to.
        host: String,
    },
    /// Lets every page's next link lead to that page again.
    RepeatNextLink,
    /// Answers a get of this certificate with a `cer` that is no certificate.
    CorruptCertificate {
        /// The certificate's name.
        name: String,
    },
}

impl Fault {
    /// A fault that strikes every request until it is narrowed down.
    #[must_use]
    pub fn new(then: Effect) -> Fault {
        Fault {
            when: When::default(),
            times: None,
            then,
        }
    }

    /// A fault that answers with a status.
    #[must_use]
    pub fn status(status: u16) -> Fault {
        Fault::new(Effect::Status {
            status,
            retry_after: None,
            body: None,
        })
    }

    /// With a `Retry-After` header; only a status has one.
    #[must_use]
    pub fn retry_after(mut self, value: &str) -> Fault {
        if let Effect::Status { retry_after, .. } = &mut self.then {
            *retry_after = Some(value.to_owned());
        }
        self
    }

    /// Only for this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Fault {
        self.when.method = Some(method.to_owned());
        self
    }

    /// Only for hosts that end so.
    #[must_use]
    pub fn host(mut self, suffix: &str) -> Fault {
        self.when.host = Some(suffix.to_owned());
        self
    }

    /// Only for paths that begin so.
    #[must_use]
    pub fn path(mut self, prefix: &str) -> Fault {
        self.when.path = Some(prefix.to_owned());
        self
    }

    /// Only for the first so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Fault {
        self.times = Some(times);
        self
    }
}

/// The parts of a request that rules look at.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) path_and_query: &'a str,
}

impl When {
    fn matches(&self, asked: &Asked<'_>) -> bool {
        self.method.as_deref().is_none_or(|m| m == asked.method)
            && self.host.as_deref().is_none_or(|h| asked.host.ends_with(h))
            && self
                .path
                .as_deref()
                .is_none_or(|p| asked.path.starts_with(p))
    }
}

/// What comes instead of an answer.
#[derive(Debug)]
pub(crate) enum Instead {
    Answer(Response<Bytes>),
    Drop,
}

/// The faults still to strike, oldest first.
#[derive(Debug)]
pub(crate) struct Faults {
    queue: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Faults {
        Faults {
            queue: Mutex::new(faults),
        }
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.with(|queue| queue.push(fault));
    }

    pub(crate) fn clear(&self) {
        self.with(Vec::clear);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Fault>) -> T) -> T {
        act(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The first fault that replaces the answer to this request, if there is one. `plain` makes the
    /// error of the service asked.
    pub(crate) fn instead(
        &self,
        asked: &Asked<'_>,
        plain: impl Fn(StatusCode) -> Response<Bytes>,
    ) -> Option<Instead> {
        let effect = self.with(|queue| {
            let at = queue.iter().position(|fault| {
                fault.times != Some(0) && fault.then.replaces() && fault.when.matches(asked)
            })?;
            let fault = queue.get_mut(at)?;
            let effect = fault.then.clone();
            strike(fault);
            queue.retain(|fault| fault.times != Some(0));
            Some(effect)
        })?;
        effect.instead(plain)
    }

    /// Rewrites an answer by every fault that has something to rewrite in it.
    pub(crate) fn rewrite(&self, asked: &Asked<'_>, response: Response<Bytes>) -> Response<Bytes> {
        self.with(|queue| {
            if !queue.iter().any(|fault| !fault.then.replaces()) || !response.status().is_success()
            {
                return response;
            }
            let (parts, body) = response.into_parts();
            let Ok(mut json) = serde_json::from_slice::<Value>(&body) else {
                return Response::from_parts(parts, body);
            };
            let mut struck = false;
            for fault in queue.iter_mut() {
                if fault.times != Some(0)
                    && fault.when.matches(asked)
                    && fault.then.rewrite(asked, &mut json)
                {
                    strike(fault);
                    struck = true;
                }
            }
            queue.retain(|fault| fault.times != Some(0));
            let body = if struck {
                Bytes::from(json.to_string())
            } else {
                body
            };
            Response::from_parts(parts, body)
        })
    }
}

fn strike(fault: &mut Fault) {
    if let Some(times) = &mut fault.times {
        *times = times.saturating_sub(1);
    }
}

impl Effect {
    fn replaces(&self) -> bool {
        matches!(
            self,
            Effect::Status { .. } | Effect::Reset | Effect::InvalidJson | Effect::Html { .. }
        )
    }

    fn instead(&self, plain: impl Fn(StatusCode) -> Response<Bytes>) -> Option<Instead> {
        let code =
            |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let page = |status: StatusCode, kind: &'static str, body: Bytes| {
            let mut response = Response::new(body);
            *response.status_mut() = status;
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            response
        };
        match self {
            Effect::Status {
                status,
                retry_after,
                body,
            } => {
                let mut response = plain(code(*status));
                if let Some(body) = body {
                    *response.body_mut() = Bytes::from(body.clone());
                }
                if let Some(value) = retry_after {
                    answer::set(&mut response, "retry-after", value);
                }
                Some(Instead::Answer(response))
            }
            Effect::Reset => Some(Instead::Drop),
            Effect::InvalidJson => Some(Instead::Answer(page(
                StatusCode::OK,
                "application/json; charset=utf-8",
                Bytes::from_static(b"{\"value\":[{\"id\":\"https://"),
            ))),
            Effect::Html { status } => Some(Instead::Answer(page(
                code(*status),
                "text/html",
                Bytes::from_static(
                    b"<html><head><title>Gateway</title></head><body><h1>The page cannot be displayed</h1></body></html>",
                ),
            ))),
            Effect::NextLinkHost { .. }
            | Effect::RepeatNextLink
            | Effect::CorruptCertificate { .. } => None,
        }
    }

    /// Changes the answer; false where there was nothing to change.
    fn rewrite(&self, asked: &Asked<'_>, json: &mut Value) -> bool {
        match self {
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
            Effect::RepeatNextLink => {
                let Some(link) = json.get_mut("nextLink") else {
                    return false;
                };
                *link = Value::String(format!(
                    "https://{}:443{}",
                    asked.host, asked.path_and_query
                ));
                true
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
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(path: &'static str) -> Asked<'static> {
        Asked {
            method: "GET",
            host: "kv-one.vault.azure.net",
            path,
            path_and_query: path,
        }
    }

    fn plain(status: StatusCode) -> Response<Bytes> {
        answer::error(status, "Code", "text")
    }

    #[test]
    fn a_fault_strikes_as_often_as_it_says_and_then_is_gone() {
        let faults = Faults::new(vec![Fault::status(503).path("/certificates/a").times(2)]);
        assert!(faults.instead(&asked("/certificates/b"), plain).is_none());
        assert!(faults.instead(&asked("/certificates/a"), plain).is_some());
        assert!(faults.instead(&asked("/certificates/a"), plain).is_some());
        assert!(faults.instead(&asked("/certificates/a"), plain).is_none());
    }

    #[test]
    fn every_part_of_when_must_match() {
        let rule = Fault::status(500)
            .method("GET")
            .host("vault.azure.net")
            .path("/c")
            .when;
        assert!(rule.matches(&asked("/certificates")));
        for other in [
            Fault::status(500).method("POST"),
            Fault::status(500).host("vault.azure.cn"),
            Fault::status(500).path("/secrets"),
        ] {
            assert!(!other.when.matches(&asked("/certificates")), "{other:?}");
        }
    }

    #[test]
    fn a_status_carries_its_retry_after_in_any_spelling() {
        let faults = Faults::new(vec![
            Fault::status(429).retry_after("Wed, 21 Oct 2026 07:28:00 GMT"),
        ]);
        let Some(Instead::Answer(response)) = faults.instead(&asked("/"), plain) else {
            panic!("an answer was expected");
        };
        assert_eq!(response.status(), 429);
        assert_eq!(
            response.headers().get("retry-after").unwrap(),
            "Wed, 21 Oct 2026 07:28:00 GMT"
        );
    }

    #[test]
    fn next_links_are_led_astray_only_where_there_is_one() {
        let effect = Effect::NextLinkHost {
            host: "evil.example".into(),
        };
        let mut page =
            json!({"nextLink": "https://kv-one.vault.azure.net:443/certificates?a=1&$skiptoken=x"});
        assert!(effect.rewrite(&asked("/certificates"), &mut page));
        assert_eq!(
            page["nextLink"],
            "https://evil.example:443/certificates?a=1&$skiptoken=x"
        );
        let mut last = json!({"nextLink": null});
        assert!(!effect.rewrite(&asked("/certificates"), &mut last));
    }

    #[test]
    fn only_the_named_certificate_is_corrupted() {
        let effect = Effect::CorruptCertificate { name: "a".into() };
        let mut body = json!({"cer": "AAAA"});
        assert!(!effect.rewrite(&asked("/certificates/b"), &mut body));
        assert_eq!(body["cer"], "AAAA");
        assert!(effect.rewrite(&asked("/certificates/a/"), &mut body));
        assert_ne!(body["cer"], "AAAA");
    }
}
