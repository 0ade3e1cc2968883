//! Adds a certificate with its key to a vault, or renews the one of that name.
//!
//! It must not know HTTP, tokens or JSON.
//!
//! | part | what it is about |
//! |---|---|
//! | `wanted` | what the job brings, read before anything is sent |
//! | `plan` | what to do about what is there: a pure function |
//! | `chain` | whether the certificates above the same one are there |
//! | `deeds` | what was done so far, for the message of a job that ends early |
//! | `steps` | the requests, in order |
//! | `ending` | how it ends |

mod chain;
mod deeds;
mod ending;
mod plan;
mod steps;
mod wanted;

use std::time::UNIX_EPOCH;

use job_scope::{Alias, FieldError, JobOptions, StoreScope, option};

use super::changing;
use super::input;
use super::store;
use super::watch;
use crate::azure::remedy;
use crate::contract::{Failure, Job, NewCertificate, Outcome, Status, Store};
use crate::env::Environment;
use crate::host::LogLevel;
use crate::pfx::Time;
use chain::Comparison;
use deeds::Deeds;
use ending::Ending;
use plan::{Difference, Note};
use steps::Steps;
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

/// The options that an Add heeds.
///
/// # Errors
/// One of them with a value that it does not know.
pub fn options(job: &Job) -> Result<JobOptions, FieldError> {
    input::options_named(job, &[option::HSM, option::COMPARE_CHAIN])
}

async fn add<E: Environment>(
    env: &E,
    job: &Job,
    store: &Store,
    certificate: NewCertificate,
) -> Outcome {
    let deadline = watch::deadline(env.now(), job.time_limit);
    let now = env.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Time::at(now.as_secs());
    let options = match options(job) {
        Ok(options) => options,
        Err(error) => return Outcome::failure(Failure::InvalidInput, error),
    };
    let mut wanted = match Wanted::read(certificate, options.hsm, now) {
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
    // Who runs the job says so where it may be: without a word nothing is asked for.
    let reads_secret = options.compare_chain == Some(true);
    let steps = Steps::new(&vault, wanted, reads_secret, &deeds).take();
    let changing = || vault.calls().is_changing();
    match watch::watched_changing(env, deadline, changing, steps).await {
        Ok(Ok(ending)) => done(scope, &alias, ending, &remarks),
        Ok(Err(problem)) => problem.outcome(&deeds, &alias, &remarks),
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
        Ending::Unchanged { recovered, chain } => {
            let state = match recovered {
                false => format!("{alias} is unchanged: this certificate is there already"),
                true => {
                    format!("{alias} was deleted and has been recovered; it is this certificate")
                }
            };
            let mut told = vec![format!(
                "{state} and enabled, and its tags and NonExportable are as asked, so that nothing \
                 was imported"
            )];
            told.extend(match chain {
                Comparison::NoneBrought => None,
                chain => Some(chain.to_string()),
            });
            told.push(
                "to import it all the same, run the job with Overwrite and other CertificateTags, \
                 or remove the certificate first"
                    .to_owned(),
            );
            told.extend(remarks.iter().cloned());
            changing::reached(scope, &told)
        }
        Ending::LeftAlone(differences) if differences == [Difference::UnderWay] => {
            let what = remedy::pending(scope.vault().as_str(), alias.as_str());
            changing::look(
                scope,
                &[format!(
                    "{alias} was left untouched, and nothing was imported: the vault is still making \
                     a certificate of that name (a pending operation), and takes no other \
                     meanwhile, also not with Overwrite; {what}, and run the job again"
                )],
            )
        }
        Ending::LeftAlone(differences) => {
            let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
            let mut told = vec![format!(
                "{alias} is there already and was left untouched, since the job does not say to \
                 overwrite it ({}); run the job with Overwrite to put a new version over it",
                differences.join(", ")
            )];
            told.extend(remarks.iter().cloned());
            changing::look(scope, &told)
        }
    }
}

#[cfg(test)]
mod tests;
