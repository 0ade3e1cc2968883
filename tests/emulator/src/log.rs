//! The request log: one record per request, in memory and, when asked, as JSON lines in a file.
//!
//! Must not know what the services do, and must never keep a value that could be a secret: of queries and
//! bodies it has the keys, of headers nothing. `body` finds the keys of a body.

mod body;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

pub(crate) use body::keys as body_keys;

/// How many records stay in memory, about 20 MB; the oldest go first. A file keeps them all.
const KEPT_IN_MEMORY: usize = 100_000;

/// One request as it arrived, and how it was answered.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct RequestRecord {
    /// Milliseconds from the emulator's start to the request's arrival.
    pub ms: u64,
    /// The HTTP method.
    pub method: String,
    /// The host asked for, lower case, without a port.
    pub host: String,
    /// The path, without the query.
    pub path: String,
    /// The query's keys in order, never their values.
    pub query: Vec<String>,
    /// The keys of the body, sorted, never their values: those of a form, or the paths in JSON, such as
    /// `policy.key_props.kty` or `x5c[]`, with `tags.*` for tags.
    pub body: Vec<String>,
    /// The status answered; null where the connection was dropped instead.
    pub status: Option<u16>,
    /// The client id in the bearer token, where the request carried one with a good signature.
    pub identity: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    records: VecDeque<RequestRecord>,
    file: Option<File>,
}

impl RequestLog {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn to_file(&self, path: &Path) -> io::Result<()> {
        let file = File::create(path)?;
        self.lock().file = Some(file);
        Ok(())
    }

    pub(crate) fn write(&self, record: RequestRecord) {
        let mut inner = self.lock();
        if let Some(file) = &mut inner.file
            && let Ok(mut line) = serde_json::to_vec(&record)
        {
            line.push(b'\n');
            // One write per line, so that a reader beside us never sees half a line. A full disk
            // must not become an answer to a client.
            let _ = file.write_all(&line);
        }
        if inner.records.len() == KEPT_IN_MEMORY {
            inner.records.pop_front();
        }
        inner.records.push_back(record);
    }

    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.lock().records.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().records.clear();
    }
}
