//! The managed secret of the certificate: what was imported, key and chain.
//!
//! It must not know who may read it.

use serde_json::{Value, json};

use super::{ALIAS, Life, Refused, State, VAULT};

impl State {
    pub(super) fn secret(&mut self) -> Result<Value, Refused> {
        self.pass();
        let current = self.versions.last().filter(|_| self.life == Life::Live);
        let version = current.ok_or((404, "SecretNotFound", None))?;
        Ok(json!({
            "id": format!("{VAULT}/secrets/{ALIAS}/{}", version.id),
            "value": version.value.clone().unwrap_or_default(),
            "contentType": self.policy["secret_props"]["contentType"],
        }))
    }
}
