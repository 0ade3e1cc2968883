//! A token answer on its way back, as a service or somebody in between sends it.

use extension_host::veil::{Kind, Veil};
use serde_json::{Map, Value};

const SECRET: &str = "sp-secret~1-and-more";

/// Members that an extension gets.
const KNOWN: [&str; 15] = [
    "access_token",
    "token_type",
    "resource",
    "error",
    "error_description",
    "error_uri",
    "error_codes",
    "timestamp",
    "trace_id",
    "correlation_id",
    "expires_in",
    "ext_expires_in",
    "refresh_in",
    "expires_on",
    "not_before",
];

/// Shorter tokens may stand in any text.
const TELLING: usize = 8;

/// What an extension gets of an answer is a JSON object of known members; its token is a
/// placeholder, and no text in it says the secret or the real token.
pub(crate) fn holds(data: &[u8]) {
    let veil = Veil::new();
    assert!(veil.cover(Kind::Secret, SECRET).is_ok());
    let Ok(rebuilt) = veil.rebuild(data, "stores") else {
        return;
    };
    let parsed = |json: &[u8]| serde_json::from_slice::<Map<String, Value>>(json).ok();
    let (given, got) = (parsed(data), parsed(&rebuilt));
    assert!(got.is_some(), "what is passed on is no JSON object");
    let (given, got) = (given.unwrap_or_default(), got.unwrap_or_default());
    let token = |of: &Map<String, Value>| Some(of.get("access_token")?.as_str()?.to_owned());
    let real = token(&given);
    assert_eq!(real.is_some(), token(&got).is_some());
    if let (Some(real), Some(placeholder)) = (&real, token(&got)) {
        assert_ne!(*real, placeholder);
        assert_eq!(placeholder.len(), 43, "{placeholder}");
    }
    let real = real.filter(|real| real.len() >= TELLING);
    for (name, value) in &got {
        assert!(KNOWN.contains(&name.as_str()), "{name}");
        let mut said = Vec::new();
        texts(value, &mut said);
        for text in said {
            assert!(!text.contains(SECRET), "{name}");
            assert!(
                !real.as_ref().is_some_and(|real| text.contains(real)),
                "{name}"
            );
        }
    }
}

fn texts<'v>(value: &'v Value, said: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => said.push(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, said)),
        Value::Object(members) => members.values().for_each(|value| texts(value, said)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
