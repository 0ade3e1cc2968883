//! Creates a vault: looks first, never touches one that exists, and follows one that is
//! being made to its end.
//!
//! It must not know HTTP, tokens or JSON.

mod settings;
mod story;

use std::cell::Cell;
use std::time::Duration;

use job_scope::{FieldError, Identity, NewVault, ResourceGroup, StoreScope, TenantId, VaultName};

use self::settings::Wanted;
use self::story::{Problem, Stage};
use super::input;
use super::store::{self, Opened};
use super::tenant::Owner;
use super::watch::{self, Ended};
use crate::azure::arm::Arm;
use crate::azure::arm::vaults::{NameCheck, Provisioning, Sight, VaultRef, VaultResource};
use crate::azure::error::CallError;
use crate::contract::{Job, Outcome, Store};
use crate::env::Environment;
use crate::host::LogLevel;

/// How often a vault that is being made is looked at. That takes 5 to 40 seconds, and
/// reading costs little: a subscription has 250 reads at once and 25 more each second
/// ("Understand how Azure Resource Manager throttles requests").
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// How long a vault may be missing again after it was seen: what one region of Azure
/// Resource Manager has written, another may not show at once.
const MAY_BE_MISSING: Duration = Duration::from_secs(60);

/// How long a vault is looked for again whose name is taken: a run that was killed may have
/// asked for it, and the region of Azure Resource Manager that answers may lag behind. It
/// does by seconds; a name that somebody else has is told that much later.
const MAY_LAG: Duration = Duration::from_secs(15);

/// Requests for the vault, while the answer is lost each time and the vault is not there
/// afterwards. Each may take a minute; a connection that fails three times will again.
const MOST_REQUESTS: u32 = 3;

/// Runs the job.
pub async fn run<E: Environment>(env: &E, job: &Job, store: &Store) -> Outcome {
    let deadline = watch::deadline(env.now(), job.time_limit);
    let (plan, arm) = match prepare(env, job, store, deadline) {
        Ok(prepared) => prepared,
        Err(error) => {
            let outcome = Outcome::failure(story::INVALID, error);
            env.log(LogLevel::Error, &outcome.message);
            return outcome;
        }
    };
    let create = Create {
        plan: &plan,
        arm: &arm,
        stage: Cell::new(Stage::Looking),
    };
    let is_changing = || arm.calls().is_changing();
    let result = watch::watched_changing(env, deadline, is_changing, create.run()).await;
    let problem = match result {
        Ok(Ok(end)) => {
            env.progress(1, Some(1));
            return story::done(&plan, end);
        }
        Ok(Err(problem)) => problem,
        Err(ended) => {
            // The run was dropped where it waited, maybe for the answer to its request.
            if is_changing() {
                create.stage.set(Stage::Requested);
            }
            Problem::Ended(ended, arm.calls().last_trouble())
        }
    };
    let outcome = story::failed(&plan, &problem, create.stage.get());
    env.log(LogLevel::Error, &outcome.message);
    outcome
}

/// What is to be created, and for whom.
struct Plan {
    scope: StoreScope,
    group: ResourceGroup,
    identity: Identity,
    new_vault: NewVault,
    wanted: Wanted,
}

impl Plan {
    fn vault(&self) -> VaultRef<'_> {
        VaultRef {
            subscription: self.scope.subscription(),
            group: &self.group,
            name: self.scope.vault(),
        }
    }

    /// The tenant, where the job says it in the form that a vault takes.
    fn tenant(&self) -> Option<&TenantId> {
        self.scope.tenant().filter(|tenant| tenant.is_guid())
    }
}

