//! Every job, under every fault of the emulator, at every one of its requests, on paused
//! time. The cases are generated: jobs times faults times requests times "once" and "from
//! here on".
//!
//! What holds in every case: the job ends in a report within its time limit; what the report
//! says is true; nothing is lost or doubled; and with the fault gone, the same job run again
//! reaches the wanted state.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use azure_emulator::{Applied, Effect, Fault};
use end_to_end::{DEEDS, Deed, LONG_AFTER};
use extension_host::runner::Status;
use tokio::time::Instant;

/// The faults, by name.
fn faults() -> Vec<(String, Fault)> {
    let mut all = Vec::new();
    let mut add = |name: &str, fault: Fault| all.push((name.to_owned(), fault));
    for status in [400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 504] {
        add(&format!("status {status}"), Fault::status(status));
    }
    for status in [429, 503] {
        add(
            &format!("status {status} with Retry-After"),
            Fault::status(status).retry_after("7"),
        );
    }
    let instead = [
        ("reset", Effect::Reset),
        ("silence", Effect::Silence),
        ("invalid JSON", Effect::InvalidJson),
        ("another JSON object, 200,", Effect::OtherJson),
        ("HTML 200", Effect::Html { status: 200 }),
        ("HTML 502", Effect::Html { status: 502 }),
        (
            "status 500",
            Effect::Status {
                status: 500,
                retry_after: None,
                body: None,
            },
        ),
        (
            "status 503 with Retry-After",
            Effect::Status {
                status: 503,
                retry_after: Some("7".to_owned()),
                body: None,
            },
        ),
    ];
    for (name, effect) in instead {
        for (when, applied) in [("before", Applied::Never), ("after", Applied::AtOnce)] {
            let mut fault = Fault::new(effect.clone());
            fault.applied = applied;
            add(&format!("{name} {when} the deed"), fault);
        }
    }
    for (name, effect) in [
        (
            "redirect",
            Effect::Redirect {
                status: None,
                location: "https://evil.example/".to_owned(),
            },
        ),
        ("latency", Effect::Latency { ms: 2_000 }),
        ("latency beyond an attempt", Effect::Latency { ms: 61_000 }),
        ("a clock that jumps", Effect::ClockSkip { seconds: 7_200 }),
        ("an expired token", Effect::ExpiredToken),
        (
            "a next link elsewhere",
            Effect::NextLinkHost {
                host: "evil.example".to_owned(),
            },
        ),
        ("a next link that repeats", Effect::RepeatNextLink),
        ("a body too large", Effect::OversizedBody { bytes: 5 << 20 }),
        ("a body cut short", Effect::TruncatedBody { bytes: None }),
        ("a body that stalls", Effect::StalledBody { bytes: None }),
        ("slow headers", Effect::SlowHeaders { ms: 5_000 }),
    ] {
        add(name, Fault::new(effect));
    }
    // Every server knows every secret of the job, and says it wherever it can.
    for status in [400, 401, 403, 404, 409, 429, 503] {
        let said = Vec::new();
        let echo = Effect::EchoError { status, said };
        add(&format!("echoes with status {status}"), Fault::new(echo));
    }
    for round in 0..5 {
        let (at, said) = (round, String::new());
        let name = format!("an echo inside of an answer, {round}");
        add(&name, Fault::new(Effect::EchoInside { at, said }));
    }
    all
}

/// Lets a fault that echoes say the texts, in each case others first.
fn say(fault: &mut Fault, texts: &[String], case: usize) {
    let first = case * 11 % texts.len();
    match &mut fault.then {
        Effect::EchoError { said, .. } => {
            *said = texts.to_vec();
            said.rotate_left(first);
        }
        Effect::EchoInside { at, said } => {
            *at += case * 5;
            said.clone_from(&texts[first]);
        }
        _ => {}
    }
}

/// The README says how many cases there are; how they ended is shown.
fn documented(deed: Deed, requests: u64, ends: &BTreeMap<&'static str, u64>) {
    let faults = faults().len();
    let cases: u64 = ends.values().sum();
    eprintln!("{deed:?}: {requests} requests, {faults} faults, {cases} cases: {ends:?}");
    let row = format!("| `{deed:?}` | {requests} | {faults} | {cases} |");
    let readme = include_str!("../README.md");
    assert!(
        readme.contains(&row),
        "tests/README.md must have the row {row}"
    );
}

