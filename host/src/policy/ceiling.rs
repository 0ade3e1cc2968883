//! Which jobs a policy lets begin at all: in which clouds, tenants and subscriptions, and about
//! which vaults.
//!
//! It must not know what a job sends.

use super::vaults::NamePattern;
use super::{PolicyError, some_of};
use job_scope::{Cloud, SubscriptionId, TenantId, VaultName};

/// What jobs may be about; what is not said is not limited.
#[derive(Debug, Clone, Default)]
pub struct Ceiling {
    clouds: Option<Vec<Cloud>>,
    tenants: Option<Vec<TenantId>>,
    subscriptions: Option<Vec<SubscriptionId>>,
    vaults: Option<Vec<NamePattern>>,
}

/// Something that a job is about and the policy keeps from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the policy's `{key}` does not have {value}; correct the job, or add {value:?} to `{key}` in the policy"
)]
pub struct Beyond {
    /// The key of the policy.
    pub key: &'static str,
    /// What it would have to have.
    pub value: String,
}

/// A list of a policy, where it has one.
type Written = Option<Vec<String>>;

impl Ceiling {
    pub(super) fn read(
        clouds: Written,
        tenants: Written,
        subscriptions: Written,
        vaults: Written,
    ) -> Result<Self, PolicyError> {
        Ok(Self {
            clouds: list("clouds", clouds, cloud)?,
            tenants: list("tenants", tenants, TenantId::parse)?,
            subscriptions: list("subscriptions", subscriptions, SubscriptionId::parse)?,
            vaults: list("vaults", vaults, NamePattern::parse)?,
        })
    }

    /// Whether jobs may be in a cloud.
    pub fn cloud(&self, cloud: Cloud) -> Result<(), Beyond> {
        within("clouds", self.clouds.as_deref(), cloud.as_str(), |one| {
            *one == cloud
        })
    }

    /// Whether an application may sign in to a tenant.
    pub fn tenant(&self, tenant: &TenantId) -> Result<(), Beyond> {
        within("tenants", self.tenants.as_deref(), tenant.as_str(), |one| {
            one == tenant
        })
    }

    /// Whether jobs may be about a subscription.
    pub fn subscription(&self, subscription: &SubscriptionId) -> Result<(), Beyond> {
        let name = subscription.as_str();
        within("subscriptions", self.subscriptions(), name, |one| {
            one == subscription
        })
    }

    /// Whether jobs may be about a vault.
    pub fn vault(&self, vault: &VaultName) -> Result<(), Beyond> {
        let name = vault.as_str();
        within("vaults", self.vaults.as_deref(), name, |one| {
            one.matches(name)
        })
    }

    /// Whether it says which vaults jobs may be about.
    pub(super) fn binds_vaults(&self) -> bool {
        self.vaults.is_some()
    }

    /// The subscriptions that jobs may be about; `None` is all.
    pub fn subscriptions(&self) -> Option<&[SubscriptionId]> {
        self.subscriptions.as_deref()
    }
}

fn within<T>(
    key: &'static str,
    allowed: Option<&[T]>,
    value: &str,
    is: impl Fn(&T) -> bool,
) -> Result<(), Beyond> {
    match allowed {
        Some(allowed) if !allowed.iter().any(is) => Err(Beyond {
            key,
            value: value.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn cloud(word: &str) -> Result<Cloud, String> {
    let known: Vec<&str> = Cloud::ALL.iter().map(|cloud| cloud.as_str()).collect();
    match Cloud::parse(word) {
        Ok(Some(cloud)) => Ok(cloud),
        _ => Err(format!("{word:?} is not a cloud; use {}", known.join(", "))),
    }
}

/// Reads a list of which an empty one would let no job begin.
fn list<T, E: ToString>(
    key: &str,
    written: Written,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<Vec<T>>, PolicyError> {
    let Some(written) = some_of("the policy", key, written)? else {
        return Ok(None);
    };
    let read = |one: &String| {
        read(one).map_err(|error| PolicyError(format!("{key}: {}", error.to_string())))
    };
    written.iter().map(read).collect::<Result<_, _>>().map(Some)
}
