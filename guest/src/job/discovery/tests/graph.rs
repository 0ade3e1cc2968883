//! With many subscriptions, Resource Graph is asked first; what it does not answer for is
//! listed one by one.

use super::*;

/// The subscriptions that were listed one by one.
fn listed(fake: &Fake) -> usize {
    let lists: BTreeSet<String> = fake
        .sent_to("/providers/Microsoft.KeyVault/vaults")
        .iter()
        .map(|sent| sent.url().split('/').nth(4).unwrap().to_owned())
        .collect();
    lists.len()
}

fn queries(fake: &Fake) -> Vec<Value> {
    let sent = fake.sent();
    let queries = sent.iter().filter(|sent| asks_graph(sent));
    queries
        .map(|sent| serde_json::from_str(&sent.body()).unwrap())
        .collect()
}

#[test]
fn fifty_subscriptions_are_listed_and_fifty_one_are_asked_of_the_graph() {
    for (count, asked, lists) in [(50, 0, 50), (51, 1, 0)] {
        let fake = healthy(subscriptions(count, 1));
        let outcome = discover(&fake, &job(), &[ONE]);
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!((queries(&fake).len(), listed(&fake)), (asked, lists));
        assert_eq!(submitted(&fake).len(), count);
    }
}

#[test]
fn disabled_subscriptions_do_not_count_and_are_not_asked_about() {
    let mut all = subscriptions(51, 1);
    all[0].state = "Disabled";
    let fake = healthy(all);
    discover(&fake, &job(), &[ONE]);
    assert!(queries(&fake).is_empty());
}

#[test]
fn a_query_is_about_a_thousand_subscriptions_at_most() {
    let fake = healthy(subscriptions(2_001, 1));
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    let sizes: Vec<usize> = queries(&fake)
        .iter()
        .map(|query| query["subscriptions"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [1_000, 1_000, 1]);
    assert_eq!(submitted(&fake).len(), 2_001);
}

#[test]
fn a_subscription_without_a_row_is_listed() {
    // The graph leaves out what it cannot read, without a word.
    let fake = azure(subscriptions(60, 1), |sent, _| {
        asks_graph(sent).then(|| {
            let rows: Vec<Value> = (3..60)
                .map(|number| json!({"id": id(&sub(number), 0)}))
                .collect();
            Ok(answer(200, &json!({"data": rows}).to_string()))
        })
    });
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(listed(&fake), 3);
    assert_eq!(submitted(&fake).len(), 60);
}

#[test]
fn a_graph_that_answers_with_an_error_or_nonsense_is_done_without() {
    let bad_request = json!({"error": {"code": "BadRequest", "message": "see the details",
        "details": [{"code": "NoValidSubscriptionsInQueryRequest", "message": "none"}]}});
    for (status, body) in [
        (400, bad_request.to_string()),
        (
            400,
            r#"{"error":{"code":"InvalidQuery","message":"no"}}"#.to_owned(),
        ),
        (
            403,
            r#"{"error":{"code":"AccessDenied","message":"no"}}"#.to_owned(),
        ),
        (
            429,
            r#"{"error":{"code":"RateLimiting","message":"no"}}"#.to_owned(),
        ),
        (500, String::new()),
        (200, "<html>".to_owned()),
        (200, r#"{"data":[{"id":"/x"}]}"#.to_owned()),
        (200, r#"{"data":[],"resultTruncated":"true"}"#.to_owned()),
    ] {
        let shown = body.clone();
        let fake = azure(subscriptions(60, 1), move |sent, _| {
            asks_graph(sent).then(|| Ok(answer(status, &body)))
        });
        let outcome = discover(&fake, &job(), &[ONE]);
        assert_eq!(
            outcome.status,
            Status::Success,
            "{shown}: {}",
            outcome.message
        );
        assert_eq!(listed(&fake), 60, "{shown}");
        assert_eq!(submitted(&fake).len(), 60, "{shown}");
        assert_eq!(fake.logged("listing one by one"), 1, "{shown}");
    }
}

#[test]
fn a_graph_that_breaks_off_between_pages_is_done_without() {
    let fake = azure(subscriptions(60, 1), |sent, _| {
        asks_graph(sent).then(|| match sent.body().contains("$skipToken") {
            true => error(403, "AccessDenied"),
            false => {
                let rows = [json!({"id": id(&sub(0), 0)})];
                Ok(answer(
                    200,
                    &json!({"data": rows, "$skipToken": "a"}).to_string(),
                ))
            }
        })
    });
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(listed(&fake), 60);
}

#[test]
fn only_a_graph_that_knows_none_of_these_subscriptions_is_asked_about_the_next() {
    for (code, asked) in [
        ("NoValidSubscriptionsInQueryRequest", 2),
        ("AccessDenied", 1),
    ] {
        let fake = azure(subscriptions(1_001, 1), move |sent, earlier| {
            (asks_graph(sent) && earlier == 0).then(|| error(400, code))
        });
        let outcome = discover(&fake, &job(), &[ONE]);
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert_eq!(queries(&fake).len(), asked, "{code}");
        assert_eq!(submitted(&fake).len(), 1_001);
    }
}
