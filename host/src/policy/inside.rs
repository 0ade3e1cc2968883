//! What binds a job inside a vault. Inside a vault only its name is checked. A policy that names
//! subscriptions alone therefore binds less than it seems, and is refused.
//!
//! It must not know what jobs do.

use super::ceiling::Ceiling;
use super::tenants::Tenant;
use super::{PolicyError, both};
use crate::options::Options;
use job_scope::{JobKind, option};

/// The kinds of job that work inside a vault.
const INSIDE: [JobKind; 3] = [JobKind::Inventory, JobKind::Add, JobKind::Remove];

/// Refuses `subscriptions` where jobs inside vaults are allowed and no `vaults` bind them.
pub(super) fn check(
    jobs: Option<&Vec<JobKind>>,
    ceiling: &Ceiling,
    options: &Options,
    tenants: &[Tenant],
) -> Result<(), PolicyError> {
    if ceiling.binds_vaults() {
        return Ok(());
    }
    let says = |options: &Options| options.get(option::SUBSCRIPTIONS).is_some();
    if ceiling.subscriptions().is_some() || says(options) {
        refuse("the policy", jobs)?;
    }
    tenants
        .iter()
        .filter(|tenant| says(&tenant.options))
        .try_for_each(|tenant| {
            let jobs = both(jobs.cloned(), tenant.jobs.as_ref());
            refuse(&tenant.place(), jobs.as_ref())
        })
}

fn refuse(place: &str, jobs: Option<&Vec<JobKind>>) -> Result<(), PolicyError> {
    let allowed: Vec<&str> = INSIDE
        .iter()
        .filter(|kind| jobs.is_none_or(|jobs| jobs.contains(kind)))
        .map(|kind| kind.as_str())
        .collect();
    if allowed.is_empty() {
        return Ok(());
    }
    Err(PolicyError(format!(
        "{place}: `subscriptions` does not bind {} jobs, because inside a vault only its name counts and the subscription of a store path is not checked; write `vaults = [\"kv-prod-*\"]` with the names of the vaults that jobs may be about (`vaults = [\"*\"]` for all), or allow no such jobs: `jobs = [\"create-store\", \"discovery\", \"check\"]`",
        allowed.join(", ")
    )))
}
