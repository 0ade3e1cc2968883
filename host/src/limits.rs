//! What one job may use, in one table. It must not know who enforces what: the
//! engine, the egress and the host imports each take their row from here.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The limits of one job. `Limits::default()` is the table; whoever embeds the host may
/// change a value, never the code that uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Wall time from start to result. Fifteen minutes: ten thousand certificates
    /// take about ten seconds, so this bounds waiting, not work.
    pub deadline: Duration,
    /// The same for a job that changes something. Five minutes: an import or a new vault takes
    /// seconds, the rest is a service that asks to wait.
    pub deadline_of_change: Duration,
    /// Time a cancelled or overdue job gets to say something itself before it is ended. The
    /// contract promises these five seconds (`wit/host.wit`); less cuts off what a job has to
    /// say about a change whose answer it waits for.
    pub grace: Duration,
    /// CPU time of the job's thread. A minute: ten thousand certificates take a few seconds.
    pub cpu: Duration,
    /// Linear memory of all instances of the job. Batches leave the guest as they
    /// fill, so it stays at a few MiB however large the store is.
    pub memory: usize,
    /// Elements of all tables together (function references).
    pub table_elements: usize,
    /// Core instances and tables a component may have: our own uses one, adapters and shims of
    /// other toolchains a handful. Of memories it may have [`MEMORIES`].
    pub instances: u32,
    /// Resource handles the guest may hold (pollables, streams, requests).
    pub handles: usize,
    /// Entries of the host's own resource table.
    pub resources: usize,
    /// Bytes that one call into the host may carry.
    pub hostcall_bytes: usize,
    /// Bytes of one set of header fields, as the host stores them.
    pub header_bytes: usize,
    /// Bytes of one write to a request body. With wasmtime's default of 1 MiB one
    /// guest was measured to make a host hold 6.6 GiB in bodies it never sent.
    pub body_chunk: usize,
    /// Requests under way at once; a service's own throttle is reached before.
    pub requests_in_flight: usize,
    /// Requests in all, also those that are denied: ten thousand certificates need 10 400, with
    /// room for retries.
    pub requests: u64,
    /// Bytes of one request body; an import of the largest PKCS#12 is under 64 KiB.
    pub request_body: usize,
    /// Time the guest has to deliver a request body.
    pub request_body_time: Duration,
    /// Bytes of the header section of one response.
    pub response_headers: usize,
    /// Bytes of one response body.
    pub response_body: u64,
    /// Bytes of a URL. Real next links stay below 2 KiB.
    pub url: usize,
    /// Log lines a job may write.
    pub log_lines: u32,
    /// Bytes of one log line.
    pub log_line: usize,
    /// Items a job may submit, over all batches.
    pub submitted_items: u64,
    /// Bytes a job may submit, over all batches: they lie in a file until the end.
    pub submitted_bytes: u64,
    /// Bytes of a federated token: a JWT with many claims has a few KB.
    pub assertion: u64,
    /// UTF-16 units of the result's message: what the platform stores.
    pub message: usize,
    /// Bytes of a component file.
    pub component: u64,
    /// What compiling a component may use.
    pub compile: CompileLimits,
}

/// What compiling a component that nobody vouched for may use. Written and read as text, so that
/// it can be an argument of the process that compiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileLimits {
    /// CPU time. Two minutes: 12 MB of JavaScript engine take 11 seconds.
    pub cpu: Duration,
    /// Wall time, in case something else holds it up.
    pub time: Duration,
    /// Bytes of address space, beyond what the program has before it begins: the same engine
    /// needs 300 MiB, and each thread reserves some.
    pub memory: u64,
    /// Bytes of what comes out, at least: as many as four times the largest component may.
    pub artifact: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            cpu: Duration::from_secs(120),
            time: Duration::from_secs(300),
            memory: 2 << 30,
            artifact: 64 << 20,
        }
    }
}

impl fmt::Display for CompileLimits {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cpu, time) = (self.cpu.as_secs(), self.time.as_secs());
        write!(out, "{cpu},{time},{},{}", self.memory, self.artifact)
    }
}

impl FromStr for CompileLimits {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers: Result<Vec<u64>, _> = text.split(',').map(str::parse).collect();
        match numbers.as_deref() {
            Ok(&[cpu, time, memory, artifact]) => Ok(Self {
                cpu: Duration::from_secs(cpu),
                time: Duration::from_secs(time),
                memory,
                artifact,
            }),
            _ => Err("wanted CPU-SECONDS,SECONDS,MEMORY-BYTES,ARTIFACT-BYTES"),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(900),
            deadline_of_change: Duration::from_secs(300),
            grace: Duration::from_secs(5),
            cpu: Duration::from_secs(60),
            memory: 64 << 20,
            table_elements: 20_000,
            instances: 32,
            handles: 2_048,
            resources: 1_024,
            hostcall_bytes: 16 << 20,
            header_bytes: 16 << 10,
            body_chunk: 64 << 10,
            requests_in_flight: 64,
            requests: 200_000,
            request_body: 256 << 10,
            request_body_time: Duration::from_secs(5),
            response_headers: RESPONSE_HEADERS,
            response_body: 16 << 20,
            url: 8 << 10,
            log_lines: 1_000,
            log_line: 1 << 10,
            submitted_items: 1_000_000,
            submitted_bytes: 1 << 30,
            assertion: 16 << 10,
            message: 4_000,
            component: 16 << 20,
            compile: CompileLimits::default(),
        }
    }
}

