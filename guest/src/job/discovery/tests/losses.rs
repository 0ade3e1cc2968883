//! What cannot be searched does not keep the rest from being found.

use super::*;

#[test]
fn d3_r14_w22_a_failing_subscription_in_the_middle_costs_only_itself() {
    let mut all = subscriptions(3, 1);
    all.push(subscription(TWO, 9, 1));
    let fake = azure(all, |sent, _| {
        lists(sent, 1).then(|| error(403, "AuthorizationFailed"))
    });
    let outcome = discover(&fake, &short(), &[ONE, TWO]);
    assert_eq!(outcome.status, Status::Warning);
    for part in [
        "3 vaults found in 4 subscriptions of 2 tenants",
        &format!("subscription {}: could not list the vaults", sub(1)),
        "answered 403 AuthorizationFailed; assign",
        "Key Vault Reader",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(submitted(&fake), [path(0, 0), path(2, 0), path(9, 0)]);
    assert_eq!(fake.logged("not searched to the end"), 1);
}

#[test]
fn w22_a_failing_tenant_costs_only_itself() {
    for (status, body, part) in [
        (
            401,
            json!({"error": "invalid_client", "error_codes": [7000215]}),
            "the client secret is wrong",
        ),
        (
            400,
            json!({"error": "unauthorized_client", "error_codes": [700016]}),
            "not known in this tenant",
        ),
        (
            400,
            json!({"error": "invalid_request", "error_codes": [90002]}),
            "AzureCloud",
        ),
    ] {
        let fake = azure(vec![subscription(TWO, 2, 1)], move |sent, _| {
            sent.url()
                .contains(&format!("/{ONE}/oauth2/"))
                .then(|| Ok(answer(status, &body.to_string())))
        });
        let outcome = discover(&fake, &short(), &[ONE, TWO]);
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        for part in [part, &format!("tenant {ONE}")] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
        assert_eq!(submitted(&fake), [path(2, 0)]);
    }
}

#[test]
fn w22_a_failing_page_costs_only_what_comes_after_it() {
    let odd = |sent: &Sent, _| {
        (lists(sent, 0) && sent.url().contains("skiptoken"))
            .then(|| error(500, "InternalServerError"))
    };
    let fake = azure(vec![subscription(ONE, 0, 5), subscription(ONE, 1, 1)], odd);
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning);
    assert_eq!(submitted(&fake), [path(0, 0), path(0, 1), path(1, 0)]);
}

#[test]
fn w22_a_failing_page_of_subscriptions_costs_only_what_comes_after_it() {
    let fake = azure(subscriptions(5, 1), |sent, _| {
        (sent.url().contains("/subscriptions?") && sent.url().contains("skiptoken"))
            .then(|| error(403, "AuthorizationFailed"))
    });
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.contains("could not list the subscriptions"),
        "{}",
        outcome.message
    );
    assert_eq!(submitted(&fake), [path(0, 0), path(1, 0)]);
}

#[test]
fn a_link_that_leads_elsewhere_is_a_loss_and_nothing_is_sent_there() {
    let fake = azure(subscriptions(2, 1), |sent, _| {
        let body = json!({"value": [{"id": id(&sub(0), 7)}], "nextLink": "https://evil.example/x"});
        lists(sent, 0).then(|| Ok(answer(200, &body.to_string())))
    });
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.contains("another host"),
        "{}",
        outcome.message
    );
    assert_eq!(submitted(&fake), [path(0, 7), path(1, 0)]);
    assert!(fake.sent_to("evil.example").is_empty());
}

#[test]
fn an_odd_entry_is_a_loss_and_does_not_hide_the_others() {
    let fake = azure(subscriptions(1, 0), |sent, _| {
        let body = json!({"value": [{"id": "/x"}, {"id": id(&sub(0), 1)}]});
        lists(sent, 0).then(|| Ok(answer(200, &body.to_string())))
    });
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.contains("not the resource id of a vault"),
        "{}",
        outcome.message
    );
    assert_eq!(submitted(&fake), [path(0, 1)]);
}

