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
            vec![
                "token",
                "get-resource-group",
                "get-subscription",
                "get-group-permissions",
            ],
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
fn a_check_of_a_create_may_read_the_subscription_as_a_create() {
    let identity = secret();
    let store = store_of_tenant("11111111-1111-4111-8111-111111111111", &identity);
    for (kind, wanted) in [(JobKind::CreateStore, true), (JobKind::Add, false)] {
        let rules = super::super::rules(Needs {
            store: Some(&store),
            check_kinds: &[kind],
            ..Needs::new(JobKind::Check, &identity)
        });
        let may_read = rules.iter().any(|rule| rule.id == "get-subscription");
        assert_eq!(may_read, wanted, "{kind}");
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
