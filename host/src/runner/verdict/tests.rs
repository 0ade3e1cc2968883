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
            reached: Vec::new(),
        },
        kind: JobKind::Inventory,
        list: Some(spool),
        gone: 0,
        last_inventory: 0,
        max_shrink: 50,
        warnings: Vec::new(),
        time_limit: Some(key::DEADLINE),
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
        Err(Stop::Limit(crate::limits::Reached::Memory(1 << 20))),
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
fn what_is_told_as_gone_does_not_count_as_there() {
    for (gone, fails) in [(0, false), (1, true)] {
        let mut evidence = evidence(outcome(contract::Status::Success, ""));
        evidence.last_inventory = 20;
        evidence.gone = gone;
        assert_eq!(verdict(evidence).list.is_none(), fails, "{gone}");
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

#[test]
fn only_jobs_that_make_a_list_fail_without_one() {
    for (kind, fails) in [
        (JobKind::Inventory, true),
        (JobKind::Discovery, true),
        (JobKind::Add, false),
        (JobKind::Remove, false),
        (JobKind::CreateStore, false),
        (JobKind::Check, false),
    ] {
        let mut evidence = evidence(outcome(contract::Status::Success, "done"));
        evidence.kind = kind;
        evidence.list = None;
        let report = verdict(evidence);
        assert_eq!(report.status != Status::Success, fails, "{kind}");
    }
}

#[test]
fn a_change_that_was_broken_off_says_that_it_may_have_happened() {
    for (kind, sent, says) in [
        (JobKind::Add, 3, true),
        (JobKind::CreateStore, 1, true),
        (JobKind::Remove, 0, false),
        (JobKind::Discovery, 3, false),
    ] {
        let mut evidence = evidence(Err(Stop::Deadline(Duration::from_secs(300))));
        evidence.kind = kind;
        evidence.traffic.sent = sent;
        let message = verdict(evidence).message;
        assert_eq!(
            message.contains("not known"),
            says,
            "{kind} {sent}: {message}"
        );
    }
}

#[test]
fn every_word_of_the_contract_has_a_cause_and_an_exit() {
    use contract::Failure as Word;
    for (word, cause) in [
        (Word::InvalidInput, Cause::Input),
        (Word::WrongSecret, Cause::Authentication),
        (Word::ExpiredSecret, Cause::Authentication),
        (Word::UnknownTenant, Cause::Authentication),
        (Word::UnknownApplication, Cause::Authentication),
        (Word::WrongCloud, Cause::Authentication),
        (Word::NoIdentity, Cause::Authentication),
        (Word::Authentication, Cause::Authentication),
        (Word::MissingRole, Cause::Forbidden),
        (Word::MissingAccessPolicy, Cause::Forbidden),
        (Word::Firewall, Cause::Forbidden),
        (Word::PrivateLink, Cause::Forbidden),
        (Word::Forbidden, Cause::Forbidden),
        (Word::StoreNotFound, Cause::NotFound),
        (Word::NotFound, Cause::NotFound),
        (Word::Conflict, Cause::Other),
        (Word::Throttled, Cause::Throttled),
        (Word::Deadline, Cause::Deadline),
        (Word::Cancelled, Cause::Cancelled),
        (Word::Unavailable, Cause::Other),
        (Word::UnreadableAnswer, Cause::Other),
        (Word::Unresolved, Cause::Other),
        (Word::SubmissionRefused, Cause::Other),
        (Word::Other, Cause::Other),
    ] {
        let evidence = Evidence {
            time_limit: None,
            ..evidence(outcome(contract::Status::Failure(word), "why"))
        };
        let report = verdict(evidence);
        assert_eq!(report.status, Status::Failure(cause), "{word:?}");
        assert_eq!(report.message, "why");
        assert_eq!(report.failure, Some(word));
        let waits = matches!(
            word,
            Word::MissingRole
                | Word::MissingAccessPolicy
                | Word::StoreNotFound
                | Word::NotFound
                | Word::Throttled
                | Word::Unavailable
        );
        assert_eq!(report.may_pass(), waits, "{word:?}");
    }
}

#[test]
fn a_word_that_the_host_overrules_is_not_the_reports() {
    let word = contract::Status::Failure(contract::Failure::Throttled);
    let mut evidence = evidence(outcome(word, "slow"));
    evidence.traffic.denied = 1;
    let report = verdict(evidence);
    assert_eq!(report.failure, None);
    assert!(!report.may_pass());
}

#[test]
fn the_caution_is_never_cut_away() {
    let caution = "the policy redirected connections to a.example";
    let mut evidence = evidence(outcome(contract::Status::Success, &"€".repeat(10_000)));
    evidence.warnings = vec!["w".repeat(10_000)];
    evidence.caution = Some(caution.to_owned());
    let of_run = verdict(evidence);
    let failure = Failure::unsupported("x\u{1b}".repeat(10_000));
    let of_none = Report::not_run(failure, Some(caution), &Limits::default());
    for report in [of_run, of_none] {
        assert!(!report.text().contains("policy") && !report.text().ends_with("; "));
        let message = report.message;
        assert!(message.ends_with(caution), "{}", message.len());
        assert_eq!(message.encode_utf16().count(), 4_000);
        assert!(!message.contains('\u{1b}'));
    }
}

#[test]
fn what_the_host_has_to_say_makes_a_success_a_warning_and_nothing_else() {
    for (status, wanted) in [
        (contract::Status::Success, Status::Warning),
        (contract::Status::Warning, Status::Warning),
        (
            contract::Status::Failure(contract::Failure::Throttled),
            Status::Failure(Cause::Throttled),
        ),
    ] {
        let mut evidence = evidence(outcome(status, "said"));
        evidence.warnings = vec!["a tenant was not searched".to_owned()];
        let report = verdict(evidence);
        assert_eq!(report.status, wanted);
        assert_eq!(report.message, "said; a tenant was not searched");
    }
}

#[test]
fn who_stops_waiting_is_told_what_the_last_answer_was() {
    let word = contract::Status::Failure(contract::Failure::MissingRole);
    let report = verdict(evidence(outcome(word, "a role is missing")));
    let report = report.stopped_waiting(None, &Limits::default());
    assert_eq!(report.status, Status::Failure(Cause::Cancelled));
    assert!(
        report.message.starts_with("cancelled") && report.message.ends_with("a role is missing")
    );
}

/// Whichever limit ended a job, its key and place are named.
#[test]
fn a_limit_that_was_reached_is_named_as_a_policy_has_it() {
    use crate::limits::Reached as Limit;
    let raise = |key: &str| format!("raise `{key}` under `[limits]` in the policy");
    let said = |status| outcome(contract::Status::Failure(status), "too slow");
    for (outcome, key) in [
        (Err(Stop::Cpu(Duration::from_secs(60))), key::CPU),
        (Err(Stop::Deadline(Duration::from_secs(900))), key::DEADLINE),
        (said(contract::Failure::Deadline), key::DEADLINE),
        (Err(Stop::Limit(Limit::Memory(64 << 20))), key::MEMORY),
        (Err(Stop::Limit(Limit::Handles(1))), key::HANDLES),
        (Err(Stop::Limit(Limit::Resources(1))), key::RESOURCES),
        (
            Err(Stop::Limit(Limit::HostcallBytes(1))),
            key::HOSTCALL_BYTES,
        ),
        (
            Err(Stop::Limit(Limit::RequestHeaders(1))),
            key::HEADER_BYTES,
        ),
    ] {
        let report = verdict(evidence(outcome));
        assert!(report.message.contains(&raise(key)), "{}", report.message);
    }
    for (reached, key) in [
        (Limit::Requests(200_000), key::REQUESTS),
        (Limit::ResponseBody(1), key::RESPONSE_BODY),
        (Limit::ResponseHeaders(1), key::RESPONSE_HEADERS),
    ] {
        let mut evidence = evidence(said(contract::Failure::Other));
        evidence.traffic.reached = vec![reached];
        let message = verdict(evidence).message;
        assert!(message.contains(&raise(key)), "{message}");
    }
    let mut evidence = evidence(Err(Stop::Deadline(Duration::from_secs(3))));
    evidence.time_limit = None;
    let message = verdict(evidence).message;
    assert!(!message.contains("[limits]"), "{message}");
}
