//! Every job sample of the platform, run by `akv` as a process against the emulator, in an
//! order in which one may need what another has left: its status, its calls, what its message
//! says, and that it keeps its secrets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use azure_emulator::RequestRecord;
use end_to_end::{Azure, fixture};
use serde_json::Value;

/// A sample's name, its end, its calls, and words of its message.
struct Sample {
    name: &'static str,
    end: End,
    calls: Calls,
    says: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// `Result` 2, exit code 0.
    Success,
    /// `Result` 3, exit code 5.
    Warning,
    /// `Result` 4, this exit code.
    Failure(i32),
}

/// What was sent, polls in a row taken as one.
enum Calls {
    /// Nothing at all.
    None,
    /// The sixty certificates of kv-one: one token, three pages, sixty reads.
    Inventory,
    /// These, `method host-and-path` each.
    Are(&'static [&'static str]),
}

use Calls::{Are, Inventory};
use End::{Failure, Success, Warning};

const TOKEN: &str =
    "POST login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token";

macro_rules! vault {
    ($verb:literal, $path:expr) => {
        concat!($verb, " kv-one.vault.azure.net", $path)
    };
}

/// The calls of an Add to a new name.
macro_rules! added {
    ($alias:literal) => {
        Are(&[
            TOKEN,
            vault!("GET", concat!("/certificates/", $alias)),
            vault!("POST", concat!("/certificates/", $alias, "/import")),
        ])
    };
}

macro_rules! group {
    ($arm:literal, $group:literal) => {
        concat!(
            $arm,
            "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/",
            $group
        )
    };
}

/// The calls of a Create that finds nothing there.
macro_rules! created {
    ($authority:literal, $arm:literal, $group:literal, $vault:literal) => {
        Are(&[
            concat!(
                "POST ",
                $authority,
                "/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token"
            ),
            concat!("GET ", group!($arm, $group)),
            concat!(
                "GET ",
                group!($arm, $group),
                "/providers/Microsoft.KeyVault/vaults/",
                $vault
            ),
            concat!(
                "GET ",
                $arm,
                "/subscriptions/22222222-2222-4222-8222-222222222222"
            ),
            concat!(
                "POST ",
                $arm,
                "/subscriptions/22222222-2222-4222-8222-222222222222/providers/Microsoft.KeyVault/checkNameAvailability"
            ),
            concat!(
                "PUT ",
                group!($arm, $group),
                "/providers/Microsoft.KeyVault/vaults/",
                $vault
            ),
            concat!(
                "GET ",
                group!($arm, $group),
                "/providers/Microsoft.KeyVault/vaults/",
                $vault
            ),
        ])
    };
}

const SUBSCRIPTIONS: &str = "GET management.azure.com/subscriptions";
const VAULTS: &str = "GET management.azure.com/subscriptions/22222222-2222-4222-8222-222222222222/providers/Microsoft.KeyVault/vaults";
const MACHINE: &str = "GET 169.254.169.254/metadata/identity/oauth2/token";
const DISCOVERED: Calls = Are(&[TOKEN, SUBSCRIPTIONS, VAULTS]);
const DISCOVERED_BY_MACHINE: Calls = Are(&[MACHINE, SUBSCRIPTIONS, VAULTS]);

macro_rules! samples {
    ($($name:literal: $end:expr, $calls:expr, [$($says:literal),*];)*) => {
        &[$(Sample { name: $name, end: $end, calls: $calls, says: &[$($says),*] },)*]
    };
}

