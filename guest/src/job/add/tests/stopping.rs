//! Jobs that must stop, and what they say they have done.

use super::*;

fn cancelled_at(
    vault: &FakeVault,
    after: Duration,
    certificate: NewCertificate,
) -> (Outcome, Duration) {
    let fake = vault.serve().latency(1_000);
    let at = fake.now() + after;
    fake.cancel_at.set(Some(at));
    let outcome = add_in(&fake, certificate);
    (outcome, fake.now().saturating_sub(at))
}

#[test]
fn a_time_limit_before_the_import_says_that_nothing_was_imported() {
    let vault = FakeVault::new();
    let fake = vault.serve().slow("/oauth2/", Duration::from_secs(1_000));
    let job = Job {
        time_limit: Duration::from_secs(12),
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store(), certificate()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    says(
        &outcome,
        &["time limit", "more time", "nothing was imported"],
    );
    assert_eq!(vault.asked("import"), 0);
}

#[test]
fn a_time_limit_during_the_import_leaves_it_open() {
    let vault = FakeVault::new();
    let fake = vault.serve().slow("/import", Duration::from_secs(1_000));
    let job = Job {
        time_limit: Duration::from_secs(50),
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store(), certificate()));
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["time limit", "an import was sent", "not known"]);
}

#[test]
fn a_time_limit_during_a_recovery_says_so() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.change(|state| state.slowness = 100_000);
    let fake = vault.serve();
    let job = Job {
        time_limit: Duration::from_secs(60),
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store(), overwriting()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    says(&outcome, &["recovery", "asked for", "nothing was imported"]);
}

#[test]
fn a_time_limit_while_the_vault_is_throttled_is_throttling() {
    let vault = FakeVault::new();
    vault.fail(
        2,
        usize::MAX,
        Fault::Instead(refused(429, "Throttled", None)),
    );
    let job = Job {
        time_limit: Duration::from_secs(30),
        ..job()
    };
    let fake = vault.serve().latency(900);
    let outcome = fake.run(run(&fake, &job, &store(), certificate()));
    assert_eq!(failed(&outcome), Failure::Throttled, "{}", outcome.message);
    says(&outcome, &["nothing was imported"]);
}

#[test]
fn a_time_limit_names_the_last_trouble() {
    for (answer, failure) in [
        (refused(503, "ServiceUnavailable", None), Failure::Deadline),
        (refused(429, "Throttled", None), Failure::Throttled),
    ] {
        let vault = FakeVault::new();
        vault.fail(1, 1, Fault::Instead(answer));
        let fake = vault.serve().slow("/certificates", Duration::from_secs(8));
        let job = Job {
            time_limit: Duration::from_secs(12),
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store(), certificate()));
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        says(&outcome, &["last trouble", "nothing was imported"]);
    }
}

#[test]
fn a_cancelled_job_stops_before_the_next_request() {
    let vault = FakeVault::new();
    let (outcome, late) = cancelled_at(&vault, Duration::from_millis(1_500), certificate());
    assert_eq!(failed(&outcome), Failure::Cancelled);
    says(&outcome, &["cancelled", "nothing was imported"]);
    assert!(late <= Duration::from_millis(250), "{late:?}");
    assert_eq!(vault.asked("import"), 0);
}

#[test]
fn an_import_that_is_under_way_when_the_job_is_cancelled_is_waited_for() {
    let vault = FakeVault::new();
    let (outcome, _) = cancelled_at(&vault, Duration::from_millis(2_500), certificate());
    succeeded(&outcome);
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn an_import_that_is_not_answered_soon_after_that_is_left_open() {
    let vault = FakeVault::new();
    let fake = vault.serve().slow("/import", Duration::from_secs(1_000));
    let at = fake.now() + Duration::from_secs(3);
    fake.cancel_at.set(Some(at));
    let outcome = add_in(&fake, certificate());
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["cancelled", "an import was sent"]);
    let late = fake.now() - at;
    let wanted = Duration::from_secs(3)..Duration::from_secs(4);
    assert!(wanted.contains(&late), "{late:?}");
}

#[test]
fn a_job_that_is_cancelled_after_a_recovery_says_what_it_has_done() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.change(|state| state.slowness = 0);
    // token, look, import (409), recover, look: five seconds; then the import is held up.
    vault.fail(
        5,
        usize::MAX,
        Fault::Instead(refused(429, "Throttled", None)),
    );
    let (outcome, _) = cancelled_at(&vault, Duration::from_millis(7_500), overwriting());
    assert_eq!(failed(&outcome), Failure::Cancelled);
    says(
        &outcome,
        &["cancelled", "web-1 was recovered", "nothing was imported"],
    );
}

