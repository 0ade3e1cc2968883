//! Runs certificate-store extensions as WASI components.
//!
//! A job comes in as an orchestrator's JSON ([`orchestrator`]), becomes grants
//! ([`grant`]) under an operator's policy ([`policy`]), runs in an instance of its own
//! ([`engine`]), reaches the network through one door ([`egress`]), and ends in a
//! report, always ([`runner`]). Several extensions in one process are a [`fleet`].
//!
//! The host knows isolation; it does not know what an extension does. What a job is
//! about, and which requests it needs, comes from the crate `job-scope` as data.

pub mod clock;
pub mod egress;
pub mod engine;
pub mod fleet;
pub mod grant;
pub mod limits;
pub mod options;
pub mod orchestrator;
pub mod owned;
pub mod policy;
pub mod runner;
pub mod spool;
pub mod text;
pub mod text_file;
pub mod veil;
pub mod wiped;
