//! A job that is asked again until what it needs has arrived, on paused time.

#![allow(clippy::unwrap_used)]

use azure_emulator::Fault;
use end_to_end::{Headless, Quiet, job};
use extension_host::engine::Cancel;
use extension_host::engine::vocabulary::Failure;
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
    let late = Fault::error("ForbiddenByRbac")
        .path("/certificates")
        .times(3);
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
        .inject(Fault::error("ForbiddenByRbac").path("/certificates"));
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

/// A server that never answers takes minutes to be given up, unless somebody waits for less.
#[tokio::test(start_paused = true)]
async fn the_wait_bounds_the_attempts_of_a_run_too() {
    let headless = Headless::new(COMPONENT, "");
    headless
        .emulator
        .inject(Fault::status(503).path("/certificates"));
    let before = Instant::now();
    let job = job("inventory-service-principal");
    let (report, heard) = run_until(&headless, job, Duration::from_secs(10)).await;
    assert!(matches!(report.status, Status::Failure(_)));
    assert!(report.message.contains("503"), "{}", report.message);
    assert_eq!(heard, 0);
    assert!(
        before.elapsed() <= Duration::from_secs(10),
        "{:?}",
        before.elapsed()
    );
}

/// A service may lock an application that goes on trying with a wrong secret.
#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_not_tried_again() {
    let headless = Headless::new(COMPONENT, "");
    let job = job("inventory-wrong-secret");
    let (report, heard) = run_until(&headless, job, Duration::from_secs(600)).await;
    assert_eq!(report.status, Status::Failure(Cause::Authentication));
    assert_eq!(report.failure, Some(Failure::WrongSecret));
    assert_eq!(heard, 0);
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_is_told_that_the_job_was_cancelled() {
    let headless = Headless::new(COMPONENT, "");
    headless
        .emulator
        .inject(Fault::error("ForbiddenByRbac").path("/certificates"));
    let cancel = Cancel::new();
    let stop = cancel.clone();
    let quiet = || -> Box<dyn Observer> { Box::new(Quiet::default()) };
    let report = headless
        .host
        .run_until(
            job("inventory-service-principal"),
            cancel,
            Duration::from_secs(600),
            quiet,
            |_| stop.cancel(),
        )
        .await;
    assert_eq!(report.status, Status::Failure(Cause::Cancelled));
    assert!(
        report.message.starts_with("cancelled"),
        "{}",
        report.message
    );
}

/// Without a word of what is missing nobody knows whether it will ever be there.
#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_reason_is_told_at_once() {
    let headless = Headless::new(COMPONENT, "");
    headless
        .emulator
        .inject(Fault::status(403).path("/certificates"));
    let job = job("inventory-service-principal");
    let (report, heard) = run_until(&headless, job, Duration::from_secs(600)).await;
    assert_eq!(report.failure, Some(Failure::Forbidden));
    assert_eq!(heard, 0);
}

#[tokio::test(start_paused = true)]
async fn what_no_waiting_mends_is_told_at_once() {
    let headless = Headless::new(COMPONENT, "");
    let job = job("inventory-unknown-cloud");
    let (report, heard) = run_until(&headless, job, Duration::from_secs(600)).await;
    assert_eq!(report.status, Status::Failure(Cause::Input));
    assert_eq!(heard, 0);
}
