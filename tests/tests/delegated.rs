//! A subscription of one tenant that is delegated to the job's (Azure Lighthouse).

#![allow(clippy::unwrap_used)]

use azure_emulator::Seed;
use end_to_end::{Headless, job};
use extension_host::orchestrator::{Job, Task};
use extension_host::runner::Status;
use job_scope::JobKind;

const COMPONENT: &str = "keyvault_extension.wasm";
const OWNER: &str = "99999999-9999-4999-8999-999999999999";
const JOBS: &str = "11111111-1111-4111-8111-111111111111";
const SUBSCRIPTION: &str = "22222222-2222-4222-8222-222222222222";
const OTHER: &str = "22222222-2222-4222-8222-222222222229";

/// The built-in Azure, whose one subscription belongs to the second tenant, and is delegated to the
/// first one; `more` comes on top.
fn delegated(more: &str) -> Headless {
    let own = format!("[[subscription]]\nid = \"{SUBSCRIPTION}\"\ntenant = \"{JOBS}\"");
    let another = format!(
        "[[subscription]]\nid = \"{SUBSCRIPTION}\"\ntenant = \"{OWNER}\"\nmanaged-by = [\"{JOBS}\"]"
    );
    let text = Seed::built_in_text();
    assert!(text.contains(&own));
    let seed = format!("{}\n{more}", text.replace(&own, &another));
    Headless::with_seed(COMPONENT, "", &Seed::parse(&seed).unwrap())
}

fn create() -> Job {
    job("create-vault-empty-properties")
}

#[tokio::test(start_paused = true)]
async fn a_create_of_another_tenants_vault_fails_before_the_put() {
    let headless = delegated("");
    let report = headless.run(&create()).await;
    assert!(
        matches!(report.status, Status::Failure(_)),
        "{}",
        report.message
    );
    for part in [OWNER, JOBS, "delegated", "nothing was created"] {
        assert!(report.message.contains(part), "{}", report.message);
    }
    assert_eq!(report.traffic.denied, 0);
    assert_eq!(headless.arrived("checkNameAvailability"), 0);
    let vault = end_to_end::Observed::new(&headless.emulator)
        .resource("kv-new")
        .await;
    assert_eq!(vault, None);
}

#[tokio::test(start_paused = true)]
async fn a_check_of_that_create_says_no() {
    let headless = delegated("");
    let mut job = create();
    job.task = Task::Check {
        store: job.store().unwrap().clone(),
        kinds: vec![JobKind::CreateStore],
    };
    let report = headless.run(&job).await;
    for part in ["create-store: no", OWNER, JOBS] {
        assert!(report.message.contains(part), "{}", report.message);
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_without_a_tenants_id_takes_the_subscriptions() {
    let headless = delegated("");
    let mut job = create();
    job.identity = end_to_end::job("inventory-managed-identity-user").identity;
    job.secret = None;
    let report = headless.run(&job).await;
    assert_eq!(report.status, Status::Success, "{}", report.message);
    assert!(report.message.contains(OWNER), "{}", report.message);
    let there = end_to_end::Observed::new(&headless.emulator);
    let vault = there.resource("kv-new").await.unwrap();
    assert_eq!(vault["properties"]["tenantId"], OWNER);
}

#[tokio::test(start_paused = true)]
async fn a_discovery_names_the_vaults_of_another_tenant() {
    let own = format!(
        "[[subscription]]\nid = \"{OTHER}\"\ntenant = \"{JOBS}\"\ngroup = [{{ name = \"rg-two\", \
         location = \"eastus\" }}]\n[[vault]]\nname = \"kv-two\"\nsubscription = \"{OTHER}\"\n\
         group = \"rg-two\"\n"
    );
    for discovery in [
        "discovery-service-principal",
        "discovery-managed-identity-system",
    ] {
        let headless = delegated(&own);
        let mut report = headless.run(&job(discovery)).await;
        assert_eq!(report.status, Status::Warning, "{}", report.message);
        let told = format!("{OWNER} (kv-one)");
        assert!(report.message.contains(&told), "{}", report.message);
        assert_eq!(Headless::paths(&mut report).len(), 2);
    }
}
