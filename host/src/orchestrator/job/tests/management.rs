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
fn a_blank_password_is_none_and_whether_it_is_needed_is_found_out_later() {
    for password in [json!(null), json!(""), json!("  ")] {
        let read = add_with(&[("/JobCertificate/PrivateKeyPassword", password)]).unwrap();
        assert!(read.password.is_none());
        assert_eq!(read.format, Format::Pfx);
    }
    let error = add_with(&[("/JobCertificate/PrivateKeyPassword", json!(7))]).unwrap_err();
    assert!(
        error.starts_with("JobCertificate.PrivateKeyPassword"),
        "{error}"
    );
}

#[test]
fn contents_in_pem_are_read_in_every_encoding_that_shells_write() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let pem = "-----BEGIN CERTIFICATE-----\nMII\n";
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [
        pem.as_bytes().to_vec(),
        format!("\u{feff}{pem}").into_bytes(),
        utf16(&format!("\u{feff}{pem}")),
        utf16(pem),
    ] {
        let changes = [
            ("/JobCertificate/ContentsFormat", json!("PEM")),
            ("/JobCertificate/Contents", json!(STANDARD.encode(bytes))),
        ];
        let read = add_with(&changes).unwrap();
        assert_eq!(read.contents.into_bytes(), pem.as_bytes());
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
    for odd in [
        json!("yes"),
        json!("t rue"),
        json!("1"),
        json!(1),
        json!([]),
        json!({}),
    ] {
        let error = add_with(&[("/Overwrite", odd)]).unwrap_err();
        assert!(error.starts_with("Overwrite"), "{error}");
    }
}

#[test]
fn a_flag_is_read_whatever_the_case_of_its_name_and_with_marks() {
    for (name, value) in [
        ("overwrite", json!(true)),
        ("OVERWRITE", json!("\u{200e}True\u{a0}")),
    ] {
        let mut job = add();
        job.as_object_mut().unwrap().remove("Overwrite");
        job[name] = value;
        assert!(certificate(&job).unwrap().overwrite, "{name}");
    }
    let mut twice = add();
    twice["overwrite"] = json!(true);
    assert!(error(&twice).starts_with("Overwrite"));
    let properties = json!({"nonExportable": "True", "Non Exportable": null});
    let error = add_with(&[("/JobProperties", properties)]).unwrap_err();
    assert!(error.starts_with("NonExportable"), "{error}");
    let properties = json!({"nonexportable": "true", "preserveExistingTags": "\u{feff}false"});
    let read = add_with(&[("/JobProperties", properties)]).unwrap();
    let wanted = [("PreserveExistingTags", "false"), ("NonExportable", "true")];
    assert_eq!(set(&read), wanted);
}

fn removing(name: &str, thumbprint: &Value) -> Result<Option<String>, String> {
    let mut job = add();
    job["OperationType"] = json!("Remove");
    let certificate = job["JobCertificate"].as_object_mut().unwrap();
    certificate.remove("Thumbprint");
    certificate.insert(name.to_owned(), thumbprint.clone());
    certificate.insert("Contents".to_owned(), json!(""));
    // Only an Add reads the entry parameters.
    job["JobProperties"] = json!({"NonExportable": "junk"});
    match parse(job.to_string().as_bytes()).job {
        Ok(Job {
            task: Task::Remove { certificate, .. },
            ..
        }) => Ok(certificate.thumbprint.map(|one| one.to_string())),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn w44_a_remove_reads_its_thumbprint_in_every_spelling() {
    for good in [
        "00112233445566778899AABBCCDDEEFF00112233",
        "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
    ] {
        let pairs: Vec<&str> = (0..good.len() / 2)
            .map(|n| &good[2 * n..2 * n + 2])
            .collect();
        for given in [
            good.to_owned(),
            good.to_lowercase(),
            format!(" {good} "),
            format!("\u{200e}{}", pairs.join(" ").to_lowercase()),
            format!("{}\u{feff}", pairs.join(":")),
            pairs.join("-"),
        ] {
            for name in ["Thumbprint", "thumbprint"] {
                let kept = removing(name, &json!(given)).unwrap();
                assert_eq!(kept.as_deref(), Some(good), "{name} {given}");
            }
        }
    }
    for none in [json!(null), json!(""), json!(" \u{a0}")] {
        assert_eq!(removing("Thumbprint", &none), Ok(None), "{none}");
    }
    assert_eq!(removing("Other", &json!("x")), Ok(None));
}

/// A guard that was taken for none deleted whatever had the alias.
#[test]
fn a_thumbprint_that_cannot_be_read_is_a_failure_and_not_none() {
    let good = "00112233445566778899AABBCCDDEEFF00112233";
    for odd in [
        json!("0011"),
        json!(good[1..]),
        json!(format!("{good}0")),
        json!("zz112233445566778899AABBCCDDEEFF00112233"),
        json!("null"),
        json!(7),
        json!(0),
        json!(false),
        json!([]),
        json!([good]),
        json!({}),
    ] {
        let error = removing("Thumbprint", &odd).unwrap_err();
        assert!(error.starts_with("JobCertificate.Thumbprint"), "{error}");
    }
    let mut twice = add();
    twice["OperationType"] = json!(3);
    twice["JobCertificate"]["thumbprint"] = json!(good);
    assert!(error(&twice).starts_with("JobCertificate.Thumbprint"));
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
