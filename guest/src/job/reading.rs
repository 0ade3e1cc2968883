//! Reading what an inventory wants of one name: the current version, all of them, and their
//! issuers.
//!
//! It must not know the list, nor what a gap means for the job.

use job_scope::{Alias, Chain, JobOptions, Versions};

use super::item::Found;
use crate::azure::certificate::{Certificate, Defect};
use crate::azure::error::CallError;
use crate::azure::issuers::{Issuers, Withheld, issuers_of};
use crate::azure::vault::{Reading, Vault};
use crate::env::Environment;

/// What reading one name comes to.
#[derive(Debug)]
pub enum NameReading {
    /// Its versions, the current one first; each with the reason why it has no chain, where
    /// one was wanted and is not to be had.
    Found(Vec<(Found, Option<Withheld>)>),
    /// It was deleted since the list was made.
    Gone,
    /// It is there, and is not one that can be used.
    Defective(Defect),
}

/// Reads one name.
///
/// # Errors
/// Whatever keeps it from being read, other than its absence or its content.
pub async fn read<E: Environment>(
    vault: &Vault<'_, E>,
    name: &Alias,
    options: &JobOptions,
) -> Result<NameReading, CallError> {
    let current = match vault.certificate(name).await? {
        Reading::Certificate(certificate) => *certificate,
        Reading::Gone => return Ok(NameReading::Gone),
        Reading::Defective(defect) => return Ok(NameReading::Defective(defect)),
    };
    let of_current = current.version.clone();
    let mark = |flag| (options.versions == Versions::All).then_some(flag);
    let mut all = vec![with_chain(vault, name, options, current, mark(true)).await?];
    if options.versions == Versions::All {
        for version in vault.versions(name).await? {
            if of_current.as_ref() == Some(&version) {
                continue;
            }
            match vault.version(name, &version).await? {
                Reading::Certificate(older) => {
                    all.push(with_chain(vault, name, options, *older, mark(false)).await?);
                }
                // A version that is pending has no content, and one may vanish meanwhile.
                Reading::Gone | Reading::Defective(_) => {}
            }
        }
    }
    Ok(NameReading::Found(all))
}

async fn with_chain<E: Environment>(
    vault: &Vault<'_, E>,
    name: &Alias,
    options: &JobOptions,
    certificate: Certificate,
    current: Option<bool>,
) -> Result<(Found, Option<Withheld>), CallError> {
    let (issuers, problem) = match (options.chain, &certificate.version) {
        (Chain::Leaf, _) => (Vec::new(), None),
        // The vault would refuse its secret, whoever asks.
        (Chain::Full, _) if certificate.enabled == Some(false) => {
            (Vec::new(), Some(Withheld::Disabled))
        }
        (Chain::Full, None) => (
            Vec::new(),
            Some(Withheld::Odd("the vault did not say its version")),
        ),
        (Chain::Full, Some(version)) => {
            match issuers_of(vault.service(), name, version, &certificate.der).await? {
                Issuers::Known(issuers) => (issuers, None),
                Issuers::Withheld(problem) => (Vec::new(), Some(problem)),
            }
        }
    };
    let found = Found {
        certificate,
        issuers,
        current,
    };
    Ok((found, problem))
}