fn prepare<'e, E: Environment>(
    env: &'e E,
    job: &Job,
    store: &Store,
    deadline: Duration,
) -> Result<(Plan, Arm<'e, E>), FieldError> {
    let options = input::options(job)?;
    let opened = store::open(env, job, store, deadline)?;
    let arm = opened.arm();
    let Opened {
        scope,
        identity,
        properties,
        ..
    } = opened;
    let group = scope.resource_group().cloned().ok_or_else(|| {
        FieldError::new(
            "StorePath",
            "names no resource group, and neither does the property ResourceGroupName",
            "write subscription-id:resource-group:vault-name",
        )
    })?;
    let new_vault = NewVault::parse(&properties, scope.cloud(), &options)?;
    for value in options.tags.values() {
        arm.calls().discretion().keep(value.as_bytes());
    }
    let wanted = Wanted::new(&new_vault, options);
    let plan = Plan {
        scope,
        group,
        identity,
        new_vault,
        wanted,
    };
    Ok((plan, arm))
}

/// How a vault came to be there.
enum End {
    /// It was made by this job.
    Created {
        /// In what it differs from what was asked for all the same.
        differences: Vec<String>,
        /// Whose it is.
        owner: Owner,
    },
    /// It was being made when the job came.
    Followed,
    /// It was there.
    AlreadyThere,
}

/// What asking for a vault came to.
enum Asked {
    /// This job's request has made it, as far as that can be told.
    Answered(Sight),
    /// Somebody else has made it while this job's request had to wait.
    Found(Sight),
}

/// One run.
struct Create<'r, 'e, E> {
    plan: &'r Plan,
    arm: &'r Arm<'e, E>,
    stage: Cell<Stage>,
}

impl<E: Environment> Create<'_, '_, E> {
    async fn run(&self) -> Result<End, Problem> {
        let vault = self.plan.vault();
        self.step()?;
        let group = self
            .arm
            .resource_group(vault.subscription, vault.group)
            .await?;
        self.step()?;
        if let Some(sight) = self.arm.vault(vault).await? {
            return self.found(sight).await;
        }
        self.step()?;
        let owner = Owner::of(self.arm, vault.subscription, self.plan.tenant()).await?;
        if let Owner::Assumed(_, error) = &owner {
            self.log(&format!("going on with the job's tenant: {error}"));
        }
        if let Some(sight) = self.check_name().await? {
            return self.found(sight).await;
        }
        let region = self.plan.new_vault.region().unwrap_or(&group.region);
        let sight = match self.request(owner.tenant(), region.as_str()).await? {
            Asked::Answered(sight) => sight,
            Asked::Found(sight) => return self.found(sight).await,
        };
        let made = self.follow(sight).await.map_err(|problem| match problem {
            Problem::Found { name, state } => Problem::Broken { name, state },
            other => other,
        })?;
        let differences = self.differences(&made, Some(owner.tenant()));
        Ok(End::Created { differences, owner })
    }

    /// What to do about a vault that is there: nothing, or wait for it.
    async fn found(&self, sight: Sight) -> Result<End, Problem> {
        let was_ready = sight.vault.state == Provisioning::Succeeded;
        let vault = self.follow(sight).await?;
        let differences = self.differences(&vault, self.plan.tenant());
        if !differences.is_empty() {
            let name = self.name();
            return Err(Problem::Differs { name, differences });
        }
        Ok(match was_ready {
            true => End::AlreadyThere,
            false => End::Followed,
        })
    }

    fn differences(&self, vault: &VaultResource, tenant: Option<&TenantId>) -> Vec<String> {
        let discretion = self.arm.calls().discretion();
        self.plan.wanted.differences(vault, tenant, discretion)
    }

