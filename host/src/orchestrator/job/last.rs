//! The last inventory, as the platform sends it back with the next one: names and thumbprints,
//! neither tags nor other parameters.
//!
//! It must not know what it is compared with.

use super::certificate::is_thumbprint;
use serde_json::Value;

/// What the platform knew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastInventory {
    /// How many certificates.
    pub count: usize,
    /// Those that say which they are.
    pub known: Vec<Known>,
}

/// One certificate of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name in the store.
    pub alias: String,
    /// Whether the store held its key.
    pub private_key: bool,
    /// SHA-1 of its certificates, 40 hex digits each.
    pub thumbprints: Vec<String>,
}

impl LastInventory {
    /// Reads what there is; an odd entry only counts.
    pub(super) fn read(value: Option<&Value>) -> Self {
        let Some(Value::Array(entries)) = value else {
            return Self::default();
        };
        Self {
            count: entries.len(),
            known: entries.iter().filter_map(known).collect(),
        }
    }
}

fn known(entry: &Value) -> Option<Known> {
    let alias = entry
        .get("Alias")?
        .as_str()
        .filter(|alias| !alias.is_empty())?;
    let thumbprints = entry.get("Thumbprints").and_then(Value::as_array);
    Some(Known {
        alias: alias.to_owned(),
        private_key: entry.get("PrivateKeyEntry") != Some(&Value::Bool(false)),
        thumbprints: thumbprints
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|text| is_thumbprint(text))
            .map(str::to_owned)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_odd_entry_only_counts() {
        let thumbprint = "00112233445566778899AABBCCDDEEFF00112233";
        let last = json!([
            {"Alias": "a", "PrivateKeyEntry": false, "Thumbprints": [thumbprint, "x", 7]},
            {"Alias": "b"},
            {"Alias": ""},
            {"Thumbprints": [thumbprint]},
            7,
        ]);
        let last = LastInventory::read(Some(&last));
        assert_eq!(last.count, 5);
        let known = |alias: &str, private_key, thumbprints: &[&str]| Known {
            alias: alias.to_owned(),
            private_key,
            thumbprints: thumbprints.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(
            last.known,
            [known("a", false, &[thumbprint]), known("b", true, &[])]
        );
        for none in [None, Some(json!(null)), Some(json!({}))] {
            assert_eq!(LastInventory::read(none.as_ref()), LastInventory::default());
        }
    }
}
