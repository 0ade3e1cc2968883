//! Checks where something is missing: a token, a group, a list, certificates, time.

use super::*;

#[test]
fn without_a_token_or_a_vault_no_permission_is_asked_for() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let expired = Azure {
        token: 401,
        ..Azure::default()
    };
    for kinds in [&[JobKind::Add][..], &[JobKind::Inventory, JobKind::Add]] {
        let (outcome, fake) = check_at(path, expired, kinds);
        assert_eq!(outcome.status, Status::Failure(Failure::ExpiredSecret));
        assert_eq!(fake.sent_to("/permissions").len(), 0);
        assert_eq!(fake.sent_to("/oauth2/").len(), 1, "it is not asked again");
    }

    let fake = Fake::new(|sent, _| match sent.url().contains("/oauth2/") {
        true => Azure::default().answer(sent.url()),
        false => Err(TransportError::NameNotFound),
    });
    let outcome = fake.run(run(&fake, &job(), &store(path), &[JobKind::Add]));
    assert_eq!(outcome.status, Status::Failure(Failure::StoreNotFound));
    assert_eq!(fake.sent_to("/permissions").len(), 0);
}

#[test]
fn a_missing_group_and_a_path_without_one_are_told() {
    let absent = Azure {
        group: 404,
        ..Azure::default()
    };
    let outcome = check(absent, &[JobKind::CreateStore]);
    assert_eq!(outcome.status, Status::Failure(Failure::NotFound));

    let short = "22222222-2222-2222-2222-222222222222:kv-one";
    for (kind, status) in [
        (JobKind::CreateStore, Status::Failure(Failure::InvalidInput)),
        (JobKind::Add, Status::Warning),
        (JobKind::Discovery, Status::Warning),
        (JobKind::Inventory, Status::Success),
    ] {
        let (outcome, _) = check_at(short, Azure::default(), &[kind]);
        assert_eq!(outcome.status, status, "{kind}: {}", outcome.message);
    }
}

#[test]
fn a_create_that_needs_the_subscriptions_tenant_and_cannot_read_it_is_a_no() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let unreadable = Azure {
        subscription: (403, FORBIDDEN),
        ..Azure::default()
    };
    let nameless = Azure {
        subscription: (200, "{}"),
        ..Azure::default()
    };
    let machine = Job {
        credential: Credential::ManagedIdentity(None),
        ..job()
    };
    let domain = Store {
        tenant: "contoso.example".into(),
        ..store(path)
    };
    for (job, store) in [(job(), domain), (machine, store(path))] {
        let of = |azure| check_job(&job, &store, azure, &[JobKind::CreateStore]);
        let (outcome, fake) = of(Azure::default());
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(fake.sent_to("222222222222?").len(), 1);
        let (outcome, _) = of(unreadable);
        assert_eq!(outcome.status, Status::Failure(Failure::MissingRole));
        let word = "role Reader on the subscription";
        assert!(outcome.message.contains(word), "{}", outcome.message);
        let (outcome, _) = of(nameless);
        assert_eq!(outcome.status, Status::Failure(Failure::UnreadableAnswer));
    }
}

