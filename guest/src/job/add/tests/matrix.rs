//! Every fault at every request of a job, once and for good: whatever happens, there is one
//! version at most, two where an import takes effect after the last look, and the outcome is
//! true.

use super::*;

type Prepare = fn() -> FakeVault;

/// A vault, and whether to overwrite.
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
            "other tags",
            || FakeVault::with(Life::Live, &ours(), json!({ "a": "before" })),
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

/// The versions that are as the job wants them.
fn wanted_versions(vault: &FakeVault) -> usize {
    let state = vault.0.borrow();
    let wanted = |version: &&Version| version.der == ours() && version.tags["a"] == "planted";
    state.versions.iter().filter(wanted).count()
}

/// Whether the outcome says what is so, with so many versions at most.
fn check(vault: &FakeVault, outcome: &Outcome, most: usize, what: &str) {
    let (life, versions) = (vault.0.borrow().life, wanted_versions(vault));
    let text = format!("{what}: {life:?}, {versions} of ours: {outcome:?}");
    assert!(versions <= most, "{text}");
    match outcome.status {
        Status::Success => {
            assert_eq!(life, Life::Live, "{text}");
            assert_ne!(versions, 0, "{text}");
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
        check(&undisturbed, &outcome, 1, scene);
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
                    assert!(fake.now() - start < Duration::from_secs(900), "{what}");
                    vault.settle();
                    let most = if name == "later than any look" { 2 } else { 1 };
                    check(&vault, &outcome, most, &what);
                    cases += 1;
                    // Run again without faults, the same job reaches what it is for.
                    let wanted = !matches!(scene, "left alone" | "stays deleted");
                    if wanted {
                        vault.fail(0, 0, fault.clone());
                        let again = add(&vault, new(overwrite));
                        assert_eq!(again.status, Status::Success, "{what}: {again:?}");
                        check(&vault, &again, most, &what);
                    }
                }
            }
        }
    }
    assert!(cases > 2_000, "{cases}");
}