#[rustfmt::skip]
const SAMPLES: &[Sample] = samples! {
    // What only reads, while kv-one is as it was.
    "inventory-arm-id-lower-case": Success, Inventory, [];
    "inventory-arm-id-store-path": Success, Inventory, [];
    "inventory-bad-store-path": Failure(1), Calls::None, ["StorePath", "vault URL", "subscription-id"];
    "inventory-blank-properties": Success, Inventory, [];
    "inventory-cancelled": Failure(1), Calls::None, ["cancelled"];
    "inventory-changed-only": Warning, Inventory, ["changed-only", "inventory-turns"];
    "inventory-china": Success, Inventory, [];
    "inventory-client-machine-is-a-host-name": Success, Inventory, [];
    "inventory-credentials-in-properties": Success, Inventory, [];
    "inventory-government": Success, Inventory, [];
    "inventory-hostile-vault-name": Failure(1), Calls::None, ["StorePath", "evil.example/"];
    "inventory-last-inventory-filled": Success, Inventory, [];
    "inventory-managed-identity-system": Success, Inventory, [];
    "inventory-managed-identity-user": Success, Inventory, [];
    "inventory-managed-identity-user-blank": Success, Inventory, [];
    "inventory-private-endpoint-foreign": Failure(1), Calls::None, ["PrivateEndpoint", "kv-one.attacker.example"];
    "inventory-private-endpoint-host": Success, Inventory, [];
    "inventory-private-endpoint-suffix": Success, Inventory, [];
    "inventory-private-endpoint-url": Success, Inventory, [];
    "inventory-properties-empty-text": Success, Inventory, [];
    "inventory-properties-not-json": Failure(1), Calls::None, ["Properties"];
    "inventory-properties-null": Success, Inventory, [];
    "inventory-service-principal": Success, Inventory, [];
    "inventory-sku-junk": Success, Inventory, [];
    "inventory-tenant-id-property-only": Success, Inventory, [];
    "inventory-three-part-user-name": Failure(1), Calls::None, ["ServerUsername"];
    "inventory-two-part-store-path": Success, Inventory, [];
    "inventory-unknown-cloud": Failure(1), Calls::None, ["AzureCloud", "public, china or government"];
    "inventory-vault-name-mismatch": Failure(1), Calls::None, ["VaultName", "kv-two", "kv-one"];
    "inventory-wrong-secret": Failure(4), Are(&[TOKEN]), ["AADSTS7000215"];
    "discovery-service-principal": Success, DISCOVERED, ["1 vault"];
    "discovery-no-dirs-key": Success, DISCOVERED, ["1 vault"];
    "discovery-properties-null": Success, DISCOVERED, ["1 vault"];
    "discovery-no-tenant": Failure(1), Calls::None, ["directories to search"];
    "discovery-managed-identity-system": Success, DISCOVERED_BY_MACHINE, ["1 vault"];
    "discovery-managed-identity-user": Success, DISCOVERED_BY_MACHINE, ["1 vault"];
    "discovery-two-tenants-with-spaces": Success, Are(&[
        TOKEN, SUBSCRIPTIONS, VAULTS,
        "POST login.microsoftonline.com/99999999-9999-4999-8999-999999999999/oauth2/v2.0/token",
        SUBSCRIPTIONS,
    ]), ["1 vault", "99999999-9999-4999-8999-999999999999"];
    // Adds.
    "add-alias-with-dot": Failure(1), Calls::None, ["Alias", "www.example.test"];
    "add-boolean-junk": Failure(1), Calls::None, ["NonExportable"];
    "add-certificate-without-password": Failure(1), Calls::None, ["PFX"];
    "add-empty-alias": Failure(1), Calls::None, ["alias"];
    "add-no-private-key": Failure(1), Calls::None, ["private key"];
    "add-tags-not-json": Failure(1), Calls::None, ["CertificateTags"];
    "add-tags-sixteen": Failure(1), Calls::None, ["CertificateTags", "15"];
    "add-wrong-pfx-password": Failure(1), Calls::None, ["PrivateKeyPassword"];
    "add-rsa-2048-chain": Success, added!("web-1"), [];
    "add-renewal-overwrite-preserve-tags": Success, added!("web-1"), [];
    "add-rsa-2048-legacy-encryption": Success, added!("web-1-legacy"), [];
    "add-rsa-4096-non-exportable-text": Success, added!("web-2"), [];
    "add-ec-p256": Success, added!("api-1"), [];
    "add-ec-p384": Success, added!("api-2"), [];
    "add-tags-single-quoted": Success, added!("web-3"), [];
    "add-tags-with-escapes": Success, added!("web-4"), [];
    "add-no-job-properties": Success, added!("web-6"), [];
    "add-operation-by-name": Success, added!("web-10"), [];
    "add-pem-contents-format": Success, added!("web-11"), [];
    // Removes, of what was added.
    "remove-reserved-alias": Failure(1), Calls::None, ["contacts"];
    "remove-absent": Warning, Are(&[
        TOKEN,
        vault!("DELETE", "/certificates/nothing-here"),
    ]), ["nothing to remove"];
    "remove-other-thumbprint": Failure(1), Are(&[
        TOKEN,
        vault!("GET", "/certificates/web-2"),
    ]), ["web-2", "thumbprint"];
    "remove": Success, Are(&[
        TOKEN,
        vault!("DELETE", "/certificates/web-1"),
        vault!("GET", "/deletedcertificates/web-1"),
    ]), [];
    // Creates.
    "create-vault-unknown-sku": Failure(1), Calls::None, ["SkuType", "gold"];
    "create-vault-absent-group": Failure(3), Are(&[
        TOKEN,
        concat!("GET ", group!("management.azure.com", "rg-none")),
    ]), ["rg-none"];
    "create-vault-by-arm-id": Success, created!("login.microsoftonline.com", "management.azure.com", "rg-one", "kv-arm"), ["az role assignment create"];
    "create-vault-empty-properties": Success, created!("login.microsoftonline.com", "management.azure.com", "rg-one", "kv-new"), ["az role assignment create", "ten minutes"];
    "create-vault-premium-region": Success, created!("login.microsoftonline.com", "management.azure.com", "rg-one", "kv-premium"), ["kv-premium"];
    "create-vault-china": Success, created!("login.chinacloudapi.cn", "management.chinacloudapi.cn", "rg-cn", "kv-cn"), ["kv-cn"];
    "create-vault-government": Success, created!("login.microsoftonline.us", "management.usgovcloudapi.net", "rg-gov", "kv-gov"), ["kv-gov"];
    // Neither.
    "reenrollment-capability": Failure(1), Calls::None, ["Capability"];
    "unsupported-operation": Failure(1), Calls::None, ["OperationType", "invalid operation"];
};

