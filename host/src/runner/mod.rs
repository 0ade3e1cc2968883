//! A job as it flows: what it is about, what it may reach, the run, and the verdict. Every
//! path through here ends in a [`Report`].
//!
//! It must not know how reports are shown, nor how HTTP is sent.

mod changed;
mod identity;
mod machine;
mod reach;
mod secret;
mod spooling;
mod token;
mod turns;
mod unread;
mod verdict;
mod work;

pub use identity::identified;
pub use machine::Machine;
pub use reach::{Reach, reach};
pub use spooling::Observer;
pub use unread::UnreadVariables;
pub use verdict::{Cause, Failure, Report, Status};

use crate::clock::Clock;
use crate::egress::{Audit, Hooks, JobEgress, JobIdentity, JobVeil, Transport};
use crate::engine::vocabulary::Status as Word;
use crate::engine::{Cancel, Ended, Engine, Extension, JobRun};
use crate::limits::{Limits, key};
use crate::orchestrator::{Job, LastInventory, Task};
use crate::policy::Policy;
use crate::veil::Kind;
use changed::Comparison;
use job_scope::{Identity, JobKind};
use secrecy::{ExposeSecret, SecretString};
use spooling::{Accepts, Spooling};
use std::sync::Arc;
use std::time::Duration;
use token::Assertions;
use uuid::Uuid;

/// What runs jobs: an engine, an extension, a policy and a way out.
pub struct Host {
    /// The engine.
    pub engine: Engine,
    /// The extension that every job runs in.
    pub extension: Extension,
    /// The operator's policy.
    pub policy: Policy,
    /// The way out.
    pub transport: Arc<dyn Transport>,
    /// Where attempts are recorded.
    pub audit: Arc<dyn Audit>,
    /// The time.
    pub clock: Clock,
    /// What each job may use.
    pub limits: Limits,
    /// Where jobs run.
    pub threads: Threads,
    /// Whose managed identity there is: [`Machine::of_this_process`], but in a test.
    pub machine: Machine,
    /// What extensions hold of a job's credentials.
    pub credentials: Credentials,
    /// What the environment says of proxies and authorities, which is not read: whoever cannot reach
    /// a host because of that is told so.
    pub unread: UnreadVariables,
}

/// What an extension holds of a job's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Placeholders, which the host replaces on the wire.
    Veiled,
    /// The credentials themselves, as on a host that has no veil.
    Bare,
}

/// Where jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// Each on a thread of its own, so that one that spins holds up nobody.
    PerJob,
    /// On the caller's runtime, so that a test's paused time is the job's.
    Caller,
}

/// Time between two runs of a job that waits for something to arrive. Roles take minutes, and
/// a run is a handful of requests.
const BETWEEN_RUNS: Duration = Duration::from_secs(15);

/// Time that a run gets however little is left of the wait: what is there takes seconds to be
/// seen.
const LAST_RUN: Duration = Duration::from_secs(5);

/// The field of a store that names its host.
const PRIVATE_ENDPOINT: &str = "PrivateEndpoint";

/// What the extension gets for the client secret: what stands for it, if there is a veil.
fn veiled(
    secret: Option<SecretString>,
    veil: Option<&JobVeil>,
) -> Result<Option<SecretString>, Failure> {
    let (Some(secret), Some(veil)) = (&secret, veil) else {
        return Ok(secret);
    };
    let placeholder = veil.cover(Kind::Secret, secret.expose_secret());
    placeholder
        .map(|placeholder| Some(SecretString::from(placeholder.as_str())))
        .map_err(|error| Failure::configuration(error.to_string()))
}

/// What is said of answers that were withheld.
fn withheld(count: u64) -> Option<String> {
    let (answers, them) = match count {
        0 => return None,
        1 => ("an answer", "it"),
        _ => ("answers", "them"),
    };
    Some(format!(
        "{answers} of a service held a credential of this job, so that the extension did not get {them}; the audit says which"
    ))
}

/// The key of the limit that a job's time comes from: none where `limits` have less than the
/// `own` ones of the host.
fn time_limit(limits: &Limits, own: &Limits, kind: JobKind) -> Option<&'static str> {
    let changes = matches!(kind, JobKind::Add | JobKind::CreateStore);
    if changes && own.deadline_of_change < limits.deadline {
        Some(key::DEADLINE_OF_CHANGE)
    } else {
        (limits.deadline >= own.deadline).then_some(key::DEADLINE)
    }
}

