//! Many extensions in one process, each with a host of its own, and each with its share of
//! the jobs that run at once.
//!
//! Nothing belongs to two of them: not the engine, whose pool of instances one that hoards could
//! empty for all; not the I/O runtime, on which the connections, TLS sessions and name look-ups of
//! one live; not the policy, the audit, the limits. Measured, that costs three threads that sleep and
//! four MiB for each, and addresses with no memory behind them. What is left to share is the process,
//! the machine, and the one who gives out jobs.
//!
//! It must not know what a job is, nor where jobs come from and results go.

mod config;

pub use config::{Config, ConfigError, Entry, Quota};

use crate::engine::Cancel;
use crate::runner::Host;
use job_scope::counted;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Extensions by name.
pub struct Fleet {
    members: BTreeMap<String, Arc<Member>>,
}

struct Member {
    name: String,
    host: Host,
    quota: Quota,
    /// One for each job that runs or waits.
    places: Arc<Semaphore>,
    /// One for each job that runs.
    turns: Arc<Semaphore>,
}

/// Why a job was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is no such extension.
    #[error("there is no extension {given:?} here; the configuration has {}", known.join(", "))]
    Unknown {
        /// The name that was given, safe to print.
        given: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// It has as many jobs as it may.
    #[error(
        "{name} has {} running and {} waiting, which is all it may have; give it this one later, or raise `jobs` or `waiting`",
        counted(quota.jobs, "job"), quota.waiting
    )]
    Full {
        /// Its name.
        name: String,
        /// How many jobs it may have.
        quota: Quota,
    },
}

impl Fleet {
    /// A fleet of these, by name, each with what it may have at once.
    pub fn new(members: impl IntoIterator<Item = (String, Host, Quota)>) -> Self {
        let members = members.into_iter().map(|(name, host, quota)| {
            let member = Arc::new(Member {
                name: name.clone(),
                host,
                quota,
                places: Arc::new(Semaphore::new(quota.jobs + quota.waiting)),
                turns: Arc::new(Semaphore::new(quota.jobs)),
            });
            (name, member)
        });
        Self {
            members: members.collect(),
        }
    }

    /// A place for a job of an extension, which keeps it until the job is over. It is there at
    /// once or not at all: whoever gives out jobs waits for no extension.
    ///
    /// # Errors
    /// Why there is none.
    pub fn admit(&self, extension: &str) -> Result<Place, Refused> {
        let Some(member) = self.members.get(extension) else {
            return Err(Refused::Unknown {
                given: crate::text::one_line(extension, config::LONGEST_NAME),
                known: self.members.keys().cloned().collect(),
            });
        };
        match member.places.clone().try_acquire_owned() {
            Ok(place) => Ok(Place {
                member: member.clone(),
                _place: place,
            }),
            Err(_) => Err(Refused::Full {
                name: member.name.clone(),
                quota: member.quota,
            }),
        }
    }
}

/// A place for one job.
pub struct Place {
    member: Arc<Member>,
    _place: OwnedSemaphorePermit,
}

impl Place {
    /// The name of the extension.
    pub fn extension(&self) -> &str {
        &self.member.name
    }

    /// The host of the extension.
    pub fn host(&self) -> &Host {
        &self.member.host
    }

    /// Waits until the job may run, in the order in which places were given. `None` when it was
    /// asked to stop before.
    pub async fn turn(&self, cancel: &Cancel) -> Option<Turn> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            turn = self.member.turns.clone().acquire_owned() => Some(Turn {
                member: self.member.clone(),
                _turn: turn.ok()?,
            }),
        }
    }
}

/// The right to run one job now. It ends when this is dropped: that is when its report is gone
/// too, so that an extension keeps no more lists than it may run jobs.
pub struct Turn {
    member: Arc<Member>,
    _turn: OwnedSemaphorePermit,
}

impl Turn {
    /// The host to run it on.
    pub fn host(&self) -> &Host {
        &self.member.host
    }
}
