//! Whole additions to a vault that is a function. Tests with a number are about a unit test
//! (M), a release (R) or a weakness (W) of the original extension.

mod chain;
mod hsm;
mod input;
mod lost;
mod matrix;
mod pending;
mod policy_kept;
mod replacing;
mod soft_deleted;
mod stopping;

use std::time::Duration;

use job_scope::ENTRY_PARAMETERS;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock as _;
use crate::contract::{ContentsFormat, Secret};
use crate::job::fake_vault::{
    ALIAS, Effect, FakeVault, Fault, HsmSupport, Life, State, faults, html, job, keeps_its_secrets,
    policy, refused, reset, store, timeout, unavailable_for,
};
use crate::pfx;
use crate::testing::Fake;

/// A file of the tests of `pfx`.
fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pfx/testdata");
    std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A file that people met in the field.
fn field(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/field");
    std::fs::read(format!("{folder}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A key with its certificate in PEM, where nothing has to be decrypted.
fn contents() -> Vec<u8> {
    [file("rsa-2048.pkcs8.test-key.pem"), file("rsa-2048.crt")].concat()
}

/// What the vault has afterwards.
fn ours() -> Vec<u8> {
    let bundle = pfx::pem::read(&contents(), None, pfx::Time::at(0))
        .unwrap_or_else(|error| panic!("{error}"));
    bundle.leaf().to_vec()
}

/// Another certificate, as far as a vault cares.
const ANOTHER: &[u8] = b"another";

fn certificate() -> NewCertificate {
    NewCertificate {
        alias: ALIAS.into(),
        contents: contents(),
        format: ContentsFormat::Pem,
        password: None,
        overwrite: false,
        parameters: Vec::new(),
    }
}

fn overwriting() -> NewCertificate {
    NewCertificate {
        overwrite: true,
        ..certificate()
    }
}

fn from_pfx(name: &str, password: &str) -> NewCertificate {
    NewCertificate {
        contents: file(name),
        format: ContentsFormat::Pkcs12,
        password: Some(Secret::new(password.into())),
        ..certificate()
    }
}

fn with(certificate: NewCertificate, parameters: &[(&str, &str)]) -> NewCertificate {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    NewCertificate {
        parameters: parameters.iter().map(owned).collect(),
        ..certificate
    }
}

fn add_in(fake: &Fake, certificate: NewCertificate) -> Outcome {
    add_with(fake, certificate, &[])
}

fn add_with(fake: &Fake, certificate: NewCertificate, options: &[(&str, &str)]) -> Outcome {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut job = job();
    job.options = options.iter().map(owned).collect();
    fake.run(run(fake, &job, &store(), certificate))
}

fn add(vault: &FakeVault, certificate: NewCertificate) -> Outcome {
    add_in(&vault.serve(), certificate)
}

fn failed(outcome: &Outcome) -> Failure {
    match outcome.status {
        Status::Failure(failure) => failure,
        _ => panic!("{outcome:?}"),
    }
}

fn says(outcome: &Outcome, words: &[&str]) {
    assert!(!outcome.message.contains("  "), "{}", outcome.message);
    for word in words {
        assert!(
            outcome.message.contains(word),
            "{word}: {}",
            outcome.message
        );
    }
}

/// A success that has nothing to say but what was done.
fn succeeded(outcome: &Outcome) {
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    let deed = outcome.message.starts_with("web-1 was imported: version ");
    assert!(
        deed && !outcome.message.contains(". "),
        "{}",
        outcome.message
    );
    says(outcome, &[", thumbprint "]);
}

const LOOK: &str = "GET /certificates/web-1";
const IMPORT: &str = "POST /certificates/web-1/import";
const RECOVER: &str = "POST /deletedcertificates/web-1/recover";
const LOOK_DELETED: &str = "GET /deletedcertificates/web-1";
