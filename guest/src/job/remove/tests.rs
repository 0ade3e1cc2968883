//! Whole removals from a vault that is a function. Tests with a number are about a unit
//! test (M) or a weakness (W) of the original extension.

mod lost;
mod matrix;
mod thumbprints;

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::Clock as _;
use crate::job::fake_vault::{
    ALIAS, Effect, FakeVault, Fault, Life, faults, html, job, keeps_its_secrets, refused, reset,
    store, thumbprint, timeout, unavailable_for,
};
use crate::testing::Fake;

const OURS: &[u8] = b"ours";
const ANOTHER: &[u8] = b"another";

fn live() -> FakeVault {
    FakeVault::with(Life::Live, OURS, json!({ "env": "prod" }))
}

fn remove_in(fake: &Fake, thumbprint: Option<&str>) -> Outcome {
    fake.run(run(fake, &job(), &store(), ALIAS, thumbprint))
}

fn remove(vault: &FakeVault, thumbprint: Option<&str>) -> Outcome {
    remove_in(&vault.serve(), thumbprint)
}

fn failed(outcome: &Outcome) -> Failure {
    match outcome.status {
        Status::Failure(failure) => failure,
        _ => panic!("{outcome:?}"),
    }
}

fn says(outcome: &Outcome, words: &[&str]) {
    for word in words {
        assert!(
            outcome.message.contains(word),
            "{word}: {}",
            outcome.message
        );
    }
}

/// A success that has nothing to say but what was done.
fn succeeded(outcome: &Outcome) {
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    let deed = outcome.message.starts_with("web-1 was deleted");
    assert!(
        deed && !outcome.message.contains(". "),
        "{}",
        outcome.message
    );
}

const LOOK: &str = "GET /certificates/web-1";
const DELETE: &str = "DELETE /certificates/web-1";
const LOOK_DELETED: &str = "GET /deletedcertificates/web-1";

#[test]
fn m11_w15_a_certificate_is_deleted_and_waited_for_until_it_shows_as_that() {
    let vault = live();
    let fake = vault.serve();
    let start = fake.now();
    succeeded(&remove_in(&fake, None));
    assert_eq!(vault.requests(), [DELETE, LOOK_DELETED, LOOK_DELETED]);
    assert_eq!(fake.now() - start, Duration::from_secs(2));
    assert_eq!(vault.0.borrow().life, Life::Deleted);
}

#[test]
fn w15_names_are_the_same_in_any_case() {
    let vault = live();
    let echo = json!({
        "id": "https://kv-one.vault.azure.net/certificates/WEB-1/1",
        "recoveryId": "https://kv-one.vault.azure.net/deletedcertificates/WEB-1",
    });
    let echo = Ok(crate::testing::answer(200, &echo.to_string()));
    vault.fail(1, 1, Fault::Lost(echo));
    succeeded(&remove(&vault, None));
    assert_eq!(vault.asked("DELETE"), 1);
}

#[test]
fn in_a_vault_without_soft_delete_there_is_nothing_to_wait_for() {
    let vault = live();
    vault.change(|state| state.soft_delete = false);
    succeeded(&remove(&vault, None));
    assert_eq!(vault.requests(), [DELETE]);
}

#[test]
fn m12_an_alias_that_is_none_ends_the_job_before_anything_is_sent() {
    for alias in ["", " ", "contacts", "ISSUERS", "restore", "a.b"] {
        let fake = Fake::default();
        let outcome = fake.run(run(&fake, &job(), &store(), alias, None));
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        says(&outcome, &["alias"]);
        assert!(fake.sent().is_empty());
    }
}

#[test]
fn malformed_stores_are_refused_by_field() {
    let bad = Store {
        path: "x".into(),
        ..store()
    };
    let fake = Fake::default();
    let outcome = fake.run(run(&fake, &job(), &bad, ALIAS, None));
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(&outcome, &["StorePath"]);
}

