//! Names of vaults: which are valid, and which are free.
//!
//! Must not know how vaults are made. Source: "Azure REST: Key Vault - Vaults - Check Name Availability".

use serde::Deserialize;
use serde_json::json;

use super::Reply;
use super::call::Call;
use super::error::Refusal;

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
    if !is_valid(name) {
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

/// "Azure REST: Key Vault - Vaults", `vaultName`: 3 to 24 letters, digits and hyphens, a letter first, no
/// hyphen last or twice.
pub(super) fn is_valid(name: &str) -> bool {
    (3..=24).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.ends_with('-')
        && !name.contains("--")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
