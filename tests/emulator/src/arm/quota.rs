//! Throttling: a token bucket for each subscription, identity and kind of request.
//!
//! Must not know what requests do. Source: "Understand how Azure Resource Manager throttles requests" and
//! "Guidance for throttled requests in Azure Resource Graph" (15 requests in 5 seconds).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::seed::{ArmSeed, BucketSeed};

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Read,
    Write,
    Delete,
    /// A query of Resource Graph, whose window of 5 seconds begins with the first query.
    Graph,
}

/// How many graph queries fit in a window, and its length.
const GRAPH: (u32, Duration) = (15, Duration::from_secs(5));

#[derive(Debug)]
pub(super) struct Quota {
    reads: BucketSeed,
    writes: BucketSeed,
    buckets: Mutex<HashMap<(String, String, Kind), Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    /// When it was filled last, counted from the emulator's start.
    at: Duration,
}

/// What the headers of an answer say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Spent {
    /// How many requests are left.
    Left(u32),
    /// None were left; how long until there is one again.
    Throttled(Duration),
}

impl Quota {
    pub(super) fn new(seed: &ArmSeed) -> Quota {
        Quota {
            reads: seed.reads,
            writes: seed.writes,
            buckets: Mutex::default(),
        }
    }

    /// Takes one request out of a bucket. `scope` is a subscription or a tenant, `now` counts from the
    /// emulator's start.
    pub(super) fn spend(&self, scope: &str, client: &str, kind: Kind, now: Duration) -> Spent {
        let limit = match kind {
            Kind::Read => self.reads,
            Kind::Write | Kind::Delete => self.writes,
            Kind::Graph => return self.spend_window(client, now),
        };
        let key = (scope.to_owned(), client.to_owned(), kind);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket {
            left: f64::from(limit.size),
            at: now,
        };
        let bucket = buckets.entry(key).or_insert(full);
        let back = now.saturating_sub(bucket.at).as_secs_f64() * f64::from(limit.per_second);
        bucket.left = (bucket.left + back).min(f64::from(limit.size));
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Spent::Left(whole(bucket.left));
        }
        let missing = (1.0 - bucket.left) / f64::from(limit.per_second.max(1));
        Spent::Throttled(Duration::from_secs_f64(missing))
    }

    fn spend_window(&self, client: &str, now: Duration) -> Spent {
        let key = (String::new(), client.to_owned(), Kind::Graph);
        let fresh = Bucket {
            left: f64::from(GRAPH.0),
            at: now,
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let window = buckets.entry(key).or_insert(fresh);
        if now.saturating_sub(window.at) >= GRAPH.1 {
            *window = fresh;
        }
        if window.left < 1.0 {
            return Spent::Throttled((window.at + GRAPH.1).saturating_sub(now));
        }
        window.left -= 1.0;
        Spent::Left(whole(window.left))
    }
}

/// A bucket's content rounded down; never negative, and no larger than a `u32`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounding down is meant, and the range is checked"
)]
fn whole(left: f64) -> u32 {
    left.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_runs_dry_and_fills_again_with_time_for_each_identity_alone() {
        let quota = Quota::new(&ArmSeed {
            reads: BucketSeed {
                size: 2,
                per_second: 1,
            },
            ..ArmSeed::default()
        });
        let at =
            |client, seconds| quota.spend("s", client, Kind::Read, Duration::from_secs(seconds));
        assert_eq!(at("a", 0), Spent::Left(1));
        assert_eq!(at("a", 0), Spent::Left(0));
        assert_eq!(at("a", 0), Spent::Throttled(Duration::from_secs(1)));
        assert_eq!(at("b", 0), Spent::Left(1));
        assert_eq!(at("a", 1), Spent::Left(0));
    }

    #[test]
    fn fifteen_graph_queries_fit_in_five_seconds() {
        let quota = Quota::new(&ArmSeed::default());
        let at = |ms| quota.spend("", "a", Kind::Graph, Duration::from_millis(ms));
        for left in (0..15).rev() {
            assert_eq!(at(0), Spent::Left(left));
        }
        assert_eq!(at(4_000), Spent::Throttled(Duration::from_secs(1)));
        assert_eq!(at(5_000), Spent::Left(14));
    }
}
