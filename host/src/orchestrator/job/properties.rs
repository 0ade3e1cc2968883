//! The store's `Properties`: the fields that the store type names, and the options that may stand
//! beside them. The platform puts copies of the credentials there too; they are passed over while
//! reading, and never kept.
//!
//! It must not know what a field or an option means.

use super::json::{Json, repeats};
use crate::options::Options;
use job_scope::{FieldError, OPTIONS, Properties, STORE_FIELDS, bare, is_spelling_of, option};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

const FIELD: &str = "Properties";
const REMEDY: &str =
    "it must be a JSON object of the store type's fields, or a text that holds one";

/// Options that no store says: of a discovery, of a check, for people only, and the one that has
/// a field of its own.
const OF_NO_STORE: [&str; 4] = [
    option::CLOUD,
    option::PATH_FORMAT,
    option::CHECK_ARM,
    option::VERSIONS,
];

/// The names that are read.
fn names() -> impl Iterator<Item = &'static str> {
    let fields = STORE_FIELDS.iter().map(|field| field.name);
    fields.chain(options())
}

fn options() -> impl Iterator<Item = &'static str> {
    let options = OPTIONS.iter().map(|option| option.name);
    options.filter(|name| !OF_NO_STORE.contains(name))
}

/// The field or option that a member's name is a spelling of.
fn meant(name: &str) -> Option<&'static str> {
    names().find(|known| is_spelling_of(name, known))
}

/// Reads the fields and the options.
pub(super) fn read(json: &Value) -> Result<(Properties, Options), FieldError> {
    let named = match json {
        Value::String(text) if bare(text).is_empty() => Map::new(),
        Value::String(text) => match serde_json::from_str(bare(text)) {
            Ok(Named(members)) => named(members)?,
            Err(error) if error.is_data() => {
                return Err(wrong("is a text that holds no object".to_owned()));
            }
            Err(error) => {
                return Err(wrong(format!(
                    "the text is not JSON (line {}, column {})",
                    error.line(),
                    error.column()
                )));
            }
        },
        Value::Object(object) => {
            let members = object.iter();
            let members = members.filter_map(|(name, value)| Some((meant(name)?, value.clone())));
            named(members.collect())?
        }
        other => return Properties::from_json(other).map(|fields| (fields, Options::default())),
    };
    let options = options()
        .filter_map(|name| Some((name, named.get(name)?)))
        .map(|(name, value)| Ok((name.to_owned(), text(name, value)?)))
        .collect::<Result<Options, FieldError>>()?;
    Ok((Properties::from_json(&Value::Object(named))?, options))
}

/// The members by their own names.
///
/// # Errors
/// One that is there twice, in one spelling or in two: it cannot be told which one was meant.
fn named(members: Vec<(&'static str, Value)>) -> Result<Map<String, Value>, FieldError> {
    let mut named = Map::new();
    for (name, value) in members {
        if named.insert(name.to_owned(), value).is_some() {
            return Err(FieldError::new(
                name,
                "is there more than once in the store's properties",
                "write it once",
            ));
        }
    }
    Ok(named)
}

/// The text of an option: a flag and a number as their words, a table as JSON.
fn text(name: &'static str, value: &Value) -> Result<String, FieldError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Object(table) if repeats(table) => Err(FieldError::new(
            name,
            "has a name more than once in the store's properties",
            "write each name once",
        )),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Ok(value.to_string()),
        Value::Array(_) => Err(FieldError::new(
            name,
            "is an array in the store's properties",
            "it must be a text",
        )),
    }
}

fn wrong(problem: String) -> FieldError {
    FieldError::new(FIELD, problem, REMEDY)
}

/// The members that have a name here, by it.
struct Named(Vec<(&'static str, Value)>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamedVisitor).map(Self)
    }
}

struct NamedVisitor;

