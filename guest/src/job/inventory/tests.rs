//! Whole inventories against a vault that is a function.

use std::time::Duration;

use super::*;
use crate::clock::Clock as _;
use crate::contract::{Credential, MESSAGE_LIMIT, ParameterValue, Secret};
use crate::http::TransportError;
use crate::testing::{Answer, Fake, Sent, answer, with_header};

const TENANT: &str = "11111111-1111-1111-1111-111111111111";
const PATH: &str = "22222222-2222-2222-2222-222222222222:rg-one:kv-one";
const VAULT: &str = "https://kv-one.vault.azure.net";
const RBAC: &str = r#"{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.\r\nmore","innererror":{"code":"ForbiddenByRbac"}}}"#;
const GONE: &str = r#"{"error":{"code":"CertificateNotFound","message":"not found"}}"#;
const THROTTLED: &str = r#"{"error":{"code":"Throttled","message":"too many"}}"#;

fn job() -> Job {
    Job {
        attempt_id: "0b0a6c1e-0000-4000-8000-000000000001".into(),
        time_limit: Duration::from_secs(900),
        credential: Credential::ClientSecret {
            client_id: "33333333-3333-3333-3333-333333333333".into(),
            secret: Secret::new("sp-secret~1".into()),
        },
        options: Vec::new(),
    }
}

fn submitting() -> Job {
    Job {
        options: vec![("partial".into(), "submit".into())],
        ..job()
    }
}

fn store() -> Store {
    Store {
        tenant: TENANT.into(),
        path: PATH.into(),
        properties: Vec::new(),
    }
}

fn name(number: usize) -> String {
    format!("cert-{number:04}")
}

/// The last path segment of a detail's URL.
fn asked(sent: &Sent) -> Option<&str> {
    let path = sent.url().split_once("/certificates/")?.1;
    path.split('?').next()
}

fn bundle(name: &str) -> String {
    format!(
        r#"{{"id":"{VAULT}/certificates/{name}/b3f8e3f983b646649483e253819b0c25","cer":"MAMCAQU=",
            "attributes":{{"enabled":true,"exp":1951333471}},"tags":{{"env":"prod"}},
            "policy":{{"key_props":{{"exportable":true,"kty":"RSA","key_size":2048}}}}}}"#
    )
}