    /// A taken name is told before anything is asked for, unless it is the vault itself that
    /// has it. The question needs a permission of its own; without it, the request itself will
    /// tell.
    async fn check_name(&self) -> Result<Option<Sight>, Problem> {
        self.step()?;
        match self.arm.check_name(self.plan.vault()).await {
            Ok(NameCheck::Free) => Ok(None),
            Ok(NameCheck::Taken) => match self.look_behind().await? {
                Some(sight) => Ok(Some(sight)),
                None => Err(Problem::NameTaken(self.name())),
            },
            Ok(NameCheck::Impossible(reason)) => Err(Problem::NameImpossible(reason)),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.status == 403) => {
                self.log(&format!("going on without: {error}"));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Looks for some seconds at a vault that was not to be seen.
    async fn look_behind(&self) -> Result<Option<Sight>, Problem> {
        let until = self.env().now().saturating_add(MAY_LAG);
        while self.env().now() < until {
            self.sleep(LOOK_EVERY).await?;
            if let Some(sight) = self.arm.vault(self.plan.vault()).await? {
                return Ok(Some(sight));
            }
        }
        Ok(None)
    }

    /// Asks for the vault, which was not there before. A lost answer is resolved by looking:
    /// nothing is asked for again before that.
    async fn request(&self, tenant: &TenantId, region: &str) -> Result<Asked, Problem> {
        let vault = self.plan.vault();
        let body = self.plan.new_vault.request_body(tenant.as_str(), region);
        let mut requests = 0;
        let mut made = 0;
        loop {
            self.step()?;
            let error = match self.arm.put_vault(vault, &body, made).await {
                Ok(sight) => return Ok(Asked::Answered(sight)),
                Err(error) => error,
            };
            if let Some(attempts) = error.held() {
                made = attempts;
                if let Some(sight) = self.arm.vault(vault).await? {
                    // After a lost answer it may be this job's own.
                    return Ok(match self.stage.get() {
                        Stage::Requested => Asked::Answered(sight),
                        _ => Asked::Found(sight),
                    });
                }
                continue;
            }
            made = 0;
            requests += 1;
            let lost = error.may_have_taken_effect();
            if !lost && self.stage.get() == Stage::Looking {
                return Err(error.into());
            }
            self.stage.set(Stage::Requested);
            self.log(&format!("looking what became of it: {error}"));
            match self.look_after(&error).await? {
                Some(sight) => return Ok(Asked::Answered(sight)),
                None if lost && requests < MOST_REQUESTS => {}
                None => return Err(Problem::Lost(error)),
            }
        }
    }

    async fn look_after(&self, error: &CallError) -> Result<Option<Sight>, Problem> {
        self.sleep(LOOK_EVERY).await?;
        let seen = self.arm.vault(self.plan.vault()).await;
        seen.map_err(|look| Problem::Unresolved {
            request: Box::new(error.clone()),
            look: Box::new(look),
        })
    }

    /// Looks at a vault until it is ready, or never will be.
    async fn follow(&self, mut sight: Sight) -> Result<VaultResource, Problem> {
        let mut missing_since = None;
        loop {
            match &sight.vault.state {
                Provisioning::Succeeded => return Ok(sight.vault),
                Provisioning::Failed { state, reason } => {
                    self.stage.set(Stage::Looking);
                    let name = self.name();
                    let state = match reason {
                        Some(reason) => format!("{state}: {reason}"),
                        None => state.clone(),
                    };
                    return Err(Problem::Found { name, state });
                }
                Provisioning::Underway(state) => {
                    self.stage.set(Stage::Following);
                    self.log(&format!("the vault is {state}"));
                }
            }
            self.sleep(sight.again_after.unwrap_or_default().max(LOOK_EVERY))
                .await?;
            match self.arm.vault(self.plan.vault()).await? {
                Some(seen) => {
                    missing_since = None;
                    sight = seen;
                }
                None => {
                    let now = self.env().now();
                    let since = *missing_since.get_or_insert(now);
                    if now.saturating_sub(since) >= MAY_BE_MISSING {
                        return Err(Problem::Vanished(self.name()));
                    }
                }
            }
        }
    }

    /// Between two requests: whether to go on.
    fn step(&self) -> Result<(), Problem> {
        match self.env().cancelled() {
            true => Err(Problem::Ended(Ended::Cancelled, None)),
            false => Ok(()),
        }
    }

    async fn sleep(&self, duration: Duration) -> Result<(), Problem> {
        self.env().sleep(duration).await;
        self.step()
    }

    fn name(&self) -> VaultName {
        self.plan.scope.vault().clone()
    }

    fn log(&self, line: &str) {
        self.env().log(LogLevel::Info, line);
    }

    fn env(&self) -> &E {
        self.arm.calls().env()
    }
}

#[cfg(test)]
mod tests;
