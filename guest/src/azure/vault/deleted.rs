//! What was soft-deleted: reading it, and recovering it (Azure REST, "Certificates - Get
//! Deleted Certificate" and "- Recover Deleted Certificate").
//!
//! It must not know who deleted it.

use std::collections::BTreeMap;

use job_scope::Alias;
use serde::Deserialize;
use serde_json::Value;

use super::{DELETED_PATH, Vault, is_gone, is_name_of, name_in};
use crate::azure::action::Action;
use crate::azure::current::texts;
use crate::azure::error::CallError;
use crate::azure::retry::Repeat;
use crate::env::Environment;
use crate::http::{Method, Request};

/// A certificate that was deleted. No `Debug`: tags may hold what people should not put
/// there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Whether it can be recovered. In vaults without soft delete it cannot.
    pub recoverable: bool,
    /// When, in seconds since 1970.
    pub deleted: Option<i64>,
    /// When the vault purges it by itself, in seconds since 1970.
    pub purged: Option<i64>,
    /// The tags, by name, which a recovery brings back.
    pub tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Wire {
    id: Option<String>,
    #[serde(rename = "recoveryId")]
    recovery_id: Option<String>,
    #[serde(rename = "deletedDate")]
    deleted_date: Option<i64>,
    #[serde(rename = "scheduledPurgeDate")]
    scheduled_purge_date: Option<i64>,
    tags: Option<BTreeMap<String, Value>>,
}

impl Deleted {
    pub(super) fn read(body: &[u8], requested: &Alias) -> Result<Deleted, &'static str> {
        let wire: Wire = serde_json::from_slice(body)
            .map_err(|_| "it is not the JSON of a deleted certificate")?;
        let name = wire.id.as_deref().and_then(name_in);
        if !name.is_none_or(|name| is_name_of(&name, requested)) {
            return Err("it is about another certificate");
        }
        Ok(Deleted {
            recoverable: wire.recovery_id.is_some_and(|id| !id.is_empty()),
            deleted: wire.deleted_date,
            purged: wire.scheduled_purge_date,
            tags: texts(wire.tags.unwrap_or_default()),
        })
    }
}

impl<E: Environment> Vault<'_, E> {
    /// Looks among the deleted certificates.
    ///
    /// # Errors
    /// Whatever keeps that from being known; not that there is none of that name (yet).
    pub async fn deleted(&self, name: &Alias) -> Result<Option<Deleted>, CallError> {
        let url = self.url(&format!("{DELETED_PATH}/{name}"));
        let call = self.service.call(Action::ReadDeleted(name.to_string()));
        match self.service.get(&call, url).await {
            Ok(response) => Deleted::read(&response.body, name)
                .map(Some)
                .map_err(|problem| CallError::Unreadable {
                    problem: problem.to_owned(),
                    call,
                }),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks for the end of a soft deletion, which comes some seconds later. `false`: there
    /// is nothing to recover.
    ///
    /// # Errors
    /// Whatever keeps it from being asked for, or from being known to be.
    pub async fn recover(&self, name: &Alias) -> Result<bool, CallError> {
        let url = self.url(&format!("{DELETED_PATH}/{name}/recover"));
        let call = self
            .service
            .call(Action::RecoverCertificate(name.to_string()));
        let request = Request::new(Method::Post, url);
        match self
            .service
            .send(&call, Repeat::OnlyIfUndone, request)
            .await
        {
            // What matters is what is there afterwards, not what this answer shows.
            Ok(_) => Ok(true),
            Err(error) if is_gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
