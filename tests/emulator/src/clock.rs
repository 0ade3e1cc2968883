//! The one source of time: what the wall clock says now, and how long ago the start was.
//!
//! Must not know what the time is used for. Built on tokio's clock, so a test with paused time moves
//! certificates, tokens and latency together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// A wall clock that advances with tokio's time, and further when told to; clones are the same one.
#[derive(Clone, Debug)]
pub struct Clock {
    started: Instant,
    wall_at_start: SystemTime,
    /// What it was moved on by hand, in milliseconds.
    skipped: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that shows the machine's time.
    #[must_use]
    pub fn system() -> Clock {
        Clock::starting_at(SystemTime::now())
    }

    /// A clock that shows `wall` now and goes on from there as tokio's time does, paused or not.
    #[must_use]
    pub fn starting_at(wall: SystemTime) -> Clock {
        Clock {
            started: Instant::now(),
            wall_at_start: wall,
            skipped: Arc::default(),
        }
    }

    /// Moves the clock on at once, counted in whole milliseconds. Nobody who sleeps is woken by it:
    /// certificates, tokens and windows see another time, latency does not.
    pub fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        // A hundred years at a time, so that adding it to a date stays a date.
        let ms = ms.min(100 * 365 * 86_400_000);
        self.skipped.fetch_add(ms, Ordering::Relaxed);
    }

    /// The wall-clock time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.wall_at_start + self.since_start()
    }

    /// The wall-clock time in whole seconds since 1970, as Key Vault and JWT write times.
    #[must_use]
    pub fn unix_seconds(&self) -> u64 {
        self.now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO)
            .as_secs()
    }

    /// How long this clock has been running, with what it was moved on.
    #[must_use]
    pub fn since_start(&self) -> Duration {
        self.started.elapsed() + Duration::from_millis(self.skipped.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn paused_tokio_time_moves_the_wall_clock() {
        let clock = Clock::starting_at(UNIX_EPOCH + Duration::from_secs(1_000));
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(clock.unix_seconds(), 4_600);
        assert_eq!(clock.since_start(), Duration::from_secs(3_600));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_moved_on_by_hand_is_moved_on_for_every_clone() {
        let clock = Clock::starting_at(UNIX_EPOCH);
        let clone = clock.clone();
        clock.advance(Duration::from_secs(86_400));
        assert_eq!(clone.unix_seconds(), 86_400);
        assert_eq!(clone.since_start(), Duration::from_secs(86_400));
    }
}
