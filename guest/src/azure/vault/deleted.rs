//! What was soft-deleted: reading it, and recovering it (Azure REST, "Certificates - Get
//! Deleted Certificate" and "- Recover Deleted Certificate").
//!
//! It must not know who deleted it.

use std::collections::BTreeMap;

use job_scope::Alias;
use serde::Deserialize;
use serde_json::Value;

use super::{DELETED_PATH, Vault, is_gone, is_name_of, name_in, version_in};
use crate::azure::action::Action;
use crate::azure::current::{self, texts};
use crate::azure::error::CallError;
use crate::azure::key_kind::Protection;
use crate::azure::retry::Repeat;
use crate::env::Environment;
use crate::http::{Method, Request};
use crate::pfx::Form;

/// A certificate that was deleted, by an answer that shows which one. No `Debug`: tags may hold
/// what people should not put there.
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
    /// Where its key is kept, as far as it says that.
    pub protection: Option<Protection>,
    /// What its secret hands out, as far as it says that.
    pub form: Option<Form>,
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
    attributes: Option<BTreeMap<String, Value>>,
    policy: Option<Value>,
}

impl Deleted {
    /// Reads the answer to a deletion or to a look at what is deleted. Whoever answers in the
    /// service's place has JSON too; only the certificate's own id tells that this is the
    /// service's, and only a whole certificate without a way back that there is none.
    pub(super) fn read(body: &[u8], requested: &Alias) -> Result<Deleted, &'static str> {
        let wire: Wire = serde_json::from_slice(body)
            .map_err(|_| "it is not the JSON of a deleted certificate")?;
        let id = wire.id.unwrap_or_default();
        let name = name_in(&id).ok_or("it does not say which certificate it is")?;
        if !is_name_of(&name, requested) {
            return Err("it is about another certificate");
        }
        let recoverable = wire.recovery_id.is_some_and(|id| !id.is_empty());
        if !recoverable && (version_in(&id).is_none() || wire.attributes.is_none()) {
            return Err("it is not a whole certificate");
        }
        let policy = wire.policy.unwrap_or_default();
        Ok(Deleted {
            protection: policy
                .pointer("/key_props/kty")
                .and_then(|kty| Some(Protection::of_kty(kty.as_str()?))),
            form: policy.get("secret_props").and_then(current::form),
            recoverable,
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
                .map_err(|problem| self.unreadable(problem, call, &response)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<bool, &'static str> {
        let alias = Alias::parse("web-1").unwrap();
        Deleted::read(body.as_bytes(), &alias).map(|deleted| deleted.recoverable)
    }

    #[test]
    fn only_a_certificate_of_that_name_is_a_deleted_one() {
        let id = "https://kv-one.vault.azure.net/certificates/Web-1";
        for (body, wanted) in [
            (format!(r#"{{"id":"{id}/9","recoveryId":"r"}}"#), Ok(true)),
            (format!(r#"{{"id":"{id}","recoveryId":"r"}}"#), Ok(true)),
            (format!(r#"{{"id":"{id}/9","attributes":{{}}}}"#), Ok(false)),
            (
                format!(r#"{{"id":"{id}/9","recoveryId":"","attributes":{{}}}}"#),
                Ok(false),
            ),
            (format!(r#"{{"id":"{id}/9"}}"#), Err("not a whole")),
            (
                format!(r#"{{"id":"{id}","attributes":{{}}}}"#),
                Err("not a whole"),
            ),
            ("{}".to_owned(), Err("which certificate")),
            (r#"{"status":"ok"}"#.to_owned(), Err("which certificate")),
            (r#"{"recoveryId":"r"}"#.to_owned(), Err("which certificate")),
            (
                r#"{"id":"web-1","recoveryId":"r"}"#.to_owned(),
                Err("which certificate"),
            ),
            (
                r#"{"id":"https://v/certificates/web-2/9","recoveryId":"r"}"#.to_owned(),
                Err("another"),
            ),
            ("[]".to_owned(), Err("JSON")),
        ] {
            match (read(&body), wanted) {
                (Err(problem), Err(word)) => assert!(problem.contains(word), "{body}: {problem}"),
                (got, wanted) => assert_eq!(got, wanted, "{body}"),
            }
        }
    }
}