/// Runs every case of a deed.
async fn matrix(deed: Deed) {
    let undisturbed = deed.arranged().await;
    let mut report = undisturbed.run(&deed.job()).await;
    assert_eq!(
        report.status,
        Status::Success,
        "{deed:?}: {}",
        report.message
    );
    deed.check(&undisturbed, &mut report, "without a fault")
        .await;
    let requests = report.traffic.sent;
    assert!(requests > 1, "{deed:?} sends {requests} requests");
    let secrets = deed.secrets();
    let texts = secrets.spelled();
    // The search finds whatever a job would pass on of what the servers say.
    let said = undisturbed.said(&report);
    assert_eq!(secrets.find_in(&said), None, "{deed:?}");
    for text in &texts {
        let found = secrets.find_in(&format!("{said} {text}"));
        assert!(found.is_some(), "{deed:?}: {text} is not found");
    }
    let mut number = 0;
    let mut ends = BTreeMap::new();
    for (name, fault) in faults() {
        for skip in 0..requests {
            for times in [Some(1), None] {
                let often = if times.is_some() {
                    "once"
                } else {
                    "from there on"
                };
                let case = format!("{deed:?}: {name} at request {} {often}", skip + 1);
                let headless = deed.arranged().await;
                let mut fault = fault.clone().skip(u32::try_from(skip).unwrap());
                fault.times = times;
                number += 1;
                say(&mut fault, &texts, number);
                headless.emulator.inject(fault);
                let began = Instant::now();
                let limits = deed.limits(&headless.host.limits);
                let mut report = headless.run(&deed.job()).await;
                let took = began.elapsed();
                assert!(took <= limits.deadline + limits.grace, "{case}: {took:?}");
                assert_eq!(report.traffic.denied, 0, "{case}: {}", report.message);
                let said = headless.said(&report);
                if let Some(found) = secrets.find_in(&said) {
                    panic!("{case} says a secret ({found}): {said}");
                }
                // A token is a JWT; its beginning is always the same.
                assert!(!said.contains("eyJ"), "{case} says a token: {said}");
                headless.emulator.clear_faults();
                tokio::time::sleep(LONG_AFTER).await;
                deed.check(&headless, &mut report, &case).await;
                deed.settle(&headless, &case).await;
                let end = match report.status {
                    Status::Success => "success",
                    Status::Warning => "warning",
                    Status::Failure(_) => "failure",
                };
                *ends.entry(end).or_insert(0) += 1;
            }
        }
    }
    documented(deed, requests, &ends);
}

macro_rules! rows {
    ($($name:ident: $deed:ident;)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                matrix(Deed::$deed).await;
            }
        )*

        #[test]
        fn every_kind_has_its_row() {
            let rows = [$(Deed::$deed),*];
            assert_eq!(rows, DEEDS);
        }
    };
}

rows! {
    an_inventory_is_whole_or_none_whatever_fails: Inventory;
    an_inventory_of_what_changed_is_true_whatever_fails: InventoryChangedOnly;
    an_inventory_of_a_machine_is_whole_or_none_whatever_fails: InventoryByMachine;
    an_inventory_of_a_workload_is_whole_or_none_whatever_fails: InventoryByAssertion;
    an_added_certificate_is_there_once_whatever_fails: AddNew;
    a_replaced_certificate_has_one_new_version_whatever_fails: Replace;
    a_revived_certificate_has_one_new_version_whatever_fails: Revive;
    a_chain_is_completed_in_one_new_version_whatever_fails: CompleteChain;
    a_removed_certificate_is_deleted_or_the_job_says_no_whatever_fails: Remove;
    a_vault_is_created_once_whatever_fails: Create;
    a_discovery_is_true_whatever_fails: Discover;
    a_discovery_of_a_machine_is_true_whatever_fails: DiscoverByMachine;
    a_check_ends_with_a_word_whatever_fails: Check;
}
