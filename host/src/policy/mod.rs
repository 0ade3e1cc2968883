//! The operator's policy: a TOML file that is the ceiling over every job's grants, and the
//! only place that can lead traffic elsewhere.
//!
//! It must not know any job in particular; it is read once and then asked.
//!
//! Every key is described in one place, `policy.schema.json`, which also says what is unknown;
//! `example.toml` has each of them once.
//!
//! A job about a store is one of the tenant that its client machine names, and of the one that its
//! property `TenantId` names: of kinds of identity only those are accepted that both entries
//! accept, of everything else the first entry holds.
//!
//! An option is taken from the command line, else from the store's property of that name
//! (`AzureCloud` is that of `cloud`), else from the first `[[vault]]` entry that fits and says it,
//! else from the `[[tenant]]` entry, else from `[create]` and `[options]`, else it has its default.
//! The known ones are `job_scope::OPTIONS`, and a value that they do not know is an error here.

mod ceiling;
mod elsewhere;
mod extensions;
mod file;
mod identity;
mod inside;
mod keys;
mod limits;
mod options;
mod rules;
mod show;
mod system;
mod tenants;
#[cfg(test)]
mod tests;
mod vaults;

pub use ceiling::{Beyond, Ceiling};
pub use extensions::{Approval, Approved, NotApproved};
pub use identity::IdentityKind;
pub use keys::SCHEMA;
pub use limits::{LIMITS, LimitKey};
pub use system::SystemFile;

use crate::egress::{AddedCa, Routes};
use crate::grant::HostPattern;
use crate::limits::Limits;
use crate::options::Options;
use file::{File, OwnRule};
use job_scope::{JobKind, RuleTemplate, TenantId, VaultName};
use keys::Keys;
use std::path::{Path, PathBuf};
use tenants::Tenant;
use vaults::Vaults;

/// The policy that applies when no other is given.
const BUILTIN: &str = include_str!("builtin.toml");

/// Largest share, in percent, by which a store may shrink from one inventory to the next
/// before the list is taken for a mistake.
const MAX_SHRINK: u8 = 50;

/// A policy that was read and checked.
#[derive(Debug, Clone)]
pub struct Policy {
    jobs: Option<Vec<JobKind>>,
    ceiling: Ceiling,
    hosts: Vec<HostPattern>,
    routes: Routes,
    added_cas: Vec<AddedCa>,
    rules: Vec<OwnRule>,
    options: Options,
    tenants: Vec<Tenant>,
    vaults: Vec<Vaults>,
    identities: Option<Vec<IdentityKind>>,
    max_shrink: u8,
    reads_private_keys: bool,
    inventory_turns: Option<PathBuf>,
    secret_references: bool,
    limits: Limits,
    extensions: Approved,
    /// As it was written.
    written: toml::Table,
}

/// Why a policy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy: {0}")]
pub struct PolicyError(String);

/// What a policy says about one tenant and one vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Options for the extension.
    pub options: Options,
    /// The kinds of job that are run; `None` is all.
    pub jobs: Option<Vec<JobKind>>,
    /// The kinds of identity that are accepted; `None` is all.
    pub identities: Option<Vec<IdentityKind>>,
    /// The file of the federated token of the tenant's workload identities.
    pub federated_token_file: Option<PathBuf>,
    /// Whether jobs may read private keys.
    pub reads_private_keys: bool,
    /// By how many percent a store may shrink from one inventory to the next.
    pub max_shrink: u8,
}

impl Policy {
    /// The built-in policy.
    pub fn builtin() -> Result<Self, PolicyError> {
        Self::parse("")
    }

