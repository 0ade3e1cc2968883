//! Vaults as a client of Azure Resource Manager makes them.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test support too; clippy exempts only functions marked as tests"
)]

use azure_emulator::{Emulator, Seed};
use serde_json::{Value, json as value};

use crate::common::{ARM, SUBSCRIPTION, TENANT, arm_token, json, send};

pub(crate) const VERSION: &str = "api-version=2025-05-01";

pub(crate) fn vault_url(name: &str) -> String {
    format!(
        "{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-one/providers/Microsoft.KeyVault/vaults/{name}?{VERSION}"
    )
}

pub(crate) fn of_subscription(path: &str) -> String {
    format!("{ARM}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/{path}?{VERSION}")
}

pub(crate) fn wanted() -> Value {
    value!({
        "location": "eastus",
        "tags": {},
        "properties": {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": true,
        },
    })
}

/// The body with one property changed, or taken out by a null.
pub(crate) fn with(pointer: &str, new: Value) -> Value {
    let mut body = wanted();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if new.is_null() {
        parent.remove(key);
    } else {
        parent.insert(key.to_owned(), new);
    }
    body
}

pub(crate) async fn put(emulator: &Emulator, name: &str, body: &Value) -> (u16, Value) {
    let token = arm_token(emulator).await;
    let response = send(emulator, "PUT", &vault_url(name), &token, body).await;
    (response.status().as_u16(), json(&response))
}

pub(crate) fn seed_and(more: &str) -> Seed {
    Seed::parse(&format!("{}\n{more}", Seed::built_in_text())).unwrap()
}
