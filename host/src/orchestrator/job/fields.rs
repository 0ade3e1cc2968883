//! How single fields of a job are read: texts, booleans, objects, each by what the platform
//! writes and what it has been seen to write instead.
//!
//! Names are read in any case, as the platform's own reader does (Newtonsoft.Json), and with
//! invisible marks in them: a guard whose name is spelled oddly would be off without a word.
//!
//! It must not know any field in particular. No value is ever repeated.

use job_scope::{FieldError, bare, is_spelling_of};
use serde_json::{Map, Value};

/// The member of a name, in whichever spelling it is there; one that is there twice in one
/// spelling was read as two (`json`).
///
/// # Errors
/// Where it is there more than once: it cannot be told which one was meant.
pub(super) fn member<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    field: &'static str,
) -> Result<Option<&'a Value>, FieldError> {
    let mut found = object
        .iter()
        .filter(|(given, _)| is_spelling_of(given, name))
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(FieldError::new(
            field,
            "is there more than once",
            "write it once",
        )),
        (found, None) => Ok(found),
    }
}

/// A field that is a text or absent. `null` is absent.
pub(super) fn text<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    field: &'static str,
) -> Result<Option<&'a str>, FieldError> {
    match member(object, name, field)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(FieldError::new(
            field,
            "is not a text",
            "write it as a JSON string, or null",
        )),
    }
}

/// A field that is a text with something in it, without the blanks and invisible marks around it.
pub(super) fn said<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    field: &'static str,
) -> Result<Option<&'a str>, FieldError> {
    let text = text(object, name, field)?.map(bare);
    Ok(text.filter(|text| !text.is_empty()))
}

/// A field that is a boolean, as such or as text in any case; absent, `null` and blank are not
/// set.
pub(super) fn flag(
    object: &Map<String, Value>,
    name: &str,
    field: &'static str,
) -> Result<Option<bool>, FieldError> {
    let junk = || FieldError::new(field, "is neither true nor false", "write true or false");
    match member(object, name, field)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) => match bare(text) {
            "" => Ok(None),
            text if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            text if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            _ => Err(junk()),
        },
        Some(_) => Err(junk()),
    }
}

/// A field that is an object; `None` where it is absent or `null`.
pub(super) fn object<'a>(
    parent: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a Map<String, Value>>, FieldError> {
    match member(parent, field, field)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(FieldError::new(field, "is not an object", AS_WRITTEN)),
    }
}

/// A field that is an object and must be there.
pub(super) fn needed<'a>(
    parent: &'a Map<String, Value>,
    field: &'static str,
) -> Result<&'a Map<String, Value>, FieldError> {
    object(parent, field)?.ok_or_else(|| FieldError::new(field, "is missing", AS_WRITTEN))
}

/// What to do about a job that is not as the platform writes it.
pub(super) const AS_WRITTEN: &str = "pass the job configuration as the platform wrote it";
