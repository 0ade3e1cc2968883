#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // Shared by tests.
//! What the end-to-end tests share: where the built things lie, hosts over the emulator,
//! and the programs as a person starts them.
//!
//! It must not know what a test expects.

mod headless;
mod programs;

pub use headless::{Headless, Quiet, job};
pub use programs::{Azure, Finished, akv, artifact, fixture};