impl Limits {
    /// The limits of a job that changes something: the same, with the shorter deadline.
    #[must_use]
    pub fn of_change(&self) -> Self {
        Self {
            deadline: self.deadline.min(self.deadline_of_change),
            ..self.clone()
        }
    }
}

/// Memories a component may have: its own, and that of an adapter. No policy sets it: each takes
/// four GiB of the host's addresses for every job at once, used or not.
pub const MEMORIES: u32 = 2;

/// Bytes of the header section of a response: services send some 2 KiB. No connection reads more.
pub const RESPONSE_HEADERS: usize = 64 << 10;

/// The keys of the limits in a policy's `[limits]`, which nothing else of a policy sets.
pub mod key {
    macro_rules! keys {
        ($($key:ident = $name:literal for $field:ident;)*) => {$(
            #[doc = concat!("[`Limits::", stringify!($field), "`](super::Limits::", stringify!($field), ")")]
            pub const $key: &str = $name;
        )*};
    }

    keys! {
        DEADLINE = "deadline" for deadline;
        DEADLINE_OF_CHANGE = "deadline-of-change" for deadline_of_change;
        GRACE = "grace" for grace;
        CPU = "cpu" for cpu;
        MEMORY = "memory" for memory;
        TABLE_ELEMENTS = "table-elements" for table_elements;
        INSTANCES = "instances" for instances;
        HANDLES = "handles" for handles;
        RESOURCES = "resources" for resources;
        HOSTCALL_BYTES = "hostcall-bytes" for hostcall_bytes;
        HEADER_BYTES = "header-bytes" for header_bytes;
        BODY_CHUNK = "body-chunk" for body_chunk;
        REQUESTS_IN_FLIGHT = "requests-in-flight" for requests_in_flight;
        REQUESTS = "requests" for requests;
        REQUEST_BODY = "request-body" for request_body;
        REQUEST_BODY_TIME = "request-body-time" for request_body_time;
        RESPONSE_HEADERS = "response-headers" for response_headers;
        RESPONSE_BODY = "response-body" for response_body;
        URL = "url" for url;
        LOG_LINES = "log-lines" for log_lines;
        LOG_LINE = "log-line" for log_line;
        SUBMITTED_ITEMS = "submitted-items" for submitted_items;
        SUBMITTED_BYTES = "submitted-bytes" for submitted_bytes;
        ASSERTION = "assertion" for assertion;
        MESSAGE = "message" for message;
        COMPONENT = "component" for component;
    }
}

/// What to do where something needs more than the limit of this [`key`] lets it have.
pub fn to_raise(key: &str) -> String {
    format!("if it needs more, raise `{key}` under `[limits]` in the policy")
}

/// A limit that a job came to, with its value: what a user is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reached {
    /// [`Limits::memory`]
    #[error("more than the {} MiB of memory a job may have", .0 >> 20)]
    Memory(usize),
    /// [`Limits::handles`]
    #[error("more than the {0} handles a job may hold at once")]
    Handles(usize),
    /// [`Limits::resources`]
    #[error("more than the {0} requests, streams, headers and timers a job may hold at once")]
    Resources(usize),
    /// [`Limits::hostcall_bytes`]
    #[error("more than the {} MiB that one call to the host may carry", .0 >> 20)]
    HostcallBytes(usize),
    /// [`Limits::header_bytes`]
    #[error("more than the {} KiB of headers that one request may have", .0 >> 10)]
    RequestHeaders(usize),
    /// [`Limits::requests`]
    #[error("more than the {0} requests a job may send")]
    Requests(u64),
    /// [`Limits::requests_in_flight`]
    #[error("more than the {0} requests a job may have under way at once")]
    RequestsInFlight(usize),
    /// [`Limits::response_headers`]
    #[error("an answer with more than the {} KiB of headers that one may have", .0 >> 10)]
    ResponseHeaders(usize),
    /// [`Limits::response_body`]
    #[error("an answer with more than the {} MiB that one may have", .0 >> 20)]
    ResponseBody(u64),
}

impl Reached {
    /// The key of the limit.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Memory(_) => key::MEMORY,
            Self::Handles(_) => key::HANDLES,
            Self::Resources(_) => key::RESOURCES,
            Self::HostcallBytes(_) => key::HOSTCALL_BYTES,
            Self::RequestHeaders(_) => key::HEADER_BYTES,
            Self::Requests(_) => key::REQUESTS,
            Self::RequestsInFlight(_) => key::REQUESTS_IN_FLIGHT,
            Self::ResponseHeaders(_) => key::RESPONSE_HEADERS,
            Self::ResponseBody(_) => key::RESPONSE_BODY,
        }
    }
}

/// Ticks of the epoch clock: how often a running guest is looked at.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);
