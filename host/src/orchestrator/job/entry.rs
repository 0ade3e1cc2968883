//! The entry parameters of the store type, which only an Add reads.
//!
//! It must not know what they mean. Their values may be tags, so they are never printed.

use super::fields::{flag, object, said};
use job_scope::{FieldError, parameter};
use secrecy::SecretString;
use serde_json::{Map, Value};

/// The parameters that are set, as text, under their own names. No `JobProperties`, no such member,
/// `null` and blank are all "not set"; what the store type does not name is not passed on.
pub(super) fn parameters(
    job: &Map<String, Value>,
) -> Result<Vec<(&'static str, SecretString)>, FieldError> {
    let Some(given) = object(job, "JobProperties")? else {
        return Ok(Vec::new());
    };
    let text = |name| said(given, name, name).map(|text| text.map(str::to_owned));
    let boolean = |name| flag(given, name, name).map(|flag| flag.map(|flag| flag.to_string()));
    let values = [
        (parameter::TAGS, text(parameter::TAGS)?),
        (parameter::PRESERVE, boolean(parameter::PRESERVE)?),
        (
            parameter::NON_EXPORTABLE,
            boolean(parameter::NON_EXPORTABLE)?,
        ),
    ];
    Ok(values
        .into_iter()
        .filter_map(|(name, value)| Some((name, SecretString::from(value?))))
        .collect())
}
