//! Every vault there is, and those that were deleted: made, deleted, recovered and purged at run time.
//!
//! Must not know requests, or what lies in a vault. A vault's name is its host's first label, so it is
//! taken once in each cloud, by live and deleted vaults alike. Source: "Azure REST: Key Vault - Vaults",
//! "Soft-delete overview".

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::spec::{VaultSpec, host};
use super::state::Vault;
use crate::cloud::Cloud;
use crate::pki::{Authority, PkiError};
use crate::seed::Seed;

const DAY: u64 = 86_400;

/// Every vault by its host name.
pub(crate) struct Vaults {
    authority: Arc<Authority>,
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
    pub(crate) fn new(seed: &Seed) -> Result<Vaults, PkiError> {
        let authority = Arc::new(Authority::new(&seed.key)?);
        let mut live = BTreeMap::new();
        for table in &seed.vaults {
            for cloud in &table.clouds {
                let spec = VaultSpec::seeded(seed, table, *cloud);
                let vault = Vault::new(spec, Some(table), &authority);
                live.insert(vault.host.clone(), Arc::new(vault));
            }
        }
        Ok(Vaults {
            authority,
            rooms: RwLock::new(Rooms {
                live,
                deleted: BTreeMap::new(),
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
        let vault = Arc::new(Vault::new(spec, None, &self.authority));
        rooms.live.insert(host, Arc::clone(&vault));
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
                Ok(())
            }
        }
    }

    /// Lets go of the deleted vaults whose retention is over.
    fn expire(&self, now: u64) {
        let over = |d: &DeletedVault| d.scheduled_purge <= now;
        if self.read().deleted.values().any(over) {
            self.write().deleted.retain(|_, d| !over(d));
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
        Vaults::new(&Seed::built_in().unwrap()).unwrap()
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
