//! The jobs, one file each, and what they share.
//!
//! Nothing here may know how HTTP, time or the host are done.

pub mod batches;
pub mod check;
pub mod create;
pub mod discovery;
pub mod input;
pub mod inventory;
pub mod item;
pub mod losses;
pub mod parameters;
pub mod reading;
pub mod watch;
