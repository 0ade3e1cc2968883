//! The jobs that the tests of mishaps do over and over: what must be there before, what a
//! report may claim, and what must be there in the end.
//!
//! It must not know which mishap it was.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use azure_emulator::{Emulator, Seed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extension_host::limits::Limits;
use extension_host::orchestrator::{
    Contents, Format, Item, ItemStatus, Job, Known, LastInventory, Task,
};
use extension_host::runner::{Report, Status};
use job_scope::{Identity, JobKind, Thumbprint};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::{Headless, Observed, Secrets, job};

const COMPONENT: &str = "keyvault_extension.wasm";

/// Ten certificates: enough for every deed of request of an inventory, few enough for tens of
/// thousands of runs.
const CERTIFICATES: usize = 10;

/// The file of [`Deed::CompleteChain`].
const COMPLETE: &str = "chain-complete.pem";

/// Longer than any of the faults' late effects.
pub const LONG_AFTER: Duration = Duration::from_secs(600);

fn seed() -> Seed {
    let (people, _) = Seed::built_in_text().split_once("[[vault]]").unwrap();
    let text = format!(
        "{people}\n[[vault]]\nname = \"kv-one\"\nsubscription = \"22222222-2222-4222-8222-222222222222\"\ngroup = \"rg-one\"\ncertificates = {CERTIFICATES}\n"
    );
    Seed::parse(&text).unwrap()
}

/// A job that is done over and over, under one mishap or another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Lists the vault.
    Inventory,
    /// Lists what changed in the vault since the last inventory.
    InventoryChangedOnly,
    /// Lists the vault as the machine's user-assigned identity.
    InventoryByMachine,
    /// Lists the vault as a workload identity.
    InventoryByAssertion,
    /// Adds a certificate under a new name.
    AddNew,
    /// Adds one under a live name, with Overwrite.
    Replace,
    /// Adds one under a soft-deleted name, with Overwrite.
    Revive,
    /// Adds the one that is there already with more of its chain, where its secret may be read.
    CompleteChain,
    /// Removes one.
    Remove,
    /// Creates a vault.
    Create,
    /// Finds vaults.
    Discover,
    /// Finds vaults as the machine's own identity.
    DiscoverByMachine,
    /// Says whether the identity could do everything.
    Check,
}

/// Every deed.
pub const DEEDS: [Deed; 13] = [
    Deed::Inventory,
    Deed::InventoryChangedOnly,
    Deed::InventoryByMachine,
    Deed::InventoryByAssertion,
    Deed::AddNew,
    Deed::Replace,
    Deed::Revive,
    Deed::CompleteChain,
    Deed::Remove,
    Deed::Create,
    Deed::Discover,
    Deed::DiscoverByMachine,
    Deed::Check,
];

/// Who does a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// An application with its secret.
    Secret,
    /// An application with a federated token.
    Assertion,
    /// The machine's user-assigned identity.
    Machine,
}

impl Deed {
    /// The job, done by another.
    pub fn job_as(self, who: Who) -> Job {
        let by_secret = job("inventory-service-principal");
        let (identity, secret, token_file) = match who {
            Who::Secret => (by_secret.identity, by_secret.secret, None),
            Who::Assertion => {
                let by_assertion = Deed::InventoryByAssertion.job();
                (by_assertion.identity, None, by_assertion.token_file)
            }
            Who::Machine => (Deed::InventoryByMachine.job().identity, None, None),
        };
        Job {
            identity,
            secret,
            token_file,
            ..self.job()
        }
    }

    /// The job.
    pub fn job(self) -> Job {
        let mut job = job(self.fixture());
        if self == Deed::Check {
            job.task = Task::Check {
                store: job.store().unwrap().clone(),
                kinds: vec![
                    JobKind::Inventory,
                    JobKind::Add,
                    JobKind::Remove,
                    JobKind::CreateStore,
                    JobKind::Discovery,
                ],
            };
        }
        if self == Deed::CompleteChain {
            let Task::Add { certificate, .. } = &mut job.task else {
                panic!("this is no Add");
            };
            certificate.contents = Contents::new(crate::field(COMPLETE));
            certificate.format = Format::Pem;
            certificate.password = None;
            certificate.parameters.clear();
        }
        if self == Deed::InventoryChangedOnly {
            let (last, option) = (LAST.get().unwrap(), (CHANGED_ONLY, "true"));
            compare(&mut job, last, option);
        }
        if self == Deed::InventoryByAssertion {
            job.identity = Identity::ClientAssertion {
                client_id: job.identity.client_id().unwrap().clone(),
            };
            job.secret = None;
            job.token_file = Some(token_file());
        }
        job
    }

