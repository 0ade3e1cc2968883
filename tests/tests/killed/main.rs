//! Hosts that are killed at any request of a job, before or after that request took effect;
//! and the same job run again by another host.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod job;
mod program;
