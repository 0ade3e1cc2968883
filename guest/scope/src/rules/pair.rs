//! A name and what its value may be: the building block of queries and forms.
//!
//! Must not know: whether it is part of a query or of a form.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

/// The cap of an opaque value for which no other is given, in bytes after decoding. Skip tokens of
/// more than a kilobyte occur.
pub const OPAQUE_LENGTH: usize = 4096;

/// A name and its value in a query or form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct PairTemplate {
    /// The name, decoded, compared exactly.
    pub name: Cow<'static, str>,
    /// What the value may be.
    pub value: ValueTemplate,
    /// Whether the pair may be missing.
    pub optional: bool,
}

/// What a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueTemplate {
    /// Exactly this, after decoding. May hold `{variable}`.
    Fixed(Cow<'static, str>),
    /// Anything up to this many bytes, after decoding.
    Opaque {
        /// The most bytes.
        max_length: usize,
    },
}

impl PairTemplate {
    pub(super) fn fixed(name: &'static str, value: &'static str) -> PairTemplate {
        PairTemplate {
            name: name.into(),
            value: ValueTemplate::Fixed(value.into()),
            optional: false,
        }
    }

    pub(super) fn opaque(name: &'static str, max_length: usize) -> PairTemplate {
        PairTemplate {
            name: name.into(),
            value: ValueTemplate::Opaque { max_length },
            optional: false,
        }
    }

    pub(super) fn optional(self) -> PairTemplate {
        PairTemplate {
            optional: true,
            ..self
        }
    }
}

/// How a pair is written in a policy: either `value`, or `opaque = true` with an optional cap.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    name: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "is_false")]
    opaque: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_length: Option<usize>,
    #[serde(default, skip_serializing_if = "is_false")]
    optional: bool,
}

/// Serde asks with a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_false(value: &bool) -> bool {
    !*value
}

impl TryFrom<Written> for PairTemplate {
    type Error = String;

    fn try_from(written: Written) -> Result<PairTemplate, String> {
        let value = match (written.value, written.opaque, written.max_length) {
            (Some(value), false, None) => ValueTemplate::Fixed(value),
            (None, true, max_length) => ValueTemplate::Opaque {
                max_length: max_length.unwrap_or(OPAQUE_LENGTH),
            },
            _ => {
                return Err(format!(
                    "{:?} needs either a value, or opaque = true (then max-length may be given)",
                    written.name
                ));
            }
        };
        Ok(PairTemplate {
            name: written.name,
            value,
            optional: written.optional,
        })
    }
}

impl From<PairTemplate> for Written {
    fn from(pair: PairTemplate) -> Written {
        let (value, opaque, max_length) = match pair.value {
            ValueTemplate::Fixed(value) => (Some(value), false, None),
            ValueTemplate::Opaque { max_length } => (
                None,
                true,
                (max_length != OPAQUE_LENGTH).then_some(max_length),
            ),
        };
        Written {
            name: pair.name,
            value,
            opaque,
            max_length,
            optional: pair.optional,
        }
    }
}

/// Reads pairs and refuses a name that comes twice: a request may carry it only once, so the
/// second could never be met.
pub(super) fn each_name_once<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Vec<PairTemplate>, D::Error> {
    let pairs = Vec::<PairTemplate>::deserialize(input)?;
    let twice = pairs.iter().enumerate().find(|(place, pair)| {
        pairs
            .iter()
            .take(*place)
            .any(|before| before.name == pair.name)
    });
    match twice {
        Some((_, pair)) => Err(serde::de::Error::custom(format!(
            "{:?} is there twice",
            pair.name
        ))),
        None => Ok(pairs),
    }
}