    /// Whether it changes something, and has the shorter deadline of an Add or a Create.
    pub fn limits(self, limits: &Limits) -> Limits {
        match self {
            Deed::AddNew | Deed::Replace | Deed::Revive | Deed::CompleteChain | Deed::Create => {
                limits.of_change()
            }
            _ => limits.clone(),
        }
    }

    /// The job as the platform writes it; some deeds are a job that no platform writes.
    pub fn file(self) -> PathBuf {
        crate::fixture(self.fixture())
    }

    /// What the job must never say.
    pub fn secrets(self) -> Secrets {
        let mut configuration = self.configuration();
        if self == Deed::CompleteChain {
            // Of the secret too, which is read: it has the same key.
            let contents = STANDARD.encode(crate::field(COMPLETE));
            configuration["JobCertificate"] = json!({ "Contents": contents });
        }
        let mut secrets = Secrets::of_job(&configuration);
        if let Some(file) = self.job().token_file {
            let assertion = std::fs::read(file).unwrap();
            secrets.add_pieces("assertion", &assertion);
        }
        secrets
    }

    fn configuration(self) -> Value {
        let text = std::fs::read(self.file()).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn fixture(self) -> &'static str {
        match self {
            Deed::Inventory
            | Deed::InventoryChangedOnly
            | Deed::InventoryByAssertion
            | Deed::Check => "inventory-service-principal",
            Deed::InventoryByMachine => "inventory-managed-identity-user",
            Deed::AddNew => "add-rsa-2048-chain",
            Deed::Replace | Deed::Revive | Deed::CompleteChain => {
                "add-renewal-overwrite-preserve-tags"
            }
            Deed::Remove => "remove",
            Deed::Create => "create-vault-empty-properties",
            Deed::Discover => "discovery-service-principal",
            Deed::DiscoverByMachine => "discovery-managed-identity-system",
        }
    }

    fn lists(self) -> bool {
        matches!(
            self,
            Deed::Inventory
                | Deed::InventoryChangedOnly
                | Deed::InventoryByMachine
                | Deed::InventoryByAssertion
        )
    }

    /// What all deeds begin with.
    pub fn seed() -> Seed {
        seed()
    }

    /// A host and an emulated Azure with all that must be there before the job.
    pub async fn arranged(self) -> Headless {
        let policy = match self {
            Deed::CompleteChain => "reads-private-keys = true",
            _ => "",
        };
        let mut headless = Headless::with_seed(COMPONENT, policy, &seed());
        if self == Deed::InventoryChangedOnly {
            headless.keep_turns();
        }
        self.arrange(&headless.emulator, async |fixture| {
            let report = headless.run(&job(fixture)).await;
            assert_eq!(report.status, Status::Success, "{}", report.message);
        })
        .await;
        if self == Deed::InventoryChangedOnly {
            let last = last_inventory(&headless).await;
            LAST.get_or_init(|| last);
            // A full one comes first.
            let mut first = job(self.fixture());
            compare(
                &mut first,
                &LastInventory::default(),
                (CHANGED_ONLY, "true"),
            );
            let report = headless.run(&first).await;
            assert_eq!(report.status, Status::Success, "{}", report.message);
            headless.emulator.forget_requests();
        }
        headless
    }

    /// Makes what must be there before the job; `run` runs a job of the fixtures.
    pub async fn arrange(self, emulator: &Emulator, run: impl AsyncFnOnce(&str)) {
        if matches!(self, Deed::Replace | Deed::Revive | Deed::Remove) {
            run("add-rsa-2048-chain").await;
        }
        if self == Deed::CompleteChain {
            let missing = crate::field("chain-missing.pem");
            Observed::new(emulator).import_pem("web-1", &missing).await;
        }
        if self == Deed::Revive {
            Observed::new(emulator).delete("web-1").await;
            emulator.clock().advance(LONG_AFTER);
        }
        emulator.forget_requests();
    }

