//! What a job may reach under a policy, and how it is to do its work: where the job, the
//! command line and the operator meet. Pure: nothing is sent, nothing is read.
//!
//! It must not know how a job is run.

mod discovery;
mod left_out;

use super::secret;
use super::verdict::Failure;
use crate::grant::{ExpandError, Grants, Outside};
use crate::options::Options;
use crate::orchestrator::{Job, Store, Task};
use crate::policy::{About, Beyond, Ceiling, Policy};
use job_scope::{
    Chain, CheckArm, Extent, FieldError, Identity, JobKind, JobOptions, Needs, NewVault,
    Properties, RuleTemplate, STORE_FIELDS, StorePath, StoreScope, TenantId, Variables, Versions,
    option, private_key_rules, rules, segment_patterns,
};

/// What a job may reach, before it runs.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The rules.
    pub grants: Grants,
    /// What the job would need and the policy does not allow.
    pub outside: Vec<Outside>,
    /// What the job's input says that should be looked at. The extension reads the same, and says
    /// it with the result.
    pub notes: Vec<String>,
    /// What the extension cannot know, and the host says with the result.
    pub warnings: Vec<String>,
    /// The host of the store; a discovery has none.
    pub store_host: Option<String>,
    /// The options that the extension gets.
    pub options: Options,
    /// The store, completed by the policy.
    pub(super) store: Option<Store>,
    /// Where a discovery looks.
    pub(super) places: Vec<Place>,
    /// Which versions an inventory shows.
    pub(super) versions: Versions,
    /// Which certificates of an inventory are read.
    pub(super) extent: Extent,
    /// By how many percent the store may have shrunk.
    pub(super) max_shrink: u8,
}

/// One place of a discovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The tenant.
    pub(super) name: String,
    /// The options that hold there.
    pub(super) options: Options,
}

/// The store's field for the option `cloud`.
const AZURE_CLOUD: &str = "AzureCloud";

/// Says what a job may reach under a policy.
///
/// # Errors
/// What is wrong with the job, or what the policy does not let it do. A host that the policy does
/// not allow is no error here: it is among [`Reach::outside`].
pub fn reach(job: &Job, policy: &Policy) -> Result<Reach, Failure> {
    secret::permitted(job.secret.as_ref(), policy.secret_references())?;
    match &job.task {
        Task::Discovery { places } => discovery::reach(job, places, policy),
        Task::Inventory { store, .. }
        | Task::Add { store, .. }
        | Task::Remove { store, .. }
        | Task::CreateStore { store }
        | Task::Check { store, .. } => about_store(job, store, policy),
    }
}

fn about_store(job: &Job, store: &Store, policy: &Policy) -> Result<Reach, Failure> {
    let kind = job.kind();
    let vault = StorePath::parse(&store.path)?;
    let tenants = store.tenants();
    let about = policy.about(&tenants, Some(vault.vault()));
    let checked: &[JobKind] = match &job.task {
        Task::Check { kinds, .. } => kinds,
        _ => &[],
    };
    for kind in std::iter::once(&kind).chain(checked) {
        run(*kind, &about)?;
    }
    accepted(&job.identity, &about, tenants.first())?;

    let asked_cloud = job.options.get(option::CLOUD);
    let options = job.options.clone().over(&store.options);
    let mut options = options.over(&about.options);
    let mut warnings = Vec::new();
    let store = with_cloud(
        store,
        options.take(option::CLOUD),
        asked_cloud,
        &mut warnings,
    );
    let read = JobOptions::from_fields(options.iter())?;
    // The host's own business, not the extension's.
    options.take(option::MAX_SHRINK);
    let scope = StoreScope::parse(&store.tenant, &store.path, &store.properties, &job.identity)?;
    within(policy.ceiling(), &scope).map_err(Failure::configuration)?;
    let mut notes = scope.notes().to_vec();
    let new_vault = match kind {
        JobKind::CreateStore => {
            let new_vault = new_vault(&scope, &store.properties, &read)?;
            notes.extend(new_vault.notes().iter().cloned());
            Some(new_vault)
        }
        _ => None,
    };
    let versions = match kind {
        JobKind::Inventory => read.versions,
        _ => Versions::Current,
    };
    let overwrite = match &job.task {
        Task::Add { certificate, .. } => certificate.overwrite,
        _ => false,
    };
    let needs = Needs {
        store: Some(&scope),
        new_vault: new_vault.as_ref(),
        versions,
        overwrite,
        check_kinds: checked,
        check_arm: read.check_arm,
        ..Needs::new(kind, &job.identity)
    };
    let mut templates = rules(needs);
    let compares = compares_chain(&job.task) && {
        let asked = read.compare_chain;
        asked.unwrap_or(about.reads_private_keys)
    };
    // Without a word the extension compares nothing: the option says what holds here.
    options.take(option::COMPARE_CHAIN);
    if compares {
        options.set(option::COMPARE_CHAIN, "true");
    }
    let reads_private_keys = match kind {
        JobKind::Inventory if read.chain == Chain::Full => Some(option::FULL_CHAIN),
        JobKind::Add if compares => Some(option::COMPARE_CHAIN),
        _ => None,
    };
    if let Some(option) = reads_private_keys {
        if !about.reads_private_keys {
            return Err(Failure::configuration(format!(
                "the option {option} reads exportable private keys of {}, which the policy does not allow; set `reads-private-keys = true` there for this vault, or leave the option out",
                scope.vault()
            )));
        }
        templates.extend(private_key_rules(kind));
    }
    let variables = scope.variables(&job.identity);
    let variables = match &job.task {
        Task::Add { certificate, .. } => variables.with_alias(&certificate.alias),
        Task::Remove { certificate, .. } => variables.with_alias(&certificate.alias),
        _ => variables,
    };
    let granted = |templates: &[RuleTemplate]| granted(kind, templates, &variables, policy);
    let (mut grants, mut outside) = granted(&templates).map_err(Failure::configuration)?;
    let arm = scope.endpoints().arm;
    if kind == JobKind::Check && outside.iter().any(|outside| outside.host == arm) {
        // A check says what it can without it.
        let without = rules(Needs {
            check_arm: CheckArm::Leave,
            ..needs
        });
        (grants, outside) = granted(&without).map_err(Failure::configuration)?;
        options.set(option::CHECK_ARM, "false");
        notes.push(format!(
            "the policy does not allow {arm}, so that this check does not ask it"
        ));
    }
    Ok(Reach {
        grants,
        outside,
        notes,
        warnings,
        store_host: Some(scope.vault_host().to_owned()),
        options,
        store: Some(store),
        places: Vec::new(),
        versions,
        extent: match versions {
            Versions::Current => read.extent,
            // Older versions are not in a last inventory.
            Versions::All => Extent::Whole,
        },
        max_shrink: read.max_shrink.unwrap_or(about.max_shrink),
    })
}

