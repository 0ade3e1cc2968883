//! The check: whether an identity could do its work, without changing anything.
//!
//! What decides, for each kind of job: a token; one page of the vault's list, for an inventory,
//! and one certificate of it, or a name that it may not have; the resource group and the
//! subscription, for a Create; and the permissions that Azure Resource Manager
//! reports, where the identity may ask for them and the vault goes by roles. What cannot be seen without trying (an import into a vault with
//! access policies) is told as not known, and so is what would have
//! to be asked of Azure Resource Manager where the option `check-arm` forbids it. An inventory
//! needs nothing of it.
//!
//! It must not know HTTP, tokens or JSON.

mod findings;
mod needs;

use job_scope::{
    Alias, CheckArm, FieldError, Identity, JobKind, JobOptions, NewVault, Properties,
    ResourceGroup, StoreScope, counted, option,
};

use self::findings::{Finding, outcome};
use self::needs::{Needs, READ_ACTION, needs};
use super::input;
use super::store;
use super::tenant::{NoOwner, Owner};
use super::watch;
use crate::azure::arm::permissions::Permissions;
use crate::azure::arm::vaults::VaultRef;
use crate::azure::arm::{Arm, group_path, vault_path};
use crate::azure::error::CallError;
use crate::azure::remedy::KEPT_BY_THE_MACHINE;
use crate::azure::vault::{Page, Vault};
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
        Err(ended) => {
            let (failure, cause) = ended.told(check.arm.calls().last_trouble().as_ref());
            Outcome::failure(failure, cause)
        }
    }
}

struct Check<'e, E> {
    scope: StoreScope,
    identity: Identity,
    /// The options, or what is wrong with them; a job that reads them fails then.
    options: Result<JobOptions, FieldError>,
    /// The same of those that an Add reads.
    of_add: Result<JobOptions, FieldError>,
    properties: Properties,
    probe: Alias,
    may_ask_arm: bool,
    vault: Vault<'e, E>,
    arm: Arm<'e, E>,
}

const NO_GROUP: &str = "the store path names no resource group";

/// Why a finding stays open that only Azure Resource Manager could close.
const NOT_ASKED: &str = "Azure Resource Manager is not asked by this check";

impl<'e, E: Environment> Check<'e, E> {
    fn prepare(
        env: &'e E,
        job: &Job,
        store: &Store,
        deadline: std::time::Duration,
    ) -> Result<Self, FieldError> {
        let opened = store::open(env, job, store, deadline)?;
        let of_check = input::options_named(job, &[option::CHECK_ARM])?;
        Ok(Check {
            probe: Alias::of_check(),
            may_ask_arm: of_check.check_arm == CheckArm::Ask,
            options: input::options(job),
            of_add: super::add::options(job),
            vault: opened.vault(),
            arm: opened.arm(),
            scope: opened.scope,
            identity: opened.identity,
            properties: opened.properties,
        })
    }

    fn needs(&self, kind: JobKind) -> Needs {
        match &self.options {
            Ok(options) => needs(kind, options),
            Err(_) => needs(kind, &JobOptions::default()),
        }
    }

    async fn all(&self, kinds: &[JobKind]) -> Outcome {
        // All kinds that work in the vault share one look into it.
        let mut in_vault = None;
        let mut findings = Vec::new();
        for kind in kinds {
            let finding = match (self.input_of(*kind), kind) {
                (Err(error), _) => Finding::Cannot(Failure::InvalidInput, error.to_string().into()),
                (_, JobKind::CreateStore) => self.create().await,
                (_, JobKind::Discovery) => self.discovery().await,
                (_, JobKind::Inventory | JobKind::Add | JobKind::Remove | JobKind::Check) => {
                    let seen = match &in_vault {
                        Some(seen) => seen,
                        None => in_vault.insert(self.look_into_vault(kinds).await),
                    };
                    seen.finding(&self.needs(*kind), &self.identity)
                }
            };
            findings.push((*kind, finding));
        }
        outcome(&findings, self.scope.notes())
    }

