//! wasi:clocks behind the [`Clock`] trait.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use wstd::time::Instant;

use super::Wasi;
use crate::clock::Clock;

/// wstd's instants show only differences, so time counts from the first question.
static START: OnceLock<Instant> = OnceLock::new();

impl Clock for Wasi {
    fn now(&self) -> Duration {
        START.get_or_init(Instant::now).elapsed().into()
    }

    fn wall(&self) -> SystemTime {
        wstd::time::SystemTime::now().into()
    }

    async fn sleep(&self, duration: Duration) {
        wstd::task::sleep(duration.into()).await;
    }
}