#[test]
fn every_sample_is_in_the_table_once() {
    let found: BTreeSet<String> = std::fs::read_dir(fixture("x").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = SAMPLES.iter().map(|row| row.name.to_owned()).collect();
    assert_eq!(found, listed);
    assert_eq!(listed.len(), SAMPLES.len());
}

/// What was sent; polls in a row, which only read, are taken as one.
fn calls(requests: &[RequestRecord]) -> Vec<String> {
    let mut calls: Vec<String> = requests
        .iter()
        .map(|request| format!("{} {}{}", request.method, request.host, request.path))
        .collect();
    calls.dedup_by(|again, before| again == before && before.starts_with("GET "));
    calls
}

fn check_calls(name: &str, wanted: &Calls, requests: &[RequestRecord]) {
    match wanted {
        Calls::None => assert_eq!(requests, [], "{name}"),
        Calls::Are(wanted) => assert_eq!(calls(requests), *wanted, "{name}"),
        Calls::Inventory => {
            let count = |suffix: &str| {
                let ends = |request: &&RequestRecord| request.path.ends_with(suffix);
                requests.iter().filter(ends).count()
            };
            assert_eq!(count("/token"), 1, "{name}");
            assert_eq!(count("/certificates"), 3, "{name}");
            assert_eq!(requests.len(), 64, "{name}: {:#?}", calls(requests));
        }
    }
}

/// What must be in no output: the secrets of a sample, and tag values.
fn secrets(sample: &Value) -> Vec<String> {
    let certificate = &sample["JobCertificate"];
    [
        &sample["ServerPassword"],
        &certificate["PrivateKeyPassword"],
        &certificate["Contents"],
    ]
    .into_iter()
    .filter_map(Value::as_str)
    .filter(|text| text.len() > 8)
    .map(str::to_owned)
    .collect()
}

#[test]
fn every_sample_gives_what_was_decided() {
    let azure = Azure::start();
    for Sample {
        name,
        end,
        calls,
        says,
    } in SAMPLES
    {
        azure.emulator.forget_requests();
        let job = fixture(name);
        let ran = azure.run(&job, &["--verbose"]);
        let result = ran.json();
        let sample: Value = serde_json::from_slice(&std::fs::read(&job).unwrap()).unwrap();
        let message = result["FailureMessage"].as_str().unwrap();
        let (number, code) = match end {
            Success => (2, 0),
            Warning => (3, 5),
            Failure(code) => (4, *code),
        };
        assert_eq!(result["Result"], number, "{name}: {message}");
        assert_eq!(ran.code, code, "{name}: {message}");
        assert_eq!(result["JobHistoryId"], sample["JobHistoryId"], "{name}");
        check_calls(name, calls, &azure.emulator.requests());
        for word in *says {
            assert!(
                message.contains(word),
                "{name}: {word:?} is not in {message}"
            );
        }
        check_lists(name, *end, &result);
        for secret in secrets(&sample) {
            for text in [&ran.stdout, &ran.stderr] {
                assert!(!text.contains(&secret), "{name} prints a secret: {text}");
            }
        }
    }
}

/// A list comes with the jobs that make one, and with no failure.
fn check_lists(name: &str, end: End, result: &Value) {
    let failed = matches!(end, Failure(_));
    let inventory = name.starts_with("inventory-") && !failed;
    let discovery = name.starts_with("discovery-") && !failed;
    assert_eq!(result.get("Inventory").is_some(), inventory, "{name}");
    assert_eq!(result.get("Discovered").is_some(), discovery, "{name}");
    if inventory {
        assert_eq!(result["Inventory"].as_array().unwrap().len(), 60, "{name}");
    }
    if discovery {
        let path = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/kv-one";
        assert_eq!(result["Discovered"], serde_json::json!([path]), "{name}");
    }
}
