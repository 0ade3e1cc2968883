//! The entry parameters of the store type, which only an Add reads.
//!
//! It must not know what they mean. Their values may be tags, so they are never printed.

use super::fields::{flag, object, said};
use job_scope::FieldError;
use secrecy::SecretString;
use serde_json::{Map, Value};

/// What the value of an entry parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A text.
    Text,
    /// A boolean, as such or as text in any case.
    Flag,
}

/// The names by which the platform and the extension know the entry parameters.
pub const ENTRY_PARAMETERS: [(&str, EntryKind); 3] = [
    ("CertificateTags", EntryKind::Text),
    ("PreserveExistingTags", EntryKind::Flag),
    ("NonExportable", EntryKind::Flag),
];

/// The parameters that are set, as text. No `JobProperties`, no such member, `null` and blank
/// are all "not set"; what the store type does not name is not passed on.
pub(super) fn parameters(
    job: &Map<String, Value>,
) -> Result<Vec<(&'static str, SecretString)>, FieldError> {
    let Some(given) = object(job, "JobProperties")? else {
        return Ok(Vec::new());
    };
    let mut set = Vec::new();
    for (name, kind) in ENTRY_PARAMETERS {
        let value = match kind {
            EntryKind::Text => said(given, name, name)?.map(str::to_owned),
            EntryKind::Flag => flag(given, name, name)?.map(|flag| flag.to_string()),
        };
        set.extend(value.map(|value| (name, SecretString::from(value))));
    }
    Ok(set)
}
