//! Removes a certificate from a vault, with all its versions.
//!
//! It must not know HTTP, tokens or JSON. In a vault everything that is deleted can be
//! recovered until it is purged; this job never purges.
//!
//! Where the job says which certificate it means, that one must be the current version: a
//! name that somebody has used again for another certificate is not this job's to delete.

mod steps;

use std::cell::Cell;

use job_scope::{Alias, FieldError, StoreScope, Thumbprint};

use super::changing;
use super::store;
use super::watch;
use crate::contract::{Failure, Job, Outcome, Status, Store};
use crate::env::Environment;
use crate::host::LogLevel;
use steps::{Deed, Ending, Steps};

/// Runs the job. A `thumbprint` that is blank says nothing; one that is there and cannot be read
/// ends the job, since whoever wrote it meant one certificate and no other.
pub async fn run<E: Environment>(
    env: &E,
    job: &Job,
    store: &Store,
    alias: &str,
    thumbprint: Option<&str>,
) -> Outcome {
    let outcome = remove(env, job, store, alias, thumbprint).await;
    if let Status::Failure(_) = outcome.status {
        env.log(LogLevel::Error, &outcome.message);
    }
    outcome
}

async fn remove<E: Environment>(
    env: &E,
    job: &Job,
    store: &Store,
    alias: &str,
    thumbprint: Option<&str>,
) -> Outcome {
    let deadline = watch::deadline(env.now(), job.time_limit);
    let prepared = prepare(alias, thumbprint)
        .and_then(|(alias, wanted)| Ok((alias, wanted, store::open(env, job, store, deadline)?)));
    let (alias, wanted, opened) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Outcome::failure(Failure::InvalidInput, error),
    };
    let (scope, vault) = (&opened.scope, opened.vault());
    let deed = Cell::new(Deed::Nothing);
    let steps = Steps::new(&vault, &alias, wanted, &deed).take();
    let changing = || vault.calls().is_changing();
    match watch::watched_changing(env, deadline, changing, steps).await {
        Ok(Ok(ending)) => done(scope, &alias, &ending),
        Ok(Err(problem)) => problem.outcome(deed.get()),
        // What the job was for is done; it only was not seen to the end.
        Err(_) if deed.get() == Deed::Deleted => {
            let unseen = Ending::Unseen("the job had to stop before".to_owned());
            done(scope, &alias, &unseen)
        }
        Err(ended) => {
            let deed = match deed.get() {
                // It only waits to be sent, for the first time or again.
                Deed::Sent if !changing() => Deed::Nothing,
                deed => deed,
            };
            let last = vault.calls().last_trouble();
            changing::stopped(ended, last, deed.told(), deed.is_unknown())
        }
    }
}

fn prepare(
    alias: &str,
    thumbprint: Option<&str>,
) -> Result<(Alias, Option<Thumbprint>), FieldError> {
    let wanted = Thumbprint::parse(thumbprint.unwrap_or_default())?;
    Ok((Alias::parse(alias)?, wanted))
}

fn done(scope: &StoreScope, alias: &Alias, ending: &Ending) -> Outcome {
    match ending {
        Ending::Removed { purged } => {
            let until = match purged.and_then(changing::date) {
                Some(date) => format!("until {date}"),
                None => "until the vault purges it".to_owned(),
            };
            let told = format!("{alias} was deleted; it can be recovered {until}");
            changing::reached(scope, &[told])
        }
        Ending::Gone => changing::reached(
            scope,
            &[format!(
                "{alias} was deleted for good: the vault has no soft delete"
            )],
        ),
        Ending::Absent => changing::look(
            scope,
            &[format!(
                "there is nothing to remove: the vault has no certificate {alias}"
            )],
        ),
        Ending::Unseen(why) => changing::look(
            scope,
            &[format!(
                "{alias} was deleted, but does not show among the deleted certificates yet ({why}); \
                 its name may be taken for some minutes"
            )],
        ),
    }
}

#[cfg(test)]
mod tests;
