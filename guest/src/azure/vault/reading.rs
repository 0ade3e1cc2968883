//! What is under one name (Azure REST, "Certificates - Get Certificate").
//!
//! It must not know why it is asked for.

use job_scope::Alias;

use super::{LIST_PATH, Vault, is_gone};
use crate::azure::action::Action;
use crate::azure::certificate::{Certificate, Defect, Unusable};
use crate::azure::current::Current;
use crate::azure::error::CallError;
use crate::env::Environment;

/// What reading one certificate comes to.
#[derive(Debug)]
pub enum Reading {
    /// It is there.
    Certificate(Box<Certificate>),
    /// It was deleted since the list was made.
    Gone,
    /// It is there, and is not one that can be used.
    Defective(Defect),
}

impl<E: Environment> Vault<'_, E> {
    /// Reads the current version of a certificate.
    ///
    /// # Errors
    /// Whatever keeps it from being read, other than its absence or its content; an answer that
    /// is not the vault's about this certificate is one of them.
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

    /// Looks what a change would meet: the current version, or nothing. Only the service's
    /// own 404 is "nothing".
    ///
    /// # Errors
    /// Whatever keeps that from being known.
    pub async fn current(&self, name: &Alias) -> Result<Option<Current>, CallError> {
        let url = self.url(&format!("{LIST_PATH}/{name}"));
        let call = self.service.call(Action::ReadCertificate(name.to_string()));
        match self.service.get(&call, url).await {
            Ok(response) => Current::read(&response.body, name, self.calls().discretion())
                .map(Some)
                .map_err(|problem| self.unreadable(problem, call, &response)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, name: &Alias, path: &str) -> Result<Reading, CallError> {
        let url = self.url(path);
        let shown = self.calls().discretion().certificate(name.as_str());
        let call = self.service.call(Action::ReadCertificate(shown));
        match self.service.get(&call, url).await {
            Ok(response) => match Certificate::read(&response.body, name) {
                Ok(certificate) => Ok(Reading::Certificate(Box::new(certificate))),
                Err(Unusable::Defective(defect)) => Ok(Reading::Defective(defect)),
                Err(Unusable::Unreadable(problem)) => {
                    Err(self.unreadable(problem, call, &response))
                }
            },
            Err(error) if is_gone(&error) => Ok(Reading::Gone),
            Err(error) => Err(error),
        }
    }
}
