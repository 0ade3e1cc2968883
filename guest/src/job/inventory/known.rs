//! What the last inventory knew, held against the list: what is the same need not be read, and
//! what is not listed any more is gone.
//!
//! It must not send or submit anything.

use std::collections::BTreeMap;

use job_scope::{Chain, Thumbprint};

use crate::azure::vault::Listed;
use crate::contract::KnownCertificate;

/// The certificates of the last inventory, by their names in lower case.
pub(super) struct Known {
    entries: BTreeMap<String, Entry>,
    /// What is to be submitted of each.
    chain: Chain,
}

struct Entry {
    certificate: KnownCertificate,
    is_there: bool,
}

impl Known {
    pub(super) fn new(last_inventory: Vec<KnownCertificate>, chain: Chain) -> Self {
        let entries = last_inventory.into_iter().map(|certificate| {
            let entry = Entry {
                certificate,
                is_there: false,
            };
            (entry.certificate.alias.to_ascii_lowercase(), entry)
        });
        Known {
            entries: entries.collect(),
            chain,
        }
    }

    /// Whether there is anything to compare with.
    pub(super) fn any(&self) -> bool {
        !self.entries.is_empty()
    }

    /// Takes down what is listed. If it is the certificate that was known, its alias as it was
    /// reported; without a thumbprint nobody can tell.
    ///
    /// Where chains are wanted, one that is known without an issuer may have some by now, or had
    /// none to show then (it was disabled, or the option is new): it is read again. Of one that is
    /// known with issuers the list does not say whether they are still the same.
    pub(super) fn listed(&mut self, listed: &Listed) -> Option<String> {
        let entry = self.entries.get_mut(&listed.name.to_ascii_lowercase())?;
        entry.is_there = true;
        let now = listed.thumbprint?;
        // One that cannot be read is read again with its certificate.
        let is_now = |text: &String| Thumbprint::parse(text) == Ok(Some(now.into()));
        let known = &entry.certificate;
        let has_what_is_wanted = match self.chain {
            Chain::Leaf => true,
            Chain::Full => known.thumbprints.len() > 1,
        };
        let is_same = has_what_is_wanted && known.thumbprints.iter().any(is_now);
        is_same.then(|| known.alias.clone())
    }

    /// Takes down that one which was listed is not there any more.
    pub(super) fn deleted(&mut self, name: &str) {
        if let Some(entry) = self.entries.get_mut(&name.to_ascii_lowercase()) {
            entry.is_there = false;
        }
    }

    /// The aliases of what is not there, after the last page.
    pub(super) fn gone(&self) -> Vec<String> {
        let gone = self.entries.values().filter(|entry| !entry.is_there);
        gone.map(|entry| entry.certificate.alias.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::thumbprint::Thumbprint as Listing;

    const SAME: &str = "CE38DC703D66FA1F923AB0FAE2D93ED57EA8DBC3";
    const SAME_IN_LISTS: &str = "zjjccD1m-h-SOrD64tk-1X6o28M";
    const OTHER: &str = "A9993E364706816ABA3E25717850C26C9CD0D89D";

    #[test]
    fn only_the_same_thumbprint_under_the_same_name_is_unchanged() {
        let last = |alias: &str, thumbprints: &[&str]| KnownCertificate {
            alias: alias.to_owned(),
            thumbprints: thumbprints.iter().map(ToString::to_string).collect(),
        };
        let lower = SAME.to_lowercase();
        let all = vec![
            last("Same", &[SAME]),
            last("lower", &[&lower]),
            last("marked", &[&format!("\u{200e}{lower} ")]),
            last("chain", &[OTHER, SAME]),
            last("other", &[OTHER]),
            last("none", &[]),
            last("odd", &["x"]),
            last("unsaid", &[SAME]),
            last("Gone", &[SAME]),
        ];
        let mut known = Known::new(all, Chain::Leaf);
        assert!(known.any());
        for (name, thumbprint, wanted) in [
            ("same", Some(SAME_IN_LISTS), Some("Same")),
            ("lower", Some(SAME_IN_LISTS), Some("lower")),
            ("marked", Some(SAME_IN_LISTS), Some("marked")),
            ("chain", Some(SAME_IN_LISTS), Some("chain")),
            ("other", Some(SAME_IN_LISTS), None),
            ("none", Some(SAME_IN_LISTS), None),
            ("odd", Some(SAME_IN_LISTS), None),
            ("unsaid", None, None),
            ("new", Some(SAME_IN_LISTS), None),
        ] {
            let listed = Listed {
                name: name.to_owned(),
                thumbprint: thumbprint.and_then(Listing::from_base64url),
            };
            assert_eq!(known.listed(&listed).as_deref(), wanted, "{name}");
        }
        assert_eq!(known.gone(), ["Gone"]);
        known.deleted("OTHER");
        known.deleted("new");
        assert_eq!(known.gone(), ["Gone", "other"]);
        assert!(!Known::new(Vec::new(), Chain::Leaf).any());
    }

    #[test]
    fn with_chains_what_was_known_without_issuers_is_read_again() {
        let listed = Listed {
            name: "web-1".to_owned(),
            thumbprint: Listing::from_base64url(SAME_IN_LISTS),
        };
        for (thumbprints, chain, unchanged) in [
            (&[SAME][..], Chain::Leaf, true),
            (&[SAME], Chain::Full, false),
            (&[SAME, OTHER], Chain::Full, true),
            (&[OTHER, OTHER], Chain::Full, false),
            (&[], Chain::Full, false),
        ] {
            let last = KnownCertificate {
                alias: "web-1".to_owned(),
                thumbprints: thumbprints.iter().map(ToString::to_string).collect(),
            };
            let mut known = Known::new(vec![last], chain);
            let found = known.listed(&listed).is_some();
            assert_eq!(found, unchanged, "{thumbprints:?} {chain:?}");
            assert!(known.gone().is_empty());
        }
    }
}
