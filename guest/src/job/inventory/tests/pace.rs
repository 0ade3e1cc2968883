//! Order, overlap, bounds: how a vault is read.

use super::*;

#[test]
fn i1_sixty_certificates_are_one_token_three_pages_and_sixty_reads() {
    let fake = healthy(60);
    let outcome = inventory(&fake);
    assert_eq!(outcome, Outcome::new(Status::Success, ""));
    assert_eq!(fake.sent_to("/oauth2/").len(), 1);
    assert_eq!(fake.sent_to("/certificates?").len(), 3);
    assert_eq!(fake.sent_to("/certificates/").len(), 60);
    let wanted: Vec<String> = (0..60).map(name).collect();
    assert_eq!(fake.aliases(), wanted);
    let item = &fake.batches()[0][0];
    assert_eq!(item.certificates, [[0x30, 3, 2, 1, 5]]);
    assert_eq!(
        item.parameters[0],
        (
            "CertificateTags",
            ParameterValue::Text(r#"{"env":"prod"}"#.into())
        )
    );
}

#[test]
fn no_request_without_a_token_reaches_the_vault() {
    let fake = healthy(60);
    inventory(&fake);
    for sent in fake.sent_to(VAULT) {
        assert_eq!(sent.request.header("authorization"), Some("Bearer t1"));
    }
}

#[test]
fn r21_i2_an_empty_vault_is_a_success_and_submits_nothing() {
    let fake = healthy(0);
    assert_eq!(inventory(&fake), Outcome::new(Status::Success, ""));
    assert!(fake.batches().is_empty());
    assert_eq!(fake.progress.borrow().last(), Some(&(0, Some(0))));
}

#[test]
fn w10_details_are_read_while_later_pages_are_still_listed() {
    let fake = healthy(100).latency(30);
    inventory(&fake);
    let first_detail = fake.sent_to("/certificates/")[0].at;
    let last_page = fake.sent_to("/certificates?").last().unwrap().at;
    assert!(
        first_detail < last_page,
        "{first_detail:?} before the last page was even asked for: {last_page:?}"
    );
}

#[test]
fn r16_a_thousand_certificates_take_hardly_longer_than_their_forty_pages() {
    let fake = healthy(1_000).latency(30);
    let start = fake.now();
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Success);
    assert_eq!(fake.aliases().len(), 1_000);
    // Token, 40 pages and the last page's details, 30 ms each.
    assert_eq!(fake.now() - start, Duration::from_millis(42 * 30));
    assert!(fake.most_in_flight.get() <= IN_FLIGHT + 1);
}

#[test]
fn reads_that_are_slower_than_the_list_are_bounded_and_hold_the_list_back() {
    const MINUTE: Duration = Duration::from_secs(60);
    let fake = healthy(2_000)
        .latency(30)
        .slow("/certificates/", MINUTE / 2);
    let start = fake.now();
    let job = Job {
        time_limit: 60 * MINUTE,
        ..job()
    };
    let outcome = fake.run(run(&fake, &job, &store()));
    assert_eq!(outcome.status, Status::Success, "{}", outcome.message);
    assert_eq!(fake.most_in_flight.get(), IN_FLIGHT + 1);
    // Before the first read was answered, 1,000 names were listed ahead and no more.
    let mut early = fake.sent_to("/certificates?");
    early.retain(|page| page.at < start + MINUTE / 2);
    let listed = early.len() * 25;
    assert!((1_000..1_100).contains(&listed), "{listed}");
}

#[test]
fn w46_batches_are_handed_over_while_the_rest_is_still_read() {
    let fake = healthy(250).latency(30);
    inventory(&fake);
    let sizes: Vec<usize> = fake.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 50]);
    let progress = fake.progress.borrow();
    assert!(progress.contains(&(100, None)), "{progress:?}");
    assert_eq!(progress.last(), Some(&(250, Some(250))));
}

#[test]
fn empty_pages_and_names_that_appear_twice_change_nothing() {
    let fake = vault(0, |sent, _| {
        let body = match sent.url().split_once("$skiptoken=") {
            None if sent.url().contains("/certificates?") => format!(
                r#"{{"value":[],"nextLink":"{VAULT}/certificates?api-version=7.6&$skiptoken=1"}}"#
            ),
            Some((_, "1")) => format!(
                r#"{{"value":[{{"id":"{VAULT}/certificates/Web"}}],
                    "nextLink":"{VAULT}:443/certificates?api-version=7.6&$skiptoken=2"}}"#
            ),
            Some(_) => format!(
                r#"{{"value":[{{"id":"{VAULT}/certificates/web"}},{{"id":"{VAULT}/certificates/b"}}],"nextLink":""}}"#
            ),
            None => return None,
        };
        Some(Ok(answer(200, &body)))
    });
    assert_eq!(inventory(&fake).status, Status::Success);
    assert_eq!(fake.aliases(), ["Web", "b"]);
}

