//! Every inventory sample of the platform, run by `akv` as a process against the emulator.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use end_to_end::{Azure, fixture};

/// What a sample must give: a whole inventory, or an exit code and what the message says.
enum Expected {
    Inventory,
    Failure(i32, &'static [&'static str]),
}

use Expected::{Failure, Inventory};

const SAMPLES: &[(&str, Expected)] = &[
    ("inventory-arm-id-lower-case", Inventory),
    ("inventory-arm-id-store-path", Inventory),
    (
        "inventory-bad-store-path",
        Failure(1, &["StorePath", "vault URL", "subscription-id"]),
    ),
    ("inventory-blank-properties", Inventory),
    ("inventory-cancelled", Failure(1, &["cancelled"])),
    ("inventory-china", Inventory),
    (
        "inventory-client-machine-is-a-host-name",
        Failure(1, &["managed identity"]),
    ),
    ("inventory-credentials-in-properties", Inventory),
    ("inventory-government", Inventory),
    (
        "inventory-hostile-vault-name",
        Failure(1, &["StorePath", "evil.example/"]),
    ),
    ("inventory-last-inventory-filled", Inventory),
    (
        "inventory-managed-identity-system",
        Failure(1, &["managed identity"]),
    ),
    (
        "inventory-managed-identity-user",
        Failure(1, &["managed identity"]),
    ),
    (
        "inventory-managed-identity-user-blank",
        Failure(1, &["managed identity"]),
    ),
    (
        "inventory-private-endpoint-foreign",
        Failure(1, &["PrivateEndpoint", "kv-one.attacker.example"]),
    ),
    ("inventory-private-endpoint-host", Inventory),
    ("inventory-private-endpoint-suffix", Inventory),
    ("inventory-private-endpoint-url", Inventory),
    ("inventory-properties-empty-text", Inventory),
    ("inventory-properties-not-json", Failure(1, &["Properties"])),
    ("inventory-properties-null", Inventory),
    ("inventory-service-principal", Inventory),
    ("inventory-sku-junk", Inventory),
    ("inventory-tenant-id-property-only", Inventory),
    (
        "inventory-three-part-user-name",
        Failure(1, &["ServerUsername"]),
    ),
    ("inventory-two-part-store-path", Inventory),
    (
        "inventory-unknown-cloud",
        Failure(1, &["AzureCloud", "public, china or government"]),
    ),
    (
        "inventory-vault-name-mismatch",
        Failure(1, &["VaultName", "kv-two", "kv-one"]),
    ),
    ("inventory-wrong-secret", Failure(4, &["AADSTS7000215"])),
];

#[test]
fn every_sample_is_in_the_table() {
    let mut found: Vec<String> = std::fs::read_dir(fixture("x").parent().unwrap())
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.starts_with("inventory-"))
        .collect();
    found.sort();
    let mut listed: Vec<&str> = SAMPLES.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

#[test]
fn every_sample_gives_what_was_decided() {
    let azure = Azure::start();
    for (name, expected) in SAMPLES {
        azure.emulator.forget_requests();
        let job = fixture(name);
        let ran = azure.run(&job, &[]);
        let result = ran.json();
        let sample: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&job).unwrap()).unwrap();
        assert_eq!(result["JobHistoryId"], sample["JobHistoryId"], "{name}");
        let message = result["FailureMessage"].as_str().unwrap();
        match expected {
            Inventory => {
                assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
                assert_eq!(result["Result"], 2, "{name}");
                assert_eq!(result["Inventory"].as_array().unwrap().len(), 60, "{name}");
            }
            Failure(code, says) => {
                assert_eq!(ran.code, *code, "{name}: {}", ran.stderr);
                assert_eq!(result["Result"], 4, "{name}");
                assert!(result.get("Inventory").is_none(), "{name}");
                for word in *says {
                    assert!(message.contains(word), "{name}: {message}");
                }
            }
        }
        let secret = sample["ServerPassword"].as_str().unwrap_or_default();
        if secret.len() > 8 {
            for text in [&ran.stdout, &ran.stderr] {
                assert!(!text.contains(secret), "{name} prints its secret: {text}");
            }
        }
    }
}

#[test]
fn w41_unsupported_jobs_are_failures_with_their_history_id() {
    let azure = Azure::start();
    for (name, says) in [
        ("reenrollment-capability", "Capability"),
        ("unsupported-operation", "OperationType"),
    ] {
        let ran = azure.run(&fixture(name), &[]);
        let result = ran.json();
        assert_eq!((ran.code, &result["Result"]), (1, &4.into()), "{name}");
        assert_ne!(result["JobHistoryId"], 0, "{name}");
        assert!(
            result["FailureMessage"].as_str().unwrap().contains(says),
            "{name}"
        );
    }
    assert_eq!(azure.emulator.requests(), []);
}
