//! The vault is still making a certificate of that name.

use super::*;

const CANCEL: &str = "az keyvault certificate pending delete --vault-name kv-one --name web-1";

fn under_way() -> FakeVault {
    let vault = FakeVault::new();
    vault.change(|state| state.life = Life::UnderWay);
    vault
}

#[test]
fn without_overwrite_it_is_left_alone_with_the_true_cause() {
    let vault = under_way();
    let outcome = add(&vault, certificate());
    assert_eq!(outcome.status, Status::Warning);
    says(
        &outcome,
        &["still making", "pending", CANCEL, "nothing was imported"],
    );
    for wrong in [
        "another certificate",
        "disabled",
        "run the job with Overwrite",
    ] {
        assert!(!outcome.message.contains(wrong), "{}", outcome.message);
    }
    assert_eq!(vault.requests(), [LOOK]);
}

#[test]
fn with_overwrite_the_vaults_conflict_is_told_with_the_true_cause() {
    let vault = under_way();
    let outcome = add(&vault, overwriting());
    assert_eq!(failed(&outcome), Failure::Conflict);
    says(
        &outcome,
        &[
            "409 Conflict",
            "still making",
            "pending",
            CANCEL,
            "nothing was imported",
        ],
    );
    assert!(
        !outcome.message.contains("key or a secret"),
        "{}",
        outcome.message
    );
    assert_eq!(vault.requests(), [LOOK, IMPORT]);
}

#[test]
fn an_operation_that_came_to_nothing_is_overwritten() {
    let vault = under_way();
    vault.meddle(2, |state| state.life = Life::Absent);
    succeeded(&add(&vault, overwriting()));
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn a_renewal_in_the_vault_is_told_by_the_vaults_own_words() {
    let said = "A new key vault certificate can not be created or imported while a pending key \
                vault certificate's status is inProgress.";
    let body = json!({ "error": { "code": "Conflict", "message": said } });
    let answer = crate::testing::answer(409, &body.to_string());
    for overwrite in [false, true] {
        let vault = match overwrite {
            true => FakeVault::with(Life::Live, ANOTHER, json!({})),
            false => FakeVault::new(),
        };
        vault.fail_all("import", Fault::Instead(Ok(answer.clone())));
        let new = NewCertificate {
            overwrite,
            ..certificate()
        };
        let outcome = add(&vault, new);
        assert_eq!(failed(&outcome), Failure::Conflict);
        says(&outcome, &["still making", CANCEL]);
    }
}
