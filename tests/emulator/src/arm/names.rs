//! Whether a vault's name is valid and free.
//!
//! Must not know how vaults are made. Source: "Azure REST: Key Vault - Vaults - Check Name Availability".

use serde::Deserialize;
use serde_json::json;

use super::Reply;
use super::call::Call;
use super::error::Refusal;
use crate::seed::is_vault_name;

#[derive(Debug, Deserialize)]
struct Question {
    name: String,
    r#type: String,
}

pub(super) fn check(call: &Call<'_>) -> Result<Reply, Refusal> {
    let question: Question = call.json()?;
    if !question
        .r#type
        .eq_ignore_ascii_case("Microsoft.KeyVault/vaults")
    {
        return Err(Refusal::bad_request(
            "The parameter type must be Microsoft.KeyVault/vaults.",
        ));
    }
    let name = question.name.as_str();
    let unavailable = |reason: &str, message: String| json!({"nameAvailable": false, "reason": reason, "message": message});
    if !is_vault_name(name) {
        let message = format!("The vault name '{name}' is invalid.");
        return Ok(Reply::Ok(unavailable("AccountNameInvalid", message)));
    }
    let taken = call.vaults.get(call.cloud, name).is_some()
        || call.vaults.deleted(call.cloud, name, call.now).is_some();
    if taken {
        let message = format!("The vault name '{name}' is already in use.");
        return Ok(Reply::Ok(unavailable("AlreadyExists", message)));
    }
    Ok(Reply::Ok(json!({"nameAvailable": true})))
}
