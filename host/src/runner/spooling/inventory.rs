//! One certificate of an inventory: checked, told from the others, and as it lies in the spool.
//! It must not know what becomes of the list.

use crate::engine::vocabulary::{InventoryItem, KnownState, ParameterValue};
use crate::orchestrator::{Item, ItemStatus, Known, Parameter};
use crate::text::is_unsafe;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use job_scope::Versions;
use std::collections::BTreeMap;

/// Longest alias: twice what Key Vault allows, and no store is known to allow more.
const LONGEST_ALIAS: usize = 256;

/// The detail that tells the versions of one certificate apart.
const VERSION: &str = "version";

pub(super) fn check(item: &InventoryItem) -> Result<(), String> {
    let alias = &item.alias;
    if alias.trim().is_empty() {
        return Err("an item has no alias".to_owned());
    }
    if alias.len() > LONGEST_ALIAS || alias.chars().any(is_unsafe) {
        return Err(format!(
            "an alias is longer than {LONGEST_ALIAS} bytes or has characters that cannot be printed"
        ));
    }
    if item.certificates.first().is_none_or(Vec::is_empty) {
        return Err(format!("{alias} has no certificate"));
    }
    Ok(())
}

/// What there may be once in a list: an alias, in any case as stores and platforms have it, or a
/// version of it where all are shown.
pub(super) fn key(item: &InventoryItem, versions: Versions) -> (String, Option<&str>) {
    let version = match versions {
        Versions::Current => None,
        Versions::All => item
            .details
            .iter()
            .find(|(name, _)| name == VERSION)
            .map(|(_, version)| version.as_str()),
    };
    (item.alias.to_lowercase(), version)
}

/// Bytes of an item, about; base64 makes certificates a third longer.
pub(super) fn size(item: &InventoryItem) -> u64 {
    let certificates: usize = item.certificates.iter().map(|der| der.len() / 3 * 4).sum();
    let parameters: usize = item
        .parameters
        .iter()
        .map(|(name, value)| {
            name.len()
                + match value {
                    ParameterValue::Text(text) => text.len(),
                    ParameterValue::Flag(_) | ParameterValue::Unset => 5,
                }
        })
        .sum();
    let details: usize = item.details.iter().map(|(n, v)| n.len() + v.len()).sum();
    (item.alias.len() + certificates + parameters + details) as u64
}

/// An entry of the last inventory as one of this one.
pub(super) fn known(known: &Known, state: KnownState) -> Item {
    Item {
        alias: known.alias.clone(),
        status: match state {
            KnownState::Unchanged => ItemStatus::Unchanged,
            KnownState::Deleted => ItemStatus::Deleted,
        },
        certificates: Vec::new(),
        private_key: known.private_key,
        parameters: BTreeMap::new(),
        details: BTreeMap::new(),
    }
}

pub(super) fn to_item(item: InventoryItem) -> Item {
    Item {
        alias: item.alias,
        status: ItemStatus::Unknown,
        certificates: item
            .certificates
            .iter()
            .map(|der| STANDARD.encode(der))
            .collect(),
        private_key: item.private_key,
        parameters: item
            .parameters
            .into_iter()
            .map(|(name, value)| {
                let value = match value {
                    ParameterValue::Text(text) => Parameter::Text(text),
                    ParameterValue::Flag(flag) => Parameter::Flag(flag),
                    ParameterValue::Unset => Parameter::Unset,
                };
                (name, value)
            })
            .collect(),
        details: item.details.into_iter().collect(),
    }
}
