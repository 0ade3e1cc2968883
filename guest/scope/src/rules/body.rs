//! What the body of a request may be.
//!
//! Must not know: how bodies are read, buffered or compared.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pair::{PairTemplate, each_name_once};
use crate::names::is_guid;
use crate::vault::is_region_name;

/// What the body of a request may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BodyTemplate {
    /// No body, or an empty one.
    #[default]
    None,
    /// `application/x-www-form-urlencoded` (WHATWG URL section 5) of exactly these pairs, none
    /// twice, in any order.
    Form(#[serde(deserialize_with = "each_name_once")] Vec<PairTemplate>),
    /// `application/json` of one shape.
    Json(JsonTemplate),
    /// Anything of a size and content type: its contents cannot be known before.
    Bounded(BoundedBody),
}

impl BodyTemplate {
    /// Whether no body is allowed.
    pub fn is_none(&self) -> bool {
        *self == BodyTemplate::None
    }
}

/// A JSON body: equal to `value`, once the free members are taken out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct JsonTemplate {
    /// The fixed part. Texts in it (not the names of members) may hold `{variable}`. Numbers are
    /// compared as numbers, members in any order; a member that comes twice is a mismatch.
    pub value: Value,
    /// The members that vary. They are not part of `value`; their parents are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free: Vec<FreeMember>,
}

/// A member of a JSON body that may hold any value of a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FreeMember {
    /// Where it is: a JSON pointer (RFC 6901) through objects only, `/options/$skipToken`.
    pub pointer: Cow<'static, str>,
    /// The most bytes of its JSON text without spaces.
    pub max_bytes: usize,
    /// What it may hold.
    #[serde(
        rename = "type",
        default,
        skip_serializing_if = "MemberType::is_default"
    )]
    pub holds: MemberType,
    /// The texts that it, or each member of its list, may be, compared exactly; empty for any. An
    /// empty list is none of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub among: Vec<Cow<'static, str>>,
    /// Whether it may be missing.
    #[serde(default)]
    pub optional: bool,
}

impl FreeMember {
    /// Whether a value is what the member may hold.
    pub fn fits(&self, value: &Value) -> bool {
        let is_among = |value: &Value| {
            let text = value.as_str();
            self.among.iter().any(|one| Some(&**one) == text)
        };
        self.holds.matches(value)
            && (self.among.is_empty()
                || match value {
                    Value::Array(values) => !values.is_empty() && values.iter().all(is_among),
                    value => is_among(value),
                })
    }
}

/// What a free member may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberType {
    /// Any JSON value; what a rule that names no type means.
    #[default]
    Any,
    /// Any text.
    Text,
    /// The text of a GUID: 8, 4, 4, 4 and 12 hex digits with hyphens between.
    Guid,
    /// A list of such texts, at least one: to a service, none of them may mean all of them.
    Guids,
    /// The name of an Azure region: 1 to 40 lower-case ASCII letters and digits.
    Region,
}

impl MemberType {
    /// Whether a value is of this type.
    pub fn matches(self, value: &Value) -> bool {
        match self {
            MemberType::Any => true,
            MemberType::Text => value.is_string(),
            MemberType::Guid => value.as_str().is_some_and(is_guid),
            MemberType::Guids => value.as_array().is_some_and(|values| {
                let mut guids = values.iter().map(Value::as_str);
                !values.is_empty() && guids.all(|text| text.is_some_and(is_guid))
            }),
            MemberType::Region => value.as_str().is_some_and(is_region_name),
        }
    }

    fn is_default(&self) -> bool {
        *self == MemberType::default()
    }
}

/// A body of which only the size and the content type are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BoundedBody {
    /// The content type without parameters, compared ignoring case.
    pub content_type: Cow<'static, str>,
    /// The most bytes.
    pub max_bytes: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_free_member_holds_values_of_its_type_alone() {
        let guid = "22222222-2222-4222-8222-222222222222";
        for (holds, value, fits) in [
            (MemberType::Any, json!({"a": [1]}), true),
            (MemberType::Text, json!("{}"), true),
            (MemberType::Text, json!(["a"]), false),
            (MemberType::Guid, json!(guid), true),
            (MemberType::Guid, json!(guid.to_uppercase()), true),
            (MemberType::Guid, json!({ "id": guid }), false),
            (MemberType::Guid, json!([guid]), false),
            (MemberType::Guid, json!(format!("{guid} ")), false),
            (MemberType::Guid, json!("contoso.example"), false),
            (MemberType::Guid, Value::Null, false),
            (MemberType::Guids, json!([guid, guid]), true),
            (MemberType::Guids, json!([]), false),
            (MemberType::Guids, json!([guid, 1]), false),
            (MemberType::Guids, json!(guid), false),
            (MemberType::Region, json!("westus2"), true),
            (MemberType::Region, json!("West US"), false),
            (MemberType::Region, json!(""), false),
            (MemberType::Region, json!("a".repeat(41)), false),
            (MemberType::Region, json!(["westus2"]), false),
        ] {
            assert_eq!(holds.matches(&value), fits, "{holds:?} {value}");
        }
    }

    #[test]
    fn a_member_of_some_texts_holds_no_others() {
        let member = FreeMember {
            pointer: "/a".into(),
            max_bytes: 100,
            holds: MemberType::Any,
            among: vec!["one".into(), "two".into()],
            optional: false,
        };
        for (value, fits) in [
            (json!("one"), true),
            (json!(["one", "two", "one"]), true),
            (json!([]), false),
            (json!("One"), false),
            (json!(["one", "three"]), false),
            (json!([["one"]]), false),
            (json!({ "one": "one" }), false),
            (Value::Null, false),
        ] {
            assert_eq!(member.fits(&value), fits, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_type_panic(text: String) {
            for holds in [MemberType::Guid, MemberType::Guids, MemberType::Region] {
                let _ = holds.matches(&json!([text]));
                let _ = holds.matches(&json!(text));
            }
        }
    }
}
