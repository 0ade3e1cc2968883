//! What is there already.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

#[test]
fn m7_r15_without_overwrite_another_certificate_is_left_alone() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    let outcome = add(&vault, certificate());
    assert_eq!(outcome.status, Status::Warning);
    says(
        &outcome,
        &[ALIAS, "overwrite", "another certificate", "Overwrite"],
    );
    assert_eq!(vault.requests(), [LOOK]);
}

#[test]
fn m8_r34_with_overwrite_a_new_version_is_made() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    succeeded(&add(&vault, overwriting()));
    let state = vault.0.borrow();
    assert_eq!(state.versions.len(), 2);
    assert_eq!(
        state.policy["secret_props"]["contentType"],
        "application/x-pkcs12"
    );
}

#[test]
fn w43_the_same_job_run_again_makes_no_other_version() {
    for overwrite in [false, true] {
        let vault = FakeVault::new();
        let new = || {
            let tags = [
                ("CertificateTags", r#"{"a":"1"}"#),
                ("NonExportable", "true"),
            ];
            let new = with(certificate(), &tags);
            NewCertificate { overwrite, ..new }
        };
        succeeded(&add(&vault, new()));
        let again = add(&vault, new());
        assert_eq!(again.status, Status::Success);
        says(&again, &[ALIAS, "unchanged", "Overwrite"]);
        assert_eq!(vault.versions_of(&ours()), 1);
    }
}

#[test]
fn the_same_certificate_with_other_tags_is_a_new_version_with_overwrite_only() {
    let vault = FakeVault::with(Life::Live, &ours(), json!({ "a": "1" }));
    let new = |overwrite| NewCertificate {
        overwrite,
        ..with(certificate(), &[("CertificateTags", r#"{"a":"2"}"#)])
    };
    let outcome = add(&vault, new(false));
    assert_eq!(outcome.status, Status::Warning);
    says(&outcome, &["tags"]);
    assert_eq!(vault.versions_of(&ours()), 1);
    succeeded(&add(&vault, new(true)));
    assert_eq!(vault.versions_of(&ours()), 2);
}

#[test]
fn what_keeps_the_same_certificate_from_being_as_asked_is_named() {
    for (enabled, exportable, word) in [
        (false, "false", "it is disabled"),
        (true, "true", "contrary to NonExportable"),
    ] {
        let vault = FakeVault::with(Life::Live, &ours(), json!({}));
        vault.change(|state| state.versions[0].enabled = enabled);
        let new = with(certificate(), &[("NonExportable", exportable)]);
        let outcome = add(&vault, new);
        assert_eq!(outcome.status, Status::Warning);
        says(&outcome, &[word]);
    }
}

#[test]
fn r28_r29_old_tags_stay_or_go() {
    for (preserve, wanted) in [
        (None, json!({ "env": "prod", "owner": "web" })),
        (Some("true"), json!({ "env": "prod", "owner": "web" })),
        (Some("False"), json!({ "owner": "web" })),
    ] {
        let vault = FakeVault::with(
            Life::Live,
            ANOTHER,
            json!({ "env": "prod", "owner": "pki" }),
        );
        let mut parameters = vec![("CertificateTags", r#"{"owner":"web"}"#)];
        parameters.extend(preserve.map(|text| ("PreserveExistingTags", text)));
        succeeded(&add(&vault, with(overwriting(), &parameters)));
        let state = vault.0.borrow();
        assert_eq!(state.versions[1].tags, wanted, "{preserve:?}");
    }
}

#[test]
fn too_many_tags_together_are_refused_and_nothing_is_imported() {
    let old: serde_json::Map<String, Value> =
        (0..15).map(|n| (format!("t{n}"), json!("v"))).collect();
    let vault = FakeVault::with(Life::Live, ANOTHER, Value::Object(old));
    let outcome = add(
        &vault,
        with(overwriting(), &[("CertificateTags", r#"{"a":"1"}"#)]),
    );
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(&outcome, &["CertificateTags", "16", "nothing was imported"]);
}

#[test]
fn w40_what_matters_of_the_old_policy_stays_and_what_goes_is_told() {
    let email = json!({ "trigger": { "days_before_expiry": 9 }, "action": { "action_type": "EmailContacts" } });
    let renew = json!({ "trigger": { "lifetime_percentage": 80 }, "action": { "action_type": "AutoRenew" } });
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    vault.change(|state| {
        state.policy = policy(false);
        state.policy["issuer"]["name"] = json!("DigiCert");
        state.policy["lifetime_actions"] = json!([renew, email]);
    });
    let outcome = add(&vault, overwriting());
    assert_eq!(outcome.status, Status::Success);
    says(&outcome, &["AutoRenew", "DigiCert"]);
    let state = vault.0.borrow();
    assert_eq!(state.policy["key_props"]["exportable"], false);
    assert_eq!(state.policy["lifetime_actions"], json!([email]));
    assert_eq!(state.imports[0]["policy"]["issuer"]["name"], "Unknown");
}

#[test]
fn what_a_vault_leaves_in_the_policy_is_a_warning_and_not_told_as_gone() {
    let renew = json!({ "trigger": { "lifetime_percentage": 80 }, "action": { "action_type": "AutoRenew" } });
    // An answer without a policy says nothing about it, so that it is looked up.
    let made = json!({
        "id": format!("https://kv-one.vault.azure.net/certificates/{ALIAS}/{:032x}", 2),
        "cer": STANDARD.encode(ours()),
    });
    let short = crate::testing::answer(200, &made.to_string());
    for lost in [None, Some(reset()), Some(Ok(short))] {
        let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
        vault.change(|state| {
            state.stubborn = true;
            state.policy["issuer"]["name"] = json!("DigiCert");
            state.policy["lifetime_actions"] = json!([renew]);
        });
        if let Some(answer) = lost {
            vault.fail(2, 1, Fault::Lost(answer));
        }
        let outcome = add(&vault, overwriting());
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        says(&outcome, &["still renews", "is DigiCert still"]);
        assert!(!outcome.message.contains("taken out"), "{outcome:?}");
        assert_eq!(vault.versions_of(&ours()), 1);
    }
}

#[test]
fn over_every_certificate_the_issuer_is_said() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    succeeded(&add(&vault, overwriting()));
    let state = vault.0.borrow();
    assert_eq!(state.imports[0]["policy"]["issuer"]["name"], "Unknown");
}

#[test]
fn a_key_that_becomes_exportable_is_a_warning() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    vault.change(|state| state.policy = policy(false));
    let outcome = add(&vault, with(overwriting(), &[("NonExportable", "false")]));
    assert_eq!(outcome.status, Status::Warning);
    says(&outcome, &["NonExportable=false", "NonExportable=true"]);
    assert_eq!(vault.0.borrow().policy["key_props"]["exportable"], true);
}

#[test]
fn a_form_that_was_left_alone_lets_no_key_out_and_takes_no_tag() {
    let of_the_form: Vec<(&str, &str)> = ENTRY_PARAMETERS
        .iter()
        .map(|parameter| (parameter.name, parameter.default))
        .collect();
    for parameters in [&[][..], &of_the_form] {
        let vault = FakeVault::with(Life::Live, ANOTHER, json!({ "env": "prod" }));
        vault.change(|state| state.policy = policy(false));
        succeeded(&add(&vault, with(overwriting(), parameters)));
        let state = vault.0.borrow();
        assert_eq!(state.policy["key_props"]["exportable"], false);
        assert_eq!(state.versions[1].tags, json!({ "env": "prod" }));
    }
}

#[test]
fn w06_only_the_vaults_own_404_means_that_nothing_is_there() {
    for (answer, failure) in [
        (
            refused(403, "Forbidden", Some("ForbiddenByRbac")),
            Failure::MissingRole,
        ),
        (refused(400, "BadParameter", None), Failure::Other),
        (refused(404, "SomethingElse", None), Failure::NotFound),
        (html(404), Failure::NotFound),
        (html(200), Failure::UnreadableAnswer),
    ] {
        for overwrite in [false, true] {
            let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
            vault.fail(1, usize::MAX, Fault::Instead(answer.clone()));
            let new = NewCertificate {
                overwrite,
                ..certificate()
            };
            let outcome = add(&vault, new);
            assert_eq!(failed(&outcome), failure, "{}", outcome.message);
            says(&outcome, &["nothing was imported"]);
            assert_eq!(vault.asked("import"), 0);
        }
    }
}

#[test]
fn m9_a_refused_import_is_told_in_words_of_the_service_that_are_known() {
    let said =
        "The specified PKCS#12 X.509 certificate content can not be read. Please check planted";
    let body = json!({ "error": { "code": "BadParameter", "message": said } });
    let vault = FakeVault::new();
    let answer = crate::testing::answer(400, &body.to_string());
    vault.fail(2, 1, Fault::Instead(Ok(answer)));
    let fake = vault.serve();
    let outcome = add_in(&fake, certificate());
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(
        &outcome,
        &[
            "400 BadParameter: \"The specified PKCS#12 X.509 certificate content can not be read\"",
            "has not expired",
            "nothing was imported",
        ],
    );
    keeps_its_secrets(&fake, &outcome);
}

#[test]
fn a_refused_import_without_known_words_has_its_code_its_id_and_advice() {
    let vault = FakeVault::new();
    vault.fail(2, 1, Fault::Instead(refused(400, "BadParameter", None)));
    let outcome = add(&vault, certificate());
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(
        &outcome,
        &["400 BadParameter", "7d2c0000-", "has not expired"],
    );
    assert!(!outcome.message.contains("the service says so"));
}

#[test]
fn w47_a_key_or_secret_of_that_name_is_explained() {
    let vault = FakeVault::new();
    vault.change(|state| state.life = Life::Taken);
    let outcome = add(&vault, overwriting());
    assert_eq!(failed(&outcome), Failure::Conflict);
    says(
        &outcome,
        &[
            "a key and a secret",
            "another alias",
            "nothing was imported",
        ],
    );
    assert_eq!(vault.asked("import"), 1);
}

#[test]
fn w30_nothing_that_a_service_echoes_gets_into_message_or_log() {
    // Short, of two lines, and with blanks around: forms that no search for a value finds.
    let tags = r#"{"a":"planted-value","b":"pl","c":"planted\nlines","d":" planted "}"#;
    for (status, code, times, shown) in [
        (400, "BadParameter", 1, "400 BadParameter"),
        (403, "Forbidden", 1, "403 Forbidden"),
        (429, "Throttled", usize::MAX, "429 Throttled"),
        (
            500,
            "InternalServerError",
            usize::MAX,
            "500 InternalServerError",
        ),
    ] {
        for first in [1, 2] {
            let vault = FakeVault::with(Life::Live, ANOTHER, json!({ "old": "planted-old" }));
            vault.fail(first, times, Fault::Echo(status, code));
            let fake = vault.serve();
            let new = from_pfx("rsa-2048.p12", "test");
            let new = NewCertificate {
                overwrite: true,
                ..with(new, &[("CertificateTags", tags)])
            };
            let outcome = add_in(&fake, new);
            says(&outcome, &[shown]);
            keeps_its_secrets(&fake, &outcome);
        }
    }
}
