//! How a job ends that does not want to, or whose host fails.

use super::{JOB, trying};
use end_to_end::{Headless, hostile::HOSTILE, job};
use extension_host::engine::Cancel;
use extension_host::runner::{Cause, Status};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn waiting_is_not_cpu_time() {
    let mut headless = Headless::new(HOSTILE, &trying("naps", "2000"));
    headless.host.limits.cpu = Duration::from_secs(5);
    let report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
}

#[tokio::test(start_paused = true)]
async fn one_that_ignores_a_cancellation_is_ended_after_the_grace() {
    let headless = Headless::new(HOSTILE, &trying("sleep", ""));
    let cancel = Cancel::new();
    cancel.cancel();
    let before = tokio::time::Instant::now();
    let report = headless.run_cancellable(&job(JOB), cancel).await;
    assert_eq!(
        report.status,
        Status::Failure(Cause::Cancelled),
        "{}",
        report.message
    );
    assert!(before.elapsed() < Duration::from_secs(30));
}

/// A host that fails while it runs a job ends that job, with a result, and no other.
#[tokio::test]
async fn a_panic_of_the_host_itself_leaves_a_result_and_the_next_job_unharmed() {
    struct Panics;

    impl extension_host::runner::Observer for Panics {
        fn log(&mut self, _: extension_host::engine::vocabulary::LogLevel, _: &str) {
            panic!("on purpose");
        }

        fn progress(&mut self, _: u64, _: Option<u64>) {}
    }

    let mut headless = Headless::new(HOSTILE, &trying("flood-log", "1"));
    headless.host.threads = extension_host::runner::Threads::PerJob;
    let report = headless
        .host
        .run(job(JOB), Cancel::new(), Box::new(Panics))
        .await;
    assert_eq!(report.status, Status::Failure(Cause::Other));
    assert!(
        report.message.contains("the host failed") && report.message.contains("on purpose"),
        "{}",
        report.message
    );
    let next = headless.run(&job(JOB)).await;
    assert_eq!(next.status, Status::Success, "{}", next.message);
}
