//! What a job brings, and what becomes of it before and in the request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::contract::Credential;

/// Nothing is sent, and the message says why.
fn refused_unsent(certificate: NewCertificate, words: &[&str]) {
    let fake = Fake::default();
    let outcome = add_in(&fake, certificate);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(&outcome, words);
    assert!(fake.sent().is_empty());
}

#[test]
fn m1_m2_m3_a_new_certificate_of_every_kind_is_imported() {
    for (name, kty, size, curve) in [
        ("rsa-2048.p12", "RSA", json!(2048), Value::Null),
        ("rsa-4096.p12", "RSA", json!(4096), Value::Null),
        ("ec-p256.p12", "EC", Value::Null, json!("P-256")),
    ] {
        let vault = FakeVault::new();
        let new = with(from_pfx(name, "test"), &[("PreserveExistingTags", "false")]);
        succeeded(&add(
            &vault,
            NewCertificate {
                overwrite: true,
                ..new
            },
        ));
        assert_eq!(vault.requests(), [LOOK, IMPORT], "{name}");
        let body = &vault.0.borrow().imports[0];
        let key = &body["policy"]["key_props"];
        assert_eq!(key["kty"], kty, "{name}");
        assert_eq!(key["key_size"], size, "{name}");
        assert_eq!(key["crv"], curve, "{name}");
        assert_eq!(key["exportable"], true, "{name}");
    }
}

#[test]
fn m4_r22_tags_go_into_the_import() {
    let vault = FakeVault::new();
    let tags = r#"{"env":"prod","owner":"pki"}"#;
    let outcome = add(&vault, with(certificate(), &[("CertificateTags", tags)]));
    succeeded(&outcome);
    let body = &vault.0.borrow().imports[0];
    assert_eq!(body["tags"], json!({ "env": "prod", "owner": "pki" }));
    assert_eq!(
        body["policy"]["secret_props"]["contentType"],
        "application/x-pkcs12"
    );
}

#[test]
fn without_tags_parameters_and_policy_nothing_of_them_is_sent() {
    let vault = FakeVault::new();
    succeeded(&add(&vault, certificate()));
    let body = vault.0.borrow().imports[0].clone();
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["policy", "value"]);
    let names: Vec<&String> = body["policy"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["key_props", "secret_props"]);
}

#[test]
fn r3_r23_a_pfx_is_written_anew_without_password_and_with_its_whole_chain() {
    for name in [
        "job-add-rsa-2048-chain.p12",
        "job-add-rsa-2048-legacy-encryption.p12",
    ] {
        let vault = FakeVault::new();
        succeeded(&add(&vault, from_pfx(name, "Pfx-Secret-1")));
        let value = vault.0.borrow().imports[0]["value"].clone();
        let sent = STANDARD.decode(value.as_str().unwrap()).unwrap();
        let sent =
            pfx::read(&sent, None, pfx::Time::at(0)).unwrap_or_else(|error| panic!("{error}"));
        let came = pfx::read(&file(name), Some("Pfx-Secret-1"), pfx::Time::at(0)).unwrap();
        assert_eq!(sent.chain(), came.chain(), "{name}");
        assert_eq!(sent.chain().len(), 3, "{name}");
    }
}

#[test]
fn certificates_that_do_not_belong_to_it_are_left_out_and_named_in_the_result() {
    let outcome = add(&FakeVault::new(), from_pfx("chain-aes.p12", "test"));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    says(
        &outcome,
        &["1 certificate of the file was left out", "test ("],
    );
}

#[test]
fn contents_in_pem_are_read_as_pem() {
    let vault = FakeVault::new();
    let new = NewCertificate {
        contents: file("job-add-pem-contents-format.pem"),
        ..certificate()
    };
    succeeded(&add(&vault, new));
    assert_eq!(vault.0.borrow().versions.len(), 1);
    let pfx = NewCertificate {
        format: ContentsFormat::Pem,
        ..from_pfx("rsa-2048.p12", "test")
    };
    refused_unsent(pfx, &["ContentsFormat"]);
}

#[test]
fn r33_w07_a_key_that_must_not_be_exportable_is_sent_as_such() {
    let vault = FakeVault::new();
    succeeded(&add(
        &vault,
        with(certificate(), &[("NonExportable", "True")]),
    ));
    let body = &vault.0.borrow().imports[0];
    assert_eq!(body["policy"]["key_props"]["exportable"], false);
}

#[test]
fn m5_m6_an_alias_that_is_none_ends_the_job_before_anything_is_sent() {
    for alias in [
        "",
        "  ",
        "www.example.test",
        "contacts",
        "Issuers",
        "restore",
        "a/b",
    ] {
        let new = NewCertificate {
            alias: alias.into(),
            ..certificate()
        };
        refused_unsent(new, &["alias"]);
    }
}

fn without_password(name: &str) -> NewCertificate {
    NewCertificate {
        password: None,
        ..from_pfx(name, "")
    }
}

