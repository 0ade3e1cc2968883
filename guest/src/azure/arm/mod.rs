//! Azure Resource Manager: subscriptions, resource groups and vaults as resources, in one
//! cloud and with the token of one tenant.
//!
//! Nothing here may know a job, or what is in a vault.
//!
//! | file | what it knows |
//! |---|---|
//! | [`advice`] | what to do about its error codes |
//! | [`graph`] | the vaults of many subscriptions at once, by Resource Graph |
//! | [`groups`] | a resource group |
//! | [`listing`] | a list with next links, as far as it can be read |
//! | [`permissions`] | what the identity may do, and where |
//! | [`subscriptions`] | which subscriptions there are, and whose they are |
//! | [`vaults`] | one vault: look, name, create; and the lists of them |

pub mod advice;
pub mod graph;
pub mod groups;
pub mod listing;
pub mod permissions;
pub mod subscriptions;
pub mod vaults;

use std::rc::Rc;

use job_scope::{Endpoints, ResourceGroup, SubscriptionId, VaultName};
use serde::de::DeserializeOwned;

use super::action::Action;
use super::audience::Audience;
use super::calls::Calls;
use super::error::CallError;
use super::paging::LinkRefusal;
use super::refusal::request_id;
use super::service::Service;
use super::tokens::Tokens;
use crate::env::Environment;
use crate::http::Response;
use crate::text::percent_encoded;

/// Azure Resource Manager of one cloud.
pub struct Arm<'e, E> {
    service: Service<'e, E>,
}

impl<'e, E: Environment> Arm<'e, E> {
    /// The one of these endpoints, asked with these tokens.
    pub fn new(calls: Rc<Calls<'e, E>>, tokens: Rc<Tokens>, endpoints: &Endpoints) -> Self {
        Arm {
            service: Service::new(calls, tokens, endpoints.arm, Audience::arm(endpoints)),
        }
    }

    /// The calls of the job.
    pub fn calls(&self) -> &Calls<'e, E> {
        self.service.calls()
    }

    async fn get(&self, action: Action, path: &str, version: &str) -> Result<Response, CallError> {
        let call = self.service.call(action);
        let url = self.service.url(&format!("{path}?api-version={version}"));
        self.service.get(&call, url).await
    }

    fn read<T: DeserializeOwned>(&self, action: Action, answer: &Response) -> Result<T, CallError> {
        serde_json::from_slice(&answer.body)
            .map_err(|_| self.unreadable(action, "it is not the JSON that was asked for", answer))
    }

    fn unreadable(&self, action: Action, problem: &str, answer: &Response) -> CallError {
        let call = self.service.call(action);
        CallError::unreadable(problem, call, answer, self.calls().discretion())
    }

    fn misled(&self, refusal: LinkRefusal, answer: &Response) -> CallError {
        CallError::Link {
            refusal,
            request_id: request_id(answer, self.calls().discretion()),
        }
    }
}

/// The path of a resource group, ready for a URL; also a scope of permissions.
pub fn group_path(subscription: &SubscriptionId, group: &ResourceGroup) -> String {
    let group = percent_encoded(group.as_str());
    format!("/subscriptions/{subscription}/resourceGroups/{group}")
}

/// The path of a vault, ready for a URL; also a scope of permissions.
pub fn vault_path(
    subscription: &SubscriptionId,
    group: &ResourceGroup,
    vault: &VaultName,
) -> String {
    let group = group_path(subscription, group);
    format!("{group}/providers/Microsoft.KeyVault/vaults/{vault}")
}

#[cfg(test)]
mod tests;
