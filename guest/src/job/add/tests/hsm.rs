//! A key that is kept in an HSM, and is replaced.

use super::*;

const SKU: (u16, &str) = (400, "BadParameter");

/// Another certificate is there, its key in an HSM.
fn in_hsm(support: HsmSupport) -> FakeVault {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    vault.change(|state| {
        state.policy = policy(false);
        state.policy["key_props"]["kty"] = json!("RSA-HSM");
        state.hsm = support;
    });
    vault
}

fn refusing() -> FakeVault {
    in_hsm(HsmSupport::Refused(SKU.0, SKU.1))
}

fn replace(vault: &FakeVault, options: &[(&str, &str)]) -> Outcome {
    add_with(&vault.serve(), overwriting(), options)
}

fn key_of(vault: &FakeVault) -> Value {
    vault.0.borrow().policy["key_props"].clone()
}

#[test]
fn a_vault_that_keeps_keys_in_an_hsm_gets_the_key_for_it() {
    for options in [&[][..], &[("hsm", "keep")], &[("hsm", " warn ")]] {
        let vault = in_hsm(HsmSupport::Kept);
        succeeded(&replace(&vault, options));
        assert_eq!(vault.requests(), [LOOK, IMPORT]);
        let key = key_of(&vault);
        assert_eq!(
            (&key["kty"], &key["exportable"]),
            (&json!("RSA-HSM"), &json!(false))
        );
    }
}

#[test]
fn a_vault_that_refuses_it_gets_a_software_key_and_a_warning() {
    for (status, code) in [SKU, (400, "NotSupported"), (403, "Forbidden")] {
        let vault = in_hsm(HsmSupport::Refused(status, code));
        let outcome = replace(&vault, &[]);
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        says(
            &outcome,
            &["HSM", "software key", code, "option hsm to keep"],
        );
        assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK, IMPORT]);
        assert_eq!(vault.versions_of(&ours()), 1);
        let key = key_of(&vault);
        assert_eq!(
            (&key["kty"], &key["exportable"]),
            (&json!("RSA"), &json!(false))
        );
        // Again, nothing is left to do.
        let again = replace(&vault, &[]);
        assert_eq!(again.status, Status::Success);
        assert_eq!(vault.versions_of(&ours()), 1);
    }
}

#[test]
fn with_keep_a_refused_key_is_a_failure_and_nothing_is_imported() {
    let vault = refusing();
    let outcome = replace(&vault, &[("hsm", "keep")]);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(
        &outcome,
        &[
            "HSM",
            "the option hsm is keep",
            "premium",
            "nothing was imported",
        ],
    );
    assert_eq!(vault.requests(), [LOOK, IMPORT]);
    assert_eq!(key_of(&vault)["kty"], "RSA-HSM");
}

#[test]
fn a_refusal_for_another_reason_tries_no_software_key() {
    for (status, code, inner) in [
        (403, "Forbidden", Some("ForbiddenByRbac")),
        (403, "Forbidden", Some("AccessDenied")),
        (403, "Forbidden", Some("ForbiddenByFirewall")),
        (404, "Odd", None),
        (409, "Conflict", None),
    ] {
        let vault = in_hsm(HsmSupport::Kept);
        vault.fail_all("import", Fault::Instead(refused(status, code, inner)));
        let outcome = replace(&vault, &[]);
        failed(&outcome);
        says(&outcome, &["nothing was imported"]);
        assert!(!outcome.message.contains("HSM"), "{}", outcome.message);
        assert_eq!(vault.asked("import"), 1, "{status} {code} {inner:?}");
    }
    // What the vault takes in no kind of key is refused twice, and told once.
    let vault = in_hsm(HsmSupport::Kept);
    vault.fail_all("import", Fault::Instead(refused(400, "BadParameter", None)));
    let outcome = replace(&vault, &[]);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(&outcome, &["400 BadParameter", "nothing was imported"]);
    assert_eq!(vault.asked("import"), 2);
}

