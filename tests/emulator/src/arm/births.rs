//! Vaults on their way into being: who is still registering a name, and who never will.
//!
//! Must not know requests. A vault shows `RegisteringDns` for so many gets, or for a minute, and then how
//! it ended (wire 3.4; 6, number 7).

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::seed::ArmSeed;
use crate::state::Dirty;

/// How long a name takes to register at most, in seconds; 5 to 40 are usual.
const AT_MOST: u64 = 60;

#[derive(Debug)]
pub(crate) struct Births {
    polls: u32,
    failing: Vec<String>,
    by_host: RwLock<BirthsState>,
    dirty: Dirty,
}

/// Births by host name, as a state file holds them.
pub(crate) type BirthsState = BTreeMap<String, Birth>;

/// How a vault came into being while the emulator ran.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Birth {
    /// The client id of whoever made it.
    pub(super) by: String,
    /// Seconds since 1970.
    pub(super) at: u64,
    polls_left: u32,
    fails: bool,
}

/// `provisioningState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provisioning {
    RegisteringDns,
    Succeeded,
    Failed,
}

impl Births {
    pub(super) fn new(seed: &ArmSeed, dirty: Dirty) -> Births {
        let lower = |name: &String| name.to_ascii_lowercase();
        Births {
            polls: seed.registering_polls,
            failing: seed.failing_vaults.iter().map(lower).collect(),
            by_host: RwLock::default(),
            dirty,
        }
    }

    /// Everything that is known of births.
    pub(crate) fn snapshot(&self) -> BirthsState {
        let births = self.by_host.read().unwrap_or_else(PoisonError::into_inner);
        births.clone()
    }

    /// Takes over what was known before a restart.
    pub(crate) fn restore(&self, births: BirthsState) {
        *self.by_host.write().unwrap_or_else(PoisonError::into_inner) = births;
    }

    /// A vault begins to be.
    pub(super) fn begin(&self, host: &str, by: &str, now: u64) {
        let name = host.split('.').next().unwrap_or_default();
        let birth = Birth {
            by: by.to_owned(),
            at: now,
            polls_left: self.polls,
            fails: self.failing.iter().any(|f| f == name),
        };
        let mut births = self.by_host.write().unwrap_or_else(PoisonError::into_inner);
        births.insert(host.to_owned(), birth);
        drop(births);
        self.dirty.mark();
    }

    /// Where a vault is now.
    pub(super) fn state(&self, host: &str, now: u64) -> Provisioning {
        self.of(host)
            .map_or(Provisioning::Succeeded, |birth| birth.state(now))
    }

    /// Where a vault is now, as one more get that brings it further.
    pub(super) fn poll(&self, host: &str, now: u64) -> Provisioning {
        let mut births = self.by_host.write().unwrap_or_else(PoisonError::into_inner);
        let Some(birth) = births.get_mut(host) else {
            return Provisioning::Succeeded;
        };
        let state = birth.state(now);
        if let Some(left) = birth.polls_left.checked_sub(1) {
            birth.polls_left = left;
            drop(births);
            self.dirty.mark();
        }
        state
    }

    pub(super) fn of(&self, host: &str) -> Option<Birth> {
        let births = self.by_host.read().unwrap_or_else(PoisonError::into_inner);
        births.get(host).cloned()
    }

    pub(super) fn is_unborn(&self, host: &str, now: u64) -> bool {
        self.state(host, now) != Provisioning::Succeeded
    }
}

impl Birth {
    fn state(&self, now: u64) -> Provisioning {
        let over = self.polls_left == 0 || now >= self.at.saturating_add(AT_MOST);
        match (over, self.fails) {
            (false, _) => Provisioning::RegisteringDns,
            (true, false) => Provisioning::Succeeded,
            (true, true) => Provisioning::Failed,
        }
    }
}

impl Provisioning {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Provisioning::RegisteringDns => "RegisteringDns",
            Provisioning::Succeeded => "Succeeded",
            Provisioning::Failed => "Failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_ends_after_its_polls_or_its_minute() {
        let seed = ArmSeed {
            failing_vaults: vec!["kv-Bad".to_owned()],
            ..ArmSeed::default()
        };
        let births = Births::new(&seed, Dirty::default());
        births.begin("kv-new.vault.azure.net", "me", 100);
        births.begin("kv-bad.vault.azure.net", "me", 100);
        use Provisioning as P;
        let polls = |host: &str| [(); 3].map(|()| births.poll(host, 101));
        assert_eq!(
            polls("kv-new.vault.azure.net"),
            [P::RegisteringDns, P::RegisteringDns, P::Succeeded]
        );
        assert_eq!(
            births.state("kv-bad.vault.azure.net", 159),
            P::RegisteringDns
        );
        assert_eq!(births.state("kv-bad.vault.azure.net", 160), P::Failed);
        assert!(!births.is_unborn("kv-one.vault.azure.net", 100));
    }
}
