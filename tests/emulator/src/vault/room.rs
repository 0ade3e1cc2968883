//! One vault: what it is, what lies in it, and what every operation on it needs.
//!
//! Must not know requests or answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alone::Alone;
use super::derived::derived;
use super::renew::Course;
use super::spec::VaultSpec;
use super::store::{Changes, Store};
use super::throttle::Throttle;
use crate::answer::derived_uuid;
use crate::cloud::Cloud;
use crate::pki::{Authority, PkiError};
use crate::seed::{Seed, ThrottlingSeed, TimingSeed, VaultSeed};
use crate::state::Dirty;

/// What every vault of an emulator shares.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) authority: Arc<Authority>,
    pub(super) timing: TimingSeed,
    pub(super) throttling: ThrottlingSeed,
    pub(super) dirty: Dirty,
}

impl Common {
    pub(super) fn new(seed: &Seed, dirty: Dirty) -> Result<Common, PkiError> {
        Ok(Common {
            authority: Arc::new(Authority::new(&seed.key)?),
            timing: seed.timing,
            throttling: seed.throttling,
            dirty,
        })
    }
}

/// One vault in one cloud.
pub(crate) struct Vault {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) cloud: Cloud,
    pub(super) empty_page_after: Vec<u32>,
    pub(super) common: Common,
    pub(super) throttle: Throttle,
    pub(super) store: Store,
    pub(super) alone: Alone,
    /// Replaced whole, so that a request sees one state of it.
    spec: RwLock<Arc<VaultSpec>>,
    side: Mutex<Side>,
    made: AtomicU64,
    /// Whether it is another than the seed says, and so has to be kept.
    touched: AtomicBool,
}

/// What a vault holds beside certificates.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Side {
    /// The list of contacts; absent where none were ever set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) contacts: Option<Value>,
    /// Certificate issuers by lower-case name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) issuers: BTreeMap<String, Value>,
}

/// A vault as a state file holds it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(super) spec: VaultSpec,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    certificates: Changes,
    #[serde(flatten)]
    side: Side,
    /// When it was deleted and when it goes for good, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deleted: Option<(u64, u64)>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// An empty vault, or one with what a seed's table says.
    pub(super) fn new(spec: VaultSpec, table: Option<&VaultSeed>, common: &Common) -> Vault {
        let host = spec.host();
        let made_up = table.map(derived).unwrap_or_default();
        Vault {
            name: spec.name.clone(),
            cloud: spec.cloud,
            empty_page_after: table
                .map(|t| t.empty_page_after.clone())
                .unwrap_or_default(),
            store: Store::new(&host, &common.authority, made_up),
            alone: table.map(Alone::new).unwrap_or_default(),
            throttle: Throttle::new(common.throttling),
            common: common.clone(),
            host,
            spec: RwLock::new(Arc::new(spec)),
            side: Mutex::default(),
            made: AtomicU64::new(0),
            touched: AtomicBool::new(table.is_none()),
        }
    }

    /// What the vault is now.
    pub(crate) fn spec(&self) -> Arc<VaultSpec> {
        Arc::clone(&self.spec.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what the vault is. Cloud and name are its identity and stay, whatever `change` does.
    pub(crate) fn update(&self, change: impl FnOnce(&mut VaultSpec)) {
        let mut spec = self.spec.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = VaultSpec::clone(&spec);
        change(&mut changed);
        changed.cloud = self.cloud;
        changed.name.clone_from(&self.name);
        *spec = Arc::new(changed);
        drop(spec);
        self.mark();
    }

    /// Something changed that has to survive a restart.
    pub(super) fn mark(&self) {
        self.touched.store(true, Ordering::Relaxed);
        self.common.dirty.mark();
    }

    /// Whether it is another than the seed says.
    pub(super) fn is_touched(&self) -> bool {
        self.touched.load(Ordering::Relaxed)
    }

    /// Looks at, or changes, what the vault holds beside certificates.
    pub(super) fn with_side<T>(&self, act: impl FnOnce(&mut Side) -> T) -> T {
        act(&mut self.side.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Certificates' course in time.
    pub(super) fn course(&self) -> Course<'_> {
        Course { vault: self }
    }

    /// Lets certificates do what they have to do by now, in milliseconds since 1970.
    pub(super) fn settle(&self, now: u64) -> Result<(), PkiError> {
        if self.store.settle(&self.course(), now)? {
            self.mark();
        }
        Ok(())
    }

    /// 32 hexadecimal digits for something that is made now.
    pub(super) fn new_id(&self, name: &str, now: u64) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let label = format!("{}/{name}/{now}/{number}", self.host);
        derived_uuid(&self.common.authority.key_label(&label)).replace('-', "")
    }

    pub(super) fn snapshot(&self, deleted: Option<(u64, u64)>) -> Snapshot {
        Snapshot {
            spec: (*self.spec()).clone(),
            certificates: self.store.changes(),
            side: self.with_side(|side| side.clone()),
            deleted,
        }
    }

    pub(super) fn restore(&self, snapshot: Snapshot) {
        self.store.restore(snapshot.certificates);
        self.with_side(|side| *side = snapshot.side);
        *self.spec.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot.spec);
        self.touched.store(true, Ordering::Relaxed);
    }
}
