//! One certificate of an inventory between the extension and the platform, as it lies in
//! the spool. It must not know either side's transport.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One certificate of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name in the store.
    pub alias: String,
    /// DER in standard base64, the leaf first.
    pub certificates: Vec<String>,
    /// Whether the store holds its key.
    pub private_key: bool,
    /// Entry parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// Facts for people, by name; the platform does not get them.
    pub details: BTreeMap<String, String>,
}

/// The value of an entry parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    /// A text.
    Text(String),
    /// A boolean.
    Flag(bool),
    /// `null`.
    Unset,
}
