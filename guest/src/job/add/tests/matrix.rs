//! Every fault at every request of a job, once and for good: whatever happens, there is one
//! version at most, and the outcome is true.

use super::*;

type Prepare = fn() -> FakeVault;

/// A vault, whether to overwrite, and how many versions of ours are too many.
fn scenes() -> Vec<(&'static str, Prepare, bool)> {
    vec![
        ("new", FakeVault::new, false),
        ("new, with overwrite", FakeVault::new, true),
        (
            "replaced",
            || FakeVault::with(Life::Live, ANOTHER, json!({ "env": "prod" })),
            true,
        ),
        (
            "left alone",
            || FakeVault::with(Life::Live, ANOTHER, json!({})),
            false,
        ),
        (
            "recovered",
            || FakeVault::with(Life::Deleted, ANOTHER, json!({ "env": "prod" })),
            true,
        ),
        (
            "stays deleted",
            || FakeVault::with(Life::Deleted, ANOTHER, json!({})),
            false,
        ),
        (
            "being deleted",
            || FakeVault::with(Life::BeingDeleted(2), ANOTHER, json!({})),
            true,
        ),
    ]
}

fn new(overwrite: bool) -> NewCertificate {
    NewCertificate {
        overwrite,
        ..with(certificate(), &[("CertificateTags", r#"{"a":"planted"}"#)])
    }
}

/// Whether the outcome says what is so.
fn check(vault: &FakeVault, outcome: &Outcome, what: &str) {
    let (life, versions) = (vault.0.borrow().life, vault.versions_of(&ours()));
    let text = format!("{what}: {life:?}, {versions} of ours: {outcome:?}");
    assert!(versions <= 1, "{text}");
    match outcome.status {
        Status::Success => {
            assert_eq!((life, versions), (Life::Live, 1), "{text}");
            let state = vault.0.borrow();
            let current = state.versions.last().unwrap();
            assert_eq!(current.der, ours(), "{text}");
            assert_eq!(current.tags["a"], "planted", "{text}");
        }
        Status::Warning => assert_eq!((life, versions), (Life::Live, 0), "{text}"),
        Status::Failure(Failure::Unresolved) => {
            assert!(
                text.contains("not known") || text.contains("not seen"),
                "{text}"
            );
        }
        Status::Failure(_) => {
            assert_eq!(versions, 0, "{text}");
            assert!(text.contains("nothing was imported"), "{text}");
            if life == Life::Live && text.contains("recovery") {
                assert!(
                    text.contains("was recovered") || text.contains("not seen"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn whatever_happens_to_any_request_there_is_one_version_and_a_true_outcome() {
    let mut cases = 0;
    for (scene, prepare, overwrite) in scenes() {
        let undisturbed = prepare();
        let outcome = add(&undisturbed, new(overwrite));
        check(&undisturbed, &outcome, scene);
        let requests = undisturbed.0.borrow().requests.len();
        for (name, fault) in faults() {
            for first in 0..=requests {
                for count in [1, 2, usize::MAX] {
                    let vault = prepare();
                    vault.fail(first, count, fault.clone());
                    let fake = vault.serve();
                    let start = fake.now();
                    let outcome = add_in(&fake, new(overwrite));
                    let what = format!("{scene}, {name} at {first} × {count}");
                    keeps_its_secrets(&fake, &outcome);
                    let late = matches!(fault, Fault::Late(..)) && count > 1;
                    if !late {
                        check(&vault, &outcome, &what);
                    }
                    assert!(fake.now() - start < Duration::from_secs(900), "{what}");
                    cases += 1;
                    // Run again without faults, the same job reaches what it is for.
                    let wanted = !matches!(scene, "left alone" | "stays deleted");
                    if wanted && !late {
                        vault.fail(0, 0, fault.clone());
                        let again = add(&vault, new(overwrite));
                        assert_eq!(again.status, Status::Success, "{what}: {again:?}");
                        check(&vault, &again, &what);
                    }
                }
            }
        }
    }
    assert!(cases > 2_000, "{cases}");
}
