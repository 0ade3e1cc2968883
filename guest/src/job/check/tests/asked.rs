//! What a check asks, and what it reads before it asks anything.

use super::*;

#[test]
fn an_inventory_asks_the_vault_alone() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let forbidden = Azure {
        list: (403, RBAC),
        ..Azure::default()
    };
    for azure in [Azure::default(), forbidden] {
        let (_, fake) = check_at(path, azure, &[JobKind::Inventory]);
        assert_eq!(fake.sent_to("https://management.azure.com/").len(), 0);
        assert_eq!(fake.sent_to("/oauth2/").len(), 1);
    }
}

#[test]
fn where_the_resource_manager_may_not_be_asked_nothing_is_and_what_it_knows_is_not_known() {
    let (outcome, fake) = check_with(&[("check-arm", "false")], Azure::default(), &EVERY);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    for part in [
        "create-store: not known: Azure Resource Manager is not asked",
        "Key Vault Contributor",
        "discovery: not known",
        "add: not known",
        "inventory: yes",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(fake.sent_to("https://management.azure.com/").len(), 0);
    assert_eq!(fake.sent_to("/oauth2/").len(), 1);

    let (outcome, _) = check_with(&[("check-arm", "no")], Azure::default(), &EVERY);
    assert_eq!(outcome.status, Status::Failure(Failure::InvalidInput));
}

#[test]
fn what_a_job_would_refuse_before_it_sends_anything_is_a_no_for_its_kind_alone() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let odd = Store {
        properties: vec![("SkuType".into(), "gold".into())],
        ..store(path)
    };
    let (outcome, _) = check_job(&job(), &odd, Azure::default(), &EVERY);
    assert_eq!(outcome.status, Status::Failure(Failure::InvalidInput));
    for part in [
        "create-store: no: SkuType",
        "inventory, add, remove, discovery: yes",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    let (outcome, _) = check_with(&[("partial", "maybe")], Azure::default(), &EVERY);
    assert_eq!(outcome.status, Status::Failure(Failure::InvalidInput));
    for part in [
        "inventory, create-store, discovery: no: partial",
        "add, remove: yes",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn an_inventory_with_chains_needs_the_secrets_too() {
    const SECRETS: &str = r#"{"value":[{"dataActions":["Microsoft.KeyVault/vaults/certificates/*",
        "Microsoft.KeyVault/vaults/secrets/getSecret/action"]}]}"#;
    let full = [("full-chain", "true")];
    let both = [JobKind::Inventory, JobKind::Remove];
    let (outcome, _) = check_with(&full, Azure::default(), &both);
    assert_eq!(outcome.status, Status::Failure(Failure::MissingRole));
    for part in ["inventory: no", "secrets/getSecret/action", "Secrets User"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    let allowed = Azure {
        in_vault: (200, SECRETS),
        ..Azure::default()
    };
    let (outcome, _) = check_with(&full, allowed, &both);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    // Alone it asks for no permissions, and reading a secret would read a private key.
    let (outcome, _) = check_with(&full, allowed, &[JobKind::Inventory]);
    assert_eq!(outcome.status, Status::Warning);
    for part in ["the secret permission Get", "Secrets User"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn an_add_that_compares_chains_can_do_its_work_without_the_secret_and_says_so() {
    const SECRETS: &str = r#"{"value":[{"dataActions":["Microsoft.KeyVault/vaults/certificates/*",
        "Microsoft.KeyVault/vaults/secrets/getSecret/action"]}]}"#;
    let compares = [("compare-chain", "true")];
    let both = [JobKind::Add, JobKind::Remove];
    let (outcome, fake) = check_with(&compares, Azure::default(), &both);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    for part in [
        "add: yes, but",
        "secrets/getSecret/action",
        "Secrets User",
        "remove: yes",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(fake.sent_to("/secrets").len(), 0);
    let allowed = Azure {
        in_vault: (200, SECRETS),
        ..Azure::default()
    };
    for (options, azure) in [(&compares[..], allowed), (&[], Azure::default())] {
        let (outcome, _) = check_with(options, azure, &both);
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    }
}

#[test]
fn an_option_that_an_add_refuses_is_a_no_for_it_alone() {
    let (outcome, _) = check_with(&[("hsm", "kept")], Azure::default(), &EVERY);
    assert_eq!(outcome.status, Status::Failure(Failure::InvalidInput));
    assert!(outcome.message.contains("add"), "{}", outcome.message);
    assert!(outcome.message.contains("no: hsm"), "{}", outcome.message);
    assert!(
        outcome.message.contains("remove: yes"),
        "{}",
        outcome.message
    );
}
