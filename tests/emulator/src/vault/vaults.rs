//! Every vault there is, and those that were deleted: made, deleted, recovered and purged at run time.
//!
//! Must not know requests, or what lies in a vault. A vault's name is its host's first label, so it is
//! taken once in each cloud, by live and deleted vaults alike. Source: "Azure REST: Key Vault - Vaults",
//! "Soft-delete overview".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::room::{Common, Snapshot, Vault};
use super::spec::{VaultSpec, host};
use crate::cloud::Cloud;
use crate::pki::PkiError;
use crate::seed::Seed;
use crate::state::Dirty;
use serde::{Deserialize, Serialize};

const DAY: u64 = 86_400;

/// Every vault by its host name.
pub(crate) struct Vaults {
    common: Common,
    rooms: RwLock<Rooms>,
}

impl fmt::Debug for Vaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vaults")
            .field("rooms", &self.rooms)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Default)]
struct Rooms {
    live: BTreeMap<String, Arc<Vault>>,
    deleted: BTreeMap<String, DeletedVault>,
    /// Hosts of purged vaults, which a seed must not bring back.
    gone: BTreeSet<String>,
}

/// Vaults as a state file holds them: those that are not as the seed says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct VaultsState {
    vaults: Vec<Snapshot>,
    #[serde(default)]
    gone: BTreeSet<String>,
}

/// A vault that was deleted and can be recovered until it is purged.
#[derive(Clone, Debug)]
pub(crate) struct DeletedVault {
    pub(crate) vault: Arc<Vault>,
    /// Seconds since 1970.
    pub(crate) deleted: u64,
    /// When it goes for good, in seconds since 1970.
    pub(crate) scheduled_purge: u64,
}

/// Why a vault's name cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameTaken {
    /// A vault has it.
    Live,
    /// A deleted vault keeps it until it is purged.
    Deleted,
}

/// Why a deleted vault was not purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotPurged {
    /// There is no deleted vault by this name.
    Missing,
    /// It is protected until its scheduled day.
    Protected,
}

impl Vaults {
    /// The vaults of a seed; changes of them are told to `dirty`.
    pub(crate) fn new(seed: &Seed, dirty: Dirty) -> Result<Vaults, PkiError> {
        let common = Common::new(seed, dirty)?;
        let mut live = BTreeMap::new();
        for table in &seed.vaults {
            for cloud in &table.clouds {
                let spec = VaultSpec::seeded(seed, table, *cloud);
                let vault = Vault::new(spec, Some(table), &common);
                live.insert(vault.host.clone(), Arc::new(vault));
            }
        }
        Ok(Vaults {
            common,
            rooms: RwLock::new(Rooms {
                live,
                ..Rooms::default()
            }),
        })
    }

    /// The live vault behind a host name, lower case.
    pub(crate) fn find(&self, host: &str) -> Option<Arc<Vault>> {
        self.read().live.get(host).cloned()
    }

    /// The live vault of a name, in any case.
    pub(crate) fn get(&self, cloud: Cloud, name: &str) -> Option<Arc<Vault>> {
        self.find(&host(cloud, name))
    }

    /// The live vaults of a cloud, by host name.
    pub(crate) fn all(&self, cloud: Cloud) -> Vec<Arc<Vault>> {
        let of_cloud = |vault: &&Arc<Vault>| vault.cloud == cloud;
        self.read()
            .live
            .values()
            .filter(of_cloud)
            .cloned()
            .collect()
    }

    /// How many live vaults there are, each cloud's counted.
    pub(crate) fn count(&self) -> usize {
        self.read().live.len()
    }

