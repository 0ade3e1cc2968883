//! Whether an inventory is compared with the last one: asked for, possible, and not the turn of
//! a full one.
//!
//! It must not know how it is compared.

use super::turns::{Turn, Turns};
use crate::orchestrator::{Known, LastInventory};
use job_scope::Extent;
use std::path::Path;

/// What an inventory gets of the last one.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// What it need not submit again; empty for a full one.
    pub(super) known: Vec<Known>,
    /// Why it was a full one although something else was asked for.
    pub(super) warning: Option<String>,
    full: Option<(Turns, String)>,
}

impl Comparison {
    /// Takes the turn of a store.
    pub(super) fn of(
        extent: Extent,
        last: LastInventory,
        store: &str,
        directory: Option<&Path>,
    ) -> Self {
        if extent == Extent::Whole {
            return Self::default();
        }
        let Some(directory) = directory else {
            return Self::full_because(
                "as every one is, because the policy does not say in `inventory-turns` where to keep whose turn a full one is",
            );
        };
        let turns = Turns::new(directory);
        let full = |turns| Self {
            full: Some((turns, store.to_owned())),
            ..Self::default()
        };
        // Nothing to compare with is nobody's turn.
        if last.known.is_empty() {
            return full(turns);
        }
        match turns.take(store) {
            Ok(Turn::Full) => full(turns),
            Ok(Turn::ChangedOnly) => Self {
                known: last.known,
                ..Self::default()
            },
            Err(error) => Self::full_because(&format!(
                "because the directory of the policy's `inventory-turns` cannot be used: {error}"
            )),
        }
    }

    fn full_because(why: &str) -> Self {
        Self {
            warning: Some(format!(
                "changed-only: this inventory was a full one, {why}"
            )),
            ..Self::default()
        }
    }

    /// The inventory has succeeded. What cannot be written down is another full one's turn.
    pub(super) fn succeeded(self) {
        if let Some((turns, store)) = self.full {
            let _ = turns.full_done(&store);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(aliases: &[&str]) -> LastInventory {
        let known = aliases.iter().map(|alias| Known {
            alias: (*alias).to_owned(),
            private_key: true,
            thumbprints: Vec::new(),
        });
        LastInventory {
            count: aliases.len(),
            known: known.collect(),
        }
    }

    #[test]
    fn what_is_not_asked_for_or_cannot_be_counted_is_a_full_one() {
        let directory = tempfile::tempdir().unwrap();
        let absent = directory.path().join("absent");
        for (extent, directory, says) in [
            (Extent::Whole, Some(directory.path()), None),
            (Extent::ChangedOnly, None, Some("inventory-turns")),
            (Extent::ChangedOnly, Some(&*absent), Some("cannot be used")),
        ] {
            let comparison = Comparison::of(extent, last(&["a"]), "s", directory);
            assert!(comparison.known.is_empty());
            match says {
                None => assert_eq!(comparison.warning, None),
                Some(part) => assert!(comparison.warning.unwrap().contains(part)),
            }
        }
    }

    #[test]
    fn a_full_one_that_succeeded_is_followed_by_one_of_what_changed() {
        let directory = tempfile::tempdir().unwrap();
        let of = |aliases: &[&str]| {
            let directory = Some(directory.path());
            Comparison::of(Extent::ChangedOnly, last(aliases), "s", directory)
        };
        for _ in 0..2 {
            assert!(of(&["a"]).known.is_empty());
        }
        of(&[]).succeeded();
        let second = of(&["a"]);
        assert_eq!((second.known.len(), &second.warning), (1, &None));
        second.succeeded();
        assert!(of(&[]).known.is_empty());
    }
}
