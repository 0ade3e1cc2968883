//! The certificates of a vault: those that a seed makes up, and over them whatever was changed.
//!
//! Must not know requests or what a change means. A reader holds the lock for a look-up alone; a change
//! is decided and made under one lock, so that two requests never both win.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use serde::{Deserialize, Serialize};

use super::certificate::Certificate;
use super::derived::Derived;
use super::error::Refusal;
use crate::pki::{Authority, PkiError};

/// What became of a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Slot {
    /// Changed, or new.
    Kept(Arc<Certificate>),
    /// Purged; what a seed made up under this name is gone too.
    Gone,
}

/// Changes by lower-case name.
pub(crate) type Changes = BTreeMap<String, Slot>;

pub(super) struct Store {
    host: String,
    authority: Arc<Authority>,
    derived: BTreeMap<String, Derived>,
    changed: RwLock<Changes>,
    /// When the first of the changed ones has something to do, in milliseconds since 1970.
    due: AtomicU64,
}

/// A look at one certificate: when it has something to do next, and doing it.
pub(super) trait Settle {
    /// In milliseconds since 1970; none for never.
    fn due(&self, certificate: &Certificate) -> Option<u64>;
    /// What becomes of it by now.
    fn settle(&self, certificate: &Certificate, now: u64) -> Result<Slot, PkiError>;
}

impl Store {
    pub(super) fn new(
        host: &str,
        authority: &Arc<Authority>,
        derived: BTreeMap<String, Derived>,
    ) -> Store {
        Store {
            host: host.to_owned(),
            authority: Arc::clone(authority),
            derived,
            changed: RwLock::default(),
            due: AtomicU64::new(u64::MAX),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Changes> {
        self.changed.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The certificate of a name, alive or not.
    pub(super) fn find(&self, name: &str) -> Result<Option<Arc<Certificate>>, PkiError> {
        self.look(&self.read(), &name.to_ascii_lowercase())
    }

    fn look(&self, changed: &Changes, lower: &str) -> Result<Option<Arc<Certificate>>, PkiError> {
        match changed.get(lower) {
            Some(Slot::Kept(certificate)) => Ok(Some(Arc::clone(certificate))),
            Some(Slot::Gone) => Ok(None),
            None => self
                .derived
                .get(lower)
                .map(|d| d.made(&self.host, &self.authority))
                .transpose(),
        }
    }

    /// Changes the certificate of a name as `decide` says, or not at all.
    pub(super) fn change<T>(
        &self,
        name: &str,
        settle: &impl Settle,
        decide: impl FnOnce(Option<&Arc<Certificate>>) -> Result<(Slot, T), Refusal>,
    ) -> Result<T, Refusal> {
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        let lower = name.to_ascii_lowercase();
        let found = self.look(&changed, &lower).map_err(Refusal::broken)?;
        let (slot, answer) = decide(found.as_ref())?;
        if let Slot::Kept(certificate) = &slot {
            let due = settle.due(certificate).unwrap_or(u64::MAX);
            self.due.fetch_min(due, Ordering::Relaxed);
        }
        self.put(&mut changed, lower, slot);
        Ok(answer)
    }

    /// A purged name must be remembered only where a seed would bring it back.
    fn put(&self, changed: &mut Changes, lower: String, slot: Slot) {
        if matches!(slot, Slot::Gone) && !self.derived.contains_key(&lower) {
            changed.remove(&lower);
        } else {
            changed.insert(lower, slot);
        }
    }

    /// Lets every certificate do what it has to do by now; true where something happened.
    pub(super) fn settle(&self, settle: &impl Settle, now: u64) -> Result<bool, PkiError> {
        if now < self.due.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let mut changed = self.changed.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = u64::MAX;
        let mut done = Vec::new();
        for (lower, slot) in changed.iter() {
            let Slot::Kept(certificate) = slot else {
                continue;
            };
            match settle.due(certificate) {
                Some(due) if due <= now => {
                    let slot = settle.settle(certificate, now)?;
                    if let Slot::Kept(later) = &slot {
                        next = next.min(settle.due(later).unwrap_or(u64::MAX));
                    }
                    done.push((lower.clone(), slot));
                }
                Some(due) => next = next.min(due),
                None => {}
            }
        }
        let happened = !done.is_empty();
        for (lower, slot) in done {
            self.put(&mut changed, lower, slot);
        }
        self.due.store(next, Ordering::Relaxed);
        Ok(happened)
    }

    /// Up to `count` certificates that come after a name and are wanted; all names for an empty one.
    pub(super) fn after(
        &self,
        name: &str,
        count: usize,
        wanted: impl Fn(&Certificate) -> bool,
    ) -> Result<Vec<Arc<Certificate>>, PkiError> {
        let changed = self.read();
        let from = if name.is_empty() {
            Bound::Unbounded
        } else {
            Bound::Excluded(name.to_ascii_lowercase())
        };
        let range = (from, Bound::Unbounded);
        let mut over = changed.range::<String, _>(range.clone()).peekable();
        let mut under = self.derived.range::<String, _>(range).peekable();
        let mut found = Vec::new();
        while found.len() < count {
            let next = match (over.peek(), under.peek()) {
                (None, None) => break,
                (Some((changed, _)), Some((derived, _))) if derived < changed => under.next(),
                (None, Some(_)) => under.next(),
                (Some((name, slot)), second) => {
                    let hidden = second.is_some_and(|(derived, _)| derived == name);
                    if let Slot::Kept(certificate) = slot
                        && wanted(certificate)
                    {
                        found.push(Arc::clone(certificate));
                    }
                    over.next();
                    if hidden {
                        under.next();
                    }
                    continue;
                }
            };
            if let Some((_, derived)) = next {
                let certificate = derived.made(&self.host, &self.authority)?;
                if wanted(&certificate) {
                    found.push(certificate);
                }
            }
        }
        Ok(found)
    }

    /// Up to `count` deleted certificates after a name. A seed makes none, so what it made up is not
    /// looked at.
    pub(super) fn changed_after(
        &self,
        name: &str,
        count: usize,
        wanted: impl Fn(&Certificate) -> bool,
    ) -> Vec<Arc<Certificate>> {
        let lower = name.to_ascii_lowercase();
        self.read()
            .range::<String, _>((Bound::Excluded(lower), Bound::Unbounded))
            .filter_map(|(_, slot)| match slot {
                Slot::Kept(certificate) if wanted(certificate) => Some(Arc::clone(certificate)),
                _ => None,
            })
            .take(count)
            .collect()
    }

    /// Everything that was changed.
    pub(super) fn changes(&self) -> Changes {
        self.read().clone()
    }

    /// Takes over what was changed before a restart.
    pub(super) fn restore(&self, changes: Changes) {
        *self.changed.write().unwrap_or_else(PoisonError::into_inner) = changes;
        // Whatever is due is found at the next look.
        self.due.store(0, Ordering::Relaxed);
    }
}
