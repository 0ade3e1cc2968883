//! What the policy of an overwritten certificate says, and what its key and signature are.

use super::*;

#[test]
fn over_a_certificate_that_is_kept_as_pem_pem_is_sent_under_that_type() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    vault.change(|state| {
        state.policy["secret_props"]["contentType"] = json!("application/x-pem-file");
    });
    let new = NewCertificate {
        overwrite: true,
        ..from_pfx("chain-aes.p12", "test")
    };
    let sent = pfx::read(&new.contents, Some("test"), pfx::Time::at(0)).unwrap();
    let fake = vault.serve();
    let outcome = add_in(&fake, new);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    says(&outcome, &["web-1 was imported: version ", "left out"]);
    keeps_its_secrets(&fake, &outcome);
    let state = vault.0.borrow();
    let secret = &state.policy["secret_props"];
    assert_eq!(secret["contentType"], "application/x-pem-file");
    let value = state.imports[0]["value"].as_str().unwrap();
    assert_eq!(value.as_bytes(), sent.to_pem().as_slice());
    let labels: Vec<&str> = value
        .lines()
        .filter(|line| line.contains("BEGIN"))
        .collect();
    let certificate = "-----BEGIN CERTIFICATE-----";
    assert_eq!(labels[..2], ["-----BEGIN PRIVATE KEY-----", certificate]);
    assert_eq!(labels.len(), 1 + sent.chain().len());
}

#[test]
fn over_a_deleted_certificate_that_is_kept_as_pem_pem_is_sent_too() {
    let vault = FakeVault::with(Life::Deleted, ANOTHER, json!({}));
    vault.change(|state| {
        state.policy["secret_props"]["contentType"] = json!("application/x-pem-file");
    });
    assert_eq!(add(&vault, overwriting()).status, Status::Success);
    let state = vault.0.borrow();
    let value = state.imports[0]["value"].as_str().unwrap();
    assert!(value.starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

#[test]
fn whether_a_key_is_reused_and_the_order_of_the_chain_are_sent_again() {
    for (reuse, said) in [
        (json!(true), true),
        (json!(false), true),
        (Value::Null, false),
    ] {
        let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
        vault.change(|state| state.policy["key_props"]["reuse_key"] = reuse.clone());
        succeeded(&add(&vault, overwriting()));
        let state = vault.0.borrow();
        let key = &state.imports[0]["policy"]["key_props"];
        assert_eq!(key.get("reuse_key"), said.then_some(&reuse));
    }
}

#[test]
fn over_a_disabled_version_the_enabled_one_is_a_warning() {
    let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
    vault.change(|state| state.versions[0].enabled = false);
    let outcome = add(&vault, overwriting());
    assert_eq!(outcome.status, Status::Warning);
    says(&outcome, &["was disabled, and the new one is enabled"]);
}

#[test]
fn a_key_and_a_signature_of_two_families_are_named() {
    let body = json!({ "error": { "code": "BadParameter",
        "message": "Unsupported key size (2048). Supported sizes are [256, 384, 521]",
        "innererror": { "code": "KeySizeNotSupported" } } });
    let answer = crate::testing::answer(400, &body.to_string());
    for in_hsm in [false, true] {
        let vault = FakeVault::with(Life::Live, ANOTHER, json!({}));
        if in_hsm {
            vault.change(|state| state.policy["key_props"]["kty"] = json!("RSA-HSM"));
        }
        vault.fail_all("import", Fault::Instead(Ok(answer.clone())));
        let new = NewCertificate {
            contents: field("rsa-key-signed-by-ec.pfx"),
            format: ContentsFormat::Pkcs12,
            password: Some(Secret::new("secret".into())),
            ..overwriting()
        };
        let outcome = add(&vault, new);
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        says(
            &outcome,
            &[
                "KeySizeNotSupported",
                "its key is RSA",
                "signed it with an EC key",
                "nothing was imported",
            ],
        );
        assert_eq!(
            vault.asked("import"),
            1,
            "another kind of key does not help"
        );
    }
    // Where they agree, it is the size.
    let vault = FakeVault::new();
    vault.fail_all("import", Fault::Instead(Ok(answer)));
    let outcome = add(&vault, certificate());
    says(&outcome, &["KeySizeNotSupported", "RSA with 2048"]);
    assert!(
        !outcome.message.contains("signed it"),
        "{}",
        outcome.message
    );
}