#[test]
fn m10_a_pfx_that_does_not_open_without_a_password_needs_one() {
    let words = ["PFX", "protected by a password", "PrivateKeyPassword"];
    refused_unsent(from_pfx("rsa-2048.p12", ""), &words);
    refused_unsent(without_password("rsa-2048.p12"), &words);
    refused_unsent(
        without_password("job-add-certificate-without-password.crt.der"),
        &["PFX", "without its private key"],
    );
    refused_unsent(without_password("no-key.p12"), &["PFX"]);
    let nothing = NewCertificate {
        contents: Vec::new(),
        ..without_password("rsa-2048.p12")
    };
    refused_unsent(nothing, &["PFX", "empty"]);
}

#[test]
fn a_pfx_that_opens_without_a_password_needs_none() {
    for name in [
        "no-mac-no-encryption.p12",
        "null-mac.p12",
        "empty-password.p12",
        "empty-password-legacy.p12",
    ] {
        for new in [without_password(name), from_pfx(name, "")] {
            let vault = FakeVault::new();
            succeeded(&add(&vault, new));
            assert_eq!(vault.requests(), [LOOK, IMPORT], "{name}");
        }
    }
}

#[test]
fn h7_w13_w18_w19_contents_that_cannot_be_used_are_refused_before_anything_is_sent() {
    for (name, password, word) in [
        ("rsa-2048.p12", "wrong", "PrivateKeyPassword does not open"),
        (
            "job-add-no-private-key.p12",
            "Pfx-Secret-1",
            "no private key",
        ),
        ("two-keys.p12", "changeit", "private keys"),
        ("ed25519.p12", "test", "does not import"),
        ("rsa-1024.p12", "test", "does not import"),
        ("no-certificate.p12", "test", "no certificate"),
    ] {
        refused_unsent(from_pfx(name, password), &[word]);
    }
}

#[test]
fn w01_w07_w20_parameters_that_cannot_be_read_are_refused_by_name() {
    for (name, value) in [
        ("CertificateTags", "env=prod"),
        ("CertificateTags", r#"{"a":null}"#),
        ("NonExportable", "perhaps"),
        ("PreserveExistingTags", "perhaps"),
    ] {
        refused_unsent(with(certificate(), &[(name, value)]), &[name]);
    }
}

#[test]
fn what_a_vault_does_not_take_is_refused_before_anything_is_sent() {
    let leaf = lengthened(&ours());
    let new = NewCertificate {
        contents: [file("rsa-2048.pkcs8.test-key.pem"), pem_of(&leaf)].concat(),
        ..certificate()
    };
    refused_unsent(new, &["the certificate itself is too large", "25600"]);
}

#[test]
fn a_certificate_that_alone_is_too_large_says_so() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/field");
    let new = NewCertificate {
        contents: std::fs::read(format!("{folder}/thousand-names.pfx")).unwrap(),
        ..from_pfx("rsa-2048.p12", "secret")
    };
    let words = [
        "the certificate itself is too large",
        "leaving out issuers does not help",
        "25600",
    ];
    refused_unsent(new, &words);
}

#[test]
fn a_chain_that_is_too_long_is_told_from_a_long_certificate() {
    let key = file("chains/leaf.test-key.pem");
    let parts = [key.clone(), file("chains/leaf-named-like-authority.crt")].concat();
    let bundle = pfx::pem::read(&parts, None, pfx::Time::at(0)).unwrap();
    let authority = lengthened(&bundle.chain()[1]);
    let contents = [key, pem_of(bundle.leaf()), pem_of(&authority)].concat();
    let new = NewCertificate {
        contents,
        ..certificate()
    };
    refused_unsent(new, &["its chain of 2 certificates", "25600", "leave out"]);
}

/// A certificate with something long behind its signature that nobody reads.
fn lengthened(certificate: &[u8]) -> Vec<u8> {
    let body = certificate[4..].to_vec();
    let long = [vec![0x04, 0x82, 0x68, 0x00], vec![0; 0x6800]].concat();
    let length = u16::try_from(body.len() + long.len()).unwrap();
    [vec![0x30, 0x82], length.to_be_bytes().to_vec(), body, long].concat()
}

fn pem_of(der: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").into_bytes()
}

#[test]
fn malformed_stores_and_identities_are_refused_by_field() {
    let bad_path = Store {
        path: "https://kv-one.vault.azure.net".into(),
        ..store()
    };
    let fake = Fake::default();
    let outcome = fake.run(run(&fake, &job(), &bad_path, certificate()));
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    says(&outcome, &["StorePath"]);
    for (client_id, secret, field) in [
        ("me", "sp-secret~1", "ServerUsername"),
        ("33333333-3333-3333-3333-333333333333", "", "ServerPassword"),
    ] {
        let credential = Credential::ClientSecret {
            client_id: client_id.into(),
            secret: Secret::new(secret.into()),
        };
        let job = Job {
            credential,
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store(), certificate()));
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        says(&outcome, &[field]);
    }
    assert!(fake.sent().is_empty());
}

#[test]
fn what_is_odd_about_the_store_makes_a_success_a_warning() {
    let odd = Store {
        properties: vec![("AzureCloud".into(), "public,china,government".into())],
        ..store()
    };
    let vault = FakeVault::new();
    let fake = vault.serve();
    let outcome = fake.run(run(&fake, &job(), &odd, certificate()));
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    says(&outcome, &["AzureCloud"]);
    assert_eq!(vault.versions_of(&ours()), 1);
}