#[test]
fn m13_a_refused_deletion_fails_with_the_services_own_code() {
    for (status, code, inner, failure) in [
        (400, "BadParameter", None, Failure::Other),
        (
            403,
            "Forbidden",
            Some("ForbiddenByRbac"),
            Failure::MissingRole,
        ),
        (409, "Conflict", None, Failure::Conflict),
    ] {
        let vault = live();
        vault.fail(1, 1, Fault::Instead(refused(status, code, inner)));
        let outcome = remove(&vault, None);
        assert_eq!(failed(&outcome), failure);
        says(&outcome, &[inner.unwrap_or(code), "nothing was deleted"]);
    }
}

#[test]
fn w15_what_is_not_there_needs_no_removal() {
    for life in [Life::Absent, Life::Deleted] {
        for given in [None, Some(thumbprint(OURS))] {
            let vault = live();
            vault.change(|state| state.life = life);
            let outcome = remove(&vault, given.as_deref());
            assert_eq!(outcome.status, Status::Warning);
            says(&outcome, &["nothing to remove", ALIAS]);
        }
    }
}

#[test]
fn a_404_that_is_not_the_vaults_does_not_mean_that_nothing_is_there() {
    for answer in [html(404), refused(404, "SomethingElse", None)] {
        let vault = live();
        vault.fail(1, 1, Fault::Instead(answer));
        assert_eq!(failed(&remove(&vault, None)), Failure::NotFound);
    }
}

#[test]
fn w06_a_look_that_fails_deletes_nothing() {
    let vault = live();
    vault.fail(
        1,
        usize::MAX,
        Fault::Instead(refused(403, "Forbidden", Some("AccessDenied"))),
    );
    let outcome = remove(&vault, Some(&thumbprint(OURS)));
    assert_eq!(failed(&outcome), Failure::MissingAccessPolicy);
    says(&outcome, &["nothing was deleted"]);
    assert_eq!(vault.asked("DELETE"), 0);
}

#[test]
fn a_deletion_that_is_going_on_already_is_waited_for() {
    let vault = live();
    vault.change(|state| state.life = Life::BeingDeleted(3));
    succeeded(&remove(&vault, None));
    assert_eq!(vault.asked("DELETE"), 1);
}

#[test]
fn a_recovery_that_is_going_on_is_waited_for_and_then_it_is_deleted() {
    let vault = live();
    vault.change(|state| state.life = Life::BeingRecovered(5));
    succeeded(&remove(&vault, None));
    assert_eq!(vault.0.borrow().life, Life::Deleted);

    let vault = live();
    vault.change(|state| state.life = Life::BeingRecovered(100_000));
    let outcome = remove(&vault, None);
    assert_eq!(failed(&outcome), Failure::Conflict);
    says(&outcome, &["still at work", "nothing was deleted"]);
}

#[test]
fn what_does_not_show_as_deleted_in_two_minutes_is_a_warning() {
    let vault = live();
    vault.change(|state| state.slowness = 100_000);
    let fake = vault.serve();
    let start = fake.now();
    let outcome = remove_in(&fake, None);
    assert_eq!(outcome.status, Status::Warning);
    says(&outcome, &["was deleted", "120 s"]);
    assert_eq!(fake.now() - start, Duration::from_secs(120));
}

#[test]
fn whoever_may_not_look_at_what_is_deleted_has_deleted_it_all_the_same() {
    let vault = live();
    vault.fail(2, 1, Fault::Instead(refused(403, "Forbidden", None)));
    succeeded(&remove(&vault, None));
    assert_eq!(vault.asked(LOOK_DELETED), 1);
}

#[test]
fn a_look_at_what_is_deleted_that_fails_is_a_warning() {
    let vault = live();
    vault.fail(2, 1, Fault::Instead(html(404)));
    let outcome = remove(&vault, None);
    assert_eq!(outcome.status, Status::Warning);
    says(&outcome, &["was deleted", "could not read the deleted"]);
}

#[test]
fn what_is_odd_about_the_store_makes_a_success_a_warning() {
    let odd = Store {
        properties: vec![("AzureCloud".into(), "public,china,government".into())],
        ..store()
    };
    let vault = live();
    let fake = vault.serve();
    let outcome = fake.run(run(&fake, &job(), &odd, ALIAS, None));
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    says(&outcome, &["AzureCloud"]);
}