    /// A new, empty vault, which answers at its host from now on.
    ///
    /// # Errors
    /// Where the name is taken in this cloud; nothing is changed then.
    pub(crate) fn create(&self, spec: VaultSpec) -> Result<Arc<Vault>, NameTaken> {
        let mut rooms = self.write();
        let host = spec.host();
        if rooms.live.contains_key(&host) {
            return Err(NameTaken::Live);
        }
        if rooms.deleted.contains_key(&host) {
            return Err(NameTaken::Deleted);
        }
        let vault = Arc::new(Vault::new(spec, None, &self.common));
        rooms.gone.remove(&host);
        rooms.live.insert(host, Arc::clone(&vault));
        drop(rooms);
        vault.mark();
        Ok(vault)
    }

    /// Deletes a vault so that it can be recovered; its host stops answering. `now` is in seconds.
    pub(crate) fn soft_delete(&self, cloud: Cloud, name: &str, now: u64) -> Option<DeletedVault> {
        let mut rooms = self.write();
        let host = host(cloud, name);
        let vault = rooms.live.remove(&host)?;
        let days = u64::from(vault.spec().retention_days);
        let deleted = DeletedVault {
            vault,
            deleted: now,
            scheduled_purge: now.saturating_add(days.saturating_mul(DAY)),
        };
        rooms.deleted.insert(host, deleted.clone());
        drop(rooms);
        deleted.vault.mark();
        Some(deleted)
    }

    /// The deleted vault of a name, unless its time is over.
    pub(crate) fn deleted(&self, cloud: Cloud, name: &str, now: u64) -> Option<DeletedVault> {
        self.expire(now);
        self.read().deleted.get(&host(cloud, name)).cloned()
    }

    /// The deleted vaults of a cloud, by host name.
    pub(crate) fn all_deleted(&self, cloud: Cloud, now: u64) -> Vec<DeletedVault> {
        self.expire(now);
        let of_cloud = |deleted: &&DeletedVault| deleted.vault.cloud == cloud;
        self.read()
            .deleted
            .values()
            .filter(of_cloud)
            .cloned()
            .collect()
    }

    /// Brings a deleted vault back with all that lay in it.
    pub(crate) fn recover(&self, cloud: Cloud, name: &str, now: u64) -> Option<Arc<Vault>> {
        self.expire(now);
        let mut rooms = self.write();
        let host = host(cloud, name);
        let vault = rooms.deleted.remove(&host)?.vault;
        rooms.live.insert(host, Arc::clone(&vault));
        drop(rooms);
        vault.mark();
        Some(vault)
    }

    /// Ends a deleted vault for good, which frees its name.
    ///
    /// # Errors
    /// Where there is none, or where it is protected.
    pub(crate) fn purge(&self, cloud: Cloud, name: &str, now: u64) -> Result<(), NotPurged> {
        self.expire(now);
        let mut rooms = self.write();
        let host = host(cloud, name);
        match rooms.deleted.get(&host) {
            None => Err(NotPurged::Missing),
            Some(kept) if kept.vault.spec().purge_protection => Err(NotPurged::Protected),
            Some(_) => {
                rooms.deleted.remove(&host);
                rooms.gone.insert(host);
                drop(rooms);
                self.common.dirty.mark();
                Ok(())
            }
        }
    }

    /// Lets go of the deleted vaults whose retention is over.
    fn expire(&self, now: u64) {
        let over = |d: &DeletedVault| d.scheduled_purge <= now;
        if self.read().deleted.values().any(over) {
            let mut rooms = self.write();
            let Rooms { deleted, gone, .. } = &mut *rooms;
            gone.extend(
                deleted
                    .iter()
                    .filter(|(_, d)| over(d))
                    .map(|(h, _)| h.clone()),
            );
            deleted.retain(|_, d| !over(d));
            drop(rooms);
            self.common.dirty.mark();
        }
    }

    /// Every vault that is not as the seed says.
    pub(crate) fn snapshot(&self) -> VaultsState {
        let rooms = self.read();
        let live = rooms.live.values().filter(|v| v.is_touched());
        let live = live.map(|v| v.snapshot(None));
        let deleted = rooms.deleted.values();
        let deleted = deleted.map(|d| d.vault.snapshot(Some((d.deleted, d.scheduled_purge))));
        VaultsState {
            vaults: live.chain(deleted).collect(),
            gone: rooms.gone.clone(),
        }
    }

