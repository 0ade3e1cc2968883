//! The one error of this crate: a field of the job says something that cannot be.
//!
//! Must not know: any particular field, nor where a job comes from.

use std::fmt::Write as _;

/// A field of the job whose value cannot be used: which one, what is wrong with it, and what to
/// write instead.
///
/// Fields bear the names the platform shows to people (`StorePath`, `ServerUsername`,
/// `AzureCloud`, ...). Neither part ever contains a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}; {remedy}")]
pub struct FieldError {
    field: &'static str,
    problem: String,
    remedy: String,
}

impl FieldError {
    /// Says that `field` is unusable, why, and what to do. No secret may be in it.
    pub fn new(
        field: &'static str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> FieldError {
        FieldError {
            field,
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    /// The field's name, as the platform has it.
    pub fn field(&self) -> &'static str {
        self.field
    }

    /// What is wrong, without the field's name.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do about it.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// The same complaint about a part of another field: a vault name inside a store path.
    pub(crate) fn inside(self, field: &'static str, part: &str, remedy: &str) -> FieldError {
        FieldError {
            field,
            problem: format!("its {part} {}", self.problem),
            remedy: remedy.to_owned(),
        }
    }
}

/// How many characters of a value are repeated in a message. Enough to recognise a value, too
/// few to fill a job's history with one.
const SHOWN: usize = 80;

/// A value for a message: in quotes, control characters escaped, cut.
pub(crate) fn shown(value: &str) -> String {
    let mut text = String::from("\"");
    for character in value.chars().take(SHOWN) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{}", character.escape_debug());
    }
    if value.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_display_form_is_field_problem_remedy() {
        let error = FieldError::new("StorePath", "is blank", "write one");
        assert_eq!(error.to_string(), "StorePath: is blank; write one");
        assert_eq!(
            (error.field(), error.problem(), error.remedy()),
            ("StorePath", "is blank", "write one")
        );
    }

    #[test]
    fn a_shown_value_is_quoted_escaped_and_cut() {
        assert_eq!(shown("a\nb\u{1b}[31m"), r#""a\nb\u{1b}[31m""#);
        assert_eq!(shown(&"x".repeat(81)), format!("\"{}…\"", "x".repeat(80)));
        assert_eq!(shown(&"x".repeat(80)), format!("\"{}\"", "x".repeat(80)));
    }
}