#[test]
fn a_job_that_must_stop_says_what_it_has_done() {
    // Before the deletion, while it is under way, and while it is waited for.
    for (slow, cancelled, limit) in [
        ("/oauth2/", Failure::Cancelled, Failure::Deadline),
        ("/certificates/", Failure::Unresolved, Failure::Unresolved),
    ] {
        let vault = live();
        let fake = vault.serve().slow(slow, Duration::from_secs(1_000));
        fake.cancel_at
            .set(Some(fake.now() + Duration::from_secs(1)));
        let outcome = remove_in(&fake, None);
        assert_eq!(failed(&outcome), cancelled, "{}", outcome.message);
        let vault = live();
        let fake = vault.serve().slow(slow, Duration::from_secs(1_000));
        let job = Job {
            time_limit: Duration::from_secs(30),
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store(), ALIAS, None));
        assert_eq!(failed(&outcome), limit, "{}", outcome.message);
        assert_eq!(vault.asked("DELETE"), 0);
    }
    let vault = live();
    vault.change(|state| state.slowness = 100_000);
    let fake = vault.serve();
    fake.cancel_at
        .set(Some(fake.now() + Duration::from_secs(9)));
    let outcome = remove_in(&fake, None);
    assert_eq!(outcome.status, Status::Warning);
    says(&outcome, &["was deleted", "had to stop"]);
}

#[test]
fn a_job_that_is_cancelled_between_two_looks_of_its_watch_deletes_nothing() {
    let vault = live();
    let fake = vault.serve().latency(50);
    fake.cancel_at
        .set(Some(fake.now() + Duration::from_millis(60)));
    let outcome = remove_in(&fake, Some(&thumbprint(OURS)));
    assert_eq!(failed(&outcome), Failure::Cancelled, "{}", outcome.message);
    says(&outcome, &["nothing was deleted"]);
    assert_eq!(vault.requests(), [LOOK]);
}

#[test]
fn w44_what_is_put_there_while_a_deletion_must_wait_is_not_deleted() {
    let vault = live();
    vault.fail(2, 1, Fault::Instead(refused(429, "Throttled", None)));
    vault.meddle(3, |state| state.put(ANOTHER, json!({})));
    let outcome = remove(&vault, Some(&thumbprint(OURS)));
    assert_eq!(failed(&outcome), Failure::Conflict);
    says(&outcome, &["another certificate", "nothing was deleted"]);
    assert_eq!(vault.asked("DELETE"), 1);
}

#[test]
fn a_throttled_deletion_is_tried_eight_times_in_all() {
    for given in [None, Some(thumbprint(OURS))] {
        let vault = live();
        vault.change(|state| state.slowness = 0);
        vault.fail_all("DELETE", Fault::Instead(refused(429, "Throttled", None)));
        let outcome = remove(&vault, given.as_deref());
        assert_eq!(failed(&outcome), Failure::Throttled);
        says(&outcome, &["8 attempts", "nothing was deleted"]);
        assert_eq!(vault.asked("DELETE"), 8);
    }
}

#[test]
fn a_job_that_is_cancelled_after_any_answer_begins_no_other_request_and_is_true() {
    for after in 0.. {
        let vault = live();
        let fake = vault.serve();
        fake.cancel_after.set(Some(after));
        let outcome = remove_in(&fake, Some(&thumbprint(OURS)));
        assert!(fake.sent().len() <= after, "{after}");
        let deleted = vault.0.borrow().life != Life::Live;
        match outcome.status {
            Status::Failure(failure) => {
                assert_eq!(failure, Failure::Cancelled, "{}", outcome.message);
                says(&outcome, &["nothing was deleted"]);
                assert!(!deleted);
            }
            Status::Warning => {
                says(&outcome, &["was deleted", "had to stop"]);
                assert!(deleted);
            }
            _ => {
                succeeded(&outcome);
                break;
            }
        }
    }
}

#[test]
fn what_was_done_is_told_of_every_deed() {
    use super::steps::Deed;
    for (deed, told) in [
        (Deed::Nothing, "nothing was deleted"),
        (Deed::Sent, "not known"),
        (Deed::Lost, "not known"),
        (Deed::Deleted, "it was deleted"),
    ] {
        assert!(deed.told().contains(told), "{deed:?}");
    }
}
