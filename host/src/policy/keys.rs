//! The keys that a policy may have, as its JSON Schema says them: which one is unknown, which
//! known one was meant, and where a misplaced one belongs.
//!
//! It must not know what a key does.

use job_scope::is_spelling_of;
use serde_json::{Map, Value};
use toml::Value as Written;

/// The JSON Schema of a policy file. What `akv policy schema` prints, and the one description of
/// every key.
pub const SCHEMA: &str = include_str!("policy.schema.json");

/// Most edits between an unknown key and a known one that is taken for what was meant.
const NEAR: usize = 3;

/// What the schema says, parsed.
pub(super) struct Keys(Value);

/// A key that no policy has, where it stands, and what may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    /// The table it stands in, as it would be written.
    pub(super) place: String,
    pub(super) key: String,
    pub(super) hint: String,
}

impl Keys {
    pub(super) fn new() -> Self {
        // The file is part of the program; a test parses it.
        Self(serde_json::from_str(SCHEMA).unwrap_or_default())
    }

    /// The first key that the schema does not have.
    pub(super) fn unknown(&self, policy: &toml::Table) -> Option<Unknown> {
        self.in_table(&self.0, policy, "")
    }

    /// Where a key of the policy belongs, in whichever spelling; `None` for what is none.
    pub(super) fn belongs(&self, key: &str) -> Option<String> {
        let top = self.properties(&self.0);
        let mut places = Vec::new();
        if let Some((key, schema)) = top.iter().find(|(known, _)| is_spelling_of(key, known)) {
            places.push(match self.resolved(schema).get("items") {
                Some(items) if items.get("properties").is_some() => {
                    format!("at the top of the policy, as [[{key}]]")
                }
                _ => "at the top of the policy".to_owned(),
            });
        }
        for list in ["tenant", "vault"] {
            let items = top.get(list).and_then(|list| list.get("items"));
            let has = |items| {
                let known = self.properties(items);
                known.keys().any(|known| is_spelling_of(key, known))
            };
            if items.is_some_and(has) {
                places.push(format!("in [[{list}]]"));
            }
        }
        (!places.is_empty()).then(|| places.join(" or "))
    }

    fn in_table(&self, schema: &Value, table: &toml::Table, place: &str) -> Option<Unknown> {
        let properties = self.properties(schema);
        let open = self.additional(schema);
        table.iter().find_map(|(key, value)| {
            let path = match place {
                "" => key.clone(),
                place => format!("{place}.{key}"),
            };
            match (properties.get(key.as_str()), open) {
                (Some(schema), _) => self.in_value(schema, value, &path),
                (None, Some(schema)) => self.in_value(schema, value, &path),
                // A schema that says nothing of members takes any.
                (None, None) if properties.is_empty() => None,
                (None, None) => Some(Unknown {
                    place: place.to_owned(),
                    key: key.clone(),
                    hint: self.hint(key, &properties),
                }),
            }
        })
    }

    fn in_value(&self, schema: &Value, value: &Written, place: &str) -> Option<Unknown> {
        match value {
            Written::Table(table) => self.in_table(schema, table, place),
            Written::Array(items) => {
                let schema = self
                    .branches(schema)
                    .find_map(|branch| branch.get("items"))?;
                let mut found = items.iter().enumerate();
                found.find_map(|(index, item)| {
                    self.in_value(schema, item, &format!("{place}[{index}]"))
                })
            }
            _ => None,
        }
    }

    fn hint(&self, key: &str, known: &Map<String, Value>) -> String {
        let near = known
            .keys()
            .map(|known| (strsim::damerau_levenshtein(key, known), known))
            .filter(|(edits, known)| *edits <= NEAR && *edits * 2 <= known.len())
            .min();
        if let Some((_, known)) = near {
            return format!("did you mean `{known}`?");
        }
        if let Some(place) = self.belongs(key) {
            return format!("it belongs {place}");
        }
        let known: Vec<&str> = known.keys().map(String::as_str).collect();
        format!("known are {}", known.join(", "))
    }

    /// The schema that a reference stands for.
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str);
        let pointer = name.and_then(|name| name.strip_prefix('#'));
        pointer
            .and_then(|pointer| self.0.pointer(pointer))
            .unwrap_or(schema)
    }

    /// The schema, or its alternatives.
    fn branches<'a>(&'a self, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
        let schema = self.resolved(schema);
        let others = schema.get("anyOf").and_then(Value::as_array);
        let others = others.into_iter().flatten();
        std::iter::once(schema).chain(others.map(|branch| self.resolved(branch)))
    }

    /// The members that a schema names, over all its alternatives.
    fn properties(&self, schema: &Value) -> Map<String, Value> {
        let named = |branch: &Value| branch.get("properties").and_then(Value::as_object).cloned();
        self.branches(schema).filter_map(named).flatten().collect()
    }

    /// What members may be that a schema does not name.
    fn additional<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        self.branches(schema)
            .filter_map(|branch| branch.get("additionalProperties"))
            .find(|additional| **additional != Value::Bool(false))
    }
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place.as_str() {
            "" => f.write_str("at the top")?,
            place => write!(f, "in {place}")?,
        }
        write!(f, ": unknown key `{}`; {}", self.key, self.hint)
    }
}
