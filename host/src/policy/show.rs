//! A policy as it applies: what was written, and what holds where nothing was.
//!
//! It must not know what it is shown for.

use super::limits::LIMITS;
use super::{BUILTIN, Policy};
use toml::{Table, Value};

impl Policy {
    /// The policy as a policy file, with everything that holds without being said: the hosts, the
    /// percentages and switches, the limits. Read again, it is the same.
    pub fn shown(&self) -> String {
        let mut table = self.written.clone();
        let mut builtin: Table = toml::from_str(BUILTIN).unwrap_or_default();
        let hosts = builtin.remove("hosts");
        let defaults = [
            ("hosts", hosts.unwrap_or_else(|| Value::Array(Vec::new()))),
            ("max-shrink", Value::Integer(self.max_shrink.into())),
            (
                "reads-private-keys",
                Value::Boolean(self.reads_private_keys),
            ),
            ("secret-references", Value::Boolean(self.secret_references)),
        ];
        for (key, value) in defaults {
            table.entry(key).or_insert(value);
        }
        let limits = LIMITS.iter().map(|key| {
            let value = key.value(&self.limits);
            (key.name.to_owned(), Value::String(value))
        });
        table.insert("limits".to_owned(), Value::Table(limits.collect()));
        // A table that was read can be written.
        toml::to_string_pretty(&table).unwrap_or_default()
    }
}