    /// Reads a policy. What it leaves out is as in the built-in one.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let wrong = |error: toml::de::Error| PolicyError(error.to_string().trim_end().to_owned());
        let written: toml::Table = toml::from_str(text).map_err(wrong)?;
        if let Some(unknown) = Keys::new().unknown(&written) {
            return Err(PolicyError(unknown.to_string()));
        }
        let file: File = toml::from_str(text).map_err(wrong)?;
        let builtin: File = toml::from_str(BUILTIN).map_err(wrong)?;
        let general = options::read("[options]", file.options)?;
        let mut hosts = file.hosts.or(builtin.hosts).unwrap_or_default();
        let (routes, added_cas) =
            elsewhere::read(file.connect_to, file.ca, file.private_endpoint, file.proxy)?;
        // A name that the operator lets lead to private addresses is one that jobs may name.
        let private = routes.private_endpoints.iter();
        hosts.extend(private.flat_map(|endpoint| endpoint.hosts.clone()));
        let jobs = some_of("the policy", "jobs", file.jobs)?;
        let ceiling = Ceiling::read(file.clouds, file.tenants, file.subscriptions, file.vaults)?;
        let tenants = tenants::read(file.tenant)?;
        inside::check(jobs.as_ref(), &ceiling, &general, &tenants)?;
        Ok(Self {
            ceiling,
            hosts,
            routes,
            added_cas,
            rules: rules::read(file.rule, jobs.as_deref())?,
            jobs,
            options: options::read_create(file.create)?.over(&general),
            tenants,
            vaults: vaults::read(file.vault)?,
            identities: some_of("the policy", "identities", file.identities)?,
            max_shrink: percentage("the policy", file.max_shrink.unwrap_or(MAX_SHRINK))?,
            reads_private_keys: file.reads_private_keys,
            inventory_turns: file.inventory_turns.map(absolute).transpose()?,
            secret_references: file.secret_references,
            limits: limits::read(file.limits)?,
            extensions: Approved::read(file.extensions)?,
            written,
        })
    }

    /// Where it is kept whose turn a full inventory is.
    pub fn inventory_turns(&self) -> Option<&Path> {
        self.inventory_turns.as_deref()
    }

    /// What jobs may be about.
    pub fn ceiling(&self) -> &Ceiling {
        &self.ceiling
    }

    /// The hosts that a job's own rules may name.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// Where connections go that do not go where their names lead.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// What each job may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Added certificate authorities.
    pub fn added_cas(&self) -> &[AddedCa] {
        &self.added_cas
    }

    /// The operator's own rules for a kind of job.
    pub fn rules(&self, kind: JobKind) -> Vec<RuleTemplate> {
        self.rules
            .iter()
            .filter(|rule| rule.is_for(kind))
            .map(|rule| rule.template.clone())
            .collect()
    }

    /// What holds for the tenants that a job says it is of, and for one vault, as far as the job
    /// is about them.
    pub fn about(&self, tenants: &[TenantId], vault: Option<&VaultName>) -> About {
        let entries: Vec<&Tenant> = tenants
            .iter()
            .filter_map(|tenant| self.tenants.iter().find(|entry| entry.is(tenant)))
            .collect();
        let tenant = entries.first();
        let vaults = || {
            let vault = vault.into_iter();
            vault.flat_map(|vault| self.vaults.iter().filter(|entry| entry.have(vault)))
        };
        let of_vaults = vaults().map(|entry| &entry.options);
        let of_tenant = tenant.map(|tenant| &tenant.options);
        let layers = of_vaults.chain(of_tenant).chain([&self.options]);
        let identities = entries.iter().map(|entry| entry.identities.as_ref());
        let jobs = entries.iter().map(|entry| entry.jobs.as_ref());
        let jobs = jobs.chain([vaults().find_map(|entry| entry.jobs.as_ref())]);
        About {
            options: layers.fold(Options::default(), Options::over),
            jobs: jobs.fold(self.jobs.clone(), both),
            identities: identities.fold(self.identities.clone(), both),
            federated_token_file: tenant.and_then(|tenant| tenant.federated_token_file.clone()),
            reads_private_keys: vaults()
                .find_map(|entry| entry.reads_private_keys)
                .unwrap_or(self.reads_private_keys),
            max_shrink: vaults()
                .find_map(|entry| entry.max_shrink)
                .or_else(|| tenant.and_then(|tenant| tenant.max_shrink))
                .unwrap_or(self.max_shrink),
        }
    }

    /// Whether a job's secret may be a reference to a file or a variable of this machine.
    pub fn secret_references(&self) -> bool {
        self.secret_references
    }

    /// Which components are run.
    pub fn extensions(&self) -> &Approved {
        &self.extensions
    }

    /// What is written and can never hold, for its writer to look at.
    pub fn in_vain(&self) -> Vec<String> {
        let tenants = tenants::beyond(&self.tenants, &self.ceiling);
        tenants.chain(vaults::in_vain(&self.vaults)).collect()
    }

    /// What a reader of a result must know about the run: that traffic went elsewhere, or that
    /// somebody else's certificates were accepted. `None` for an ordinary policy.
    pub fn caution(&self) -> Option<String> {
        elsewhere::caution(&self.routes, &self.added_cas)
    }
}

/// What two lists accept together; no list accepts all.
fn both<T: Clone + PartialEq>(one: Option<Vec<T>>, other: Option<&Vec<T>>) -> Option<Vec<T>> {
    match (one, other) {
        (None, other) => other.cloned(),
        (one, None) => one,
        (Some(mut one), Some(other)) => {
            one.retain(|kind| other.contains(kind));
            Some(one)
        }
    }
}

/// A list as it is, unless it is empty: then nothing could run.
fn some_of<T>(place: &str, key: &str, list: Option<Vec<T>>) -> Result<Option<Vec<T>>, PolicyError> {
    if list.as_ref().is_some_and(Vec::is_empty) {
        return Err(PolicyError(format!(
            "{place}: {key} is empty, so that no job could run; leave it out to accept all"
        )));
    }
    Ok(list)
}

fn absolute(directory: PathBuf) -> Result<PathBuf, PolicyError> {
    if directory.is_absolute() {
        return Ok(directory);
    }
    Err(PolicyError(
        "inventory-turns must be an absolute path: jobs run wherever a platform starts them"
            .to_owned(),
    ))
}

fn percentage(place: &str, percent: u8) -> Result<u8, PolicyError> {
    if percent <= 100 {
        return Ok(percent);
    }
    Err(PolicyError(format!(
        "{place}: max-shrink is {percent}, but it is a percentage: write a number from 0 to 100"
    )))
}
