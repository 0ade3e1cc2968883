//! How an inventory ended: what keeps it from being one, and what a complete list still lacks.
//!
//! It must not know how a vault is read.

use std::fmt;

use job_scope::StoreScope;

use crate::azure::error::CallError;
use crate::contract::{Failure, Outcome, Status};
use crate::job::batches::SubmissionRefused;
use crate::job::losses::Losses;

/// Why an inventory failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Submission(#[from] SubmissionRefused),
    #[error("the job was cancelled")]
    Cancelled,
    /// No certificate could be read; the first cause.
    #[error("{cause}; none of the {count} certificates could be read")]
    Nothing {
        count: u64,
        cause: String,
        failure: Failure,
    },
    /// More are lost than could be read: that is no longer a matter of single names.
    #[error(
        "{cause}; {lost} certificates could not be read, and only {read} could: a platform would \
         take the others as removed, so nothing is submitted. If it is meant so, set the option \
         partial to submit"
    )]
    MostLost {
        lost: u64,
        read: u64,
        cause: String,
        failure: Failure,
    },
}

impl Problem {
    pub(super) fn failure(&self) -> Failure {
        match self {
            Problem::Call(error) => error.failure(),
            Problem::Submission(_) => Failure::SubmissionRefused,
            Problem::Cancelled => Failure::Cancelled,
            Problem::Nothing { failure, .. } | Problem::MostLost { failure, .. } => *failure,
        }
    }
}

/// A complete inventory says nothing, as the platform expects, or what it did not look at; what
/// is missing or odd is a warning.
pub(super) fn done(scope: &StoreScope, gaps: &Gaps) -> Outcome {
    let mut told: Vec<String> = [
        (
            &gaps.missing,
            "could not be read and ",
            "missing from this inventory",
        ),
        (&gaps.without_chain, "", "there without their issuers"),
    ]
    .into_iter()
    .filter(|(losses, ..)| losses.count() > 0)
    .map(|(losses, did, what)| {
        let (noun, are) = match losses.count() {
            1 => ("certificate", "is"),
            _ => ("certificates", "are"),
        };
        let count = losses.count();
        format!("{count} {noun} {did}{are} {what}: {losses}")
    })
    .collect();
    told.extend_from_slice(scope.notes());
    let status = match told.is_empty() {
        true => Status::Success,
        false => Status::Warning,
    };
    told.extend(gaps.compared.as_ref().map(ToString::to_string));
    Outcome::new(status, &told.join(". "))
}

/// A sentence without its end.
impl fmt::Display for Compared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "changed-only: of {} certificates {} are those of the last inventory and were not read \
             again, and {} are gone; the last inventory has no tags, so that a change of tags or of \
             NonExportable alone is not seen before the next full run",
            self.all, self.unchanged, self.vanished
        )
    }
}

/// What a complete list still lacks.
#[derive(Default)]
pub(super) struct Gaps {
    /// Certificates that could not be read.
    pub(super) missing: Losses,
    /// Certificates whose issuers could not.
    pub(super) without_chain: Losses,
    /// What came of comparing with the last inventory, where that was done.
    pub(super) compared: Option<Compared>,
}

/// How a list compares with the last inventory.
pub(super) struct Compared {
    pub(super) all: u64,
    pub(super) unchanged: u64,
    pub(super) vanished: usize,
}
