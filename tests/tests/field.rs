//! Files and settings as people bring them: what a vault holds afterwards, or what a refusal says.
//!
//! The inputs are in `tests/fixtures/field`; their README says what each one is. Everything
//! happens on one day, since some of their certificates are valid for a short time only.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::{Headless, Observed, field};
use extension_host::orchestrator::{Job, parse};
use extension_host::runner::{Report, Status};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const COMPONENT: &str = "keyvault_extension.wasm";
const ALIAS: &str = "field-1";
const PASSWORD: &str = "secret";
const READS_KEYS: &str = "reads-private-keys = true\n";

/// 2026-12-01T00:00:00Z.
fn that_day() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_796_083_200)
}

fn headless(policy: &str) -> Headless {
    Headless::at(COMPONENT, policy, that_day())
}

/// The certificates of a PEM file, in its order.
fn certificates(name: &str) -> Vec<Vec<u8>> {
    let text = String::from_utf8(field(name)).unwrap();
    text.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|block| {
            let body = block.split("-----END").next().unwrap();
            let body: String = body.split_whitespace().collect();
            STANDARD.decode(body).unwrap()
        })
        .collect()
}

/// An Add of some contents, as the platform sends it.
fn add(contents: &[u8], password: Option<&str>, overwrite: bool) -> Job {
    let sample = std::fs::read(end_to_end::fixture("add-rsa-2048-chain")).unwrap();
    let mut job: Value = serde_json::from_slice(&sample).unwrap();
    let is_pem = contents.windows(11).any(|part| part == b"-----BEGIN ");
    job["Overwrite"] = json!(overwrite);
    job["JobProperties"] = json!({});
    job["JobCertificate"] = json!({
        "Thumbprint": "", "Alias": ALIAS, "Contents": STANDARD.encode(contents),
        "PrivateKeyPassword": password,
        "ContentsFormat": if is_pem { "PEM" } else { "PFX" },
    });
    parse(job.to_string().as_bytes()).job.unwrap()
}

async fn added(headless: &Headless, contents: &[u8], password: Option<&str>) -> Report {
    headless.run(&add(contents, password, false)).await
}

/// The certificates that the vault keeps with the key, leaf first.
async fn kept(headless: &Headless) -> Vec<Vec<u8>> {
    Observed::new(&headless.emulator).chain(ALIAS).await
}

/// Imports a file, and gives back what the vault keeps and what the job says.
async fn imported(name: &str, password: Option<&str>) -> (Vec<Vec<u8>>, String) {
    let headless = headless("");
    let report = added(&headless, &field(name), password).await;
    assert_ne!(failure(&report), Some(()), "{name}: {}", report.message);
    (kept(&headless).await, report.message)
}

fn failure(report: &Report) -> Option<()> {
    matches!(report.status, Status::Failure(_)).then_some(())
}

async fn refused(name: &str, password: Option<&str>) -> String {
    let headless = headless("");
    let report = added(&headless, &field(name), password).await;
    assert_eq!(failure(&report), Some(()), "{name}: {}", report.message);
    let imports = headless.arrived(&format!("/certificates/{ALIAS}/import"));
    assert!(imports <= 1, "{name} was tried {imports} times");
    report.message
}

fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{word} is not in: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_authority_whose_key_signed_the_leaf_stays() {
    let certificates = certificates("rekeyed-authority.pem");
    for (file, password) in [
        ("rekeyed-authority.pfx", Some(PASSWORD)),
        ("rekeyed-authority.pem", None),
    ] {
        let (kept, message) = imported(file, password).await;
        assert_eq!(kept, certificates[..2], "{file}");
        says(&message, &["left out", "1 certificate"]);
    }
}

