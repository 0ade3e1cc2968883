//! A host whose run is dropped, on paused time. It is as good as killed: nothing of a job lives
//! beyond its run.

use std::time::Duration;

use azure_emulator::{Applied, Effect, Fault};
use end_to_end::{Deed, Headless, LONG_AFTER};
use extension_host::runner::Status;

/// Lets the k-th request be the last thing that the host does: it gets no answer, and then
/// the host is gone, whatever it was about to do.
async fn kill_at(headless: &Headless, deed: Deed, skip: u32, applied: Applied) {
    let mut silence = Fault::new(Effect::Silence).skip(skip).times(1);
    silence.applied = applied;
    headless.emulator.inject(silence);
    let job = deed.job();
    // Polls in between take far less, and after a minute the extension itself would go on.
    let run = tokio::time::timeout(Duration::from_secs(45), headless.run(&job));
    if let Ok(report) = run.await {
        panic!(
            "{deed:?} ended before request {}: {}",
            skip + 1,
            report.message
        );
    }
    headless.emulator.clear_faults();
    tokio::time::sleep(LONG_AFTER).await;
}

async fn killed_everywhere(deed: Deed) {
    let undisturbed = deed.arranged().await;
    let report = undisturbed.run(&deed.job()).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    for skip in 0..u32::try_from(report.traffic.sent).unwrap() {
        for applied in [Applied::Never, Applied::AtOnce] {
            let headless = deed.arranged().await;
            kill_at(&headless, deed, skip, applied).await;
            let case = format!("{deed:?} killed at request {}, {applied:?}", skip + 1);
            deed.settle(&headless, &case).await;
        }
    }
}

macro_rules! rows {
    ($($name:ident: $deed:ident;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                killed_everywhere(Deed::$deed).await;
            }
        )*
    };
}

rows! {
    an_add_that_was_killed_ends_in_one_version: AddNew;
    a_replacement_that_was_killed_ends_in_one_new_version: Replace;
    a_revival_that_was_killed_ends_in_one_new_version: Revive;
    a_removal_that_was_killed_ends_in_a_deleted_certificate: Remove;
    a_creation_that_was_killed_ends_in_one_vault: Create;
}