#[test]
fn an_exportable_key_cannot_be_in_an_hsm_and_keep_writes_nothing() {
    let letting_out = || with(overwriting(), &[("NonExportable", "false")]);
    let vault = in_hsm(HsmSupport::Kept);
    let outcome = add_with(&vault.serve(), letting_out(), &[("hsm", "keep")]);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(
        &outcome,
        &["NonExportable", "HSM", "keep", "nothing was imported"],
    );
    assert_eq!(vault.requests(), [LOOK]);

    let outcome = add_with(&vault.serve(), letting_out(), &[]);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    says(&outcome, &["HSM", "software key", "NonExportable=false"]);
    let key = key_of(&vault);
    assert_eq!(
        (&key["kty"], &key["exportable"]),
        (&json!("RSA"), &json!(true))
    );
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn with_keep_a_deleted_key_that_must_stay_in_its_hsm_is_not_recovered() {
    let vault = in_hsm(HsmSupport::Kept);
    vault.change(|state| state.life = Life::Deleted);
    let new = with(overwriting(), &[("NonExportable", "false")]);
    let outcome = add_with(&vault.serve(), new, &[("hsm", "keep")]);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(&outcome, &["HSM", "nothing was imported"]);
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK_DELETED]);
    assert_eq!(vault.0.borrow().life, Life::Deleted);
}

#[test]
fn a_recovered_key_in_an_hsm_is_replaced_by_one_in_an_hsm() {
    let vault = in_hsm(HsmSupport::Kept);
    vault.change(|state| state.life = Life::Deleted);
    let outcome = replace(&vault, &[("hsm", "keep")]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(key_of(&vault)["kty"], "RSA-HSM");
}

#[test]
fn a_vault_that_makes_a_software_key_of_it_without_a_word_is_a_warning() {
    let vault = in_hsm(HsmSupport::Ignored);
    let outcome = replace(&vault, &[("hsm", "keep")]);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    says(&outcome, &["the vault made it so"]);
}

#[test]
fn an_option_with_another_value_is_refused_before_anything_is_sent() {
    for value in ["kept", "true", "planted"] {
        let fake = Fake::default();
        let outcome = add_with(&fake, overwriting(), &[("hsm", value)]);
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        says(&outcome, &["hsm", "warn or keep"]);
        keeps_its_secrets(&fake, &outcome);
        assert!(fake.sent().is_empty());
    }
}

#[test]
fn a_lost_answer_to_the_first_import_is_looked_after_before_a_second() {
    // It took effect: nothing else is sent.
    let vault = in_hsm(HsmSupport::Kept);
    vault.fail(2, 1, Fault::Lost(reset()));
    succeeded(&replace(&vault, &[]));
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK]);
    assert_eq!(key_of(&vault)["kty"], "RSA-HSM");

    // It did not, and the vault refuses it the next time.
    let vault = refusing();
    vault.fail(2, 1, Fault::Instead(reset()));
    let outcome = replace(&vault, &[]);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    assert_eq!(
        vault.requests(),
        [LOOK, IMPORT, LOOK, IMPORT, LOOK, LOOK, IMPORT]
    );
    assert_eq!(vault.versions_of(&ours()), 1);
    assert_eq!(key_of(&vault)["kty"], "RSA");
}

#[test]
fn a_lost_answer_to_the_software_key_is_looked_after_too() {
    let vault = refusing();
    vault.fail(4, 1, Fault::Lost(reset()));
    let outcome = replace(&vault, &[]);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    says(&outcome, &["software key"]);
    assert_eq!(vault.requests(), [LOOK, IMPORT, LOOK, IMPORT, LOOK]);
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn what_somebody_else_puts_there_after_the_refusal_decides_anew() {
    // Our own certificate, by another job, between the refusal and the second import.
    let vault = refusing();
    vault.meddle(3, |state| {
        state.put(&ours(), json!({}));
        state.policy["key_props"]["kty"] = json!("RSA");
    });
    let outcome = replace(&vault, &[]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    says(&outcome, &["unchanged"]);
    assert_eq!(vault.versions_of(&ours()), 1);
}

#[test]
fn nothing_is_imported_over_what_covers_a_lost_import_for_an_hsm() {
    let vault = refusing();
    vault.fail(2, 1, Fault::Instead(reset()));
    // After the second refusal and before the look that follows it.
    vault.meddle(6, |state| state.put(b"somebody else's", json!({})));
    let outcome = replace(&vault, &[]);
    assert_eq!(failed(&outcome), Failure::Unresolved);
    says(&outcome, &["somebody else has imported", "not known"]);
    assert_eq!(vault.asked("import"), 2);
}
