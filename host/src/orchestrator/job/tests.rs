use super::*;
use secrecy::ExposeSecret;
use serde_json::json;

fn inventory() -> Value {
    json!({
        "JobHistoryId": 4701,
        "JobCancelled": false,
        "Capability": "CertStores.AKV.Inventory",
        "ServerUsername": "33333333-3333-4333-8333-333333333333",
        "ServerPassword": "sp-secret~1",
        "LastInventory": [{ "Alias": "a" }, { "Alias": "b" }],
        "JobProperties": null,
        "CertificateStoreDetails": {
            "ClientMachine": "11111111-1111-4111-8111-111111111111",
            "StorePath": "22222222-2222-4222-8222-222222222222:rg-one:kv-one",
            "Properties": "{\"AzureCloud\":\"\",\"serverPassword\":\"sp-secret~1\"}",
        },
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut job = inventory();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    job.pointer_mut(parent).unwrap()[name] = value;
    job
}

fn error(job: &Value) -> String {
    let parsed = parse(job.to_string().as_bytes());
    assert_eq!(parsed.history_id, 4701);
    parsed.job.unwrap_err().to_string()
}

#[test]
fn an_inventory_job_is_read() {
    let job = parse(inventory().to_string().as_bytes()).job.unwrap();
    assert_eq!(job.history_id, 4701);
    let Task::Inventory { last_inventory, .. } = job.task else {
        panic!("{job:?}");
    };
    assert_eq!(last_inventory, 2);
    assert_eq!(job.secret.unwrap().expose_secret(), "sp-secret~1");
}

#[test]
fn copies_of_the_credentials_end_here() {
    let job = parse(inventory().to_string().as_bytes()).job.unwrap();
    assert_eq!(job.store().unwrap().properties.fields().count(), 0);
    assert!(!format!("{job:?}").contains("sp-secret"));
}

#[test]
fn what_is_wrong_is_named_and_the_history_id_is_kept() {
    for (pointer, value, names) in [
        (
            "/Capability",
            json!("CertStores.AKV.Reenrollment"),
            "Capability",
        ),
        ("/Capability", json!(null), "Capability"),
        (
            "/Capability",
            json!("CertStores.AKV.Management"),
            "OperationType",
        ),
        ("/ServerUsername", json!(7), "ServerUsername"),
        ("/JobCancelled", json!("maybe"), "JobCancelled"),
        (
            "/CertificateStoreDetails",
            json!(null),
            "CertificateStoreDetails",
        ),
        ("/CertificateStoreDetails/StorePath", json!([]), "StorePath"),
        (
            "/CertificateStoreDetails/Properties",
            json!("{"),
            "Properties",
        ),
    ] {
        let error = error(&with(pointer, value));
        assert!(error.starts_with(names), "{pointer}: {error}");
    }
}

#[test]
fn w41_an_unknown_operation_keeps_the_history_id() {
    let mut job = with("/Capability", json!("CertStores.AKV.Management"));
    job["OperationType"] = json!(8);
    assert!(error(&job).contains("invalid operation"));
}

#[test]
fn operations_are_read_by_number_and_by_name() {
    for (operation, kind) in [
        (json!(2), JobKind::Add),
        (json!("Add"), JobKind::Add),
        (json!(3), JobKind::Remove),
        (json!("Remove"), JobKind::Remove),
        (json!(4), JobKind::CreateStore),
        (json!("Create"), JobKind::CreateStore),
    ] {
        let mut job = add();
        job["OperationType"] = operation.clone();
        let read = parse(job.to_string().as_bytes()).job.unwrap();
        assert_eq!(read.kind(), kind, "{operation}");
    }
}

#[test]
fn w32_a_cancelled_job_is_not_run() {
    for flag in [json!(true), json!("True")] {
        assert!(error(&with("/JobCancelled", flag)).starts_with("cancelled"));
    }
}

#[test]
fn broken_json_is_told_by_place_and_not_by_content() {
    for text in ["{\"ServerPassword\":\"sp-secret~1\",}", "[]", "", "{\"a\":"] {
        let parsed = parse(text.as_bytes());
        let error = parsed.job.unwrap_err().to_string();
        assert!(error.contains("not a JSON object"), "{text}: {error}");
        assert!(!error.contains("sp-secret"), "{text}: {error}");
    }
}

#[test]
fn a_byte_order_mark_is_no_error() {
    let text = format!("\u{feff}{}", inventory());
    assert!(parse(text.as_bytes()).job.is_ok());
}

fn add() -> Value {
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

fn places(properties: Value, machine: Value) -> Result<Vec<String>, String> {
    let job = json!({
        "JobHistoryId": 4701, "Capability": "CertStores.AKV.Discovery",
        "ClientMachine": machine, "JobProperties": properties,
    });
    match parse(job.to_string().as_bytes()).job {
        Ok(Job {
            task: Task::Discovery { places },
            ..
        }) => Ok(places),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn w23_tenants_are_trimmed_and_named_once_and_fall_back_to_the_client_machine() {
    for (properties, wanted) in [
        (json!({"dirs": "a, b,,A ,\tb"}), vec!["a", "b"]),
        (json!({"dirs": " "}), vec!["machine"]),
        (json!({"dirs": null}), vec!["machine"]),
        (json!({"extensions": ""}), vec!["machine"]),
        (json!(null), vec!["machine"]),
    ] {
        let found = places(properties.clone(), json!(" machine "));
        assert_eq!(
            found,
            Ok(wanted.iter().map(ToString::to_string).collect()),
            "{properties}"
        );
    }
}

#[test]
fn w23_without_any_tenant_the_message_says_where_to_write_one() {
    for (properties, machine) in [
        (json!({"dirs": ""}), json!(null)),
        (json!({"dirs": " , ,"}), json!("machine")),
        (json!(null), json!("  ")),
    ] {
        let error = places(properties, machine).unwrap_err();
        assert!(error.contains("directories to search"), "{error}");
    }
}

/// What a sample of the platform is read as.
enum Read {
    /// A job of this kind.
    Job(JobKind),
    /// A failure with these words.
    Refused(&'static [&'static str]),
}

use Read::{Job as Is, Refused};

/// The samples that are no inventories, or are refused while they are read.
const SAMPLES: &[(&str, Read)] = &[
    (
        "add-alias-with-dot",
        Refused(&["JobCertificate.Alias", "www.example.test"]),
    ),
    ("add-boolean-junk", Refused(&["NonExportable"])),
    (
        "add-certificate-without-password",
        Refused(&["PrivateKeyPassword", "PFX"]),
    ),
    ("add-ec-p256", Is(JobKind::Add)),
    ("add-ec-p384", Is(JobKind::Add)),
    (
        "add-empty-alias",
        Refused(&["JobCertificate.Alias", "alias"]),
    ),
    ("add-no-job-properties", Is(JobKind::Add)),
    ("add-no-private-key", Is(JobKind::Add)),
    ("add-operation-by-name", Is(JobKind::Add)),
    ("add-pem-contents-format", Is(JobKind::Add)),
    ("add-renewal-overwrite-preserve-tags", Is(JobKind::Add)),
    ("add-rsa-2048-chain", Is(JobKind::Add)),
    ("add-rsa-2048-legacy-encryption", Is(JobKind::Add)),
    ("add-rsa-4096-non-exportable-text", Is(JobKind::Add)),
    ("add-tags-not-json", Is(JobKind::Add)),
    ("add-tags-single-quoted", Is(JobKind::Add)),
    ("add-tags-sixteen", Is(JobKind::Add)),
    ("add-tags-with-escapes", Is(JobKind::Add)),
    ("add-wrong-pfx-password", Is(JobKind::Add)),
    ("create-vault-absent-group", Is(JobKind::CreateStore)),
    ("create-vault-by-arm-id", Is(JobKind::CreateStore)),
    ("create-vault-china", Is(JobKind::CreateStore)),
    ("create-vault-empty-properties", Is(JobKind::CreateStore)),
    ("create-vault-government", Is(JobKind::CreateStore)),
    ("create-vault-premium-region", Is(JobKind::CreateStore)),
    ("create-vault-unknown-sku", Is(JobKind::CreateStore)),
    ("discovery-managed-identity-system", Is(JobKind::Discovery)),
    ("discovery-managed-identity-user", Is(JobKind::Discovery)),
    ("discovery-no-dirs-key", Is(JobKind::Discovery)),
    ("discovery-no-tenant", Refused(&["directories to search"])),
    ("discovery-properties-null", Is(JobKind::Discovery)),
    ("discovery-service-principal", Is(JobKind::Discovery)),
    ("discovery-two-tenants-with-spaces", Is(JobKind::Discovery)),
    ("inventory-cancelled", Refused(&["cancelled"])),
    ("inventory-properties-not-json", Refused(&["Properties"])),
    (
        "inventory-three-part-user-name",
        Refused(&["ServerUsername"]),
    ),
    ("reenrollment-capability", Refused(&["Capability"])),
    ("remove", Is(JobKind::Remove)),
    ("remove-absent", Is(JobKind::Remove)),
    ("remove-other-thumbprint", Is(JobKind::Remove)),
    (
        "remove-reserved-alias",
        Refused(&["JobCertificate.Alias", "reserved"]),
    ),
    (
        "unsupported-operation",
        Refused(&["OperationType", "invalid operation"]),
    ),
];

#[test]
fn every_sample_is_read_as_what_it_is() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/jobs");
    let mut listed = 0;
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let known = SAMPLES.iter().find(|(sample, _)| *sample == name);
        listed += usize::from(known.is_some());
        let text = std::fs::read(&path).unwrap();
        let plain: Value = serde_json::from_slice(&text).unwrap();
        let parsed = parse(&text);
        assert_eq!(parsed.history_id, plain["JobHistoryId"], "{name}");
        match (known.map(|(_, read)| read), parsed.job) {
            (Some(Is(kind)), Ok(job)) => assert_eq!(job.kind(), *kind, "{name}"),
            (None, Ok(job)) => {
                assert!(name.starts_with("inventory-"), "{name} is not listed");
                assert_eq!(job.kind(), JobKind::Inventory, "{name}");
            }
            (Some(Refused(words)), Err(error)) => {
                let error = error.to_string();
                for word in *words {
                    assert!(error.contains(word), "{name}: {error}");
                }
                for secret in ["sp-secret", "Pfx-Secret", "MII"] {
                    assert!(!error.contains(secret), "{name}: {error}");
                }
            }
            (_, found) => panic!("{name}: {found:?}"),
        }
    }
    assert_eq!(listed, SAMPLES.len());
}
