//! Which limits the requests of a job came to, for its report. It must not know what becomes of
//! the job.

use crate::limits::Reached;
use std::sync::{Mutex, PoisonError};

/// Each limit once, in the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct ReachedLimits(Mutex<Vec<Reached>>);

impl ReachedLimits {
    pub(super) fn note(&self, limit: Reached) {
        let mut reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !reached.contains(&limit) {
            reached.push(limit);
        }
    }

    pub(super) fn all(&self) -> Vec<Reached> {
        let reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reached.clone()
    }
}
