//! The last inventory, as the platform sends it back with the next one: names and thumbprints,
//! neither tags nor other parameters.
//!
//! It must not know what it is compared with.

use super::fields::{AS_WRITTEN, flag, member, text};
use job_scope::{FieldError, Thumbprint, is_spelling_of};
use serde_json::{Map, Value};

const FIELD: &str = "LastInventory";

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
    /// The thumbprints of its certificates, as far as they can be read.
    pub thumbprints: Vec<Thumbprint>,
}

impl LastInventory {
    /// Reads what there is. It guards a store against a list that is too short, so that what
    /// cannot be counted is an error. An entry with an alias counts; where the rest of it is odd,
    /// it is nothing to compare with, and its certificate is read again.
    ///
    /// # Errors
    /// Something that is neither an array nor `null`, or an entry that has no alias.
    pub(super) fn read(job: &Map<String, Value>) -> Result<Self, FieldError> {
        match member(job, FIELD, FIELD)? {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Array(entries)) if !entries.iter().all(has_alias) => Err(FieldError::new(
                FIELD,
                "has an entry without an Alias, so that its certificates cannot be counted",
                AS_WRITTEN,
            )),
            Some(Value::Array(entries)) => Ok(Self {
                count: entries.len(),
                known: entries.iter().filter_map(known).collect(),
            }),
            Some(_) => Err(FieldError::new(FIELD, "is not an array", AS_WRITTEN)),
        }
    }
}

fn has_alias(entry: &Value) -> bool {
    let mut names = entry.as_object().into_iter().flatten();
    names.any(|(name, _)| is_spelling_of(name, "Alias"))
}

fn known(entry: &Value) -> Option<Known> {
    let entry = entry.as_object()?;
    let alias = text(entry, "Alias", FIELD).ok()??;
    let thumbprints = member(entry, "Thumbprints", FIELD).ok()?;
    let thumbprints = thumbprints.and_then(Value::as_array);
    let private_key = flag(entry, "PrivateKeyEntry", FIELD).ok()?;
    (!alias.is_empty()).then(|| Known {
        alias: alias.to_owned(),
        private_key: private_key != Some(false),
        thumbprints: thumbprints
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter_map(|text| Thumbprint::parse(text).ok()?)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(last: Value) -> Result<LastInventory, FieldError> {
        let job = json!({"LastInventory": last});
        LastInventory::read(job.as_object().unwrap())
    }

    #[test]
    fn an_odd_entry_only_counts() {
        let thumbprint = "00112233445566778899AABBCCDDEEFF00112233";
        let marked = "\u{200e}00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 00 11 22 33";
        let last = read(json!([
            {"Alias": "a", "PrivateKeyEntry": false, "Thumbprints": [thumbprint, "x", 7, "", null]},
            {"Alias": "b"},
            {"alias": "c", "privateKeyEntry": "False", "thumbprints": [marked]},
            {"Alias": "d", "Thumbprints": thumbprint},
            {"Alias": ""},
            {"Alias": 7},
            {"Alias": "e", "PrivateKeyEntry": "perhaps"},
            {"Alias": "f", "alias": "g"},
        ]))
        .unwrap();
        assert_eq!(last.count, 8);
        let read = Thumbprint::parse(thumbprint).unwrap();
        let known = |alias: &str, private_key, thumbprint: Option<Thumbprint>| Known {
            alias: alias.to_owned(),
            private_key,
            thumbprints: thumbprint.into_iter().collect(),
        };
        assert_eq!(
            last.known,
            [
                known("a", false, read),
                known("b", true, None),
                known("c", false, read),
                known("d", true, None),
            ]
        );
    }

    #[test]
    fn what_cannot_be_counted_is_an_error_and_not_nothing() {
        for odd in [
            json!({}),
            json!({"Alias": "a"}),
            json!(""),
            json!("[]"),
            json!(7),
            json!(false),
            json!([{"Alias": "a"}, null]),
            json!(["a", "b"]),
            json!([[{"Alias": "a"}]]),
            json!([{"Inventory": [{"Alias": "a"}]}]),
            json!([{"Thumbprints": []}]),
        ] {
            let error = read(odd.clone()).unwrap_err();
            assert_eq!(error.field(), "LastInventory", "{odd}");
        }
        for none in [json!(null), json!([])] {
            assert_eq!(read(none), Ok(LastInventory::default()));
        }
        assert_eq!(
            LastInventory::read(&Map::new()),
            Ok(LastInventory::default())
        );
        let twice = json!({"LastInventory": [], "lastInventory": [{"Alias": "a"}]});
        assert!(LastInventory::read(twice.as_object().unwrap()).is_err());
    }
}
