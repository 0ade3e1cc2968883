//! Whose a new vault is: its subscription's tenant, or the job's where that one is hidden.

use super::*;

const OTHER: &str = "99999999-9999-4999-8999-999999999999";

/// A subscription of another tenant than the job's, which is delegated to it.
fn delegated() -> World {
    let world = world();
    world.borrow_mut().owner = OTHER;
    world
}

fn by_machine() -> Job {
    Job {
        credential: Credential::ManagedIdentity(None),
        ..job()
    }
}

fn by_domain() -> Store {
    Store {
        tenant: "contoso.example".into(),
        ..store()
    }
}

#[test]
fn a_subscription_of_another_tenant_fails_before_the_request() {
    let world = delegated();
    let fake = healthy(&world);
    let outcome = create(&fake);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    for part in [SUB, OTHER, TENANT, "delegated", "nothing was created"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert!(!fake.sent().iter().any(asked_to_make));
    assert!(world.borrow().made.is_empty());
}

#[test]
fn the_same_tenant_in_capitals_is_the_same() {
    let world = world();
    let fake = azure(&world, |sent, _| {
        let body = json!({"tenantId": TENANT.to_uppercase()}).to_string();
        let asks = sent.url().contains(&format!("/subscriptions/{SUB}?"));
        asks.then(|| Ok(answer(200, &body)))
    });
    assert_eq!(create(&fake).status, Status::Success);
    assert_eq!(world.borrow().made, [plain_body()]);
}

#[test]
fn a_job_without_a_tenants_id_takes_the_subscriptions_and_says_so() {
    for (job, store) in [(job(), by_domain()), (by_machine(), store())] {
        let world = delegated();
        let fake = healthy(&world);
        let outcome = fake.run(run(&fake, &job, &store));
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        let told = format!("its subscription's tenant {OTHER}");
        assert!(outcome.message.contains(&told), "{}", outcome.message);
        assert_eq!(world.borrow().made[0]["properties"]["tenantId"], OTHER);
    }
}

#[test]
fn a_hidden_subscription_costs_a_create_nothing_that_names_its_tenant() {
    for (status, code) in [(403, "AuthorizationFailed"), (404, "SubscriptionNotFound")] {
        let hides = move |sent: &Sent, _| {
            let asks = sent.url().contains(&format!("/subscriptions/{SUB}?"));
            asks.then(|| error(status, code))
        };
        let world = delegated();
        let fake = azure(&world, hides);
        let outcome = create(&fake);
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        for part in [TENANT, code, "could not be read"] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
        assert_eq!(world.borrow().made, [plain_body()]);
        assert_eq!(fake.logged("going on with the job's tenant"), 1);
        for (job, store) in [(job(), by_domain()), (by_machine(), store())] {
            let world = delegated();
            let fake = azure(&world, hides);
            let outcome = fake.run(run(&fake, &job, &store));
            assert!(outcome.message.contains(code), "{}", outcome.message);
            failed(&outcome);
            assert!(world.borrow().made.is_empty());
        }
    }
}

#[test]
fn a_tenant_that_repeats_a_secret_is_neither_used_nor_shown() {
    let world = delegated();
    let fake = healthy(&world);
    let secret = Credential::ClientSecret {
        client_id: CLIENT.into(),
        secret: Secret::new(OTHER.into()),
    };
    let job = Job {
        credential: secret,
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(failed(&outcome), Failure::UnreadableAnswer);
    assert!(!outcome.message.contains(OTHER), "{}", outcome.message);
}
