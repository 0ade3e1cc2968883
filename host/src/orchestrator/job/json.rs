//! JSON of a job as it is read: wiped when it is dropped, for jobs carry secrets, and with every
//! member of an object, also where two have the same name. A [`Map`] by itself keeps the last of
//! the two without a word, and a guard that was written first would be off.
//!
//! It must not know any field in particular. No value is ever repeated.

use secrecy::zeroize::Zeroize;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// What is added to the name of a second member of one object: an invisible mark, so that it is
/// another spelling of the same name, and is refused as every other one is.
const AGAIN: char = '\u{200b}';

/// A JSON value, wiped when it is dropped.
pub(super) struct Json(Value);

/// A JSON object, wiped when it is dropped.
pub(super) struct Object(pub(super) Map<String, Value>);

impl Json {
    /// The value, for somebody else to wipe.
    pub(super) fn into_value(mut self) -> Value {
        self.0.take()
    }
}

/// Whether two members of an object had the same name when it was read.
pub(super) fn repeats(object: &Map<String, Value>) -> bool {
    let first = |name: &String| {
        name.strip_suffix(AGAIN)
            .map(|name| object.contains_key(name))
    };
    object.keys().any(|name| first(name) == Some(true))
}

/// Keeps a member, of those of one name the first two.
fn keep(Object(members): &mut Object, name: String, value: Json) {
    if !members.contains_key(&name) {
        members.insert(name, value.into_value());
        return;
    }
    let name = name + AGAIN.encode_utf8(&mut [0; 4]);
    if !members.contains_key(&name) {
        members.insert(name, value.into_value());
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
        let mut object = Object(Map::new());
        while let Some((name, value)) = members.next_entry()? {
            keep(&mut object, name, value);
        }
        Ok(object)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        // Each is wiped by itself where the text breaks after it.
        while let Some(item) = items.next_element::<Json>()? {
            read.push(item);
        }
        Ok(read.into_iter().map(Json::into_value).collect())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        let mut object = ObjectVisitor.visit_map(members)?;
        Ok(Value::Object(std::mem::take(&mut object.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wiped::watched::{PATTERN, left_behind};
    use serde_json::json;

    #[test]
    fn json_without_repeated_names_is_what_it_is_elsewhere() {
        let given = json!({
            "a": [null, true, -7, u64::MAX, 1.5, "t\u{e9}\n\"x", {"b": {}, "c": []}],
            "": {"A": "a", "a": "A"},
        });
        let read: Json = serde_json::from_str(&given.to_string()).unwrap();
        assert_eq!(read.into_value(), given);
        for wrong in ["[]", "7", "null", "\"{}\"", "{\"a\":1} {}", "{\"a\":1"] {
            assert!(serde_json::from_str::<Object>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_member_that_is_there_twice_stays_there_twice() {
        for (text, twice) in [
            (r#"{"a":1,"a":1}"#, true),
            (r#"{"a":1,"\u0061":2,"a":3,"a":4}"#, true),
            (r#"{"a":1,"b":2,"A":3}"#, false),
            (r#"{"a":{"b":1},"b":1}"#, false),
            ("{\"a\u{200b}\":1}", false),
        ] {
            let object: Object = serde_json::from_str(text).unwrap();
            assert_eq!(repeats(&object.0), twice, "{text}");
            assert!(object.0.len() <= 3);
        }
    }

    #[test]
    fn no_value_is_left_in_freed_memory_whether_it_is_kept_or_not() {
        let secret = std::str::from_utf8(PATTERN).unwrap();
        for text in [
            format!("{{\"a\":\"{secret}\",\"a\":\"{secret}\",\"a\":[\"{secret}\"]}}"),
            format!("{{\"a\":[\"{secret}\",{{\"b\":\"{secret}\"}},"),
            format!("{{\"a\":\"{secret}\",\"a\""),
        ] {
            let work = || drop(serde_json::from_str::<Object>(&text));
            assert_eq!(left_behind(work), 0, "{text}");
        }
    }
}
