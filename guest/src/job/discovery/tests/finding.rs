//! What is found, and how it is written.

use super::*;

#[test]
fn d1_r8_two_tenants_with_two_subscriptions_each_are_searched_to_the_end() {
    let fake = healthy(vec![
        subscription(ONE, 1, 1),
        subscription(ONE, 2, 5),
        subscription(TWO, 3, 0),
        subscription(TWO, 4, 2),
    ]);
    let outcome = discover(&fake, &short(), &[ONE, TWO]);
    let text = "8 vaults found in 4 subscriptions of 2 tenants";
    assert_eq!(outcome, Outcome::new(Status::Success, text));
    let mut wanted = vec![path(1, 0)];
    wanted.extend((0..5).map(|number| path(2, number)));
    wanted.extend((0..2).map(|number| path(4, number)));
    assert_eq!(submitted(&fake), wanted);
    assert_eq!(fake.progress.borrow().last(), Some(&(8, None)));
}

#[test]
fn w24_every_list_is_fetched_once_and_with_the_documented_urls() {
    let fake = healthy(vec![subscription(ONE, 1, 1), subscription(ONE, 2, 1)]);
    discover(&fake, &job(), &[ONE]);
    let mut urls: Vec<String> = fake
        .sent()
        .iter()
        .map(|sent| sent.url().to_owned())
        .collect();
    urls.sort();
    let list = |number| {
        format!(
            "{ARM}/subscriptions/{}/providers/Microsoft.KeyVault/vaults?api-version=2026-02-01",
            sub(number)
        )
    };
    assert_eq!(
        urls,
        [
            format!("https://login.microsoftonline.com/{ONE}/oauth2/v2.0/token"),
            list(1),
            list(2),
            format!("{ARM}/subscriptions?api-version=2022-12-01"),
        ]
    );
}

#[test]
fn r12_a_vault_is_written_as_its_resource_id_unless_the_short_form_is_asked_for() {
    for (job, wanted) in [(job(), id(&sub(1), 0)), (short(), path(1, 0))] {
        let fake = healthy(vec![subscription(ONE, 1, 1)]);
        discover(&fake, &job, &[ONE]);
        assert_eq!(submitted(&fake), [wanted]);
    }
}

#[test]
fn d2_no_vault_is_a_success_and_hands_nothing_over() {
    let fake = healthy(vec![subscription(ONE, 1, 0)]);
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Success);
    assert!(fake.discovered.borrow().is_empty());
}

#[test]
fn a_tenant_without_a_visible_subscription_is_named_and_no_warning() {
    let fake = healthy(vec![subscription(ONE, 1, 1)]);
    let outcome = discover(&fake, &job(), &[ONE, TWO]);
    assert_eq!(outcome.status, Status::Success);
    let named = format!("without a subscription that this identity can see: tenant {TWO}");
    assert!(outcome.message.ends_with(&named), "{}", outcome.message);
}

#[test]
fn w25_disabled_and_deleted_subscriptions_are_skipped_and_counted() {
    let of = |number, state| Subscription {
        state,
        ..subscription(ONE, number, 1)
    };
    let states = ["Enabled", "Disabled", "Warned", "Deleted", "PastDue"];
    let all = states
        .iter()
        .enumerate()
        .map(|(number, state)| of(number, state))
        .collect();
    let fake = healthy(all);
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(submitted(&fake), [path(0, 0), path(2, 0), path(4, 0)]);
    assert_eq!(
        outcome.message,
        "3 vaults found in 3 subscriptions of 1 tenant; skipped: 2 disabled or deleted subscriptions"
    );
    let fake = healthy(vec![of(1, "Disabled")]);
    let outcome = discover(&fake, &job(), &[ONE]);
    assert!(!outcome.message.contains("can see"), "{}", outcome.message);
}

#[test]
fn w25_a_subscription_that_two_tenants_show_gives_each_vault_once() {
    let fake = healthy(vec![subscription(ONE, 1, 2), subscription(TWO, 1, 3)]);
    let outcome = discover(&fake, &short(), &[ONE, TWO]);
    assert_eq!(submitted(&fake), [path(1, 0), path(1, 1), path(1, 2)]);
    assert!(
        outcome.message.starts_with("3 vaults found"),
        "{}",
        outcome.message
    );
}

#[test]
fn w23_tenants_may_be_written_with_blanks_and_twice() {
    let fake = healthy(vec![subscription(ONE, 1, 1), subscription(TWO, 2, 1)]);
    let outcome = discover(&fake, &short(), &[&format!(" {ONE}"), "", TWO, ONE]);
    assert_eq!(outcome.status, Status::Success);
    assert_eq!(submitted(&fake), [path(1, 0), path(2, 0)]);
    assert_eq!(fake.sent_to("/oauth2/").len(), 2);
}

