//! The certificates of one vault (Azure REST, "Certificates - Get Certificates" and
//! "Certificates - Get Certificate"), with a token on every request: none goes out
//! without one.
//!
//! It must not know what a job makes of the certificates.

use job_scope::{Alias, KEY_VAULT_API_VERSION};
use serde::Deserialize;

use super::calls::{Calls, Gate, Verdict};
use super::certificate::{Certificate, Defect};
use super::challenge::Challenge;
use super::error::{Action, Call, CallError};
use super::paging::Pages;
use super::refusal::Refusal;
use super::remedy;
use super::retry::Trouble;
use super::tokens::Tokens;
use crate::env::Environment;
use crate::host::LogLevel;
use crate::http::{Request, Response};

const LIST_PATH: &str = "/certificates";

/// A vault, and how to reach it.
pub struct Vault<'e, E> {
    /// Sends; public for what a job wants to know of its calls.
    pub calls: Calls<'e, E>,
    tokens: Tokens,
    host: String,
    scope: &'static str,
    gate: Gate,
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
    /// A vault at `host`, for tokens of `scope`.
    pub fn new(calls: Calls<'e, E>, tokens: Tokens, host: &str, scope: &'static str) -> Self {
        Vault {
            calls,
            tokens,
            host: host.to_owned(),
            scope,
            gate: Gate::default(),
        }
    }

    /// Checks the links of this vault's list of certificates.
    pub fn pages(&self) -> Pages {
        Pages::new(&self.host, LIST_PATH)
    }

    /// Reads a page: the first one, or the one at a link that [`Pages`] has let pass.
    ///
    /// # Errors
    /// Whatever keeps the page from being read.
    pub async fn page(&self, link: Option<String>) -> Result<Page, CallError> {
        let url = link.unwrap_or_else(|| {
            format!(
                "https://{}{LIST_PATH}?api-version={KEY_VAULT_API_VERSION}",
                self.host
            )
        });
        let call = self.call(Action::ListCertificates);
        let response = self.get(&call, url).await?;
        read_page(&response.body).map_err(|problem| CallError::Unreadable { problem, call })
    }

    /// Reads the current version of a certificate.
    ///
    /// # Errors
    /// Whatever keeps it from being read, other than its absence or its content.
    pub async fn certificate(&self, name: &Alias) -> Result<Reading, CallError> {
        let url = format!(
            "https://{}{LIST_PATH}/{name}?api-version={KEY_VAULT_API_VERSION}",
            self.host
        );
        let call = self.call(Action::ReadCertificate(name.to_string()));
        match self.get(&call, url).await {
            Ok(response) => Ok(match Certificate::read(&response.body, name) {
                Ok(certificate) => Reading::Certificate(Box::new(certificate)),
                Err(defect) => Reading::Defective(defect),
            }),
            // A 404 of something in between is not the service saying "deleted".
            Err(CallError::Service { refusal, .. })
                if refusal.status == 404 && refusal.is("CertificateNotFound") =>
            {
                Ok(Reading::Gone)
            }
            Err(error) => Err(error),
        }
    }

    fn call(&self, action: Action) -> Call {
        Call {
            action,
            server: self.host.clone(),
        }
    }

    /// Sends a GET with a token; once more with a new one when that was refused.
    async fn get(&self, call: &Call, url: String) -> Result<Response, CallError> {
        let id = self.calls.begin();
        let mut request = Request::get(url);
        request.set("accept", "application/json".to_owned());
        let mut bearer = self.tokens.get(&self.calls, self.scope).await?;
        let mut renewed = false;
        loop {
            request.set("authorization", bearer.header());
            let response = self
                .calls
                .exchange(&self.gate, call, id, request.clone(), |response| {
                    (!matches!(response.status, 200 | 401)).then(|| Verdict {
                        trouble: Trouble::Status(response.status),
                        error: CallError::Service {
                            refusal: Box::new(Refusal::read(response)),
                            call: call.clone(),
                            hint: None,
                        },
                    })
                })
                .await?;
            if response.status != 401 {
                return Ok(response);
            }
            let challenge = Challenge::read(&response);
            if renewed {
                return Err(CallError::Service {
                    refusal: Box::new(Refusal::read(&response)),
                    call: call.clone(),
                    hint: remedy::tenant_hint(challenge.tenant.as_deref(), self.tokens.tenant()),
                });
            }
            renewed = true;
            let line = format!("{} refused the token; asking for another", self.host);
            self.calls.env().log(LogLevel::Info, &line);
            bearer = self
                .tokens
                .instead_of(
                    &bearer,
                    &self.calls,
                    self.scope,
                    challenge.claims.as_deref(),
                )
                .await?;
        }
    }
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