    /// Reads what a job of this kind reads before it sends anything.
    fn input_of(&self, kind: JobKind) -> Result<(), FieldError> {
        let options = || self.options.as_ref().map_err(FieldError::clone);
        match kind {
            JobKind::Inventory | JobKind::Discovery => options().map(|_| ()),
            JobKind::CreateStore => {
                NewVault::parse(&self.properties, self.scope.cloud(), options()?).map(|_| ())
            }
            JobKind::Add => self.of_add.as_ref().map_err(FieldError::clone).map(|_| ()),
            JobKind::Remove | JobKind::Check => Ok(()),
        }
    }

    /// What can be seen of the vault's inside. Whoever changes nothing needs no permissions
    /// beyond those that reading shows.
    async fn look_into_vault(&self, kinds: &[JobKind]) -> InVault {
        let needs = |kind: &JobKind| self.needs(*kind);
        let lists = kinds.iter().map(needs).any(|needs| needs.lists());
        let changes = |kind: &JobKind| matches!(kind, JobKind::Add | JobKind::Remove);
        let listed = match lists {
            true => self.vault.page(None).await.map(Some),
            false => Ok(None),
        };
        let (list, get) = match listed {
            Ok(page) => (Ok(()), self.get_one(page.as_ref()).await),
            // Who may not list may get all the same.
            Err(error) if is_refusal(&error) => (Err(error), self.get_one(None).await),
            Err(error) => (Err(error.clone()), Err(error)),
        };
        let permissions = match &get {
            // A vault that cannot be reached, or no token: the permissions change nothing.
            Err(error) if !is_refusal(error) => None,
            _ if !kinds.iter().any(changes) => None,
            _ => Some(self.vault_permissions().await),
        };
        // Only of whoever may read it is a "yes" at stake.
        let by_roles = match (&permissions, self.scope.resource_group()) {
            (Some(Ok(_)), Some(group)) if get.is_ok() => self.vault_goes_by_roles(group).await,
            _ => Ok(()),
        };
        InVault {
            list,
            get,
            permissions,
            by_roles,
        }
    }

    /// Roles tell nothing about a vault that goes by access policies; the error says why they
    /// may not.
    async fn vault_goes_by_roles(&self, group: &ResourceGroup) -> Result<(), String> {
        let vault = VaultRef {
            subscription: self.scope.subscription(),
            group,
            name: self.scope.vault(),
        };
        match self.arm.vault(vault).await {
            Ok(Some(sight)) if sight.vault.rbac == Some(true) => Ok(()),
            Ok(Some(_)) => {
                Err("the vault goes by its access policies, which roles do not tell".into())
            }
            Ok(None) => Err(format!(
                "Azure Resource Manager does not show the vault in {group}"
            )),
            Err(error) => Err(format!(
                "whether the vault goes by roles or by access policies is not told: {error}"
            )),
        }
    }

    /// The first certificate of a page, or else a name that the vault may not have: who may get
    /// it is told that it is not there, and who may not that it is forbidden.
    async fn get_one(&self, page: Option<&Page>) -> Result<(), CallError> {
        let mut items = page.into_iter().flat_map(|page| &page.items);
        let listed = items.find_map(|item| Alias::parse(&item.name).ok());
        let name = listed.as_ref().unwrap_or(&self.probe);
        self.vault.certificate(name).await.map(|_| ())
    }

