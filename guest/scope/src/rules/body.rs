//! What the body of a request may be.
//!
//! Must not know: how bodies are read, buffered or compared.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pair::{PairTemplate, each_name_once};

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
    /// The members that may hold anything. They are not part of `value`; their parents are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub free: Vec<FreeMember>,
}

/// A member of a JSON body that may hold any value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FreeMember {
    /// Where it is: a JSON pointer (RFC 6901) through objects only, `/options/$skipToken`.
    pub pointer: Cow<'static, str>,
    /// The most bytes of its JSON text without spaces.
    pub max_bytes: usize,
    /// Whether it may be missing.
    #[serde(default)]
    pub optional: bool,
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
