//! How many requests a vault takes in a while, by kind, in two shapes.
//!
//! Must not know what the requests do. Source: "Azure Key Vault service limits" (numbers), "Azure Key
//! Vault throttling guidance": a request that was refused for the limit is not counted against it (wire 2.9; what a
//! refusal says is 2.8 and 6, number 9).

use std::sync::{Mutex, PoisonError};

use super::error::Limit;
use crate::seed::{ThrottlingSeed, ThrottlingShape};

/// Kinds of requests, each with a limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Transaction,
    Import,
    Create,
}

impl Kind {
    /// What a refusal calls its limit.
    pub(super) fn limit(self) -> Limit {
        match self {
            Kind::Transaction => Limit::RequestType,
            Kind::Import | Kind::Create => Limit::Operation,
        }
    }
}

#[derive(Debug)]
pub(super) struct Throttle {
    limits: ThrottlingSeed,
    used: Mutex<[Used; 3]>,
}

/// What was used of one limit. Times are milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    /// When the window began, or the bucket was last looked at.
    since: u64,
    /// Requests in the window, or what is missing in the bucket, in thousandths.
    amount: u64,
}

impl Throttle {
    pub(super) fn new(limits: ThrottlingSeed) -> Throttle {
        Throttle {
            limits,
            used: Mutex::default(),
        }
    }

    /// Whether one more request of a kind is taken now; `now` is in milliseconds.
    pub(super) fn takes(&self, kind: Kind, now: u64) -> bool {
        let limits = &self.limits;
        let (place, limit) = match kind {
            Kind::Transaction => (0, limits.transactions),
            Kind::Import => (1, limits.imports),
            Kind::Create => (2, limits.creates),
        };
        if limits.shape == ThrottlingShape::Off {
            return true;
        }
        let window = u64::from(limits.seconds.max(1)).saturating_mul(1_000);
        let full = u64::from(limit).saturating_mul(1_000);
        let mut all = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(used) = all.get_mut(place) else {
            return true;
        };
        if limits.shape == ThrottlingShape::FixedWindow {
            if now.saturating_sub(used.since) >= window {
                *used = Used {
                    since: now - now % window,
                    amount: 0,
                };
            }
        } else {
            let refilled = now.saturating_sub(used.since).saturating_mul(full) / window;
            // A look that refills nothing must not forget the time it saw pass.
            if refilled > 0 {
                used.amount = used.amount.saturating_sub(refilled);
                used.since = now;
            }
        }
        if used.amount.saturating_add(1_000) > full {
            return false;
        }
        used.amount = used.amount.saturating_add(1_000);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(shape: ThrottlingShape) -> Throttle {
        Throttle::new(ThrottlingSeed {
            shape,
            transactions: 10,
            imports: 2,
            ..ThrottlingSeed::default()
        })
    }

    fn taken(throttle: &Throttle, kind: Kind, now: u64, tries: u32) -> usize {
        (0..tries).filter(|_| throttle.takes(kind, now)).count()
    }

    #[test]
    fn a_fixed_window_forgets_all_at_once() {
        let throttle = throttle(ThrottlingShape::FixedWindow);
        assert_eq!(taken(&throttle, Kind::Transaction, 3_000, 20), 10);
        assert_eq!(taken(&throttle, Kind::Import, 3_000, 20), 2);
        assert_eq!(taken(&throttle, Kind::Transaction, 9_999, 20), 0);
        assert_eq!(taken(&throttle, Kind::Transaction, 10_000, 20), 10);
    }

    #[test]
    fn a_token_bucket_fills_evenly_and_refusals_cost_nothing() {
        let throttle = throttle(ThrottlingShape::TokenBucket);
        assert_eq!(taken(&throttle, Kind::Transaction, 0, 20), 10);
        assert_eq!(taken(&throttle, Kind::Transaction, 999, 20), 0);
        assert_eq!(taken(&throttle, Kind::Transaction, 1_000, 20), 1);
        assert_eq!(taken(&throttle, Kind::Transaction, 6_000, 20), 5);
        assert_eq!(taken(&throttle, Kind::Transaction, 99_000, 20), 10);
    }

    #[test]
    fn without_a_shape_everything_is_taken() {
        let throttle = throttle(ThrottlingShape::Off);
        assert_eq!(taken(&throttle, Kind::Import, 0, 1_000), 1_000);
    }
}