#[test]
fn a_next_link_to_another_host_is_a_failure_and_nothing_is_sent_there() {
    let fake = vault(0, |sent, _| {
        sent.url().contains("/certificates?").then(|| {
            let page =
                r#"{"value":[],"nextLink":"https://evil.example/certificates?$skiptoken=1"}"#;
            let page = answer(200, page);
            Ok(with_header(page, "x-ms-request-id", REQUEST_ID))
        })
    });
    let outcome = inventory(&fake);
    assert_eq!(failed(&outcome), Failure::UnreadableAnswer);
    for part in ["another host", REQUEST_ID] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert_eq!(fake.sent_to("evil").len(), 0);
}

#[test]
fn a_repeated_next_link_is_a_failure() {
    let fake = vault(0, |sent, _| {
        sent.url().contains("/certificates?").then(|| {
            let link = format!("{VAULT}/certificates?api-version=7.6&$skiptoken=1");
            Ok(answer(
                200,
                &format!(r#"{{"value":[],"nextLink":"{link}"}}"#),
            ))
        })
    });
    let outcome = inventory(&fake);
    assert!(outcome.message.contains("twice"), "{}", outcome.message);
    assert_eq!(fake.sent_to("/certificates?").len(), 2);
}

#[test]
fn a_passing_trouble_is_not_noticed_but_for_the_time() {
    let fake = vault(60, |sent, earlier| {
        (earlier == 0).then(|| {
            if sent.url().contains("/oauth2/") {
                return Err(TransportError::Connection("the connection broke"));
            }
            match asked(sent) {
                Some(_) => Ok(answer(503, "")),
                None => Ok(with_header(answer(429, THROTTLED), "retry-after", "2")),
            }
        })
    });
    assert_eq!(inventory(&fake), Outcome::new(Status::Success, ""));
    assert_eq!(fake.aliases().len(), 60);
}

/// Whoever waits is told for what: once for each wait, not once for each of many calls that wait
/// at the same time.
#[test]
fn a_server_that_does_not_answer_is_told_of_while_it_is_tried_again() {
    let fake = vault(60, |sent, earlier| {
        (sent.url().contains("/oauth2/") && earlier < 3)
            .then_some(Err(TransportError::Connection(
                "the connection was refused",
            )))
            .or_else(|| {
                (asked(sent).is_some() && earlier == 0)
                    .then_some(Err(TransportError::Broken("the connection broke")))
            })
    });
    assert_eq!(inventory(&fake).status, Status::Success);
    let is_retry =
        |line: &str, why: &str| line.contains(why) && line.contains("; trying again in ");
    let warned = |words: &str| {
        let log = fake.log.borrow();
        log.iter()
            .filter(|(level, line)| *level == LogLevel::Warn && is_retry(line, words))
            .count()
    };
    assert_eq!(warned("refused; "), 3);
    assert!((1..5).contains(&warned("broke; ")));
    let log = fake.log.borrow();
    assert!(
        log.iter()
            .filter(|(_, line)| is_retry(line, "broke; "))
            .count()
            >= 60
    );
}

#[test]
fn other_clouds_use_their_own_hosts_and_scope() {
    let fake = Fake::new(|sent, _| {
        Ok(match sent.url() {
            url if url.contains("/oauth2/") => {
                answer(200, r#"{"access_token":"t","expires_in":3599}"#)
            }
            _ => answer(200, r#"{"value":[]}"#),
        })
    });
    let store = Store {
        properties: vec![("AzureCloud".into(), "china".into())],
        ..store()
    };
    assert_eq!(fake.run(run(&fake, &job(), &store)).status, Status::Success);
    let sent = fake.sent();
    assert!(
        sent[0]
            .url()
            .starts_with("https://login.chinacloudapi.cn/1111")
    );
    assert!(
        sent[0]
            .body()
            .ends_with("scope=https%3A%2F%2Fvault.azure.cn%2F.default")
    );
    assert!(
        sent[1]
            .url()
            .starts_with("https://kv-one.vault.azure.cn/certificates?")
    );
}