    async fn vault_permissions(&self) -> Result<Permissions, String> {
        if !self.may_ask_arm {
            return Err(NOT_ASKED.to_owned());
        }
        let Some(group) = self.scope.resource_group() else {
            return Err(NO_GROUP.to_owned());
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
                    .into(),
            );
        };
        if !self.may_ask_arm {
            return self.not_asked(JobKind::CreateStore);
        }
        let found = self.arm.resource_group(self.scope.subscription(), group);
        if let Err(error) = found.await {
            return Finding::cannot(&error);
        }
        // A vault is created for the tenant of its subscription.
        let owner = Owner::of(&self.arm, self.scope.subscription(), self.scope.tenant());
        match owner.await {
            Ok(_) => {}
            Err(NoOwner::Call(error)) => return Finding::cannot(&error),
            Err(error) => {
                return Finding::Cannot(Failure::InvalidInput, error.to_string().into());
            }
        }
        let path = group_path(self.scope.subscription(), group);
        match self.arm.permissions(&path).await {
            Ok(permissions) => self.of_group(JobKind::CreateStore, &permissions, group.as_str()),
            Err(error) => Finding::Unknown(format!(
                "the resource group is there, but what the identity may do in it is not told: \
                 {error}"
            )),
        }
    }

    async fn discovery(&self) -> Finding {
        if !self.may_ask_arm {
            return self.not_asked(JobKind::Discovery);
        }
        let listing = self.arm.subscriptions().await;
        if let Some(error) = listing.error {
            return Finding::cannot(&error);
        }
        let subscriptions = listing.items;
        if subscriptions.is_empty() {
            return Finding::Cannot(
                Failure::MissingRole,
                format!(
                    "the identity sees no subscription; assign it the role {}",
                    self.needs(JobKind::Discovery).role
                )
                .into(),
            );
        }
        let Some(group) = self.scope.resource_group() else {
            return Finding::Unknown(
                "it sees subscriptions; whether it sees their vaults shows when they are listed"
                    .to_owned(),
            );
        };
        let path = group_path(self.scope.subscription(), group);
        match self.arm.permissions(&path).await {
            Ok(permissions) => self.of_group(JobKind::Discovery, &permissions, group.as_str()),
            Err(error) => Finding::Unknown(format!(
                "it sees {}; whether it sees their vaults is not told: {error}",
                counted(subscriptions.len(), "subscription")
            )),
        }
    }

    fn not_asked(&self, kind: JobKind) -> Finding {
        let role = self.needs(kind).role;
        Finding::Unknown(format!("{NOT_ASKED}; needed is the role {role}"))
    }

    fn of_group(&self, kind: JobKind, permissions: &Permissions, group: &str) -> Finding {
        let needs = self.needs(kind);
        let missing = needs.lacking_in_group(permissions);
        let place = format!("the resource group {group}");
        missing_actions(&missing, needs.role, &place, &self.identity)
    }
}

/// What was seen of the vault's inside.
struct InVault {
    /// The list, where a kind of job needs it.
    list: Result<(), CallError>,
    /// One name.
    get: Result<(), CallError>,
    /// `None` where they were not asked for; an error says why they are not told.
    permissions: Option<Result<Permissions, String>>,
    /// Or why the permissions may mean nothing.
    by_roles: Result<(), String>,
}

impl InVault {
    fn finding(&self, needs: &Needs, identity: &Identity) -> Finding {
        let listed = self.list.as_ref().err().filter(|_| needs.lists());
        if let Some(error) = listed.or(self.get.as_ref().err()) {
            // The vault names the one action that it refused, the permissions all of them.
            let told = match &self.permissions {
                Some(Ok(permissions)) if error.failure() == Failure::MissingRole => {
                    needs.lacking_in_vault(permissions)
                }
                _ => Vec::new(),
            };
            return match told.as_slice() {
                [] => Finding::cannot(error),
                missing => missing_actions(missing, needs.role, "the vault", identity),
            };
        }
        if needs.only_to_read() {
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
        if let Err(why) = &self.by_roles {
            return untold(&format!("it may read, but what else is not known: {why}"));
        }
        let missing = needs.lacking_in_vault(permissions);
        if missing.contains(&READ_ACTION) {
            return untold("it may read although none of its roles says so");
        }
        let dispensable = |action: &&str| needs.dispensable.contains(action);
        if !missing.is_empty() && missing.iter().all(dispensable) {
            return Finding::CanWithLess(format!(
                "the identity lacks {} on the vault, without which the chain of a certificate that is \
                 there already is not compared; assign it the role {}, or set \
                 compare-chain to false among the options of the policy or of the store",
                missing.join(", "),
                needs.role
            ));
        }
        missing_actions(&missing, needs.role, "the vault", identity)
    }
}

fn missing_actions(missing: &[&str], role: &str, place: &str, identity: &Identity) -> Finding {
    if missing.is_empty() {
        return Finding::Can;
    }
    let kept = match identity {
        Identity::ManagedIdentity { .. } => format!("; {KEPT_BY_THE_MACHINE}"),
        Identity::ClientSecret { .. } | Identity::ClientAssertion { .. } => String::new(),
    };
    Finding::Cannot(
        Failure::MissingRole,
        format!(
            "the identity lacks {} on {place}; assign it the role {role}; a new assignment takes \
             up to ten minutes{kept}",
            missing.join(", ")
        )
        .into(),
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
