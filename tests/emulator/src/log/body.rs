//! What a request's body is made of: the keys of a form, or the paths of what is in its JSON.
//!
//! Must not keep a value. The names of tags are their user's words, and count as values.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Request, header};
use serde_json::Value;

/// Objects whose keys are somebody's words.
const WORDS: &str = "tags";

/// The keys of a request's body, sorted, each once: `client_id` of a form, `policy.key_props.kty` or
/// `x5c[]` of JSON, `tags.*` for any tags. None of a body that is neither.
pub(crate) fn keys(request: &Request<Bytes>) -> Vec<String> {
    let body = request.body();
    if body.is_empty() {
        return Vec::new();
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut found = BTreeSet::new();
    if kind.starts_with("application/x-www-form-urlencoded") {
        found.extend(form_urlencoded::parse(body).map(|(key, _)| key.into_owned()));
    } else if let Ok(json) = serde_json::from_slice::<Value>(body) {
        collect(&json, "", &mut found);
        found.remove("");
    }
    found.into_iter().collect()
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) if path.rsplit('.').next() == Some(WORDS) => {
            let any = if map.is_empty() { "" } else { ".*" };
            found.insert(format!("{path}{any}"));
        }
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                let dot = if path.is_empty() { "" } else { "." };
                collect(inner, &format!("{path}{dot}{key}"), found);
            }
        }
        Value::Array(items) => {
            let path = format!("{path}[]");
            if items.is_empty() {
                found.insert(path);
            } else {
                items.iter().for_each(|item| collect(item, &path, found));
            }
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, body: &'static str) -> Vec<String> {
        let request = Request::post("https://kv-one.vault.azure.net/")
            .header("content-type", kind)
            .body(Bytes::from_static(body.as_bytes()))
            .unwrap();
        keys(&request)
    }

    #[test]
    fn a_body_is_known_by_its_keys_and_never_by_a_value() {
        let form = "application/x-www-form-urlencoded; charset=utf-8";
        let json = "application/json";
        for (kind, body, expected) in [
            (form, "scope=a&client_id=b&scope=c", "client_id scope"),
            (
                json,
                r#"{"value": "secret", "tags": {"owner": "me"}, "policy": {"key_props": {"kty": "EC"}, "x": {}}}"#,
                "policy.key_props.kty policy.x tags.* value",
            ),
            (
                json,
                r#"{"tags": {}, "accessPolicies": [], "x5c": ["a", "b"], "a": [{"b": 1}, {"c": null}]}"#,
                "a[].b a[].c accessPolicies[] tags x5c[]",
            ),
            (json, "no JSON with a secret", ""),
            (json, r#""a secret""#, ""),
            (json, "", ""),
        ] {
            assert_eq!(of(kind, body).join(" "), expected, "{body}");
        }
    }
}
