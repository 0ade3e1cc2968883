//! Tags, as people type them: JSON, or nearly.

use keyvault_extension::tags::{LONGEST, MOST, Tags};
use serde_json::{Map, Value};

/// What was read fits a certificate, and reads the same as JSON; what is plain JSON of texts that
/// fit is read as JSON says.
pub(crate) fn holds(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let tags = match Tags::parse(text) {
        Ok(tags) => tags,
        Err(_) => {
            assert!(
                !is_plain(text),
                "JSON of texts that fit was refused: {text:?}"
            );
            return;
        }
    };
    assert!(tags.count() <= MOST);
    for (name, value) in tags.as_map() {
        assert!(!name.is_empty());
        assert!(name.encode_utf16().count() <= LONGEST);
        assert!(value.encode_utf16().count() <= LONGEST);
    }
    let json = Value::from_iter(tags.as_map().clone()).to_string();
    let again = Tags::parse(&json).map(|tags| tags.as_map().clone());
    assert_eq!(again.as_ref(), Ok(tags.as_map()), "{json}");
    if let Some(pairs) = texts(text) {
        assert_eq!(tags.as_map().len(), pairs.len());
        for (name, value) in pairs {
            assert_eq!(tags.as_map().get(&name), Some(&value), "{text:?}");
        }
    }
}

/// The members of a JSON object whose values are all texts.
fn texts(text: &str) -> Option<Vec<(String, String)>> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    object
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(value) => Some((name, value)),
            _ => None,
        })
        .collect()
}

fn is_plain(text: &str) -> bool {
    texts(text).is_some_and(|pairs| {
        pairs.len() <= MOST
            && pairs.iter().all(|(name, value)| {
                !name.is_empty()
                    && name.encode_utf16().count() <= LONGEST
                    && value.encode_utf16().count() <= LONGEST
            })
    })
}
