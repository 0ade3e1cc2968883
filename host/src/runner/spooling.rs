//! Takes a job's batches into the spool, checked, and passes the rest on to whoever
//! watches. It must not know what becomes of the list.

mod inventory;
mod paths;
#[cfg(test)]
mod tests;

use super::token::{Assertions, NoAssertion};
use crate::engine::Reports;
use crate::engine::vocabulary::{InventoryItem, KnownCertificate, KnownState, LogLevel};
use crate::limits::{Limits, key, to_raise};
use crate::orchestrator::Known;
use crate::spool::Spool;
use job_scope::{Versions, counted};
use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Who watches a job while it runs.
pub trait Observer: Send {
    /// A log line, safe to print.
    fn log(&mut self, level: LogLevel, line: &str);
    /// How far the job is.
    fn progress(&mut self, done: u64, total: Option<u64>);
}

/// What a job may submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepts {
    /// The certificates of a store.
    Inventory(Versions),
    /// Paths of stores.
    Paths,
    /// Nothing: the job makes no list.
    Nothing,
}

/// The list that a job submitted, shared with the thread it runs on.
pub(super) struct List {
    spool: Arc<Mutex<Option<Spool>>>,
    gone: Arc<AtomicU64>,
}

impl List {
    /// How many of its entries say that something is gone.
    pub(super) fn gone(&self) -> u64 {
        self.gone.load(Ordering::Acquire)
    }

    /// The list, once; nothing can be added any more. `None` when it could not be kept, and
    /// where the job makes none.
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
    accepts: Accepts,
    assertions: Option<Assertions>,
    spool: Arc<Mutex<Option<Spool>>>,
    gone: Arc<AtomicU64>,
    /// What may be submitted by its alias, by that in lower case.
    known: BTreeMap<String, Known>,
    /// Hashes of what was submitted so far; the texts themselves are the guest's to choose.
    seen: HashSet<u64>,
    hasher: RandomState,
    most_items: u64,
    most_bytes: u64,
}

impl Spooling {
    pub(super) fn new(
        observer: Box<dyn Observer>,
        accepts: Accepts,
        assertions: Option<Assertions>,
        limits: &Limits,
    ) -> std::io::Result<(Self, List)> {
        let spool = match accepts {
            Accepts::Inventory(_) | Accepts::Paths => Some(Spool::new()?),
            Accepts::Nothing => None,
        };
        let spool = Arc::new(Mutex::new(spool));
        let gone = Arc::new(AtomicU64::new(0));
        let list = List {
            spool: spool.clone(),
            gone: gone.clone(),
        };
        let spooling = Self {
            observer,
            accepts,
            assertions,
            spool,
            gone,
            known: BTreeMap::new(),
            seen: HashSet::new(),
            hasher: RandomState::new(),
            most_items: limits.submitted_items,
            most_bytes: limits.submitted_bytes,
        };
        Ok((spooling, list))
    }

    /// Lets an inventory submit these by their aliases.
    pub(super) fn comparing(mut self, known: Vec<Known>) -> Self {
        let known = known.into_iter();
        self.known = known
            .map(|known| (known.alias.to_lowercase(), known))
            .collect();
        self
    }

    /// Whether this is the first submission of `key`.
    fn is_new(&mut self, key: impl Hash) -> bool {
        self.seen.insert(self.hasher.hash_one(key))
    }

    /// Appends entries with their sizes in bytes, up to the limits of the whole list.
    fn keep<T: serde::Serialize>(
        &mut self,
        entries: impl ExactSizeIterator<Item = (u64, T)>,
    ) -> Result<(), String> {
        let mut spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        let spool = spool.as_mut().ok_or("the job has ended")?;
        if spool.entries() + entries.len() as u64 > self.most_items {
            return Err(format!(
                "a job may submit {}; {}",
                counted(self.most_items, "item"),
                to_raise(key::SUBMITTED_ITEMS)
            ));
        }
        for (size, entry) in entries {
            if spool.bytes().saturating_add(size) > self.most_bytes {
                return Err(format!(
                    "a job may submit {}; {}",
                    counted(self.most_bytes, "byte"),
                    to_raise(key::SUBMITTED_BYTES)
                ));
            }
            spool
                .push(&entry)
                .map_err(|error| format!("the batch could not be kept: {error}"))?;
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
        let assertions = self.assertions.as_ref();
        let got = assertions
            .ok_or("this job has no federated identity")?
            .get();
        if let Err(NoAssertion::Unread(why)) = &got {
            self.observer.log(LogLevel::Error, why);
        }
        got.map_err(NoAssertion::told)
    }

    fn submit_inventory(&mut self, items: Vec<InventoryItem>) -> Result<(), String> {
        let Accepts::Inventory(versions) = self.accepts else {
            return Err("this job is no inventory".to_owned());
        };
        for item in &items {
            inventory::check(item)?;
            if !self.is_new(inventory::key(item, versions)) {
                return Err(format!("{} was submitted twice", item.alias));
            }
        }
        self.keep(
            items
                .into_iter()
                .map(|item| (inventory::size(&item), inventory::to_item(item))),
        )
    }

    fn last_inventory(&mut self) -> Vec<KnownCertificate> {
        let known = self.known.values();
        known
            .map(|known| KnownCertificate {
                alias: known.alias.clone(),
                thumbprints: known.thumbprints.iter().map(ToString::to_string).collect(),
            })
            .collect()
    }

    fn submit_known(&mut self, aliases: Vec<String>, state: KnownState) -> Result<(), String> {
        let mut items = Vec::with_capacity(aliases.len());
        for alias in aliases {
            let key = alias.to_lowercase();
            let Some(known) = self.known.get(&key) else {
                return Err("an alias was not in the last inventory".to_owned());
            };
            let item = inventory::known(known, state);
            if !self.is_new((key, None::<&str>)) {
                return Err(format!("{} was submitted twice", item.alias));
            }
            items.push((item.alias.len() as u64, item));
        }
        if state == KnownState::Deleted {
            self.gone.fetch_add(items.len() as u64, Ordering::AcqRel);
        }
        self.keep(items.into_iter())
    }

    fn submit_discovery(&mut self, paths: Vec<String>) -> Result<(), String> {
        if self.accepts != Accepts::Paths {
            return Err("this job is no discovery".to_owned());
        }
        for path in &paths {
            paths::check(path)?;
            if !self.is_new(path.to_lowercase()) {
                return Err(format!("{path} was submitted twice"));
            }
        }
        self.keep(paths.into_iter().map(|path| (path.len() as u64, path)))
    }
}
