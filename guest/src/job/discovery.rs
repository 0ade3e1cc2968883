//! Finds vaults: in each tenant the subscriptions, in each subscription the vaults. What
//! cannot be read is left out and told; what was found is handed over at the end, and only
//! if the job did not fail.
//!
//! It must not know HTTP, tokens or JSON.

mod findings;
mod foreign;
mod places;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use job_scope::{FieldError, SubscriptionId, TenantId};

use self::findings::Findings;
use self::places::{Plan, Target};
use super::batches::{Batches, SubmissionRefused};
use super::input::Caller;
use super::watch::{self, Ended};
use crate::azure::arm::Arm;
use crate::azure::arm::graph::MOST_SUBSCRIPTIONS;
use crate::azure::arm::subscriptions::{State, Subscription};
use crate::azure::arm::vaults::FoundVault;
use crate::azure::calls::Calls;
use crate::azure::error::CallError;
use crate::contract::{Failure, Job, Outcome, Place, Status};
use crate::env::Environment;
use crate::host::LogLevel;

/// Subscriptions of a tenant that are listed one by one; with more, Resource Graph is asked
/// first. Fifty lists take a few seconds and are complete and current, which the graph is
/// not: it silently leaves out what it cannot read, and lags new vaults by minutes.
const MOST_LISTED: usize = 50;

/// Subscriptions that are listed at the same time. Each has a read limit of its own
/// ("Understand how Azure Resource Manager throttles requests"), so that this bounds what
/// one job asks of Azure Resource Manager, and stays far below a host's limit of 64.
const IN_FLIGHT: usize = 16;

/// Why a discovery failed as a whole.
#[derive(Debug, thiserror::Error)]
enum Problem {
    /// The job had to stop; the last trouble before that.
    #[error("{}", .0.told(.1.as_ref()).1)]
    Ended(Ended, Option<CallError>),
    /// A call that would have been repeated after the job's end.
    #[error(transparent)]
    Call(CallError),
    #[error(transparent)]
    Submission(#[from] SubmissionRefused),
}

impl Problem {
    fn failure(&self) -> Failure {
        match self {
            Problem::Ended(ended, last) => ended.told(last.as_ref()).0,
            Problem::Call(error) => error.failure(),
            Problem::Submission(_) => Failure::SubmissionRefused,
        }
    }
}

/// Runs the job.
pub async fn run<E: Environment>(env: &E, job: &Job, places: &[Place]) -> Outcome {
    let deadline = watch::deadline(env.now(), job.time_limit);
    let calls = Rc::new(Calls::new(env, &job.attempt_id, deadline));
    let (targets, mut findings) = match prepare(&calls, job, places) {
        Ok(prepared) => prepared,
        Err(error) => {
            let outcome = Outcome::failure(Failure::InvalidInput, error);
            env.log(LogLevel::Error, &outcome.message);
            return outcome;
        }
    };
    let search = Search { env };
    let outcome = match search
        .ended(deadline, &calls, &targets, &mut findings)
        .await
    {
        Ok(()) => findings.outcome(),
        Err(problem) => Outcome::failure(
            problem.failure(),
            format!("{problem}; {}", findings.so_far()),
        ),
    };
    if let Status::Failure(_) = outcome.status {
        env.log(LogLevel::Error, &outcome.message);
    }
    outcome
}

/// A tenant, and the way to ask about it.
type Asked<'e, E> = (Target, Arm<'e, E>);

fn prepare<'e, E: Environment>(
    calls: &Rc<Calls<'e, E>>,
    job: &Job,
    places: &[Place],
) -> Result<(Vec<Asked<'e, E>>, Findings), FieldError> {
    let caller = Caller::of(job)?;
    let Plan {
        targets,
        unusable,
        note,
    } = places::plan(job, caller.identity(), places)?;
    let mut findings = Findings::new(targets.len(), note);
    for (place, error) in unusable {
        let error = error.to_string();
        findings.lose(&place, &error, Failure::InvalidInput, error.clone());
    }
    let mut asked = Vec::new();
    for target in targets {
        let endpoints = target.cloud.endpoints();
        let tokens = caller.tokens(target.tenant.as_ref(), endpoints)?;
        let arm = Arm::new(Rc::clone(calls), Rc::new(tokens), endpoints);
        asked.push((target, arm));
    }
    Ok((asked, findings))
}