impl Host {
    /// Runs a job to its report. What is secret in it is gone from the host when it has ended.
    pub async fn run(&self, job: Job, cancel: Cancel, observer: Box<dyn Observer>) -> Report {
        self.run_within(job, cancel, observer, &self.limits).await
    }

    /// The same within other limits than the host's own.
    async fn run_within(
        &self,
        job: Job,
        cancel: Cancel,
        observer: Box<dyn Observer>,
        limits: &Limits,
    ) -> Report {
        let (mut job, reach) = match self.admitted(job) {
            Ok(admitted) => admitted,
            Err(failure) => return self.not_run(failure),
        };
        if let (Some(own), Some(completed)) = (job.store_mut(), reach.store) {
            *own = completed;
        }
        job.secret = match job.secret.map(secret::resolve).transpose() {
            Ok(secret) => secret,
            Err(failure) => return self.not_run(failure),
        };
        let kind = job.kind();
        let time_limit = time_limit(limits, &self.limits, kind);
        let limits = match kind {
            JobKind::Add | JobKind::CreateStore => limits.of_change(),
            JobKind::Inventory | JobKind::Remove | JobKind::Discovery | JobKind::Check => {
                limits.clone()
            }
        };
        let lost_before = self.audit.lost().lines;
        if let Some(caution) = self.policy.caution() {
            self.audit.note(job.history_id, &caution);
        }
        let veil = match self.credentials {
            Credentials::Veiled => Some(Arc::new(JobVeil::new())),
            Credentials::Bare => None,
        };
        let secret = match veiled(job.secret.take(), veil.as_deref()) {
            Ok(secret) => secret,
            Err(failure) => return self.not_run(failure),
        };
        let attempt = Uuid::new_v4().to_string();
        let egress = JobEgress::new(
            reach.grants,
            self.transport.clone(),
            self.audit.clone(),
            JobIdentity {
                job: job.history_id,
                attempt: attempt.clone(),
                extension: self.extension.digest().to_owned(),
            },
            self.clock,
            limits.clone(),
            veil.clone(),
        );
        let accepts = match kind {
            JobKind::Inventory => Accepts::Inventory(reach.versions),
            JobKind::Discovery => Accepts::Paths,
            JobKind::Add | JobKind::Remove | JobKind::CreateStore | JobKind::Check => {
                Accepts::Nothing
            }
        };
        let token = match &job.identity {
            Identity::ClientAssertion { .. } => job.token_file.take(),
            Identity::ClientSecret { .. } | Identity::ManagedIdentity { .. } => None,
        };
        let assertions = token.map(|path| Assertions::new(path, limits.assertion, veil));
        let assertions = match assertions.transpose() {
            Ok(assertions) => assertions,
            Err(failure) => return self.not_run(failure),
        };
        let (spooling, list) = match Spooling::new(observer, accepts, assertions, &limits) {
            Ok(parts) => parts,
            Err(error) => {
                return self.not_run(Failure::configuration(format!(
                    "no temporary file for the job's results: {error}; set TMPDIR to a directory with room"
                )));
            }
        };
        let last = match &mut job.task {
            Task::Inventory { last_inventory, .. } => std::mem::take(last_inventory),
            _ => LastInventory::default(),
        };
        let last_inventory = last.count;
        let store = job.store().map_or("", |store| &store.path);
        let store = format!("{}\n{store}", reach.store_host.unwrap_or_default());
        let turns = self.policy.inventory_turns();
        let mut comparison = Comparison::of(reach.extent, last, &store, turns);
        let spooling = spooling.comparing(std::mem::take(&mut comparison.known));
        let run = JobRun {
            job: work::job_input(
                attempt,
                &job.identity,
                secret.as_ref().map(|s| s.expose_secret()),
                reach.options,
            ),
            work: work::work(job.task, reach.places),
            limits: limits.clone(),
            hooks: Box::new(Hooks::new(egress.clone())),
            reports: Box::new(spooling),
            cancel,
            clock: self.clock,
        };
        drop(secret);
        let ended: Ended = match self.threads {
            Threads::PerJob => self.engine.run_on_thread(&self.extension, run).await,
            Threads::Caller => self.engine.run(&self.extension, run).await,
        };
        // What is done needs no word of a try that failed on the way.
        let obstacle = match &ended.outcome {
            Ok(outcome) if !matches!(outcome.status, Word::Failure(_)) => None,
            _ => egress.obstacle(),
        };
        let unread = obstacle
            .as_ref()
            .and_then(|obstacle| self.unread.hint(obstacle, self.policy.routes()));
        let (traffic, withheld_answers) = (egress.traffic(), egress.withheld());
        // It may still have something to record.
        drop(egress);
        // Others write there too: whoever ran while something was lost is told, and it may have
        // been theirs.
        let lost = Some(self.audit.lost()).filter(|lost| lost.lines > lost_before);
        let trouble = lost.map(|lost| {
            format!(
                "the audit is not complete: {}; see that its file can be written",
                lost.why
            )
        });
        let gone = list.gone();
        let warnings = reach.warnings.into_iter().chain(comparison.warning.take());
        let report = verdict::verdict(verdict::Evidence {
            ended,
            traffic,
            kind,
            list: list.take(),
            gone,
            last_inventory,
            max_shrink: reach.max_shrink,
            warnings: warnings
                .chain(obstacle.and_then(|obstacle| obstacle.told))
                .chain(unread)
                .chain(trouble)
                .chain(withheld(withheld_answers))
                .collect(),
            time_limit,
            caution: self.policy.caution(),
            message_limit: limits.message,
        });
        if !matches!(report.status, Status::Failure(_)) {
            comparison.succeeded();
        }
        report
    }

