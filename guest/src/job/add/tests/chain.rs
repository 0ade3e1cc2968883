//! The same certificate is there, and the file brings more of its chain.

use super::*;

const READ_SECRET: &str = "GET /secrets/web-1";

fn from_field(name: &str, overwrite: bool) -> NewCertificate {
    NewCertificate {
        contents: field(name),
        overwrite,
        ..certificate()
    }
}

fn missing() -> NewCertificate {
    from_field("chain-missing.pem", true)
}

fn complete() -> NewCertificate {
    from_field("chain-complete.pem", true)
}

const ALLOWED: &[(&str, &str)] = &[("compare-chain", "true")];

/// The certificate was imported without its chain.
fn without_chain() -> FakeVault {
    let vault = FakeVault::new();
    succeeded(&add(&vault, missing()));
    vault.change(|state| state.requests.clear());
    vault
}

fn versions(vault: &FakeVault) -> usize {
    vault.0.borrow().versions.len()
}

fn unchanged(outcome: &Outcome, words: &[&str]) {
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    says(outcome, &["web-1 is unchanged"]);
    says(outcome, words);
    assert!(
        !outcome.message.contains("with what the job asks for"),
        "{}",
        outcome.message
    );
}

#[test]
fn a_better_chain_is_one_new_version_however_often_the_job_runs() {
    let vault = without_chain();
    let outcome = add_with(&vault.serve(), complete(), ALLOWED);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    says(&outcome, &["was imported", "its chain lacked"]);
    assert_eq!(vault.requests(), [LOOK, READ_SECRET, IMPORT]);
    for _ in 0..2 {
        let again = add_with(&vault.serve(), complete(), ALLOWED);
        unchanged(&again, &["it has all the certificates above it"]);
        assert_eq!(versions(&vault), 2);
    }
    // Less than what is there is no reason for a version.
    let less = add_with(&vault.serve(), missing(), ALLOWED);
    unchanged(&less, &[]);
    assert_eq!(versions(&vault), 2);
}

#[test]
fn the_chain_is_compared_in_what_is_kept_as_pem_too() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    vault.change(|state| {
        state.policy["secret_props"]["contentType"] = json!("application/x-pem-file");
    });
    succeeded(&add(&vault, missing()));
    let outcome = add_with(&vault.serve(), complete(), ALLOWED);
    says(&outcome, &["was imported", "its chain lacked"]);
    let again = add_with(&vault.serve(), complete(), ALLOWED);
    unchanged(&again, &["it has all the certificates above it"]);
    assert_eq!(versions(&vault), 3);
}

#[test]
fn without_leave_to_read_the_secret_the_chain_is_not_compared_and_that_is_told() {
    for options in [&[][..], &[("compare-chain", "false")]] {
        let vault = without_chain();
        let outcome = add_with(&vault.serve(), complete(), options);
        unchanged(
            &outcome,
            &[
                "its chain was not compared",
                "reads-private-keys",
                "other CertificateTags",
                "remove the certificate first",
            ],
        );
        assert_eq!(vault.requests(), [LOOK]);
    }
}

#[test]
fn without_overwrite_or_without_issuers_in_the_file_no_secret_is_read() {
    let vault = without_chain();
    let outcome = add_with(
        &vault.serve(),
        from_field("chain-complete.pem", false),
        ALLOWED,
    );
    unchanged(&outcome, &["its chain was not compared", "Overwrite"]);
    let outcome = add_with(&vault.serve(), missing(), ALLOWED);
    unchanged(&outcome, &[]);
    assert!(!outcome.message.contains("chain"), "{}", outcome.message);
    assert_eq!(vault.asked("secrets"), 0);
    assert_eq!(versions(&vault), 1);
}

