//! Imports whose answers get lost.

use super::*;

fn lost_answers() -> Vec<crate::testing::Answer> {
    let own = refused(500, "InternalServerError", None);
    vec![
        reset(),
        timeout(),
        own,
        html(502),
        html(503),
        html(520),
        html(200),
        unavailable_for("1"),
    ]
}

#[test]
fn an_import_that_took_effect_is_not_sent_again() {
    for overwrite in [false, true] {
        for answer in lost_answers() {
            let vault = FakeVault::new();
            vault.fail(2, 1, Fault::Lost(answer));
            succeeded(&add(
                &vault,
                NewCertificate {
                    overwrite,
                    ..certificate()
                },
            ));
            assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK]);
            assert_eq!(vault.versions_of(&ours()), 1);
        }
    }
}

#[test]
fn an_import_that_did_not_is_sent_again_after_a_look() {
    for answer in lost_answers() {
        let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
        vault.fail(2, 1, Fault::Instead(answer));
        succeeded(&add(&vault, overwriting()));
        assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK, IMPORT]);
        assert_eq!(vault.versions_of(&ours()), 1);
    }
}

#[test]
fn with_the_same_certificate_there_before_only_another_version_counts() {
    let tags = [("CertificateTags", r#"{"a":"2"}"#)];
    let vault = FakeVault::with(Life::Live, &ours(), json!({ "a": "1" }));
    vault.fail(2, 1, Fault::Lost(reset()));
    succeeded(&add(&vault, with(overwriting(), &tags)));
    assert_eq!((vault.versions_of(&ours()), vault.asked("import")), (2, 1));

    let vault = FakeVault::with(Life::Live, &ours(), json!({ "a": "1" }));
    vault.fail(2, 1, Fault::Instead(reset()));
    succeeded(&add(&vault, with(overwriting(), &tags)));
    assert_eq!((vault.versions_of(&ours()), vault.asked("import")), (2, 2));
}

#[test]
fn an_import_that_takes_effect_while_the_job_waits_is_seen() {
    let vault = FakeVault::new();
    vault.fail(2, 1, Fault::Late(Duration::from_secs(4), reset()));
    succeeded(&add(&vault, certificate()));
    assert_eq!((vault.versions_of(&ours()), vault.asked("import")), (1, 1));
}

#[test]
fn what_a_service_without_conditional_requests_leaves_open_is_an_import_later_than_the_look() {
    let vault = FakeVault::new();
    vault.fail(2, 1, Fault::Late(Duration::from_secs(6), reset()));
    succeeded(&add(&vault, certificate()));
    vault.settle();
    assert_eq!(vault.versions_of(&ours()), 2);
}

#[test]
fn two_lost_imports_without_a_trace_are_enough_and_nobody_knows_what_becomes_of_them() {
    for (fault, versions) in [
        (Fault::Instead(reset()), 0),
        (Fault::Late(Duration::from_secs(30), reset()), 2),
    ] {
        let vault = FakeVault::new();
        vault.fail_all("import", fault);
        let fake = vault.serve();
        let outcome = add_in(&fake, certificate());
        assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
        says(
            &outcome,
            &[
                "2 answers were lost",
                "no trace",
                "within 20 s",
                "not known",
            ],
        );
        assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK, IMPORT, LOOK]);
        let sent = fake.sent_to("/certificates/");
        for (look, settle) in [(2, 5), (4, 20)] {
            let waited = sent[look].at - sent[look - 1].at;
            assert_eq!(waited, Duration::from_secs(settle));
        }
        // The same job run again makes no other version of what has come by then.
        vault.settle();
        vault.fail(0, 0, Fault::Lost(reset()));
        assert_eq!(add(&vault, certificate()).status, Status::Success);
        assert_eq!(vault.versions_of(&ours()), versions.max(1));
    }
}

