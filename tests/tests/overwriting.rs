//! What an Add of the built component makes of a certificate that is there: what of it stays, what
//! is told, and when the same certificate is imported again. Over the emulator's function.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use azure_emulator::Seed;
use end_to_end::{Headless, Observed, field, job};
use extension_host::orchestrator::{Contents, Format, Job, Task};
use extension_host::runner::{Cause, Report, Status};
use secrecy::SecretString;
use serde_json::Value;

const COMPONENT: &str = "keyvault_extension.wasm";
const ALLOWED: &str = "reads-private-keys = true";

/// A host over a vault with one certificate, web-1, that a seed describes so.
fn headless(policy: &str, sku: &str, certificate: &str) -> Headless {
    let (people, _) = Seed::built_in_text().split_once("[[vault]]").unwrap();
    let text = format!(
        "{people}\n[[vault]]\nname = \"kv-one\"\nsku = \"{sku}\"\nsubscription = \"22222222-2222-4222-8222-222222222222\"\ngroup = \"rg-one\"\n\n[[vault.certificate]]\nname = \"web-1\"\n{certificate}\n"
    );
    let seed = Seed::parse(&text).unwrap();
    Headless::with_seed(COMPONENT, policy, &seed)
}

/// An Add of web-1 with Overwrite and without tags: a file as PEM, or as PKCS#12 with a password.
fn replacing(file: &str) -> Job {
    let mut job = job("add-renewal-overwrite-preserve-tags");
    let Task::Add { certificate, .. } = &mut job.task else {
        panic!("this is no Add");
    };
    certificate.contents = Contents::new(field(file));
    certificate.parameters.clear();
    (certificate.format, certificate.password) = match file.ends_with(".pem") {
        true => (Format::Pem, None),
        false => (Format::Pfx, Some(SecretString::from("secret".to_owned()))),
    };
    job
}

async fn there(headless: &Headless) -> Value {
    let there = Observed::new(&headless.emulator);
    there.certificate("web-1").await.unwrap()
}

async fn versions(headless: &Headless) -> usize {
    let there = Observed::new(&headless.emulator);
    there.versions("web-1").await.len()
}

fn says(report: &Report, words: &[&str]) {
    for word in words {
        assert!(report.message.contains(word), "{word}: {}", report.message);
    }
}

const IN_HSM: &str = "key = \"ec-p256\"\nhsm = true";

#[tokio::test(start_paused = true)]
async fn in_a_premium_vault_a_key_in_an_hsm_is_replaced_by_another() {
    for hsm in ["keep", "warn"] {
        let headless = headless("", "premium", IN_HSM);
        let mut job = replacing("chain-complete.pem");
        job.options.set("hsm", hsm);
        let report = headless.run(&job).await;
        assert_eq!(report.status, Status::Success, "{}", report.message);
        let key = &there(&headless).await["policy"]["key_props"];
        assert_eq!(key["kty"], "EC-HSM");
        assert_eq!(key["exportable"], false);
        assert_eq!(versions(&headless).await, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_leave_cannot_stay_in_its_hsm() {
    let letting_out = || {
        let mut job = replacing("chain-complete.pem");
        let Task::Add { certificate, .. } = &mut job.task else {
            panic!();
        };
        let out = SecretString::from("False".to_owned());
        certificate.parameters.push(("NonExportable", out));
        job
    };
    let kept = headless("[options]\nhsm = \"keep\"", "premium", IN_HSM);
    let report = kept.run(&letting_out()).await;
    assert_eq!(report.status, Status::Failure(Cause::Input));
    says(&report, &["HSM", "nothing was imported"]);
    assert_eq!(kept.arrived("/certificates/web-1/import"), 0);

    let lost = headless("", "premium", IN_HSM);
    let report = lost.run(&letting_out()).await;
    assert_eq!(report.status, Status::Warning, "{}", report.message);
    says(&report, &["HSM", "software key"]);
    assert_eq!(there(&lost).await["policy"]["key_props"]["kty"], "EC");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_as_pem_stays_pem_with_its_reuse_of_the_key() {
    let seed = "content-type = \"application/x-pem-file\"\nreuse-key = true\nenabled = false";
    let headless = headless("", "standard", seed);
    let report = headless.run(&replacing("chain-complete.pem")).await;
    assert_eq!(report.status, Status::Warning, "{}", report.message);
    says(&report, &["was disabled, and the new one is enabled"]);
    let policy = &there(&headless).await["policy"];
    let secret = &policy["secret_props"];
    assert_eq!(secret["contentType"], "application/x-pem-file");
    assert_eq!(policy["key_props"]["reuse_key"], true);
}

#[tokio::test(start_paused = true)]
async fn a_better_chain_is_imported_once_where_the_policy_lets_the_secret_be_read() {
    let headless = headless(ALLOWED, "standard", "");
    for (file, wanted, words) in [
        ("chain-missing.pem", 2, "was imported"),
        ("chain-complete.pem", 3, "its chain lacked"),
        (
            "chain-complete.pem",
            3,
            "it has all the certificates above it",
        ),
        ("chain-missing.pem", 3, "unchanged"),
    ] {
        let report = headless.run(&replacing(file)).await;
        assert_eq!(report.status, Status::Success, "{}", report.message);
        says(&report, &[words]);
        assert_eq!(versions(&headless).await, wanted, "{}", report.message);
    }
    assert_eq!(headless.arrived("/secrets/web-1"), 2);
    assert_eq!(headless.arrived("/secrets"), 2);
}

#[tokio::test(start_paused = true)]
async fn elsewhere_the_same_certificate_stays_and_the_result_says_what_was_not_compared() {
    for policy in [
        "",
        "reads-private-keys = true\n[options]\ncompare-chain = false",
    ] {
        let headless = headless(policy, "standard", "");
        headless.run(&replacing("chain-missing.pem")).await;
        let report = headless.run(&replacing("chain-complete.pem")).await;
        assert_eq!(report.status, Status::Success, "{}", report.message);
        says(
            &report,
            &[
                "unchanged",
                "chain was not compared",
                "other CertificateTags",
            ],
        );
        assert_eq!(versions(&headless).await, 2);
        assert_eq!(headless.arrived("/secrets"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_under_way_is_told_with_what_to_do_about_it() {
    for overwrite in [false, true] {
        let headless = headless("", "standard", "versions = 0\npending = true");
        let mut job = replacing("chain-complete.pem");
        if let Task::Add { certificate, .. } = &mut job.task {
            certificate.overwrite = overwrite;
        }
        let report = headless.run(&job).await;
        let failed = matches!(report.status, Status::Failure(_));
        assert_eq!(failed, overwrite, "{}", report.message);
        says(
            &report,
            &["still making", "pending delete --vault-name kv-one"],
        );
    }
}