#[test]
fn a_secret_that_is_refused_or_gone_leaves_it_unchanged_and_says_why() {
    for (answer, word) in [
        (
            refused(403, "Forbidden", Some("ForbiddenByRbac")),
            "Key Vault Secrets User",
        ),
        (
            refused(403, "Forbidden", Some("SecretDisabled")),
            "it is disabled",
        ),
        (refused(404, "SecretNotFound", None), "404 SecretNotFound"),
    ] {
        let vault = without_chain();
        vault.fail_all("secrets", Fault::Instead(answer));
        let outcome = add_with(&vault.serve(), complete(), ALLOWED);
        unchanged(&outcome, &["its chain was not compared", word]);
        assert_eq!(versions(&vault), 1);
    }
}

#[test]
fn a_secret_of_another_version_or_without_sense_is_not_compared() {
    let version = |version: &str, value: &str| {
        let id = format!("https://kv-one.vault.azure.net/secrets/web-1/{version}");
        json!({ "id": id, "value": value, "contentType": "application/x-pkcs12" }).to_string()
    };
    let current = format!("{:032x}", 1);
    for body in [
        version("0", "MAA="),
        version(&current, "%"),
        version(&current, ""),
        "{}".to_owned(),
        "<html>".to_owned(),
    ] {
        let vault = without_chain();
        let answer = crate::testing::answer(200, &body);
        vault.fail_all("secrets", Fault::Instead(Ok(answer)));
        let outcome = add_with(&vault.serve(), complete(), ALLOWED);
        unchanged(
            &outcome,
            &["its chain was not compared", "its managed secret"],
        );
        assert_eq!(versions(&vault), 1);
    }
}

#[test]
fn a_vault_that_fails_over_the_secret_fails_the_job_and_nothing_is_imported() {
    for (answer, failure) in [
        (
            refused(503, "ServiceUnavailable", None),
            Failure::Unavailable,
        ),
        (refused(429, "Throttled", None), Failure::Throttled),
        (
            refused(403, "Forbidden", Some("ForbiddenByFirewall")),
            Failure::Firewall,
        ),
    ] {
        let vault = without_chain();
        vault.fail_all("secrets", Fault::Instead(answer));
        let outcome = add_with(&vault.serve(), complete(), ALLOWED);
        assert_eq!(failed(&outcome), failure);
        says(&outcome, &["nothing was imported"]);
        assert_eq!(versions(&vault), 1);
    }
}

#[test]
fn a_lost_answer_to_the_better_chain_makes_no_third_version() {
    for (fault, requests) in [(Fault::Lost(reset()), 4), (Fault::Instead(reset()), 5)] {
        let vault = without_chain();
        // The token, a look, the secret, the import.
        vault.fail(3, 1, fault);
        let outcome = add_with(&vault.serve(), complete(), ALLOWED);
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        says(&outcome, &["was imported"]);
        assert_eq!(versions(&vault), 2);
        assert_eq!(vault.requests().len(), requests);
        assert_eq!(vault.asked("secrets"), 1);
    }
}

#[test]
fn nothing_of_a_secret_that_was_read_is_repeated_if_an_answer_has_it() {
    for pem in [false, true] {
        let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
        if pem {
            vault.change(|state| {
                state.policy["secret_props"]["contentType"] = json!("application/x-pem-file");
            });
        }
        succeeded(&add(&vault, missing()));
        vault.change(|state| state.requests.clear());
        let value = vault
            .0
            .borrow()
            .versions
            .last()
            .unwrap()
            .value
            .clone()
            .unwrap();
        let body: String = value
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        let piece = &body[body.len() / 2..body.len() / 2 + 24];
        let answer = json!({ "error": { "code": piece, "message": "no" } });
        let answer = crate::testing::answer(400, &answer.to_string());
        vault.fail_all("import", Fault::Instead(Ok(answer)));
        let fake = vault.serve();
        let outcome = add_with(&fake, complete(), ALLOWED);
        failed(&outcome);
        let log = fake.log.borrow();
        let lines = log.iter().map(|(_, line)| line.as_str());
        for line in lines.chain([outcome.message.as_str()]) {
            assert!(!line.contains(piece), "{line}");
        }
    }
}
