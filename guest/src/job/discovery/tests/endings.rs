//! How a discovery ends otherwise than well.

use super::*;

#[test]
fn w27_a_refused_submission_fails_the_job() {
    let fake = healthy(subscriptions(1, 1));
    fake.refuse_submissions.set(true);
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(failed(&outcome), Failure::SubmissionRefused);
    assert!(
        outcome.message.contains("too many paths"),
        "{}",
        outcome.message
    );
}

#[test]
fn a_time_limit_in_the_middle_is_a_failure_that_says_how_far_the_job_was() {
    let mut all = subscriptions(20, 1);
    all.push(subscription(TWO, 30, 1));
    let fake = azure(all, |_, _| None).slow("/vaults?", Duration::from_secs(50));
    let job = Job {
        time_limit: Duration::from_secs(80),
        ..job()
    };
    let start = fake.now();
    let outcome = discover(&fake, &job, &[ONE, TWO]);
    assert_eq!(failed(&outcome), Failure::Deadline);
    for part in [
        "time limit",
        "0 of 2 tenants",
        "16 of 20 known subscriptions",
        "16 vaults were found and none submitted",
        "more time",
    ] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(fake.now() - start, Duration::from_secs(78));
    assert!(fake.discovered.borrow().is_empty());
}

#[test]
fn a_time_limit_while_something_is_tried_again_names_it() {
    let fake = azure(subscriptions(2, 1), |sent, _| {
        lists(sent, 1).then(|| error(503, "ServiceUnavailable"))
    })
    .latency(8_000);
    let job = Job {
        time_limit: Duration::from_secs(55),
        ..job()
    };
    let outcome = discover(&fake, &job, &[ONE]);
    assert_eq!(failed(&outcome), Failure::Deadline);
    assert!(
        outcome.message.contains("the last trouble was"),
        "{}",
        outcome.message
    );
    assert!(outcome.message.contains("503"), "{}", outcome.message);
}

#[test]
fn a_time_limit_while_the_service_is_throttled_is_throttled_as_in_every_job() {
    let fake = azure(subscriptions(2, 1), |sent, _| {
        lists(sent, 1).then(|| error(429, "TooManyRequests"))
    })
    .latency(8_000);
    let job = Job {
        time_limit: Duration::from_secs(55),
        ..job()
    };
    let outcome = discover(&fake, &job, &[ONE]);
    assert_eq!(failed(&outcome), Failure::Throttled, "{}", outcome.message);
}

#[test]
fn malformed_input_is_in_the_log_too() {
    let job = Job {
        credential: Credential::ClientSecret {
            client_id: "x".into(),
            secret: Secret::new("s".into()),
        },
        ..job()
    };
    let fake = Fake::default();
    let outcome = discover(&fake, &job, &[ONE]);
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    assert_eq!(fake.logged(&outcome.message), 1);
}

#[test]
fn a_place_that_must_wait_beyond_the_time_limit_fails_the_job() {
    for (status, code, failure) in [
        (429, "TooManyRequests", Failure::Throttled),
        (503, "ServiceUnavailable", Failure::Deadline),
    ] {
        let fake = azure(subscriptions(3, 1), move |sent, _| {
            lists(sent, 1).then(|| in_100_seconds(status, code))
        });
        let outcome = discover(&fake, &hasty(), &[ONE]);
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        assert!(
            outcome.message.contains("time limit"),
            "{}",
            outcome.message
        );
        assert!(fake.discovered.borrow().is_empty());
    }
}

#[test]
fn a_graph_that_must_be_waited_for_beyond_the_time_limit_is_done_without() {
    let fake = azure(subscriptions(60, 1), |sent, _| {
        asks_graph(sent).then(|| in_100_seconds(429, "RateLimiting"))
    });
    let outcome = discover(&fake, &hasty(), &[ONE]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(submitted(&fake).len(), 60);
}

fn in_100_seconds(status: u16, code: &str) -> Answer {
    error(status, code).map(|answer| with_header(answer, "retry-after", "100"))
}

fn hasty() -> Job {
    Job {
        time_limit: Duration::from_secs(60),
        ..job()
    }
}

#[test]
fn throttling_that_passes_costs_only_time() {
    let fake = azure(subscriptions(20, 1), |_, earlier| {
        (earlier == 0).then(|| {
            error(429, "TooManyRequests").map(|answer| with_header(answer, "retry-after", "5"))
        })
    });
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(submitted(&fake).len(), 20);
}

#[test]
fn a_cancelled_job_stops_soon_and_submits_nothing() {
    let start = Duration::from_secs(1_000);
    for after in [0, 1_000, 2_500] {
        let fake = healthy(subscriptions(20, 1)).latency(200);
        fake.cancel_at
            .set(Some(start + Duration::from_millis(after)));
        let outcome = discover(&fake, &job(), &[ONE]);
        assert_eq!(failed(&outcome), Failure::Cancelled, "{after}");
        assert!(
            outcome.message.contains("none submitted"),
            "{}",
            outcome.message
        );
        assert!(fake.discovered.borrow().is_empty());
        let took = fake.now() - start;
        assert!(took <= Duration::from_millis(after + 250), "{took:?}");
    }
}

#[test]
fn malformed_input_names_its_field_and_sends_nothing() {
    let of = |credential| Job {
        credential,
        ..job()
    };
    let secret = |client_id: &str, secret: &str| Credential::ClientSecret {
        client_id: client_id.into(),
        secret: Secret::new(secret.into()),
    };
    let mars = Job {
        options: vec![("cloud".into(), "mars".into())],
        ..job()
    };
    let client = "33333333-3333-4333-8333-333333333333";
    for (job, names, part) in [
        (job(), &[][..], "directories to search"),
        (job(), &[" ", ""], "directories to search"),
        (mars, &[ONE], "cloud: "),
        (of(secret("me", "x")), &[ONE], "ServerUsername: "),
        (of(secret(client, "")), &[ONE], "ServerPassword: "),
    ] {
        let fake = Fake::default();
        let outcome = discover(&fake, &job, names);
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn neither_log_nor_message_ever_holds_a_secret_or_a_token() {
    let fake = azure(subscriptions(60, 1), |sent, earlier| {
        if asks_graph(sent) {
            return Some(error(500, "InternalServerError"));
        }
        (earlier == 0 && lists(sent, 1)).then(|| error(403, "AuthorizationFailed"))
    });
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(outcome.status, Status::Warning);
    let log = fake.log.borrow();
    let lines = log.iter().map(|(_, line)| line.as_str());
    for line in lines.chain([outcome.message.as_str()]) {
        for secret in ["sp-secret", "t-1111"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
