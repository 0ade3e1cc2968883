//! The check: whether an identity could do its work, without changing anything.
//!
//! What decides, for each kind of job: a token; one page of the vault's list and one
//! certificate of it; the resource group; and the permissions that Azure Resource Manager
//! reports, where the identity may ask for them. What cannot be seen without trying (an
//! import into a vault with access policies) is told as not known.
//!
//! It must not know HTTP, tokens or JSON.

mod findings;
mod needs;

use std::rc::Rc;

use job_scope::{Alias, FieldError, JobKind, StoreScope};

use self::findings::{Finding, outcome};
use self::needs::{READ_ACTION, needs};
use super::input;
use super::watch::{self, Ended};
use crate::azure::arm::permissions::Permissions;
use crate::azure::arm::{Arm, group_path, vault_path};
use crate::azure::audience::Audience;
use crate::azure::calls::Calls;
use crate::azure::error::CallError;
use crate::azure::service::Service;
use crate::azure::vault::Vault;
use crate::contract::{Failure, Job, Outcome, Store};
use crate::env::Environment;

/// Runs the job.
pub async fn run<E: Environment>(env: &E, job: &Job, store: &Store, kinds: &[JobKind]) -> Outcome {
    let deadline = watch::deadline(env.now(), job.time_limit);
    let check = match Check::prepare(env, job, store, deadline) {
        Ok(check) => check,
        Err(error) => return Outcome::failure(Failure::InvalidInput, error),
    };
    match watch::watched(env, deadline, check.all(kinds)).await {
        Ok(outcome) => outcome,
        Err(Ended::Cancelled) => Outcome::failure(Failure::Cancelled, "the check was cancelled"),
        Err(Ended::Deadline) => Outcome::failure(
            Failure::Deadline,
            match check.arm.calls().last_trouble() {
                Some(trouble) => format!("the check was not finished in time: {trouble}"),
                None => "the check was not finished in time; give it more".to_owned(),
            },
        ),
    }
}

struct Check<'e, E> {
    scope: StoreScope,
    vault: Vault<'e, E>,
    arm: Arm<'e, E>,
}

impl<'e, E: Environment> Check<'e, E> {
    fn prepare(
        env: &'e E,
        job: &Job,
        store: &Store,
        deadline: std::time::Duration,
    ) -> Result<Self, FieldError> {
        let scope = input::scope(store, &input::identity(job)?)?;
        let tokens = Rc::new(input::tokens_of(job, &scope)?);
        let calls = Rc::new(Calls::new(env, &job.attempt_id, deadline));
        let endpoints = scope.endpoints();
        let vault = Vault::new(Service::new(
            Rc::clone(&calls),
            Rc::clone(&tokens),
            scope.vault_host(),
            Audience::vault(endpoints),
        ));
        let arm = Arm::new(calls, tokens, endpoints);
        Ok(Check { scope, vault, arm })
    }

    async fn all(&self, kinds: &[JobKind]) -> Outcome {
        let of_vault = |kind: &JobKind| !needs(*kind).in_vault.is_empty();
        let in_vault = if kinds.iter().any(of_vault) {
            Some(self.look_into_vault().await)
        } else {
            None
        };
        let mut findings = Vec::new();
        for kind in kinds {
            let finding = match (&in_vault, kind) {
                (_, JobKind::CreateStore) => self.create().await,
                (_, JobKind::Discovery) => self.discovery().await,
                (Some(seen), _) => seen.finding(*kind),
                // Every other kind looks into the vault.
                (None, _) => Finding::Unknown("nothing was asked".to_owned()),
            };
            findings.push((*kind, finding));
        }
        outcome(&findings, self.scope.notes())
    }

    /// What can be seen of the vault's inside.
    async fn look_into_vault(&self) -> InVault {
        let read = self.read_one().await;
        // A vault that cannot be reached, or no token: the permissions change nothing.
        let permissions = match &read {
            Err(error) if !is_refusal(error) => None,
            _ => Some(self.vault_permissions().await),
        };
        InVault { read, permissions }
    }

    /// One page, and the first certificate of it.
    async fn read_one(&self) -> Result<(), CallError> {
        let page = self.vault.page(None).await?;
        match page.names.iter().find_map(|name| Alias::parse(name).ok()) {
            Some(name) => self.vault.certificate(&name).await.map(|_| ()),
            None => Ok(()),
        }
    }

    async fn vault_permissions(&self) -> Result<Permissions, String> {
        let Some(group) = self.scope.resource_group() else {
            return Err("the store path names no resource group".to_owned());
        };
        let path = vault_path(self.scope.subscription(), group, self.scope.vault());
        let permissions = self.arm.permissions(&path).await;
        permissions.map_err(|error| error.to_string())
    }

