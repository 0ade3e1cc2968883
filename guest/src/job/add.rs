//! Adds a certificate with its key to a vault, or renews the one of that name.
//!
//! It must not know HTTP, tokens or JSON.
//!
//! | part | what it is about |
//! |---|---|
//! | `wanted` | what the job brings, read before anything is sent |
//! | `plan` | what to do about what is there: a pure function |
//! | `deeds` | what was done so far, for the message of a job that ends early |
//! | `steps` | the requests, in order |

mod deeds;
mod plan;
mod steps;
mod wanted;

use job_scope::{Alias, StoreScope};

use super::changing;
use super::store;
use super::watch;
use crate::contract::{Failure, Job, NewCertificate, Outcome, Status, Store};
use crate::env::Environment;
use crate::host::LogLevel;
use crate::pfx::Time;
use deeds::Deeds;
use plan::Note;
use steps::{Ending, Steps};
use wanted::Wanted;

/// Runs the job.
pub async fn run<E: Environment>(
    env: &E,
    job: &Job,
    store: &Store,
    certificate: NewCertificate,
) -> Outcome {
    let outcome = add(env, job, store, certificate).await;
    if let Status::Failure(_) = outcome.status {
        env.log(LogLevel::Error, &outcome.message);
    }
    outcome
}

async fn add<E: Environment>(
    env: &E,
    job: &Job,
    store: &Store,
    certificate: NewCertificate,
) -> Outcome {
    let deadline = watch::deadline(env.now(), job.time_limit);
    let now = Time::at(env.now().as_secs());
    let mut wanted = match Wanted::read(certificate, now) {
        Ok(wanted) => wanted,
        Err(error) => return Outcome::failure(Failure::InvalidInput, error),
    };
    let opened = match store::open(env, job, store, deadline) {
        Ok(opened) => opened,
        Err(error) => return Outcome::failure(Failure::InvalidInput, error),
    };
    let (scope, vault) = (&opened.scope, opened.vault());
    let secrets = std::mem::take(&mut wanted.secrets);
    let remarks = std::mem::take(&mut wanted.remarks);
    vault.calls().discretion().keep_all(secrets);
    let alias = wanted.alias.clone();
    let deeds = Deeds::default();
    let steps = Steps::new(&vault, wanted, &deeds).take();
    let changing = || vault.calls().is_changing();
    match watch::watched_changing(env, deadline, changing, steps).await {
        Ok(Ok(ending)) => done(scope, &alias, ending, &remarks),
        Ok(Err(problem)) => problem.outcome(&deeds, &alias),
        Err(ended) => {
            // What the job was for is done; only the policy was not looked at.
            if let Some(version) = deeds.version() {
                return changing::look(
                    scope,
                    &[format!(
                        "{alias} was imported: version {version}; the job had to stop before it could \
                         look whether the vault still renews it"
                    )],
                );
            }
            if !changing() {
                deeds.nothing_on_its_way();
            }
            let (so_far, unknown) = (deeds.told(&alias), deeds.unknown());
            changing::stopped(ended, vault.calls().last_trouble(), &so_far, unknown)
        }
    }
}

fn done(scope: &StoreScope, alias: &Alias, ending: Ending, remarks: &[String]) -> Outcome {
    match ending {
        Ending::Imported {
            version,
            thumbprint,
            recovered,
            notes,
        } => {
            let deed = format!("{alias} was imported: version {version}, thumbprint {thumbprint}");
            let below = recovered.then(|| {
                format!("a deleted certificate {alias} was recovered and is below the new version")
            });
            let told = notes.iter().map(ToString::to_string);
            let told = std::iter::once(deed).chain(below).chain(told);
            let told: Vec<String> = told.chain(remarks.iter().cloned()).collect();
            match notes.iter().any(Note::is_warning) {
                true => changing::look(scope, &told),
                false => changing::reached(scope, &told),
            }
        }
        Ending::Unchanged { recovered: false } => changing::reached(
            scope,
            &[format!(
                "{alias} is unchanged: this certificate is there already, enabled and with what \
                 the job asks for, so that nothing was imported; other CertificateTags with \
                 Overwrite make a new version"
            )],
        ),
        Ending::Unchanged { recovered: true } => changing::reached(
            scope,
            &[format!(
                "{alias} was deleted and has been recovered; it is this certificate, enabled and \
                 with what the job asks for, so that nothing was imported"
            )],
        ),
        Ending::LeftAlone(differences) => {
            let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
            changing::look(
                scope,
                &[format!(
                    "{alias} is there already and was left untouched, since the job does not say to \
                     overwrite it ({}); run the job with Overwrite to put a new version over it",
                    differences.join(", ")
                )],
            )
        }
    }
}

#[cfg(test)]
mod tests;
