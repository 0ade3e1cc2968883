//! Every kind of job through the engine: what crosses the contract, and what a job of one kind
//! may not do although another may. The extension is the hostile one, which tells its input.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use end_to_end::{Azure, Headless, artifact, fixture, job};
use extension_host::orchestrator::{Job, Task};
use extension_host::runner::{Cause, Credentials, Report, Status};
use job_scope::{ClientId, Identity, JobKind};
use std::time::Duration;

const COMPONENT: &str = "hostile_extension.wasm";

const ADD: &str = "add-rsa-4096-non-exportable-text";
const REMOVE: &str = "remove-other-thumbprint";
const DISCOVERY: &str = "discovery-two-tenants-with-spaces";

fn trying(attempt: &str, argument: &str) -> String {
    format!("[options]\nattempt = {attempt:?}\nargument = {argument:?}\n")
}

async fn run(job: &Job, attempt: &str, argument: &str) -> Report {
    Headless::new(COMPONENT, &trying(attempt, argument))
        .run(job)
        .await
}

/// A check of the store that an inventory sample is about.
fn check(kinds: &[JobKind]) -> Job {
    let mut job = job("inventory-service-principal");
    job.task = Task::Check {
        store: job.store().unwrap().clone(),
        kinds: kinds.to_vec(),
    };
    job
}

#[tokio::test(start_paused = true)]
async fn an_add_gets_its_certificate_as_bytes_and_only_the_parameters_that_are_set() {
    let report = run(&job(ADD), "tell-input", "").await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert!(report.list.is_none());
    let told = &report.message;
    assert!(
        told.contains("time-limit: 300000") || told.contains("time_limit: 300000"),
        "{told}"
    );
    // A PKCS#12 begins with a SEQUENCE of a two-byte length, and the message ends before its end.
    assert!(told.contains("contents: [48, 130"), "{told}");
    let report = run(&job("add-pem-contents-format"), "tell-input", "").await;
    assert!(
        report.message.contains("contents: [45, 45, 45, 45, 45, 66"),
        "{}",
        report.message
    );
}

