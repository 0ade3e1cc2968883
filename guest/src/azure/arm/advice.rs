//! What to do about the error codes of Azure Resource Manager and of Key Vault's resource
//! provider, for the person who reads the job's history.
//!
//! It must not know a job.
//!
//! Codes: Microsoft Learn, "Troubleshoot common Azure deployment errors" and "Azure Key
//! Vault recovery management with soft delete and purge protection".

use crate::azure::action::{Action, Call};
use crate::azure::refusal::Refusal;

/// Code and advice. A vault's name is put where `{vault}` stands.
const ADVICE: &[(&str, &str)] = &[
    (
        "SubscriptionNotFound",
        "the subscription is not known in this tenant and cloud, or the identity has no role in \
         it: check the store path, the client machine and AzureCloud",
    ),
    (
        "MissingSubscriptionRegistration",
        "register the resource provider in the subscription: az provider register --namespace \
         Microsoft.KeyVault",
    ),
    (
        "LocationNotAvailableForResourceType",
        "VaultRegion: there are no vaults in this region; write another one, such as the resource \
         group's",
    ),
    (
        "SkuNotSupported",
        "SkuType: this SKU is not to be had here; write standard",
    ),
    (
        "VaultNameNotValid",
        "StorePath: choose another name for the vault",
    ),
    (
        "VaultAlreadyExists",
        "the name belongs to a vault elsewhere in Azure, or to a deleted one that is not purged \
         yet: recover it with az keyvault recover --name {vault}, purge it with az keyvault purge \
         --name {vault}, or choose another name",
    ),
    (
        "ReadOnlyDisabledSubscription",
        "the subscription is disabled: nothing can be created in it until it is enabled again",
    ),
    (
        "ScopeLocked",
        "a lock on the resource group or the subscription forbids it: have it removed",
    ),
    (
        "ResourceGroupBeingDeleted",
        "the resource group is being deleted: create it again first, or correct the store path",
    ),
    (
        "InvalidResourceLocation",
        "VaultRegion: a vault of that name is in another region",
    ),
];

/// What to do about a refusal; `None` where its code says nothing special.
pub fn of(refusal: &Refusal, call: &Call) -> Option<String> {
    if refusal.is("RequestDisallowedByPolicy") {
        let policy = match &refusal.policy {
            Some(name) => format!("the Azure Policy \"{name}\""),
            None => "an Azure Policy of the subscription or the group".to_owned(),
        };
        return Some(format!(
            "{policy} forbids it: ask its owner for an exemption, or change the store's settings or \
             those under [create] in the operator's policy to what it wants"
        ));
    }
    let vault = match &call.action {
        Action::CreateVault(name) | Action::CheckVaultName(name) | Action::ReadVault(name) => name,
        _ => "",
    };
    if let Action::ReadResourceGroup(name) = &call.action
        && refusal.is("ResourceGroupNotFound")
    {
        return Some(format!(
            "create the resource group first (az group create --name {name} --location …), or \
             correct the store path"
        ));
    }
    if refusal.is("ConflictError") {
        return Some(conflict(refusal, vault));
    }
    let is_quota = |code: &String| code.to_ascii_lowercase().contains("quota");
    let codes = refusal.code.iter().chain(&refusal.inner);
    if codes.chain(&refusal.details).any(is_quota) {
        return Some(
            "a limit of the subscription or the resource group is reached: have it raised, or \
             remove what is not needed"
                .to_owned(),
        );
    }
    ADVICE
        .iter()
        .find(|(code, _)| refusal.is(code))
        .map(|(_, advice)| advice.replace("{vault}", vault))
}

/// The code stands for two things, which only the text tells apart.
fn conflict(refusal: &Refusal, vault: &str) -> String {
    if refusal.says("deleted") {
        format!(
            "a deleted vault of that name is kept until it is purged: recover it with az keyvault \
             recover --name {vault}, purge it with az keyvault purge --name {vault}, or choose \
             another name"
        )
    } else {
        "another change is under way: run the job again in a few minutes".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::remedy;

    fn told(action: Action, status: u16, code: &str, detail: &'static str) -> String {
        let refusal = Refusal {
            status,
            code: Some(code.into()),
            detail: Some(detail),
            ..Refusal::default()
        };
        let call = Call {
            action,
            server: "management.azure.com".into(),
        };
        remedy::service(&refusal, &call, None)
    }

    #[test]
    fn w34_every_reason_why_no_vault_is_created_has_its_remedy() {
        for (status, code, detail, word) in [
            (404, "SubscriptionNotFound", "", "check the store path"),
            (
                409,
                "MissingSubscriptionRegistration",
                "",
                "az provider register",
            ),
            (
                400,
                "LocationNotAvailableForResourceType",
                "",
                "VaultRegion: ",
            ),
            (400, "SkuNotSupported", "", "SkuType: "),
            (400, "VaultNameNotValid", "", "StorePath: "),
            (409, "VaultAlreadyExists", "", "purge --name kv-one"),
            (
                409,
                "ConflictError",
                "exists in deleted state",
                "recover --name kv-one",
            ),
            (409, "ConflictError", "in progress", "run the job again"),
            (409, "VaultQuotaExceeded", "", "limit"),
            (409, "ReadOnlyDisabledSubscription", "", "disabled"),
            (409, "ScopeLocked", "", "lock"),
            (409, "ResourceGroupBeingDeleted", "", "being deleted"),
            (403, "RequestDisallowedByPolicy", "", "an Azure Policy"),
            (403, "AuthorizationFailed", "", "Key Vault Contributor"),
            (
                403,
                "AuthorizationFailed",
                "",
                "Key Vault Administrator does not",
            ),
            (401, "InvalidAuthenticationTokenTenant", "", "AzureCloud"),
        ] {
            let text = told(Action::CreateVault("kv-one".into()), status, code, detail);
            assert!(text.contains(word), "{text}");
            assert!(
                text.starts_with("could not create the vault kv-one: "),
                "{text}"
            );
        }
        let text = told(
            Action::ReadResourceGroup("rg-one".into()),
            404,
            "ResourceGroupNotFound",
            "",
        );
        assert!(text.contains("az group create --name rg-one"), "{text}");
    }

    #[test]
    fn a_code_without_a_remedy_of_its_own_gets_the_general_one() {
        let text = told(
            Action::CreateVault("kv-one".into()),
            400,
            "BadRequest",
            "odd",
        );
        assert_eq!(
            text,
            "could not create the vault kv-one: management.azure.com answered 400 BadRequest: \
             \"odd\"; Microsoft's documentation of that code says what it means; if it does not, ask \
             Microsoft's support"
        );
    }

    #[test]
    fn the_policy_is_named() {
        let refusal = Refusal {
            status: 403,
            code: Some("RequestDisallowedByPolicy".into()),
            policy: Some("No public vaults".into()),
            ..Refusal::default()
        };
        let call = Call {
            action: Action::CreateVault("kv-one".into()),
            server: "management.azure.com".into(),
        };
        let text = of(&refusal, &call).unwrap();
        assert!(
            text.starts_with("the Azure Policy \"No public vaults\" forbids it"),
            "{text}"
        );
    }
}