/// Whether a job compares the chain of a certificate that is there, where it may: an Add that may
/// replace it, and the check of one.
fn compares_chain(task: &Task) -> bool {
    match task {
        Task::Add { certificate, .. } => certificate.overwrite,
        Task::Check { kinds, .. } => kinds.contains(&JobKind::Add),
        _ => false,
    }
}

/// What a job gets of the rules that it needs, and what the policy keeps from it.
fn granted(
    kind: JobKind,
    templates: &[RuleTemplate],
    variables: &Variables,
    policy: &Policy,
) -> Result<(Grants, Vec<Outside>), ExpandError> {
    Grants::intersect(
        templates,
        policy.hosts(),
        &policy.rules(kind),
        variables,
        &segment_patterns(),
    )
}

/// Whether a store is what the policy lets jobs be about.
fn within(ceiling: &Ceiling, scope: &StoreScope) -> Result<(), Beyond> {
    ceiling.cloud(scope.cloud())?;
    scope
        .tenant()
        .map_or(Ok(()), |tenant| ceiling.tenant(tenant))?;
    ceiling.subscription(scope.subscription())?;
    ceiling.vault(scope.vault())
}

/// Whether jobs of a kind are run.
fn run(kind: JobKind, about: &About) -> Result<(), Failure> {
    match about.jobs.as_ref() {
        Some(jobs) if !jobs.contains(&kind) => {
            let jobs: Vec<&str> = jobs.iter().map(|kind| kind.as_str()).collect();
            Err(Failure::configuration(format!(
                "the policy's `jobs` does not have {kind} here; of this tenant and vault it runs {}: add {:?} to every `jobs` that holds for them, or leave the job out",
                if jobs.is_empty() {
                    "none".to_owned()
                } else {
                    jobs.join(", ")
                },
                kind.as_str()
            )))
        }
        _ => Ok(()),
    }
}

fn accepted(identity: &Identity, about: &About, tenant: Option<&TenantId>) -> Result<(), Failure> {
    let Some(identities) = about.identities.as_ref() else {
        return Ok(());
    };
    if identities.iter().any(|kind| kind.is_of(identity)) {
        return Ok(());
    }
    let accepted: Vec<&str> = identities.iter().map(|kind| kind.as_str()).collect();
    let of = tenant.map_or_else(String::new, |tenant| format!(" for the tenant {tenant}"));
    let what = match identity {
        Identity::ManagedIdentity { .. } => {
            "ServerPassword: is blank or \"managed\", which means the machine's managed identity; if a secret was meant, it may be a PAM reference that resolved to nothing"
        }
        Identity::ClientSecret { .. } => "ServerPassword: holds a client secret",
        Identity::ClientAssertion { .. } => "the job signs in with a federated token",
    };
    Err(Failure::configuration(format!(
        "{what}. The policy's `identities`{of} accepts {} only; give the job such an identity, or change the policy",
        accepted.join(", ")
    )))
}

/// The store with the cloud that was asked for on the command line, else its own, else the
/// policy's. The extension reads the field, so the option is not passed on beside it.
fn with_cloud(
    store: &Store,
    cloud: Option<String>,
    asked: Option<&str>,
    warnings: &mut Vec<String>,
) -> Store {
    let Some(cloud) = cloud else {
        return store.clone();
    };
    let own = store.properties.get(AZURE_CLOUD);
    let is_list = own.is_some_and(|own| {
        let mut fields = STORE_FIELDS.iter();
        fields.any(|field| field.name == AZURE_CLOUD && field.is_option_list(own))
    });
    if asked.is_none() && own.is_some() && !is_list {
        return store.clone();
    }
    if is_list {
        // The extension will not see it.
        warnings.push(format!(
            "{AZURE_CLOUD} holds the whole list of options, which was read as \"not set\": the cloud {} was used, as the {} says",
            cloud.trim(),
            if asked.is_some() { "command" } else { "policy" },
        ));
    }
    let fields = store.properties.fields();
    Store {
        properties: Properties::from_fields(
            fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .chain([(AZURE_CLOUD.to_owned(), cloud)]),
        ),
        ..store.clone()
    }
}

fn new_vault(
    scope: &StoreScope,
    properties: &Properties,
    options: &JobOptions,
) -> Result<NewVault, FieldError> {
    if scope.resource_group().is_none() {
        return Err(FieldError::new(
            "StorePath",
            "does not say the resource group that the vault is to be created in",
            "write subscription-id:resource-group:vault-name, or set the property ResourceGroupName",
        ));
    }
    NewVault::parse(properties, scope.cloud(), options)
}

#[cfg(test)]
mod tests;
