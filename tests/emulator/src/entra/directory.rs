//! Who exists: tenants by id and domain, applications and managed identities by client id.
//!
//! Must not know requests or tokens.

use std::collections::BTreeMap;

use super::error::Problem;
use crate::cloud::Cloud;
use crate::seed::{FederatedSeed, Seed, TenantSeed, unix_seconds};

/// The tenants and applications of every cloud.
#[derive(Debug)]
pub(super) struct Directory {
    tenants: Vec<TenantSeed>,
    applications: BTreeMap<String, Application>,
}

#[derive(Debug)]
pub(super) struct Application {
    pub(super) secret: Option<String>,
    /// Seconds since 1970.
    pub(super) secret_expires: Option<u64>,
    pub(super) disabled: bool,
    pub(super) public_client: bool,
    pub(super) refused: Option<u64>,
    pub(super) federated: Vec<FederatedSeed>,
    tenants: Vec<String>,
    without_principal_in: Vec<String>,
}

impl Directory {
    pub(super) fn new(seed: &Seed) -> Directory {
        let lower = |ids: &[String]| ids.iter().map(|id| id.to_ascii_lowercase()).collect();
        let tenants = seed.tenants.iter().cloned().map(|mut tenant| {
            tenant.id.make_ascii_lowercase();
            tenant.domain = tenant.domain.map(|d| d.to_ascii_lowercase());
            tenant
        });
        let applications = seed.applications.iter().map(|a| {
            let application = Application {
                secret: a.secret.clone(),
                secret_expires: a.secret_expires.as_ref().and_then(|d| unix_seconds(d).ok()),
                disabled: a.disabled,
                public_client: a.public_client,
                refused: a.refused,
                federated: a.federated.clone(),
                tenants: lower(&a.tenants),
                without_principal_in: lower(&a.without_principal_in),
            };
            (a.client_id.to_ascii_lowercase(), application)
        });
        Directory {
            tenants: tenants.collect(),
            applications: applications.collect(),
        }
    }

    /// The id of the tenant that a path segment means, and whether the tenant lives in this cloud.
    pub(super) fn tenant(&self, cloud: Cloud, asked: &str) -> Result<(String, bool), Problem> {
        let asked = asked.to_ascii_lowercase();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let plausible = (asked.len() == 36 && !asked.contains('.')) || asked.contains('.');
        if !plausible || !asked.chars().all(allowed) {
            return Err(Problem::new(900_023, [&asked]));
        }
        let tenant = self
            .tenants
            .iter()
            .find(|t| t.id == asked || t.domain.as_ref() == Some(&asked))
            .ok_or_else(|| Problem::new(90_002, [&asked]))?;
        Ok((tenant.id.clone(), tenant.clouds.contains(&cloud)))
    }

    /// The application of a lower-case client id, where the tenant has a service principal of it.
    pub(super) fn application(&self, tenant: &str, client: &str) -> Result<&Application, Problem> {
        let here = |ids: &[String]| ids.iter().any(|id| id == tenant);
        match self.applications.get(client) {
            Some(application) if here(&application.tenants) => Ok(application),
            Some(application) if here(&application.without_principal_in) => {
                Err(Problem::new(7_000_229, [client, tenant]))
            }
            _ => Err(Problem::new(700_016, [client, tenant])),
        }
    }
}
