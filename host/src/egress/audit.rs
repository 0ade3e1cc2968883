//! One record for every attempt to send a request, allowed or denied. Never a body, a
//! header or a query string; where a rule's head matched not even the path, but the rule's. The
//! path of any other is what the extension wrote, whatever that is.
//!
//! It must not know who reads it.

use serde::Serialize;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// What was decided about an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// A rule matched; the request was sent.
    Allowed,
    /// No rule matched; nothing left.
    Denied,
    /// A rule matched, but a limit of the job came first; nothing left.
    Limited,
    /// A rule matched as far as was seen, but the extension, or its job, ended before the request
    /// was sent; nothing left.
    Unsent,
}

/// What became of the placeholders of credentials in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialUse {
    /// The real value went out in the place of each.
    Attached,
    /// There was one where none belongs, or for another host: it left as it was, useless.
    Misplaced,
}

/// An attempt to send a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// When it was made, RFC 3339 in UTC.
    pub time: String,
    /// The job, as its orchestrator numbers it.
    pub job: i64,
    /// The attempt's UUID, from which its request ids are derived.
    pub attempt: String,
    /// sha256 of the extension that made it.
    pub extension: String,
    /// What was decided.
    pub decision: Decision,
    /// The rule that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why it was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The method.
    pub method: String,
    /// The host, and the port where it is not the scheme's own.
    pub host: String,
    /// The path template of the rule whose head matched, or else the path that was denied; never
    /// the query.
    pub path: String,
    /// What became of the placeholders in it, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialUse>,
    /// Status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Bytes of the response body that reached the extension.
    pub bytes: u64,
    /// Milliseconds from the attempt to the end of the response.
    pub milliseconds: u64,
    /// The address that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Why there was no response, or no whole one, or why it was withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where records go.
pub trait Audit: Send + Sync {
    /// Takes one record. It must not fail the request it is about.
    fn record(&self, record: &Record);

    /// Takes a note that is about a whole run, such as a redirection by policy.
    fn note(&self, _job: i64, _text: &str) {}

    /// What could not be recorded so far, by any job.
    fn lost(&self) -> Lost {
        Lost::default()
    }
}

/// Lines that could not be recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lost {
    /// How many.
    pub lines: u64,
    /// What kept the last one of them out.
    pub why: String,
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoAudit;

impl Audit for NoAudit {
    fn record(&self, _: &Record) {}
}

/// Writes JSON lines. Rotation is the system's business.
pub struct JsonLines<W> {
    inner: Mutex<Lines<W>>,
}

struct Lines<W> {
    writer: W,
    lost: Lost,
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes each record to `writer` at once, in one call.
    pub fn new(writer: W) -> Self {
        Self {
            inner: Mutex::new(Lines {
                writer,
                lost: Lost::default(),
            }),
        }
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Lines<W>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, value: &impl Serialize) {
        // Every text in a record is escaped by JSON: a guest cannot begin a line.
        if let Ok(mut line) = serde_json::to_vec(value) {
            line.push(b'\n');
            let mut lines = self.lines();
            let written = lines.writer.write_all(&line);
            if let Err(error) = written.and_then(|()| lines.writer.flush()) {
                lines.lost.lines += 1;
                lines.lost.why = error.to_string();
            }
        }
    }
}

impl<W: Write + Send> Audit for JsonLines<W> {
    fn record(&self, record: &Record) {
        self.line(record);
    }

    fn note(&self, job: i64, text: &str) {
        self.line(&serde_json::json!({ "job": job, "note": text }));
    }

    fn lost(&self) -> Lost {
        self.lines().lost.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_counted() {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let audit = JsonLines::new(full.unwrap());
        assert_eq!(audit.lost(), Lost::default());
        audit.note(1, "a");
        audit.note(1, "b");
        assert_eq!(audit.lost().lines, 2);
        assert_ne!(audit.lost().why, "");
    }
}
