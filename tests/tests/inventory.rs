//! The inventory of the built component in the real host, over the emulator's function. Time
//! is paused, so that minutes of back-off cost nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use azure_emulator::{Effect, Fault, Seed};
use end_to_end::{Headless, job};
use extension_host::engine::Cancel;
use extension_host::orchestrator::{Parameter, Task};
use extension_host::runner::{Cause, Status};
use std::time::Duration;

const COMPONENT: &str = "keyvault_extension.wasm";
const JOB: &str = "inventory-service-principal";

fn headless() -> Headless {
    Headless::new(COMPONENT, "")
}

#[tokio::test(start_paused = true)]
async fn sixty_certificates_take_one_token_three_pages_and_sixty_gets() {
    let headless = headless();
    let mut report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    let items = Headless::items(&mut report);
    let mut aliases: Vec<&str> = items.iter().map(|item| item.alias.as_str()).collect();
    aliases.sort_unstable();
    let expected: Vec<String> = (1..=60).map(|n| format!("cert-{n:02}")).collect();
    assert_eq!(aliases, expected);

    let requests = headless.emulator.requests();
    let count = |path: &str| requests.iter().filter(|r| r.path.ends_with(path)).count();
    assert_eq!(count("/oauth2/v2.0/token"), 1);
    assert_eq!(count("/certificates"), 3);
    assert_eq!(requests.len(), 1 + 3 + 60);
    assert!(
        requests.iter().all(|r| r.status == Some(200)),
        "{requests:#?}"
    );
    for request in requests.iter().filter(|r| r.host.starts_with("kv-one")) {
        assert!(request.identity.is_some(), "no token: {request:?}");
    }
    assert_eq!(report.traffic.sent, 64);
    assert_eq!(report.traffic.denied, 0);
    assert_eq!(headless.audit().len(), 64);
}

