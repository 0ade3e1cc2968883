//! What a host holds for an extension that hoards: this process's own memory, so that nothing else
//! may run in it. One test, and a file of its own, is that.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use azure_emulator::{Effect, Fault};
use end_to_end::{Headless, hostile::HOSTILE, job};
use extension_host::runner::{Cause, Report, Status};

/// How much more memory the host may hold, in KiB.
const MOST: u64 = 64 << 10;

/// The process's memory now, and the most that it was since the mark was last set, in KiB.
fn resident() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let of = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// Sets the mark to what there is now (proc(5), clear_refs).
fn mark() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

async fn run(attempt: &str, argument: &str) -> Report {
    let policy = format!("[options]\nattempt = {attempt:?}\nargument = {argument:?}\n");
    let headless = Headless::new(HOSTILE, &policy);
    headless.emulator.inject(Fault::new(Effect::Silence));
    headless.run(&job("inventory-service-principal")).await
}

#[tokio::test(start_paused = true)]
async fn a_host_holds_less_than_64_mib_more_whatever_is_hoarded() {
    // What every job needs is there before.
    assert_eq!(run("nothing", "").await.status, Status::Success);
    let (before, _) = resident();
    for attempt in [
        "hoard-fields",
        "hoard-timers",
        "hoard-requests",
        "hoard-bodies",
        "hoard-everything",
        "call-with-a-giant-text",
    ] {
        mark();
        let report = run(attempt, "").await;
        let (_, most) = resident();
        let more = most.saturating_sub(before);
        println!("{attempt}: {} MiB", more >> 10);
        assert_eq!(
            report.status,
            Status::Failure(Cause::Other),
            "{attempt}: {}",
            report.message
        );
        assert!(more < MOST, "{attempt}: {more} KiB more");
    }
    let report = run("submit-inventory", "").await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
}
