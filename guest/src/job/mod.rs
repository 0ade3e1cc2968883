//! The jobs, one file each, and what they share.
//!
//! Nothing here may know how HTTP, time or the host are done.

pub mod add;
pub mod batches;
pub mod changing;
pub mod check;
pub mod create;
pub mod discovery;
pub mod input;
pub mod inventory;
pub mod item;
pub mod losses;
pub mod parameters;
pub mod reading;
pub mod remove;
pub mod store;
pub mod tenant;
pub mod watch;

#[cfg(test)]
mod fake_vault;