#[test]
fn an_import_that_is_refused_after_one_was_lost_is_followed_by_a_look_at_the_lost_one() {
    let later_than_the_look = Effect::After(Duration::from_secs(8));
    for refusal in [
        refused(403, "Forbidden", Some("ForbiddenByRbac")),
        refused(409, "Conflict", Some("ObjectIsBeingDeleted")),
        refused(409, "Conflict", Some("ObjectIsDeletedButRecoverable")),
        refused(409, "Conflict", None),
        refused(429, "Throttled", None),
    ] {
        let refuse = |effect| {
            let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
            vault.fail_all("import", Fault::Instead(refusal.clone()));
            vault.meddle(2, move |state| state.lose_this_answer(effect));
            vault
        };
        let vault = refuse(later_than_the_look);
        // An import is answered after two seconds: the look comes after seven, and the second
        // refusal after nine.
        let fake = vault.serve().slow("/import", Duration::from_secs(2));
        succeeded(&add_in(&fake, overwriting()));
        assert_eq!(vault.versions_of(&ours()), 1);
        assert_eq!(vault.requests().last().unwrap(), LOOK);

        // Of one that has left no trace so far, nobody knows.
        let vault = refuse(Effect::None);
        let outcome = add(&vault, overwriting());
        assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
        says(&outcome, &["an import was sent", "not known"]);
        assert_eq!(vault.versions_of(&ours()), 0);
    }
}

#[test]
fn where_that_look_fails_too_the_refusal_is_told() {
    let vault = FakeVault::new();
    let refusal = || Fault::Instead(refused(403, "Forbidden", Some("ForbiddenByRbac")));
    vault.fail(4, usize::MAX, refusal());
    vault.meddle(2, |state| state.lose_this_answer(Effect::None));
    let outcome = add(&vault, certificate());
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK, IMPORT, LOOK]);
    assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
    says(&outcome, &["could not import", "403", "an import was sent"]);
}

#[test]
fn what_a_lost_import_has_made_while_the_job_waited_is_not_told_as_there_already() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    let busy = refused(409, "Conflict", Some("ObjectIsBeingRecovered"));
    vault.fail_all("import", Fault::Instead(busy));
    let later = Effect::After(Duration::from_secs(6));
    vault.meddle(2, move |state| state.lose_this_answer(later));
    succeeded(&add(&vault, overwriting()));
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn where_the_look_after_a_lost_answer_fails_too_the_outcome_is_not_known() {
    let vault = FakeVault::new();
    vault.fail(2, usize::MAX, Fault::Lost(reset()));
    let outcome = add(&vault, certificate());
    assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
    says(
        &outcome,
        &["an import was sent", "not known", "run the job again"],
    );
    assert_eq!(vault.asked("import"), 1);
    // The same job run again finds it there.
    vault.fail(0, 0, Fault::Lost(reset()));
    says(&add(&vault, certificate()), &["unchanged"]);
}

#[test]
fn where_somebody_else_has_imported_meanwhile_the_outcome_is_not_known() {
    for overwrite in [false, true] {
        let vault = FakeVault::new();
        vault.fail(2, 1, Fault::Lost(reset()));
        vault.meddle(3, |state| state.put(ANOTHER, json!({})));
        let outcome = add(
            &vault,
            NewCertificate {
                overwrite,
                ..certificate()
            },
        );
        assert_eq!(failed(&outcome), Failure::Unresolved);
        says(&outcome, &["somebody else", "not known"]);
        assert_eq!(vault.asked("import"), 1);
    }
}

#[test]
fn an_answer_that_shows_another_certificate_is_not_believed() {
    let odd = |body: Value| Fault::Instead(Ok(crate::testing::answer(200, &body.to_string())));
    let id = "https://kv-one.vault.azure.net/certificates/web-1/9";
    for body in [
        json!({ "id": id, "cer": "YWJj" }),
        json!({ "id": id }),
        json!({ "cer": "YWJj" }),
    ] {
        let vault = FakeVault::new();
        vault.fail(2, 1, odd(body));
        succeeded(&add(&vault, certificate()));
        assert_eq!(vault.versions_of(&ours()), 1);
        assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK, IMPORT]);
    }
}

#[test]
fn an_import_that_was_certainly_not_worked_on_is_sent_again_after_a_look() {
    let no_connection = Err(crate::http::TransportError::Connection("refused"));
    for answer in [refused(429, "Throttled", None), no_connection] {
        let vault = FakeVault::new();
        vault.fail(2, 1, Fault::Instead(answer));
        succeeded(&add(&vault, certificate()));
        let wanted = [LOOK, IMPORT, LOOK, IMPORT];
        assert_eq!(vault.requests(), wanted);
        assert_eq!(vault.versions_of(&ours()), 1);
    }
}

#[test]
fn a_throttled_import_is_tried_eight_times_in_all() {
    let vault = FakeVault::new();
    vault.fail_all("/import", Fault::Instead(refused(429, "Throttled", None)));
    let outcome = add(&vault, certificate());
    assert_eq!(failed(&outcome), Failure::Throttled);
    says(&outcome, &["8 attempts", "nothing was imported"]);
    assert_eq!(vault.asked("import"), 8);
}