/// A page of 25 with a link as the service makes it.
fn page(url: &str, count: usize) -> Answer {
    let first: usize = url
        .split_once("$skiptoken=")
        .map_or(0, |(_, token)| token.parse().unwrap());
    let next = first + 25;
    let items: Vec<String> = (first..next.min(count))
        .map(|number| format!(r#"{{"id":"{VAULT}/certificates/{}"}}"#, name(number)))
        .collect();
    let link = if next < count {
        format!(r#""{VAULT}:443/certificates?api-version=7.6&$skiptoken={next}""#)
    } else {
        "null".to_owned()
    };
    let body = format!(r#"{{"value":[{}],"nextLink":{link}}}"#, items.join(","));
    Ok(answer(200, &body))
}

/// A vault of `count` certificates; `odd` may answer instead.
fn vault(count: usize, odd: impl Fn(&Sent, usize) -> Option<Answer> + 'static) -> Fake {
    Fake::new(move |sent, earlier| {
        if let Some(answer) = odd(sent, earlier) {
            return answer;
        }
        if sent.url().contains("/oauth2/") {
            return Ok(answer(200, r#"{"access_token":"t1","expires_in":3599}"#));
        }
        match asked(sent) {
            Some(name) => Ok(answer(200, &bundle(name))),
            None => page(sent.url(), count),
        }
    })
}

fn healthy(count: usize) -> Fake {
    vault(count, |_, _| None)
}

/// A vault where these certificates are answered otherwise.
fn with_odd(count: usize, odd: &'static [(usize, u16, &'static str)]) -> Fake {
    vault(count, |sent, _| {
        let name_asked = asked(sent)?;
        let (_, status, body) = odd
            .iter()
            .find(|(number, ..)| name(*number) == name_asked)?;
        Some(Ok(answer(*status, body)))
    })
}

fn inventory(fake: &Fake) -> Outcome {
    fake.run(run(fake, &job(), &store()))
}

fn failed(outcome: &Outcome) -> Failure {
    match outcome.status {
        Status::Failure(failure) => failure,
        _ => panic!("{outcome:?}"),
    }
}

#[test]
fn sixty_certificates_are_one_token_three_pages_and_sixty_reads() {
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
fn r21_an_empty_vault_is_a_success_and_submits_nothing() {
    let fake = healthy(0);
    assert_eq!(inventory(&fake), Outcome::new(Status::Success, ""));
    assert!(fake.batches().is_empty());
    assert_eq!(fake.progress.borrow().last(), Some(&(0, Some(0))));
}

#[test]
fn details_are_read_while_later_pages_are_still_listed() {
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
fn a_thousand_certificates_take_hardly_longer_than_their_forty_pages() {
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
    let fake = healthy(2_000).latency(30).slow("/certificates/", MINUTE);
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
    early.retain(|page| page.at < start + MINUTE);
    let listed = early.len() * 25;
    assert!((1_000..1_100).contains(&listed), "{listed}");
}

#[test]
fn batches_are_handed_over_while_the_rest_is_still_read() {
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
            Ok(answer(
                200,
                r#"{"value":[],"nextLink":"https://evil.example/certificates?$skiptoken=1"}"#,
            ))
        })
    });
    let outcome = inventory(&fake);
    assert_eq!(failed(&outcome), Failure::Other);
    assert!(
        outcome.message.contains("another host"),
        "{}",
        outcome.message
    );
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
fn a_certificate_that_was_deleted_after_it_was_listed_is_left_out_silently() {
    let fake = with_odd(3, &[(1, 404, GONE)]);
    assert_eq!(inventory(&fake), Outcome::new(Status::Success, ""));
    assert_eq!(fake.aliases(), [name(0), name(2)]);
    assert_eq!(fake.progress.borrow().last(), Some(&(3, Some(3))));
}

#[test]
fn r19_w08_one_unreadable_certificate_of_three_is_a_warning_that_names_it() {
    for (status, body, cause) in [
        (200, "{}", "no content"),
        (200, r#"{"cer":"aGVsbG8="}"#, "not a DER certificate"),
        (200, "<html>", "not the JSON"),
        (403, RBAC, "403 ForbiddenByRbac"),
    ] {
        let fake = vault(3, move |sent, _| {
            (asked(sent)? == name(1)).then(|| Ok(answer(status, body)))
        });
        let outcome = inventory(&fake);
        assert_eq!(outcome.status, Status::Warning, "{cause}");
        assert!(outcome.message.contains("cert-0001"), "{}", outcome.message);
        assert!(outcome.message.contains(cause), "{}", outcome.message);
        assert_eq!(fake.aliases(), [name(0), name(2)], "{cause}");
    }
}

#[test]
fn a_reserved_name_is_never_asked_for_and_is_named_in_the_warning() {
    let fake = vault(0, |sent, _| {
        sent.url().contains("/certificates?").then(|| {
            let item = |name: &str| format!(r#"{{"id":"{VAULT}/certificates/{name}"}}"#);
            let (a, b, c) = (item("contacts"), item("a"), item("..%2f"));
            Ok(answer(200, &format!(r#"{{"value":[{a},{b},{c}]}}"#)))
        })
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning);
    assert!(outcome.message.contains("contacts"), "{}", outcome.message);
    let details = fake.sent_to("/certificates/");
    let urls: Vec<&str> = details.iter().map(Sent::url).collect();
    assert_eq!(urls, [format!("{VAULT}/certificates/a?api-version=7.6")]);
}

#[test]
fn r20_when_no_certificate_can_be_read_it_is_a_failure_with_the_cause() {
    for (body, failure, cause) in [
        (Some(RBAC), Failure::Forbidden, "ForbiddenByRbac"),
        (None, Failure::Other, "no content"),
    ] {
        let fake = vault(3, move |sent, _| {
            asked(sent)?;
            Some(Ok(match body {
                Some(body) => answer(403, body),
                None => answer(200, "{}"),
            }))
        });
        let outcome = inventory(&fake);
        assert_eq!(failed(&outcome), failure);
        assert!(
            outcome.message.contains("none of the 3"),
            "{}",
            outcome.message
        );
        assert!(outcome.message.contains(cause), "{}", outcome.message);
        assert!(fake.batches().is_empty());
    }
}

#[test]
fn trouble_that_may_pass_fails_the_job_with_its_cause() {
    for (status, body, failure) in [
        (429, THROTTLED, Failure::Throttled),
        (503, "<html>", Failure::Other),
        (400, r#"{"error":{"code":"BadParameter"}}"#, Failure::Other),
        (
            403,
            r#"{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByFirewall"}}}"#,
            Failure::Forbidden,
        ),
    ] {
        let fake = vault(3, move |sent, _| {
            (asked(sent)? == name(1)).then(|| Ok(answer(status, body)))
        });
        let outcome = inventory(&fake);
        assert_eq!(failed(&outcome), failure, "{}", outcome.message);
        assert!(
            outcome.message.contains(&status.to_string()),
            "{}",
            outcome.message
        );
        assert!(fake.batches().is_empty(), "{status}");
    }
}

#[test]
fn with_the_option_partial_submit_single_failures_of_any_kind_are_a_warning() {
    for (status, body) in [(429, THROTTLED), (503, "<html>"), (400, "{}")] {
        let fake = vault(3, move |sent, _| {
            (asked(sent)? == name(1)).then(|| Ok(answer(status, body)))
        });
        let outcome = fake.run(run(&fake, &submitting(), &store()));
        assert_eq!(outcome.status, Status::Warning, "{}", outcome.message);
        assert!(outcome.message.contains("cert-0001"), "{}", outcome.message);
        assert_eq!(fake.aliases(), [name(0), name(2)]);
    }
}

#[test]
fn even_with_partial_submit_a_refusal_that_holds_for_all_fails_the_job() {
    let fake = vault(3, |sent, _| {
        (asked(sent)? == name(1)).then_some(Err(TransportError::Denied))
    });
    let outcome = fake.run(run(&fake, &submitting(), &store()));
    assert_eq!(failed(&outcome), Failure::Other);
    assert!(
        outcome.message.contains("the host refused"),
        "{}",
        outcome.message
    );
}

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
}

#[test]
fn a_failing_list_is_a_failure_of_its_kind() {
    for (status, body, failure, word) in [
        (403, RBAC, Failure::Forbidden, "Key Vault Reader"),
        (404, GONE, Failure::NotFound, "store path"),
        (429, THROTTLED, Failure::Throttled, "throttled"),
        (500, "", Failure::Other, "8 attempts"),
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
    let fake = healthy(60).latency(10_000_000);
    let start = fake.now();
    let outcome = inventory(&fake);
    assert_eq!(failed(&outcome), Failure::Deadline);
    // Two seconds are left for the report.
    assert_eq!(fake.now() - start, Duration::from_secs(898));
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
fn a_warning_with_thousands_of_names_fits_the_platforms_message() {
    let fake = vault(3_000, |sent, _| {
        (asked(sent)? != name(7)).then(|| Ok(answer(403, RBAC)))
    });
    let outcome = inventory(&fake);
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.starts_with("2999 certificates"),
        "{}",
        outcome.message
    );
    assert!(
        outcome.message.contains("and 2991 more"),
        "{}",
        outcome.message
    );
    assert!(outcome.message.encode_utf16().count() <= MESSAGE_LIMIT);
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
fn identities_of_later_versions_are_named_in_a_clear_failure() {
    let id = "55555555-5555-5555-5555-555555555555".to_owned();
    for (credential, kind) in [
        (Credential::ManagedIdentity(None), "system-assigned"),
        (
            Credential::ManagedIdentity(Some(id.clone())),
            "user-assigned",
        ),
        (Credential::ClientAssertion(id), "workload identity"),
    ] {
        let fake = Fake::default();
        let job = Job {
            credential,
            ..job()
        };
        let outcome = fake.run(run(&fake, &job, &store()));
        assert_eq!(failed(&outcome), Failure::InvalidInput);
        assert!(outcome.message.contains(kind), "{}", outcome.message);
        assert!(
            outcome.message.contains("does not support"),
            "{}",
            outcome.message
        );
    }
}

#[test]
fn what_should_be_looked_at_is_a_warning_with_a_complete_inventory() {
    let fake = healthy(3);
    let store = Store {
        properties: vec![("AzureCloud".into(), "public,china,government".into())],
        ..store()
    };
    let outcome = fake.run(run(&fake, &job(), &store));
    assert_eq!(outcome.status, Status::Warning);
    assert!(
        outcome.message.contains("AzureCloud"),
        "{}",
        outcome.message
    );
    assert_eq!(fake.aliases().len(), 3);
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