    /// Runs a job again and again until it ends otherwise than in a failure that time may mend,
    /// or `wait` is over, which bounds each run too: what was granted a moment ago takes minutes to arrive. `observer` makes
    /// one for each run, and `between` hears of each run that is not the last.
    pub async fn run_until(
        &self,
        job: Job,
        cancel: Cancel,
        wait: Duration,
        mut observer: impl FnMut() -> Box<dyn Observer>,
        mut between: impl FnMut(&Report),
    ) -> Report {
        let end = self.clock.now() + wait;
        loop {
            let left = end.saturating_duration_since(self.clock.now());
            let mut limits = self.limits.clone();
            limits.deadline = limits.deadline.min(left.max(LAST_RUN));
            let report = self
                .run_within(job.clone(), cancel.clone(), observer(), &limits)
                .await;
            let left = end.saturating_duration_since(self.clock.now());
            if left.is_zero() || !report.may_pass() {
                return report;
            }
            between(&report);
            tokio::select! {
                () = tokio::time::sleep(BETWEEN_RUNS.min(left)) => {}
                () = cancel.cancelled() => {
                    return report.stopped_waiting(self.policy.caution().as_deref(), &self.limits);
                }
            }
        }
    }

    /// The report of a job that this host did not run.
    pub fn not_run(&self, failure: Failure) -> Report {
        Report::not_run(failure, self.policy.caution().as_deref(), &self.limits)
    }

    /// The job with the identity that it has here, and what it may reach.
    fn admitted(&self, job: Job) -> Result<(Job, Reach), Failure> {
        let job = identified(job, &self.policy)?;
        self.machine.allows(&job.identity)?;
        let reach = self.allowed(&job)?;
        Ok((job, reach))
    }

    fn allowed(&self, job: &Job) -> Result<Reach, Failure> {
        let reach = reach(job, &self.policy)?;
        let kind = job.kind();
        if !self.extension.offers(kind.as_str()) {
            return Err(Failure::unsupported(format!(
                "the extension does not offer {kind} jobs; it exports {}",
                self.extension.exports().join(", ")
            )));
        }
        match reach.outside.first() {
            None => Ok(reach),
            Some(outside) => {
                let properties = job.store().map(|store| &store.properties);
                let leads_there = reach.store_host.as_ref() == Some(&outside.host)
                    && properties.is_some_and(|given| given.get(PRIVATE_ENDPOINT).is_some());
                Err(Failure::outside(
                    outside,
                    leads_there.then_some(PRIVATE_ENDPOINT),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jobs_time_is_that_of_its_kind_or_of_its_caller() {
        let own = Limits::default();
        let within = |seconds| Limits {
            deadline: Duration::from_secs(seconds),
            ..own.clone()
        };
        for (limits, kind, wanted) in [
            (within(900), JobKind::Inventory, Some(key::DEADLINE)),
            (within(900), JobKind::Remove, Some(key::DEADLINE)),
            (within(900), JobKind::Add, Some(key::DEADLINE_OF_CHANGE)),
            (
                within(900),
                JobKind::CreateStore,
                Some(key::DEADLINE_OF_CHANGE),
            ),
            (within(10), JobKind::Check, None),
            (within(10), JobKind::Add, None),
        ] {
            assert_eq!(time_limit(&limits, &own, kind), wanted, "{kind}");
        }
    }
}
