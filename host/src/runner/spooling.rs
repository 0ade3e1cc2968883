//! Takes a job's batches into the spool, checked, and passes the rest on to whoever
//! watches. It must not know what becomes of the list.

use crate::engine::Reports;
use crate::engine::vocabulary::{InventoryItem, LogLevel, ParameterValue};
use crate::limits::Limits;
use crate::orchestrator::{Item, Parameter};
use crate::spool::Spool;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// Who watches a job while it runs.
pub trait Observer: Send {
    /// A log line, safe to print.
    fn log(&mut self, level: LogLevel, line: &str);
    /// How far the job is.
    fn progress(&mut self, done: u64, total: Option<u64>);
}

/// Longest alias: twice what Key Vault allows, and no store is known to allow more.
const LONGEST_ALIAS: usize = 256;

/// The list that a job submitted, shared with the thread it runs on.
pub(super) struct List {
    spool: Arc<Mutex<Option<Spool>>>,
}

impl List {
    /// The list, once; nothing can be added any more. `None` when it could not be kept.
    pub(super) fn take(&self) -> Option<Spool> {
        self.spool
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .and_then(|mut spool| spool.seal().is_ok().then_some(spool))
    }
}

/// The reports of one job.
pub(super) struct Spooling {
    observer: Box<dyn Observer>,
    spool: Arc<Mutex<Option<Spool>>>,
    /// Hashes of the aliases so far; the texts themselves are the guest's to choose.
    aliases: HashSet<u64>,
    hasher: RandomState,
    most_items: u64,
    most_bytes: u64,
}

impl Spooling {
    pub(super) fn new(
        observer: Box<dyn Observer>,
        limits: &Limits,
    ) -> std::io::Result<(Self, List)> {
        let spool = Arc::new(Mutex::new(Some(Spool::new()?)));
        let list = List {
            spool: spool.clone(),
        };
        let spooling = Self {
            observer,
            spool,
            aliases: HashSet::new(),
            hasher: RandomState::new(),
            most_items: limits.submitted_items,
            most_bytes: limits.submitted_bytes,
        };
        Ok((spooling, list))
    }

    fn check(&mut self, item: &InventoryItem) -> Result<(), String> {
        let alias = &item.alias;
        if alias.trim().is_empty() {
            return Err("an item has no alias".to_owned());
        }
        if alias.len() > LONGEST_ALIAS || alias.chars().any(char::is_control) {
            return Err(format!(
                "an alias is longer than {LONGEST_ALIAS} bytes or has control characters"
            ));
        }
        if item.certificates.first().is_none_or(Vec::is_empty) {
            return Err(format!("{alias} has no certificate"));
        }
        if !self.aliases.insert(self.hasher.hash_one(alias)) {
            return Err(format!("{alias} was submitted twice"));
        }
        Ok(())
    }
}

impl Reports for Spooling {
    fn log(&mut self, level: LogLevel, line: &str) {
        self.observer.log(level, line);
    }

    fn progress(&mut self, done: u64, total: Option<u64>) {
        self.observer.progress(done, total);
    }

    fn assertion(&mut self) -> Result<String, String> {
        Err("this job has no federated identity".to_owned())
    }

    fn submit_inventory(&mut self, items: Vec<InventoryItem>) -> Result<(), String> {
        for item in &items {
            self.check(item)?;
        }
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        let spool = spool.as_mut().ok_or("the job has ended")?;
        if spool.entries() + items.len() as u64 > self.most_items {
            return Err(format!("a job may submit {} items", self.most_items));
        }
        for item in items {
            if spool.bytes().saturating_add(size(&item)) > self.most_bytes {
                return Err(format!("a job may submit {} bytes", self.most_bytes));
            }
            spool
                .push(&to_item(item))
                .map_err(|error| format!("the batch could not be kept: {error}"))?;
        }
        Ok(())
    }

    fn submit_discovery(&mut self, _: Vec<String>) -> Result<(), String> {
        Err("this job is no discovery".to_owned())
    }
}

/// Bytes of an item, about; base64 makes certificates a third longer.
fn size(item: &InventoryItem) -> u64 {
    let certificates: usize = item.certificates.iter().map(|der| der.len() / 3 * 4).sum();
    let parameters: usize = item
        .parameters
        .iter()
        .map(|(name, value)| {
            name.len()
                + match value {
                    ParameterValue::Text(text) => text.len(),
                    ParameterValue::Flag(_) | ParameterValue::Unset => 5,
                }
        })
        .sum();
    let details: usize = item.details.iter().map(|(n, v)| n.len() + v.len()).sum();
    (item.alias.len() + certificates + parameters + details) as u64
}

fn to_item(item: InventoryItem) -> Item {
    Item {
        alias: item.alias,
        certificates: item
            .certificates
            .iter()
            .map(|der| STANDARD.encode(der))
            .collect(),
        private_key: item.private_key,
        parameters: item
            .parameters
            .into_iter()
            .map(|(name, value)| {
                let value = match value {
                    ParameterValue::Text(text) => Parameter::Text(text),
                    ParameterValue::Flag(flag) => Parameter::Flag(flag),
                    ParameterValue::Unset => Parameter::Unset,
                };
                (name, value)
            })
            .collect(),
        details: item.details.into_iter().collect(),
    }
}