#[test]
fn w26_each_tenant_may_be_in_a_cloud_of_its_own() {
    let fake = healthy(vec![subscription(ONE, 1, 1), subscription(TWO, 2, 1)]);
    let mut places = places(&[ONE, TWO]);
    places[1].options = vec![
        ("cloud".into(), "china".into()),
        ("path-format".into(), "short".into()),
    ];
    let outcome = fake.run(run(&fake, &job(), &places));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(submitted(&fake), [id(&sub(1), 0), path(2, 0)]);
    let hosts: BTreeSet<String> = fake
        .sent_to("2022-12-01")
        .iter()
        .map(|sent| sent.url().split('/').nth(2).unwrap().to_owned())
        .collect();
    assert!(hosts.contains("management.azure.com"));
    assert!(hosts.contains("management.chinacloudapi.cn"));
    assert_eq!(
        fake.sent_to(&format!("https://login.chinacloudapi.cn/{TWO}/"))
            .len(),
        1
    );
}

#[test]
fn a_managed_identity_searches_its_own_tenant_once() {
    for (names, status) in [
        (&[][..], Status::Success),
        (&[ONE], Status::Success),
        (&["any host"], Status::Success),
        (&[ONE, TWO], Status::Warning),
    ] {
        let fake = healthy(vec![subscription(ONE, 1, 1), subscription(TWO, 2, 1)]);
        let outcome = discover(&fake, &machine(), names);
        assert_eq!(outcome.status, status, "{}", outcome.message);
        assert_eq!(submitted(&fake), [path(1, 0)]);
        assert_eq!(fake.sent_to("/metadata/identity/").len(), 1);
        assert_eq!(fake.sent_to("2022-12-01").len(), 1);
    }
}

#[test]
fn lists_are_read_sixteen_at_a_time() {
    let fake = healthy(subscriptions(50, 1)).latency(100);
    let start = fake.now();
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Success);
    assert_eq!(fake.most_in_flight.get(), IN_FLIGHT);
    // A token, eleven pages of subscriptions, and 50 lists in four rounds.
    assert_eq!(fake.now() - start, Duration::from_millis(1_600));
}

#[test]
fn many_vaults_are_handed_over_in_batches_in_the_order_of_their_paths() {
    let fake = healthy(subscriptions(20, 12));
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(outcome.status, Status::Success);
    let sizes: Vec<usize> = fake.discovered.borrow().iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 40]);
    let paths = submitted(&fake);
    assert!(paths.is_sorted());
}

#[test]
fn only_the_named_subscriptions_are_searched_in_lists_and_in_the_graph() {
    for count in [3, 40] {
        let fake = healthy(subscriptions(count, 1));
        let job = Job {
            options: vec![(
                "subscriptions".to_owned(),
                format!("{}, {}", sub(1), sub(2).to_uppercase()),
            )],
            ..job()
        };
        let outcome = discover(&fake, &job, &[ONE]);
        assert_eq!(outcome.status, Status::Success, "{outcome:?}");
        let mut found = submitted(&fake);
        found.sort_unstable();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains(&sub(1)) && found[1].contains(&sub(2)));
        let sent = fake.sent();
        let stray = |sent: &&Sent| (0..count).any(|n| ![1, 2].contains(&n) && lists(sent, n));
        assert_eq!(sent.iter().filter(stray).count(), 0);
    }
}

/// A job of these tenants where the options name these subscriptions.
fn naming(subscriptions: &[usize], fake: &Fake, tenants: &[&str]) -> Outcome {
    let named: Vec<String> = subscriptions.iter().map(|number| sub(*number)).collect();
    let job = Job {
        options: vec![("subscriptions".to_owned(), named.join(","))],
        ..job()
    };
    discover(fake, &job, tenants)
}

#[test]
fn named_subscriptions_that_the_identity_cannot_see_are_named_in_a_warning() {
    let all = || {
        let disabled = Subscription {
            state: "Disabled",
            ..subscription(ONE, 2, 1)
        };
        healthy(vec![
            subscription(ONE, 1, 1),
            disabled,
            subscription(TWO, 3, 1),
        ])
    };
    // Each may be another tenant's.
    let outcome = naming(&[1, 2, 3], &all(), &[ONE, TWO]);
    assert_eq!(outcome.status, Status::Success, "{outcome:?}");
    for (named, hidden) in [(&[1, 9][..], 9), (&[9], 9), (&[1, 3], 3)] {
        let fake = all();
        let outcome = naming(named, &fake, &[ONE]);
        assert_eq!(outcome.status, Status::Warning, "{outcome:?}");
        let told = format!("they were not searched: {};", sub(hidden));
        assert!(outcome.message.contains(&told), "{outcome:?}");
        let blind = outcome.message.contains("without a subscription");
        assert!(!blind, "it sees others: {outcome:?}");
        assert_eq!(submitted(&fake).len(), named.len() - 1);
    }
}

#[test]
fn where_the_subscriptions_could_not_be_listed_none_is_called_hidden() {
    let fake = Fake::new(|sent, _| match sent.url().contains("/oauth2/") {
        true => Ok(answer(200, r#"{"access_token":"t1","expires_in":3599}"#)),
        false => Ok(answer(400, r#"{"error":{"code":"BadRequest"}}"#)),
    });
    let outcome = naming(&[1], &fake, &[ONE]);
    assert!(matches!(outcome.status, Status::Failure(_)), "{outcome:?}");
    assert!(!outcome.message.contains("cannot see"), "{outcome:?}");
}
