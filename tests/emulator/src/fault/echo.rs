//! Answers that repeat what a server should keep to itself, in every place that a client may show.
//!
//! Must not know what the texts are.

use bytes::Bytes;
use http::{HeaderValue, Response};
use serde_json::{Value, json};

use crate::answer;

/// As many codes of details as a client may look at, and more.
const DETAILS: usize = 12;

/// Turns an error of a service into one that says these texts.
pub(super) fn error(mut response: Response<Bytes>, said: &[String]) -> Response<Bytes> {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let all = said.join(" ");
    let one = |place: usize| {
        said.get(place % said.len().max(1))
            .map_or("", String::as_str)
    };
    let body = if body.get("error").is_some_and(Value::is_string) {
        json!({
            "error": one(0),
            "error_description": format!("{all} Trace ID: {}", one(1)),
            "error_codes": [7_000_215],
            "trace_id": one(2),
            "correlation_id": one(3),
        })
    } else {
        // A denial by a policy names the policy.
        let denial = json!({"code": "RequestDisallowedByPolicy", "message": all});
        let details: Vec<Value> = std::iter::once(denial)
            .chain((0..DETAILS).map(|place| json!({"code": one(place), "message": one(place)})))
            .collect();
        json!({"error": {
            "code": one(0),
            "message": format!(
                "{all}\r\nAction: 'Microsoft.{}'\r\nPolicy identifiers: '[{{\"policyDefinition\":{{\"name\":{}}}}}]'",
                one(1),
                json!(one(2)),
            ),
            "innererror": {"code": one(3), "message": all},
            "details": details,
            "additionalInfo": [{"type": "PolicyViolation", "info": {
                "policyDefinitionDisplayName": one(4),
                "policyAssignmentName": one(5),
            }}],
        }})
    };
    *response.body_mut() = Bytes::from(body.to_string());
    let challenge = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{}\", claims=\"{}\"",
        one(6),
        one(7)
    );
    for (name, value) in [
        ("x-ms-request-id", one(8)),
        ("www-authenticate", &challenge),
        ("retry-after", one(9)),
    ] {
        if HeaderValue::from_str(value).is_ok() {
            answer::set(&mut response, name, value);
        }
    }
    response
}

/// Puts a text in the place of another one; false where there is none.
pub(super) fn inside(json: &mut Value, at: usize, said: &str) -> bool {
    let mut texts = Vec::new();
    collect(json, &mut texts);
    let count = texts.len();
    match texts.into_iter().nth(at % count.max(1)) {
        Some(text) => {
            *text = said.to_owned();
            true
        }
        None => false,
    }
}

fn collect<'a>(json: &'a mut Value, texts: &mut Vec<&'a mut String>) {
    match json {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter_mut().for_each(|item| collect(item, texts)),
        Value::Object(members) => members
            .iter_mut()
            .filter(|(name, _)| *name != "tags")
            .for_each(|(_, value)| collect(value, texts)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> Vec<String> {
        ["planted", "two words"].map(str::to_owned).into()
    }

    fn echo(body: &Value) -> (Value, Response<Bytes>) {
        let response = error(Response::new(Bytes::from(body.to_string())), &said());
        (serde_json::from_slice(response.body()).unwrap(), response)
    }

    #[test]
    fn an_error_keeps_its_services_shape_and_says_all_texts() {
        let (body, response) = echo(&json!({"error": {"code": "Forbidden"}}));
        assert_eq!(body["error"]["code"], "planted");
        assert_eq!(body["error"]["innererror"]["code"], "two words");
        assert_eq!(response.headers()["x-ms-request-id"], "planted");
        let (body, _) = echo(&json!({"error": "invalid_client"}));
        assert_eq!(body["error"], "planted");
        for body in [body.to_string(), echo(&json!({})).0.to_string()] {
            assert!(said().iter().all(|text| body.contains(text)), "{body}");
        }
    }

    #[test]
    fn one_text_of_an_answer_is_replaced_and_no_tag() {
        for (at, wanted) in [
            (
                0,
                json!({"a": "x", "b": ["2", {"c": "3"}], "tags": {"t": "4"}, "n": 1}),
            ),
            (
                2,
                json!({"a": "1", "b": ["2", {"c": "x"}], "tags": {"t": "4"}, "n": 1}),
            ),
            (
                4,
                json!({"a": "1", "b": ["x", {"c": "3"}], "tags": {"t": "4"}, "n": 1}),
            ),
        ] {
            let mut json = json!({"a": "1", "b": ["2", {"c": "3"}], "tags": {"t": "4"}, "n": 1});
            assert!(inside(&mut json, at, "x"));
            assert_eq!(json, wanted);
        }
        assert!(!inside(&mut json!({"tags": {"t": "4"}, "n": 1}), 0, "x"));
    }
}
