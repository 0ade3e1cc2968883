//! What changes of a certificate share: bodies, tags, and who is in the way.
//!
//! Must not know any one operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Call;
use super::certificate::{Certificate, Life};
use super::error::Refusal;
use super::policy::Policy;
use super::store::Slot;

/// "About Azure Key Vault certificates" and keys: so many tags of so many characters each way (wire 2.9).
const TAGS: usize = 15;
const TAG_LENGTH: usize = 256;

/// Attributes that a client may set; the dates are the certificate's own.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GivenAttributes {
    pub(super) enabled: Option<bool>,
}

pub(super) type Tags = BTreeMap<String, String>;

/// A body of the shape that an operation wants.
pub(super) fn body<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, Refusal> {
    serde_json::from_slice(call.body).map_err(|_| {
        Refusal::BadParameter("The request body is not the JSON that this operation takes.".into())
    })
}

pub(super) fn check_tags(tags: Option<&Tags>) -> Result<(), Refusal> {
    let Some(tags) = tags else {
        return Ok(());
    };
    if tags.len() > TAGS {
        return Err(Refusal::BadParameter(format!(
            "The number of tags {} exceeds the maximum of {TAGS}.",
            tags.len()
        )));
    }
    let long = |text: &String| text.chars().count() > TAG_LENGTH;
    if tags.iter().any(|(name, value)| long(name) || long(value)) {
        return Err(Refusal::BadParameter(format!(
            "A tag's name or value exceeds the maximum of {TAG_LENGTH} characters."
        )));
    }
    Ok(())
}

impl Call<'_> {
    /// Changes a live certificate.
    pub(super) fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Certificate) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.replace(name, |found| {
            let mut certificate = match found {
                Some(certificate) if certificate.is_live() => Certificate::clone(certificate),
                Some(certificate) => match certificate.life {
                    Life::Recovering { .. } => return Err(Refusal::BeingRecovered),
                    _ => return Err(Refusal::NotFound(name.to_owned())),
                },
                None => return Err(Refusal::NotFound(name.to_owned())),
            };
            let answer = change(&mut certificate)?;
            Ok((Slot::Kept(Arc::new(certificate)), answer))
        })
    }

    /// Puts something in the place of whatever has the name.
    pub(super) fn replace<T>(
        &self,
        name: &str,
        decide: impl FnOnce(Option<&Arc<Certificate>>) -> Result<(Slot, T), Refusal>,
    ) -> Result<T, Refusal> {
        let course = self.vault.course();
        let answer = self.vault.store.change(name, &course, decide)?;
        self.vault.mark();
        Ok(answer)
    }

    /// The live certificate that a new version is for, none where the name is free; a name that is on
    /// its way somewhere, deleted, or of a secret or key, is neither (wire 2.1, 2.8).
    pub(super) fn room_for(
        &self,
        name: &str,
        found: Option<&Arc<Certificate>>,
    ) -> Result<Option<Certificate>, Refusal> {
        self.vault.alone.check(name)?;
        let Some(certificate) = found else {
            return Ok(None);
        };
        match certificate.life {
            Life::Live => Ok(Some(Certificate::clone(certificate))),
            Life::Deleted { visible, .. } if visible <= self.now => {
                Err(Refusal::Deleted(certificate.name.clone()))
            }
            Life::Deleted { .. } | Life::Purging { .. } => Err(Refusal::BeingDeleted),
            Life::Recovering { .. } => Err(Refusal::BeingRecovered),
        }
    }

    /// As [`Call::room_for`], for an import or a create: a version that is being made comes first
    /// ("Monitor and manage certificate creation").
    pub(super) fn room_for_version(
        &self,
        name: &str,
        found: Option<&Arc<Certificate>>,
    ) -> Result<Option<Certificate>, Refusal> {
        let prior = self.room_for(name, found)?;
        if prior.as_ref().is_some_and(Certificate::is_under_way) {
            return Err(Refusal::UnderWay);
        }
        Ok(prior)
    }
}

/// A policy is as old as the first of its name, as recordings show.
pub(super) fn keep_age(policy: &mut Policy, prior: Option<&Certificate>) {
    let age = prior
        .and_then(|c| c.policy.attributes.as_ref())
        .map(|a| a.created);
    if let (Some(attributes), Some(created)) = (&mut policy.attributes, age) {
        attributes.created = created;
    }
}
