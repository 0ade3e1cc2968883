//! The contract's host interface behind the [`Host`] trait.

use super::Wasi;
use crate::bindings::certstore::extension::host as wit;
use crate::contract::{InventoryItem, KnownCertificate, KnownState};
use crate::host::{Host, LogLevel};

impl Host for Wasi {
    fn log(&self, level: LogLevel, message: &str) {
        let level = match level {
            LogLevel::Debug => wit::LogLevel::Debug,
            LogLevel::Info => wit::LogLevel::Info,
            LogLevel::Warn => wit::LogLevel::Warn,
            LogLevel::Error => wit::LogLevel::Error,
        };
        wit::log(level, message);
    }

    fn progress(&self, done: u64, total: Option<u64>) {
        wit::progress(done, total);
    }

    fn cancelled(&self) -> bool {
        wit::cancelled()
    }

    fn assertion(&self) -> Result<String, String> {
        wit::assertion()
    }

    fn last_inventory(&self) -> Vec<KnownCertificate> {
        let known = wit::last_inventory().into_iter();
        known
            .map(|known| KnownCertificate {
                alias: known.alias,
                thumbprints: known.thumbprints,
            })
            .collect()
    }

    fn submit_known(&self, aliases: Vec<String>, state: KnownState) -> Result<(), String> {
        let state = match state {
            KnownState::Unchanged => wit::KnownState::Unchanged,
            KnownState::Deleted => wit::KnownState::Deleted,
        };
        wit::submit_known(&aliases, state)
    }

    fn submit_discovery(&self, paths: Vec<String>) -> Result<(), String> {
        wit::submit_discovery(&paths)
    }

    fn submit_inventory(&self, items: Vec<InventoryItem>) -> Result<(), String> {
        let items: Vec<wit::InventoryItem> = items.into_iter().map(Into::into).collect();
        wit::submit_inventory(&items)
    }
}
