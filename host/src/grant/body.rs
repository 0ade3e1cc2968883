//! What the body of a request may be. Bodies are parsed, never searched: what has two
//! readings fits no rule.
//!
//! It must not know which service reads them.

use super::rule::{Fill, Pair, pairs_fit};
use http::HeaderValue;
use job_scope::{BodyTemplate, FreeMember};
use serde_json::{Number, Value};
use std::fmt;

/// The body part of a rule.
#[derive(Clone, PartialEq)]
pub(super) enum BodyRule {
    Empty,
    Form(Vec<Pair>),
    Json { value: Value, free: Vec<FreeMember> },
    Bounded { content_type: String, bytes: usize },
}

impl BodyRule {
    pub(super) fn expand(template: &BodyTemplate, fill: &Fill<'_>) -> Result<Self, String> {
        Ok(match template {
            BodyTemplate::None => Self::Empty,
            BodyTemplate::Form(pairs) => Self::Form(fill.pairs(pairs)?),
            BodyTemplate::Json(json) => Self::Json {
                value: filled(&json.value, fill)?,
                free: json.free.clone(),
            },
            BodyTemplate::Bounded(bounded) => Self::Bounded {
                content_type: bounded.content_type.to_string(),
                bytes: bounded.max_bytes,
            },
        })
    }

    /// The fields of a form.
    pub(super) fn form(&self) -> &[Pair] {
        match self {
            Self::Form(pairs) => pairs,
            _ => &[],
        }
    }

    /// The only value that a field of a form may have.
    pub(super) fn fixed(&self, name: &str) -> Option<&str> {
        match self {
            Self::Form(pairs) => pairs.iter().find_map(|pair| pair.fixed(name)),
            _ => None,
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Form(pairs) => {
                let pairs: Vec<String> = pairs.iter().map(Pair::shown).collect();
                format!("form {}", pairs.join("&"))
            }
            Self::Json { value, free } => {
                let free: Vec<String> = free.iter().map(shown_member).collect();
                let value = without_tags(value.clone());
                match free.as_slice() {
                    [] => format!("JSON {value}"),
                    free => format!("JSON {value} and {}", free.join(", ")),
                }
            }
            Self::Bounded {
                content_type,
                bytes,
            } => format!("{content_type} of at most {bytes} bytes"),
        }
    }

    /// Whether a body fits; otherwise what is wrong with it.
    pub(super) fn fits(
        &self,
        content_type: Option<&HeaderValue>,
        body: &[u8],
    ) -> Result<(), &'static str> {
        match self {
            Self::Empty if body.is_empty() => Ok(()),
            Self::Empty => Err("there should be none"),
            Self::Form(pairs) => {
                is_type(
                    content_type,
                    "application/x-www-form-urlencoded",
                    Parameters::Utf8,
                )?;
                let given: Vec<(String, String)> =
                    form_urlencoded::parse(body).into_owned().collect();
                pairs_fit(pairs, &given)
                    .map_err(|_| "a form field is unknown, twice, missing or wrong")
            }
            Self::Json { value, free } => {
                is_type(content_type, "application/json", Parameters::Utf8)?;
                let mut given = strict_json(body)?;
                for member in free {
                    take(&mut given, member)?;
                }
                if same(&given, value) {
                    Ok(())
                } else {
                    Err("the JSON has another value")
                }
            }
            Self::Bounded {
                content_type: wanted,
                bytes,
            } => {
                is_type(content_type, wanted, Parameters::Any)?;
                if body.len() <= *bytes {
                    Ok(())
                } else {
                    Err("it is too long")
                }
            }
        }
    }
}

/// A member that stays open, with what it may be where that is said.
fn shown_member(member: &FreeMember) -> String {
    let pointer = &member.pointer;
    match member.among.as_slice() {
        [] => pointer.to_string(),
        among => format!("{pointer} among {}", among.join(" ")),
    }
}

/// As it is shown: the values of tags are nobody's to read.
impl fmt::Debug for BodyRule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.shown())
    }
}

/// The member of a body whose values are never printed.
const TAGS: &str = "tags";

/// A body for people: of its tags only the names.
fn without_tags(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::Object(tags) if name == TAGS => {
                        tags.values_mut().for_each(|tag| *tag = "*".into());
                    }
                    other => *other = without_tags(other.take()),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_tags(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

/// Whether two bodies say the same: members in any order, numbers as numbers, so that 30 and
/// 30.0 are one.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let in_other = |(name, value): (&String, &Value)| {
                other.get(name).is_some_and(|other| same(value, other))
            };
            one.len() == other.len() && one.iter().all(in_other)
        }
        (one, other) => one == other,
    }
}

/// Whole numbers one by one: as floating-point numbers, two of them can be one.
fn same_number(one: &Number, other: &Number) -> bool {
    /// From here on a floating-point number stands for several whole ones.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |number: &Number| {
        let signed = number.as_i64().map(i128::from);
        signed.or_else(|| number.as_u64().map(i128::from))
    };
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.as_f64() == other.as_f64(),
        _ => one.as_f64() == other.as_f64() && one.as_f64().is_some_and(|one| one.abs() < EXACT),
    }
}

/// What a content type says beside the type itself.
#[derive(Clone, Copy)]
enum Parameters {
    /// Nothing, or that it is in UTF-8: it was read as that.
    Utf8,
    /// Whatever it likes: nobody read it.
    Any,
}

