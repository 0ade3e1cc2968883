//! One record for every attempt to send a request, allowed or denied. Never a body, a
//! header or a query string; where a rule's head matched not even the path, but the rule's. The
//! path of any other is what the extension wrote, whatever that is.
//!
//! It must not know who reads it.

use serde::Serialize;
use std::io::{self, Write};
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
    /// Both: one was replaced, and another left as it was.
    AttachedAndMisplaced,
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
    /// Why it was denied, or why no proof was put into its form.
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
    /// Bytes of the response body that came, whether or not they were kept from the extension.
    pub bytes: u64,
    /// Milliseconds from the attempt to the end of the response.
    pub milliseconds: u64,
    /// The address that answered: the name's, or the proxy's where the request went through one.
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
    /// Whether the last line that was begun has no end.
    torn: bool,
    lost: Lost,
}

impl<W: Write> Lines<W> {
    /// Writes a line, with its end, in one call where the system takes it so. What follows a line
    /// that was cut off begins on a line of its own, and can be read.
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let mut rest = line;
        let ended;
        if self.torn {
            ended = [b"\n", line].concat();
            rest = &ended;
        }
        while !rest.is_empty() {
            match self.writer.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    let (written, left) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                    self.torn = !written.ends_with(b"\n");
                    rest = left;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.writer.flush()
    }
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes each record to `writer` at once, in one call.
    pub fn new(writer: W) -> Self {
        Self {
            inner: Mutex::new(Lines {
                writer,
                torn: false,
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
            if let Err(error) = lines.write(&line) {
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
    use std::sync::Arc;

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

    /// A disk that is full from one byte on, until somebody makes room.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, usize)>>);

    impl Disk {
        fn room(&self, bytes: usize) {
            self.0.lock().unwrap().1 = bytes;
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (held, room) = &mut *self.0.lock().unwrap();
            let count = bytes.len().min(*room);
            if count == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            held.extend(&bytes[..count]);
            *room -= count;
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_a_full_disk_cuts_off_takes_no_other_with_it() {
        const LINE: usize = "{\"job\":1,\"note\":\"a\"}\n".len();
        // Cut at its first byte, within, before its end, and between two lines.
        for cut in [1, 7, LINE - 1, 0] {
            let disk = Disk::default();
            let audit = JsonLines::new(disk.clone());
            for (room, note) in [
                (LINE + cut, "a"),
                (cut, "b"),
                (0, "c"),
                // Room for the end of the torn line alone.
                (usize::from(cut > 0), "d"),
                (usize::MAX, "e"),
                (usize::MAX, "f"),
            ] {
                if note != "b" {
                    disk.room(room);
                }
                audit.note(1, note);
            }
            let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
            let whole = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_ok();
            let notes: String = text.lines().filter(whole).collect();
            for (note, kept) in [("a", 1), ("c", 0), ("d", 0), ("e", 1), ("f", 1)] {
                let note = format!("\"note\":{note:?}");
                assert_eq!(notes.matches(&note).count(), kept, "{cut}: {text}");
            }
            let torn = text.lines().filter(|line| !whole(line)).count();
            assert!(torn <= 1, "{cut}: {text}");
            assert!(text.lines().all(|line| !line.is_empty()), "{cut}: {text}");
            assert_eq!(audit.lost().lines, 3, "{cut}");
        }
    }
}
