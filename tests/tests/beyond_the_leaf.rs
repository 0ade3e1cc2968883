//! What an inventory gives beyond the current leaf, over a vault that answers as Azure does: older
//! versions come without a policy, and P-256K certificates with their curve spelled out.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use azure_emulator::Seed;
use end_to_end::{Headless, job};
use extension_host::orchestrator::Job;
use extension_host::runner::Status;

const KINDS: [(&str, &str); 7] = [
    ("rsa-2048", "RSA 2048"),
    ("rsa-3072", "RSA 3072"),
    ("rsa-4096", "RSA 4096"),
    ("ec-p256", "EC P-256"),
    ("ec-p384", "EC P-384"),
    ("ec-p521", "EC P-521"),
    ("ec-p256k", "EC P-256K"),
];

/// A vault with two versions of a certificate of every kind, of which one is disabled.
fn headless(policy: &str) -> Headless {
    let (before, _) = Seed::built_in_text()
        .split_once("certificates = 60")
        .unwrap();
    let certificates = KINDS.map(|(kind, _)| {
        let enabled = kind != "ec-p256";
        format!(
            "[[vault.certificate]]\nname = \"{kind}\"\nkey = \"{kind}\"\nenabled = {enabled}\nversions = 2\n"
        )
    });
    let seed = format!("{before}{}", certificates.concat());
    Headless::with_seed(
        "keyvault_extension.wasm",
        policy,
        &Seed::parse(&seed).unwrap(),
    )
}

fn with(options: &[(&str, &str)]) -> Job {
    let mut job = job("inventory-service-principal");
    for (name, value) in options {
        job.options.set(name, value);
    }
    job
}

#[tokio::test(start_paused = true)]
async fn every_version_has_the_key_that_its_certificate_is_for() {
    let headless = headless("");
    let mut report = headless.run(&with(&[("versions", "all")])).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    let items = Headless::items(&mut report);
    assert_eq!(items.len(), 2 * KINDS.len());
    for item in items {
        let kind = KINDS.iter().find(|(name, _)| *name == item.alias).unwrap();
        let current = &item.details["current"];
        assert_eq!(item.details["key"], kind.1, "{} {current}", item.alias);
    }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_certificate_lacks_its_chain_and_nothing_else_does() {
    let headless = headless("reads-private-keys = true");
    let mut report = headless.run(&with(&[("full-chain", "true")])).await;
    let message = report.message.clone();
    assert_eq!(report.status, Status::Warning, "{message}");
    let told = "1 certificate is there without issuers: ec-p256: it is disabled";
    assert!(message.contains(told), "{message}");
    for part in ["403", "role", "could not"] {
        assert!(!message.contains(part), "{message}");
    }
    for item in Headless::items(&mut report) {
        let has_chain = item.certificates.len() > 1;
        assert_eq!(has_chain, item.alias != "ec-p256", "{}", item.alias);
    }
}
