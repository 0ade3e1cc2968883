//! Adding, removing, creating.

use super::*;

pub(super) fn add() -> Value {
    let mut job = with("/Capability", json!("CertStores.AKV.Management"));
    job["OperationType"] = json!(2);
    job["Overwrite"] = json!(false);
    job["JobCertificate"] = json!({
        "Alias": "web-1", "Thumbprint": null,
        "Contents": "cGZ4IGJ5dGVz", "PrivateKeyPassword": "Pfx-Secret-1",
    });
    job
}

fn certificate(job: &Value) -> Result<Certificate, String> {
    match parse(job.to_string().as_bytes()).job {
        Ok(Job {
            task: Task::Add { certificate, .. },
            ..
        }) => Ok(certificate),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

fn add_with(changes: &[(&str, Value)]) -> Result<Certificate, String> {
    let mut job = add();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        job.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    certificate(&job)
}

fn set(certificate: &Certificate) -> Vec<(&str, &str)> {
    let pairs = certificate.parameters.iter();
    pairs
        .map(|(name, value)| (*name, value.expose_secret()))
        .collect()
}

#[test]
fn an_add_is_read_and_nothing_secret_is_printed() {
    let mut job = add();
    job["JobProperties"] = json!({"CertificateTags": "{\"owner\":\"t4g-value\"}"});
    let certificate = certificate(&job).unwrap();
    assert_eq!(certificate.alias.as_str(), "web-1");
    assert_eq!(certificate.format, Format::Pfx);
    assert!(!certificate.overwrite);
    let shown = format!("{certificate:?}");
    assert_eq!(
        certificate.password.as_ref().unwrap().expose_secret(),
        "Pfx-Secret-1"
    );
    assert_eq!(certificate.contents.into_bytes(), b"pfx bytes");
    for secret in ["Pfx-Secret-1", "cGZ4", "112, 102", "t4g-value"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn w01_r24_r25_r26_r27_entry_parameters_that_are_not_set_are_not_passed_on() {
    for properties in [
        json!(null),
        json!({}),
        json!({"CertificateTags": null}),
        json!({"CertificateTags": "", "PreserveExistingTags": null, "NonExportable": " "}),
        json!({"RenewalThumbprint": "32A51176161132B26962468A9BD6C0F5FED8094D"}),
    ] {
        let certificate = add_with(&[("/JobProperties", properties.clone())]).unwrap();
        assert_eq!(set(&certificate), [], "{properties}");
    }
    let mut job = add();
    job.as_object_mut().unwrap().remove("JobProperties");
    assert_eq!(set(&certificate(&job).unwrap()), []);
}

#[test]
fn w07_r29_flags_are_booleans_or_text_in_any_case() {
    for (value, text) in [
        (json!(true), "true"),
        (json!(false), "false"),
        (json!("True"), "true"),
        (json!(" FALSE "), "false"),
    ] {
        let properties = json!({"PreserveExistingTags": value, "NonExportable": value});
        let certificate = add_with(&[("/JobProperties", properties)]).unwrap();
        let wanted = [("PreserveExistingTags", text), ("NonExportable", text)];
        assert_eq!(set(&certificate), wanted, "{value}");
    }
}

#[test]
fn w07_a_parameter_that_is_junk_is_an_error_that_names_it_and_repeats_nothing() {
    for (name, value) in [
        ("NonExportable", json!("s3cret")),
        ("PreserveExistingTags", json!(1)),
        ("PreserveExistingTags", json!([])),
        ("CertificateTags", json!({"a": "s3cret"})),
    ] {
        let error = add_with(&[("/JobProperties", json!({name: value}))]).unwrap_err();
        assert!(error.starts_with(name), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let error = add_with(&[("/JobProperties", json!("s3cret"))]).unwrap_err();
    assert!(error.starts_with("JobProperties"), "{error}");
}

#[test]
fn m5_m6_m12_a_blank_alias_is_a_failure_that_says_alias() {
    for operation in [2, 3] {
        for alias in [json!(""), json!(" "), json!(null)] {
            let mut job = add();
            job["OperationType"] = json!(operation);
            job["JobCertificate"]["Alias"] = alias.clone();
            let error = error(&job);
            assert!(error.starts_with("JobCertificate.Alias"), "{error}");
            assert!(error.contains("alias"), "{alias}: {error}");
        }
    }
}

#[test]
fn reserved_and_impossible_aliases_are_refused() {
    for alias in [
        "contacts",
        "Issuers",
        "restore",
        "a.b",
        "a/b",
        &"a".repeat(128),
    ] {
        let error = add_with(&[("/JobCertificate/Alias", json!(alias))]).unwrap_err();
        assert!(error.starts_with("JobCertificate.Alias"), "{error}");
    }
}

#[test]
fn m10_a_pfx_without_a_password_is_refused_as_no_pfx() {
    for password in [json!(null), json!(""), json!("  ")] {
        let error = add_with(&[("/JobCertificate/PrivateKeyPassword", password)]).unwrap_err();
        assert!(error.contains("PFX"), "{error}");
    }
}

#[test]
fn the_format_is_pfx_or_pem_in_any_case_and_blank_is_pfx() {
    for (word, format) in [
        (json!(null), Format::Pfx),
        (json!(" "), Format::Pfx),
        (json!("pfx"), Format::Pfx),
        (json!("Pem"), Format::Pem),
    ] {
        let changes = [("/JobCertificate/ContentsFormat", word.clone())];
        assert_eq!(add_with(&changes).unwrap().format, format, "{word}");
    }
    let pem = [
        ("/JobCertificate/ContentsFormat", json!("PEM")),
        ("/JobCertificate/PrivateKeyPassword", json!("")),
    ];
    assert!(add_with(&pem).unwrap().password.is_none());
    for word in [json!("JKS"), json!(2)] {
        let error = add_with(&[("/JobCertificate/ContentsFormat", word)]).unwrap_err();
        assert!(
            error.starts_with("JobCertificate.ContentsFormat"),
            "{error}"
        );
    }
}

#[test]
fn h8_contents_are_base64_with_any_white_space_and_else_refused_unrepeated() {
    let folded = add_with(&[("/JobCertificate/Contents", json!(" cGZ4\r\nIGJ5\tdGVz\n"))]);
    assert_eq!(folded.unwrap().contents.into_bytes(), b"pfx bytes");
    for contents in [
        json!(""),
        json!(null),
        json!("s3cret!"),
        json!("cGZ4I"),
        json!(7),
    ] {
        let error = add_with(&[("/JobCertificate/Contents", contents)]).unwrap_err();
        assert!(error.starts_with("JobCertificate.Contents"), "{error}");
        assert!(
            !error.contains("s3cret") && !error.contains("33"),
            "{error}"
        );
    }
}

#[test]
fn overwrite_is_a_flag() {
    for (value, overwrite) in [
        (json!(true), true),
        (json!("True"), true),
        (json!(null), false),
    ] {
        assert_eq!(
            add_with(&[("/Overwrite", value)]).unwrap().overwrite,
            overwrite
        );
    }
    let error = add_with(&[("/Overwrite", json!("yes"))]).unwrap_err();
    assert!(error.starts_with("Overwrite"), "{error}");
}

#[test]
fn w44_a_remove_keeps_a_thumbprint_of_forty_hex_digits_and_nothing_else() {
    let good = "00112233445566778899AABBCCDDEEFF00112233";
    for (given, kept) in [
        (json!(good), Some(good)),
        (json!(format!(" {good} ")), Some(good)),
        (json!(null), None),
        (json!(""), None),
        (json!("0011"), None),
        (json!("zz112233445566778899AABBCCDDEEFF00112233"), None),
        (json!(7), None),
    ] {
        let mut job = add();
        job["OperationType"] = json!("Remove");
        job["JobCertificate"]["Thumbprint"] = given.clone();
        job["JobCertificate"]["Contents"] = json!("");
        // Only an Add reads the entry parameters.
        job["JobProperties"] = json!({"NonExportable": "junk"});
        let read = parse(job.to_string().as_bytes()).job.unwrap();
        let Task::Remove { certificate, .. } = read.task else {
            panic!("{given}");
        };
        assert_eq!(certificate.thumbprint.as_deref(), kept, "{given}");
    }
}

#[test]
fn r31_a_create_reads_neither_certificate_nor_parameters() {
    for (certificate, properties) in [(json!(null), json!(null)), (json!({}), json!("junk"))] {
        let mut job = add();
        job["OperationType"] = json!(4);
        job["JobCertificate"] = certificate;
        job["JobProperties"] = properties;
        let read = parse(job.to_string().as_bytes()).job.unwrap();
        assert_eq!(read.kind(), JobKind::CreateStore);
    }
}