#[tokio::test(start_paused = true)]
async fn both_paths_of_a_cross_signed_root_stay() {
    let (kept, _) = imported("cross-signed-both-paths.pem", None).await;
    let all = certificates("cross-signed-both-paths.pem");
    let place = |der: &Vec<u8>| kept.iter().position(|other| other == der).unwrap();
    assert_eq!(kept.len(), 5);
    assert_eq!(kept[..3], all[..3], "the served path comes first");
    assert!(
        place(&all[2]) < place(&all[4]),
        "the cross-sign comes before its twin"
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_identifier_that_cannot_be_read_costs_no_chain() {
    let (kept, _) = imported("intermediate-with-bare-ski.pem", None).await;
    assert_eq!(kept, certificates("intermediate-with-bare-ski.pem"));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_cannot_be_read_is_named_by_its_place() {
    let message = refused("intermediate-cut-off.pem", None).await;
    says(&message, &["2 of 3"]);
}

#[tokio::test(start_paused = true)]
async fn the_newer_of_two_certificates_for_one_key_is_the_leaf() {
    let (kept, message) = imported("same-key-new-ends-sooner.pem", None).await;
    let all = certificates("same-key-new-ends-sooner.pem");
    assert_eq!(kept, all[..2]);
    says(&message, &["2026-02-01", "2027-03-05"]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_local_key_id_refuses_nothing() {
    imported("empty-local-key-id.pfx", Some(PASSWORD)).await;
}

#[tokio::test(start_paused = true)]
async fn curves_that_are_spelled_out_are_sent_by_name() {
    for (file, curve) in [
        ("explicit-p256k-no-password.pfx", "P-256K"),
        ("key-vault-export-p256k.pfx", "P-256K"),
        ("explicit-p256.pem", "P-256"),
    ] {
        let headless = headless("");
        let report = added(&headless, &field(file), None).await;
        let expired = report.message.contains("expired");
        assert!(
            failure(&report).is_none() || expired,
            "{file}: {}",
            report.message
        );
        if expired {
            continue;
        }
        let made = Observed::new(&headless.emulator).certificate(ALIAS).await;
        assert_eq!(made.unwrap()["policy"]["key_props"]["crv"], curve, "{file}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_of_latin_1_bytes_opens_its_file() {
    let password = String::from_utf8(field("latin1-password-as-utf8.txt")).unwrap();
    imported("latin1-password-aes.pfx", Some(password.trim_end())).await;
}

#[tokio::test(start_paused = true)]
async fn base64_of_a_pfx_is_read_once() {
    let (kept, _) = imported("base64-of-a-pfx.pfx", None).await;
    assert!(!kept.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_signed_by_the_other_family_is_named_with_both() {
    let message = refused("rsa-key-signed-by-ec.pfx", Some(PASSWORD)).await;
    says(&message, &["KeySizeNotSupported", "RSA", "EC"]);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_too_large_by_itself_is_told_as_that() {
    let message = refused("thousand-names.pfx", Some(PASSWORD)).await;
    says(&message, &["certificate itself"]);
    assert!(!message.contains("leave out"), "{message}");
}

/// Read, or refused with the command that converts it.
#[tokio::test(start_paused = true)]
async fn old_forms_of_pem_are_read_or_name_openssl() {
    for file in ["old-pem-encryption.pem", "key-and-pkcs7.pem"] {
        let headless = headless("");
        let report = added(&headless, &field(file), Some(PASSWORD)).await;
        if failure(&report).is_some() {
            says(&report.message, &["openssl "]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pem_flattened_in_transport_is_read() {
    let text = String::from_utf8(field("rekeyed-authority.pem")).unwrap();
    let lines = text.replace("\r\n", "\n");
    for flat in [
        lines.replace('\n', ""),
        lines.replace('\n', " "),
        lines.replace('\n', "\\n"),
        lines.replace('\n', "\\r\\n"),
        lines.replace('\n', "\r\n"),
        format!("\u{feff}{lines}"),
    ] {
        let headless = headless("");
        let report = added(&headless, flat.as_bytes(), None).await;
        assert!(failure(&report).is_none(), "{}", report.message);
        assert_eq!(kept(&headless).await.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_better_chain_is_imported_where_secrets_may_be_read() {
    let headless = headless(READS_KEYS);
    let first = added(&headless, &field("chain-missing.pem"), None).await;
    assert!(failure(&first).is_none(), "{}", first.message);
    let complete = add(&field("chain-complete.pem"), None, true);
    for _ in 0..2 {
        let report = headless.run(&complete).await;
        assert!(failure(&report).is_none(), "{}", report.message);
    }
    let observed = Observed::new(&headless.emulator);
    assert_eq!(observed.versions(ALIAS).await.len(), 2);
    assert_eq!(kept(&headless).await, certificates("chain-complete.pem"));
}

#[tokio::test(start_paused = true)]
async fn an_uncompared_chain_is_told_and_makes_no_version() {
    let headless = headless("");
    added(&headless, &field("chain-missing.pem"), None).await;
    let report = headless
        .run(&add(&field("chain-complete.pem"), None, true))
        .await;
    assert!(failure(&report).is_none(), "{}", report.message);
    says(
        &report.message,
        &["chain", "not compared", "reads-private-keys"],
    );
    assert!(
        !report.message.contains("with what the job asks for"),
        "{}",
        report.message
    );
    let observed = Observed::new(&headless.emulator);
    assert_eq!(observed.versions(ALIAS).await.len(), 1);
    assert_eq!(headless.arrived("/secrets/"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_thumbprint_as_windows_shows_it_guards_a_remove() {
    let sample = field("thumbprint-as-windows-shows-it.json");
    let headless = headless("");
    let thumbprint = Observed::new(&headless.emulator)
        .thumbprint("cert-11")
        .await;
    let report = headless.run(&parse(&sample).job.unwrap()).await;
    assert_eq!(failure(&report), Some(()), "{}", report.message);
    let deletions = |headless: &Headless| {
        let requests = headless.emulator.requests();
        requests
            .iter()
            .filter(|request| request.method == "DELETE")
            .count()
    };
    assert_eq!(deletions(&headless), 0);
    // The right one in the same spelling deletes.
    let digits = thumbprint.to_string().to_lowercase();
    let pairs: Vec<&str> = (0..20).map(|n| &digits[2 * n..2 * n + 2]).collect();
    let mut job: Value = serde_json::from_slice(&sample).unwrap();
    job["JobCertificate"]["Thumbprint"] = json!(format!("\u{200e}{}", pairs.join(" ")));
    let report = headless
        .run(&parse(job.to_string().as_bytes()).job.unwrap())
        .await;
    assert!(failure(&report).is_none(), "{}", report.message);
    assert_eq!(deletions(&headless), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_thumbprint_is_a_failure_that_names_it() {
    let mut job: Value =
        serde_json::from_slice(&field("thumbprint-as-windows-shows-it.json")).unwrap();
    for odd in [
        json!("e8"),
        json!("0".repeat(39)),
        json!(7),
        json!({}),
        json!(true),
        json!("zz"),
    ] {
        job["JobCertificate"]["Thumbprint"] = odd.clone();
        let parsed = parse(job.to_string().as_bytes());
        let error = parsed
            .job
            .err()
            .unwrap_or_else(|| panic!("{odd} was taken"));
        says(&format!("{error}"), &["JobCertificate.Thumbprint"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deny_assignment_is_named() {
    let fault: Value = serde_json::from_slice(&field("arm-deny-assignment.json")).unwrap();
    let headless = headless("");
    headless
        .emulator
        .inject(serde_json::from_value(fault).unwrap());
    let report = headless
        .run(&end_to_end::job("create-vault-empty-properties"))
        .await;
    assert_eq!(failure(&report), Some(()), "{}", report.message);
    says(&report.message, &["deny assignment", "role"]);
}
