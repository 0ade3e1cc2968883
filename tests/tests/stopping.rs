//! Jobs that are told to stop while a change is on its way: the extension's own report must
//! be faster than the host's end.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use azure_emulator::{Effect, Fault};
use end_to_end::{Deed, Headless};
use extension_host::engine::Cancel;
use extension_host::engine::vocabulary::Failure;
use extension_host::runner::Report;
use std::time::Duration;

/// A change of a deed: its method, the end of its path, and how many such requests are
/// answered before it.
struct Change {
    method: &'static str,
    path: &'static str,
    skip: u32,
}

/// Runs a deed in which nobody answers this change, and cancels it so long after the request.
async fn cancelled_during(deed: Deed, change: &Change, after: Duration) -> Report {
    let headless = deed.arranged().await;
    let silence = Fault::new(Effect::Silence).method(change.method);
    headless
        .emulator
        .inject(silence.path(change.path).skip(change.skip));
    let cancel = Cancel::new();
    let job = deed.job();
    let (report, ()) = tokio::join!(
        headless.run_cancellable(&job, cancel.clone()),
        stop(&headless, change, after, &cancel)
    );
    report
}

async fn stop(headless: &Headless, change: &Change, after: Duration, cancel: &Cancel) {
    let is_out = || {
        let requests = headless.emulator.requests();
        let such = requests
            .iter()
            .filter(|request| request.method == change.method)
            .filter(|request| request.path.starts_with(change.path));
        such.count() > usize::try_from(change.skip).unwrap()
    };
    while !is_out() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(after).await;
    cancel.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_cancelled_during_a_change_says_itself_what_it_has_done() {
    let change = |method, path, skip| Change { method, path, skip };
    for (deed, change, words) in [
        (
            Deed::Revive,
            change("POST", "/certificates/web-1/import", 1),
            &["web-1 was recovered", "an import was sent"][..],
        ),
        (
            Deed::AddNew,
            change("POST", "/certificates/web-1/import", 0),
            &["an import was sent"],
        ),
        (
            Deed::Remove,
            change("DELETE", "/certificates/web-1", 0),
            &["the deletion was sent"],
        ),
        (
            Deed::Create,
            change("PUT", "/subscriptions/", 0),
            &["kv-new was asked for"],
        ),
    ] {
        // The extension looks every 250 ms: right after a look, right before one, later.
        for after in [1, 120, 249, 251, 1_700, 10_003] {
            let report = cancelled_during(deed, &change, Duration::from_millis(after)).await;
            let case = format!("{deed:?} after {after} ms: {report:?}");
            assert_eq!(report.failure, Some(Failure::Unresolved), "{case}");
            for word in ["cancelled", "not known"].iter().chain(words) {
                assert!(report.message.contains(word), "{word}: {case}");
            }
        }
    }
}
