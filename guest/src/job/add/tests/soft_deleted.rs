//! Names whose certificate was deleted and can be recovered.

use super::*;

#[test]
fn w12_without_overwrite_it_stays_deleted_and_the_dates_are_named() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    let outcome = add(&vault, certificate());
    assert_eq!(failed(&outcome), Failure::Conflict);
    says(
        &outcome,
        &[
            "02 Aug 2024",
            "09 Aug 2024",
            "Overwrite",
            "purge",
            "nothing was imported",
        ],
    );
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK_DELETED]);
    assert_eq!(vault.0.borrow().life, Life::Deleted);
}

#[test]
fn where_the_dates_cannot_be_read_the_rest_is_said() {
    for answer in [refused(403, "Forbidden", None), html(404), html(200)] {
        let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
        vault.fail(3, 1, Fault::Instead(answer));
        let outcome = add(&vault, certificate());
        assert_eq!(failed(&outcome), Failure::Conflict);
        says(
            &outcome,
            &["a deleted certificate has that name", "Overwrite"],
        );
    }
}

#[test]
fn w47_a_deleted_key_or_secret_is_told_as_that() {
    for (overwrite, requests) in [(false, 3), (true, 9)] {
        let vault = FakeVault::new();
        vault.change(|state| state.life = Life::TakenByDeleted);
        let new = NewCertificate {
            overwrite,
            ..certificate()
        };
        let outcome = add(&vault, new);
        assert_eq!(failed(&outcome), Failure::Conflict);
        says(
            &outcome,
            &[
                "a deleted key or secret",
                "az keyvault secret list-deleted",
                "nothing was imported",
            ],
        );
        assert!(
            !outcome.message.contains("Overwrite"),
            "{}",
            outcome.message
        );
        assert_eq!(vault.requests().len(), requests, "{:?}", vault.requests());
    }
}

#[test]
fn dates_that_no_calendar_has_are_left_out() {
    let odd = r#"{"id":"https://kv-one.vault.azure.net/certificates/web-1","recoveryId":"r",
        "deletedDate":-1,"scheduledPurgeDate":253402300800}"#;
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.fail(3, 1, Fault::Instead(Ok(crate::testing::answer(200, odd))));
    let outcome = add(&vault, certificate());
    assert!(!outcome.message.contains(" on "), "{}", outcome.message);
}

#[test]
fn r6_w11_w12_with_overwrite_it_is_recovered_and_its_tags_stay() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({ "env": "prod" }));
    let outcome = add(&vault, overwriting());
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    says(&outcome, &["recovered"]);
    let wanted = [LOOK, IMPORT, RECOVER, LOOK, LOOK, IMPORT];
    assert_eq!(vault.requests(), wanted);
    let state = vault.0.borrow();
    assert_eq!(state.versions[1].tags, json!({ "env": "prod" }));
    assert_eq!(state.versions[1].der, ours());
}

#[test]
fn tags_that_are_too_many_together_recover_nothing() {
    let old: serde_json::Map<String, Value> =
        (0..14).map(|n| (format!("t{n}"), json!("v"))).collect();
    let vault = FakeVault::with(Life::Deleted, ANOTHER, Value::Object(old));
    let tags = [("CertificateTags", r#"{"a":"1","b":"2"}"#)];
    let outcome = add(&vault, with(overwriting(), &tags));
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(&outcome, &["CertificateTags", "16", "nothing was imported"]);
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK_DELETED]);
    assert_eq!(vault.0.borrow().life, Life::Deleted);

    let go = [tags[0], ("PreserveExistingTags", "false")];
    let outcome = add(&vault, with(overwriting(), &go));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
}