#[tokio::test(start_paused = true)]
async fn a_remove_gets_alias_and_thumbprint_and_a_discovery_its_places_with_their_options() {
    let told = run(&job(REMOVE), "tell-input", "").await.message;
    for part in [
        "\"web-2\"",
        "Some(\"00112233445566778899AABBCCDDEEFF00112233\")",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let policy = format!(
        "{}[[tenant]]\nnames = [\"99999999-9999-4999-8999-999999999999\"]\npath-format = \"short\"\n",
        trying("tell-input", "")
    );
    let headless = Headless::new(COMPONENT, &policy);
    let told = headless.run(&job(DISCOVERY)).await.message;
    assert_eq!(told.matches("Place {").count(), 2, "{told}");
    let (first, second) = told.rsplit_once("Place {").unwrap();
    assert!(
        second.contains("99999999") && second.contains("\"short\""),
        "{told}"
    );
    assert!(!first.contains("\"short\""), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_check_gets_the_kinds_it_is_about() {
    let told = run(
        &check(&[JobKind::Add, JobKind::CreateStore]),
        "tell-input",
        "",
    )
    .await
    .message;
    assert!(
        told.contains("Add") && told.contains("CreateStore"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_the_extension_does_not_offer_is_refused_by_name() {
    let headless = Headless::new(COMPONENT, &trying("nothing", ""));
    let report = headless.run(&job("create-vault-empty-properties")).await;
    assert_eq!(report.status, Status::Failure(Cause::Input));
    for word in ["create-store", "certstore:extension/remove"] {
        assert!(report.message.contains(word), "{}", report.message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_discovery_submits_paths_and_nothing_else() {
    let mut report = run(&job(DISCOVERY), "submit-paths", "b a").await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert_eq!(Headless::paths(&mut report), ["b", "a"]);
    let mut report = run(&job(DISCOVERY), "nothing", "").await;
    assert!(Headless::paths(&mut report).is_empty());
    for (attempt, argument) in [("submit-paths", "a A"), ("submit-inventory", "")] {
        let report = run(&job(DISCOVERY), attempt, argument).await;
        assert_eq!(report.status, Status::Failure(Cause::Other), "{attempt}");
        assert!(report.list.is_none(), "w28: {attempt}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_makes_no_list_may_submit_none() {
    for job in [job(ADD), job(REMOVE), check(&[JobKind::Inventory])] {
        for attempt in ["submit-paths", "submit-inventory"] {
            let report = run(&job, attempt, "a").await;
            assert_eq!(
                report.status,
                Status::Failure(Cause::Other),
                "{}",
                report.message
            );
        }
    }
}

/// What one kind may send, another may not: each request is granted to exactly these.
#[tokio::test(start_paused = true)]
async fn the_requests_of_one_kind_are_denied_to_the_others() {
    let vault = "https://kv-one.vault.azure.net";
    let kinds = [
        job("inventory-service-principal"),
        job(ADD),
        job(REMOVE),
        job(DISCOVERY),
    ];
    for (attempt, url, granted) in [
        (
            "get",
            format!("{vault}/certificates?api-version=7.6"),
            vec![JobKind::Inventory],
        ),
        (
            "get",
            format!("{vault}/certificates/web-2?api-version=7.6"),
            vec![JobKind::Inventory, JobKind::Add, JobKind::Remove],
        ),
        (
            "delete-url",
            format!("{vault}/certificates/web-2?api-version=7.6"),
            vec![JobKind::Remove],
        ),
        (
            "delete-url",
            format!("{vault}/certificates/cert-01?api-version=7.6"),
            vec![],
        ),
        (
            "delete-url",
            format!("{vault}/certificates/contacts?api-version=7.6"),
            vec![],
        ),
        (
            "get",
            format!("{vault}/secrets/web-2?api-version=7.6"),
            vec![],
        ),
        (
            "get",
            "https://management.azure.com/subscriptions?api-version=2022-12-01".to_owned(),
            vec![JobKind::Discovery],
        ),
    ] {
        for job in &kinds {
            let report = run(job, attempt, &url).await;
            let denied = report.status == Status::Failure(Cause::Denied);
            let kind = job.kind();
            assert_eq!(
                denied,
                !granted.contains(&kind),
                "{kind} {attempt} {url}: {}",
                report.message
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_add_has_the_shorter_deadline_and_says_what_is_not_known() {
    let granted = "https://kv-one.vault.azure.net/certificates/web-2?api-version=7.6";
    for (attempt, argument, not_known) in [("sleep", "", false), ("get-then-sleep", granted, true)]
    {
        let before = tokio::time::Instant::now();
        let report = run(&job(ADD), attempt, argument).await;
        let message = &report.message;
        assert_eq!(report.status, Status::Failure(Cause::Deadline), "{message}");
        let elapsed = before.elapsed();
        let (earliest, latest) = (Duration::from_secs(300), Duration::from_secs(310));
        assert!((earliest..latest).contains(&elapsed), "{elapsed:?}");
        assert_eq!(message.contains("not known"), not_known, "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_federated_token_is_read_afresh_at_each_call() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    let mut job = check(&[JobKind::Inventory]);
    let client_id = ClientId::parse("33333333-3333-4333-8333-333333333333").unwrap();
    job.identity = Identity::ClientAssertion { client_id };
    job.secret = None;
    job.token_file = Some(path.clone());
    let mut bare = Headless::new(COMPONENT, &trying("assertions", ""));
    bare.host.credentials = Credentials::Bare;
    for token in ["eyJ.first.x", "eyJ.second.x"] {
        std::fs::write(&path, token).unwrap();
        let told = bare.run(&job).await.message;
        assert_eq!(told.matches(token).count(), 2, "{told}");
        // Under the veil the same token has the same placeholder.
        let told = run(&job, "assertions", "").await.message;
        assert!(!told.contains("eyJ"), "{told}");
        let (one, other) = told.split_once(' ').unwrap();
        assert_eq!(one, other);
        assert!(one.starts_with("Ok("), "{told}");
    }
    std::fs::remove_file(&path).unwrap();
    // The extension is not even run.
    let told = run(&job, "assertions", "").await.message;
    assert!(told.contains("federated token file"), "{told}");
    assert!(!told.contains("Err("), "{told}");
}

#[test]
fn a_discovery_of_the_platform_ends_in_discovered() {
    let azure = Azure::start();
    azure.append_policy(&trying("submit-paths", "b a"));
    let component = artifact(COMPONENT);
    let more = ["--component", component.to_str().unwrap(), "--table"];
    let ran = azure.run(&fixture(DISCOVERY), &more);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let result = ran.json();
    assert_eq!(result["Discovered"], serde_json::json!(["b", "a"]));
    assert!(result.get("Inventory").is_none());
    assert!(ran.stderr.contains("subscription"), "{}", ran.stderr);
}