    /// Holds the report against what is there.
    pub async fn check(self, headless: &Headless, report: &mut Report, case: &str) {
        let there = Observed::new(&headless.emulator);
        let failed = matches!(report.status, Status::Failure(_));
        let message = report.message.clone();
        match self {
            _ if self.lists() => {
                if failed {
                    assert!(report.list.is_none(), "{case}: {message}");
                    return;
                }
                let mut items = Headless::items(report);
                if self == Deed::InventoryChangedOnly {
                    items = self.compared(items, report.status == Status::Success, case);
                }
                let count = items.len();
                let aliases: BTreeSet<String> = items.into_iter().map(|item| item.alias).collect();
                assert_eq!(aliases.len(), count, "{case}: an alias came twice");
                let missing: Vec<String> = (1..=CERTIFICATES)
                    .map(|number| format!("cert-{number:02}"))
                    .filter(|alias| !aliases.contains(alias))
                    .collect();
                if report.status == Status::Success {
                    assert_eq!(missing, [""; 0], "{case}: {message}");
                }
                // A right that is missing for one name, or a content that is none, is of one
                // certificate alone. Whatever else leaves a hole is a list that is not whole.
                let of_one = ["403", "it has no content", "not a DER certificate"];
                assert!(
                    missing.is_empty() || of_one.iter().any(|cause| message.contains(cause)),
                    "{case}: {missing:?} are missing from what was submitted: {message}"
                );
                for alias in missing {
                    assert!(
                        message.contains(&alias),
                        "{case}: {alias} unnamed in {message}"
                    );
                }
            }
            Deed::AddNew | Deed::Replace | Deed::Revive | Deed::CompleteChain => {
                let versions = there.versions("web-1").await;
                let before = usize::from(self != Deed::AddNew);
                if message.contains("its chain was not compared") {
                    assert_eq!(self, Deed::CompleteChain, "{case}: {message}");
                    assert_eq!(versions.len(), before, "{case}: {versions:?} {message}");
                } else if failed {
                    assert!(
                        versions.len() <= before + 1,
                        "{case}: {versions:?} {message}"
                    );
                    if versions.len() > before {
                        admits(case, "it was imported", &message);
                    }
                } else {
                    assert_eq!(versions.len(), before + 1, "{case}: {versions:?} {message}");
                }
                if self == Deed::Replace {
                    let tags = there.certificate("web-1").await.unwrap()["tags"].clone();
                    assert_eq!(tags["env"], "prod", "{case}: {tags}");
                }
            }
            Deed::Remove => {
                let live = there.certificate("web-1").await.is_some();
                if failed {
                    if !live {
                        admits(case, "it was deleted", &message);
                    }
                } else {
                    assert!(!live, "{case}: {message}");
                    assert!(there.is_deleted("web-1").await, "{case}: {message}");
                }
            }
            Deed::Create => {
                let vault = there.resource("kv-new").await;
                if failed {
                    if vault.is_some() {
                        admits(case, "it was created", &message);
                    }
                } else {
                    let vault = vault.unwrap_or_else(|| panic!("{case}: {message}"));
                    let properties = &vault["properties"];
                    assert_eq!(properties["provisioningState"], "Succeeded", "{case}");
                    assert_eq!(properties["enableRbacAuthorization"], true, "{case}");
                    // That of the subscription, which may not have been told.
                    let tenant = "11111111-1111-4111-8111-111111111111";
                    assert_eq!(properties["tenantId"], tenant, "{case}");
                }
            }
            Deed::Check => {
                assert!(report.list.is_none(), "{case}: {message}");
                assert!(!message.is_empty(), "{case}");
            }
            _ => {
                if failed {
                    assert!(report.list.is_none(), "{case}: {message}");
                    return;
                }
                let paths = Headless::paths(report);
                if report.status == Status::Success {
                    assert_eq!(paths.len(), 1, "{case}: {message}");
                    assert!(paths[0].ends_with("/kv-one"), "{case}: {paths:?}");
                } else {
                    assert!(!message.is_empty(), "{case}");
                }
            }
        }
    }

    /// What is there by a list that compares with the last one: nothing is gone but what is, and
    /// unchanged but what is, and of what did not change no certificate comes.
    fn compared(self, items: Vec<Item>, whole: bool, case: &str) -> Vec<Item> {
        let of = |status| {
            let items = items.iter().filter(move |item| item.status == status);
            items.map(|item| item.alias.as_str()).collect::<Vec<_>>()
        };
        let (gone, unchanged) = (of(ItemStatus::Deleted), of(ItemStatus::Unchanged));
        assert_eq!(gone, [GONE], "{case}");
        for alias in &unchanged {
            assert!(!CHANGED.contains(alias), "{case}: {alias} is unchanged");
        }
        for item in &items {
            let comes = item.status == ItemStatus::Unknown;
            assert_eq!(
                item.certificates.len(),
                usize::from(comes),
                "{case}: {item:?}"
            );
        }
        if whole && !case.contains("echo") {
            assert_eq!(unchanged.len(), CERTIFICATES - CHANGED.len(), "{case}");
        }
        let there = items.into_iter();
        there
            .filter(|item| item.status != ItemStatus::Deleted)
            .collect()
    }

