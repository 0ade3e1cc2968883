//! What a check found out for each kind of job, and the one outcome that comes of it.
//!
//! It must not know how it was found out.

use job_scope::JobKind;

use crate::azure::error::CallError;
use crate::contract::{Failure, Outcome, Status};

/// What is known of one kind of job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It can be done.
    Can,
    /// It can be done, but for what is said.
    CanWithLess(String),
    /// It cannot, and why.
    Cannot(Failure, Reason),
    /// It could not be found out without trying, and why.
    Unknown(String),
}

/// Why a kind of job cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    text: String,
    /// The same for every kind that cannot be done for this reason.
    alike: String,
}

impl Finding {
    /// It cannot, because of a call that failed.
    pub(super) fn cannot(error: &CallError) -> Finding {
        let reason = Reason {
            text: error.to_string(),
            alike: error.without_ids().to_string(),
        };
        Finding::Cannot(error.failure(), reason)
    }
}

impl<T: Into<String>> From<T> for Reason {
    fn from(text: T) -> Reason {
        let text = text.into();
        Reason {
            alike: text.clone(),
            text,
        }
    }
}

/// A failure if something is missing, a warning if something is not known. Every kind is
/// named in the message, what is missing first.
pub(super) fn outcome(findings: &[(JobKind, Finding)], notes: &[String]) -> Outcome {
    let mut missing = Vec::new();
    let mut unknown = Vec::new();
    let mut less = Vec::new();
    let mut can = Vec::new();
    let mut failure = None;
    for (kind, finding) in findings {
        match finding {
            Finding::Can => can.push(kind.to_string()),
            Finding::CanWithLess(text) => push(&mut less, *kind, &text.as_str().into()),
            Finding::Cannot(why, reason) => {
                // Whoever waits for a right would wait for nothing.
                if failure.is_none() || *why == Failure::InvalidInput {
                    failure = Some(*why);
                }
                push(&mut missing, *kind, reason);
            }
            Finding::Unknown(text) => push(&mut unknown, *kind, &text.as_str().into()),
        }
    }
    let mut sentences: Vec<String> = Vec::new();
    let told = |(kinds, reason): (Vec<String>, Reason), word: &str| {
        format!("{}: {word}: {}", kinds.join(", "), reason.text)
    };
    sentences.extend(missing.into_iter().map(|entry| told(entry, "no")));
    sentences.extend(unknown.into_iter().map(|entry| told(entry, "not known")));
    sentences.extend(
        less.into_iter()
            .map(|entry| told(entry, "yes, but not all of it")),
    );
    if !can.is_empty() {
        sentences.push(format!("{}: yes", can.join(", ")));
    }
    sentences.extend(notes.iter().cloned());
    let status = match failure {
        Some(failure) => Status::Failure(failure),
        None if findings
            .iter()
            .any(|(_, f)| matches!(f, Finding::Unknown(_) | Finding::CanWithLess(_))) =>
        {
            Status::Warning
        }
        None if !notes.is_empty() => Status::Warning,
        None => Status::Success,
    };
    Outcome::new(status, &sentences.join(". "))
}

/// Kinds with the same reason are told together.
fn push(told: &mut Vec<(Vec<String>, Reason)>, kind: JobKind, reason: &Reason) {
    match told
        .iter_mut()
        .find(|(_, known)| known.alike == reason.alike)
    {
        Some((kinds, _)) => kinds.push(kind.to_string()),
        None => told.push((vec![kind.to_string()], reason.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::action::{Action, Call};
    use crate::azure::token::TokenRefusal;

    #[test]
    fn what_is_missing_comes_first_and_decides_and_equal_reasons_are_told_once() {
        let findings = [
            (JobKind::Inventory, Finding::Can),
            (
                JobKind::Add,
                Finding::Cannot(Failure::MissingRole, "no role".into()),
            ),
            (
                JobKind::Remove,
                Finding::Cannot(Failure::MissingRole, "no role".into()),
            ),
            (JobKind::Discovery, Finding::Unknown("not asked".into())),
        ];
        assert_eq!(
            outcome(&findings, &[]),
            Outcome::new(
                Status::Failure(Failure::MissingRole),
                "add, remove: no: no role. discovery: not known: not asked. inventory: yes"
            )
        );
    }

    #[test]
    fn wrong_input_decides_before_a_missing_right_in_whatever_order() {
        let role = || Finding::Cannot(Failure::MissingRole, "no role".into());
        let input = || Finding::Cannot(Failure::InvalidInput, "SkuType".into());
        for pair in [[role(), input()], [input(), role()]] {
            let [one, two] = pair;
            let findings = [(JobKind::Add, one), (JobKind::CreateStore, two)];
            let status = outcome(&findings, &[]).status;
            assert_eq!(status, Status::Failure(Failure::InvalidInput));
        }
    }

    #[test]
    fn what_is_not_known_or_should_be_looked_at_is_a_warning_and_all_else_a_success() {
        let can = [(JobKind::Inventory, Finding::Can)];
        assert_eq!(
            outcome(&can, &[]),
            Outcome::new(Status::Success, "inventory: yes")
        );
        assert_eq!(
            outcome(&can, &["look here".into()]),
            Outcome::new(Status::Warning, "inventory: yes. look here")
        );
        let less = [(JobKind::Add, Finding::CanWithLess("x".into()))];
        assert_eq!(
            outcome(&less, &[]),
            Outcome::new(Status::Warning, "add: yes, but not all of it: x")
        );
        let unknown = [(JobKind::Add, Finding::Unknown("x".into()))];
        assert_eq!(outcome(&unknown, &[]).status, Status::Warning);
    }

    #[test]
    fn the_same_error_with_other_ids_is_told_once() {
        let refused = |id: &str| {
            let refusal = TokenRefusal {
                status: 401,
                error: Some("invalid_client".into()),
                trace_id: Some(id.into()),
                ..TokenRefusal::default()
            };
            Finding::cannot(&CallError::Token {
                refusal: Box::new(refusal),
                call: Call {
                    action: Action::AskForToken,
                    server: "login.microsoftonline.com".into(),
                },
            })
        };
        let findings = [
            (JobKind::Inventory, refused("one")),
            (JobKind::CreateStore, refused("two")),
            (JobKind::Discovery, refused("three")),
        ];
        let message = outcome(&findings, &[]).message;
        let start =
            "inventory, create-store, discovery: no: login.microsoftonline.com gave no token";
        assert!(message.starts_with(start), "{message}");
        assert_eq!(message.matches("invalid_client").count(), 1, "{message}");
    }
}
