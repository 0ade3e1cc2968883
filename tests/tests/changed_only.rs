//! Inventories that compare with the last one: what they send, what the platform gets, and when
//! a full one comes in between.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use end_to_end::{CHANGED_ONLY, Headless, Observed, compare, job};
use extension_host::orchestrator::{Item, ItemStatus, JobResult, Known, LastInventory, List};
use extension_host::orchestrator::{Job, write_result};
use extension_host::runner::{Report, Status};
use job_scope::Thumbprint;
use serde_json::Value;

const JOB: &str = "inventory-service-principal";

/// Certificates of the built-in seed.
const ALL: usize = 60;

/// The last inventory: one certificate was another then, one was not there, and one is gone.
async fn last(headless: &Headless) -> LastInventory {
    let there = Observed::new(&headless.emulator);
    let mut known = Vec::new();
    for number in 1..=ALL {
        let alias = format!("cert-{number:02}");
        known.push(Known {
            thumbprints: vec![there.thumbprint(&alias).await],
            alias,
            private_key: true,
        });
    }
    known[0].thumbprints = vec![Thumbprint::Sha1([0; 20])];
    known[1].alias = "gone".to_owned();
    headless.emulator.forget_requests();
    LastInventory {
        count: known.len(),
        known,
    }
}

fn keeping_turns() -> Headless {
    let mut headless = Headless::new("keyvault_extension.wasm", "");
    headless.keep_turns();
    headless
}

fn comparing(last: &LastInventory) -> Job {
    let mut job = job(JOB);
    compare(&mut job, last, (CHANGED_ONLY, "true"));
    job
}

fn count(items: &[Item], status: ItemStatus) -> usize {
    items.iter().filter(|item| item.status == status).count()
}

#[tokio::test(start_paused = true)]
async fn of_seven_inventories_one_is_full_and_the_others_read_what_changed() {
    let headless = keeping_turns();
    let job = comparing(&last(&headless).await);
    for turn in 0..15 {
        let mut report = headless.run(&job).await;
        assert_eq!(report.status, Status::Success, "{}", report.message);
        let items = Headless::items(&mut report);
        if turn % 7 == 0 {
            assert_eq!(report.traffic.sent, 64, "{turn}");
            assert_eq!(count(&items, ItemStatus::Unknown), ALL, "{turn}");
            assert_eq!(report.message, "", "{turn}");
        } else {
            // A token, three pages, two certificates.
            assert_eq!(report.traffic.sent, 6, "{turn}");
            assert_eq!(count(&items, ItemStatus::Unknown), 2, "{turn}");
            assert_eq!(count(&items, ItemStatus::Unchanged), ALL - 2, "{turn}");
            assert_eq!(count(&items, ItemStatus::Deleted), 1, "{turn}");
            assert!(
                report.message.contains("change of tags"),
                "{}",
                report.message
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_platform_gets_statuses_and_empty_lists_and_never_null() {
    let headless = keeping_turns();
    let job = comparing(&last(&headless).await);
    headless.run(&job).await;
    let mut report = headless.run(&job).await;
    let result = result(&mut report);
    let items = result["Inventory"].as_array().unwrap();
    let of = |alias: &str| {
        let item = items.iter().find(|item| item["Alias"] == alias).unwrap();
        (
            item["ItemStatus"].as_u64(),
            item["Certificates"].as_array().unwrap().len(),
        )
    };
    assert_eq!(of("cert-01"), (Some(0), 1));
    assert_eq!(of("cert-02"), (Some(0), 1));
    assert_eq!(of("cert-03"), (Some(4), 0));
    assert_eq!(of("gone"), (Some(3), 0));
}

fn result(report: &mut Report) -> Value {
    let list = report.list.as_mut().map(List::Inventory);
    let mut out = Vec::new();
    write_result(&mut out, JobResult::Success, 1, &report.message, list).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_store_that_lost_most_certificates_is_not_submitted_as_deletions_either() {
    let headless = keeping_turns();
    let mut last = last(&headless).await;
    headless.run(&comparing(&last)).await;
    for number in 0..70 {
        let alias = format!("was-there-{number}");
        last.known.push(Known {
            alias,
            private_key: true,
            thumbprints: Vec::new(),
        });
    }
    last.count = last.known.len();
    let report = headless.run(&comparing(&last)).await;
    assert!(matches!(report.status, Status::Failure(_)));
    assert!(report.message.contains("max-shrink"), "{}", report.message);
    assert!(report.list.is_none());
}

#[tokio::test(start_paused = true)]
async fn without_a_directory_each_is_a_full_one_and_says_so() {
    let headless = Headless::new("keyvault_extension.wasm", "");
    let job = comparing(&last(&headless).await);
    for _ in 0..2 {
        let mut report = headless.run(&job).await;
        assert_eq!(report.status, Status::Warning);
        assert!(
            report.message.contains("inventory-turns"),
            "{}",
            report.message
        );
        let items = Headless::items(&mut report);
        assert_eq!(count(&items, ItemStatus::Unknown), ALL);
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_may_ask_for_it_and_the_store_has_the_last_word() {
    let mut headless = keeping_turns();
    let directory = headless.directory.path().display().to_string();
    let policy = format!(
        "inventory-turns = \"{directory}\"\n[[vault]]\nnames = [\"kv-one\"]\noptions = {{ changed-only = true }}\n"
    );
    headless.host.policy = extension_host::policy::Policy::parse(&policy).unwrap();
    let last = last(&headless).await;
    for (own, sent) in [("", [64, 6]), ("false", [64, 64])] {
        let mut job = job(JOB);
        compare(&mut job, &last, (CHANGED_ONLY, own));
        for sent in sent {
            let report = headless.run(&job).await;
            assert_eq!(report.traffic.sent, sent, "{own}");
        }
    }
}
