//! Every fault at every request of a job, once and for good: whatever happens, there is one
//! version at most, two where an import takes effect after the last look, and the outcome is
//! true.

use super::*;

/// A vault, and what the job does to it.
#[derive(Clone, Copy)]
struct Scene {
    name: &'static str,
    prepare: fn() -> FakeVault,
    overwrite: bool,
    /// What it brings; `planted` is the value of its tag.
    brings: fn() -> NewCertificate,
    options: &'static [(&'static str, &'static str)],
    /// Whether the vault ends as the job wants it.
    succeeds: bool,
}

const SCENE: Scene = Scene {
    name: "new",
    prepare: FakeVault::new,
    overwrite: false,
    brings: certificate,
    options: &[],
    succeeds: true,
};

/// Another one is there, or was, in this state.
fn another(life: Life) -> FakeVault {
    FakeVault::with(life, ANOTHER, json!({ "env": "prod" }))
}

/// Its key is in an HSM, and the vault is one that keeps keys there, or not.
fn in_hsm(life: Life, hsm: HsmSupport) -> FakeVault {
    let vault = another(life);
    vault.change(|state| {
        state.policy["key_props"] = json!({ "kty": "RSA-HSM", "exportable": false });
        state.hsm = hsm;
    });
    vault
}

fn with_chain() -> NewCertificate {
    NewCertificate {
        contents: field("chain-complete.pem"),
        ..certificate()
    }
}

/// The same certificate is there with the same tags, and without its chain.
fn without_chain() -> FakeVault {
    let vault = FakeVault::new();
    let missing = NewCertificate {
        contents: field("chain-missing.pem"),
        ..certificate()
    };
    add(
        &vault,
        with(missing, &[("CertificateTags", r#"{"a":"planted"}"#)]),
    );
    vault.change(|state| {
        state.requests.clear();
        state.imports.clear();
    });
    vault
}

fn scenes() -> Vec<Scene> {
    const REFUSED: HsmSupport = HsmSupport::Refused(400, "BadParameter");
    let over = |name, prepare| Scene {
        name,
        prepare,
        overwrite: true,
        ..SCENE
    };
    let not = |scene| Scene {
        succeeds: false,
        ..scene
    };
    let alone = |name, prepare| Scene {
        overwrite: false,
        ..not(over(name, prepare))
    };
    vec![
        SCENE,
        over("new, with overwrite", FakeVault::new),
        over("replaced", || another(Life::Live)),
        over("other tags", || {
            FakeVault::with(Life::Live, &ours(), json!({ "a": "before" }))
        }),
        alone("left alone", || another(Life::Live)),
        over("recovered", || another(Life::Deleted)),
        alone("stays deleted", || another(Life::Deleted)),
        over("being deleted", || another(Life::BeingDeleted(2))),
        over("kept in an HSM", || in_hsm(Life::Live, HsmSupport::Kept)),
        over("recovered in an HSM", || {
            in_hsm(Life::Deleted, HsmSupport::Kept)
        }),
        over("refused for an HSM", || in_hsm(Life::Live, REFUSED)),
        not(Scene {
            options: &[("hsm", "keep")],
            ..over("refused for an HSM, with keep", || {
                in_hsm(Life::Live, REFUSED)
            })
        }),
        Scene {
            brings: with_chain,
            options: &[("compare-chain", "true")],
            ..over("a better chain", without_chain)
        },
    ]
}

impl Scene {
    fn run(self, fake: &Fake) -> Outcome {
        let new = with(
            (self.brings)(),
            &[("CertificateTags", r#"{"a":"planted"}"#)],
        );
        let new = NewCertificate {
            overwrite: self.overwrite,
            ..new
        };
        add_with(fake, new, self.options)
    }
}

/// The versions that this job or one before it has made as it wants them. One that a test has put
/// there does not count: for the job it is none.
fn wanted_versions(vault: &FakeVault) -> usize {
    vault.0.borrow().imports.len()
}

/// Whether the outcome says what is so, with so many versions at most.
fn check(vault: &FakeVault, outcome: &Outcome, most: usize, what: &str) {
    let (life, versions) = (vault.0.borrow().life, wanted_versions(vault));
    let text = format!("{what}: {life:?}, {versions} of ours: {outcome:?}");
    assert!(versions <= most, "{text}");
    let state = vault.0.borrow();
    let key = &state.policy["key_props"];
    // A key that is lost to software is told, and no other is.
    let told = text.contains("software key");
    match outcome.status {
        Status::Warning if versions > 0 => {
            assert!(told && key["kty"] == "RSA", "{text}");
            assert_eq!(key["exportable"], false, "{text}");
        }
        Status::Success | Status::Warning => assert!(!told, "{text}"),
        Status::Failure(_) => {}
    }
    match outcome.status {
        Status::Success | Status::Warning if versions > 0 => {
            assert_eq!(life, Life::Live, "{text}");
            let current = state.versions.last().unwrap();
            assert!(current.value.is_some(), "{text}");
            assert_eq!(current.tags["a"], "planted", "{text}");
        }
        Status::Success => {
            let refused = text.contains("its chain was not compared");
            assert!(refused && what.starts_with("a better chain"), "{text}");
        }
        Status::Warning => assert_eq!(life, Life::Live, "{text}"),
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
    for scene in scenes() {
        let undisturbed = (scene.prepare)();
        let outcome = scene.run(&undisturbed.serve());
        check(&undisturbed, &outcome, 1, scene.name);
        let ends_well = wanted_versions(&undisturbed) == 1;
        assert_eq!(ends_well, scene.succeeds, "{}: {outcome:?}", scene.name);
        let requests = undisturbed.0.borrow().requests.len();
        for (name, fault) in faults() {
            for first in 0..=requests {
                for count in [1, 2, usize::MAX] {
                    let vault = (scene.prepare)();
                    vault.fail(first, count, fault.clone());
                    let fake = vault.serve();
                    let start = fake.now();
                    let outcome = scene.run(&fake);
                    let what = format!("{}, {name} at {first} × {count}", scene.name);
                    keeps_its_secrets(&fake, &outcome);
                    assert!(fake.now() - start < Duration::from_secs(900), "{what}");
                    vault.settle();
                    let most = if name == "later than any look" { 2 } else { 1 };
                    check(&vault, &outcome, most, &what);
                    cases += 1;
                    // Run again without faults, the same job reaches what it is for.
                    if scene.succeeds {
                        vault.fail(0, 0, fault.clone());
                        let again = scene.run(&vault.serve());
                        let failed = matches!(again.status, Status::Failure(_));
                        assert!(!failed, "{what}: {again:?}");
                        check(&vault, &again, most, &what);
                        assert_ne!(wanted_versions(&vault), 0, "{what}: {again:?}");
                    }
                }
            }
        }
    }
    assert!(cases > 2_000, "{cases}");
}
