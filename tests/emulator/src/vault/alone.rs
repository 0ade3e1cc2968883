//! Secrets and keys of a seed that belong to no certificate: their names are taken, and a secret can be read.
//!
//! Must not know certificates. A certificate owns the key and the secret of its name, so none can be where
//! one of these is (wire 2.1). They are never changed. Source: "About Azure Key Vault certificates".

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Vault;
use super::error::Refusal;
use crate::answer::derived_uuid;
use crate::seed::{StandAloneKind, StandAloneSeed, VaultSeed};

/// Those of one vault, by lower-case name.
#[derive(Debug, Default)]
pub(super) struct Alone(BTreeMap<String, StandAloneSeed>);

impl Alone {
    pub(super) fn new(table: &VaultSeed) -> Alone {
        let by_name = |s: &StandAloneSeed| (s.name.to_ascii_lowercase(), s.clone());
        Alone(table.stand_alone.iter().map(by_name).collect())
    }

    fn find(&self, name: &str) -> Option<&StandAloneSeed> {
        self.0.get(&name.to_ascii_lowercase())
    }

    /// Refuses a certificate of a name that is taken.
    pub(super) fn check(&self, name: &str) -> Result<(), Refusal> {
        match self.find(name) {
            None => Ok(()),
            Some(found) => Err(Refusal::StandsAlone(found.kind, found.name.clone())),
        }
    }

    /// The answer to a get of a secret; none where there is none of this name and version.
    pub(super) fn secret(&self, vault: &Vault, name: &str, version: Option<&str>) -> Option<Value> {
        let found = self.find(name)?;
        let id = derived_uuid(&format!("{}/secrets/{}", vault.host, found.name)).replace('-', "");
        let same = version.is_none_or(|v| v.eq_ignore_ascii_case(&id));
        if found.kind != StandAloneKind::Secret || !same {
            return None;
        }
        let created = vault.spec().created;
        let mut secret = json!({
            "value": found.value,
            "id": format!("https://{}/secrets/{}/{id}", vault.host, found.name),
            "attributes": {"enabled": true, "created": created, "updated": created},
        });
        if let (Some(kind), Some(secret)) = (&found.content_type, secret.as_object_mut()) {
            secret.insert("contentType".into(), json!(kind));
        }
        Some(secret)
    }
}
