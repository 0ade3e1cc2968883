//! What the job logic asks of its host while it runs (`wit/host.wit`), as a trait.
//!
//! It must not know who implements it: the component's imports, or a test.

use crate::contract::{InventoryItem, KnownCertificate, KnownState};

/// How grave a log line is (`host.log-level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Steps and names.
    Debug,
    /// What happened.
    Info,
    /// Something to look at; the job goes on.
    Warn,
    /// Something failed.
    Error,
}

/// The host's functions. None of them waits.
pub trait Host {
    /// Writes a line to the job's log: counts and names, never a secret or a tag's value.
    fn log(&self, level: LogLevel, message: &str);

    /// Units done, and how many there are once that is known.
    fn progress(&self, done: u64, total: Option<u64>);

    /// Whether the job was cancelled.
    fn cancelled(&self) -> bool;

    /// A federated token, fresh at each call; an error says why there is none.
    fn assertion(&self) -> Result<String, String>;

    /// The last inventory, where certificates that are as in it need not be read again.
    fn last_inventory(&self) -> Vec<KnownCertificate>;

    /// Hands over aliases of the last inventory; an error means that they were not taken.
    fn submit_known(&self, aliases: Vec<String>, state: KnownState) -> Result<(), String>;

    /// Hands over a batch of discovered store paths; an error means that it was not taken.
    fn submit_discovery(&self, paths: Vec<String>) -> Result<(), String>;

    /// Hands over a batch of an inventory; an error means that it was not taken.
    fn submit_inventory(&self, items: Vec<InventoryItem>) -> Result<(), String>;
}