    async fn create(&self) -> Finding {
        let Some(group) = self.scope.resource_group() else {
            return Finding::Cannot(
                Failure::InvalidInput,
                "StorePath: it names no resource group, in which the vault could be created; write \
                 subscription:group:vault"
                    .to_owned(),
            );
        };
        let found = self.arm.resource_group(self.scope.subscription(), group);
        if let Err(error) = found.await {
            return Finding::Cannot(error.failure(), error.to_string());
        }
        let path = group_path(self.scope.subscription(), group);
        match self.arm.permissions(&path).await {
            Ok(permissions) => of_group(JobKind::CreateStore, &permissions, group.as_str()),
            Err(error) => Finding::Unknown(format!(
                "the resource group is there, but what the identity may do in it is not told: \
                 {error}"
            )),
        }
    }

    async fn discovery(&self) -> Finding {
        let subscriptions = match self.arm.list_subscriptions().await {
            Ok(subscriptions) => subscriptions,
            Err(error) => return Finding::Cannot(error.failure(), error.to_string()),
        };
        if subscriptions.is_empty() {
            return Finding::Cannot(
                Failure::MissingRole,
                format!(
                    "the identity sees no subscription; assign it the role {}",
                    needs(JobKind::Discovery).role
                ),
            );
        }
        let Some(group) = self.scope.resource_group() else {
            return Finding::Unknown(
                "it sees subscriptions; whether their vaults, is seen when they are listed"
                    .to_owned(),
            );
        };
        let path = group_path(self.scope.subscription(), group);
        match self.arm.permissions(&path).await {
            Ok(permissions) => of_group(JobKind::Discovery, &permissions, group.as_str()),
            Err(error) => Finding::Unknown(format!(
                "it sees {} subscriptions; whether their vaults, is not told: {error}",
                subscriptions.len()
            )),
        }
    }
}

/// What was seen of the vault's inside.
struct InVault {
    read: Result<(), CallError>,
    /// `None` where the vault was not reached; an error says why they are not told.
    permissions: Option<Result<Permissions, String>>,
}

impl InVault {
    fn finding(&self, kind: JobKind) -> Finding {
        let needs = needs(kind);
        if let Err(error) = &self.read {
            // The vault names the one action that it refused, the permissions all of them.
            let told = match &self.permissions {
                Some(Ok(permissions)) if error.failure() == Failure::MissingRole => {
                    needs.lacking_in_vault(permissions)
                }
                _ => Vec::new(),
            };
            return match told.as_slice() {
                [] => Finding::Cannot(error.failure(), error.to_string()),
                missing => missing_actions(missing, needs.role, "the vault"),
            };
        }
        if kind == JobKind::Inventory {
            return Finding::Can;
        }
        let policies: Vec<&str> = needs
            .in_vault
            .iter()
            .map(|(_, permission)| *permission)
            .collect();
        let untold = |why: &str| {
            Finding::Unknown(format!(
                "{why}; needed is the role {}, or in the vault's access policies the certificate \
                 permissions {}",
                needs.role,
                policies.join(", ")
            ))
        };
        let permissions = match &self.permissions {
            Some(Ok(permissions)) => permissions,
            Some(Err(why)) => {
                return untold(&format!("it may read, but what else is not told: {why}"));
            }
            None => return untold("it may read, but what else was not asked"),
        };
        let missing = needs.lacking_in_vault(permissions);
        // It could read although no role says so: the vault goes by its access policies.
        if missing.contains(&READ_ACTION) {
            return untold("it may read by the vault's access policies, which roles do not tell");
        }
        missing_actions(&missing, needs.role, "the vault")
    }
}

fn of_group(kind: JobKind, permissions: &Permissions, group: &str) -> Finding {
    let needs = needs(kind);
    let missing = needs.lacking_in_group(permissions);
    missing_actions(&missing, needs.role, &format!("the resource group {group}"))
}

fn missing_actions(missing: &[&str], role: &str, place: &str) -> Finding {
    if missing.is_empty() {
        return Finding::Can;
    }
    Finding::Cannot(
        Failure::MissingRole,
        format!(
            "the identity lacks {} on {place}; assign it the role {role}; a new assignment takes \
             up to ten minutes",
            missing.join(", ")
        ),
    )
}

/// Whether the vault itself said no.
fn is_refusal(error: &CallError) -> bool {
    matches!(
        error.failure(),
        Failure::MissingRole | Failure::MissingAccessPolicy | Failure::Forbidden
    )
}

#[cfg(test)]
mod tests;
