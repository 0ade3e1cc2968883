//! Time, as a trait: the target has none of its own, and a test with minutes of
//! back-off must run in milliseconds.
//!
//! It must not know what is waited for.

use std::future::Future;
use std::time::{Duration, SystemTime};

/// The two clocks of `wasi:clocks`, and a timer.
pub trait Clock {
    /// Monotonic time since an arbitrary start.
    fn now(&self) -> Duration;

    /// Wall time. It may jump; for dates that others sent only.
    fn wall(&self) -> SystemTime;

    /// Waits that long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
}