#[tokio::test(start_paused = true)]
async fn items_carry_what_the_platform_expects() {
    let headless = headless();
    let mut report = headless.run(&job(JOB)).await;
    let items = Headless::items(&mut report);
    let mut tagged = 0;
    for item in &items {
        assert!(item.private_key, "{}", item.alias);
        assert_eq!(item.certificates.len(), 1, "{}", item.alias);
        assert_eq!(item.parameters["PreserveExistingTags"], Parameter::Unset);
        assert!(matches!(
            item.parameters["NonExportable"],
            Parameter::Flag(_)
        ));
        match item.parameters.get("CertificateTags") {
            Some(Parameter::Text(tags)) => {
                let tags: serde_json::Value = serde_json::from_str(tags).unwrap();
                assert!(!tags.as_object().unwrap().is_empty());
                tagged += 1;
            }
            None => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(tagged > 0 && tagged < 60, "{tagged}");
    let disabled = items
        .iter()
        .filter(|i| i.details["enabled"] == "false")
        .count();
    assert_eq!(disabled, 1);
}

#[tokio::test(start_paused = true)]
async fn r21_an_empty_vault_is_an_empty_success() {
    let (seed, _) = Seed::built_in_text()
        .split_once("certificates = 60")
        .unwrap();
    let headless = Headless::with_seed(COMPONENT, "", &Seed::parse(seed).unwrap());
    let mut report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert!(Headless::items(&mut report).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_vanished_is_left_out_silently() {
    let headless = headless();
    let gone = Effect::Status {
        status: 404,
        retry_after: None,
        body: Some(
            r#"{"error":{"code":"CertificateNotFound","message":"A certificate was not found."}}"#
                .to_owned(),
        ),
    };
    headless
        .emulator
        .inject(Fault::new(gone).path("/certificates/cert-07"));
    let mut report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert_eq!(Headless::items(&mut report).len(), 59);
}

#[tokio::test(start_paused = true)]
async fn a_404_that_is_not_the_stores_own_is_a_failure() {
    let headless = headless();
    headless
        .emulator
        .inject(Fault::status(404).path("/certificates/cert-07"));
    let report = headless.run(&job(JOB)).await;
    assert!(matches!(report.status, Status::Failure(_)));
    assert!(report.message.contains("cert-07"), "{}", report.message);
}

#[tokio::test(start_paused = true)]
async fn w08_one_forbidden_certificate_is_a_warning_with_its_name() {
    let headless = headless();
    headless
        .emulator
        .inject(Fault::status(403).path("/certificates/cert-07"));
    let mut report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Warning);
    assert!(report.message.contains("cert-07"), "{}", report.message);
    assert_eq!(Headless::items(&mut report).len(), 59);
}

#[tokio::test(start_paused = true)]
async fn r19_one_unreadable_certificate_is_a_warning_with_its_name() {
    let headless = headless();
    headless
        .emulator
        .inject(Fault::new(Effect::CorruptCertificate {
            name: "cert-09".to_owned(),
        }));
    let mut report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Warning);
    assert!(report.message.contains("cert-09"), "{}", report.message);
    assert_eq!(Headless::items(&mut report).len(), 59);
}

#[tokio::test(start_paused = true)]
async fn r20_when_every_get_is_forbidden_nothing_is_submitted_and_the_cause_is_told() {
    let headless = headless();
    headless
        .emulator
        .inject(Fault::status(403).path("/certificates/"));
    let report = headless.run(&job(JOB)).await;
    assert_eq!(
        report.status,
        Status::Failure(Cause::Forbidden),
        "{}",
        report.message
    );
    assert!(report.list.is_none());
    assert!(report.message.contains("403"), "{}", report.message);
}

/// Statuses that pass are waited out; a whole inventory comes of it.
#[tokio::test(start_paused = true)]
async fn passing_troubles_are_waited_out() {
    for status in [408, 429, 500, 502, 503, 504] {
        let headless = headless();
        headless
            .emulator
            .inject(Fault::status(status).host("vault.azure.net").times(3));
        headless.emulator.inject(
            Fault::status(status)
                .host("login.microsoftonline.com")
                .times(2),
        );
        let mut report = headless.run(&job(JOB)).await;
        assert_eq!(
            report.status,
            Status::Success,
            "{status}: {}",
            report.message
        );
        assert_eq!(Headless::items(&mut report).len(), 60, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_connection_is_tried_again() {
    let headless = headless();
    headless
        .emulator
        .inject(Fault::new(Effect::Reset).host("vault.azure.net").times(3));
    let mut report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert_eq!(Headless::items(&mut report).len(), 60);
}

#[tokio::test(start_paused = true)]
async fn throttling_without_end_is_a_failure_with_nothing_submitted() {
    let headless = headless();
    headless
        .emulator
        .inject(Fault::status(429).path("/certificates/cert-30"));
    let report = headless.run(&job(JOB)).await;
    assert_eq!(
        report.status,
        Status::Failure(Cause::Throttled),
        "{}",
        report.message
    );
    assert!(report.list.is_none());
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for() {
    let headless = headless();
    headless.emulator.inject(
        Fault::status(429)
            .retry_after("40")
            .path("/certificates")
            .times(1),
    );
    let before = tokio::time::Instant::now();
    let report = headless.run(&job(JOB)).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    // On paused time this is the job's own waiting, not a measurement.
    assert!(
        before.elapsed() >= Duration::from_secs(40),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_next_link_to_another_host_is_never_followed() {
    let headless = headless();
    headless.emulator.inject(Fault::new(Effect::NextLinkHost {
        host: "evil.example".to_owned(),
    }));
    let report = headless.run(&job(JOB)).await;
    assert!(
        matches!(report.status, Status::Failure(_)),
        "{}",
        report.message
    );
    assert!(
        report.message.contains("another host"),
        "{}",
        report.message
    );
    assert!(
        headless
            .emulator
            .requests()
            .iter()
            .all(|r| r.host != "evil.example")
    );
    assert_eq!(
        report.traffic.denied, 0,
        "the guest refused it before the host had to"
    );
}

#[tokio::test(start_paused = true)]
async fn a_next_link_that_repeats_ends_the_job() {
    let headless = headless();
    headless.emulator.inject(Fault::new(Effect::RepeatNextLink));
    let report = headless.run(&job(JOB)).await;
    assert!(
        matches!(report.status, Status::Failure(_)),
        "{}",
        report.message
    );
    assert!(report.list.is_none());
    assert!(headless.arrived("/certificates") < 200);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_no_json_are_a_failure_that_says_so() {
    for effect in [Effect::InvalidJson, Effect::Html { status: 200 }] {
        let headless = headless();
        headless
            .emulator
            .inject(Fault::new(effect.clone()).path("/certificates"));
        let report = headless.run(&job(JOB)).await;
        assert!(
            matches!(report.status, Status::Failure(_)),
            "{effect:?}: {}",
            report.message
        );
        assert!(report.list.is_none(), "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_named_and_not_printed() {
    let headless = headless();
    let report = headless.run(&job("inventory-wrong-secret")).await;
    assert_eq!(report.status, Status::Failure(Cause::Authentication));
    assert!(
        report.message.contains("AADSTS7000215"),
        "{}",
        report.message
    );
    assert!(!report.message.contains("not-the-secret"));
    assert!(
        headless
            .emulator
            .requests()
            .iter()
            .all(|r| !r.host.starts_with("kv-one"))
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_comes_before_endless_trouble() {
    let mut headless = headless();
    headless.host.limits.deadline = Duration::from_secs(20);
    headless
        .emulator
        .inject(Fault::status(503).retry_after("3600").path("/certificates"));
    let before = tokio::time::Instant::now();
    let report = headless.run(&job(JOB)).await;
    assert!(
        matches!(
            report.status,
            Status::Failure(Cause::Deadline | Cause::Throttled)
        ),
        "{:?} {}",
        report.status,
        report.message
    );
    assert!(before.elapsed() <= Duration::from_secs(25));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_says_so_and_submits_nothing() {
    let headless = headless();
    headless.emulator.set_latency(Duration::from_secs(1));
    let cancel = Cancel::new();
    let stopping = cancel.clone();
    let job = job(JOB);
    let (report, ()) = tokio::join!(headless.run_cancellable(&job, cancel), async move {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        stopping.cancel();
    });
    assert_eq!(
        report.status,
        Status::Failure(Cause::Cancelled),
        "{}",
        report.message
    );
    assert!(report.list.is_none());
}

#[tokio::test(start_paused = true)]
async fn details_are_read_while_later_pages_are_still_being_listed() {
    let headless = headless();
    headless.emulator.set_latency(Duration::from_secs(1));
    headless.run(&job(JOB)).await;
    let requests = headless.emulator.requests();
    let last_page = requests
        .iter()
        .filter(|r| r.path == "/certificates")
        .map(|r| r.ms)
        .max()
        .unwrap();
    let first_detail = requests
        .iter()
        .filter(|r| r.path.starts_with("/certificates/"))
        .map(|r| r.ms)
        .min()
        .unwrap();
    assert!(first_detail <= last_page, "{first_detail} {last_page}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_most_certificates_is_not_submitted() {
    let headless = headless();
    let mut job = job(JOB);
    let Task::Inventory { last_inventory, .. } = &mut job.task else {
        panic!("{JOB} is an inventory");
    };
    last_inventory.count = 1_000;
    let report = headless.run(&job).await;
    assert!(matches!(report.status, Status::Failure(_)));
    assert!(report.message.contains("max-shrink"), "{}", report.message);
    assert!(report.list.is_none());
}

#[tokio::test(start_paused = true)]
async fn w33_a_vault_that_does_not_exist_is_named_as_not_found() {
    let headless = headless();
    let mut job = job(JOB);
    let store = job.store_mut().unwrap();
    store.path = store.path.replace("kv-one", "kv-none");
    let report = headless.run(&job).await;
    assert_eq!(
        report.status,
        Status::Failure(Cause::NotFound),
        "{}",
        report.message
    );
    assert!(report.message.contains("kv-none"), "{}", report.message);
}

#[tokio::test(start_paused = true)]
async fn a_whole_option_list_counts_as_not_set_and_is_a_warning_told_once() {
    let headless = headless();
    let mut job = job(JOB);
    let cloud = (
        "AzureCloud".to_owned(),
        "public,china,government".to_owned(),
    );
    job.store_mut().unwrap().properties = job_scope::Properties::from_fields([cloud]);
    let mut report = headless.run(&job).await;
    assert_eq!(report.status, Status::Warning, "{}", report.message);
    assert_eq!(
        report.message.matches("AzureCloud").count(),
        1,
        "{}",
        report.message
    );
    assert_eq!(Headless::items(&mut report).len(), 60);
}