    /// The wanted state, after the same job ran again without a fault.
    pub async fn settle(self, headless: &Headless, case: &str) {
        let mut again = headless.run(&self.job()).await;
        let message = again.message.clone();
        assert!(
            !matches!(again.status, Status::Failure(_)),
            "{case}, again: {message}"
        );
        match self {
            _ if self.lists() => {
                let mut items = Headless::items(&mut again);
                if self == Deed::InventoryChangedOnly {
                    items = self.compared(items, true, case);
                }
                assert_eq!(items.len(), CERTIFICATES, "{case}");
            }
            Deed::Check => assert_eq!(again.status, Status::Success, "{case}, again: {message}"),
            Deed::Discover | Deed::DiscoverByMachine => {
                assert_eq!(again.status, Status::Success, "{case}, again: {message}");
                assert_eq!(Headless::paths(&mut again).len(), 1, "{case}");
            }
            _ => {}
        }
        tokio::time::sleep(LONG_AFTER).await;
        let case = format!("{case}, again: {message}");
        self.settled(&headless.emulator, &case).await;
    }

    /// The wanted state of a job that changes something: what is there, and how often.
    pub async fn settled(self, emulator: &Emulator, case: &str) {
        let there = Observed::new(emulator);
        match self {
            Deed::AddNew | Deed::Replace | Deed::Revive | Deed::CompleteChain => {
                let versions = there.versions("web-1").await;
                let wanted = 1 + usize::from(self != Deed::AddNew);
                assert_eq!(versions.len(), wanted, "{case}: {versions:?}");
            }
            Deed::Remove => {
                assert!(there.certificate("web-1").await.is_none(), "{case}");
                assert!(there.is_deleted("web-1").await, "{case}");
            }
            Deed::Create => {
                let vault = there.resource("kv-new").await.unwrap();
                let state = &vault["properties"]["provisioningState"];
                assert_eq!(state, "Succeeded", "{case}");
            }
            _ => {}
        }
    }
}

/// The option of an inventory that compares.
pub const CHANGED_ONLY: &str = "changed-only";

/// What the last inventory knew otherwise, and did not know.
const CHANGED: [&str; 2] = ["cert-01", "cert-02"];

/// What only the last inventory knew.
const GONE: &str = "gone";

static LAST: OnceLock<LastInventory> = OnceLock::new();

/// The last inventory of the seeded vault: one certificate was another then, one was not there,
/// and one is gone.
async fn last_inventory(headless: &Headless) -> LastInventory {
    let there = Observed::new(&headless.emulator);
    let mut known = Vec::new();
    for number in 1..=CERTIFICATES {
        let alias = format!("cert-{number:02}");
        known.push(Known {
            thumbprints: vec![there.thumbprint(&alias).await],
            alias,
            private_key: true,
        });
    }
    known[0].thumbprints = vec![Thumbprint::Sha1([0; 20])];
    known[1].alias = GONE.to_owned();
    LastInventory {
        count: known.len(),
        known,
    }
}

/// Lets an inventory compare with the last one.
pub fn compare(job: &mut Job, last: &LastInventory, option: (&str, &str)) {
    let Task::Inventory {
        last_inventory,
        store,
    } = &mut job.task
    else {
        panic!("this is no inventory");
    };
    last_inventory.clone_from(last);
    store.options.set(option.0, option.1);
}

/// A file with a federated token that every emulator of this program accepts: all play the
/// issuer with the same key.
fn token_file() -> PathBuf {
    static FILE: OnceLock<NamedTempFile> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let clock = azure_emulator::Clock::starting_at(SystemTime::now());
        let emulator = Emulator::new(&seed(), clock).unwrap();
        let week = Duration::from_secs(7 * 86_400);
        let audience = "api://AzureADTokenExchange";
        let token = emulator
            .assertion("https://issuer.test", "akv", audience, week)
            .unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), token).unwrap();
        file
    });
    file.path().to_owned()
}

/// A failure after something was done all the same must not deny it.
fn admits(case: &str, what: &str, message: &str) {
    let denies = [
        "nothing was",
        "was not imported",
        "was not deleted",
        "was not created",
    ];
    for words in denies {
        assert!(!message.contains(words), "{case}: {what}, but: {message}");
    }
    let admits = [
        "not known",
        "may have",
        "no trace",
        "still",
        "run the job again",
    ];
    assert!(
        admits.iter().any(|words| message.contains(words)),
        "{case}: {what}, but: {message}"
    );
}