impl<'de> Visitor<'de> for NamedVisitor {
    type Value = Vec<(&'static str, Value)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut named = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            match meant(&name) {
                Some(name) => named.push((name, members.next_value::<Json>()?.into_value())),
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_of_a_store_are_read_beside_its_fields_and_are_none_of_them() {
        let given = json!({
            "AzureCloud": "china", "partial": " submit", "full-chain": true,
            "create-retention-days": 30, "create-tags": {"owner": "pki"},
            "create-purge-protection": "", "versions": "all", "cloud": "public",
            "path-format": "short", "check-arm": "false", "attempt": "get", "hsm": "keep",
            "ServerPassword": "sp-secret~1",
        });
        for json in [given.clone(), Value::String(given.to_string())] {
            let (fields, options) = read(&json).unwrap();
            assert_eq!(
                fields.fields().collect::<Vec<_>>(),
                [("AzureCloud", "china")]
            );
            let said: Vec<_> = options.iter().collect();
            assert_eq!(
                said,
                [
                    ("create-retention-days", "30"),
                    ("create-tags", "{\"owner\":\"pki\"}"),
                    ("full-chain", "true"),
                    ("hsm", "keep"),
                    ("partial", " submit"),
                ]
            );
        }
        let error = read(&json!({"partial": ["submit"]})).unwrap_err();
        assert_eq!(error.field(), "partial");
    }

    #[test]
    fn a_guard_in_another_spelling_is_the_guard() {
        for name in [
            "Max-Shrink",
            "MaxShrink",
            "max_shrink",
            " max-shrink\u{200e}",
        ] {
            let given = json!({name: 10, "azureCloud": " china"});
            for json in [given.clone(), Value::String(format!("\u{feff}{given}"))] {
                let (fields, options) = read(&json).unwrap();
                assert_eq!(options.get("max-shrink"), Some("10"), "{json}");
                assert_eq!(fields.get("AzureCloud"), Some("china"), "{json}");
            }
        }
        let twice = json!({"max-shrink": 10, "MaxShrink": 90});
        for json in [twice.clone(), Value::String(twice.to_string())] {
            let error = read(&json).unwrap_err();
            assert_eq!(error.field(), "max-shrink", "{json}");
        }
    }

    #[test]
    fn a_name_twice_is_refused_in_an_object_and_in_a_text() {
        for (text, field) in [
            (r#"{"max-shrink":10,"max-shrink":100}"#, "max-shrink"),
            (r#"{"AzureCloud":"china","AzureCloud":""}"#, "AzureCloud"),
            (r#"{"create-tags":{"o":"1","o":"2"}}"#, "create-tags"),
        ] {
            let object: Json = serde_json::from_str(text).unwrap();
            for json in [object.into_value(), json!(text)] {
                assert_eq!(read(&json).unwrap_err().field(), field, "{json}");
            }
        }
        let of_no_meaning = r#"{"x":1,"x":2,"ServerPassword":"a","ServerPassword":"b"}"#;
        let object: Json = serde_json::from_str(of_no_meaning).unwrap();
        for json in [object.into_value(), json!(of_no_meaning)] {
            assert_eq!(read(&json).unwrap(), Default::default(), "{json}");
        }
    }

    #[test]
    fn a_text_is_read_as_the_object_in_it_is() {
        for nothing in [
            json!(null),
            json!(""),
            json!(" \n"),
            json!("null"),
            json!("{}"),
        ] {
            let (fields, options) = read(&nothing).unwrap();
            assert_eq!(fields, Properties::default(), "{nothing}");
            assert_eq!(options, Options::default(), "{nothing}");
        }
        for wrong in [
            json!("{"),
            json!("\"s3cret\""),
            json!("[\"s3cret\"]"),
            json!("7"),
            json!("true"),
            json!("s3cret"),
            json!("{} {}"),
            json!(7),
            json!(["s3cret"]),
        ] {
            let error = read(&wrong).unwrap_err();
            assert_eq!(error.field(), "Properties", "{wrong}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        let error = read(&json!("{\"AzureCloud\":[1]}")).unwrap_err();
        assert_eq!(error.field(), "AzureCloud");
    }

    #[test]
    fn a_copy_of_the_credentials_is_never_kept() {
        use crate::wiped::watched::{PATTERN, left_behind};
        let secret = std::str::from_utf8(PATTERN).unwrap();
        let text = json!(format!(
            "{{\"ServerPassword\":\"{secret}\",\"AzureCloud\":\"china\"}}"
        ));
        assert_eq!(left_behind(|| drop(read(&text).unwrap())), 0);
    }
}
