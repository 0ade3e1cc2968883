//! Discoveries that are cancelled after any answer, or whose time is up in odd places.

use super::*;

#[test]
fn a_job_that_is_cancelled_after_any_answer_begins_no_other_request_and_submits_nothing() {
    for (all, names) in [
        (subscriptions(2, 2), &[ONE][..]),
        (
            vec![subscription(ONE, 0, 1), subscription(TWO, 1, 1)],
            &[ONE, TWO],
        ),
        // By Resource Graph, and then by a list where that has no row.
        (
            [subscriptions(51, 1), vec![subscription(ONE, 51, 0)]].concat(),
            &[ONE],
        ),
    ] {
        for after in 0.. {
            let fake = healthy(all.clone());
            fake.cancel_after.set(Some(after));
            let outcome = discover(&fake, &job(), names);
            // Lists are begun many at a time.
            assert!(fake.sent().len() <= after + IN_FLIGHT, "{after}");
            if outcome.status == Status::Success {
                break;
            }
            assert_eq!(failed(&outcome), Failure::Cancelled);
            assert!(
                outcome.message.contains("none submitted"),
                "{}",
                outcome.message
            );
            assert_eq!(submitted(&fake), [""; 0]);
        }
    }
}

#[test]
fn a_list_of_subscriptions_that_must_wait_beyond_the_time_limit_fails_the_job() {
    let fake = azure(subscriptions(2, 1), |sent, _| {
        let lists = sent.url().contains("/subscriptions?");
        lists.then(|| {
            let busy = error(429, "SubscriptionRequestsThrottled").unwrap();
            Ok(with_header(busy, "retry-after", "100"))
        })
    });
    let hasty = Job {
        time_limit: Duration::from_secs(60),
        ..job()
    };
    let outcome = discover(&fake, &hasty, &[ONE]);
    assert_eq!(failed(&outcome), Failure::Throttled, "{}", outcome.message);
    assert_eq!(submitted(&fake), [""; 0]);
}

#[test]
fn an_option_of_a_machines_place_that_makes_no_sense_is_invalid_input() {
    let place = Place {
        name: String::new(),
        options: vec![("path-format".into(), "long".into())],
    };
    let fake = healthy(Vec::new());
    let outcome = fake.run(run(&fake, &machine(), &[place]));
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    assert!(
        outcome.message.contains("path-format"),
        "{}",
        outcome.message
    );
    assert!(fake.sent().is_empty());
}

#[test]
fn what_a_machine_could_not_search_comes_with_the_note_about_its_tenant() {
    let fake = azure(subscriptions(2, 1), |sent, _| {
        lists(sent, 1).then(|| error(403, "AuthorizationFailed"))
    });
    let outcome = discover(&fake, &machine(), &[ONE, TWO]);
    assert_eq!(outcome.status, Status::Warning);
    for part in ["not everything could be searched", "its own tenant only"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
}

#[test]
fn a_job_that_is_cancelled_after_the_last_answer_submits_nothing() {
    let fake = healthy(Vec::new());
    // Token and subscriptions.
    fake.cancel_after.set(Some(2));
    assert_eq!(failed(&discover(&fake, &job(), &[ONE])), Failure::Cancelled);
    assert_eq!(fake.sent().len(), 2);
}

#[test]
fn w27_a_batch_in_the_middle_that_is_refused_fails_the_job() {
    let fake = healthy(subscriptions(1, 1_200));
    fake.refuse_submissions.set(true);
    let outcome = discover(&fake, &job(), &[ONE]);
    assert_eq!(failed(&outcome), Failure::SubmissionRefused);
}