#[test]
fn what_comes_while_an_import_must_wait_is_not_imported_over() {
    let vault = FakeVault::new();
    vault.fail(2, 1, Fault::Instead(refused(429, "Throttled", None)));
    vault.meddle(3, |state| {
        state.life = Life::Live;
        state.put(ANOTHER, json!({}));
    });
    let outcome = add(&vault, certificate());
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    says(&outcome, &["left untouched"]);
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK]);
    assert_eq!(vault.0.borrow().versions.len(), 1);
}

/// The first import is lost and has done nothing so far, the second one throttled: what is
/// there before the third one decides.
fn lost_then_throttled(meanwhile: impl Fn(&mut State) + 'static) -> (Outcome, FakeVault) {
    let vault = FakeVault::new();
    vault.fail(4, 1, Fault::Instead(refused(429, "Throttled", None)));
    vault.meddle(2, |state| state.lose_this_answer(Effect::None));
    vault.meddle(5, meanwhile);
    (add(&vault, certificate()), vault)
}

#[test]
fn a_lost_import_that_takes_effect_while_the_next_one_must_wait_is_the_one() {
    let (outcome, vault) = lost_then_throttled(|state| {
        state.life = Life::Live;
        state.put(&ours(), json!({}));
    });
    succeeded(&outcome);
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK, IMPORT, LOOK]);
}

#[test]
fn one_that_does_not_is_followed_by_the_next() {
    let (outcome, vault) = lost_then_throttled(|_| ());
    succeeded(&outcome);
    assert_eq!(vault.asked("import"), 3);
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn one_below_another_certificate_leaves_the_outcome_open() {
    let (outcome, vault) = lost_then_throttled(|state| {
        state.life = Life::Live;
        state.put(ANOTHER, json!({}));
    });
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["somebody else"]);
    assert_eq!(vault.asked("import"), 2);
}

#[test]
fn what_comes_back_after_a_lost_import_is_left_alone_and_the_outcome_open() {
    let vault = FakeVault::new();
    vault.meddle(2, |state| state.lose_this_answer(Effect::None));
    // Before the second import, somebody recovers another certificate of that name.
    vault.meddle(4, |state| {
        state.put(ANOTHER, json!({}));
        state.life = Life::BeingRecovered(2);
    });
    let outcome = add(&vault, certificate());
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["somebody else"]);
    assert_eq!(vault.versions_of(&ours()), 0);
}

#[test]
fn a_job_that_must_stop_before_it_has_looked_leaves_the_outcome_open() {
    for fault in [Fault::Lost(reset()), Fault::Instead(reset())] {
        let vault = FakeVault::new();
        vault.fail(2, 1, fault);
        let fake = vault.serve();
        fake.cancel_at
            .set(Some(fake.now() + Duration::from_secs(3)));
        let outcome = add_in(&fake, certificate());
        assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
        says(&outcome, &["cancelled", "an import was sent", "not known"]);
    }
}

#[test]
fn whoever_says_when_to_come_back_may_have_worked_on_it_and_is_not_asked_sooner() {
    for fault in [
        Fault::Lost(unavailable_for("20")),
        Fault::Instead(unavailable_for("20")),
    ] {
        let vault = FakeVault::new();
        vault.fail(2, 1, fault);
        let fake = vault.serve();
        succeeded(&add_in(&fake, certificate()));
        assert_eq!(vault.requests()[..3], [LOOK, IMPORT, LOOK]);
        assert_eq!(vault.versions_of(&ours()), 1);
        let sent = fake.sent_to("/certificates/");
        let waited = sent[2].at - sent[1].at;
        let wanted = Duration::from_secs(20)..Duration::from_secs(21);
        assert!(wanted.contains(&waited), "{waited:?}");
    }
}

#[test]
fn a_look_that_fails_while_a_second_import_must_wait_leaves_the_outcome_open() {
    let vault = FakeVault::new();
    vault.meddle(2, |state| state.lose_this_answer(Effect::None));
    let throttled = Fault::Instead(refused(429, "Throttled", None));
    vault.fail(4, usize::MAX, throttled);
    let outcome = add(&vault, certificate());
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["failed too", "429 Throttled", "not known"]);
    assert_eq!(vault.asked("import"), 2);
}
