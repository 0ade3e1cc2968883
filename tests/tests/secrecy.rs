//! No secret, no token, no byte of a private key, no password and no tag value in anything
//! that `akv` says: results, messages, log lines at every level, the audit. One search over
//! all samples as a person runs them; the matrix of faults does the same in each of its cases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use end_to_end::{Azure, Secrets, fixture};
use serde_json::{Value, json};

/// A tag value that nothing else says.
const TAG: &str = "Tag-Value-7f3a \"quoted\"";

fn samples() -> Vec<(String, Value)> {
    let mut samples: Vec<(String, Value)> = std::fs::read_dir(fixture("x").parent().unwrap())
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let job = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            (name, job)
        })
        .collect();
    samples.sort_by(|a, b| a.0.cmp(&b.0));
    samples
}

/// The result without its inventory, whose parameters are the tags themselves.
fn without_inventory(stdout: &str) -> String {
    let mut result: Value = serde_json::from_str(stdout).unwrap();
    result.as_object_mut().unwrap().remove("Inventory");
    result.to_string()
}

#[test]
fn nothing_that_akv_says_holds_a_secret() {
    let azure = Azure::start();
    let mut searched = 0;
    for (name, mut job) in samples() {
        // Every Add brings a tag that would be noticed; one that is not JSON stays as it is.
        let tags = &mut job["JobProperties"]["CertificateTags"];
        if name.starts_with("add-") && tags.as_str().is_some_and(str::is_empty) {
            *tags = json!({ "note": TAG }).to_string().into();
        }
        let mut secrets = Secrets::of_job(&job);
        secrets.add("tag value", TAG.as_bytes());
        let file = azure.file(&format!("{name}.json"), &job.to_string());
        let audit = azure.file(&format!("{name}.audit"), "");
        let audit_path = audit.to_str().unwrap();
        let ran = azure.run(&file, &["--verbose", "--audit", audit_path]);
        let said = format!(
            "{}\n{}\n{}",
            without_inventory(&ran.stdout),
            ran.stderr,
            std::fs::read_to_string(&audit).unwrap()
        );
        searched += secrets.len();
        if let Some(found) = secrets.find_in(&said) {
            panic!("{name} says a secret ({found}): {said}");
        }
        // A token is a JWT; its beginning is always the same.
        assert!(!said.contains("eyJ"), "{name} says a token: {said}");
        // The same search finds what is planted in the same text.
        if let Some(secret) = job["ServerPassword"].as_str().filter(|s| s.len() > 8) {
            assert!(
                secrets.find_in(&format!("{said}{secret}")).is_some(),
                "{name}"
            );
        }
    }
    assert!(searched > 1_000, "{searched} spellings were looked for");
}