#[test]
fn a_create_in_a_subscription_of_another_tenant_is_a_no() {
    let delegated = Azure {
        subscription: (
            200,
            r#"{"tenantId":"99999999-9999-9999-9999-999999999999"}"#,
        ),
        ..Azure::default()
    };
    let outcome = check(delegated, &EVERY);
    assert_eq!(outcome.status, Status::Failure(Failure::InvalidInput));
    for part in [
        "create-store: no: the subscription 22222222-2222-2222-2222-222222222222 belongs to the \
         tenant 99999999-9999-9999-9999-999999999999",
        "the tenant of this job is 11111111-1111-1111-1111-111111111111",
        "inventory, add, remove, discovery: yes",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn a_create_that_names_its_tenant_can_do_without_the_subscription() {
    let hidden = Azure {
        subscription: (403, FORBIDDEN),
        ..Azure::default()
    };
    let outcome = check(hidden, &[JobKind::CreateStore]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
}

const EMPTY: (u16, &str) = (200, r#"{"value":[],"nextLink":null}"#);

#[test]
fn an_empty_vault_can_be_inventoried_by_whoever_may_get_what_comes_into_it() {
    let empty = Azure {
        list: EMPTY,
        ..Azure::default()
    };
    assert_eq!(check(empty, &[JobKind::Inventory]).status, Status::Success);
    let may_only_list = Azure {
        get: Some((403, POLICY)),
        ..empty
    };
    let outcome = check(may_only_list, &[JobKind::Inventory]);
    let wanted = Status::Failure(Failure::MissingAccessPolicy);
    assert_eq!(outcome.status, wanted, "{}", outcome.message);
    assert!(outcome.message.contains("Get"), "{}", outcome.message);
    let answered_by_another = Azure {
        get: Some((404, "<html>")),
        ..empty
    };
    let outcome = check(answered_by_another, &[JobKind::Inventory]);
    assert_eq!(outcome.status, Status::Failure(Failure::NotFound));
}

#[test]
fn an_add_or_a_remove_needs_no_list() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    let may_not_list = Azure {
        list: (403, POLICY),
        vault: (200, r#"{"properties":{"enableRbacAuthorization":false}}"#),
        ..Azure::default()
    };
    let changes = [JobKind::Add, JobKind::Remove];
    let (outcome, fake) = check_at(path, may_not_list, &changes);
    assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
    assert!(
        outcome.message.contains("it may read"),
        "{}",
        outcome.message
    );
    assert_eq!(fake.sent_to("/certificates?").len(), 0);
    assert_eq!(fake.sent_to("/certificates/akv-check?").len(), 1);

    let outcome = check(may_not_list, &[JobKind::Inventory, JobKind::Add]);
    let wanted = Status::Failure(Failure::MissingAccessPolicy);
    assert_eq!(outcome.status, wanted, "{}", outcome.message);
    for part in [
        "inventory: no: could not list",
        "add: not known: it may read",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }

    let by_roles = Azure {
        list: (403, RBAC),
        ..Azure::default()
    };
    let outcome = check(by_roles, &changes);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
}

#[test]
fn a_check_ends_with_its_time_limit_and_when_it_is_cancelled() {
    let path = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
    for (cancel, wanted) in [
        (None, Failure::Deadline),
        (Some(Duration::ZERO), Failure::Cancelled),
    ] {
        let fake = Fake::new(|sent, _| Azure::default().answer(sent.url()))
            .slow("/certificates", Duration::from_secs(10_000));
        fake.cancel_at.set(cancel);
        let job = Job {
            time_limit: Duration::from_secs(30),
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store(path), &EVERY));
        assert_eq!(
            outcome.status,
            Status::Failure(wanted),
            "{}",
            outcome.message
        );
    }
}

#[test]
fn what_no_check_can_be_made_of_names_its_field_and_sends_nothing() {
    let bad_option = Job {
        options: vec![("check-arm".into(), "maybe".into())],
        ..job()
    };
    for (job, path, field) in [
        (job(), "kv_one", "StorePath"),
        (
            bad_option,
            "22222222-2222-2222-2222-222222222222:rg-one:kv-one",
            "check-arm",
        ),
    ] {
        let (outcome, fake) = check_job(&job, &store(path), Azure::default(), &[JobKind::Add]);
        assert_eq!(outcome.status, Status::Failure(Failure::InvalidInput));
        assert!(outcome.message.contains(field), "{}", outcome.message);
        assert!(fake.sent().is_empty());
    }
}

#[test]
fn subscriptions_that_cannot_be_listed_are_told_with_the_cause() {
    let azure = Azure {
        subscriptions: "<html>",
        ..Azure::default()
    };
    let outcome = check(azure, &[JobKind::Discovery]);
    assert_eq!(outcome.status, Status::Failure(Failure::UnreadableAnswer));
    assert!(
        outcome.message.starts_with("discovery: no: "),
        "{}",
        outcome.message
    );
}
