//! One certificate of an inventory between the extension and the platform, as it lies in
//! the spool. It must not know either side's transport.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One certificate of a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name in the store.
    pub alias: String,
    /// How it compares with the last inventory.
    #[serde(default, skip_serializing_if = "ItemStatus::is_unknown")]
    pub status: ItemStatus,
    /// DER in standard base64, the leaf first; none where the platform knows it, or it is gone.
    pub certificates: Vec<String>,
    /// Whether the store holds its key.
    pub private_key: bool,
    /// Entry parameters by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// Facts for people, by name; the platform does not get them.
    pub details: BTreeMap<String, String>,
}

/// How a certificate compares with the last inventory. The numbers are the platform's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemStatus {
    /// The platform computes the difference itself.
    #[default]
    Unknown = 0,
    /// It is gone.
    Deleted = 3,
    /// It is the same certificate.
    Unchanged = 4,
}

impl ItemStatus {
    fn is_unknown(&self) -> bool {
        *self == ItemStatus::Unknown
    }
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
