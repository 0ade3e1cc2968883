//! What a job may reach under a policy, and how it is to do its work: where the job, the
//! command line and the operator meet. Pure: nothing is sent, nothing is read.
//!
//! It must not know how a job is run.

use super::secret;
use super::verdict::Failure;
use crate::grant::{Grants, Outside};
use crate::orchestrator::{Job, Store, Task};
use crate::policy::{About, Policy};
use job_scope::{
    Chain, FieldError, Identity, JobKind, JobOptions, Needs, NewVault, Properties, STORE_FIELDS,
    StorePath, StoreScope, TenantId, Variables, Versions, option, private_key_rules, rules,
    segment_patterns,
};
use std::collections::BTreeMap;

/// What a job may reach, before it runs.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The rules.
    pub grants: Grants,
    /// What the job would need and the policy does not allow.
    pub outside: Vec<Outside>,
    /// What the job's input says that should be looked at.
    pub notes: Vec<String>,
    /// The host of the store; a discovery has none.
    pub store_host: Option<String>,
    /// The options that the extension gets.
    pub options: BTreeMap<String, String>,
    /// The store, completed by the policy.
    pub(super) store: Option<Store>,
    /// Where a discovery looks.
    pub(super) places: Vec<Place>,
    /// Which versions an inventory shows.
    pub(super) versions: Versions,
    /// By how many percent the store may have shrunk.
    pub(super) max_shrink: u8,
}

/// One place of a discovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The tenant.
    pub(super) name: String,
    /// The options that hold there.
    pub(super) options: BTreeMap<String, String>,
}

/// The store's field for the option `cloud`.
const AZURE_CLOUD: &str = "AzureCloud";

/// The platform's name for the tenants of a discovery.
const DIRS: &str = "dirs";

/// Says what a job may reach under a policy.
///
/// # Errors
/// What is wrong with the job, or what the policy does not let it do. A host that the policy does
/// not allow is no error here: it is among [`Reach::outside`].
pub fn reach(job: &Job, policy: &Policy) -> Result<Reach, Failure> {
    secret::permitted(job.secret.as_ref(), policy.secret_references())?;
    match &job.task {
        Task::Discovery { places } => discovery(job, places, policy),
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
    let tenant = claimed_tenant(store);
    let about = policy.about(tenant.as_ref(), Some(vault.vault()));
    accepted(&job.identity, &about, tenant.as_ref())?;

    let mut options = about.options.clone();
    options.extend(job.options.iter().cloned());
    let store = with_cloud(store, &mut options, &job.options);
    let read = JobOptions::from_fields(&options)?;
    let scope = StoreScope::parse(&store.tenant, &store.path, &store.properties, &job.identity)?;
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
    let mut templates = rules(Needs {
        store: Some(&scope),
        new_vault: new_vault.as_ref(),
        versions,
        ..Needs::new(kind, &job.identity)
    });
    if kind == JobKind::Inventory && read.chain == Chain::Full {
        if !about.reads_private_keys {
            return Err(Failure::configuration(format!(
                "the option {} reads every exportable private key of {}, which the policy does not allow; set `reads-private-keys = true` there for this vault, or leave the option out",
                option::FULL_CHAIN,
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
    let (grants, outside) = Grants::intersect(
        &templates,
        policy.hosts(),
        &policy.rules(kind),
        &variables,
        &segment_patterns(),
    )
    .map_err(Failure::configuration)?;
    Ok(Reach {
        grants,
        outside,
        notes,
        store_host: Some(scope.vault_host().to_owned()),
        options,
        store: Some(store),
        places: Vec::new(),
        versions,
        max_shrink: about.max_shrink,
    })
}

fn discovery(job: &Job, names: &[String], policy: &Policy) -> Result<Reach, Failure> {
    let own: BTreeMap<String, String> = job.options.iter().cloned().collect();
    let general = policy.about(None, None);
    let mut reach = Reach {
        grants: Grants::default(),
        outside: Vec::new(),
        notes: Vec::new(),
        store_host: None,
        options: merged(&general.options, &own),
        store: None,
        places: Vec::new(),
        versions: Versions::Current,
        max_shrink: general.max_shrink,
    };
    let templates = rules(Needs::new(JobKind::Discovery, &job.identity));
    for name in names {
        let tenant = TenantId::parse(name);
        let about = policy.about(tenant.as_ref().ok(), None);
        accepted(&job.identity, &about, tenant.as_ref().ok())?;
        let tenant = if job.identity.needs_tenant() {
            let named = |error: FieldError| FieldError::new(DIRS, error.problem(), error.remedy());
            Some(tenant.map_err(named)?)
        } else {
            None
        };
        let options = merged(&about.options, &own);
        let cloud = JobOptions::from_fields(&options)?.cloud;
        let variables = Variables::of_tenant(cloud, tenant.as_ref(), &job.identity);
        let (grants, outside) = Grants::intersect(
            &templates,
            policy.hosts(),
            &policy.rules(JobKind::Discovery),
            &variables,
            &segment_patterns(),
        )
        .map_err(Failure::configuration)?;
        reach.grants.join(grants);
        for outside in outside {
            if !reach.outside.contains(&outside) {
                reach.outside.push(outside);
            }
        }
        reach.places.push(Place {
            name: name.clone(),
            options,
        });
    }
    Ok(reach)
}

fn merged(
    under: &BTreeMap<String, String>,
    over: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut options = under.clone();
    options.extend(over.clone());
    options
}

/// The tenant that a store says it is in. With a managed identity nothing proves it; it serves to
/// find the operator's entry.
fn claimed_tenant(store: &Store) -> Option<TenantId> {
    let property = store.properties.get("TenantId");
    TenantId::parse(&store.tenant)
        .ok()
        .or_else(|| property.and_then(|property| TenantId::parse(property).ok()))
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
    options: &mut BTreeMap<String, String>,
    asked: &[(String, String)],
) -> Store {
    let Some(cloud) = options.remove(option::CLOUD) else {
        return store.clone();
    };
    let asked = asked.iter().any(|(name, _)| name == option::CLOUD);
    let own = store.properties.get(AZURE_CLOUD);
    let says = own.is_some_and(|own| {
        !STORE_FIELDS
            .iter()
            .any(|field| field.name == AZURE_CLOUD && field.is_option_list(own))
    });
    if says && !asked {
        return store.clone();
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
