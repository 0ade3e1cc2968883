//! The requests that change what is under a name (Azure REST, "Certificates - Import
//! Certificate" and "- Delete Certificate"). None of them is sent again while it is not
//! known what became of it.
//!
//! It must not know when a change is wanted.

use job_scope::Alias;

use super::{Deleted, LIST_PATH, Vault, is_gone};
use crate::azure::action::Action;
use crate::azure::current::Current;
use crate::azure::error::CallError;
use crate::azure::import::Import;
use crate::azure::retry::Repeat;
use crate::env::Environment;
use crate::http::{Method, Request};

/// What a deletion comes to.
pub enum Deletion {
    /// It was there, with all its versions.
    Deleted(Deleted),
    /// It was not.
    Absent,
}

/// A state in which a name takes no change (Microsoft Learn, "Azure Key Vault REST API
/// error codes", the inner codes of a 409).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameState {
    /// Soft-deleted: it can be recovered or purged.
    Deleted,
    /// The deletion is still going on.
    BeingDeleted,
    /// The recovery is still going on.
    BeingRecovered,
}

impl NameState {
    /// The state that made a change fail, if one did.
    pub fn behind(error: &CallError) -> Option<NameState> {
        let refusal = error.refusal().filter(|refusal| refusal.status == 409)?;
        [
            ("ObjectIsDeletedButRecoverable", NameState::Deleted),
            ("ObjectIsBeingDeleted", NameState::BeingDeleted),
            ("ObjectIsBeingRecovered", NameState::BeingRecovered),
        ]
        .into_iter()
        .find(|(code, _)| refusal.is(code))
        .map(|(_, state)| state)
    }
}

impl<E: Environment> Vault<'_, E> {
    /// Imports a certificate: a new version where the name is live.
    ///
    /// # Errors
    /// Whatever keeps it from being imported, or from being known to be; that it is in a
    /// state that takes no import is one of them, see [`NameState::behind`], and that it is to
    /// be looked at before it is sent again, see [`CallError::held`].
    pub async fn import(
        &self,
        name: &Alias,
        import: &Import<'_>,
        made: u32,
    ) -> Result<Current, CallError> {
        let url = self.url(&format!("{LIST_PATH}/{name}/import"));
        let call = self
            .service
            .call(Action::ImportCertificate(name.to_string()));
        let request = Request::json(Method::Post, url, &import.body());
        let response = self
            .service
            .send(&call, Repeat::AfterLook { made }, request)
            .await
            .map_err(|error| import.explain(error))?;
        let unreadable = |problem| self.unreadable(problem, call.clone(), &response);
        let current =
            Current::read(&response.body, name, self.calls().discretion()).map_err(unreadable)?;
        if current.thumbprint.is_none() {
            return Err(unreadable("it does not say what was imported"));
        }
        Ok(current)
    }

    /// Deletes a certificate with all its versions.
    ///
    /// # Errors
    /// Whatever keeps it from being deleted, or from being known to be, and that it is to be
    /// looked at before it is sent again, see [`CallError::held`].
    pub async fn delete(&self, name: &Alias, made: u32) -> Result<Deletion, CallError> {
        let url = self.url(&format!("{LIST_PATH}/{name}"));
        let call = self
            .service
            .call(Action::DeleteCertificate(name.to_string()));
        let request = Request::new(Method::Delete, url);
        match self
            .service
            .send(&call, Repeat::AfterLook { made }, request)
            .await
        {
            Ok(response) => Deleted::read(&response.body, name)
                .map(Deletion::Deleted)
                .map_err(|problem| self.unreadable(problem, call, &response)),
            Err(error) if is_gone(&error) => Ok(Deletion::Absent),
            Err(error) => Err(error),
        }
    }
}
