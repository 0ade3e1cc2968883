//! A job as it flows: what it is about, what it may reach, the run, and the verdict. Every
//! path through here ends in a [`Report`].
//!
//! It must not know how reports are shown, nor how HTTP is sent.

mod spooling;
mod verdict;

pub use spooling::Observer;
pub use verdict::{Cause, Failure, Report, Status};

use crate::clock::Clock;
use crate::egress::{Audit, Hooks, JobEgress, JobIdentity, Transport};
use crate::engine::vocabulary as contract;
use crate::engine::{Cancel, Ended, Engine, Extension, JobRun, Work};
use crate::grant::{Grants, Outside};
use crate::limits::Limits;
use crate::orchestrator::Job;
use crate::policy::Policy;
use job_scope::{Identity, JobKind, Needs, StoreScope, rules, segment_patterns};
use secrecy::ExposeSecret;
use spooling::Spooling;
use std::sync::Arc;
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
}

/// Where jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// Each on a thread of its own, so that one that spins holds up nobody.
    PerJob,
    /// On the caller's runtime, so that a test's paused time is the job's.
    Caller,
}

/// What a job may reach, before it runs.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The rules.
    pub grants: Grants,
    /// What the job would need and the policy does not allow.
    pub outside: Vec<Outside>,
    /// What the job's input says that should be looked at.
    pub notes: Vec<String>,
    /// The host of the store.
    pub store_host: String,
}

/// The field of a store that names its host.
const PRIVATE_ENDPOINT: &str = "PrivateEndpoint";

/// Says what a job may reach under a policy. Pure: nothing is sent.
pub fn reach(job: &Job, policy: &Policy) -> Result<Reach, Failure> {
    let kind = job.kind;
    if !matches!(kind, JobKind::Inventory) {
        return Err(Failure::unsupported(format!(
            "{kind} jobs are not supported by this version, which does inventory jobs"
        )));
    }
    match job.identity {
        Identity::ClientSecret { .. } => {}
        Identity::ManagedIdentity { .. } => {
            return Err(Failure::unsupported(
                "ServerPassword: is blank or \"managed\", which means a managed identity; this version signs in with a client secret only, so give the application's secret (or, if a secret was meant to come from a PAM provider, see that it resolves to a value)".to_owned(),
            ));
        }
        Identity::ClientAssertion { .. } => {
            return Err(Failure::unsupported(
                "the job's identity is a workload identity; this version signs in with a client secret only".to_owned(),
            ));
        }
    }
    let scope = StoreScope::parse(&job.tenant, &job.path, &job.properties, &job.identity)?;
    let (grants, outside) = Grants::intersect(
        &rules(Needs {
            store: Some(&scope),
            ..Needs::new(kind, &job.identity)
        }),
        policy.hosts(),
        &policy.rules(kind),
        &scope.variables(&job.identity),
        &segment_patterns(),
    )
    .map_err(Failure::configuration)?;
    Ok(Reach {
        grants,
        outside,
        notes: scope.notes().to_vec(),
        store_host: scope.vault_host().to_owned(),
    })
}

impl Host {
    /// Runs a job to its report.
    pub async fn run(&self, job: &Job, cancel: Cancel, observer: Box<dyn Observer>) -> Report {
        let reach = match self.allowed(job) {
            Ok(reach) => reach,
            Err(failure) => return Report::not_run(failure),
        };
        if let Some(caution) = self.policy.caution() {
            self.audit.note(job.history_id, &caution);
        }
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
            self.limits.clone(),
        );
        let (spooling, list) = match Spooling::new(observer, &self.limits) {
            Ok(parts) => parts,
            Err(error) => {
                return Report::not_run(Failure::configuration(format!(
                    "no temporary file for the job's results: {error}; set TMPDIR to a directory with room"
                )));
            }
        };
        let run = JobRun {
            work: Work::Inventory(store_of(job)),
            job: self.contract_job(job, attempt),
            limits: self.limits.clone(),
            hooks: Box::new(Hooks::new(egress.clone())),
            reports: Box::new(spooling),
            cancel,
            clock: self.clock,
        };
        let ended: Ended = match self.threads {
            Threads::PerJob => self.engine.run_on_thread(&self.extension, run).await,
            Threads::Caller => self.engine.run(&self.extension, run).await,
        };
        verdict::verdict(verdict::Evidence {
            ended,
            traffic: egress.traffic(),
            list: list.take(),
            last_inventory: job.last_inventory,
            max_shrink: self.policy.max_shrink(),
            caution: self.policy.caution(),
            message_limit: self.limits.message,
        })
    }

    fn allowed(&self, job: &Job) -> Result<Reach, Failure> {
        let reach = reach(job, &self.policy)?;
        if !self.extension.offers(job.kind.as_str()) {
            return Err(Failure::unsupported(format!(
                "the extension does not offer {} jobs; it exports {}",
                job.kind,
                self.extension.exports().join(", ")
            )));
        }
        match reach.outside.first() {
            None => Ok(reach),
            Some(outside) => {
                let leads_there = outside.host == reach.store_host
                    && job.properties.get(PRIVATE_ENDPOINT).is_some();
                Err(Failure::outside(
                    outside,
                    leads_there.then_some(PRIVATE_ENDPOINT),
                ))
            }
        }
    }

    fn contract_job(&self, job: &Job, attempt_id: String) -> contract::Job {
        let secret = || {
            job.secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
                .unwrap_or_default()
        };
        contract::Job {
            attempt_id,
            time_limit: 0,
            credential: match &job.identity {
                Identity::ClientSecret { client_id } => {
                    contract::Credential::ClientSecret(contract::ClientSecret {
                        client_id: client_id.to_string(),
                        secret: secret(),
                    })
                }
                Identity::ClientAssertion { client_id } => {
                    contract::Credential::ClientAssertion(client_id.to_string())
                }
                Identity::ManagedIdentity { client_id } => contract::Credential::ManagedIdentity(
                    client_id.as_ref().map(ToString::to_string),
                ),
            },
            options: self
                .policy
                .options()
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    }
}

fn store_of(job: &Job) -> contract::Store {
    contract::Store {
        tenant: job.tenant.clone(),
        path: job.path.clone(),
        properties: job
            .properties
            .fields()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}
