//! The certificates of one vault (Azure REST, "Certificates - Get Certificates" and
//! "Certificates - Get Certificate").
//!
//! It must not know what a job makes of the certificates.

use job_scope::{Alias, KEY_VAULT_API_VERSION};
use serde::Deserialize;

use super::calls::Calls;
use super::certificate::{Certificate, Defect};
use super::error::{Action, CallError};
use super::paging::Pages;
use super::service::Service;
use crate::env::Environment;

const LIST_PATH: &str = "/certificates";

/// A vault.
pub struct Vault<'e, E> {
    service: Service<'e, E>,
}

/// One page of the vault's list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The names on it, in the order of the service.
    pub names: Vec<String>,
    /// Where the list goes on, unchecked: for [`Pages`].
    pub next: Option<String>,
}

/// What reading one certificate comes to.
#[derive(Debug)]
pub enum Reading {
    /// It is there.
    Certificate(Box<Certificate>),
    /// It was deleted since the list was made.
    Gone,
    /// It is there, but what came is not one.
    Defective(Defect),
}

#[derive(Deserialize)]
struct WirePage {
    value: Option<Vec<WireItem>>,
    #[serde(rename = "nextLink")]
    next_link: Option<String>,
}

#[derive(Deserialize)]
struct WireItem {
    id: String,
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

    /// Checks the links of this vault's list of certificates.
    pub fn pages(&self) -> Pages {
        Pages::new(self.service.host(), LIST_PATH)
    }

    /// Reads a page: the first one, or the one at a link that [`Pages`] has let pass.
    ///
    /// # Errors
    /// Whatever keeps the page from being read.
    pub async fn page(&self, link: Option<String>) -> Result<Page, CallError> {
        let url = link.unwrap_or_else(|| {
            self.service
                .url(&format!("{LIST_PATH}?api-version={KEY_VAULT_API_VERSION}"))
        });
        let call = self.service.call(Action::ListCertificates);
        let response = self.service.get(&call, url).await?;
        read_page(&response.body).map_err(|problem| CallError::Unreadable { problem, call })
    }

    /// Reads the current version of a certificate.
    ///
    /// # Errors
    /// Whatever keeps it from being read, other than its absence or its content.
    pub async fn certificate(&self, name: &Alias) -> Result<Reading, CallError> {
        self.read(name, &format!("{LIST_PATH}/{name}")).await
    }

    /// Reads one version of a certificate; it comes without its policy.
    ///
    /// # Errors
    /// As [`Vault::certificate`].
    pub async fn version(&self, name: &Alias, version: &str) -> Result<Reading, CallError> {
        self.read(name, &format!("{LIST_PATH}/{name}/{version}"))
            .await
    }

    /// The versions of a certificate, all pages, in the order of the service.
    ///
    /// # Errors
    /// Whatever keeps a page from being read. A certificate that is gone has none.
    pub async fn versions(&self, name: &Alias) -> Result<Vec<String>, CallError> {
        let path = format!("{LIST_PATH}/{name}/versions");
        let mut pages = Pages::new(self.service.host(), &path);
        let mut url = self
            .service
            .url(&format!("{path}?api-version={KEY_VAULT_API_VERSION}"));
        let mut versions = Vec::new();
        loop {
            let call = self.service.call(Action::ListVersions(name.to_string()));
            let response = match self.service.get(&call, url).await {
                Err(error) if is_gone(&error) => return Ok(Vec::new()),
                response => response?,
            };
            let page: WirePage =
                serde_json::from_slice(&response.body).map_err(|_| CallError::Unreadable {
                    problem: "it is not the JSON of a list".to_owned(),
                    call,
                })?;
            let items = page.value.unwrap_or_default();
            versions.extend(items.iter().filter_map(|item| version_in(&item.id)));
            match pages.next(page.next_link)? {
                Some(link) => url = link,
                None => return Ok(versions),
            }
        }
    }

    async fn read(&self, name: &Alias, path: &str) -> Result<Reading, CallError> {
        let url = self
            .service
            .url(&format!("{path}?api-version={KEY_VAULT_API_VERSION}"));
        let call = self.service.call(Action::ReadCertificate(name.to_string()));
        match self.service.get(&call, url).await {
            Ok(response) => Ok(match Certificate::read(&response.body, name) {
                Ok(certificate) => Reading::Certificate(Box::new(certificate)),
                Err(defect) => Reading::Defective(defect),
            }),
            Err(error) if is_gone(&error) => Ok(Reading::Gone),
            Err(error) => Err(error),
        }
    }
}

/// A 404 of something in between is not the service saying "deleted".
fn is_gone(error: &CallError) -> bool {
    error
        .refusal()
        .is_some_and(|refusal| refusal.status == 404 && refusal.is("CertificateNotFound"))
}

fn read_page(body: &[u8]) -> Result<Page, String> {
    let page: WirePage =
        serde_json::from_slice(body).map_err(|_| "it is not the JSON of a list".to_owned())?;
    let names = page
        .value
        .unwrap_or_default()
        .iter()
        .map(|item| name_in(&item.id).ok_or_else(|| "an item's id names no certificate".to_owned()))
        .collect::<Result<_, _>>()?;
    Ok(Page {
        names,
        next: page.next_link,
    })
}

/// The name in `https://{host}/certificates/{name}[/{version}]`. Which names may be
/// asked for is not decided here.
pub(super) fn name_in(id: &str) -> Option<String> {
    path_of(id).map(|(name, _)| name.to_owned())
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