/// A tenant that is being searched.
struct Searched<'t> {
    target: &'t Target,
    /// The tenant that its tokens are of, where that is known.
    own: Option<&'t TenantId>,
}

impl Searched<'_> {
    fn add(&self, vault: &FoundVault, findings: &mut Findings) {
        let of_another = vault
            .tenant
            .as_ref()
            .filter(|tenant| self.own.is_some_and(|own| own != *tenant));
        findings.add(&vault.path, self.target.path_format, of_another);
    }
}

/// The tenant that the tokens are of: the one that is named by its id, or the only one that every
/// subscription belongs or is delegated to.
fn own_tenant(named: Option<&TenantId>, subscriptions: &[Subscription]) -> Option<TenantId> {
    if let Some(named) = named.filter(|tenant| tenant.is_guid()) {
        return Some(named.clone());
    }
    let told = subscriptions.iter().map(|one| &one.tenants);
    let told = told.filter(|tenants| !tenants.is_empty()).cloned();
    let shared = told.reduce(|shared, tenants| &shared & &tenants)?;
    let mut shared = shared.into_iter();
    shared.next().filter(|_| shared.next().is_none())
}

/// One run.
struct Search<'e, E> {
    env: &'e E,
}

impl<'e, E: Environment> Search<'e, E> {
    /// Searches and hands over, unless it must end before.
    async fn ended(
        &self,
        deadline: Duration,
        calls: &Calls<'e, E>,
        targets: &[Asked<'e, E>],
        findings: &mut Findings,
    ) -> Result<(), Problem> {
        let work = async {
            for (target, arm) in targets {
                self.step(findings)?;
                self.tenant(arm, target, findings).await?;
                findings.tenant_done();
            }
            self.step(findings)?;
            self.hand_over(findings)
        };
        match watch::watched(self.env, deadline, work).await {
            Ok(result) => result,
            Err(ended) => Err(Problem::Ended(ended, calls.last_trouble())),
        }
    }

    async fn tenant(
        &self,
        arm: &Arm<'e, E>,
        target: &Target,
        findings: &mut Findings,
    ) -> Result<(), Problem> {
        let listing = arm.subscriptions().await;
        let sees_none = listing.items.is_empty();
        let wanted = |id: &SubscriptionId| {
            target.subscriptions.is_empty() || target.subscriptions.contains(id)
        };
        findings.named(&target.subscriptions);
        findings.account_for(listing.items.iter().map(|one| one.id.clone()));
        let own = own_tenant(target.tenant.as_ref(), &listing.items);
        let target = Searched {
            target,
            own: own.as_ref(),
        };
        let mut closed = 0;
        let mut usable = BTreeSet::new();
        for subscription in listing.items.into_iter().filter(|one| wanted(&one.id)) {
            match subscription.state {
                State::Usable => {
                    usable.insert(subscription.id);
                }
                State::Closed => closed += 1,
            }
        }
        findings.subscriptions(usable.len(), closed);
        let lost: Vec<CallError> = listing.odd.into_iter().chain(listing.error).collect();
        if lost.is_empty() && sees_none {
            findings.blind(target.target.to_string());
        }
        if !lost.is_empty() {
            findings.account_for(target.target.subscriptions.iter().cloned());
        }
        for error in lost {
            self.lose(findings, &target.target.to_string(), error)?;
        }
        let usable: Vec<SubscriptionId> = usable.into_iter().collect();
        let listed = if usable.len() > MOST_LISTED {
            self.by_graph(arm, &target, usable, findings).await?
        } else {
            usable
        };
        self.by_lists(arm, &target, &listed, findings).await
    }

    /// Asks Resource Graph, and gives back the subscriptions that it did not answer for:
    /// those without a single row, and all of a query that failed. One that has rows counts
    /// as answered, although a vault of the last minutes may be missing.
    async fn by_graph(
        &self,
        arm: &Arm<'e, E>,
        target: &Searched<'_>,
        subscriptions: Vec<SubscriptionId>,
        findings: &mut Findings,
    ) -> Result<Vec<SubscriptionId>, Problem> {
        let mut unanswered = Vec::new();
        let mut works = true;
        for asked in subscriptions.chunks(MOST_SUBSCRIPTIONS) {
            self.step(findings)?;
            if !works {
                unanswered.extend_from_slice(asked);
                continue;
            }
            let mut answered = BTreeSet::new();
            match arm.query_vaults(asked).await {
                Ok(vaults) => {
                    for vault in vaults {
                        answered.insert(vault.path.subscription().clone());
                        target.add(&vault, findings);
                    }
                }
                Err(error) => {
                    // It says so of these alone; the next ones may be others.
                    works = error
                        .refusal()
                        .is_some_and(|refusal| refusal.is("NoValidSubscriptionsInQueryRequest"));
                    self.log(LogLevel::Info, &format!("listing one by one: {error}"));
                }
            }
            findings.searched(answered.len());
            let open = |id: &&SubscriptionId| !answered.contains(*id);
            unanswered.extend(asked.iter().filter(open).cloned());
        }
        Ok(unanswered)
    }

    async fn by_lists(
        &self,
        arm: &Arm<'e, E>,
        target: &Searched<'_>,
        subscriptions: &[SubscriptionId],
        findings: &mut Findings,
    ) -> Result<(), Problem> {
        let list = |id| async move { (id, arm.vaults_of(id).await) };
        let mut lists = stream::iter(subscriptions)
            .map(list)
            .buffer_unordered(IN_FLIGHT);
        while let Some((id, listing)) = lists.next().await {
            let place = format!("subscription {id}");
            for vault in listing.items {
                target.add(&vault, findings);
            }
            for error in listing.odd.into_iter().chain(listing.error) {
                self.lose(findings, &place, error)?;
            }
            findings.searched(1);
            self.step(findings)?;
        }
        Ok(())
    }

    /// A place that was not searched to its end. One that must wait beyond the job's end ends
    /// the job: its time is up, and half of what there is would look like all of it. The result
    /// tells the others together, by cause; a line for each is for who asks for it.
    fn lose(&self, findings: &mut Findings, place: &str, error: CallError) -> Result<(), Problem> {
        if error.is_out_of_time() {
            return Err(Problem::Call(error));
        }
        let line = format!("not searched to the end: {place}: {error}");
        self.log(LogLevel::Info, &line);
        let in_full = error.to_string();
        findings.lose(place, &error.briefly(), error.failure(), in_full);
        Ok(())
    }

    /// At the end alone, when the search was not ended early; what fails after its end has
    /// found nothing.
    fn hand_over(&self, findings: &Findings) -> Result<(), Problem> {
        let mut batches = Batches::new(self.env);
        for path in findings.paths() {
            batches.add(path.to_owned())?;
        }
        batches.hand_over()?;
        Ok(())
    }

    /// Between places: says how far the job is, and asks whether to go on.
    fn step(&self, findings: &Findings) -> Result<(), Problem> {
        self.env.progress(findings.count(), None);
        match self.env.cancelled() {
            true => Err(Problem::Ended(Ended::Cancelled, None)),
            false => Ok(()),
        }
    }

    fn log(&self, level: LogLevel, line: &str) {
        self.env.log(level, line);
    }
}

#[cfg(test)]
mod tests;