#[test]
fn whoever_may_not_read_what_is_deleted_may_recover_it_all_the_same() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    let forbidden = refused(403, "Forbidden", Some("ForbiddenByRbac"));
    vault.fail_all("GET /deletedcertificates", Fault::Instead(forbidden));
    let tags = [("CertificateTags", r#"{"a":"1"}"#)];
    let outcome = add(&vault, with(overwriting(), &tags));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(vault.asked(LOOK_DELETED), 1);
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn a_deleted_certificate_that_is_the_wanted_one_is_recovered_and_not_imported_again() {
    let vault = FakeVault::with(Life::Deleted, &ours(), json!({}));
    let outcome = add(&vault, overwriting());
    assert_eq!(outcome.status, Status::Success);
    says(&outcome, &["recovered", "nothing was imported"]);
    assert_eq!(vault.versions_of(&ours()), 1);
    assert_eq!(vault.0.borrow().life, Life::Live);
}

#[test]
fn w13_a_wrong_password_recovers_nothing() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    let new = NewCertificate {
        overwrite: true,
        ..from_pfx("rsa-2048.p12", "wrong")
    };
    assert_eq!(failed(&add(&vault, new)), Failure::InvalidInput);
    assert_eq!(vault.0.borrow().life, Life::Deleted);
    assert!(vault.requests().is_empty());
}

#[test]
fn w14_a_deletion_or_recovery_that_is_going_on_is_waited_for() {
    for (life, recovered) in [
        (Life::BeingDeleted(4), true),
        (Life::BeingRecovered(4), false),
    ] {
        let vault = FakeVault::with(life, ANOTHER, json!({}));
        let fake = vault.serve();
        let start = fake.now();
        let outcome = add_in(&fake, overwriting());
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(outcome.message.contains("recovered"), recovered, "{life:?}");
        assert_eq!(vault.versions_of(&ours()), 1);
        assert!(fake.now() - start >= Duration::from_secs(2), "{life:?}");
    }
}

#[test]
fn what_somebody_recovers_meanwhile_is_left_alone_without_overwrite() {
    let vault = FakeVault::with(Life::BeingRecovered(3), ANOTHER, json!({}));
    let outcome = add(&vault, certificate());
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    assert_eq!(vault.versions_of(&ours()), 0);
}

#[test]
fn w14_what_goes_on_for_too_long_is_given_up_in_two_minutes() {
    for (life, failure, word) in [
        (
            Life::BeingDeleted(100_000),
            Failure::Conflict,
            "still at work",
        ),
        (
            Life::BeingRecovered(100_000),
            Failure::Conflict,
            "still at work",
        ),
        (Life::Deleted, Failure::Unresolved, "does not show"),
    ] {
        let vault = FakeVault::with(life, ANOTHER, json!({}));
        vault.change(|state| state.slowness = 100_000);
        let fake = vault.serve();
        let start = fake.now();
        let outcome = add_in(&fake, overwriting());
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        says(&outcome, &[word, "nothing was imported"]);
        let took = fake.now() - start;
        let wanted = Duration::from_secs(120)..Duration::from_secs(130);
        assert!(wanted.contains(&took), "{took:?}");
    }
}

#[test]
fn what_somebody_purges_or_recovers_before_the_recovery_is_looked_at_again() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.meddle(3, |state| {
        state.life = Life::Absent;
        state.versions.clear();
    });
    succeeded(&add(&vault, overwriting()));
    assert_eq!(vault.requests(), [LOOK, IMPORT, RECOVER, LOOK, IMPORT]);

    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.meddle(3, |state| state.life = Life::BeingRecovered(2));
    let outcome = add(&vault, overwriting());
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(vault.versions_of(&ours()), 1);

    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.meddle(3, |state| state.life = Life::BeingDeleted(2));
    let outcome = add(&vault, overwriting());
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn whoever_deletes_it_again_and_again_is_not_fought() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.change(|state| state.slowness = 0);
    for request in [5, 8] {
        vault.meddle(request, |state| state.life = Life::Deleted);
    }
    let outcome = add(&vault, overwriting());
    assert_eq!(failed(&outcome), Failure::Conflict, "{}", outcome.message);
    says(
        &outcome,
        &[
            "deletes it at the same time",
            "was recovered",
            "nothing was imported",
        ],
    );
    assert_eq!(vault.asked("recover"), 2);
}

#[test]
fn a_recovery_that_is_refused_says_so() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.fail(
        3,
        1,
        Fault::Instead(refused(403, "Forbidden", Some("AccessDenied"))),
    );
    let outcome = add(&vault, overwriting());
    assert_eq!(failed(&outcome), Failure::MissingAccessPolicy);
    says(
        &outcome,
        &["could not recover", "Recover", "nothing was imported"],
    );
    assert!(
        !outcome.message.contains("was recovered"),
        "{}",
        outcome.message
    );
}

#[test]
fn a_look_that_fails_where_there_was_nothing_to_recover_ends_the_job() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.meddle(3, |state| state.life = Life::Absent);
    vault.fail(4, 1, Fault::Instead(refused(403, "Forbidden", None)));
    let outcome = add(&vault, overwriting());
    assert_eq!(failed(&outcome), Failure::Forbidden);
    says(&outcome, &["nothing was imported"]);
}

#[test]
fn a_recovery_whose_answer_is_lost_is_seen_by_its_coming_back() {
    for answer in [reset(), timeout(), html(502), html(520)] {
        let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
        vault.fail(3, 1, Fault::Lost(answer));
        let outcome = add(&vault, overwriting());
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(vault.asked("recover"), 1);
    }
}

#[test]
fn an_import_that_fails_after_a_recovery_says_that_it_was_recovered() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.fail(6, 1, Fault::Instead(refused(400, "BadParameter", None)));
    let outcome = add(&vault, overwriting());
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(
        &outcome,
        &[
            "BadParameter",
            "web-1 was recovered",
            "nothing was imported",
        ],
    );
}

#[test]
fn a_job_that_must_stop_after_a_recovery_whose_answer_was_lost_leaves_that_open() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.change(|state| state.slowness = 100_000);
    vault.fail(3, 1, Fault::Lost(reset()));
    let fake = vault.serve();
    fake.cancel_at
        .set(Some(fake.now() + Duration::from_secs(5)));
    let outcome = add_in(&fake, overwriting());
    assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
    says(&outcome, &["recovery", "not seen", "nothing was imported"]);
}
