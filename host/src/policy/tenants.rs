//! `[[tenant]]`: what holds for the jobs of one tenant. It must not know the jobs.

use super::PolicyError;
use super::ceiling::Ceiling;
use super::file::TenantEntry;
use super::identity::IdentityKind;
use super::options;
use super::{percentage, some_of};
use crate::options::Options;
use job_scope::{JobKind, TenantId, option};
use std::path::PathBuf;

/// What is said about one tenant.
#[derive(Debug, Clone)]
pub(super) struct Tenant {
    names: Vec<TenantId>,
    pub(super) jobs: Option<Vec<JobKind>>,
    pub(super) identities: Option<Vec<IdentityKind>>,
    pub(super) federated_token_file: Option<PathBuf>,
    pub(super) max_shrink: Option<u8>,
    pub(super) options: Options,
}

impl Tenant {
    pub(super) fn is(&self, tenant: &TenantId) -> bool {
        self.names.contains(tenant)
    }

    /// Where it stands, for people.
    pub(super) fn place(&self) -> String {
        let first = self.names.first();
        first.map_or_else(String::new, |name| format!("[[tenant]] {name}"))
    }
}

/// Entries of which no application's job can be, since the policy has none of their names.
pub(super) fn beyond(entries: &[Tenant], ceiling: &Ceiling) -> impl Iterator<Item = String> {
    let is_beyond = |entry: &&Tenant| entry.names.iter().all(|name| ceiling.tenant(name).is_err());
    entries.iter().filter(is_beyond).filter_map(|entry| {
        let name = entry.names.first()?;
        Some(format!(
            "[[tenant]] {name}: none of its names is among `tenants`, so that no application's job is of it; add them there, or leave it out"
        ))
    })
}

pub(super) fn read(entries: Vec<TenantEntry>) -> Result<Vec<Tenant>, PolicyError> {
    let mut tenants: Vec<Tenant> = Vec::new();
    for entry in entries {
        let tenant = read_one(entry)?;
        let twice = |name: &&TenantId| tenants.iter().any(|other| other.is(name));
        if let Some(name) = tenant.names.iter().find(twice) {
            return Err(PolicyError(format!(
                "[[tenant]]: {name} is in two entries; write what holds for it into one"
            )));
        }
        tenants.push(tenant);
    }
    Ok(tenants)
}

fn read_one(entry: TenantEntry) -> Result<Tenant, PolicyError> {
    let wrong = |what: String| PolicyError(format!("[[tenant]]: {what}"));
    let names = entry
        .names
        .iter()
        .map(|name| TenantId::parse(name).map_err(|error| wrong(error.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = names.first() else {
        return Err(wrong(
            "names is empty; write the tenant's id and its domains".to_owned(),
        ));
    };
    let place = format!("[[tenant]] {first}");
    if let Some(file) = entry.federated_token_file.as_deref()
        && !file.is_absolute()
    {
        return Err(PolicyError(format!(
            "{place}: federated-token-file is not an absolute path; jobs may run from anywhere"
        )));
    }
    let mut table = entry.options;
    for (key, text) in [
        (option::CLOUD, entry.cloud),
        (option::PATH_FORMAT, entry.path_format),
    ] {
        if let Some(text) = text
            && table.insert(key.to_owned(), text).is_some()
        {
            return Err(PolicyError(format!("{place}: {key} is said twice")));
        }
    }
    Ok(Tenant {
        options: options::read(&place, table)?,
        names,
        jobs: some_of(&place, "jobs", entry.jobs)?,
        identities: some_of(&place, "identities", entry.identities)?,
        max_shrink: entry
            .max_shrink
            .map(|percent| percentage(&place, percent))
            .transpose()?,
        federated_token_file: entry.federated_token_file,
    })
}
