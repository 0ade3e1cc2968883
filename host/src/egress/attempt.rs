//! One attempt from its start to its record. However it ends, read, broken off or
//! dropped with its job, it leaves exactly one record. It must not know how it is sent.

use super::audit::{Audit, CredentialUse, Decision, Record};
use crate::clock::Clock;
use crate::veil::form::FormError;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// Bytes of a method that are recorded. HTTP's longest have seven; an extension's own has what it
/// likes.
const METHOD_SHOWN: usize = 20;

/// Who makes the attempts of one job.
#[derive(Debug, Clone)]
pub struct JobIdentity {
    /// The job, as its orchestrator numbers it.
    pub job: i64,
    /// The attempt's UUID.
    pub attempt: String,
    /// sha256 of the extension.
    pub extension: String,
}

/// An attempt under way. Writes its record when it is dropped.
pub(super) struct Attempt {
    audit: Arc<dyn Audit>,
    record: Record,
    started: Instant,
    /// Held until the response body is gone.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Attempt {
    pub(super) fn begin(
        audit: Arc<dyn Audit>,
        clock: Clock,
        identity: &JobIdentity,
        method: &http::Method,
        host: String,
        path: String,
    ) -> Self {
        let record = Record {
            time: humantime::format_rfc3339_millis(clock.wall()).to_string(),
            job: identity.job,
            attempt: identity.attempt.clone(),
            extension: identity.extension.clone(),
            decision: Decision::Denied,
            rule: None,
            reason: None,
            method: crate::text::one_line(method.as_str(), METHOD_SHOWN),
            host,
            path,
            credential: None,
            status: None,
            bytes: 0,
            milliseconds: 0,
            address: None,
            error: None,
        };
        Self {
            audit,
            record,
            started: clock.now(),
            _permit: None,
        }
    }

    /// Ends it as not sent.
    pub(super) fn refuse(mut self, decision: Decision, reason: &str) {
        self.record.decision = decision;
        self.record.reason = Some(reason.to_owned());
    }

    /// A rule's head matched, and `path` is its template. What stays if the extension, or its
    /// job, ends before the request does is that it was not sent.
    pub(super) fn begun(&mut self, path: &str) {
        self.record.decision = Decision::Unsent;
        self.record.path = path.to_owned();
    }

    /// A rule matched: `path` is its template. The request is sent now.
    pub(super) fn allow(&mut self, rule: &str, path: &str, permit: OwnedSemaphorePermit) {
        self.record.decision = Decision::Allowed;
        self.record.rule = Some(rule.to_owned());
        self.record.path = path.to_owned();
        // What stays if the extension, or its job, ends before the answer does.
        self.record.error = Some("not read to its end".to_owned());
        self._permit = Some(permit);
    }

    /// What became of the placeholders in it, and why its form is none that a proof goes into.
    pub(super) fn used(&mut self, credential: Option<CredentialUse>, unfilled: Option<FormError>) {
        self.record.credential = credential;
        self.record.reason = unfilled.map(|error| format!("no proof was put in: {error}"));
    }

    /// The head of the response has come.
    pub(super) fn answered(&mut self, status: u16, peer: Option<SocketAddr>) {
        self.record.status = Some(status);
        self.record.address = peer.map(|peer| peer.to_string());
    }

    /// More of the body has come; returns how much in all.
    pub(super) fn received(&mut self, bytes: u64) -> u64 {
        self.record.bytes += bytes;
        self.record.bytes
    }

    /// Something went wrong.
    pub(super) fn failed(&mut self, error: &str) {
        self.record.error = Some(crate::text::one_line(error, 500));
    }

    /// The whole response has been read.
    pub(super) fn finish(&mut self) {
        self.record.error = None;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.record.milliseconds =
            u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.audit.record(&self.record);
    }
}
