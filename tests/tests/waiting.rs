//! A job that is asked again until what it needs has arrived, on paused time.

#![allow(clippy::unwrap_used)]

use azure_emulator::Fault;
use end_to_end::{Headless, Quiet, job};
use extension_host::engine::Cancel;
use extension_host::orchestrator::Job;
use extension_host::runner::{Cause, Observer, Report, Status};
use std::time::Duration;
use tokio::time::Instant;

const COMPONENT: &str = "keyvault_extension.wasm";

async fn run_until(headless: &Headless, job: Job, wait: Duration) -> (Report, usize) {
    let quiet = || -> Box<dyn Observer> { Box::new(Quiet::default()) };
    let mut heard = 0;
    let report = headless
        .host
        .run_until(job, Cancel::new(), wait, quiet, |_| heard += 1)
        .await;
    (report, heard)
}

#[tokio::test(start_paused = true)]
async fn a_role_that_arrives_later_is_waited_for() {
    let headless = Headless::new(COMPONENT, "");
    let late = Fault::status(403).path("/certificates").times(3);
    headless.emulator.inject(late);
    let before = Instant::now();
    let job = job("inventory-service-principal");
    let (report, heard) = run_until(&headless, job, Duration::from_secs(600)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert_eq!(heard, 3);
    assert!(before.elapsed() >= Duration::from_secs(3 * 15));
}

#[tokio::test(start_paused = true)]
async fn one_that_never_arrives_is_a_failure_when_the_time_is_over() {
    let headless = Headless::new(COMPONENT, "");
    headless
        .emulator
        .inject(Fault::status(403).path("/certificates"));
    let before = Instant::now();
    let job = job("inventory-service-principal");
    let (report, heard) = run_until(&headless, job, Duration::from_secs(40)).await;
    assert_eq!(report.status, Status::Failure(Cause::Forbidden));
    assert_eq!(
        heard, 3,
        "after 0, 15 and 30 seconds, and once more at the end"
    );
    assert_eq!(before.elapsed().as_secs(), 40);
}

#[tokio::test(start_paused = true)]
async fn what_no_waiting_mends_is_told_at_once() {
    let headless = Headless::new(COMPONENT, "");
    let job = job("inventory-unknown-cloud");
    let (report, heard) = run_until(&headless, job, Duration::from_secs(600)).await;
    assert_eq!(report.status, Status::Failure(Cause::Input));
    assert_eq!(heard, 0);
}
