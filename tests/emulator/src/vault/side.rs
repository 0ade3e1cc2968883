//! Contacts and issuers: what lies beside certificates under `/certificates`.
//!
//! Must not know certificates. Whoever takes `contacts` for a certificate and deletes it deletes the
//! vault's contacts, here as there. Source: "Azure REST: Certificates - Set Certificate Contacts", "Set
//! Certificate Issuer" and their siblings.

use serde_json::{Map, Value, json};

use super::Call;
use super::change::body;
use super::error::Refusal;

/// `GET /certificates/contacts`.
pub(super) fn get_contacts(call: &Call<'_>) -> Result<Value, Refusal> {
    let contacts = call.vault.with_side(|side| side.contacts.clone());
    contacts
        .map(|list| contacts_of(call, &list))
        .ok_or(Refusal::NoContacts)
}

/// `PUT /certificates/contacts`.
pub(super) fn set_contacts(call: &Call<'_>) -> Result<Value, Refusal> {
    let asked: Value = body(call)?;
    let list = asked.get("contacts").filter(|list| list.is_array());
    let list = list
        .cloned()
        .ok_or_else(|| Refusal::BadParameter("Property contacts has invalid value\r\n".into()))?;
    let shown = contacts_of(call, &list);
    call.vault.with_side(|side| side.contacts = Some(list));
    call.vault.mark();
    Ok(shown)
}

/// `DELETE /certificates/contacts`.
pub(super) fn delete_contacts(call: &Call<'_>) -> Result<Value, Refusal> {
    let gone = call.vault.with_side(|side| side.contacts.take());
    call.vault.mark();
    gone.map(|list| contacts_of(call, &list))
        .ok_or(Refusal::NoContacts)
}

fn contacts_of(call: &Call<'_>, list: &Value) -> Value {
    let id = format!("https://{}/certificates/contacts", call.vault.host);
    json!({"id": id, "contacts": list})
}

/// `GET /certificates/issuers`.
pub(super) fn list_issuers(call: &Call<'_>) -> Value {
    let items: Vec<Value> = call.vault.with_side(|side| {
        side.issuers
            .values()
            .map(|issuer| json!({"id": issuer.get("id"), "provider": issuer.get("provider")}))
            .collect()
    });
    json!({"value": items, "nextLink": null})
}

/// `GET /certificates/issuers/{name}`.
pub(super) fn get_issuer(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let lower = name.to_ascii_lowercase();
    call.vault
        .with_side(|side| side.issuers.get(&lower).cloned())
        .ok_or(Refusal::NoIssuer)
}

/// `PUT /certificates/issuers/{name}`.
pub(super) fn set_issuer(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let mut issuer: Map<String, Value> = body(call)?;
    if !issuer.get("provider").is_some_and(Value::is_string) {
        return Err(Refusal::BadParameter(
            "The parameter provider is not specified.".into(),
        ));
    }
    let id = format!("https://{}/certificates/issuers/{name}", call.vault.host);
    issuer.insert("id".into(), json!(id));
    let now = call.seconds();
    let enabled = issuer
        .get("attributes")
        .and_then(|a| a.get("enabled"))
        .and_then(Value::as_bool)
        .unwrap_or(true);
    issuer.insert(
        "attributes".into(),
        json!({"enabled": enabled, "created": now, "updated": now}),
    );
    keep(call, name, issuer)
}

/// `PATCH /certificates/issuers/{name}`.
pub(super) fn update_issuer(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let patch: Map<String, Value> = body(call)?;
    let Value::Object(mut issuer) = get_issuer(call, name)? else {
        return Err(Refusal::NoIssuer);
    };
    for (key, value) in patch {
        if key == "attributes" {
            let enabled = value.get("enabled").cloned();
            if let (Some(enabled), Some(mine)) = (enabled, issuer.get_mut("attributes")) {
                set(mine, "enabled", enabled);
            }
        } else if key != "id" {
            issuer.insert(key, value);
        }
    }
    if let Some(mine) = issuer.get_mut("attributes") {
        set(mine, "updated", json!(call.seconds()));
    }
    keep(call, name, issuer)
}

fn set(map: &mut Value, key: &str, value: Value) {
    if let Some(map) = map.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

fn keep(call: &Call<'_>, name: &str, mut issuer: Map<String, Value>) -> Result<Value, Refusal> {
    // The password is taken and never shown again, and so not kept either.
    if let Some(Value::Object(credentials)) = issuer.get_mut("credentials") {
        credentials.remove("pwd");
    }
    // A number that nobody asked for, as recordings show.
    if let Some(Value::Object(organization)) = issuer.get_mut("org_details") {
        organization.entry("zip").or_insert(json!(0));
    }
    let issuer = Value::Object(issuer);
    let lower = name.to_ascii_lowercase();
    call.vault
        .with_side(|side| side.issuers.insert(lower, issuer.clone()));
    call.vault.mark();
    Ok(issuer)
}

/// `DELETE /certificates/issuers/{name}`.
pub(super) fn delete_issuer(call: &Call<'_>, name: &str) -> Result<Value, Refusal> {
    let lower = name.to_ascii_lowercase();
    let gone = call.vault.with_side(|side| side.issuers.remove(&lower));
    call.vault.mark();
    gone.ok_or(Refusal::NoIssuer)
}
