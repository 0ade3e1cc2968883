//! The list of a vault, page by page, and the versions of one name (Azure REST,
//! "Certificates - Get Certificates" and "- Get Certificate Versions").
//!
//! It must not know which names may be asked for.

use job_scope::{Alias, PageQuery};
use serde::Deserialize;
use serde_json::Value;

use super::{LIST_PATH, Vault, is_gone, name_in, version_in};
use crate::azure::action::Action;
use crate::azure::error::CallError;
use crate::azure::paging::Pages;
use crate::azure::refusal::request_id;
use crate::azure::thumbprint::Thumbprint;
use crate::env::Environment;

/// One page of the vault's list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// What is on it, in the order of the service.
    pub items: Vec<Listed>,
    /// Where the list goes on, unchecked: for [`Pages`].
    pub next: Option<String>,
    /// Of the answer, for a support case.
    pub request_id: Option<String>,
}

/// A certificate as a list shows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The thumbprint of its current version, where the list says it.
    pub thumbprint: Option<Thumbprint>,
}

/// The service shows an empty list as an empty `value`: what has none is no page of a list,
/// whoever made it, and says nothing about what is in the vault.
#[derive(Deserialize)]
struct WirePage {
    value: Vec<WireItem>,
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
}

#[derive(Deserialize)]
struct WireItem {
    id: String,
    /// Any value, so that an odd one spoils no list for those who do not ask for it.
    #[serde(default)]
    x5t: Value,
}

impl WireItem {
    fn read(&self) -> Option<Listed> {
        let thumbprint = self.x5t.as_str().and_then(Thumbprint::from_base64url);
        name_in(&self.id).map(|name| Listed { name, thumbprint })
    }
}

impl<E: Environment> Vault<'_, E> {
    /// Checks the links of this vault's list of certificates.
    pub fn pages(&self) -> Pages {
        Pages::new(self.service.host(), LIST_PATH, PageQuery::KEY_VAULT)
    }

    /// Reads a page: the first one, or the one at a link that [`Pages`] has let pass.
    ///
    /// # Errors
    /// Whatever keeps the page from being read.
    pub async fn page(&self, link: Option<String>) -> Result<Page, CallError> {
        let url = link.unwrap_or_else(|| self.url(LIST_PATH));
        let call = self.service.call(Action::ListCertificates);
        let response = self.service.get(&call, url).await?;
        let mut page = read_page(&response.body)
            .map_err(|problem| self.unreadable(problem, call, &response))?;
        page.request_id = request_id(&response, self.calls().discretion());
        Ok(page)
    }

    /// The versions of a certificate, all pages, in the order of the service.
    ///
    /// # Errors
    /// Whatever keeps a page from being read. A certificate that is gone has none.
    pub async fn versions(&self, name: &Alias) -> Result<Vec<String>, CallError> {
        let path = format!("{LIST_PATH}/{name}/versions");
        let mut pages = Pages::new(self.service.host(), &path, PageQuery::KEY_VAULT);
        let mut url = self.url(&path);
        let mut versions = Vec::new();
        loop {
            let shown = self.calls().discretion().certificate(name.as_str());
            let call = self.service.call(Action::ListVersions(shown));
            let response = match self.service.get(&call, url).await {
                Err(error) if is_gone(&error) => return Ok(Vec::new()),
                response => response?,
            };
            let page: WirePage = serde_json::from_slice(&response.body)
                .map_err(|_| self.unreadable(NO_LIST, call, &response))?;
            versions.extend(page.value.iter().filter_map(|item| version_in(&item.id)));
            let next = pages.next(page.next_link);
            let refused = |refusal| CallError::Link {
                refusal,
                request_id: request_id(&response, self.calls().discretion()),
            };
            match next.map_err(refused)? {
                Some(link) => url = link,
                None => return Ok(versions),
            }
        }
    }
}

const NO_LIST: &str = "it is not the JSON of a list";

pub(super) fn read_page(body: &[u8]) -> Result<Page, &'static str> {
    let page: WirePage = serde_json::from_slice(body).map_err(|_| NO_LIST)?;
    let items = page
        .value
        .iter()
        .map(|item| item.read().ok_or("an item's id names no certificate"))
        .collect::<Result<_, _>>()?;
    Ok(Page {
        items,
        next: page.next_link,
        request_id: None,
    })
}
