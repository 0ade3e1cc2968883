//! Every fault at every request of a job, once, twice and for good: whatever happens, the
//! outcome is true.

use super::*;

type Prepare = fn() -> FakeVault;

fn scenes() -> Vec<(&'static str, Prepare, bool)> {
    let another = || FakeVault::with(Life::Live, ANOTHER, json!({}));
    vec![
        ("by name", live, false),
        ("by thumbprint", live, true),
        ("another", another, true),
        ("absent", FakeVault::new, false),
        (
            "being deleted",
            || FakeVault::with(Life::BeingDeleted(2), OURS, json!({})),
            false,
        ),
    ]
}

/// Whether the outcome says what is so.
fn check(vault: &FakeVault, outcome: &Outcome, what: &str) {
    let life = vault.0.borrow().life;
    let text = format!("{what}: {life:?}: {outcome:?}");
    match outcome.status {
        Status::Success | Status::Warning => assert_ne!(life, Life::Live, "{text}"),
        Status::Failure(Failure::Unresolved) => assert!(text.contains("not known"), "{text}"),
        Status::Failure(_) => {
            assert!(text.contains("nothing was deleted"), "{text}");
            if !what.starts_with("absent") && !what.starts_with("being deleted") {
                assert_eq!(life, Life::Live, "{text}");
            }
        }
    }
}

#[test]
fn whatever_happens_to_any_request_the_outcome_is_true() {
    let mut cases = 0;
    for (scene, prepare, by_thumbprint) in scenes() {
        let given = by_thumbprint.then(|| thumbprint(OURS));
        let given = given.as_deref();
        let undisturbed = prepare();
        let outcome = remove(&undisturbed, given);
        check(&undisturbed, &outcome, scene);
        let requests = undisturbed.0.borrow().requests.len();
        for (name, fault) in faults() {
            for first in 0..=requests {
                for count in [1, 2, usize::MAX] {
                    let vault = prepare();
                    vault.fail(first, count, fault.clone());
                    let fake = vault.serve();
                    let start = fake.now();
                    let outcome = remove_in(&fake, given);
                    let what = format!("{scene}, {name} at {first} × {count}");
                    keeps_its_secrets(&fake, &outcome);
                    vault.settle();
                    check(&vault, &outcome, &what);
                    assert!(fake.now() - start < Duration::from_secs(900), "{what}");
                    cases += 1;
                    // Run again without faults, the same job reaches what it is for.
                    if scene != "another" {
                        vault.fail(0, 0, fault.clone());
                        let again = remove(&vault, given);
                        assert!(
                            !matches!(again.status, Status::Failure(_)),
                            "{what}: {again:?}"
                        );
                        check(&vault, &again, &what);
                    }
                }
            }
        }
    }
    assert!(cases > 1_000, "{cases}");
}
