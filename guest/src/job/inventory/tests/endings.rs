//! How a job ends otherwise than well, and what its message says.

use super::*;

#[test]
fn an_unknown_value_of_partial_is_invalid_input() {
    let fake = Fake::default();
    let job = Job {
        options: vec![("partial".into(), "yes".into())],
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(failed(&outcome), Failure::InvalidInput);
    assert!(
        outcome.message.starts_with("partial: "),
        "{}",
        outcome.message
    );
    let told = (LogLevel::Error, outcome.message);
    assert_eq!(*fake.log.borrow(), [told], "as every failure is");
}

#[test]
fn i3_a_failing_list_is_a_failure_of_its_kind() {
    for (status, body, failure, word) in [
        (403, RBAC, Failure::MissingRole, "Key Vault Reader"),
        (404, GONE, Failure::NotFound, "store path"),
        (429, THROTTLED, Failure::Throttled, "throttled"),
        (500, "", Failure::Unavailable, "8 attempts"),
    ] {
        let fake = vault(3, move |sent, _| {
            sent.url()
                .contains("/certificates?")
                .then(|| Ok(answer(status, body)))
        });
        let outcome = inventory(&fake);
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        assert!(outcome.message.contains(word), "{}", outcome.message);
    }
}

#[test]
fn a_page_that_is_no_list_is_not_an_empty_one() {
    for body in [
        "{}",
        r#"{"status":"ok"}"#,
        r#"{"error":{"code":"Busy"}}"#,
        r#"{"value":null,"nextLink":null}"#,
        r#"{"nextLink":null}"#,
    ] {
        for skiptoken in [None, Some("$skiptoken=25")] {
            let fake = vault(30, move |sent, _| {
                let (_, query) = sent.url().split_once("/certificates?")?;
                let hit = skiptoken.is_none_or(|token| query.contains(token));
                hit.then(|| Ok(answer(200, body)))
            });
            for job in [job(), submitting()] {
                let outcome = fake.run(run(&fake, &job, &store()));
                assert_eq!(failed(&outcome), Failure::UnreadableAnswer, "{body}");
                let word = "list the certificates";
                assert!(outcome.message.contains(word), "{}", outcome.message);
            }
        }
    }
    let empty = healthy(0);
    assert_eq!(inventory(&empty), Outcome::new(Status::Success, ""));
}

#[test]
fn a_refused_submission_fails_the_job() {
    let fake = healthy(150);
    fake.refuse_submissions.set(true);
    let outcome = inventory(&fake);
    assert_eq!(failed(&outcome), Failure::SubmissionRefused);
    assert!(
        outcome.message.contains("too many items"),
        "{}",
        outcome.message
    );
}

#[test]
fn a_cancelled_job_stops_soon_even_while_it_waits() {
    // The vault asks for a minute; the cancellation comes after three seconds.
    let fake = vault(60, |sent, _| {
        sent.url()
            .contains("/certificates?")
            .then(|| Ok(with_header(answer(429, THROTTLED), "retry-after", "60")))
    });
    let start = fake.now();
    fake.cancel_at.set(Some(start + Duration::from_secs(3)));
    let outcome = inventory(&fake);
    assert_eq!(failed(&outcome), Failure::Cancelled);
    let took = fake.now() - start;
    assert!(took <= Duration::from_millis(3_250), "{took:?}");
}

#[test]
fn a_job_that_is_cancelled_from_the_start_submits_nothing() {
    let fake = healthy(60);
    fake.cancel_at.set(Some(Duration::ZERO));
    assert_eq!(failed(&inventory(&fake)), Failure::Cancelled);
    assert!(fake.batches().is_empty());
}

#[test]
fn a_vault_that_never_answers_ends_with_the_time_limit() {
    let fake = healthy(60).slow("/certificates", Duration::from_secs(10_000));
    let job = Job {
        time_limit: Duration::from_secs(300),
        ..job()
    };
    let start = fake.now();
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    assert!(
        outcome.message.contains("no answer in time"),
        "{}",
        outcome.message
    );
    // Two seconds are left for the report.
    assert_eq!(fake.now() - start, Duration::from_secs(298));
}

#[test]
fn a_vault_that_is_only_slow_until_the_time_limit_says_that_there_was_no_trouble() {
    let fake = healthy(60).slow("/certificates", Duration::from_secs(59));
    let job = Job {
        time_limit: Duration::from_secs(100),
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    assert!(outcome.message.contains("more time"), "{}", outcome.message);
}

#[test]
fn an_attempt_without_an_answer_is_given_up_after_a_minute() {
    let fake = healthy(60).slow("/certificates", Duration::from_secs(10_000));
    inventory(&fake);
    let pages = fake.sent_to("/certificates?");
    let between = pages[1].at - pages[0].at;
    let wanted = Duration::from_secs(60)..Duration::from_secs(62);
    assert!(wanted.contains(&between), "{between:?}");
}

#[test]
fn a_wait_beyond_the_time_limit_is_not_begun_and_names_what_it_was_for() {
    for (status, body, failure, cause) in [
        (429, THROTTLED, Failure::Throttled, "429 Throttled"),
        (503, "", Failure::Deadline, "503"),
    ] {
        let fake = vault(3, move |sent, _| {
            sent.url()
                .contains("/certificates?")
                .then(|| Ok(with_header(answer(status, body), "retry-after", "60")))
        });
        let job = Job {
            time_limit: Duration::from_secs(30),
            ..job()
        };
        let start = fake.now();
        let outcome = fake.run(run(&fake, &job, &store()));
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        assert!(outcome.message.contains(cause), "{}", outcome.message);
        assert!(
            outcome.message.contains("time limit"),
            "{}",
            outcome.message
        );
        assert!(fake.now() - start < Duration::from_secs(1));
    }
}

#[test]
fn a_time_limit_that_comes_while_waiting_names_the_last_trouble() {
    // Retries that fit, and an answer to the last one that never comes.
    let fake = vault(3, |sent, _| {
        sent.url()
            .contains("/certificates?")
            .then(|| Ok(answer(503, "")))
    })
    .latency(8_000);
    let job = Job {
        time_limit: Duration::from_secs(20),
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    assert!(
        outcome.message.contains("last trouble was"),
        "{}",
        outcome.message
    );
    assert!(outcome.message.contains("503"), "{}", outcome.message);
}

#[test]
fn malformed_input_names_its_field_and_sends_nothing() {
    let bad_path = Store {
        path: "https://kv-one.vault.azure.net".into(),
        ..store()
    };
    let bad_cloud = Store {
        properties: vec![("AzureCloud".into(), "mars".into())],
        ..store()
    };
    for (store, field) in [(bad_path, "StorePath"), (bad_cloud, "AzureCloud")] {
        let fake = Fake::default();
        let outcome = fake.run(run(&fake, &job(), &store));
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        assert!(outcome.message.starts_with(field), "{}", outcome.message);
    }
}

#[test]
fn every_kind_of_identity_does_an_inventory() {
    let id = "55555555-5555-5555-5555-555555555555".to_owned();
    for (credential, asked) in [
        (
            Credential::ManagedIdentity(None),
            "resource=https%3A%2F%2Fvault.azure.net",
        ),
        (
            Credential::ManagedIdentity(Some(id.clone())),
            "&client_id=55555555",
        ),
        (Credential::ClientAssertion(id), "/oauth2/v2.0/token"),
    ] {
        let fake = vault(3, |sent, _| {
            let token = r#"{"access_token":"t1","expires_in":"3599"}"#;
            sent.url()
                .starts_with("http://169.254.169.254/metadata/")
                .then(|| Ok(answer(200, token)))
        });
        fake.assertions.borrow_mut().push(Ok("eyJ".into()));
        let job = Job {
            credential,
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store()));
        assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
        assert!(fake.sent()[0].url().contains(asked), "{asked}");
        assert_eq!(fake.aliases().len(), 3);
    }
}

#[test]
fn neither_log_nor_message_ever_holds_a_secret_a_token_or_a_tags_value() {
    let fake = vault(60, |sent, earlier| {
        if sent.url().contains("/oauth2/") {
            return Some(Ok(answer(
                200,
                r#"{"access_token":"the-token","expires_in":3599}"#,
            )));
        }
        match asked(sent)? {
            "cert-0007" => Some(Ok(answer(403, RBAC))),
            _ if earlier == 0 => Some(Ok(answer(429, THROTTLED))),
            _ => None,
        }
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning);
    let log = fake.log.borrow();
    let lines = log.iter().map(|(_, line)| line.as_str());
    for line in lines.chain([outcome.message.as_str()]) {
        for secret in ["sp-secret", "the-token", "prod"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn a_job_that_is_cancelled_while_its_last_page_arrives_ends_there() {
    let fake = healthy(0).latency(50);
    // The token takes 50 ms, the page another 50.
    fake.cancel_at
        .set(Some(fake.now() + Duration::from_millis(100)));
    assert_eq!(failed(&inventory(&fake)), Failure::Cancelled);
}

#[test]
fn a_job_that_ends_early_says_how_far_it_came() {
    const SO_FAR: &str = "25 of 50 listed certificates were read, and none submitted";
    // The third page never comes, and what is on the second is not read.
    let slow = || {
        vault(60, |sent, _| {
            let late = asked(sent).is_some_and(|asked| asked >= name(25).as_str());
            late.then(|| Ok(with_header(answer(503, ""), "retry-after", "50")))
        })
        .latency(1)
        .slow("skiptoken=50", Duration::from_secs(40))
    };
    let fake = slow();
    fake.cancel_at
        .set(Some(fake.now() + Duration::from_secs(3)));
    let outcome = inventory(&fake);
    assert_eq!(failed(&outcome), Failure::Cancelled);
    assert_eq!(outcome.message, format!("the job was cancelled; {SO_FAR}"));

    let fake = slow();
    let limited = |seconds| Job {
        time_limit: Duration::from_secs(seconds),
        ..job()
    };
    let outcome = fake.run(run(&fake, &limited(60), &store()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    assert!(
        outcome.message.ends_with("none submitted"),
        "{}",
        outcome.message
    );

    // A wait that is not begun.
    let fake = slow();
    let outcome = fake.run(run(&fake, &limited(30), &store()));
    assert_eq!(failed(&outcome), Failure::Deadline);
    assert!(
        outcome.message.ends_with("none submitted"),
        "{}",
        outcome.message
    );

    let fake = with_odd(3, &[(1, 429, THROTTLED)]);
    let outcome = inventory(&fake);
    assert!(!outcome.message.contains("listed"), "{}", outcome.message);
}
