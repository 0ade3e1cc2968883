//! The tags that a job gives a certificate: one text, read by one reader.
//!
//! It must not know a vault, nor which tags are there already.
//!
//! What is read is JSON (RFC 8259) with one member per tag, or the same with single quotes,
//! as the store type's own help has always shown it:
//!
//! | text | comes to |
//! |---|---|
//! | `{"env": "prod"}`, `{'env': 'prod'}`, any escapes | one tag |
//! | `{"n": 1.50, "on": true}` | the texts `1.50` and `true`, as they are written |
//! | `{}` | none |
//! | `{"a": "1", "a": "2"}` | the last one, as everywhere |
//! | `{"a": null}`, `{"a": {}}`, `{"a": []}` | refused: a tag is a text |
//! | `null`, `[]`, `"a"`, `env=prod` | refused: not an object |
//!
//! Names are told apart by case, as the service keeps them. No message repeats a value.

mod reader;

use std::collections::BTreeMap;

use reader::Scalar;

use crate::text::excerpt;

/// Most tags of a certificate (Microsoft Learn, "Azure Key Vault certificates: tags").
pub const MOST: usize = 15;

/// Most characters of a name, and of a value. The documentation of keys says 256, that of
/// secrets 512, and a certificate is both.
pub const LONGEST: usize = 256;

/// Characters of a name that a message shows.
const SHOWN: usize = 60;

/// Tags by name. No `Debug`: people put into values what should not be there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

/// Why a text is not a list of tags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagsError {
    /// It does not begin like an object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// It breaks the rules of JSON.
    #[error("it is not JSON from its character {0} on")]
    Malformed(usize),
    /// A value that is an object or a list.
    #[error("the value of \"{0}\" is not a text")]
    Nested(String),
    /// A value that is `null`.
    #[error("the value of \"{0}\" is null")]
    Null(String),
    /// An empty name.
    #[error("a tag has no name")]
    NoName,
    /// A name that is too long.
    #[error("the name \"{0}\" has more than {LONGEST} characters")]
    LongName(String),
    /// A value that is too long.
    #[error("the value of \"{0}\" has more than {LONGEST} characters")]
    LongValue(String),
    /// Too many.
    #[error("there are {0} tags, and a certificate has {MOST} at most")]
    TooMany(usize),
}

impl Tags {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Tags, TagsError> {
        // Of a name that comes twice, JSON's readers take the last; what it hides is not looked at.
        let members: BTreeMap<String, Scalar> = reader::members(text)?.into_iter().collect();
        let mut tags = BTreeMap::new();
        for (name, value) in members {
            let shown = || excerpt(&name, SHOWN);
            let value = match value {
                Scalar::Text(value) => value,
                Scalar::Null => return Err(TagsError::Null(shown())),
            };
            if name.is_empty() {
                return Err(TagsError::NoName);
            }
            if length(&name) > LONGEST {
                return Err(TagsError::LongName(shown()));
            }
            if length(&value) > LONGEST {
                return Err(TagsError::LongValue(shown()));
            }
            tags.insert(name, value);
        }
        match tags.len() {
            many if many > MOST => Err(TagsError::TooMany(many)),
            _ => Ok(Tags(tags)),
        }
    }

    /// These tags and those of `existing` whose names are not among them.
    #[must_use]
    pub fn over(&self, existing: &BTreeMap<String, String>) -> Tags {
        let mut all = existing.clone();
        all.extend(self.0.clone());
        Tags(all)
    }

    /// Whether every one of these tags is among `existing`.
    pub fn are_among(&self, existing: &BTreeMap<String, String>) -> bool {
        let is_there = |(name, value): (&String, &String)| existing.get(name) == Some(value);
        self.0.iter().all(is_there)
    }

    /// By name.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// In the units that the service counts, which is written in C#.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests;