#[test]
fn an_odd_subscription_is_a_loss_and_does_not_hide_the_others() {
    let fake = azure(subscriptions(2, 1), |sent, _| {
        let body = json!({"value": [{"subscriptionId": 7}, {"subscriptionId": sub(1)}]});
        sent.url()
            .contains("/subscriptions?")
            .then(|| Ok(answer(200, &body.to_string())))
    });
    let outcome = discover(&fake, &short(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.contains("an entry has another shape"),
        "{}",
        outcome.message
    );
    assert_eq!(submitted(&fake), [path(1, 0)]);
}

#[test]
fn a_tenant_that_cannot_be_one_is_a_loss_that_names_it() {
    let fake = healthy(vec![subscription(ONE, 1, 1)]);
    let outcome = discover(&fake, &short(), &["my tenant", ONE]);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.contains("tenant \"my tenant\""),
        "{}",
        outcome.message
    );
    assert_eq!(submitted(&fake), [path(1, 0)]);
    let outcome = discover(&healthy(Vec::new()), &job(), &["my tenant"]);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
}

#[test]
fn d4_d5_w28_when_nothing_is_found_and_something_failed_nothing_is_submitted() {
    for (status, code, failure) in [
        (403, "AuthorizationFailed", Failure::MissingRole),
        (500, "InternalServerError", Failure::Unavailable),
        (429, "TooManyRequests", Failure::Throttled),
    ] {
        let fake = azure(subscriptions(3, 1), move |sent, _| {
            sent.url()
                .contains("/providers/")
                .then(|| error(status, code))
        });
        let outcome = discover(&fake, &job(), &[ONE]);
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        for part in ["no vault was found", code, "3 places could not be searched"] {
            assert!(outcome.message.contains(part), "{}", outcome.message);
        }
        assert!(fake.discovered.borrow().is_empty());
    }
}

#[test]
fn d5_a_broken_connection_is_told_in_its_own_words() {
    let fake = azure(Vec::new(), |sent, _| {
        sent.url()
            .contains("/subscriptions?")
            .then_some(Err(TransportError::Broken("the connection was reset")))
    });
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(failed(&outcome), Failure::Unavailable);
    assert!(
        outcome.message.contains("the connection was reset"),
        "{}",
        outcome.message
    );
}

#[test]
fn alike_losses_are_told_together_and_a_long_report_stays_within_bounds() {
    let fake = azure(subscriptions(50, 1), |sent, _| {
        let url = sent.url();
        let number: usize = url
            .split_once("-8222-")?
            .1
            .split('/')
            .next()?
            .parse()
            .ok()?;
        let letter = ["a", "b", "c", "d", "e", "f", "g", "h", "i"][number % 9];
        let code = format!("Code{}", letter.repeat(40));
        (number > 0 && url.contains("/providers/")).then(|| error(400, &code))
    });
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning);
    assert!(outcome.message.encode_utf16().count() <= 4_000);
    assert!(
        outcome.message.contains("more for other reasons"),
        "{}",
        outcome.message
    );
}

#[test]
fn five_tenants_with_one_cause_are_told_once_whatever_ids_the_answers_have() {
    let ids = ["one", "two", "three", "four", "five"].map(|name| format!("{name}.example"));
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let tenants = ids.clone();
    let fake = Fake::new(move |sent, _| {
        let number = tenants
            .iter()
            .position(|tenant| sent.url().contains(tenant));
        let id = format!("7d2c0000-0000-4000-8000-{:012}", number.unwrap());
        let body = json!({"error": "invalid_client", "error_codes": [7000222], "trace_id": id});
        Ok(answer(401, &body.to_string()))
    });
    let outcome = discover(&fake, &job(), &names);
    assert_eq!(failed(&outcome), Failure::ExpiredSecret);
    let message = &outcome.message;
    assert_eq!(message.matches("7000222").count(), 1, "{message}");
    assert_eq!(message.matches("has expired").count(), 1, "{message}");
    let log = fake.log.borrow();
    let warned = log.iter().filter(|(level, _)| *level == LogLevel::Warn);
    assert_eq!(warned.count(), 0, "the result says it");
    for name in names {
        assert!(message.contains(name), "{message}");
    }
}