#[test]
fn a_job_that_is_cancelled_between_two_looks_of_its_watch_imports_nothing() {
    // The token takes 50 ms and the look 50 ms more; the watch looks each 250 ms.
    for (milliseconds, requests) in [(10, 0), (60, 1)] {
        let vault = FakeVault::new();
        let fake = vault.serve().latency(50);
        fake.cancel_at
            .set(Some(fake.now() + Duration::from_millis(milliseconds)));
        let outcome = add_in(&fake, certificate());
        assert_eq!(failed(&outcome), Failure::Cancelled);
        says(&outcome, &["cancelled", "nothing was imported"]);
        assert_eq!(vault.requests().len(), requests, "{milliseconds}");
        assert_eq!(vault.asked("import"), 0);
    }
}

#[test]
fn a_cancelled_job_waits_for_the_change_that_is_out_and_begins_no_other() {
    // Token, look and import take 50 ms each: the import is out when the job is cancelled.
    let at = Duration::from_millis(110);
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    let fake = vault.serve().latency(50);
    fake.cancel_at.set(Some(fake.now() + at));
    let outcome = add_in(&fake, overwriting());
    assert_eq!(failed(&outcome), Failure::Cancelled, "{}", outcome.message);
    says(&outcome, &["cancelled", "nothing was imported"]);
    assert_eq!(vault.requests(), [LOOK, IMPORT]);
    assert_eq!(vault.0.borrow().life, Life::Deleted);

    let vault = FakeVault::new();
    vault.fail(2, 1, Fault::Instead(reset()));
    let fake = vault.serve().latency(50);
    fake.cancel_at.set(Some(fake.now() + at));
    let outcome = add_in(&fake, certificate());
    assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
    assert_eq!(vault.requests(), [LOOK, IMPORT]);
}

#[test]
fn nothing_is_sent_after_the_time_is_up() {
    // Token, look and import: the last answer comes with the end, and asks for a recovery.
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    let fake = vault.serve().latency(600);
    let job = Job {
        time_limit: Duration::from_secs(2),
        ..job()
    };
    let end = fake.now() + Duration::from_secs(2);
    fake.run(run(&fake, &job, &store(), overwriting()));
    assert_eq!(vault.requests(), [LOOK, IMPORT]);
    for sent in fake.sent() {
        assert!(sent.at < end - Duration::from_millis(200), "{:?}", sent.at);
    }
}

/// The vault answers the import without its policy, so that the job looks at it once more.
fn without_policy() -> Fault {
    let body = json!({
        "id": "https://kv-one.vault.azure.net/certificates/web-1/00000000000000000000000000000001",
        "cer": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, ours()),
        "attributes": { "enabled": true },
    });
    Fault::Lost(Ok(crate::testing::answer(200, &body.to_string())))
}

#[test]
fn a_job_that_must_stop_after_its_import_says_what_it_has_imported() {
    let vault = FakeVault::new();
    vault.fail(2, 1, without_policy());
    let fake = vault.serve();
    fake.cancel_after.set(Some(3));
    let outcome = add_in(&fake, certificate());
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    says(
        &outcome,
        &["web-1 was imported: version 0000", "had to stop"],
    );
    assert_eq!(vault.requests(), [LOOK, IMPORT]);
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn a_policy_that_cannot_be_looked_at_is_not_told_about() {
    let vault = FakeVault::new();
    vault.fail(2, 1, without_policy());
    vault.meddle(3, |state| state.put(ANOTHER, json!({})));
    succeeded(&add(&vault, certificate()));
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK]);
}

#[test]
fn a_job_that_is_cancelled_after_any_answer_begins_no_other_request_and_is_true() {
    for life in [Life::Absent, Life::Live, Life::Deleted] {
        for after in 0.. {
            let vault = FakeVault::new();
            if life != Life::Absent {
                vault.change(|state| {
                    state.put(ANOTHER, json!({}));
                    state.life = life;
                });
            }
            let fake = vault.serve();
            fake.cancel_after.set(Some(after));
            let outcome = add_in(&fake, overwriting());
            let done = vault.versions_of(&ours()) == 1;
            assert!(fake.sent().len() <= after, "{after}");
            match outcome.status {
                Status::Failure(failure) => {
                    assert_eq!(failure, Failure::Cancelled, "{}", outcome.message);
                    says(&outcome, &["cancelled", "nothing was imported"]);
                    assert!(!done);
                }
                _ => {
                    assert!(done, "{}", outcome.message);
                    break;
                }
            }
        }
    }
}
