//! What a check may ask.

use super::*;

/// The ids of the rules of a check.
fn check_of(kinds: &[JobKind], check_arm: CheckArm) -> Vec<String> {
    let identity = secret();
    let store = store(&identity);
    let rules = super::super::rules(Needs {
        store: Some(&store),
        check_kinds: kinds,
        check_arm,
        ..Needs::new(JobKind::Check, &identity)
    });
    rules.iter().map(|rule| rule.id.to_string()).collect()
}

#[test]
fn a_check_may_ask_what_its_kinds_need_and_nothing_else() {
    use JobKind::{Add, CreateStore, Discovery, Inventory, Remove};
    const VAULT: [&str; 2] = ["list-certificates", "get-certificate"];
    for (kinds, wanted) in [
        (&[][..], vec![]),
        (&[Inventory], [&["token"], &VAULT[..]].concat()),
        (
            &[Add],
            vec![
                "token",
                "token-arm",
                "get-certificate",
                "get-vault",
                "get-vault-permissions",
            ],
        ),
        (
            &[Inventory, Remove],
            [
                &["token", "token-arm"],
                &VAULT[..],
                &["get-vault", "get-vault-permissions"],
            ]
            .concat(),
        ),
        (
            &[CreateStore],
            vec!["token", "get-resource-group", "get-group-permissions"],
        ),
        (
            &[Discovery],
            vec!["token", "list-subscriptions", "get-group-permissions"],
        ),
    ] {
        assert_eq!(check_of(kinds, CheckArm::Ask), wanted, "{kinds:?}");
    }
}

#[test]
fn a_check_of_a_create_may_read_the_subscription_where_a_create_would() {
    let machine = Identity::ManagedIdentity { client_id: None };
    for (tenant, identity, reads) in [
        ("11111111-1111-4111-8111-111111111111", secret(), false),
        ("contoso.example", secret(), true),
        ("11111111-1111-4111-8111-111111111111", machine, true),
    ] {
        let store = store_of_tenant(tenant, &identity);
        let may_read = |kind, check_kinds| {
            let rules = super::super::rules(Needs {
                store: Some(&store),
                check_kinds,
                ..Needs::new(kind, &identity)
            });
            rules.iter().any(|rule| rule.id == "get-subscription")
        };
        assert_eq!(may_read(JobKind::CreateStore, &[]), reads, "{tenant}");
        let kinds = [JobKind::CreateStore];
        assert_eq!(may_read(JobKind::Check, &kinds), reads, "{tenant}");
        assert!(!may_read(JobKind::Check, &[JobKind::Add]), "{tenant}");
    }
}

#[test]
fn a_check_that_may_not_ask_the_resource_manager_has_the_vault_alone() {
    assert_eq!(
        check_of(&EVERY, CheckArm::Leave),
        ["token", "list-certificates", "get-certificate"]
    );
    assert_eq!(check_of(&[JobKind::Discovery], CheckArm::Leave), [""; 0]);
}

#[test]
fn a_check_without_a_resource_group_asks_for_no_permissions() {
    let identity = secret();
    let rules = super::super::rules(Needs {
        check_kinds: &EVERY,
        ..Needs::new(JobKind::Check, &identity)
    });
    assert!(rules.iter().all(|rule| !rule.url.contains("permissions")));
}