/// RFC 9110 section 8.3.1.
fn is_type(
    given: Option<&HeaderValue>,
    wanted: &str,
    parameters: Parameters,
) -> Result<(), &'static str> {
    let text = given.and_then(|value| value.to_str().ok());
    let fits = text.is_some_and(|text| {
        let (essence, rest) = match text.split_once(';') {
            Some((essence, rest)) => (essence, Some(rest)),
            None => (text, None),
        };
        essence.trim().eq_ignore_ascii_case(wanted)
            && match parameters {
                Parameters::Utf8 => rest.is_none_or(is_utf8),
                Parameters::Any => true,
            }
    });
    match fits {
        true => Ok(()),
        false => Err("its content type is another one"),
    }
}

fn is_utf8(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("charset")
            && ["utf-8", "\"utf-8\""]
                .iter()
                .any(|one| value.trim().eq_ignore_ascii_case(one))
    })
}

fn filled(template: &Value, fill: &Fill<'_>) -> Result<Value, String> {
    Ok(match template {
        Value::String(text) => Value::String(fill.text(text)?),
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| filled(item, fill))
                .collect::<Result<_, _>>()?,
        ),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| Ok((name.clone(), filled(value, fill)?)))
                .collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

/// Takes a free member out of a body, so that the rest can be compared.
fn take(body: &mut Value, member: &FreeMember) -> Result<(), &'static str> {
    let (parents, name) = pointed(&member.pointer).ok_or("the rule's pointer is none")?;
    let mut parents = parents.iter();
    let parent = parents.try_fold(body, |parent, name| parent.as_object_mut()?.get_mut(name));
    let taken = parent
        .and_then(Value::as_object_mut)
        .and_then(|parent| parent.remove(&name));
    match taken {
        Some(value) if value.to_string().len() > member.max_bytes => Err("a member is too long"),
        Some(value) if member.fits(&value) => Ok(()),
        Some(_) => Err("a member is not what it may hold"),
        None if member.optional => Ok(()),
        None => Err("a member is missing"),
    }
}

/// The names that a pointer leads through, and the one that it leads to.
fn pointed(pointer: &str) -> Option<(Vec<String>, String)> {
    // RFC 6901 section 4: an escaped slash first, or `~01` would become one.
    let unescaped = |name: &str| name.replace("~1", "/").replace("~0", "~");
    let names = pointer.strip_prefix('/')?.split('/').map(unescaped);
    let mut names: Vec<String> = names.collect();
    let last = names.pop()?;
    Some((names, last))
}

/// Whether free members, as somebody wrote them, can be taken out of a body that is then the fixed
/// value; otherwise a problem and its remedy.
pub(super) fn free_members(
    value: &Value,
    free: &[FreeMember],
) -> Result<(), (String, &'static str)> {
    for (place, member) in free.iter().enumerate() {
        let pointer = &member.pointer;
        let Some((parents, name)) = pointed(pointer) else {
            return Err((
                format!("the pointer {pointer:?} does not begin with a slash"),
                "write /name, or /parent/name",
            ));
        };
        let mut parents = parents.iter();
        let parent = parents.try_fold(value, |parent, name| parent.as_object()?.get(name));
        let Some(parent) = parent.and_then(Value::as_object) else {
            return Err((
                format!("`value` has no object for {pointer} to be in"),
                "write its parents into `value`, as objects",
            ));
        };
        let twice = free
            .iter()
            .take(place)
            .any(|other| other.pointer == *pointer);
        if twice || parent.contains_key(&name) {
            return Err((
                format!("{pointer} is there twice, and is taken out of a body once"),
                "leave one of them out, of `value` or of `free`",
            ));
        }
        let holds = |text: &str| {
            let one = Value::from(text);
            let fits =
                |value: &Value| member.fits(value) && value.to_string().len() <= member.max_bytes;
            fits(&one) || fits(&Value::Array(vec![one.clone()]))
        };
        if let Some(text) = member.among.iter().find(|text| !holds(text)) {
            return Err((
                format!("{pointer} may not hold {text:?}, which is among its texts"),
                "correct its `type`, its `max-bytes` or the text",
            ));
        }
    }
    Ok(())
}

/// Whether a content type, as somebody wrote it, is what one is compared with.
pub(super) fn content_type(text: &str) -> Result<(), (String, &'static str)> {
    let is_token = |part: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+*'`|~%".contains(&byte);
        !part.is_empty() && part.bytes().all(fits)
    };
    match text.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => Ok(()),
        _ => Err((
            format!("{text:?} is no content type without parameters"),
            "write the type alone, such as application/json",
        )),
    }
}

/// Parses JSON in which no member comes twice: readers differ on which one counts.
fn strict_json(body: &[u8]) -> Result<Value, &'static str> {
    serde_json::from_slice::<Unique>(body)
        .map(|unique| unique.0)
        .map_err(|_| "it is not JSON, or a member comes twice")
}

struct Unique(Value);

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Unique)
    }
}

struct UniqueVisitor;

impl<'de> serde::de::Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element::<Unique>()? {
            items.push(item.0);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = serde_json::Map::new();
        while let Some((name, value)) = map.next_entry::<String, Unique>()? {
            if members.insert(name, value.0).is_some() {
                return Err(serde::de::Error::custom("a member comes twice"));
            }
        }
        Ok(Value::Object(members))
    }
}