    /// Takes over what was changed before a restart.
    pub(crate) fn restore(&self, state: VaultsState) {
        let mut rooms = self.write();
        rooms.live.retain(|host, _| !state.gone.contains(host));
        rooms.gone = state.gone;
        for snapshot in state.vaults {
            let host = snapshot.spec.host();
            let vault = rooms
                .live
                .remove(&host)
                .unwrap_or_else(|| Arc::new(Vault::new(snapshot.spec.clone(), None, &self.common)));
            let deleted = snapshot.deleted;
            vault.restore(snapshot);
            if let Some((deleted, scheduled_purge)) = deleted {
                let kept = DeletedVault {
                    vault,
                    deleted,
                    scheduled_purge,
                };
                rooms.deleted.insert(host, kept);
            } else {
                rooms.live.insert(host, vault);
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Rooms> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Rooms> {
        self.rooms.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_787_220_930;

    fn vaults() -> Vaults {
        Vaults::new(&Seed::built_in().unwrap(), Dirty::default()).unwrap()
    }

    fn spec(vaults: &Vaults, name: &str) -> VaultSpec {
        let mut spec = (*vaults.get(Cloud::Public, "kv-one").unwrap().spec()).clone();
        spec.name = name.to_owned();
        spec
    }

    #[test]
    fn a_name_is_taken_once_in_each_cloud_whatever_its_case() {
        let vaults = vaults();
        let again = vaults.create(spec(&vaults, "KV-One"));
        assert_eq!(again.unwrap_err(), NameTaken::Live);
        let made = vaults.create(spec(&vaults, "Kv-New")).unwrap();
        assert_eq!(made.host, "kv-new.vault.azure.net");
        assert!(vaults.get(Cloud::Public, "kv-NEW").is_some());
        assert!(vaults.get(Cloud::China, "kv-new").is_none());
        assert_eq!(vaults.count(), 4);
    }

    #[test]
    fn a_deleted_vault_keeps_its_name_until_it_is_recovered_or_purged() {
        let vaults = vaults();
        let gone = vaults.soft_delete(Cloud::Public, "kv-one", NOW).unwrap();
        assert_eq!(gone.scheduled_purge, NOW + 90 * DAY);
        assert!(vaults.find("kv-one.vault.azure.net").is_none());
        let again = vaults.create(gone.vault.spec().as_ref().clone());
        assert_eq!(again.unwrap_err(), NameTaken::Deleted);
        assert!(vaults.recover(Cloud::Public, "KV-ONE", NOW).is_some());
        assert!(vaults.find("kv-one.vault.azure.net").is_some());
        vaults.soft_delete(Cloud::Public, "kv-one", NOW).unwrap();
        assert_eq!(vaults.purge(Cloud::Public, "kv-one", NOW), Ok(()));
        let missing = vaults.purge(Cloud::Public, "kv-one", NOW);
        assert_eq!(missing, Err(NotPurged::Missing));
    }

    #[test]
    fn purge_protection_holds_until_the_scheduled_day() {
        let vaults = vaults();
        let vault = vaults.get(Cloud::Public, "kv-one").unwrap();
        vault.update(|spec| spec.purge_protection = true);
        vaults.soft_delete(Cloud::Public, "kv-one", NOW).unwrap();
        let purged = vaults.purge(Cloud::Public, "kv-one", NOW);
        assert_eq!(purged, Err(NotPurged::Protected));
        let last = NOW + 90 * DAY;
        assert!(vaults.deleted(Cloud::Public, "kv-one", last - 1).is_some());
        assert!(vaults.deleted(Cloud::Public, "kv-one", last).is_none());
    }
}
