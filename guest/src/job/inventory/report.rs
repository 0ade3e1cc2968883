//! How an inventory ended: what keeps it from being one, and what a complete list still lacks.
//!
//! It must not know how a vault is read.

use std::fmt;

use job_scope::{Chain, StoreScope, counted};

use crate::azure::error::CallError;
use crate::contract::{Failure, Outcome, Status};
use crate::job::batches::SubmissionRefused;
use crate::job::losses::Losses;
use crate::job::watch::Ended;

/// Why an inventory failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Submission(#[from] SubmissionRefused),
    /// The job had to stop; the last trouble before that.
    #[error("{}", .0.told(.1.as_ref()).1)]
    Ended(Ended, Option<CallError>),
    /// No certificate could be read; the first cause.
    #[error("{cause}; {}", none_of(*count))]
    Nothing {
        count: u64,
        cause: String,
        failure: Failure,
    },
    /// More are lost than could be read: that is no longer a matter of single names.
    #[error(
        "{cause}; {} could not be read, and only {read} could: a platform would take the others as \
         removed, so nothing is submitted. If it is meant so, set the option partial to submit",
        counted(*lost, "certificate")
    )]
    MostLost {
        lost: u64,
        read: u64,
        cause: String,
        failure: Failure,
    },
    /// The job asked for issuers, and may read none.
    #[error(
        "{cause}; the issuers of {} are asked for (full-chain), and of none could they be read, so \
         that nothing is submitted. If the certificates alone will do, set the option full-chain to \
         false, or partial to submit",
        counted(*count, "certificate")
    )]
    NoChains {
        count: u64,
        cause: String,
        failure: Failure,
    },
}

impl Problem {
    pub(super) fn failure(&self) -> Failure {
        match self {
            Problem::Call(error) => error.failure(),
            Problem::Submission(_) => Failure::SubmissionRefused,
            Problem::Ended(ended, last) => ended.told(last.as_ref()).0,
            Problem::Nothing { failure, .. }
            | Problem::MostLost { failure, .. }
            | Problem::NoChains { failure, .. } => *failure,
        }
    }

    /// Whether the job could have gone on, had it been let.
    fn is_early(&self) -> bool {
        match self {
            Problem::Ended(..) => true,
            Problem::Call(error) => error.is_out_of_time(),
            _ => false,
        }
    }
}

fn none_of(count: u64) -> String {
    match count {
        1 => "the only certificate could not be read".to_owned(),
        count => format!("none of the {count} certificates could be read"),
    }
}

/// The outcome of a run that ended with a problem, after `read` of so many names that were listed.
pub(super) fn failed(problem: &Problem, read: u64, listed: u64) -> Outcome {
    let mut message = problem.to_string();
    if problem.is_early() {
        message.push_str(&format!(
            "; {read} of {} were read, and none submitted",
            counted(listed, "listed certificate")
        ));
    }
    Outcome::failure(problem.failure(), message)
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
        (&gaps.without_chain, "", "there without issuers"),
    ]
    .into_iter()
    .filter(|(gap, ..)| gap.count() > 0)
    .map(|(gap, did, what)| {
        let are = if gap.count() == 1 { "is" } else { "are" };
        format!(
            "{} {did}{are} {what}: {gap}",
            counted(gap.count(), "certificate")
        )
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
            "changed-only: of {} {} are as in the last inventory and were not read again; gone since \
             then: {}. The last inventory has no tags, so that a change of tags or of NonExportable \
             alone is not seen before the next full run",
            counted(self.all, "certificate"),
            self.unchanged,
            self.vanished
        )?;
        match self.chain {
            Chain::Leaf => Ok(()),
            Chain::Full => out.write_str(
                ". The list of a vault has no issuers either: the chains of those that were not read \
                 again were not compared, and one that alone changed is not seen before the next \
                 full run",
            ),
        }
    }
}

/// What a complete list still lacks.
#[derive(Default)]
pub(super) struct Gaps {
    /// Certificates that could not be read.
    pub(super) missing: Gap,
    /// Certificates whose issuers could not.
    pub(super) without_chain: Gap,
    /// What came of comparing with the last inventory, where that was done.
    pub(super) compared: Option<Compared>,
}

/// What is lacking for one kind of reason.
#[derive(Default)]
pub(super) struct Gap {
    losses: Losses,
    /// The kind of all causes, if they are alike, and the first one.
    first: Option<(Failure, String)>,
}

impl Gap {
    /// Takes one down: why, the same for all alike, and the error of the call if there was one.
    pub(super) fn add(&mut self, name: &str, briefly: &str, error: Option<&CallError>) {
        let in_full = error.map(ToString::to_string);
        self.losses.add(name, briefly, in_full);
        let failure = error.map_or(Failure::Other, CallError::failure);
        let cause = || match error {
            Some(error) => error.to_string(),
            None => format!("{name}: {briefly}"),
        };
        let (kind, _) = self.first.get_or_insert_with(|| (failure, cause()));
        if *kind != failure {
            *kind = Failure::Other;
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.losses.count()
    }

    pub(super) fn first(&self) -> Option<(Failure, String)> {
        self.first.clone()
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.losses.fmt(out)
    }
}

/// How a list compares with the last inventory.
pub(super) struct Compared {
    pub(super) all: u64,
    pub(super) unchanged: u64,
    pub(super) vanished: usize,
    pub(super) chain: Chain,
}
