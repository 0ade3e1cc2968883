use super::*;
use crate::engine::Usage;
use std::time::Duration;

fn outcome(status: contract::Status, message: &str) -> Result<contract::Outcome, Stop> {
    Ok(contract::Outcome {
        status,
        message: message.to_owned(),
    })
}

fn evidence(outcome: Result<contract::Outcome, Stop>) -> Evidence {
    let mut spool = Spool::new().unwrap();
    for entry in 0..10 {
        spool.push(&entry).unwrap();
    }
    Evidence {
        ended: Ended {
            outcome,
            refused: None,
            usage: Usage::default(),
        },
        traffic: Traffic {
            sent: 4,
            denied: 0,
            denials: Vec::new(),
        },
        list: Some(spool),
        last_inventory: 0,
        max_shrink: 50,
        caution: None,
        message_limit: 4_000,
    }
}

#[test]
fn a_success_has_its_list() {
    let report = verdict(evidence(outcome(contract::Status::Success, "")));
    assert_eq!(report.status, Status::Success);
    assert_eq!(report.message, "");
    assert_eq!(report.list.unwrap().entries(), 10);
}

#[test]
fn a_failure_has_no_list_whatever_was_submitted_before() {
    for outcome in [
        outcome(
            contract::Status::Failure(contract::Failure::Throttled),
            "slow",
        ),
        Err(Stop::Trap("unreachable".to_owned())),
        Err(Stop::Deadline(Duration::from_secs(1))),
        Err(Stop::OutOfMemory(1 << 20)),
        Err(Stop::Cancelled),
        Err(Stop::Host("a panic".to_owned())),
    ] {
        let report = verdict(evidence(outcome.clone()));
        assert!(matches!(report.status, Status::Failure(_)), "{outcome:?}");
        assert!(report.list.is_none(), "{outcome:?}");
        assert!(!report.message.is_empty(), "{outcome:?}");
    }
}

#[test]
fn a_denied_request_is_a_failure_even_if_the_extension_says_success() {
    let mut evidence = evidence(outcome(contract::Status::Success, "all fine"));
    evidence.traffic.denied = 1;
    let report = verdict(evidence);
    assert_eq!(report.status, Status::Failure(Cause::Denied));
    assert!(report.message.contains("reported Success: all fine"));
    assert!(report.list.is_none());
}

#[test]
fn w27_a_refused_submission_is_a_failure_even_if_the_extension_says_success() {
    let mut evidence = evidence(outcome(contract::Status::Success, ""));
    evidence.ended.refused = Some("web-1 was submitted twice".to_owned());
    let report = verdict(evidence);
    assert_eq!(report.status, Status::Failure(Cause::Other));
    assert!(report.message.contains("web-1 was submitted twice"));
}

#[test]
fn a_store_that_lost_more_than_half_is_a_failure_from_twenty_on() {
    for (before, fails) in [
        (0, false),
        (19, false),
        (20, false),
        (21, true),
        (1_000, true),
    ] {
        let mut evidence = evidence(outcome(contract::Status::Success, ""));
        evidence.last_inventory = before;
        let report = verdict(evidence);
        assert_eq!(report.list.is_none(), fails, "{before}");
        assert_eq!(report.message.contains("max-shrink"), fails, "{before}");
    }
}

#[test]
fn max_shrink_of_a_hundred_lets_everything_pass() {
    let mut evidence = evidence(outcome(contract::Status::Success, ""));
    evidence.last_inventory = 100_000;
    evidence.max_shrink = 100;
    assert_eq!(verdict(evidence).status, Status::Success);
}

#[test]
fn a_run_with_a_redirecting_policy_says_so_in_the_result() {
    let mut evidence = evidence(outcome(contract::Status::Success, ""));
    evidence.caution = Some("the policy redirected connections".to_owned());
    let report = verdict(evidence);
    assert_eq!(report.status, Status::Success);
    assert!(report.message.contains("redirected"));
}

#[test]
fn w29_a_message_is_cut_to_what_the_platform_stores() {
    let report = verdict(evidence(outcome(
        contract::Status::Warning,
        &"x".repeat(10_000),
    )));
    assert_eq!(report.message.encode_utf16().count(), 4_000);
}
