//! Every sample of the platform, as far as it is read.

use super::*;

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
    ("add-certificate-without-password", Is(JobKind::Add)),
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
