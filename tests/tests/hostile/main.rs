//! Attempts of a hostile extension. Each "cannot" is an attempt that fails; `attempts` makes all
//! of them, the others look closer at some.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod attempts;
mod audit;
mod components;
mod endings;
mod limits;
mod program;
mod requests;
mod sockets;

use end_to_end::{Headless, hostile::HOSTILE, job};
use extension_host::runner::Report;

const JOB: &str = "inventory-service-principal";

/// A policy that is the built-in one, and tells the extension what to try.
fn trying(attempt: &str, argument: &str) -> String {
    format!("[options]\nattempt = {attempt:?}\nargument = {argument:?}\n")
}

async fn attempt(attempt: &str, argument: &str) -> (Headless, Report) {
    let headless = Headless::new(HOSTILE, &trying(attempt, argument));
    let report = headless.run(&job(JOB)).await;
    (headless, report)
}
