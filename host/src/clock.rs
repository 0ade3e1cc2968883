//! The one clock of the host: every date and every instant is taken from here, and every wait
//! from the time it stands on.
//!
//! It stands on tokio's time, so that a test which pauses that time runs minutes of
//! back-off in milliseconds. It must not know what is being timed.

use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Monotonic time from tokio, wall time derived from it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
    started_at: SystemTime,
}

impl Clock {
    /// A clock that starts at the system's present time.
    pub fn system() -> Self {
        Self::starting_at(SystemTime::now())
    }

    /// A clock whose wall time starts at `wall`, for tests with dates in them.
    pub fn starting_at(wall: SystemTime) -> Self {
        Self {
            started: Instant::now(),
            started_at: wall,
        }
    }

    /// Monotonic time.
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Time since the clock was made.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Wall time: the start, and what has passed since.
    pub fn wall(&self) -> SystemTime {
        self.started_at + self.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wall_time_moves_with_paused_time() {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(
            clock.wall(),
            SystemTime::UNIX_EPOCH + Duration::from_secs(3600)
        );
    }
}
