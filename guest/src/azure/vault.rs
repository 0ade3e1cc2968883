//! The certificates of one vault (Azure REST, "Certificates").
//!
//! It must not know what a job makes of the certificates.
//!
//! | part | what it is about |
//! |---|---|
//! | `listing` | the list, page by page, and the versions of one name |
//! | `reading` | what is under one name |
//! | `changing` | importing, deleting |
//! | `deleted` | what was soft-deleted: reading it, recovering it |

mod changing;
mod deleted;
mod listing;
mod reading;

use job_scope::{Alias, KEY_VAULT_API_VERSION};

use super::action::Call;
use super::calls::Calls;
use super::error::CallError;
use super::service::Service;
use crate::env::Environment;
use crate::http::Response;

pub use changing::{Deletion, NameState};
pub use deleted::Deleted;
pub use listing::{Listed, Page};
pub use reading::Reading;

const LIST_PATH: &str = "/certificates";
const DELETED_PATH: &str = "/deletedcertificates";

/// A vault.
pub struct Vault<'e, E> {
    service: Service<'e, E>,
}

impl<'e, E: Environment> Vault<'e, E> {
    /// The vault at the service's host.
    pub fn new(service: Service<'e, E>) -> Self {
        Vault { service }
    }

    /// The calls of the job.
    pub fn calls(&self) -> &Calls<'e, E> {
        self.service.calls()
    }

    /// The vault as a service, for what stands beside its certificates.
    pub fn service(&self) -> &Service<'e, E> {
        &self.service
    }

    /// An answer that makes no sense.
    fn unreadable(&self, problem: &str, call: Call, response: &Response) -> CallError {
        CallError::unreadable(problem, call, response, self.calls().discretion())
    }

    /// The URL of a path.
    fn url(&self, path: &str) -> String {
        self.service
            .url(&format!("{path}?api-version={KEY_VAULT_API_VERSION}"))
    }
}

/// A 404 of something in between is not the service saying "deleted".
fn is_gone(error: &CallError) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| refusal.status == 404 && refusal.is("CertificateNotFound"))
}

/// The name in `https://{host}/certificates/{name}[/{version}]`. Which names may be
/// asked for is not decided here.
pub(super) fn name_in(id: &str) -> Option<String> {
    path_of(id).map(|(name, _)| name.to_owned())
}

/// Whether a name is the one that was asked for. Names are case-insensitive in the service;
/// ids keep the case of the first use.
pub(super) fn is_name_of(name: &str, requested: &Alias) -> bool {
    name.eq_ignore_ascii_case(requested.as_str())
}

/// The version in an id that has one.
pub(super) fn version_in(id: &str) -> Option<String> {
    path_of(id)?.1.map(str::to_owned)
}

fn path_of(id: &str) -> Option<(&str, Option<&str>)> {
    let (_, rest) = id.split_once("://")?;
    let mut segments = rest.split('/').skip(1);
    if !segments.next()?.eq_ignore_ascii_case("certificates") {
        return None;
    }
    let name = segments.next().filter(|name| !name.is_empty())?;
    Some((name, segments.next().filter(|version| !version.is_empty())))
}

#[cfg(test)]
mod tests;
