//! The contract's host interface behind the [`Host`] trait.

use super::Wasi;
use crate::bindings::certstore::extension::host as wit;
use crate::contract::InventoryItem;
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

    fn submit_discovery(&self, paths: Vec<String>) -> Result<(), String> {
        wit::submit_discovery(&paths)
    }

    fn submit_inventory(&self, items: Vec<InventoryItem>) -> Result<(), String> {
        let items: Vec<wit::InventoryItem> = items.into_iter().map(Into::into).collect();
        wit::submit_inventory(&items)
    }
}
