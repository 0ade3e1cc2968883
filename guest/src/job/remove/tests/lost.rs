//! Deletions whose answers get lost.

use super::*;

fn lost_answers() -> Vec<crate::testing::Answer> {
    let own = refused(500, "InternalServerError", None);
    let soon = unavailable_for("1");
    let [ok, nothing] =
        [r#"{"status":"ok"}"#, "{}"].map(|body| Ok(crate::testing::answer(200, body)));
    vec![
        ok,
        nothing,
        reset(),
        timeout(),
        own,
        soon,
        html(502),
        html(520),
        html(200),
    ]
}

#[test]
fn a_deletion_that_took_effect_is_a_success_and_not_nothing_to_remove() {
    for given in [None, Some(thumbprint(OURS))] {
        for answer in lost_answers() {
            for slowness in [0, 4] {
                let vault = live();
                vault.change(|state| state.slowness = slowness);
                let delete = 1 + usize::from(given.is_some());
                vault.fail(delete, 1, Fault::Lost(answer.clone()));
                succeeded(&remove(&vault, given.as_deref()));
                assert_eq!(vault.0.borrow().life, Life::Deleted);
            }
        }
    }
}

#[test]
fn an_answer_about_another_certificate_is_not_believed() {
    let echo = r#"{"id":"https://kv-one.vault.azure.net/certificates/web-2/1","recoveryId":"x"}"#;
    let vault = live();
    let other = Ok(crate::testing::answer(200, echo));
    vault.fail(1, 1, Fault::Instead(other));
    succeeded(&remove(&vault, None));
    assert_eq!(vault.asked("DELETE"), 2);
}

#[test]
fn a_deletion_that_did_not_is_sent_again() {
    for given in [None, Some(thumbprint(OURS))] {
        for answer in lost_answers() {
            let vault = live();
            let delete = 1 + usize::from(given.is_some());
            vault.fail(delete, 1, Fault::Instead(answer));
            succeeded(&remove(&vault, given.as_deref()));
            assert_eq!(vault.asked("DELETE"), 2);
        }
    }
}

#[test]
fn w44_what_is_put_there_meanwhile_is_not_deleted() {
    let vault = live();
    vault.fail(2, 1, Fault::Instead(reset()));
    vault.meddle(3, |state| state.put(ANOTHER, json!({})));
    let outcome = remove(&vault, Some(&thumbprint(OURS)));
    // The lost deletion may still take effect, on the other one.
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["another certificate", "not known"]);
    assert_eq!(vault.asked("DELETE"), 1);
}

#[test]
fn two_lost_deletions_are_enough_and_then_it_is_looked_at() {
    for fault in [
        Fault::Instead(reset()),
        Fault::Late(Duration::from_secs(300), reset()),
    ] {
        let vault = live();
        vault.fail_all("DELETE", fault);
        let outcome = remove(&vault, None);
        assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
        says(
            &outcome,
            &["2 answers were lost", "still there 20 s later", "not known"],
        );
        assert_eq!(vault.requests(), [DELETE, LOOK, DELETE, LOOK]);
    }

    let vault = live();
    vault.fail_all("DELETE", Fault::Lost(reset()));
    succeeded(&remove(&vault, None));
}

#[test]
fn a_refusal_after_a_lost_answer_is_resolved_by_a_look() {
    for (effect, failure) in [
        (Effect::None, Some(Failure::Unresolved)),
        (Effect::AtOnce, None),
    ] {
        let vault = live();
        vault.fail_all("DELETE", Fault::Instead(refused(403, "Forbidden", None)));
        vault.meddle(1, move |state| state.lose_this_answer(effect));
        let outcome = remove(&vault, None);
        match failure {
            Some(failure) => {
                assert_eq!(failed(&outcome), failure, "{}", outcome.message);
                says(&outcome, &["403 Forbidden", "not known"]);
            }
            None => succeeded(&outcome),
        }
    }
}

#[test]
fn where_the_look_after_a_lost_answer_fails_too_the_outcome_is_not_known() {
    for given in [None, Some(thumbprint(OURS))] {
        let vault = live();
        let delete = 1 + usize::from(given.is_some());
        vault.fail(delete, usize::MAX, Fault::Lost(reset()));
        let outcome = remove(&vault, given.as_deref());
        assert_eq!(failed(&outcome), Failure::Unresolved);
        says(&outcome, &["not known", "run the job again"]);
    }
}

/// Two deletions are lost, the second one with this effect.
fn lost_twice(second: Effect) -> FakeVault {
    let vault = live();
    vault.change(|state| state.slowness = 0);
    vault.meddle(1, |state| state.lose_this_answer(Effect::None));
    vault.meddle(3, move |state| state.lose_this_answer(second));
    vault
}

#[test]
fn a_second_lost_deletion_that_took_effect_is_a_success() {
    let vault = lost_twice(Effect::AtOnce);
    succeeded(&remove(&vault, None));
    assert_eq!(vault.requests()[..4], [DELETE, LOOK, DELETE, LOOK]);
    assert_eq!(vault.0.borrow().life, Life::Deleted);
}

#[test]
fn a_second_lost_deletion_that_cannot_be_looked_after_is_not_known() {
    let vault = lost_twice(Effect::None);
    let refused = refused(403, "Forbidden", None);
    vault.fail(4, usize::MAX, Fault::Instead(refused));
    let outcome = remove(&vault, None);
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["failed too", "403 Forbidden", "not known"]);
    assert_eq!(vault.asked("DELETE"), 2);
}

#[test]
fn a_job_that_must_stop_before_it_has_looked_leaves_the_outcome_open() {
    for fault in [Fault::Lost(reset()), Fault::Instead(reset())] {
        let vault = live();
        vault.fail(1, 1, fault);
        let fake = vault.serve();
        fake.cancel_at
            .set(Some(fake.now() + Duration::from_secs(3)));
        let outcome = remove_in(&fake, None);
        assert_eq!(failed(&outcome), Failure::Unresolved, "{}", outcome.message);
        says(&outcome, &["cancelled", "not known"]);
    }
}

#[test]
fn what_a_lost_deletion_has_deleted_is_not_deleted_again() {
    for answer in lost_answers() {
        let vault = live();
        vault.fail(1, 1, Fault::Lost(answer));
        succeeded(&remove(&vault, None));
        assert_eq!(vault.asked("DELETE"), 1);
    }
}
