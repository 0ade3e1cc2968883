//! How an Add ends: what was imported, or why nothing was, or why that cannot be told.
//!
//! It must not send anything.

use std::time::Duration;

use job_scope::Alias;

use super::chain::Comparison;
use super::deeds::Deeds;
use super::plan::{Difference, Impossible, Note};
use crate::azure::error::CallError;
use crate::azure::thumbprint::Thumbprint;
use crate::contract::{Failure, Outcome};
use crate::job::changing::{PATIENCE, SETTLE, date};

/// How it ended well, or was left alone.
pub(super) enum Ending {
    Imported {
        /// The version that the vault has made.
        version: String,
        thumbprint: Thumbprint,
        recovered: bool,
        notes: Vec<Note>,
    },
    Unchanged {
        recovered: bool,
        chain: Comparison,
    },
    LeftAlone(Vec<Difference>),
}

/// Why nothing was imported, or why that cannot be told.
#[derive(Debug, thiserror::Error)]
pub(super) enum Problem {
    #[error("{0}")]
    Call(#[from] CallError),
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// The vault refused to keep the key in an HSM, and nothing else was asked for.
    #[error(
        "{0}; it was asked to keep the key in an HSM, as it keeps the one that is there, and the \
         option hsm is keep, so that no software key was tried in its place: if the vault's SKU is \
         standard, use one with the SKU premium, or set the option hsm to warn"
    )]
    HsmRefused(CallError),
    /// The name is soft-deleted, and the job may not replace it.
    #[error("{}", soft_deleted(*.deleted, *.purged))]
    SoftDeleted {
        /// When, in seconds since 1970, as far as it could be read.
        deleted: Option<i64>,
        /// When the vault purges it.
        purged: Option<i64>,
    },
    /// What is soft-deleted under the name is no certificate.
    #[error(
        "a deleted key or secret has that name, which keeps it until that one is purged: recover \
         or purge it (az keyvault key list-deleted, az keyvault secret list-deleted), or choose \
         another alias"
    )]
    DeletedKeyOrSecret,
    /// An answer was lost, and so is what would tell what became of its request.
    #[error("{lost}; looking whether it took effect failed too: {look}")]
    Unreadable { lost: CallError, look: CallError },
    /// An answer was lost, and then something else was there.
    #[error(
        "{lost}; meanwhile somebody else has imported another certificate of that name, and \
         whether this one is below it cannot be seen"
    )]
    Covered { lost: CallError },
    /// Answers were lost, and each time nothing had changed so far.
    #[error(
        "{lost}; {} answers were lost, and there was no trace of the import within {} s",
        SETTLE.len(),
        settle.as_secs()
    )]
    NoTrace { lost: CallError, settle: Duration },
    /// A recovered certificate does not come back.
    #[error(
        "the recovered certificate does not show within {} s; run the job again in some minutes",
        PATIENCE.as_secs()
    )]
    NotBack,
}

impl Problem {
    /// What the job reports. What was done is part of it wherever something was, and so is what
    /// was not taken of the file.
    pub(super) fn outcome(&self, deeds: &Deeds, alias: &Alias, remarks: &[String]) -> Outcome {
        let failure = match self {
            _ if deeds.unknown() => Failure::Unresolved,
            Problem::Call(error) | Problem::HsmRefused(error) => error.failure(),
            Problem::Impossible(_) => Failure::InvalidInput,
            Problem::SoftDeleted { .. } | Problem::DeletedKeyOrSecret => Failure::Conflict,
            Problem::Unreadable { .. }
            | Problem::Covered { .. }
            | Problem::NoTrace { .. }
            | Problem::NotBack => Failure::Unresolved,
        };
        let told = format!("{self}; {}", deeds.told(alias));
        let told = std::iter::once(told).chain(remarks.iter().cloned());
        Outcome::failure(failure, told.collect::<Vec<_>>().join(". "))
    }
}

fn soft_deleted(deleted: Option<i64>, purged: Option<i64>) -> String {
    let mut text = "a deleted certificate has that name, and the job has no Overwrite".to_owned();
    for (what, when) in [
        ("it was deleted on", deleted),
        ("the vault purges it on", purged),
    ] {
        if let Some(date) = when.and_then(date) {
            text.push_str(&format!("; {what} {date}"));
        }
    }
    text.push_str(
        "; run the job with Overwrite to recover it and put the new version over it, or purge it, \
         or choose another alias",
    );
    text
}
