#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // Shared by tests.
//! What the end-to-end tests share: where the built things lie, hosts over the emulator,
//! and the programs as a person starts them.
//!
//! It must not know what a test expects.

mod deeds;
mod glass;
mod headless;
pub mod hostile;
mod memory;
mod observed;
mod programs;
mod secrets;
mod served;
mod through;

pub use deeds::{CHANGED_ONLY, DEEDS, Deed, LONG_AFTER, Who, compare};
pub use glass::{ASSERTION, Glass, KEY, PASSWORD, SECRET, TOKEN};
pub use headless::{Headless, Quiet, job};
pub use memory::{Memories, Seen};
pub use observed::{Observed, Version};
pub use programs::{
    Azure, Finished, akv, akv_command, artifact, ended, field, fixture, repository, signal,
};
pub use secrets::Secrets;
pub use served::Served;
pub use through::Through;
