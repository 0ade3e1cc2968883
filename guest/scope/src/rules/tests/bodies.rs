//! What may be in the body of a request.

use super::*;

/// The body of the request that creates a vault.
fn put_body(identity: &Identity, tenant: &str, cloud: Cloud) -> JsonTemplate {
    let (store, new_vault) = (store_of_tenant(tenant, identity), new_vault(cloud));
    let put = super::super::rules(Needs {
        store: Some(&store),
        new_vault: Some(&new_vault),
        ..Needs::new(JobKind::CreateStore, identity)
    })
    .into_iter()
    .find(|rule| rule.id == "put-vault");
    match put.map(|rule| rule.body) {
        Some(BodyTemplate::Json(json)) => json,
        other => panic!("{other:?}"),
    }
}

fn free_pointers(json: &JsonTemplate) -> Vec<&str> {
    json.free.iter().map(|free| &*free.pointer).collect()
}

#[test]
fn a_vault_is_created_with_exactly_what_the_job_says_and_only_what_it_cannot_know_is_free() {
    const TENANT: &str = "11111111-1111-4111-8111-111111111111";

    let json = put_body(&secret(), TENANT, Cloud::Public);
    assert_eq!(
        json.value,
        new_vault(Cloud::Public).request_body(TENANT, "eastus")
    );
    assert_eq!(free_pointers(&json), [""; 0]);

    let json = put_body(&secret(), TENANT, Cloud::China);
    assert_eq!(json.value["properties"]["tenantId"], TENANT);
    assert_eq!(free_pointers(&json), ["/location"]);
    assert_eq!(json.free[0].holds, MemberType::Region);

    for (identity, tenant) in [
        (Identity::ManagedIdentity { client_id: None }, TENANT),
        (secret(), "contoso.example"),
    ] {
        let json = put_body(&identity, tenant, Cloud::Public);
        assert_eq!(json.value["properties"].get("tenantId"), None);
        assert_eq!(free_pointers(&json), ["/properties/tenantId"]);
        assert_eq!(json.free[0].holds, MemberType::Guid);
    }
}

#[test]
fn no_free_member_of_a_built_in_body_may_be_just_any_json() {
    for kind in JobKind::ALL {
        for identity in identities() {
            for rule in rules(kind, &identity) {
                if let BodyTemplate::Json(json) = rule.body {
                    assert!(
                        json.free.iter().all(|free| free.holds != MemberType::Any),
                        "{kind} {}",
                        rule.id
                    );
                }
            }
        }
    }
}

#[test]
fn a_create_reads_the_subscription_whatever_it_knows_of_its_tenant() {
    for (identity, tenant) in [
        (secret(), "11111111-1111-4111-8111-111111111111"),
        (secret(), "contoso.example"),
        (Identity::ManagedIdentity { client_id: None }, ""),
    ] {
        let store = store_of_tenant(tenant, &identity);
        let rules = super::super::rules(Needs {
            store: Some(&store),
            ..Needs::new(JobKind::CreateStore, &identity)
        });
        let reads = rules.iter().filter(|rule| rule.id == "get-subscription");
        assert_eq!(reads.count(), 1, "{tenant}");
    }
}
