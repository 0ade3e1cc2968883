//! Vaults that take tokens of another tenant than the one that was searched.

use super::*;

fn told(all: Vec<Subscription>, job: &Job, names: &[&str]) -> Outcome {
    let fake = healthy(all);
    let outcome = discover(&fake, job, names);
    assert!(!submitted(&fake).is_empty(), "{}", outcome.message);
    outcome
}

#[test]
fn a_vault_of_another_tenant_is_listed_and_named() {
    let all = vec![subscription(ONE, 0, 1), delegated(TWO, 1, 2)];
    let fake = healthy(all);
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    for part in [
        "3 vaults found in 2 subscriptions of 1 tenant. 2 vaults are of another tenant",
        &format!("{TWO} (kv-0, kv-1)"),
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(submitted(&fake), [path(0, 0), path(1, 0), path(1, 1)]);
}

#[test]
fn resource_graph_tells_the_tenant_too() {
    let mut all = subscriptions(60, 1);
    all.push(delegated(TWO, 99, 12));
    let outcome = told(all, &short(), &[ONE]);
    let named = "12 vaults are of another tenant than the one that was searched";
    assert!(outcome.message.contains(named), "{}", outcome.message);
    let named = format!("{TWO} (kv-0, kv-1, kv-10, kv-11, kv-2 and 7 more)");
    assert!(outcome.message.contains(&named), "{}", outcome.message);
}

#[test]
fn the_tenant_of_a_machine_is_the_one_that_all_have_in_common() {
    let own = || subscription(ONE, 0, 1);
    for (all, says) in [
        (vec![own(), delegated(TWO, 1, 1)], true),
        (vec![own()], false),
        // It may be either: nothing is claimed.
        (vec![delegated(TWO, 1, 1)], false),
    ] {
        let outcome = told(all, &machine(), &[]);
        let named = outcome.message.contains("1 vault is of another tenant");
        assert_eq!(named, says, "{}", outcome.message);
    }
}

#[test]
fn a_vault_that_its_own_tenant_shows_as_well_is_not_named() {
    let mut its_own = delegated(TWO, 1, 1);
    its_own.owner = None;
    its_own.tenant = TWO;
    for names in [[ONE, TWO], [TWO, ONE]] {
        let outcome = told(
            vec![delegated(TWO, 1, 1), its_own.clone()],
            &short(),
            &names,
        );
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    }
}

#[test]
fn a_list_that_does_not_say_the_tenants_is_taken_as_it_is() {
    for properties in [json!(null), json!(7), json!({"tenantId": "x"}), json!({})] {
        let fake = azure(subscriptions(1, 1), move |sent, _| {
            let body = json!({"value": [{"id": id(&sub(0), 0), "properties": properties}]});
            lists(sent, 0).then(|| Ok(answer(200, &body.to_string())))
        });
        let outcome = discover(&fake, &short(), &[ONE]);
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(submitted(&fake), [path(0, 0)]);
    }
}
