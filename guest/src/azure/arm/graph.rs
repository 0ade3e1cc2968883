//! The vaults of many subscriptions at once (Azure REST, "Resources" of
//! Microsoft.ResourceGraph).
//!
//! It must not know what becomes of subscriptions that are not answered for.

use std::collections::BTreeSet;

use job_scope::{RESOURCE_GRAPH_API_VERSION, RESOURCE_GRAPH_QUERY, SubscriptionId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Arm;
use super::vaults::{FoundVault, vault_in};
use crate::azure::action::Action;
use crate::azure::error::CallError;
use crate::azure::paging::{LinkRefusal, MAX_PAGES};
use crate::azure::retry::Repeat;
use crate::env::Environment;
use crate::http::{Method, Request};

/// Subscriptions of one query ("Azure Resource Graph: Understand query scope").
pub const MOST_SUBSCRIPTIONS: usize = 1_000;

/// A longer token is none that the service makes, and longer than a host grants.
const LONGEST_TOKEN: usize = 4_000;

#[derive(Deserialize)]
struct WirePage {
    data: Vec<WireRow>,
    #[serde(rename = "$skipToken")]
    skip_token: Option<String>,
    /// `"true"`, a text: more matched than came, and without a token there is no more.
    #[serde(rename = "resultTruncated")]
    truncated: Option<Value>,
}

#[derive(Deserialize)]
struct WireRow {
    #[serde(default)]
    id: String,
    #[serde(rename = "vaultTenant", default)]
    tenant: Value,
}

impl WirePage {
    fn is_cut_off(&self) -> bool {
        let truncated = match &self.truncated {
            Some(Value::String(word)) => word.eq_ignore_ascii_case("true"),
            Some(Value::Bool(flag)) => *flag,
            _ => false,
        };
        truncated && self.skip_token.as_deref().is_none_or(str::is_empty)
    }
}

impl<E: Environment> Arm<'_, E> {
    /// The vaults that Resource Graph knows in at most [`MOST_SUBSCRIPTIONS`] subscriptions.
    /// It silently leaves out subscriptions that it cannot read, and knows a new vault only
    /// after some minutes.
    ///
    /// # Errors
    /// Whatever keeps a page from being read; half an answer is of no use here, since nobody
    /// could tell whose rows are missing.
    pub async fn query_vaults(
        &self,
        subscriptions: &[SubscriptionId],
    ) -> Result<Vec<FoundVault>, CallError> {
        let action = || Action::QueryResourceGraph;
        let call = self.service.call(action());
        let url = self.service.url(&format!(
            "/providers/Microsoft.ResourceGraph/resources?api-version={RESOURCE_GRAPH_API_VERSION}"
        ));
        let asked: BTreeSet<&SubscriptionId> = subscriptions.iter().collect();
        let ids: Vec<&str> = subscriptions.iter().map(SubscriptionId::as_str).collect();
        let mut options = json!({ "resultFormat": "objectArray" });
        let mut tokens = BTreeSet::new();
        let mut vaults = Vec::new();
        loop {
            let body = json!({
                "subscriptions": ids,
                "query": RESOURCE_GRAPH_QUERY,
                "options": options,
            });
            let request = Request::json(Method::Post, url.clone(), &body);
            let answer = self.service.send(&call, Repeat::Freely, request).await?;
            let page: WirePage = self.read(action(), &answer)?;
            if page.is_cut_off() {
                return Err(self.unreadable(
                    action(),
                    "it is cut off without a next page",
                    &answer,
                ));
            }
            for row in page.data {
                let path = vault_in(&row.id, |of| asked.contains(of));
                vaults.push(FoundVault {
                    path: path.map_err(|odd| self.unreadable(action(), odd, &answer))?,
                    tenant: self.tenant_in(&row.tenant),
                });
            }
            let Some(token) = page.skip_token.filter(|token| !token.is_empty()) else {
                return Ok(vaults);
            };
            check(&token, &mut tokens).map_err(|refusal| self.misled(refusal, &answer))?;
            options = json!({ "resultFormat": "objectArray", "$skipToken": token });
        }
    }
}

fn check(token: &str, seen: &mut BTreeSet<String>) -> Result<(), LinkRefusal> {
    if token.len() > LONGEST_TOKEN {
        return Err(LinkRefusal::Elsewhere("too long"));
    }
    // The first page has no token.
    if seen.len() + 1 >= MAX_PAGES {
        return Err(LinkRefusal::TooMany);
    }
    if !seen.insert(token.to_owned()) {
        return Err(LinkRefusal::Repeated);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_an_end_is_given_up_after_8000_pages() {
        let mut seen = BTreeSet::new();
        let refusal = (1..=MAX_PAGES).find_map(|page| check(&page.to_string(), &mut seen).err());
        assert_eq!(refusal, Some(LinkRefusal::TooMany));
        assert_eq!(seen.len(), MAX_PAGES - 1);
    }
}
